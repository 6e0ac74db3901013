#include "cli/report_text.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "cli/terminal.hpp"
#include "cli/wall_clock.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

bool has(const Diagnostics& diagnostics, Code code) {
  return std::ranges::find(diagnostics.items(), code, &Diagnostic::code) !=
         diagnostics.items().end();
}

std::string counts_of(const std::vector<StepResult>& steps) {
  std::string text;
  for (int index = 0; index <= static_cast<int>(StepStatus::undone); ++index) {
    const auto status = static_cast<StepStatus>(index);
    const auto count = std::ranges::count(steps, status, &StepResult::status);
    if (count > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name(status));
    }
  }
  return text;
}

// The same command line again, with what decides which run it is about.
std::string command_line(const Options& options, std::string_view command) {
  std::string text = fmt::format("plan {} {}", command, options.file);
  if (options.inputs_file) {
    text += " --inputs " + *options.inputs_file;
  }
  for (const auto& [input, value] : options.set) {
    text += fmt::format(" --set {}=…", input);
  }
  if (options.journal) {
    text += " --journal " + *options.journal;
  }
  return text;
}

std::string next_command(const Report& report, const Options& options) {
  const bool is_rollback = options.command == Command::rollback;
  std::string text =
      fmt::format("Go on:     {}\n", command_line(options, is_rollback ? "rollback" : "apply"));
  if (!is_rollback && !report.is_past_point_of_no_return) {
    text += fmt::format("Take back: {}\n", command_line(options, "rollback"));
  }
  return text;
}

std::string goals_of(const Report& report) {
  std::string text;
  for (const ConditionResult& goal : report.goals) {
    if (!goal.holds) {
      text +=
          fmt::format("  goal {}: {}\n", goal.is_known ? "does not hold" : "unknown", goal.text);
    }
  }
  return text;
}

std::string finished_text(const Report& report, const Options& options) {
  if (options.command == Command::rollback && report.steps.empty()) {
    return "Nothing had to be taken back; the run is at its end.\n";
  }
  if (options.command == Command::rollback) {
    return fmt::format("Taken back in {}: {}.\n", duration_text(report.elapsed),
                       counts_of(report.steps));
  }
  if (options.command == Command::apply) {
    return fmt::format("Done in {}: {}. {}.\n", duration_text(report.elapsed),
                       report.goals.empty()       ? "the plan has no goal"
                       : report.goals.size() == 1 ? "the goal holds"
                                                  : "all goals hold",
                       counts_of(report.steps));
  }
  if (options.command == Command::mark_done) {
    return fmt::format("`{}` is recorded as done: what it ensures was observed.\n", options.step);
  }
  if (options.command == Command::approve) {
    return fmt::format("The answer to `{}` is recorded: {}.\nGo on:     {}\n", options.step,
                       options.answers_no ? "no" : "yes", command_line(options, "apply"));
  }
  return fmt::format("Looked at every step: {}.\nGo on:     {}\n", counts_of(report.steps),
                     command_line(options, "apply"));
}

// A question was answered with no, or there was nobody to answer it.
std::string declined_text(const Report& report, const Options& options) {
  const bool has_acted = std::ranges::any_of(
      report.steps, [](const StepResult& step) { return step.status != StepStatus::waiting; });
  if (!has_acted || options.command == Command::rollback) {
    return fmt::format(
        "Nothing was {}.\nGo on:     {}\n",
        options.command == Command::rollback ? "taken back" : "done",
        command_line(options, options.command == Command::rollback ? "rollback" : "apply"));
  }
  return fmt::format("Waits for a person: {}.\n{}", counts_of(report.steps),
                     next_command(report, options));
}

}  // namespace

