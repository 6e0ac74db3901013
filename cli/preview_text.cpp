#include <algorithm>

#include <fmt/core.h>

#include "cli/board.hpp"
#include "cli/report_text.hpp"
#include "cli/terminal.hpp"
#include "dsl/display_width.hpp"

namespace plan {

namespace {

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t used = display_width(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

bool is_internal(const Plan& plan, const StepResult& result) {
  return result.step.index < plan.steps.size() &&
         plan.steps[result.step.index].kind == StepKind::loop_end;
}

// What will become of a step, in the words of the preview.
struct Fate {
  std::string text;
  Style style = Style::plain;
};

Fate fate_of(const Plan& plan, const Report& report, const StepResult& result) {
  const bool destroys = std::ranges::find(report.destructions, result.name, &Destruction::step) !=
                        report.destructions.end();
  switch (result.status) {
    case StepStatus::done:
    case StepStatus::marked:
      return {"done", Style::green};
    case StepStatus::held:
      return {"holds already", Style::green};
    case StepStatus::skipped:
      return {"skip", Style::dim};
    case StepStatus::failed:
      return {"failed before: run", Style::yellow};
    case StepStatus::interrupted:
    case StepStatus::running:
      return {"was cut off: run", Style::yellow};
    case StepStatus::undone:
      return {"taken back: run", Style::plain};
    case StepStatus::blocked:
    case StepStatus::waiting:
      break;
  }
  if (destroys) {
    return {"run, DESTROYS", Style::red};
  }
  if (result.step.index < plan.steps.size()) {
    const StepKind kind = plan.steps[result.step.index].kind;
    if (kind == StepKind::approve || kind == StepKind::manual) {
      return {kind == StepKind::approve ? "ask" : "by hand", Style::cyan};
    }
  }
  return {result.detail.starts_with("unknown until") ? "unknown until" : "run", Style::bold};
}

std::string detail_of(const StepResult& result, const Fate& fate) {
  const std::string_view detail = result.detail;
  return std::string(detail.starts_with(fate.text)
                         ? detail.substr(std::min(fate.text.size() + 1, detail.size()))
                         : detail);
}

void add_hosts(const Report& report, std::string& text, bool colored) {
  for (const HostResult& host : report.hosts) {
    const std::string state = host.is_connected ? host.os : "NOT REACHED: " + host.detail;
    text += fmt::format("  {}  {}  {}\n", padded(host.name, 12), padded(host.address, 16),
                        styled(state, host.is_connected ? Style::plain : Style::red, colored));
  }
}

void add_steps(const Plan& plan, const Report& report, std::string& text, bool colored) {
  std::size_t step_width = 8;
  std::size_t host_width = 4;
  for (const StepResult& result : report.steps) {
    step_width = std::max(step_width, display_width(step_title(result.name)));
    host_width = std::max(host_width, display_width(result.host));
  }
  std::string phase;
  bool is_first = true;
  for (const StepResult& result : report.steps) {
    if (is_internal(plan, result)) {
      continue;
    }
    if (is_first || result.phase != phase) {
      text +=
          "\n" + styled(result.phase.empty() ? "Steps" : result.phase, Style::bold, colored) + "\n";
    }
    is_first = false;
    phase = result.phase;
    const Fate fate = fate_of(plan, report, result);
    const bool ends = std::ranges::find(report.point_of_no_return, result.name) !=
                      report.point_of_no_return.end();
    std::string line =
        fmt::format("  {}  {}  {}  {}{}", styled(padded(fate.text, 18), fate.style, colored),
                    padded(step_title(result.name), step_width), padded(result.host, host_width),
                    detail_of(result, fate), ends ? "  <- point of no return" : "");
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
}

void add_questions(const Plan& plan, const Report& report, std::string& text, bool colored) {
  if (!report.destructions.empty()) {
    text += "\n" + styled("Will be destroyed", Style::red, colored) + "\n";
    for (const Destruction& destruction : report.destructions) {
      text += fmt::format("  {}  by step {}   (--confirm {})\n", destruction.what, destruction.step,
                          destruction.what);
    }
  }
  std::string approvals;
  for (const Step& step : plan.steps) {
    if (step.kind == StepKind::approve) {
      approvals += fmt::format("  {}: {}\n", step.name, step.text);
    }
  }
  if (!approvals.empty()) {
    text += "\nWill be asked on the way\n" + approvals;
  }
}

void add_conditions(std::string_view title,
                    const std::vector<ConditionResult>& conditions,
                    std::string& text,
                    bool colored) {
  if (conditions.empty()) {
    return;
  }
  text += fmt::format("\n{}\n", title);
  for (const ConditionResult& condition : conditions) {
    const std::string state = !condition.is_known ? "unknown yet"
                              : condition.holds   ? "holds"
                                                  : "does not hold";
    const Style style = condition.is_known && condition.holds ? Style::green : Style::plain;
    text += fmt::format("  {}  {}{}\n", styled(padded(state, 18), style, colored), condition.text,
                        condition.detail.empty() ? "" : "  (" + condition.detail + ")");
  }
}

std::string summary(const Plan& plan, const Report& report) {
  std::size_t finished = 0;
  std::size_t total = 0;
  for (const StepResult& result : report.steps) {
    if (!is_internal(plan, result)) {
      finished += is_finished(result.status) ? 1 : 0;
      ++total;
    }
  }
  if (report.outcome == Outcome::nothing_to_do) {
    return "\nEverything holds already: nothing to do.\n";
  }
  std::string text = fmt::format("\n{} to run, {} of {} hold or are done already.\n",
                                 total - finished, finished, total);
  if (report.is_past_point_of_no_return) {
    text += "The point of no return is passed: there is no way back.\n";
  } else if (report.point_of_no_return.empty()) {
    text += "Way back: at every point (plan rollback).\n";
  } else {
    text += fmt::format("Way back: until step {} (plan rollback).\n",
                        report.point_of_no_return.front());
  }
  return text;
}

}  // namespace

std::string preview_text(const Plan& plan, const Report& report, bool colored) {
  std::string text = styled(plan.title, Style::bold, colored) + "\n";
  add_hosts(report, text, colored);
  add_steps(plan, report, text, colored);
  add_conditions("Rules", report.rules, text, colored);
  add_conditions("Goals", report.goals, text, colored);
  add_questions(plan, report, text, colored);
  if (report.outcome != Outcome::refused) {
    text += summary(plan, report);
  }
  return text;
}

}  // namespace plan
