// Every `always` holds in every state that a schedule can reach (moments.hpp).
#include <algorithm>
#include <set>

#include "verify/moments.hpp"

namespace plan::verify {

namespace {

// More cases than this are refused: the prover does not go so far either.
constexpr std::size_t case_limit = 1'000'000;

// What must be false, each by itself, for the condition to be false.
void collect_alternatives(Nodes& nodes, NodeId id, std::vector<NodeId>& all) {
  const Node node = nodes[id];
  const auto is = [&](const Node& of, Op op) {
    return of.kind == NodeKind::operation && of.op == op;
  };
  if (is(node, Op::logical_or)) {
    collect_alternatives(nodes, node.children[0], all);
    collect_alternatives(nodes, node.children[1], all);
  } else if (is(node, Op::logical_not) && is(nodes[node.children[0]], Op::logical_and)) {
    for (const NodeId child : std::vector<NodeId>(nodes[node.children[0]].children)) {
      collect_alternatives(nodes, nodes.make(Op::logical_not, 0, {child}), all);
    }
  } else {
    all.push_back(id);
  }
}

struct Search {
  Checker& checker;
  NodeId condition;
  std::string text;
  Moments moments;
  std::vector<std::vector<NodeId>> alternatives{};  // by chain, where each speaks of one
  std::size_t cases = 0;
  bool fails = false;

  [[nodiscard]] std::size_t count() const { return moments.chains.size(); }
  void put(std::size_t chain) {
    checker.found[moments.chains[chain].variable.index] = moments.value(chain);
  }

  void run() {
    split() ? look_at_failing() : choose(0);
    for (const Moments::Chain& chain : moments.chains) {
      checker.found[chain.variable.index] = checker.nodes.found(chain.variable);
    }
  }

  void choose(std::size_t chain) {
    if (chain == count()) {
      judge();
      return;
    }
    for (std::size_t value = 0; value <= moments.chains[chain].writes.size(); ++value) {
      moments.chosen[chain] = value;
      bool is_possible = cases <= case_limit;
      for (std::size_t other = 0; other < chain && is_possible; ++other) {
        is_possible = !moments.ends_before(other, chain) && !moments.ends_before(chain, other);
      }
      if (is_possible) {
        put(chain);
        choose(chain + 1);
      }
    }
  }

  // Whether every alternative speaks of one state that changes.
  bool split() {
    std::vector<NodeId> all;
    collect_alternatives(checker.nodes, condition, all);
    alternatives.resize(count());
    for (const NodeId one : all) {
      const auto read = checker.nodes.variables(one);
      std::size_t changing = 0;
      for (std::size_t chain = 0; chain < count(); ++chain) {
        if (std::ranges::binary_search(read, moments.chains[chain].variable)) {
          alternatives[chain].push_back(one);
          ++changing;
        }
      }
      if (changing > 1) {
        return false;
      }
    }
    for (std::size_t chain = 0; chain < count(); ++chain) {
      if (!moments.is_chain(chain)) {
        return false;
      }
    }
    return count() > 1;
  }

  // The condition can fail only where all alternatives do. Each such moment lies behind the first
  // one, or is it.
  void look_at_failing() {
    const auto counts = [&](std::size_t chain) {
      put(chain);
      return std::ranges::none_of(alternatives[chain], [&](NodeId one) {
        return checker.nodes.is_true(
            checker.given(checker.nodes.in(one, checker.found), condition));
      });
    };
    std::set<std::vector<std::size_t>> seen;
    std::vector<std::vector<std::size_t>> open;
    if (moments.find_first(counts)) {
      seen.insert(moments.chosen);
      open.push_back(moments.chosen);
    }
    while (!open.empty() && cases <= case_limit && !fails) {
      const std::vector<std::size_t> at = open.back();
      open.pop_back();
      moments.chosen = at;
      judge();
      for (std::size_t chain = 0; chain < count(); ++chain) {
        moments.chosen = at;
        if (moments.find_later(chain, counts) && seen.insert(moments.chosen).second) {
          open.push_back(moments.chosen);
        }
      }
    }
  }

  void judge() {
    ++cases;
    for (std::size_t chain = 0; chain < count(); ++chain) {
      put(chain);
    }
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
      std::vector<Moments::Chain> chains;
      for (const VariableId variable : nodes.variables(parts[part])) {
        if (Moments::Chain chain = chain_of(variable, false); !chain.writes.empty()) {
          chains.push_back(std::move(chain));
        }
      }
      Search search{.checker = *this,
                    .condition = parts[part],
                    .text = invariant.text.text(),
                    .moments = Moments(*this, std::move(chains))};
      search.run();
      if (search.cases > case_limit) {
        fault("`always {}` speaks of too many states to be looked at", invariant.text.text());
      }
      cases += search.cases;
      take(certificate.invariants, at,
           Cases{.of = index, .clause = part, .count = static_cast<std::uint32_t>(search.cases)},
           fmt::format("the cases of `always {}`", invariant.text.text()));
    }
  }
  if (certificate.invariants.size() > at) {
    fault("the certificate has more invariants than the plan");
  }
}

}  // namespace plan::verify
