// Every `always` holds in every state that a schedule can reach. The writers of a state follow one
// another; it has the value of its i-th writer from when that starts to when the next one ends.
// Values of several states are there at once unless one must end before another can start.
#include <algorithm>

#include "verify/checker.hpp"

namespace plan::verify {

namespace {

// More cases than this are refused: the prover does not go so far either.
constexpr std::size_t case_limit = 1'000'000;

struct Search {
  Checker& checker;
  NodeId condition;
  std::string text;
  std::vector<VariableId> variables{};
  std::vector<std::vector<std::uint32_t>>
      chains{};                       // writes of each variable that set it as a whole
  std::vector<std::size_t> chosen{};  // how many of them have begun
  std::size_t cases = 0;
  bool fails = false;

  StepId writer(std::size_t chain, std::size_t index) const {
    return checker.writes.all()[chains[chain][index]].step;
  }

  // Whether the value of one chain must have ended before that of the other can be there.
  bool ends_before(std::size_t one, std::size_t two) {
    if (chosen[one] == chains[one].size() || chosen[two] == 0) {
      return false;
    }
    const StepId end = writer(one, chosen[one]);
    const StepId start = writer(two, chosen[two] - 1);
    if (!checker.ordering.before(end, start)) {
      return false;
    }
    // Two steps of one loop: in the order of one element only.
    const std::uint32_t loop = checker.loops.of(end);
    return loop == none || !checker.loops.holds(loop, start) ||
           (checker.loops.is_private(variables[one], loop) &&
            checker.loops.is_private(variables[two], loop));
  }

  void choose(std::size_t chain) {
    if (chain == chains.size()) {
      judge();
      return;
    }
    for (chosen[chain] = 0; chosen[chain] <= chains[chain].size(); ++chosen[chain]) {
      bool is_possible = true;
      for (std::size_t other = 0; other < chain && is_possible; ++other) {
        is_possible = !ends_before(other, chain) && !ends_before(chain, other);
      }
      if (!is_possible || cases > case_limit) {
        continue;
      }
      checker.found[variables[chain].index] = chosen[chain] == 0
                                                  ? checker.nodes.found(variables[chain])
                                                  : checker.after[chains[chain][chosen[chain] - 1]];
      choose(chain + 1);
    }
    checker.found[variables[chain].index] = checker.nodes.found(variables[chain]);
  }

  void judge() {
    ++cases;
    Nodes& nodes = checker.nodes;
    NodeId value = checker.given(nodes.in(condition, checker.found), condition);
    value = nodes.under(value, checker.given(condition, condition), true);
    if (!nodes.is_true(value) && !fails) {
      fails = true;
      checker.fault("`always {}` does not hold in every state that a schedule can reach", text);
    }
  }
};

}  // namespace

void Checker::check_invariants() {
  std::size_t at = 0;
  for (std::uint32_t index = 0; index < plan.invariants.size(); ++index) {
    const Condition& invariant = plan.invariants[index];
    const std::vector<NodeId> parts = nodes.parts(nodes.of(invariant.expr));
    for (std::uint32_t part = 0; part < parts.size(); ++part) {
      Search search{.checker = *this, .condition = parts[part], .text = invariant.text};
      for (const VariableId variable : nodes.variables(parts[part])) {
        std::vector<std::uint32_t> chain;
        for (const std::uint32_t write : writes.of(variable)) {
          if (writes.all()[write].kind != WriteKind::part) {
            chain.push_back(write);
          }
        }
        if (!chain.empty()) {
          search.variables.push_back(variable);
          search.chains.push_back(std::move(chain));
        }
      }
      search.chosen.assign(search.chains.size(), 0);
      search.choose(0);
      cases += search.cases;
      take(certificate.invariants, at,
           Cases{.of = index, .clause = part, .count = static_cast<std::uint32_t>(search.cases)},
           fmt::format("the cases of `always {}`", invariant.text));
    }
  }
  if (certificate.invariants.size() > at) {
    fault("the certificate has more invariants than the plan");
  }
}

}  // namespace plan::verify
