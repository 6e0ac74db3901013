// What happens in a run, as versioned data: for the progress display, `--json`, traces and tests.
// The runtime never prints; it emits these. docs/events.md documents the JSON form.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "dsl/diagnostic.hpp"

namespace plan {

enum class RunEventKind : std::uint8_t {
  run_started,  // text: run id; detail: "new" or "resumed"
  preflight_started,
  host_connected,  // text: host, detail: operating system
  observed,        // text: what, detail: value
  preflight_finished,
  step_ready,
  step_skipped,  // holds already, or its `when` is false; detail says which
  step_started,
  step_command,  // detail: a command of the step that begins
  step_output,   // detail: text of a command that has ended
  step_waiting,  // detail: what for
  step_retried,  // detail: why, and when again
  step_done,
  step_failed,    // detail: message; diagnostic has everything
  step_blocked,   // something it is after has failed
  loop_unfolded,  // text: loop, detail: elements
  phase_started,
  phase_done,
  goal_checked,        // text: goal, detail: holds or not
  point_of_no_return,  // text: the step about to pass it
  question,            // text: what is asked, detail: the answer
  run_finished         // detail: "done", "failed", "interrupted", "nothing to do"
};

struct RunEvent {
  RunEventKind kind{};
  std::chrono::milliseconds at{0};  // wall time
  std::string step{};               // name of the step instance: "resume[billing]"
  std::string phase{};
  std::string host{};
  std::string text{};
  std::string detail{};
  std::chrono::milliseconds elapsed{0};
  std::vector<Diagnostic> diagnostics{};
};

// Stable names of the JSON form: "step_done".
[[nodiscard]] std::string_view name(RunEventKind kind);

}  // namespace plan
