// Every goal holds at the end of every schedule.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/prove/proof.hpp"

namespace plan {

namespace {

// Goals over facts and inputs are decided when those are known; the plan cannot change them.
bool speaks_of_states(const Proof& proof, TermId condition) {
  return std::ranges::any_of(proof.variables_of(condition), [&](VariableId id) {
    const Variable& variable = proof.plan.variables[id.index];
    const Resource& resource = proof.plan.resources[variable.resource.index];
    const auto& attributes = proof.plan.resource_types[resource.type].attributes;
    return variable.attribute >= attributes.size() ||
           attributes[variable.attribute].kind == AttributeKind::state;
  });
}

// The value of a goal's part at the end, with what preflight makes sure of: requirements of the
// world as found, and the invariants in it.
TermId value_at_end(Proof& proof, TermId part) {
  TermId value = proof.given(proof.terms.substitute(part, proof.state), part);
  for (const Condition& invariant : proof.plan.invariants) {
    if (proof.terms.is_true(value)) {
      break;
    }
    for (const TermId known : proof.terms.conjuncts(proof.terms.of(invariant.expr))) {
      value = proof.terms.assume(value, proof.given(known, known), true);
    }
  }
  return value;
}

}  // namespace

void check_goals(Proof& proof) {
  for (const Condition& goal : proof.plan.goals) {
    for (const TermId part : proof.terms.conjuncts(proof.terms.of(goal.expr))) {
      const TermId value = value_at_end(proof, part);
      if (proof.terms.is_true(value) || proof.terms.is_poison(value) ||
          !speaks_of_states(proof, part)) {
        continue;
      }
      Diagnostic& diagnostic =
          proof.diagnostics.report<Code::goal_not_proven>(goal.span, proof.text(goal));
      const bool has_provider = explain_failure(proof, part, StepId{}, diagnostic);
      add_moment(diagnostic.schedule, "the end");
      diagnostic.schedule.violated =
          fmt::format("the goal `{}`{}", proof.text(goal),
                      proof.terms.is_refuted(value) ? "" : ", or nobody can know");
      diagnostic.at_primary(proof.terms.is_refuted(value) ? "does not hold at the end"
                                                          : "not sure at the end");
      if (diagnostic.helps.empty()) {
        diagnostic.help(has_provider ? "let the step that makes it true come last, with `after`"
                                     : "add a step that ensures it");
      }
      break;
    }
  }
}

}  // namespace plan
