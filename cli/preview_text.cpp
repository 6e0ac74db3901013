#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "cli/board.hpp"
#include "cli/report_text.hpp"
#include "cli/terminal.hpp"
#include "compiler/emit/view.hpp"
#include "compiler/print_expr.hpp"
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
  std::string why{};
};

bool will_destroy(const Report& report, const std::string& step) {
  return std::ranges::find(report.destructions, step, &Destruction::step) !=
         report.destructions.end();
}

Fate fate_of(const Plan& plan, const Report& report, const StepResult& result) {
  switch (result.status) {
    case StepStatus::done:
    case StepStatus::marked:
      return {"done", Style::green};
    case StepStatus::held:
      return {"holds already", Style::green};
    case StepStatus::skipped:
      return {"skip", Style::dim, result.detail};
    case StepStatus::failed:
      return will_destroy(report, result.name)
                 ? Fate{"failed, DESTROYS", Style::red, result.detail}
                 : Fate{"failed before: run", Style::yellow, result.detail};
    case StepStatus::interrupted:
    case StepStatus::running:
      return will_destroy(report, result.name) ? Fate{"cut off, DESTROYS", Style::red}
                                               : Fate{"was cut off: run", Style::yellow};
    case StepStatus::undone:
      return {"taken back: run", Style::plain};
    case StepStatus::blocked:
    case StepStatus::waiting:
      break;
  }
  if (will_destroy(report, result.name)) {
    return {"run, DESTROYS", Style::red, result.detail};
  }
  const StepKind kind = plan.steps[result.step.index].kind;
  if (kind == StepKind::approve || kind == StepKind::manual) {
    return {kind == StepKind::approve ? "ask" : "by hand", Style::cyan};
  }
  if (result.is_undecided && !result.name.ends_with("[…]")) {
    return {"run if needed", Style::bold, result.detail};
  }
  return {"run", Style::bold, result.detail};
}

void add_hosts(const Report& report, std::string& text, bool colored) {
  for (const HostResult& host : report.hosts) {
    const std::string state = host.is_connected ? host.os : "NOT REACHED: " + host.detail;
    text += fmt::format("  {}  {}  {}\n", padded(host.name, 12), padded(host.address, 16),
                        styled(state, host.is_connected ? Style::plain : Style::red, colored));
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : ", ") + word;
  }
  return text;
}

// What the loop around the step runs over, said once, before its first step.
std::string loop_line(const Plan& plan, const Report& report, std::uint32_t loop) {
  const Loop& planned = plan.loops[loop];
  std::string text = fmt::format("  for each {}", planned.variable);
  const auto found = std::ranges::find(report.loops, planned.begin, &LoopResult::begin);
  if (found == report.loops.end()) {
    return text + ", known when the loop around it is\n";
  }
  text += " of " + found->list;
  const std::string elements = found->elements.empty() ? "none" : joined(found->elements);
  if (found->known_after.empty()) {
    return fmt::format("{}: {}\n", text, elements);
  }
  text += fmt::format(", known after {}", found->known_after);
  return found->brought_from.empty() ? text + "\n"
                                     : fmt::format("{}, which brings what {} is now: {}\n", text,
                                                   found->brought_from, elements);
}

// An arbitrary element by the loop's own word for it: "env.halted".
std::string in_loop(const Plan& plan, const Step& step, std::string text) {
  for (std::uint32_t loop = step.loop; loop != UINT32_MAX; loop = plan.loops[loop].parent) {
    const std::string& element = plan.resources[plan.loops[loop].element.index].name;
    for (std::size_t at = text.find(element); at != std::string::npos; at = text.find(element)) {
      text.replace(at, element.size(), plan.loops[loop].variable);
    }
  }
  return text;
}

struct Widths {
  std::size_t step = 8;
  std::size_t host = 4;
};

