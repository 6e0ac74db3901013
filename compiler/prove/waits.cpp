// No wait that cannot end: what a wait needs holds when it starts, or a step beside it makes it
// true, or nobody in the plan says anything about it. Nobody takes it away beside the wait
// (races.cpp), so what counts is what those who write it beside the wait leave behind at last.

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/proof.hpp"
#include "compiler/prove/sites.hpp"

namespace plan {

namespace {

// Who writes what is waited for, by its place.
void find_writers(Proof& proof, Proof::PendingWait& wait) {
  std::vector<StepId> all;
  for (const VariableId variable : proof.variables_of(wait.part)) {
    for (const std::uint32_t index : proof.effects.of(variable)) {
      all.push_back(proof.effects.all()[index].step);
    }
  }
  std::ranges::sort(all, {}, [&](StepId step) { return proof.graph.position(step.index); });
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (const StepId writer : all) {
    if (writer == wait.step) {
      continue;
    }
    if (proof.is_before(writer, wait.step)) {
      wait.before.push_back(writer);
    } else if (!proof.is_before(wait.step, writer)) {
      wait.beside.push_back(writer);
    } else if (!wait.is_late) {
      const auto found =
          bearing(proof.terms, wait.part, proof.effects.of(writer), proof.found, proof.unknowns);
      wait.is_late =
          found && (found->bearing == Bearing::provides || found->bearing == Bearing::conveys);
    }
  }
}

bool depends_on_unknown(const Proof& proof, TermId value) {
  bool result = false;
  proof.terms.for_each_leaf(
      value, [&](TermId leaf) { result = result || proof.terms[leaf].kind == TermKind::unknown; });
  return result;
}

// Those who make it true, before the wait or beside it, but run under a condition only.
std::vector<StepId> conditional_providers(Proof& proof, TermId part, StepId wait) {
  std::vector<StepId> result;
  for (const VariableId variable : proof.variables_of(part)) {
    for (const std::uint32_t index : proof.effects.of(variable)) {
      const StepId writer = proof.effects.all()[index].step;
      const auto found =
          bearing(proof.terms, part, proof.effects.of(writer), proof.found, proof.unknowns);
      if (writer != wait && proof.plan.steps[writer.index].when && found &&
          found->bearing == Bearing::provides && !proof.is_before(wait, writer)) {
        result.push_back(writer);
      }
    }
  }
  return result;
}

void report(Proof& proof, StepId step, const Condition& clause, TermId part) {
  const std::vector<StepId> may_run = conditional_providers(proof, part, step);
  Diagnostic& diagnostic = proof.diagnostics.report<Code::endless_wait>(
      proof.plan.steps[step.index].span, proof.name(step),
      may_run.empty() ? "can never" : "may never", proof.text(clause));
  diagnostic.at_primary(fmt::format("waits for `{}`", proof.text(clause)));
  diagnostic.label(clause.span, "what it needs in order to end");
  const bool has_provider = explain_failure(proof, part, step, diagnostic);
  // What makes it true has to come before the wait, not before what spoils it.
  diagnostic.helps.clear();
  for (const StepId other : may_run) {
    const Step& made = proof.plan.steps[other.index];
    diagnostic.label(made.when->span,
                     fmt::format("`{}` would make it true, but runs only when `{}`", made.name,
                                 proof.text(*made.when)));
  }
  if (!may_run.empty()) {
    diagnostic.help(
        fmt::format("let `{}` wait under the same condition, or let another step make "
                    "it true in the other case",
                    proof.name(step)));
  } else if (has_provider) {
    diagnostic.help(fmt::format("let `{}` come after the step that makes it true, or run beside it",
                                proof.name(step)));
  } else {
    diagnostic.help(fmt::format("add a step that ensures `{}`", proof.text(clause)));
  }
  for (Moment& moment : diagnostic.schedule.moments) {
    if (std::ranges::find(may_run, StepId{moment.node}) != may_run.end()) {
      moment.then = "does not run";
    }
  }
  add_to_last(diagnostic.schedule, "waits");
  diagnostic.schedule.violated =
      fmt::format("`{}` never holds: {}", proof.text(clause),
                  may_run.empty() ? "nothing that may run now makes it true"
                                  : fmt::format("`{}` need not run", proof.name(may_run.front())));
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

enum class Outcome : std::uint8_t {
  holds,
  open,  // the world decides it; nobody in the plan makes it false
  fails  // or may
};

Outcome outcome_of(Proof& proof, TermId value, TermId part, bool is_late) {
  if (proof.terms.is_true(value) || proof.terms.is_poison(value)) {
    return Outcome::holds;
  }
  const bool is_open = !is_refutable(proof, value, conditions_of(proof, part)) &&
                       (depends_on_unknown(proof, value) || !is_late);
  return is_open ? Outcome::open : Outcome::fails;
}

const char* name_of(Outcome outcome) {
  return outcome == Outcome::holds ? "plan" : "world";
}

// What becomes of a condition by one writer after the other, of those alone that may run before the
// wait ends: the execution's own state holds what others have written, too.
class Outcomes {
 public:
  Outcomes(Proof& proof, const Proof::PendingWait& wait)
      : proof_(proof), wait_(wait), variables_(proof.variables_of(wait.part)) {
    for (const VariableId variable : variables_) {
      std::uint32_t loop = proof.loops.of(wait.step);
      for (; loop != UINT32_MAX; loop = proof.plan.loops[loop].parent) {
        if (is_shared(variable, loop)) {
          now(variable) = proof.terms.unknown();  // an element before it may have written it
        }
      }
    }
    std::ranges::for_each(wait.before, [&](StepId writer) { act(writer); });
  }
  Outcomes(const Outcomes&) = delete;
  Outcomes& operator=(const Outcomes&) = delete;
  ~Outcomes() {
    for (const VariableId variable : variables_) {
      now(variable) = proof_.as_found(variable);
    }
  }

  void act(StepId writer) {
    const auto writes = proof_.effects.of(writer);
    const auto first = static_cast<std::size_t>(writes.data() - proof_.effects.all().data());
    for (std::size_t index = 0; index < writes.size(); ++index) {
      const VariableId variable = writes[index].variable;
      if (!std::ranges::binary_search(variables_, variable)) {
        continue;
      }
      TermId value = proof_.after[first + index];
      if (const auto runs = proof_.runs.find(writer.index); runs != proof_.runs.end()) {
        value = choose(runs->second, proof_.terms.assume(value, runs->second, true), now(variable));
      }
      std::uint32_t loop = proof_.loops.of(writer);
      for (; loop != UINT32_MAX && !proof_.loops.is_inside(wait_.step, loop);
           loop = proof_.plan.loops[loop].parent) {
        if (!proof_.is_private(variable, loop)) {
          value = choose(proof_.terms.unknown(), value, now(variable));  // there may be no element
        }
      }
      now(variable) = value;
    }
  }

  Outcome outcome() {
    TermId value = proof_.terms.substitute(wait_.part, proof_.found);
    if (const auto runs = proof_.runs.find(wait_.step.index); runs != proof_.runs.end()) {
      value = proof_.terms.assume(value, runs->second, true);
    }
    return outcome_of(proof_, proof_.given(value, wait_.part), wait_.part, wait_.is_late);
  }

 private:
  // The world as found is the place for it until the end.
  TermId& now(VariableId variable) { return proof_.found[variable.index]; }

  TermId choose(TermId condition, TermId yes, TermId no) {
    return proof_.terms.make(Op::conditional, 0, std::array{condition, yes, no});
  }

  bool is_shared(VariableId variable, std::uint32_t loop) {
    return !proof_.is_private(variable, loop) &&
           std::ranges::any_of(proof_.effects.of(variable), [&](std::uint32_t index) {
             return proof_.loops.is_inside(proof_.effects.all()[index].step, loop);
           });
  }

  Proof& proof_;
  const Proof::PendingWait& wait_;
  std::vector<VariableId> variables_;
};

bool is_chain(const Proof& proof, std::span<const StepId> steps) {
  for (std::size_t index = 1; index < steps.size(); ++index) {
    if (!proof.is_before(steps[index - 1], steps[index])) {
      return false;
    }
  }
  return true;
}

// Finds out which of those beside it the wait needs. False if it may be endless.
bool settle(Proof& proof, Proof::PendingWait& wait) {
  Outcomes outcomes(proof, wait);
  // From so many of those beside it on, what is waited for holds, or is open.
  Outcome worst = outcomes.outcome();
  std::size_t settled = worst == Outcome::fails ? 1 : 0;
  for (std::size_t index = 0; index < wait.beside.size(); ++index) {
    outcomes.act(wait.beside[index]);
    const Outcome outcome = outcomes.outcome();
    worst = std::max(worst, outcome);
    settled = outcome == Outcome::fails ? index + 2 : settled;
  }
  if (settled > wait.beside.size()) {
    return false;
  }
  // Without an order among them, who has ended tells nothing of the others.
  wait.needs_all = !is_chain(proof, wait.beside);
  if (wait.needs_all) {
    wait.by = "together";
    wait.providers = wait.beside;
  } else if (settled == 0) {
    wait.by = name_of(worst);
  } else {
    wait.by = "beside";
    wait.providers.assign(wait.beside.begin() + static_cast<std::ptrdiff_t>(settled) - 1,
                          wait.beside.end());
  }
  return true;
}

// Steps that can come to their end if a step with a wait needs one of its providers, or all of
// them, to have ended. Kahn's algorithm (1962) with more to count down.
std::vector<bool> reachable_ends(const Proof& proof) {
  const std::size_t count = proof.plan.steps.size();
  std::vector<std::uint32_t> waiting(count);
  std::vector<bool> is_met(proof.pending_waits.size());
  std::multimap<std::uint32_t, std::size_t> ended_by;
  for (std::uint32_t node = 0; node < count; ++node) {
    proof.graph.for_each_predecessor(node, [&](std::uint32_t) { ++waiting[node]; });
  }
  for (std::size_t index = 0; index < proof.pending_waits.size(); ++index) {
    const Proof::PendingWait& wait = proof.pending_waits[index];
    const auto needed = wait.needs_all ? wait.providers.size() : 1;
    waiting[wait.step.index] += wait.providers.empty() ? 0 : static_cast<std::uint32_t>(needed);
    for (const StepId provider : wait.providers) {
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
      const Proof::PendingWait& wait = proof.pending_waits[at->second];
      if (wait.needs_all || !is_met[at->second]) {
        is_met[at->second] = true;
        release(wait.step.index);
      }
    }
  }
  return ends;
}

void remember(Proof& proof, const Proof::PendingWait& wait) {
  if (proof.record != nullptr) {
    proof.record->waits[wait.entry] = {.step = wait.step,
                                       .clause = wait.clause,
                                       .part = wait.number,
                                       .by = wait.by,
                                       .providers = wait.providers};
  }
}

void report_late(Proof& proof, const Proof::PendingWait& wait) {
  // The reasons are those of the moment in which the wait starts.
  const auto variables = proof.variables_of(wait.part);
  for (std::size_t index = 0; index < variables.size(); ++index) {
    proof.defined[variables[index].index] = wait.defined[index];
  }
  report(proof, wait.step, proof.plan.steps[wait.step.index].awaits[wait.clause], wait.part);
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
      Proof::PendingWait wait{.step = step, .clause = index, .number = number++, .part = part};
      if (proof.record != nullptr) {
        wait.entry = proof.record->waits.size();
        proof.record->waits.emplace_back();
      }
      // What preflight makes sure of is known of the world as found.
      const TermId value = proof.given(proof.value_now(part, step), part);
      find_writers(proof, wait);
      const Outcome outcome = outcome_of(proof, value, part, wait.is_late);
      if (!wait.beside.empty() && !proof.terms.is_poison(value)) {
        for (const VariableId variable : proof.variables_of(part)) {
          wait.defined.push_back(proof.defined[variable.index]);
        }
        proof.pending_waits.push_back(std::move(wait));
      } else if (outcome != Outcome::fails) {
        wait.by = name_of(outcome);
        remember(proof, wait);
      } else {
        report(proof, step, clauses[index], part);
        proof.silence(part);
      }
    }
  }
}

void check_waits_beside(Proof& proof) {
  std::erase_if(proof.pending_waits, [&](Proof::PendingWait& wait) {
    const bool may_end = settle(proof, wait);
    may_end ? remember(proof, wait) : report_late(proof, wait);
    return !may_end;
  });
  if (proof.pending_waits.empty()) {
    return;
  }
  const std::vector<bool> ends = reachable_ends(proof);
  Diagnostic* diagnostic = nullptr;
  std::vector<StepId> stuck;
  for (const Proof::PendingWait& wait : proof.pending_waits) {
    const auto& providers = wait.providers;
    const auto never_ends = [&](StepId provider) { return !ends[provider.index]; };
    const bool is_stuck = !ends[wait.step.index] && !providers.empty() &&
                          (wait.needs_all ? std::ranges::any_of(providers, never_ends)
                                          : std::ranges::all_of(providers, never_ends));
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
      diagnostic = &proof.diagnostics.report<Code::endless_wait>(step.span, step.name, "can never",
                                                                 proof.text(clause));
      diagnostic->at_primary(fmt::format("waits for `{}`", proof.text(clause)));
    }
    diagnostic->label(clause.span, fmt::format("`{}` needs it in order to end", step.name));
    for (const StepId provider : providers) {
      if (!never_ends(provider)) {
        continue;
      }
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
