// Every `always` holds in every state that a schedule can reach. Steps are intervals: while a
// step runs, what it writes may be old or new, each variable by itself (cuts.hpp). All moments at
// which values can be there together are looked at; of those that go wrong, one to which the
// shortest schedule leads is told.

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "compiler/prove/cuts.hpp"
#include "compiler/prove/describe_edge.hpp"

namespace plan {

namespace {

// Combinations of values that are looked at for one invariant.
constexpr std::size_t combination_limit = 200'000;
// Steps that are passed in the search for a shorter schedule.
constexpr std::size_t shortening_limit = 50'000'000;

// `a or b or not (c and d)`: what must all be false for the condition to be so.
void add_disjuncts(Terms& terms, TermId term, std::vector<TermId>& all) {
  const Term node = terms[term];
  const bool is_or = node.kind == TermKind::operation && node.op == Op::logical_or;
  const bool is_not = node.kind == TermKind::operation && node.op == Op::logical_not;
  const TermId inner = is_not ? terms.children(term)[0] : term;
  const Term inside = terms[inner];
  const bool is_not_and =
      is_not && inside.kind == TermKind::operation && inside.op == Op::logical_and;
  if (!is_or && !is_not_and) {
    all.push_back(term);
    return;
  }
  for (std::size_t index = 0; index < 2; ++index) {
    const TermId child = terms.children(inner)[index];
    add_disjuncts(terms, is_or ? child : terms.negation(child), all);
  }
}

std::vector<Chain> chains_of(Proof& proof, TermId condition) {
  std::vector<Chain> chains;
  for (const VariableId variable : proof.variables_of(condition)) {
    if (Chain chain = chain_of(proof, variable, false); !chain.writes.empty()) {
      chains.push_back(std::move(chain));
    }
  }
  return chains;
}

class Search {
 public:
  Search(Proof& proof, const Condition& clause, TermId condition)
      : proof_(proof),
        clause_(clause),
        condition_(condition),
        cuts_(proof, chains_of(proof, condition)) {}

  void run() {
    if (!split()) {
      choose(0);
    } else {
      search_clause();
    }
    for (const Chain& chain : cuts_.chains()) {
      proof_.found[chain.variable.index] = proof_.as_found(chain.variable);
    }
  }
  [[nodiscard]] std::size_t combinations() const { return combinations_; }
  [[nodiscard]] bool is_too_large() const { return combinations_ > combination_limit; }
  // The steps of the shortest schedule that goes wrong; none if none does.
  [[nodiscard]] std::optional<std::size_t> shortest() const { return shortest_; }

  void report() {
    Diagnostic& diagnostic =
        proof_.diagnostics.report<Code::invariant_not_proven>(clause_.span, proof_.text(clause_));
    cuts_.chosen() = worst_;
    const std::vector<StepId> started = cuts_.started();
    std::vector<StepId> late;
    std::vector<VariableId> about;
    for (std::size_t index = 0; index < cuts_.chains().size(); ++index) {
      const StepId start = cuts_.starter(index);
      const StepId end = cuts_.ender(index);
      const VariableId id = cuts_.chains()[index].variable;
      const std::string variable = proof_.variable(id);
      about.push_back(id);
      if (!start.is_none()) {
        diagnostic.label(proof_.effects.find(start, id)->span,
                         fmt::format("`{}` has changed `{}`", proof_.name(start), variable));
      } else {
        diagnostic.note(fmt::format("`{}` is still as it was found", variable));
      }
      if (!end.is_none()) {
        diagnostic.label(proof_.effects.find(end, id)->span,
                         fmt::format("`{}` has not changed `{}` yet", proof_.name(end), variable));
        late.push_back(end);
      }
    }
    diagnostic.schedule = schedule_to(proof_.schedules(), started, about);
    if (diagnostic.schedule.is_empty()) {
      add_moment(diagnostic.schedule, "the plan begins", "everything is as it was found");
    }
    diagnostic.schedule.violated =
        fmt::format("`{}`{}", proof_.text(clause_), is_refuted_ ? "" : ", or nobody can know");
    diagnostic.at_primary("does not hold at this moment, or cannot be shown to hold");
    suggest(diagnostic, started, late);
  }

 private:
  // Whether the condition is a disjunction of which each part speaks of one state that changes:
  // it fails exactly where every state has a value that makes its own parts fail.
  bool split() {
    std::vector<TermId> all;
    add_disjuncts(proof_.terms, condition_, all);
    parts_.resize(cuts_.chains().size());
    is_failing_.resize(cuts_.chains().size());
    for (const TermId part : all) {
      std::size_t speaks_of = 0;
      for (const VariableId variable : proof_.variables_of(part)) {
        for (std::size_t index = 0; index < cuts_.chains().size(); ++index) {
          if (cuts_.chains()[index].variable == variable) {
            parts_[index].push_back(part);
            ++speaks_of;
          }
        }
      }
      if (speaks_of > 1) {
        return false;
      }
    }
    for (std::size_t index = 0; index < cuts_.chains().size(); ++index) {
      is_failing_[index].resize(cuts_.chains()[index].writes.size() + 1, -1);
      if (!cuts_.is_chain(index)) {
        return false;
      }
    }
    return cuts_.chains().size() > 1;
  }

  // Whether the chosen value of the chain makes none of its parts true.
  bool fails(std::size_t index) {
    int& known = is_failing_[index][cuts_.chosen()[index]];
    if (known < 0) {
      put(index);
      known = std::ranges::none_of(parts_[index], [&](TermId part) {
        return proof_.terms.is_true(
            proof_.given(proof_.terms.substitute(part, proof_.found), condition_));
      });
    }
    return known == 1;
  }

