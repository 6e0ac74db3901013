// Every `always` holds in every state that a schedule can reach. Steps are intervals: while a
// step runs, what it writes may be old or new, each variable by itself.
//
// Without races the writers of a variable form a chain, and the variable has its value number i
// from the start of its i-th writer to the end of the next one. Values of several variables are
// there at one moment of some schedule exactly if no "end" has to come before a "start": if of no
// two of them the next writer of the one is ordered before the writer of the other. (A cut needs
// all started writers with everything before them, and none of the next ones ended; that can
// only fail for a pair.)

#include <algorithm>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/proof.hpp"

namespace plan {

namespace {

// Combinations of values that are looked at for one invariant.
constexpr std::size_t combination_limit = 200'000;

struct Chain {
  VariableId variable;
  std::vector<std::uint32_t> writes;  // of Effects::all(), in order
};

class Search {
 public:
  Search(Proof& proof, const Condition& clause, TermId condition)
      : proof_(proof), clause_(clause), condition_(condition) {
    for (const VariableId variable : proof.variables_of(condition)) {
      Chain chain{.variable = variable, .writes = {}};
      for (const std::uint32_t index : proof.effects.of(variable)) {
        if (proof.effects.all()[index].kind != WriteKind::part) {
          chain.writes.push_back(index);
        }
      }
      std::ranges::sort(chain.writes, {}, [&](std::uint32_t index) {
        return proof.graph.position(proof.effects.all()[index].step.index);
      });
      if (!chain.writes.empty()) {
        chains_.push_back(std::move(chain));
      }
    }
    chosen_.assign(chains_.size(), 0);
  }

  void run() { choose(0); }
  [[nodiscard]] std::size_t combinations() const { return combinations_; }

 private:
  // The writer that gave chain `index` its chosen value, and the one that will end it; none: the
  // world as found, or nobody.
  StepId starter(std::size_t index) const {
    return chosen_[index] == 0 ? StepId{} : step_of(chains_[index].writes[chosen_[index] - 1]);
  }
  StepId ender(std::size_t index) const {
    return chosen_[index] == chains_[index].writes.size()
               ? StepId{}
               : step_of(chains_[index].writes[chosen_[index]]);
  }
  StepId step_of(std::uint32_t write) const { return proof_.effects.all()[write].step; }

  // Elements of one loop come one after the other: what is ordered in the body of one element is
  // not ordered between two.
  bool share_a_loop(StepId one, StepId two) const {
    const std::uint32_t loop = proof_.loops.of(one);
    return loop != UINT32_MAX && proof_.loops.is_inside(two, loop);
  }

  bool ends_before(std::size_t one, std::size_t two) {
    const StepId end = ender(one);
    const StepId start = starter(two);
    if (end.is_none() || start.is_none() || !proof_.is_before(end, start)) {
      return false;
    }
    const std::uint32_t loop = proof_.loops.of(end);
    return !share_a_loop(end, start) || (proof_.is_private(chains_[one].variable, loop) &&
                                         proof_.is_private(chains_[two].variable, loop));
  }

  bool is_reachable(std::size_t count) {
    for (std::size_t index = 0; index + 1 < count; ++index) {
      if (ends_before(index, count - 1) || ends_before(count - 1, index)) {
        return false;
      }
    }
    return true;
  }

  void choose(std::size_t index) {
    if (is_done_) {
      return;
    }
    if (index == chains_.size()) {
      evaluate();
      return;
    }
    const Chain& chain = chains_[index];
    for (chosen_[index] = 0; chosen_[index] <= chain.writes.size(); ++chosen_[index]) {
      if (!is_reachable(index + 1)) {
        continue;
      }
      TermId& value = proof_.found[chain.variable.index];
      value = chosen_[index] == 0 ? proof_.terms.initial(chain.variable)
                                  : proof_.after[chain.writes[chosen_[index] - 1]];
      choose(index + 1);
      if (is_done_) {
        break;
      }
    }
    proof_.found[chain.variable.index] = proof_.as_found(chain.variable);
  }

