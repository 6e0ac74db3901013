#include "compiler/emit/explain_step.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/emit/describe.hpp"
#include "compiler/print_expr.hpp"

namespace plan::emit {

namespace {

using Lines = std::vector<std::string>;

std::string name_of(const Plan& plan, StepId step) {
  const StepKind kind = plan.steps[step.index].kind;
  if (kind == StepKind::loop_begin || kind == StepKind::loop_end) {
    for (const Loop& loop : plan.loops) {
      if (loop.begin == step || loop.end == step) {
        return fmt::format("the {} of the loop over `{}`",
                           kind == StepKind::loop_begin ? "beginning" : "end", loop.variable);
      }
    }
  }
  return fmt::format("`{}`", plan.steps[step.index].name);
}

// Why the arrow is there, seen from the step that comes later or from the one that comes first.
std::string reason_text(const Plan& plan, const Edge& edge, bool is_after) {
  const std::string state =
      edge.variable.index < plan.variables.size() ? print_variable(plan, edge.variable) : "";
  switch (edge.reason) {
    case EdgeReason::written:
      return "the plan says so";
    case EdgeReason::data:
      return is_after ? "it uses an output of that" : "that uses its output";
    case EdgeReason::provides:
      return is_after ? fmt::format("it needs `{}` as that leaves it", state)
                      : fmt::format("that needs `{}` as it leaves it", state);
    case EdgeReason::protects:
      return is_after ? fmt::format("it changes `{}`, which that still needs", state)
                      : fmt::format("that changes `{}`, which it still needs", state);
    case EdgeReason::loop:
      return "they belong to one loop";
    case EdgeReason::one_at_a_time:
      return "one element at a time";
  }
  return "";
}

Lines arrows(const Plan& plan,
             StepId step,
             bool is_after,
             const std::function<std::string(Span)>& place) {
  Lines lines;
  for (const Edge& edge : plan.edges) {
    if ((is_after ? edge.to : edge.from) == step) {
      lines.push_back(fmt::format("{}: {}{}", name_of(plan, is_after ? edge.from : edge.to),
                                  reason_text(plan, edge, is_after), place(edge.span)));
    }
  }
  return lines;
}

Lines needs(const Plan& plan, const Step& step, const Description& description) {
  Lines lines;
  for (const Requirement& need : description.requirements) {
    const std::string who = !need.provider.empty()
                                ? fmt::format("`{}` makes sure of it", need.provider)
                            : need.is_preflight ? "looked at before anything is done"
                            : need.is_awaited   ? "it waits until this holds"
                                                : "follows from what the plan does before";
    lines.push_back(fmt::format("{}: {}", need.condition, who));
  }
  if (step.when) {
    lines.push_back(fmt::format("runs only when {}", description.when));
  }
  for (const Value& argument : step.arguments) {
    const auto* deferred = argument.as<Deferred>();
    if (deferred != nullptr && plan[deferred->expr].op == Op::token) {
      lines.push_back(
          fmt::format("an output of {}", name_of(plan, StepId{plan[deferred->expr].a})));
    }
  }
  return lines;
}

Lines brings_about(const Description& description) {
  Lines lines;
  for (const std::string& condition : description.ensures) {
    lines.push_back(condition);
  }
  for (const std::string& state : description.changes) {
    lines.push_back(state + ": to a value that only run time knows");
  }
  for (const std::string& state : description.destroys) {
    lines.push_back(state + ": what was there is destroyed");
  }
  return lines;
}

// What the run protocol does with an attempt that has begun and whose end is not in the journal.
Lines after_a_crash(const Plan& plan, const Step& step) {
  const Operation* operation =
      step.operation < plan.operations.size() ? &plan.operations[step.operation] : nullptr;
  switch (step.kind) {
    case StepKind::approve:
      return {"nothing is lost: an answer that is in the journal stays, else it is asked again"};
    case StepKind::manual:
      return {"the person is asked again whether it is done, and what it ensures is observed"};
    case StepKind::loop_begin:
    case StepKind::loop_end:
      return {"nothing is lost: it does not act"};
    case StepKind::operation:
      break;
  }
  if (operation == nullptr || operation->body.is_empty()) {
    return {"nothing is lost: it only observes, and does so again"};
  }
  if (operation->is_once) {
    return {"a person is asked whether it was done: it may act only once"};
  }
  Lines lines;
  if (operation->is_detached) {
    lines.emplace_back("its job goes on without the controller and is found again by its name");
  }
  lines.emplace_back("what it requires is observed again, then it is repeated from its beginning");
  lines.emplace_back(
      "it is done when everything that it ensures is observed, not when a command ended");
  return lines;
}

Lines way_back(const Plan& plan, StepId id, const Description& description) {
  const Step& step = plan.steps[id.index];
  Lines lines;
  if (step.undo_operation == UINT32_MAX) {
    lines.push_back(description.undo);
  } else {
    lines.push_back(fmt::format("`{}`", description.undo));
    for (const std::string& condition : description.undo_requires) {
      lines.push_back(fmt::format("requires {}", condition));
    }
    for (const Condition& condition : step.undo_ensures) {
      lines.push_back("ensures " + print_condition(plan, condition));
    }
  }
  if (std::ranges::find(plan.point_of_no_return, id) != plan.point_of_no_return.end()) {
    lines.emplace_back("this is the point of no return: it is asked about before it is passed");
  }
  return lines;
}

}  // namespace

std::vector<Section> explain_step(const Plan& plan,
                                  StepId id,
                                  const std::function<std::string(Span)>& place) {
  const Step& step = plan.steps[id.index];
  const Description description = describe(plan, id);
  std::vector<Section> sections = {
      {"needs", "needs", needs(plan, step, description)},
      {"after", "comes after", arrows(plan, id, true, place)},
      {"before", "comes before", arrows(plan, id, false, place)},
      {"ensures", "brings about", brings_about(description)},
      {"commands", "does", description.commands},
      {"crash", "if the run dies inside it", after_a_crash(plan, step)},
      {"way_back", "way back", way_back(plan, id, description)},
  };
  std::erase_if(sections, [](const Section& section) { return section.lines.empty(); });
  return sections;
}

}  // namespace plan::emit
