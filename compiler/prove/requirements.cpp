// Every requirement holds when its step starts, in every schedule; what no step writes before is
// left to preflight.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/proof.hpp"

namespace plan {

namespace {

enum class Verdict : std::uint8_t { holds, preflight, fails, unproven, silent };

// Whether the condition is just a state, which is true now: so are most.
bool is_true_state(const Proof& proof, TermId condition) {
  const Term& term = proof.terms[condition];
  return term.kind == TermKind::initial && proof.terms.is_true(proof.state[term.a]);
}

Verdict judge(Proof& proof, TermId condition, StepId step) {
  const TermId plain = proof.terms.substitute(condition, proof.state);
  const TermId value = proof.if_it_runs(plain, step);
  if (proof.terms.is_poison(value)) {
    return Verdict::silent;
  }
  if (proof.terms.is_true(value)) {
    return Verdict::holds;
  }
  if (proof.terms.is_refuted(value)) {
    return Verdict::fails;
  }
  // Only a condition that no step has touched is the same one that preflight looks at.
  return plain == condition ? Verdict::preflight : Verdict::unproven;
}

// Two steps that ask the opposite of the world as found.
void check_contradiction(Proof& proof, TermId condition, StepId step, std::uint32_t index) {
  const Condition& clause = proof.plan.steps[step.index].requires_[index];
  const auto known = proof.assumed.find(proof.terms.negation(condition));
  if (known == proof.assumed.end()) {
    if (!proof.plan.steps[step.index].when) {
      proof.assume_found(condition, step, index);
    }
    return;
  }
  const auto& [other, requirement] = known->second;
  const Condition& before = proof.plan.steps[other.index].requires_[requirement];
  Diagnostic& diagnostic = proof.diagnostics.report<Code::contradictory_start>(
      clause.span, proof.name(other), proof.name(step), proof.text(before), proof.text(clause));
  diagnostic.at_primary(fmt::format("`{}` needs this", proof.name(step)));
  diagnostic.label(before.span, fmt::format("`{}` needs this", proof.name(other)));
  diagnostic.note("no step changes it before they start");
  diagnostic.schedule = schedule_to(proof.schedules(), std::array{other, step}, {});
  diagnostic.schedule.violated = fmt::format("`{}` or `{}`: both speak of the world as found",
                                             proof.text(before), proof.text(clause));
  diagnostic.help("add a step between them that makes the second one's requirement true");
}

void report(Proof& proof, Verdict verdict, TermId condition, const Condition& clause, StepId step) {
  Diagnostic& diagnostic = verdict == Verdict::fails
                               ? proof.diagnostics.report<Code::requirement_false>(
                                     clause.span, proof.name(step), proof.text(clause))
                               : proof.diagnostics.report<Code::requirement_unproven>(
                                     clause.span, proof.name(step), proof.text(clause));
  diagnostic.at_primary(fmt::format("`{}` needs this", proof.name(step)));
  diagnostic.label(proof.plan.steps[step.index].span, "the step");
  const bool has_provider = explain_failure(proof, condition, step, diagnostic);
  add_to_last(diagnostic.schedule, "starts");
  diagnostic.schedule.violated =
      fmt::format("`{}` requires `{}`, which {} then", proof.name(step), proof.text(clause),
                  verdict == Verdict::fails ? "is false" : "may be false");
  if (diagnostic.helps.empty()) {
    diagnostic.help(has_provider
                        ? fmt::format("order them with `after` so that it holds when `{}` starts",
                                      proof.name(step))
                        : fmt::format("no step ensures `{}`: add one before `{}`",
                                      proof.text(clause), proof.name(step)));
  }
}

}  // namespace

void check_requirements(Proof& proof, StepId step) {
  if (proof.is_misplaced(step)) {
    return;
  }
  const auto& clauses = proof.plan.steps[step.index].requires_;
  for (std::uint32_t index = 0; index < clauses.size(); ++index) {
    if (is_true_state(proof, proof.terms.of(clauses[index].expr))) {
      continue;
    }
    bool needs_preflight = false;
    bool is_reported = false;
    for (const TermId part : proof.terms.conjuncts(proof.terms.of(clauses[index].expr))) {
      const Verdict verdict = judge(proof, part, step);
      if (verdict == Verdict::preflight) {
        needs_preflight = true;
        check_contradiction(proof, part, step, index);
      }
      if (verdict == Verdict::fails || verdict == Verdict::unproven) {
        if (!is_reported) {
          report(proof, verdict, part, clauses[index], step);
        }
        is_reported = true;
        proof.silence(part);
      }
    }
    if (needs_preflight && !is_reported) {
      proof.plan.preflight_requirements.emplace_back(step, index);
    }
  }
}

}  // namespace plan