void add_step(const Plan& plan,
              const Report& report,
              const StepResult& result,
              const Widths& widths,
              std::string& text,
              bool colored) {
  const Fate fate = fate_of(plan, report, result);
  std::string line =
      fmt::format("  {}  {}  {}", styled(padded(fate.text, 18), fate.style, colored),
                  padded(step_title(result.name), widths.step), padded(result.host, widths.host));
  text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  if (is_finished(result.status)) {
    return;
  }
  const std::string indent(22, ' ');
  const Step& step = plan.steps[result.step.index];
  for (const Condition& condition : step.ensures) {
    text += fmt::format("{}ensures  {}\n", indent,
                        in_loop(plan, step, print_condition(plan, condition)));
  }
  if (!fate.why.empty()) {
    text += styled(fmt::format("{}{}  {}", indent, result.is_undecided ? "later  " : "now    ",
                               in_loop(plan, step, fate.why)),
                   Style::dim, colored) +
            "\n";
  }
}

void add_steps(const Plan& plan, const Report& report, std::string& text, bool colored) {
  Widths widths;
  for (const StepResult& result : report.steps) {
    widths.step = std::max(widths.step, display_width(step_title(result.name)));
    widths.host = std::max(widths.host, display_width(result.host));
  }
  std::string phase;
  bool is_first = true;
  std::uint32_t loop = UINT32_MAX;
  bool is_line_drawn = report.is_past_point_of_no_return;
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
    const std::uint32_t around = plan.steps[result.step.index].loop;
    if (around != loop && around != UINT32_MAX) {
      text += loop_line(plan, report, around);
    }
    loop = around;
    const auto& ends = report.point_of_no_return;
    if (!is_line_drawn && std::ranges::find(ends, result.name) != ends.end()) {
      is_line_drawn = true;
      text += styled("  ---- point of no return ----", Style::yellow, colored) + "\n";
    }
    add_step(plan, report, result, widths, text, colored);
  }
}

// What a person should see of a thing before agreeing that it is destroyed.
void add_facts(const Report& report,
               const Destruction& destruction,
               std::string& text,
               bool colored) {
  if (destruction.facts.empty()) {
    return;
  }
  std::size_t width = 0;
  for (const ObservedFact& fact : destruction.facts) {
    width = std::max(width, display_width(fact.name));
  }
  text += report.is_resumed ? "    as it was when the run began:\n" : "    as it is now:\n";
  std::map<std::string, std::vector<std::string>> unknown;  // by why
  for (const ObservedFact& fact : destruction.facts) {
    if (fact.is_known) {
      text += fmt::format("      {}  {}\n", padded(fact.name, width), fact.value);
    } else {
      unknown[fact.value].push_back(fact.name);
    }
  }
  for (const auto& [why, names] : unknown) {
    text +=
        styled(fmt::format("      not known: {}: {}", joined(names), why), Style::yellow, colored) +
        "\n";
  }
}

void add_questions(const Plan& plan, const Report& report, std::string& text, bool colored) {
  if (!report.destructions.empty()) {
    text += "\n" + styled("Will be destroyed", Style::red, colored) + "\n";
    for (const Destruction& destruction : report.destructions) {
      text += fmt::format("  {}  by step {}   (--confirm {})\n", destruction.what, destruction.step,
                          destruction.what);
      add_facts(report, destruction, text, colored);
    }
  }
  std::string approvals;
  for (const Step& step : plan.steps) {
    if (step.kind == StepKind::approve) {
      approvals += fmt::format("  {}: {}\n", step.name, step.text.text());
    }
  }
  if (!approvals.empty()) {
    text += "\nWill be asked on the way\n" + approvals;
  }
}

void add_goals(const Report& report, std::string& text, bool colored) {
  if (report.goals.empty()) {
    return;
  }
  text += "\nGoals\n";
  for (const ConditionResult& goal : report.goals) {
    const bool holds = goal.is_known && goal.holds;
    const std::string state = holds ? "holds now" : goal.is_known ? "not yet" : "unknown yet";
    text += fmt::format("  {}  {}{}\n",
                        styled(padded(state, 18), holds ? Style::green : Style::plain, colored),
                        goal.text, goal.detail.empty() ? "" : "  (" + goal.detail + ")");
  }
}

