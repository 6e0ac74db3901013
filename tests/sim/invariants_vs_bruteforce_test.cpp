// Random small plans that keep an `always` or break it: what the compiler says is compared with
// every state that a schedule can reach, and the schedule that it tells with the shortest one that
// goes wrong.
//
// PLAN_BRUTE_FORCE_COUNT sets the number of plans, PLAN_BRUTE_FORCE_SEED the first seed; a
// disagreement prints its seed.
#include <algorithm>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "compiler/prove.hpp"
#include "tests/sim/plan_text.hpp"
#include "tests/sim/random_plan.hpp"
#include "verify/verify.hpp"

namespace plan {
namespace {

using test::PlanBuilder;
using test::setting;

// Steps that set or change up to five states, and an `always` over them in which none occurs twice:
// `a or not b or c`, `not (a and b)`, `a == b or c`.
class RandomInvariant {
 public:
  explicit RandomInvariant(std::uint64_t seed) : engine_(seed) {}

  Plan make() {
    const std::uint32_t count = 1 + below(5);
    for (std::uint32_t index = 0; index < count; ++index) {
      variables_.push_back(builder_.variable("v" + std::to_string(index)));
    }
    const std::uint32_t steps = 1 + below(6);
    for (std::uint32_t index = 0; index < steps; ++index) {
      const StepId step = builder_.step("s" + std::to_string(index));
      std::set<VariableId> written;
      for (std::uint32_t writes = 1 + below(2); writes-- > 0;) {
        const VariableId variable = any();
        if (written.insert(variable).second) {
          below(8) == 0 ? builder_.changes(step, variable)
                        : builder_.ensures(step, variable, below(2) == 0);
        }
      }
      for (std::uint32_t before = 0; before < index; ++before) {
        const bool share =
            std::ranges::any_of(builder_[StepId{before}].effects,
                                [&](const auto& e) { return written.contains(e.variable); });
        if (share || below(5) == 0) {
          builder_.after(step, StepId{before});
        }
      }
    }
    builder_.plan.invariants.push_back(builder_.condition(clause(), variables_, "it"));
    return std::move(builder_.plan);
  }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(engine_() % bound); }
  VariableId any() { return variables_[below(static_cast<std::uint32_t>(variables_.size()))]; }

  ExprId literal(VariableId variable) {
    const ExprId state = builder_.state(variable);
    return below(2) == 0 ? state : builder_.negation(state);
  }
  ExprId clause() {
    std::vector<VariableId> left = variables_;
    std::ranges::shuffle(left, engine_);
    left.resize(1 + below(static_cast<std::uint32_t>(left.size())));
    const auto take = [&] {
      const VariableId variable = left.back();
      left.pop_back();
      return variable;
    };
    const std::uint32_t kind = left.size() < 2 ? 0 : below(4);
    ExprId condition = literal(take());
    if (kind == 1) {
      condition = builder_.negation(builder_.conjunction(condition, literal(take())));
    } else if (kind == 2) {
      condition = builder_.equality(condition, builder_.state(take()));
    }
    while (!left.empty()) {
      condition =
          builder_.expr({.op = Op::logical_or, .a = condition.index, .b = literal(take()).index});
    }
    return condition;
  }

  std::mt19937_64 engine_;
  PlanBuilder builder_;
  std::vector<VariableId> variables_;
};

// The fewest steps that have begun in a state in which the invariant does not hold.
class Breaking {
 public:
  explicit Breaking(const Plan& plan) : plan_(plan), before_(plan.steps.size()) {
    for (const Edge& edge : plan.edges) {
      before_[edge.to.index].push_back(edge.from.index);
    }
  }

  std::optional<std::size_t> find() {
    for (std::uint32_t world = 0; world < 1U << plan_.variables.size(); ++world) {
      State state{.phases = std::vector<std::uint32_t>(plan_.steps.size()), .values = world};
      if (holds(world)) {
        explore(state);
      }
    }
    return fewest_;
  }

 private:
  // Phase of a step: 0 not begun, 1 ended, else 2 and a bit for each write that happened.
  struct State {
    std::vector<std::uint32_t> phases;
    std::uint32_t values = 0;
    auto operator<=>(const State&) const = default;
  };

  bool evaluate(ExprId id, std::uint32_t values) const {
    const Expr& expr = plan_[id];
    if (expr.op == Op::state) {
      return ((values >> expr.a) & 1U) != 0;
    }
    if (expr.op == Op::constant) {
      return *plan_.constants[expr.a].as<bool>();
    }
    const bool left = evaluate(ExprId{expr.a}, values);
    if (expr.op == Op::logical_not) {
      return !left;
    }
    const bool right = evaluate(ExprId{expr.b}, values);
    return expr.op == Op::equal        ? left == right
           : expr.op == Op::logical_or ? left || right
                                       : left && right;
  }
  bool holds(std::uint32_t values) const { return evaluate(plan_.invariants.front().expr, values); }

