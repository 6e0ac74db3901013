// Ctrl-C and SIGTERM while a run is under way. The first asks the run to stop after the running
// steps, a second Ctrl-C has those cancelled, and a third ends the process at once, which a run
// survives like any crash.
#pragma once

#include "cli/exit_code.hpp"
#include "runtime/real/effector.hpp"

namespace plan {

// Installs the handlers; one at a time. Gives the signals back when it goes.
class SignalScope {
 public:
  explicit SignalScope(RealEffector& effector);
  ~SignalScope();
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;
};

// How often it was asked to stop (World::interrupted).
[[nodiscard]] int stop_requests();
// interrupted or terminated, by the signal that came first.
[[nodiscard]] ExitCode stop_code();

}  // namespace plan
