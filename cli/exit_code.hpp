// What the program's exit status says. Stable: scripts depend on it (docs/cli.md).
#pragma once

#include <cstdint>

namespace plan {

enum class ExitCode : std::uint8_t {
  done = 0,                 // the goals hold; or the command did what it was asked
  run_failed = 1,           // a step or a goal failed; `plan apply` goes on from there
  usage = 2,                // the command line, or a file that it names, is wrong
  not_proven = 3,           // the plan does not compile, cannot be proven, a test of it failed
  refused = 4,              // preflight: the world drifted or a precondition is false; nothing done
  waiting_for_person = 5,   // an approval is missing, or a question was answered with no
  rolled_back = 6,          // everything was taken back
  rollback_incomplete = 7,  // a person has to look
  undecidable = 8,          // it cannot be told whether a step was done; a person has to say
  changes_pending = 10,     // preview --exit-code, fmt --check: something would change; lint: found
  internal_error = 70,      // a bug in plan (EX_SOFTWARE)
  lock_held = 75,           // another run is under way (EX_TEMPFAIL)
  interrupted = 130,        // stopped by Ctrl-C; `plan apply` goes on from there
  terminated = 143          // the same, by SIGTERM
};

}  // namespace plan
