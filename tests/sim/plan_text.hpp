// A plan without source, for the message of a test that fails.
#pragma once

#include <string>

#include "compiler/plan.hpp"
#include "compiler/print_expr.hpp"
#include "dsl/diagnostic.hpp"

namespace plan::test {

inline std::string text_of(const Plan& plan, const Diagnostics& diagnostics) {
  std::string text;
  for (const Step& step : plan.steps) {
    text += step.name + ":";
    for (const Condition& condition : step.requires_) {
      text += " requires " + print_condition(plan, condition);
    }
    for (const Effect& effect : step.effects) {
      text += effect.kind == EffectKind::destroy ? " destroys"
              : effect.value.is_none()           ? " changes"
                                                 : " sets";
      text += " " + std::to_string(effect.variable.index);
      if (!effect.value.is_none() && plan[effect.value].op == Op::state) {
        text += " := " + std::to_string(plan[effect.value].a);
      } else if (!effect.value.is_none() && plan[effect.value].op == Op::input) {
        text += " := given";
      } else if (!effect.value.is_none()) {
        text += " := " + to_text(plan.constants[plan[effect.value].a]);
      }
    }
    for (const Condition& condition : step.awaits) {
      text += " awaits " + print_condition(plan, condition);
    }
    text += step.allows_destroy ? " allow destroy" : "";
    text += step.when ? " when " + print_condition(plan, *step.when) : "";
    for (const Condition& condition : step.undo_requires) {
      text += " undo requires " + print_condition(plan, condition);
    }
    for (const Effect& effect : step.undo_effects) {
      text += " undo sets " + std::to_string(effect.variable.index) +
              " := " + to_text(plan.constants[plan[effect.value].a]);
    }
    text += step.undo_operation == UINT32_MAX && !step.undo_none ? " irreversible" : "";
    for (const StepId before : step.after) {
      text += " after " + plan.steps[before.index].name;
    }
    text += "\n";
  }
  for (const Condition& goal : plan.goals) {
    text += "goal " + print_condition(plan, goal) + "\n";
  }
  for (const Condition& invariant : plan.invariants) {
    text += "always " + print_condition(plan, invariant) + "\n";
  }
  for (const Edge& edge : plan.edges) {
    text += plan.steps[edge.from.index].name + " -> " + plan.steps[edge.to.index].name + "\n";
  }
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    text += std::string(info(diagnostic.code).code) + " " + diagnostic.message + "\n";
  }
  return text;
}

}  // namespace plan::test
