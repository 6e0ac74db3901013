// Random small plans: what the compiler says about them is compared with what happens in every
// schedule, found by trying them all. Steps are intervals: each of a step's writes happens at any
// moment between its start and its end.
//
// PLAN_BRUTE_FORCE_COUNT sets the number of plans of each shape, PLAN_BRUTE_FORCE_SEED the first
// seed; a disagreement prints its seed.
#include <algorithm>
#include <array>
#include <string>
#include <unordered_set>
#include <vector>

#include <catch2/catch.hpp>

#include "compiler/print_expr.hpp"
#include "compiler/prove.hpp"
#include "tests/sim/plan_text.hpp"
#include "tests/sim/random_plan.hpp"

namespace plan {
namespace {

using test::RandomPlan;
using test::setting;
using test::Shape;
using test::text_of;

// Executes declared effects in all ways that the edges allow.
class BruteForce {
 public:
  explicit BruteForce(const Plan& plan) : plan_(plan), before_(plan.steps.size()) {
    for (const Edge& edge : plan.edges) {
      before_[edge.to.index] |= 1U << edge.from.index;
    }
    for (const Step& step : plan.steps) {
      writes_.push_back(writes_of(step));
    }
  }

  // A way in which a requirement, a wait, a goal or an invariant fails, or an empty text.
  std::string find_failure() {
    const std::size_t bits = plan_.variables.size() + plan_.inputs.size();
    for (std::uint32_t world = 0; world < 1U << bits; ++world) {
      seen_.clear();
      if (!preflight_holds(world)) {
        continue;
      }
      has_world_ = true;
      if (std::string why = explore({.values = world}); !why.empty()) {
        return "world " + std::to_string(world) + ": " + why;
      }
    }
    return {};
  }

  // Whether there is a world that preflight lets pass at all; after find_failure().
  [[nodiscard]] bool has_world() const { return has_world_; }

 private:
  struct Write {
    std::uint32_t variable = 0;
    std::vector<std::uint32_t> with;  // parts that come along, in pairs of (to, from)
    ExprId value;                     // none: anything
  };
  // Of each step four bits: 0 not started, 1 ended, else 8 and a bit for each write that happened.
  // `told`: variables whose value comes from a constant of a step.
  struct State {
    std::uint32_t values = 0;
    std::uint32_t phases = 0;
    std::uint32_t told = 0;

    [[nodiscard]] std::uint32_t phase(std::uint32_t step) const {
      return (phases >> (4 * step)) & 15U;
    }
    void set_phase(std::uint32_t step, std::uint32_t phase) {
      phases = (phases & ~(15U << (4 * step))) | (phase << (4 * step));
    }
    [[nodiscard]] std::uint64_t key() const {
      return (std::uint64_t{phases} << 32U) | (std::uint64_t{told} << 16U) | values;
    }
  };

  std::vector<Write> writes_of(const Step& step) const {
    std::vector<Write> writes;
    for (const Effect& effect : step.effects) {
      Write write{.variable = effect.variable.index, .with = {}, .value = effect.value};
      // Parts of a whole that is copied; plan_builder: attribute 2, field 1 is the whole.
      for (std::uint32_t part = 0; part < plan_.variables.size(); ++part) {
        if (whole_of(part) == effect.variable.index && !effect.value.is_none() &&
            plan_[effect.value].op == Op::state) {
          for (std::uint32_t other = 0; other < plan_.variables.size(); ++other) {
            if (whole_of(other) == plan_[effect.value].a) {
              write.with.push_back(part);
              write.with.push_back(other);
            }
          }
        }
      }
      // What the step writes explicitly is not overwritten by the copy.
      for (std::size_t index = 0; index < write.with.size();) {
        const bool is_explicit = std::ranges::any_of(step.effects, [&](const Effect& other) {
          return other.variable.index == write.with[index];
        });
        if (is_explicit) {
          write.with.erase(write.with.begin() + static_cast<std::ptrdiff_t>(index),
                           write.with.begin() + static_cast<std::ptrdiff_t>(index) + 2);
        } else {
          index += 2;
        }
      }
      writes.push_back(std::move(write));
    }
    return writes;
  }

  std::uint32_t whole_of(std::uint32_t variable) const {
    const Variable& found = plan_.variables[variable];
    const auto* whole = plan_.resources[found.resource.index].fields[1].as<ResourceId>();
    if (found.attribute != 2 || whole == nullptr) {
      return UINT32_MAX;
    }
    for (std::uint32_t index = 0; index < plan_.variables.size(); ++index) {
      if (plan_.variables[index].resource == *whole && plan_.variables[index].attribute == 0) {
        return index;
      }
    }
    return UINT32_MAX;
  }