  void evaluate() {
    if (++combinations_ > combination_limit) {
      proof_.diagnostics.report<Code::proof_too_large>(clause_.span, clause_.text)
          .help("split it into several `always` that speak of fewer states each");
      is_done_ = true;
      return;
    }
    // The world as found is preflight's business, and so is what follows from it.
    TermId value = proof_.given(proof_.terms.substitute(condition_, proof_.found), condition_);
    value = proof_.terms.assume(value, proof_.given(condition_, condition_), true);
    if (!proof_.terms.is_true(value) && !proof_.terms.is_poison(value)) {
      is_refuted_ = proof_.terms.is_refuted(value);
      report();
      is_done_ = true;
    }
  }

  void report() {
    Diagnostic& diagnostic =
        proof_.diagnostics.report<Code::invariant_not_proven>(clause_.span, clause_.text);
    std::vector<StepId> started;
    std::vector<StepId> late;
    for (std::size_t index = 0; index < chains_.size(); ++index) {
      const StepId start = starter(index);
      const StepId end = ender(index);
      const std::string variable = proof_.variable(chains_[index].variable);
      if (!start.is_none()) {
        diagnostic.label(proof_.effects.find(start, chains_[index].variable)->span,
                         fmt::format("`{}` has changed `{}`", proof_.name(start), variable));
        started.push_back(start);
      } else {
        diagnostic.note(fmt::format("`{}` is still as it was found", variable));
      }
      if (!end.is_none()) {
        diagnostic.label(proof_.effects.find(end, chains_[index].variable)->span,
                         fmt::format("`{}` has not changed `{}` yet", proof_.name(end), variable));
        late.push_back(end);
      }
    }
    std::ranges::sort(started, {}, [&](StepId step) { return proof_.graph.position(step.index); });
    started.erase(std::unique(started.begin(), started.end()), started.end());
    std::vector<VariableId> about;
    for (const Chain& chain : chains_) {
      about.push_back(chain.variable);
    }
    diagnostic.schedule = schedule_to(proof_.schedules(), started, about);
    if (diagnostic.schedule.is_empty()) {
      add_moment(diagnostic.schedule, "the plan begins", "everything is as it was found");
    }
    diagnostic.schedule.violated =
        fmt::format("`{}`{}", clause_.text, is_refuted_ ? "" : ", or nobody can know");
    diagnostic.at_primary("does not hold at this moment, or cannot be shown to hold");
    for (const StepId end : late) {
      for (const StepId start : started) {
        if (end != start && !proof_.is_before(start, end)) {
          suggest_after(diagnostic, proof_.plan, start, end);
          if (diagnostic.fixes.empty()) {
            diagnostic.help(fmt::format("let `{}` come after `{}`: `after {}` in its block",
                                        proof_.name(start), proof_.name(end), proof_.name(end)));
          }
          return;
        }
      }
    }
  }

  Proof& proof_;
  const Condition& clause_;
  TermId condition_;
  std::vector<Chain> chains_;
  std::vector<std::size_t> chosen_;
  std::size_t combinations_ = 0;
  bool is_done_ = false;
  bool is_refuted_ = false;
};

}  // namespace

void check_invariants(Proof& proof) {
  for (const Condition& invariant : proof.plan.invariants) {
    const std::size_t before = proof.diagnostics.size();
    std::uint32_t number = 0;
    for (const TermId part : proof.terms.conjuncts(proof.terms.of(invariant.expr))) {
      const auto variables = proof.variables_of(part);
      const bool is_silent = std::ranges::any_of(
          variables, [&](VariableId variable) { return proof.is_silent(variable); });
      if (proof.diagnostics.size() == before && !is_silent) {
        Search search(proof, invariant, part);
        search.run();
        if (proof.record != nullptr) {
          proof.record->invariants.push_back(
              {.of = static_cast<std::uint32_t>(&invariant - proof.plan.invariants.data()),
               .clause = number++,
               .count = search.combinations()});
        }
      }
    }
  }
}

}  // namespace plan
