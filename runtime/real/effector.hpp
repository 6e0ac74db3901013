// The real Effector: commands through OpenSSH and local shells, databases, HTTP servers.
// Threads inside; all calls from one thread, as world.hpp says, but interrupt(), which may come
// from anywhere. Every action is over at its own deadline, whatever hangs.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/world.hpp"

namespace plan {

struct EffectorOptions {
  // Given to ssh with -F; empty: OpenSSH's own configuration.
  std::string ssh_config = {};
  // Below which a directory for sockets is made, 0700; empty: $XDG_RUNTIME_DIR or /tmp. Short:
  // the path of a socket may not have more than 107 bytes.
  std::string control_parent = {};
  // Shells on one host at the same time, for all users together; sshd allows 10 (MaxSessions)
  // unless told otherwise, one of which the connection itself takes.
  int channels_per_host = 8;
  // Of all child processes; empty: the controller's own.
  std::vector<std::pair<std::string, std::string>> environment = {};
};

class RealEffector : public Effector {
 public:
  // Makes wait() return; async-signal-safe.
  virtual void interrupt() noexcept = 0;
  // Removes from the hosts what finished jobs have left: called once their results are journaled
  // for good, at the end of a run. Best effort, at most a few seconds.
  virtual void forget_jobs() = 0;
};

// Failure: E0820 where no directory for sockets can be made.
[[nodiscard]] std::expected<std::unique_ptr<RealEffector>, Failure> make_effector(
    const EffectorOptions& options);

}  // namespace plan