  // From the first moment at which all parts fail on. Mostly the condition fails there, too; where
  // it does not (the world as found, of which preflight makes sure), one state has to go on.
  void search_clause() {
    const auto counts = [&](std::size_t index) { return fails(index); };
    if (!cuts_.find_first(counts)) {
      return;
    }
    std::vector<std::vector<std::size_t>> open{cuts_.chosen()};
    std::set<std::vector<std::size_t>> seen{open.front()};
    while (!open.empty() && combinations_ <= combination_limit) {
      const std::vector<std::size_t> at = std::move(open.back());
      open.pop_back();
      cuts_.chosen() = at;
      if (evaluate()) {
        continue;
      }
      for (std::size_t index = 0; index < at.size(); ++index) {
        cuts_.chosen() = at;
        if (cuts_.find_later(index, counts) && seen.insert(cuts_.chosen()).second) {
          open.push_back(cuts_.chosen());
        }
      }
    }
  }

  bool is_reachable(std::size_t count) {
    for (std::size_t index = 0; index + 1 < count; ++index) {
      if (cuts_.exclude_each_other(index, count - 1)) {
        return false;
      }
    }
    return true;
  }

  // Whether no schedule through the first `count` chains' values is shorter than the one known.
  bool is_too_long(std::size_t count) {
    return shortest_ && (shortened_ > shortening_limit || length(count) >= *shortest_);
  }

  // The steps that have to run for the first `count` chains to have their values.
  std::size_t length(std::size_t count) {
    std::vector<std::uint32_t> started;
    for (std::size_t index = 0; index < count; ++index) {
      if (const StepId start = cuts_.starter(index); !start.is_none()) {
        started.push_back(start.index);
      }
    }
    const auto all = proof_.graph.ancestors(started);
    shortened_ += all.size() + 1;
    return static_cast<std::size_t>(std::ranges::count_if(all, [&](std::uint32_t node) {
      const StepKind kind = proof_.plan.steps[node].kind;
      return kind != StepKind::loop_begin && kind != StepKind::loop_end;
    }));
  }

  void put(std::size_t index) {
    proof_.found[cuts_.chains()[index].variable.index] = cuts_.value(index);
  }

  void choose(std::size_t index) {
    if (index == cuts_.chains().size()) {
      evaluate();
      return;
    }
    for (std::size_t value = 0; value <= cuts_.chains()[index].writes.size(); ++value) {
      cuts_.chosen()[index] = value;
      if (!is_reachable(index + 1) || is_too_long(index + 1)) {
        continue;
      }
      put(index);
      choose(index + 1);
      if (combinations_ > combination_limit) {
        return;
      }
    }
  }

  // Looks at the chosen moment; whether the condition fails there.
  bool evaluate() {
    if (++combinations_ > combination_limit) {
      return false;
    }
    for (std::size_t index = 0; index < cuts_.chains().size(); ++index) {
      put(index);
    }
    // The world as found is preflight's business, and so is what follows from it.
    TermId value = proof_.given(proof_.terms.substitute(condition_, proof_.found), condition_);
    value = proof_.terms.assume(value, proof_.given(condition_, condition_), true);
    if (proof_.terms.is_true(value) || proof_.terms.is_poison(value)) {
      return false;
    }
    const std::size_t steps = length(cuts_.chains().size());
    if (!shortest_ || steps < *shortest_) {
      worst_ = cuts_.chosen();
      shortest_ = steps;
      is_refuted_ = proof_.terms.is_refuted(value);
    }
    return true;
  }

  // An order that keeps the moment from coming.
  void suggest(Diagnostic& diagnostic,
               const std::vector<StepId>& started,
               const std::vector<StepId>& late) {
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
  Cuts cuts_;
  std::vector<std::vector<TermId>> parts_;    // by chain: the disjuncts that speak of it
  std::vector<std::vector<int>> is_failing_;  // by chain and value: 1, 0, or -1 for not known
  std::vector<std::size_t> worst_;            // the moment that is told
  std::optional<std::size_t> shortest_;       // its steps
  std::size_t shortened_ = 0;
  std::size_t combinations_ = 0;
  bool is_refuted_ = false;
};

}  // namespace

void check_invariants(Proof& proof) {
  for (const Condition& invariant : proof.plan.invariants) {
    std::optional<Search> worst;
    bool is_too_large = false;
    std::uint32_t number = 0;
    for (const TermId part : proof.terms.conjuncts(proof.terms.of(invariant.expr))) {
      const auto variables = proof.variables_of(part);
      const bool is_silent = std::ranges::any_of(
          variables, [&](VariableId variable) { return proof.is_silent(variable); });
      if (is_silent) {
        continue;
      }
      Search search(proof, invariant, part);
      search.run();
      if (proof.record != nullptr) {
        proof.record->invariants.push_back(
            {.of = static_cast<std::uint32_t>(&invariant - proof.plan.invariants.data()),
             .clause = number++,
             .count = search.combinations()});
      }
      is_too_large = is_too_large || search.is_too_large();
      if (search.shortest() && (!worst || *search.shortest() < *worst->shortest())) {
        worst.emplace(std::move(search));
      }
    }
    if (worst) {
      worst->report();
    } else if (is_too_large) {
      proof.diagnostics.report<Code::proof_too_large>(invariant.span, proof.text(invariant))
          .help("split it into several `always` that speak of fewer states each");
    }
  }
}

}  // namespace plan