  void explore(const State& state) {
    if (!seen_.insert(state).second) {
      return;
    }
    if (!holds(state.values)) {
      const auto begun = static_cast<std::size_t>(
          std::ranges::count_if(state.phases, [](std::uint32_t phase) { return phase != 0; }));
      fewest_ = std::min(fewest_.value_or(begun), begun);
      return;
    }
    for (std::uint32_t step = 0; step < plan_.steps.size(); ++step) {
      const bool may_start = std::ranges::all_of(
          before_[step], [&](std::uint32_t other) { return state.phases[other] == 1; });
      State next = state;
      if (state.phases[step] == 0 && may_start) {
        next.phases[step] = 2;
        explore(next);
      } else if (state.phases[step] >= 2) {
        go_on(state, step);
      }
    }
  }

  void go_on(const State& state, std::uint32_t step) {
    const auto& effects = plan_.steps[step].effects;
    if (state.phases[step] == 2 + 4 * ((1U << effects.size()) - 1)) {
      State next = state;
      next.phases[step] = 1;
      explore(next);
      return;
    }
    for (std::size_t index = 0; index < effects.size(); ++index) {
      if ((state.phases[step] & (4U << index)) != 0) {
        continue;
      }
      for (const bool value : {false, true}) {
        const ExprId set = effects[index].value;
        if (!set.is_none() && evaluate(set, state.values) != value) {
          continue;
        }
        State next = state;
        next.phases[step] |= 4U << index;
        const std::uint32_t bit = 1U << effects[index].variable.index;
        next.values = value ? next.values | bit : next.values & ~bit;
        explore(next);
      }
    }
  }

  const Plan& plan_;
  std::vector<std::vector<std::uint32_t>> before_;
  std::set<State> seen_;
  std::optional<std::size_t> fewest_;
};

std::vector<std::string> faults(Plan& plan, Diagnostics& diagnostics) {
  OrderFaults order_faults = order(plan, diagnostics);
  const std::string certificate =
      prove_with_certificate(plan, diagnostics, std::move(order_faults));
  return diagnostics.has_errors() ? std::vector<std::string>{}
                                  : verify::verify(plan, certificate).faults;
}

// Servers that restart, each by itself, the first `ordered` of them one after the other.
Plan rolling(std::size_t count, std::size_t ordered) {
  PlanBuilder builder;
  std::vector<VariableId> all;
  std::optional<ExprId> any;
  StepId last;
  for (std::size_t index = 0; index < count; ++index) {
    const VariableId up = builder.variable("up" + std::to_string(index));
    const StepId stop = builder.step("stop" + std::to_string(index));
    const StepId start = builder.step("start" + std::to_string(index));
    builder.requires_(stop, up);
    builder.ensures(stop, up, false);
    builder.ensures(start, up);
    builder.after(start, stop);
    if (!last.is_none() && index < ordered) {
      builder.after(stop, last);
    }
    last = start;
    const ExprId state = builder.state(up);
    any = any ? builder.expr({.op = Op::logical_or, .a = any->index, .b = state.index}) : state;
    all.push_back(up);
  }
  builder.plan.invariants.push_back(builder.condition(*any, all, "one is up"));
  return std::move(builder.plan);
}

}  // namespace

TEST_CASE("the schedule that breaks an invariant is the shortest one") {
  const std::uint64_t count = setting("PLAN_BRUTE_FORCE_COUNT", 3000);
  const std::uint64_t first = setting("PLAN_BRUTE_FORCE_SEED", 1);
  std::size_t kept = 0;
  std::size_t broken = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    Plan plan = RandomInvariant(seed).make();
    Diagnostics diagnostics;
    const std::vector<std::string> wrong = faults(plan, diagnostics);
    const std::optional<std::size_t> fewest = Breaking(plan).find();
    INFO("seed " << seed << "\n" << test::text_of(plan, diagnostics));
    CHECK(wrong == std::vector<std::string>{});
    REQUIRE(diagnostics.has_errors() == fewest.has_value());
    if (fewest) {
      REQUIRE(diagnostics.size() == 1);
      CHECK(diagnostics.items().front().code == Code::invariant_not_proven);
      CHECK(diagnostics.items().front().schedule.moments.size() == *fewest);
    }
    (fewest ? broken : kept) += 1;
  }
  WARN(count << " plans from seed " << first << ": " << kept << " keep their invariant, " << broken
             << " break it");
  CHECK(kept > 0);
  CHECK(broken > 0);
}

TEST_CASE("that one of many is up is proven, however many there are") {
  Plan plan = rolling(300, 2);
  Diagnostics diagnostics;
  SECTION("two of them restart one after the other") {
    CHECK(faults(plan, diagnostics) == std::vector<std::string>{});
    CHECK_FALSE(diagnostics.has_errors());
  }
  SECTION("all at the same time") {
    plan = rolling(300, 0);
    faults(plan, diagnostics);
    REQUIRE(diagnostics.size() == 1);
    CHECK(diagnostics.items().front().code == Code::invariant_not_proven);
    CHECK(diagnostics.items().front().schedule.moments.size() == 300);
  }
}

}  // namespace plan
