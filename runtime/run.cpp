#include "runtime/run.hpp"

namespace plan {

std::string_view name(StepStatus status) {
  switch (status) {
    case StepStatus::waiting:
      return "waiting";
    case StepStatus::running:
      return "running";
    case StepStatus::done:
      return "done";
    case StepStatus::held:
      return "held";
    case StepStatus::marked:
      return "marked";
    case StepStatus::skipped:
      return "skipped";
    case StepStatus::failed:
      return "failed";
    case StepStatus::blocked:
      return "blocked";
    case StepStatus::interrupted:
      return "interrupted";
    case StepStatus::undone:
      return "undone";
  }
  return "";
}

bool is_finished(StepStatus status) {
  switch (status) {
    case StepStatus::done:
    case StepStatus::held:
    case StepStatus::marked:
    case StepStatus::skipped:
    case StepStatus::undone:
      return true;
    case StepStatus::waiting:
    case StepStatus::running:
    case StepStatus::failed:
    case StepStatus::blocked:
    case StepStatus::interrupted:
      return false;
  }
  return false;
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "done";
    case Outcome::nothing_to_do:
      return "nothing to do";
    case Outcome::failed:
      return "failed";
    case Outcome::refused:
      return "refused";
    case Outcome::interrupted:
      return "interrupted";
    case Outcome::declined:
      return "declined";
  }
  return "";
}

}  // namespace plan