// Rules that hold are no news; the others say why they are there.
void add_rules(const Report& report, std::string& text, bool colored) {
  if (report.rules.empty()) {
    return;
  }
  const auto held = std::ranges::count_if(
      report.rules, [](const ConditionResult& rule) { return rule.is_known && rule.holds; });
  text += fmt::format(
      "\nRules\n  {}\n",
      styled(fmt::format("{} of {} hold", held, report.rules.size()),
             static_cast<std::size_t>(held) == report.rules.size() ? Style::green : Style::red,
             colored));
  for (const ConditionResult& rule : report.rules) {
    if (!rule.is_known || !rule.holds) {
      text += fmt::format(
          "  {}  {}\n                      {}\n",
          styled(padded(rule.is_known ? "does not hold" : "unknown", 18), Style::red, colored),
          rule.detail, rule.text);
    }
  }
}

// Up to where there is a way back, and what lies behind that.
std::string way_back_text(const Plan& plan, const Report& report) {
  if (report.is_past_point_of_no_return) {
    return "The point of no return is passed: there is no way back.\n";
  }
  if (plan.point_of_no_return.empty()) {
    return "Way back: at every point (plan rollback).\n";
  }
  std::string text;
  for (const StepId step : plan.point_of_no_return) {
    const std::uint32_t operation = plan.steps[step.index].operation;
    const std::string why = operation == UINT32_MAX ? "" : plan.operations[operation].irreversible;
    text += fmt::format("Point of no return: step {}{}\n", plan.steps[step.index].name,
                        why.empty() ? ", which nothing takes back" : ": " + why);
  }
  std::vector<std::string> before;
  std::vector<std::string> behind;
  const std::vector<emit::WayBack> ways = emit::ways_back(plan);
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    const StepKind kind = plan.steps[index].kind;
    if (kind != StepKind::loop_begin && kind != StepKind::loop_end) {
      auto& side = ways[index] == emit::WayBack::yes ? before : behind;
      side.push_back(plan.steps[index].name);
    }
  }
  text += fmt::format("  can be taken back until then (plan rollback): {}\n  cannot: {}\n",
                      before.empty() ? "nothing" : joined(before), joined(behind));
  return text;
}

std::string summary(const Plan& plan, const Report& report) {
  std::size_t held = 0;
  std::size_t undecided = 0;
  std::size_t total = 0;
  for (const StepResult& result : report.steps) {
    if (!is_internal(plan, result)) {
      held += is_finished(result.status) ? 1 : 0;
      undecided += fate_of(plan, report, result).text == "run if needed" ? 1 : 0;
      ++total;
    }
  }
  const std::string maybe = undecided == 0 ? "" : fmt::format(" ({} of them if needed)", undecided);
  return fmt::format("\n{} of {} steps to run{}, {} hold or are done already.\n{}", total - held,
                     total, maybe, held, way_back_text(plan, report));
}

}  // namespace

std::string preview_text(const Plan& plan, const Report& report, bool colored) {
  std::string text = styled(plan.title, Style::bold, colored) + "\n";
  add_hosts(report, text, colored);
  if (report.outcome == Outcome::nothing_to_do) {
    add_goals(report, text, colored);
    return text + "\nNothing to do: " +
           (plan.goals.empty() ? "every step holds already.\n" : "all goals hold already.\n");
  }
  add_steps(plan, report, text, colored);
  add_rules(report, text, colored);
  add_goals(report, text, colored);
  add_questions(plan, report, text, colored);
  if (report.outcome != Outcome::refused) {
    text += summary(plan, report);
  }
  return text;
}

}  // namespace plan