  bool evaluate(ExprId id, std::uint32_t values) const {
    const Expr& expr = plan_[id];
    if (expr.op == Op::constant) {
      return *plan_.constants[expr.a].as<bool>();
    }
    if (expr.op == Op::state) {
      return ((values >> expr.a) & 1U) != 0;
    }
    if (expr.op == Op::input) {
      return ((values >> plan_.variables.size()) & 1U) != 0;
    }
    if (expr.op == Op::logical_not) {
      return !evaluate(ExprId{expr.a}, values);
    }
    const bool left = evaluate(ExprId{expr.a}, values);
    const bool right = evaluate(ExprId{expr.b}, values);
    return expr.op == Op::equal ? left == right : left && right;
  }

  // Whether no step changes what the condition speaks of.
  bool is_found(const Condition& condition) const {
    return std::ranges::none_of(plan_.steps, [&](const Step& step) {
      return std::ranges::any_of(step.effects, [&](const Effect& effect) {
        return effect.variable == condition.reads[0] ||
               whole_of(condition.reads[0].index) == effect.variable.index;
      });
    });
  }

  bool preflight_holds(std::uint32_t world) const {
    const bool requirements =
        std::ranges::all_of(plan_.preflight_requirements, [&](const auto& requirement) {
          const auto& [id, index] = requirement;
          const Step& step = plan_.steps[id.index];
          // Of a step that will not run nothing need be asked, where that is known in advance.
          return (step.when && is_found(*step.when) && !evaluate(step.when->expr, world)) ||
                 evaluate(step.requires_[index].expr, world);
        });
    return requirements && std::ranges::all_of(plan_.invariants, [&](const Condition& invariant) {
             return evaluate(invariant.expr, world);
           });
  }

  std::string explore(const State& state) {
    if (!seen_.insert(state.key()).second) {
      return {};
    }
    for (const Condition& invariant : plan_.invariants) {
      if (!evaluate(invariant.expr, state.values)) {
        return "always " + print_condition(plan_, invariant);
      }
    }
    if (is_end(state)) {
      for (const Condition& goal : plan_.goals) {
        if (!evaluate(goal.expr, state.values)) {
          return "goal " + print_condition(plan_, goal);
        }
      }
      return {};
    }
    bool has_moved = false;
    for (std::uint32_t step = 0; step < plan_.steps.size(); ++step) {
      std::string why = move(state, step, has_moved);
      if (!why.empty()) {
        return why;
      }
    }
    return has_moved ? std::string() : stuck(state);
  }

  bool is_end(const State& state) const {
    std::uint32_t done = 0;
    for (std::uint32_t step = 0; step < plan_.steps.size(); ++step) {
      done += state.phase(step) == 1 ? 1U : 0U;
    }
    return done == plan_.steps.size();
  }

  // Waits that need what nobody in the plan decides may be endless; those that need what a step has
  // set to something else may not.
  std::string stuck(const State& state) const {
    for (std::uint32_t step = 0; step < plan_.steps.size(); ++step) {
      for (const Condition& wait : plan_.steps[step].awaits) {
        if (state.phase(step) >= 8 && ((state.told >> wait.reads[0].index) & 1U) != 0 &&
            !evaluate(wait.expr, state.values)) {
          return plan_.steps[step].name + " waits for " + print_condition(plan_, wait);
        }
      }
    }
    return {};
  }

  bool may_start(const State& state, std::uint32_t step) const {
    for (std::uint32_t other = 0; other < plan_.steps.size(); ++other) {
      if (((before_[step] >> other) & 1U) != 0 && state.phase(other) != 1) {
        return false;
      }
    }
    return true;
  }

  // One event of one step: its start, one of its writes, its end.
  std::string move(const State& state, std::uint32_t step, bool& has_moved) {
    State next = state;
    if (state.phase(step) == 1 || (state.phase(step) == 0 && !may_start(state, step))) {
      return {};
    }
    const Step& found = plan_.steps[step];
    if (state.phase(step) == 0) {
      has_moved = true;
      if (found.when && !evaluate(found.when->expr, state.values)) {
        next.set_phase(step, 1);
        return explore(next);
      }
      for (const Condition& requirement : found.requires_) {
        if (!evaluate(requirement.expr, state.values)) {
          return found.name + " requires " + print_condition(plan_, requirement);
        }
      }
      next.set_phase(step, 8);
      return explore(next);
    }
    return act(state, step, has_moved);
  }

