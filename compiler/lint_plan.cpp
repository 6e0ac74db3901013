// Rules over the proven plan: what its order, its goals and its way back do not need.

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "compiler/graph.hpp"
#include "compiler/lint.hpp"
#include "compiler/print_expr.hpp"
#include "compiler/prove.hpp"
#include "compiler/types.hpp"

namespace plan {

namespace {

// --- the way back

void missing_undo(const Plan& plan, Diagnostics& diagnostics) {
  for (const StepId id : plan.point_of_no_return) {
    const Step& step = plan.steps[id.index];
    if (step.operation >= plan.operations.size() ||
        !plan.operations[step.operation].irreversible.empty() || step.effects.empty()) {
      continue;
    }
    const Operation& operation = plan.operations[step.operation];
    diagnostics.report<Code::missing_undo>(step.span, step.name)
        .label(operation.span, fmt::format("`{}` says nothing of a way back", operation.name))
        .help(
            "say `undo OPERATION(…)`, `undo none` if nothing needs to be taken back, or "
            "`irreversible \"why\"`");
  }
}

// --- steps that serve nobody

// Whether a goal or an invariant speaks of the variable, or of a state that it carries.
bool is_wanted(const Plan& plan, const Effect& effect, const std::set<VariableId>& wanted) {
  if (wanted.contains(effect.variable)) {
    return true;
  }
  const Variable& changed = plan.variables[effect.variable.index];
  const AttributeRef carrier_of{plan.resources[changed.resource.index].type, changed.attribute};
  return std::ranges::any_of(wanted, [&](VariableId id) {
    const Variable& variable = plan.variables[id.index];
    return carrier(plan, {plan.resources[variable.resource.index].type, variable.attribute}) ==
           carrier_of;
  });
}

void needless_steps(const Plan& plan, Diagnostics& diagnostics) {
  if (plan.goals.empty()) {
    return;
  }
  std::set<VariableId> wanted;
  for (const auto* conditions : {&plan.goals, &plan.invariants}) {
    for (const Condition& condition : *conditions) {
      wanted.insert(condition.reads.begin(), condition.reads.end());
    }
  }
  std::vector<bool> serves(plan.steps.size(), false);
  for (const Edge& edge : plan.edges) {
    const bool is_for_the_other = edge.reason == EdgeReason::provides ||
                                  edge.reason == EdgeReason::data ||
                                  edge.reason == EdgeReason::written;
    serves[edge.from.index] = serves[edge.from.index] || is_for_the_other;
  }
  for (std::size_t index = 0; index < plan.steps.size(); ++index) {
    const Step& step = plan.steps[index];
    const bool brings_about = step.kind == StepKind::operation && !step.effects.empty();
    const bool is_needed = serves[index] || std::ranges::any_of(step.effects, [&](const Effect& e) {
                             return is_wanted(plan, e, wanted);
                           });
    if (brings_about && !is_needed) {
      diagnostics.report<Code::needless_step>(step.span, step.name)
          .label(step.effects.front().span, "this, for one")
          .help("say in a `goal` what it is for, or leave it out");
    }
  }
}

// --- what is said twice

void repeated_goals(const Plan& plan, Diagnostics& diagnostics) {
  std::map<ExprId, Span> said;
  for (const Condition& goal : plan.goals) {
    const auto [first, is_new] = said.emplace(goal.expr, goal.span);
    if (!is_new) {
      diagnostics.report<Code::repeated_goal>(goal.span, print_condition(plan, goal))
          .label(first->second, "the first time");
    }
  }
}

std::string base_name(const std::string& name) {
  return name.substr(0, name.find('['));
}

// The order of the plan without that `after`, as the planner finds it; nothing where it cannot.
std::optional<std::vector<Edge>> order_without(const Plan& plan, const WrittenAfter& after) {
  Plan copy = plan;
  bool is_there = false;
  for (Step& step : copy.steps) {
    if (step.span == after.step) {
      is_there = std::erase_if(step.after,
                               [&](StepId other) {
                                 return base_name(plan.steps[other.index].name) == after.other;
                               }) > 0 ||
                 is_there;
    }
  }
  if (!is_there) {
    return std::nullopt;
  }
  copy.edges.clear();
  copy.topological.clear();
  Diagnostics ignored;
  static_cast<void>(order(copy, ignored));
  return ignored.has_errors() ? std::nullopt : std::optional(std::move(copy.edges));
}

// Whether every arrow of `wanted` follows from those of `edges`.
bool follow(const Plan& plan, const std::vector<Edge>& wanted, const std::vector<Edge>& edges) {
  DependencyGraph graph(plan.steps.size());
  for (const Edge& edge : edges) {
    graph.add(edge.from.index, edge.to.index);
  }
  return graph.sort() && std::ranges::all_of(wanted, [&](const Edge& edge) {
           return graph.reaches(edge.from.index, edge.to.index);
         });
}

void redundant_afters(const Plan& plan,
                      const std::vector<WrittenAfter>& afters,
                      Diagnostics& diagnostics) {
  constexpr std::size_t most_steps = 500;
  if (plan.steps.size() > most_steps) {
    return;
  }
  for (const WrittenAfter& after : afters) {
    const auto step = std::ranges::find(plan.steps, after.step, &Step::span);
    const auto edges = order_without(plan, after);
    if (step != plan.steps.end() && edges && follow(plan, plan.edges, *edges)) {
      diagnostics.report<Code::redundant_after>(after.span, base_name(step->name), after.other)
          .note("the order follows from what the steps require and ensure");
    }
  }
}

}  // namespace

void lint_plan(const Plan& plan,
               const std::vector<WrittenAfter>& afters,
               Diagnostics& diagnostics) {
  missing_undo(plan, diagnostics);
  needless_steps(plan, diagnostics);
  repeated_goals(plan, diagnostics);
  redundant_afters(plan, afters, diagnostics);
}

}  // namespace plan
