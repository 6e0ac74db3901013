// No wait that cannot end: what a wait needs holds when it starts, or a step beside it makes it
// true, or nobody in the plan says anything about it.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/proof.hpp"
#include "compiler/prove/sites.hpp"

namespace plan {

namespace {

struct Providers {
  bool is_beside = false;  // one may run at the same time
  bool is_late = false;    // one comes after the wait
};

Providers providers_of(Proof& proof, TermId condition, StepId step) {
  Providers result;
  for (const VariableId variable : proof.variables_of(condition)) {
    for (const std::uint32_t index : proof.effects.of(variable)) {
      const StepId writer = proof.effects.all()[index].step;
      const auto found =
          bearing(proof.terms, condition, proof.effects.of(writer), proof.found, proof.unknowns);
      const bool provides =
          found && (found->bearing == Bearing::provides || found->bearing == Bearing::conveys);
      if (writer == step || !provides) {
        continue;
      }
      const bool is_late = proof.is_before(step, writer);
      result.is_late = result.is_late || is_late;
      result.is_beside = result.is_beside || (!is_late && !proof.is_before(writer, step));
    }
  }
  return result;
}

bool depends_on_unknown(const Proof& proof, TermId value) {
  bool result = false;
  proof.terms.for_each_leaf(
      value, [&](TermId leaf) { result = result || proof.terms[leaf].kind == TermKind::unknown; });
  return result;
}

}  // namespace

void check_waits(Proof& proof, StepId step) {
  for (const Condition& clause : proof.plan.steps[step.index].awaits) {
    for (const TermId part : proof.terms.conjuncts(proof.terms.of(clause.expr))) {
      const TermId value = proof.value_now(part, step);
      if (proof.terms.is_true(value) || proof.terms.is_poison(value) ||
          depends_on_unknown(proof, value)) {
        continue;
      }
      const Providers providers = providers_of(proof, part, step);
      const bool may_hold = !proof.terms.is_refuted(value) && !providers.is_late;
      if (providers.is_beside || may_hold) {
        continue;
      }
      Diagnostic& diagnostic = proof.diagnostics.report<Code::endless_wait>(
          proof.plan.steps[step.index].span, proof.name(step), clause.text);
      diagnostic.at_primary(fmt::format("waits for `{}`", clause.text));
      diagnostic.label(clause.span, "what it needs in order to end");
      if (explain_failure(proof, part, step, diagnostic)) {
        diagnostic.help(fmt::format(
            "let `{}` come after the step that makes it true, or run beside it", proof.name(step)));
      } else {
        diagnostic.help(fmt::format("add a step that ensures `{}`", clause.text));
      }
      proof.silence(part);
    }
  }
}

}  // namespace plan