  std::string act(const State& state, std::uint32_t step, bool& has_moved) {
    const auto& writes = writes_[step];
    const std::uint32_t happened = state.phase(step) & 7U;
    const auto& waits = plan_.steps[step].awaits;
    if (happened + 1 == 1U << writes.size()) {
      const bool may_end = std::ranges::all_of(
          waits, [&](const Condition& wait) { return evaluate(wait.expr, state.values); });
      if (!may_end) {
        return {};
      }
      has_moved = true;
      State next = state;
      next.set_phase(step, 1);
      return explore(next);
    }
    has_moved = true;
    for (std::size_t index = 0; index < writes.size(); ++index) {
      if (((happened >> index) & 1U) != 0) {
        continue;
      }
      const Write& write = writes[index];
      for (std::uint32_t value = 0; value < 2; ++value) {
        if (!write.value.is_none() && evaluate(write.value, state.values) != (value == 1)) {
          continue;
        }
        State next = state;
        next.set_phase(step, 8U | happened | (1U << index));
        put(next.values, write.variable, value == 1);
        put(next.told, write.variable, is_told(state, write.value));
        for (std::size_t at = 0; at < write.with.size(); at += 2) {
          put(next.values, write.with[at], ((state.values >> write.with[at + 1]) & 1U) != 0);
          put(next.told, write.with[at], ((state.told >> write.with[at + 1]) & 1U) != 0);
        }
        if (std::string why = explore(next); !why.empty()) {
          return why;
        }
      }
    }
    return {};
  }

  bool is_told(const State& state, ExprId value) const {
    if (value.is_none()) {
      return false;
    }
    const Expr& expr = plan_[value];
    return expr.op == Op::constant || (expr.op == Op::state && ((state.told >> expr.a) & 1U) != 0);
  }

  static void put(std::uint32_t& values, std::uint32_t variable, bool value) {
    values = value ? values | 1U << variable : values & ~(1U << variable);
  }

  const Plan& plan_;
  std::vector<std::uint32_t> before_;
  std::vector<std::vector<Write>> writes_;
  std::unordered_set<std::uint64_t> seen_;
  bool has_world_ = false;
};

// Takes back every prefix of every schedule. Values are known or not: what a step finds or a copy
// brings is not, so that a failure is one in every world.
class WaysBack {
 public:
  explicit WaysBack(const Plan& plan) : plan_(plan), before_(plan.steps.size()) {
    for (const Edge& edge : plan.edges) {
      before_[edge.to.index] |= 1U << edge.from.index;
    }
  }

  std::string find_failure() { return run(std::vector<int>(plan_.variables.size(), -1)); }

 private:
  using Values = std::vector<int>;  // by variable: 0, 1, or -1 for not known

  int known(ExprId value) const {
    const bool is_constant = !value.is_none() && plan_[value].op == Op::constant;
    return !is_constant ? -1 : *plan_.constants[plan_[value].a].as<bool>() ? 1 : 0;
  }

  std::string run(const Values& values) {
    if (std::string why = take_back(values); !why.empty()) {
      return why;
    }
    for (std::uint32_t step = 0; step < plan_.steps.size(); ++step) {
      const Step& found = plan_.steps[step];
      const bool is_final =
          !found.effects.empty() && found.undo_operation == UINT32_MAX && !found.undo_none;
      if (((done_ >> step) & 1U) != 0 || (before_[step] & ~done_) != 0 || is_final) {
        continue;
      }
      Values next = values;
      for (const Effect& effect : found.effects) {
        const int value = known(effect.value);
        int& now = next[effect.variable.index];
        now = found.when && now != value ? -1 : value;
      }
      done_ |= 1U << step;
      order_.push_back(step);
      std::string why = run(next);
      order_.pop_back();
      done_ &= ~(1U << step);
      if (!why.empty()) {
        return why;
      }
    }
    return {};
  }

  std::string take_back(Values values) const {
    for (auto at = order_.rbegin(); at != order_.rend(); ++at) {
      const Step& step = plan_.steps[*at];
      for (const Condition& condition : step.undo_requires) {
        const int wanted = plan_[condition.expr].op == Op::logical_not ? 0 : 1;
        const int value = values[condition.reads[0].index];
        if (value != -1 && value != wanted) {
          return "undo of " + step.name + " requires " + print_condition(plan_, condition);
        }
      }
      for (const Effect& effect : step.undo_effects) {
        values[effect.variable.index] = known(effect.value);
      }
    }
    return {};
  }

