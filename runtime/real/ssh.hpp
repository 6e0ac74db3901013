// The way to one host: OpenSSH, one connection for everything, or nothing for the controller.
// A Link holds the master of an OpenSSH multiplexed connection; shells, bulk streams and port
// forwards are channels of it and need no handshake of their own. Host keys, jump hosts and
// authentication are OpenSSH's and its configuration's business; it never asks (BatchMode) and
// never learns a host key by itself. May be used from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <expected>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/action.hpp"
#include "runtime/real/fd.hpp"
#include "runtime/real/process.hpp"

namespace plan::real {

struct TransportOptions {
  std::string ssh_config;         // given to ssh with -F; empty: OpenSSH's own places
  std::string control_directory;  // of sockets: short, 0700
  int channels_per_host = 8;      // below sshd's MaxSessions (10)
  Environment environment;        // of all children; empty: the controller's
  // After which a shell without work ends, unless it is the last of its user on the host.
  std::chrono::milliseconds idle_limit{20'000};
};

class Link {
 public:
  // `stop`: set when everything is to end; must outlive the link.
  Link(HostAddress host, const TransportOptions& options, const Wake& stop);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Connects unless connected. A host that was reached before is tried again and again until the
  // deadline, because it may be rebooting; one that never was, once. Result: the number of the
  // connection. Failures: E0601 to E0607, E0612, E0613; all of kind `refused` or `cancelled`.
  [[nodiscard]] std::expected<std::uint64_t, Failure> ensure(Instant until, const Wake& cancelled);
  // Gives up connection number `connection`, which does not do what it should.
  void distrust(std::uint64_t connection);
  // Whether that connection is still the present one and alive.
  [[nodiscard]] bool is_up(std::uint64_t connection);
  [[nodiscard]] bool was_ever_up();

  // The command whose standard streams are a fresh `sh` of the login user.
  [[nodiscard]] std::vector<std::string> shell_argv();
  // A Unix socket on the controller that leads to `target` as seen from the host: "localhost:8888",
  // or a path. Made once per connection. `file_name`: the socket's name in a directory of its own.
  [[nodiscard]] std::expected<std::string, Failure> forward(const std::string& target,
                                                            const std::string& file_name,
                                                            Instant until,
                                                            const Wake& cancelled);
  // What ssh reported about refused forwards, from byte `from` of its log on.
  [[nodiscard]] std::string log_from(std::size_t from);
  [[nodiscard]] std::size_t log_size();

  [[nodiscard]] const HostAddress& host() const { return host_; }
  [[nodiscard]] std::optional<Secret> become_password();
  void learn(const HostAddress& host);  // a later action may know the password
  [[nodiscard]] const TransportOptions& options() const { return options_; }
  // Channels in use, for the limit per host.
  std::atomic<int> channels{0};
  // Of the children that are ssh.
  [[nodiscard]] Environment ssh_environment() const;

 private:
  struct Forward {
    std::uint64_t connection = 0;
    std::string path;
  };

  [[nodiscard]] bool is_master_alive();
  [[nodiscard]] std::expected<void, Failure> connect_once(Instant until, const Wake& cancelled);
  [[nodiscard]] std::vector<std::string> ssh_argv(const std::vector<std::string>& more) const;

  const HostAddress host_;
  const TransportOptions& options_;
  const Wake& stop_;
  const std::string directory_;  // of this link's sockets and log

  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::optional<Secret> become_password_;
  std::optional<Process> master_;
  std::uint64_t connection_ = 0;
  std::uint64_t attempt_ = 0;
  bool is_connecting_ = false;
  bool was_ever_up_ = false;
  std::optional<Failure> last_failure_;
  std::map<std::string, Forward> forwards_;
  std::uint64_t forward_count_ = 0;
};

// What ssh's own words mean. `said`: its standard error and log.
[[nodiscard]] Failure ssh_failure(const HostAddress& host, const std::string& said);

}  // namespace plan::real
