// Actions that need more than one command, or none: each runs in a thread of its own and may wait.
// They share the shells of the effector. All of them return at the deadline or soon after
// cancellation.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "runtime/action.hpp"
#include "runtime/real/pool.hpp"

namespace plan::real {

// The hosts that were spoken to, with their connections and shells. May be used from any thread.
class Hosts {
 public:
  explicit Hosts(TransportOptions options) : options_(std::move(options)) {}
  ~Hosts();

  [[nodiscard]] Link& link(const HostAddress& host);
  [[nodiscard]] ShellPool& pool(const HostAddress& host, const std::string& user);
  [[nodiscard]] const TransportOptions& options() const { return options_; }
  [[nodiscard]] std::uint64_t next_ticket() { return ++tickets_; }

 private:
  struct Entry {
    std::unique_ptr<Link> link;
    std::map<std::string, std::unique_ptr<ShellPool>> pools;  // after the link: ends before it
  };
  // Equal connection data is one host, whatever its name.
  using Key = std::tuple<bool, std::string, std::string, int>;

  [[nodiscard]] Entry& entry(const HostAddress& host);

  const TransportOptions options_;
  Wake stop_;
  std::atomic<std::uint64_t> tickets_{1ULL << 32};
  std::mutex mutex_;
  std::map<Key, Entry> entries_;
};

// What a task may use.
struct Task {
  Hosts& hosts;
  const Action& action;
  Instant deadline;
  const Wake& cancelled;
};

// Runs one command and waits for it.
struct Command {
  const HostAddress& host;
  std::string user;
  std::string text;  // shell_command()
  std::string what;
  bool is_observation = false;
  std::size_t output_limit_bytes = 1 << 20;
};
[[nodiscard]] Outcome run(const Task& task, const Command& command);

// One per kind of action; each may return its result or a Failure.
[[nodiscard]] ActionResult do_connect(const Task& task, const Connect& connect);
[[nodiscard]] ActionResult do_pipe(const Task& task, const Pipe& pipe);
[[nodiscard]] ActionResult do_job(const Task& task, const Exec& exec);
[[nodiscard]] ActionResult do_write(const Task& task, const WriteFile& file);
[[nodiscard]] ActionResult do_sql(const Task& task, const Sql& sql);
[[nodiscard]] ActionResult do_http(const Task& task, const HttpCall& call);

// Shell text that removes the directory of a job.
[[nodiscard]] std::string forget_job_text(const std::string& job);

[[nodiscard]] bool is_set(const Wake& wake);
[[nodiscard]] Failure cancelled_failure(const Task& task);
// The task's time is over; `kind`: whether it may have happened.
[[nodiscard]] Failure timed_out_failure(const Task& task, FailureKind kind);

}  // namespace plan::real