std::string outcome_text(const Plan& plan, const Report& report, const Options& options) {
  switch (report.outcome) {
    case Outcome::done:
      return finished_text(report, options);
    case Outcome::nothing_to_do:
      return options.command == Command::rollback
                 ? "There is nothing to take back.\n"
                 : fmt::format("{}: everything holds already, nothing was done.\n", plan.title);
    case Outcome::failed:
      return fmt::format("Failed after {}: {}.\n{}{}", duration_text(report.elapsed),
                         counts_of(report.steps), goals_of(report), next_command(report, options));
    case Outcome::refused:
      return "Refused: nothing was done.\n";
    case Outcome::interrupted:
      if (options.command == Command::rollback && report.steps.empty()) {
        return fmt::format("Stopped: nothing was taken back.\nGo on:     {}\n",
                           command_line(options, "rollback"));
      }
      if (report.run_id.empty()) {
        return fmt::format("Stopped: nothing was done.\nGo on:     {}\n",
                           command_line(options, "apply"));
      }
      return fmt::format("Stopped after {}: {}.\n{}", duration_text(report.elapsed),
                         counts_of(report.steps), next_command(report, options));
    case Outcome::declined:
      return declined_text(report, options);
  }
  return "";
}

static std::string state_text(const RunStatus& status, const JournalPlace& place) {
  if (place.owner) {
    return fmt::format("{} ({})", status.is_rolling_back ? "a rollback is under way" : "under way",
                       *place.owner);
  }
  if (status.is_rolled_back) {
    return "rolled back";
  }
  if (status.is_finished) {
    return "finished";
  }
  if (!status.ended) {
    return status.is_rolling_back ? "the rollback was cut off (plan rollback goes on)"
                                  : "was cut off (plan apply goes on)";
  }
  if (status.is_rolling_back) {
    return "not everything was taken back (plan rollback goes on)";
  }
  switch (*status.ended) {
    case Outcome::interrupted:
      return "stopped on request (plan apply goes on)";
    case Outcome::declined:
      return "waits for a person (plan apply goes on)";
    case Outcome::failed:
      return "failed (mend the cause, plan apply goes on)";
    case Outcome::done:
    case Outcome::nothing_to_do:
    case Outcome::refused:
      break;
  }
  return "unfinished (plan apply goes on)";
}

std::string status_text(const RunStatus& status, const JournalPlace& place, bool colored) {
  if (!status.has_run) {
    return place.owner ? fmt::format("no run yet; {} begins one\n", *place.owner) : "no run\n";
  }
  std::string text = styled(status.title, Style::bold, colored) + "\n";
  text += fmt::format("  run      {}\n  state    {}\n  begun    {}, last record {}, {} {}\n",
                      status.run_id, state_text(status, place), print_date(status.started),
                      print_date(status.last_record), status.attempts,
                      status.attempts == 1 ? "attempt" : "attempts");
  if (status.is_plan_known && !status.is_same_plan) {
    text += "  plan     was changed since (plan apply says whether it can go on)\n";
  }
  text += fmt::format("  steps    {}\n  journal  {}\n", counts_of(status.steps), place.path);
  if (status.is_plan_known && !status.is_rolled_back) {
    text += status.past_return.empty() ? "  way back yes (plan rollback)\n"
                                       : fmt::format("  way back no: {} cannot be taken back\n",
                                                     status.past_return.front());
  }
  std::string phase;
  for (const StepResult& step : status.steps) {
    if (step.phase != phase) {
      phase = step.phase;
      text += phase + "\n";
    }
    const std::string elapsed = step.elapsed.count() > 0 ? duration_text(step.elapsed) : "";
    const std::string line = fmt::format("  {:11}  {:24}  {:12}  {:>10}  {}", name(step.status),
                                         step.name, step.host, elapsed, step.detail);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

ExitCode exit_code_of(const Report& report, Command command) {
  if (has(report.diagnostics, Code::run_locked)) {
    return ExitCode::lock_held;
  }
  if (has(report.diagnostics, Code::once_interrupted)) {
    return ExitCode::undecidable;
  }
  const bool is_rollback = command == Command::rollback;
  switch (report.outcome) {
    case Outcome::done:
      return is_rollback ? ExitCode::rolled_back : ExitCode::done;
    case Outcome::nothing_to_do:
      return ExitCode::done;
    case Outcome::failed:
      return is_rollback ? ExitCode::rollback_incomplete : ExitCode::run_failed;
    case Outcome::refused:
      return ExitCode::refused;
    case Outcome::interrupted:
      return ExitCode::interrupted;
    case Outcome::declined:
      return ExitCode::waiting_for_person;
  }
  return ExitCode::internal_error;
}

}  // namespace plan
