// No wait that cannot end: what a wait needs holds when it starts, or a step beside it makes it
// true, or nobody in the plan says anything about it.

#include <algorithm>
#include <map>
#include <span>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/proof.hpp"
#include "compiler/prove/sites.hpp"

namespace plan {

namespace {

struct Providers {
  std::vector<StepId> beside;  // may run at the same time
  bool is_late = false;        // one comes after the wait
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
      if (!is_late && !proof.is_before(writer, step)) {
        result.beside.push_back(writer);
      }
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

void report(Proof& proof, StepId step, const Condition& clause, TermId part) {
  Diagnostic& diagnostic = proof.diagnostics.report<Code::endless_wait>(
      proof.plan.steps[step.index].span, proof.name(step), proof.text(clause));
  diagnostic.at_primary(fmt::format("waits for `{}`", proof.text(clause)));
  diagnostic.label(clause.span, "what it needs in order to end");
  const bool has_provider = explain_failure(proof, part, step, diagnostic);
  // What makes it true has to come before the wait, not before what spoils it.
  diagnostic.helps.clear();
  if (has_provider) {
    diagnostic.help(fmt::format("let `{}` come after the step that makes it true, or run beside it",
                                proof.name(step)));
  } else {
    diagnostic.help(fmt::format("add a step that ensures `{}`", proof.text(clause)));
  }
  add_to_last(diagnostic.schedule, "waits");
  diagnostic.schedule.violated =
      fmt::format("`{}` never holds: nothing that may run now makes it true", proof.text(clause));
}

// The conditions under which those run who write what `part` speaks of.
std::vector<TermId> conditions_of(const Proof& proof, TermId part) {
  std::vector<TermId> conditions;
  for (const VariableId variable : proof.variables_of(part)) {
    for (const std::uint32_t index : proof.effects.of(variable)) {
      const auto runs = proof.runs.find(proof.effects.all()[index].step.index);
      if (runs != proof.runs.end()) {
        conditions.push_back(runs->second);
      }
    }
  }
  return conditions;
}

// Whether the value is false if those conditions turn out in some way.
bool is_refutable(Proof& proof, TermId value, std::span<const TermId> conditions) {
  // So many conditions are told apart; beyond, the wait has to be sure.
  constexpr std::size_t condition_limit = 10;
  if (proof.terms.is_refuted(value) || conditions.size() > condition_limit) {
    return true;
  }
  if (conditions.empty()) {
    return false;
  }
  const auto rest = conditions.subspan(1);
  return is_refutable(proof, proof.terms.assume(value, conditions.front(), true), rest) ||
         is_refutable(proof, proof.terms.assume(value, conditions.front(), false), rest);
}

void remember(Proof& proof, ProofRecord::Wait wait, const char* by, std::vector<StepId> providers) {
  if (proof.record != nullptr) {
    wait.by = by;
    wait.providers = std::move(providers);
    proof.record->waits.push_back(std::move(wait));
  }
}

// Steps that can come to their end if a step with a wait needs one of its providers to have ended.
// Kahn's algorithm (1962) with one more thing to count down.
std::vector<bool> reachable_ends(const Proof& proof) {
  const std::size_t count = proof.plan.steps.size();
  std::vector<std::uint32_t> waiting(count);
  std::vector<bool> is_met(proof.pending_waits.size());
  std::multimap<std::uint32_t, std::size_t> ended_by;
  for (std::uint32_t node = 0; node < count; ++node) {
    proof.graph.for_each_predecessor(node, [&](std::uint32_t) { ++waiting[node]; });
  }
  for (std::size_t index = 0; index < proof.pending_waits.size(); ++index) {
    ++waiting[proof.pending_waits[index].step.index];
    for (const StepId provider : proof.pending_waits[index].providers) {
      ended_by.emplace(provider.index, index);
    }
  }
  std::vector<std::uint32_t> ready;
  const auto release = [&](std::uint32_t node) {
    if (--waiting[node] == 0) {
      ready.push_back(node);
    }
  };
  for (std::uint32_t node = 0; node < count; ++node) {
    if (waiting[node] == 0) {
      ready.push_back(node);
    }
  }
  std::vector<bool> ends(count);
  while (!ready.empty()) {
    const std::uint32_t node = ready.back();
    ready.pop_back();
    ends[node] = true;
    proof.graph.for_each_successor(node, release);
    const auto [first, last] = ended_by.equal_range(node);
    for (auto at = first; at != last; ++at) {
      if (!is_met[at->second]) {
        is_met[at->second] = true;
        release(proof.pending_waits[at->second].step.index);
      }
    }
  }
  return ends;
}

}  // namespace

void check_waits(Proof& proof, StepId step) {
  if (proof.is_misplaced(step)) {
    return;
  }
  const auto& clauses = proof.plan.steps[step.index].awaits;
  for (std::uint32_t index = 0; index < clauses.size(); ++index) {
    std::uint32_t number = 0;
    for (const TermId part : proof.terms.conjuncts(proof.terms.of(clauses[index].expr))) {
      // What preflight makes sure of is known of the world as found.
      const TermId value = proof.given(proof.value_now(part, step), part);
      const ProofRecord::Wait wait{
          .step = step, .clause = index, .part = number++, .providers = {}};
      if (proof.terms.is_true(value) || proof.terms.is_poison(value)) {
        remember(proof, wait, "plan", {});
        continue;
      }
      Providers providers = providers_of(proof, part, step);
      const bool may_hold = !is_refutable(proof, value, conditions_of(proof, part)) &&
                            (depends_on_unknown(proof, value) || !providers.is_late);
      if (may_hold) {
        remember(proof, wait, "world", {});
        continue;
      }
      if (!providers.beside.empty()) {
        remember(proof, wait, "beside", providers.beside);
        proof.pending_waits.push_back(
            {.step = step, .clause = index, .providers = std::move(providers.beside)});
        continue;
      }
      report(proof, step, clauses[index], part);
      proof.silence(part);
    }
  }
}

void check_mutual_waits(Proof& proof) {
  if (proof.pending_waits.empty()) {
    return;
  }
  const std::vector<bool> ends = reachable_ends(proof);
  Diagnostic* diagnostic = nullptr;
  std::vector<StepId> stuck;
  for (const Proof::PendingWait& wait : proof.pending_waits) {
    const auto& providers = wait.providers;
    const bool is_stuck =
        !ends[wait.step.index] &&
        std::ranges::none_of(providers, [&](StepId provider) { return ends[provider.index]; });
    // Only a wait that may begin is the reason; what comes behind it is the consequence.
    bool may_begin = true;
    proof.graph.for_each_predecessor(
        wait.step.index, [&](std::uint32_t before) { may_begin = may_begin && ends[before]; });
    if (!is_stuck || !may_begin) {
      continue;
    }
    const Step& step = proof.plan.steps[wait.step.index];
    const Condition& clause = step.awaits[wait.clause];
    if (diagnostic == nullptr) {
      diagnostic =
          &proof.diagnostics.report<Code::endless_wait>(step.span, step.name, proof.text(clause));
      diagnostic->at_primary(fmt::format("waits for `{}`", proof.text(clause)));
    }
    diagnostic->label(clause.span, fmt::format("`{}` needs it in order to end", step.name));
    for (const StepId provider : providers) {
      diagnostic->note(
          fmt::format("`{}` would make it true, but comes after a wait that cannot "
                      "end either",
                      proof.name(provider)));
    }
    stuck.push_back(wait.step);
  }
  if (diagnostic != nullptr) {
    diagnostic->schedule = schedule_to(proof.schedules(), stuck, {});
    diagnostic->schedule.violated = "each waits for what only comes after the other";
    diagnostic->help("let one of the steps that are waited for run before the waits");
  }
}

}  // namespace plan
