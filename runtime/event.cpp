#include "runtime/event.hpp"

namespace plan {

std::string_view name(RunEventKind kind) {
  switch (kind) {
    case RunEventKind::run_started:
      return "run_started";
    case RunEventKind::preflight_started:
      return "preflight_started";
    case RunEventKind::host_connected:
      return "host_connected";
    case RunEventKind::observed:
      return "observed";
    case RunEventKind::preflight_finished:
      return "preflight_finished";
    case RunEventKind::step_ready:
      return "step_ready";
    case RunEventKind::step_skipped:
      return "step_skipped";
    case RunEventKind::step_started:
      return "step_started";
    case RunEventKind::step_command:
      return "step_command";
    case RunEventKind::step_output:
      return "step_output";
    case RunEventKind::step_waiting:
      return "step_waiting";
    case RunEventKind::step_retried:
      return "step_retried";
    case RunEventKind::step_done:
      return "step_done";
    case RunEventKind::step_failed:
      return "step_failed";
    case RunEventKind::step_blocked:
      return "step_blocked";
    case RunEventKind::loop_unfolded:
      return "loop_unfolded";
    case RunEventKind::phase_started:
      return "phase_started";
    case RunEventKind::phase_done:
      return "phase_done";
    case RunEventKind::goal_checked:
      return "goal_checked";
    case RunEventKind::point_of_no_return:
      return "point_of_no_return";
    case RunEventKind::question:
      return "question";
    case RunEventKind::run_finished:
      return "run_finished";
  }
  return "";
}

}  // namespace plan