  const Plan& plan_;
  std::vector<std::uint32_t> before_;
  std::uint32_t done_ = 0;
  std::vector<std::uint32_t> order_;
};

bool has_code(const Diagnostics& diagnostics, std::initializer_list<std::string_view> codes) {
  return std::ranges::any_of(diagnostics.items(), [&](const Diagnostic& diagnostic) {
    return std::ranges::find(codes, info(diagnostic.code).code) != codes.end();
  });
}

struct Tally {
  std::uint64_t accepted = 0;
  std::uint64_t refused_rightly = 0;
  std::uint64_t refused_carefully = 0;  // of conditional plans, and of copies of what was found
  std::uint64_t ambiguous = 0;          // or a cycle
  std::uint64_t racing = 0;
  std::uint64_t contradictory = 0;
};

void check_ways_back(const Plan& plan, const Diagnostics& diagnostics) {
  const std::string failure = WaysBack(plan).find_failure();
  if (has_code(diagnostics, {"E0410"})) {
    CHECK(failure != "");
  } else {
    CHECK(failure == "");
  }
}

void check_one(std::uint64_t seed, Shape shape, Tally& tally) {
  Plan plan = RandomPlan(seed, shape).make();
  Diagnostics diagnostics;
  OrderFaults faults = order(plan, diagnostics);
  const bool is_ordered = !diagnostics.has_errors();
  prove(plan, diagnostics, std::move(faults));
  if (!is_ordered) {
    ++tally.ambiguous;
    return;
  }
  INFO("seed " << seed << "\n" << text_of(plan, diagnostics));
  if (has_code(diagnostics, {"E0403", "E0404"})) {
    ++tally.racing;  // refused even where it would do no harm
    return;
  }
  if (shape.has_undo) {
    check_ways_back(plan, diagnostics);
  }
  BruteForce brute_force(plan);
  const std::string failure = brute_force.find_failure();
  if (!diagnostics.has_errors()) {
    ++tally.accepted;
    CHECK(failure == "");  // no unsafe plan is accepted
    return;
  }
  if (has_code(diagnostics, {"E0413"}) || !brute_force.has_world()) {
    ++tally.contradictory;
    return;
  }
  // No safe plan is refused: exactly so without conditions, copies and inputs. A copy of the world
  // as found is never taken for a proof, and what preflight finds out about an input (it equals a
  // state, which is false) is not put together.
  const bool is_exact =
      !shape.has_copies && !shape.has_when && !shape.has_inputs && !shape.has_waits;
  const bool is_undo_only = std::ranges::all_of(diagnostics.items(), [](const auto& diagnostic) {
    return diagnostic.code == Code::undo_impossible;
  });
  if (failure == "" && !is_undo_only) {
    ++tally.refused_carefully;
    CHECK_FALSE(is_exact);
    return;
  }
  ++tally.refused_rightly;
}

void check_many(Shape shape) {
  const std::uint64_t count = setting("PLAN_BRUTE_FORCE_COUNT", 3000);
  const std::uint64_t first = setting("PLAN_BRUTE_FORCE_SEED", 1);
  Tally tally;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    check_one(seed, shape, tally);
  }
  WARN(count << " plans from seed " << first << ": " << tally.accepted << " accepted, "
             << tally.refused_rightly << " refused, " << tally.refused_carefully
             << " refused although no schedule goes wrong, " << tally.ambiguous
             << " ambiguous or circular, " << tally.racing << " with races, " << tally.contradictory
             << " contradictory");
  CHECK(tally.accepted > 0);
}

}  // namespace

TEST_CASE("the proof agrees with all schedules of small plans") {
  check_many({.has_changes = true});
}

TEST_CASE("the proof agrees with all schedules for any value of an input") {
  check_many({.has_changes = true, .has_inputs = true});
}

TEST_CASE("no unsafe plan with copies and carried states is accepted") {
  check_many({.has_copies = true, .has_changes = true});
}

TEST_CASE("no unsafe plan with conditional steps is accepted") {
  check_many({.has_changes = true, .has_when = true, .has_inputs = true, .most_steps = 6});
}

TEST_CASE("no wait for what a step has decided is endless in an accepted plan") {
  check_many({.has_changes = true, .has_waits = true, .most_steps = 6});
}

TEST_CASE("the proof agrees with the way back from every prefix of every schedule") {
  check_many({.has_undo = true, .most_steps = 6});
}

TEST_CASE("no unsafe plan of any shape is accepted") {
  check_many({.has_copies = true,
              .has_changes = true,
              .has_when = true,
              .has_inputs = true,
              .has_waits = true,
              .most_steps = 6});
}

}  // namespace plan
