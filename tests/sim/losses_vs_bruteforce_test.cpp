// Random small plans that destroy and save: what the compiler says about them is compared with what
// is lost in some schedule, found by trying them all. Every variable holds a mark that says where
// its value came from; a value is lost when it is destroyed while no other resource holds its mark.
//
// PLAN_BRUTE_FORCE_COUNT sets the number of plans of each shape, PLAN_BRUTE_FORCE_SEED the first
// seed; a disagreement prints its seed.
#include <algorithm>
#include <map>
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

using test::RandomPlan;
using test::setting;
using test::Shape;

// (step, variable) → the fewest steps that have begun when it is lost.
using Losses = std::map<std::pair<std::uint32_t, std::uint32_t>, std::size_t>;

class Losing {
 public:
  explicit Losing(const Plan& plan) : plan_(plan), before_(plan.steps.size()) {
    for (const Edge& edge : plan.edges) {
      before_[edge.to.index].push_back(edge.from.index);
    }
    for (std::uint32_t step = 0; step < plan.steps.size(); ++step) {
      events_.push_back(events_of(step));
    }
    has_conditions_ =
        std::ranges::any_of(plan.steps, [](const Step& step) { return step.when.has_value(); });
  }

  // Values decide nothing but which conditional steps run.
  Losses find() {
    const std::size_t bits = has_conditions_ ? plan_.variables.size() + plan_.inputs.size() : 0;
    for (std::uint32_t world = 0; world < 1U << bits; ++world) {
      if (has_conditions_ && !preflight_holds(world)) {
        continue;
      }
      State state;
      state.phases.resize(plan_.steps.size());
      for (std::uint32_t index = 0; index < plan_.variables.size() + plan_.inputs.size(); ++index) {
        state.marks.push_back(index < plan_.variables.size() ? static_cast<int>(index) + 1 : given);
        state.values.push_back(((world >> index) & 1U) != 0);
      }
      seen_.clear();
      explore(state);
    }
    // What conditions leave but one value for is known, whoever set it.
    std::erase_if(losses_, [&](const auto& loss) {
      return has_conditions_ && values_.at(loss.first).size() == 1;
    });
    return std::move(losses_);
  }

 private:
  static constexpr int given = 0;  // the plan can make it again
  struct Event {
    std::uint32_t variable = 0;
    std::uint32_t source = UINT32_MAX;  // of a copy; an input comes behind the variables
    int mark = given;                   // else
    bool destroys = false;
    bool is_constant = false;
    bool value = false;  // of a constant
    std::vector<Event> with;
  };
  // Phase of a step: 0 not begun, 1 ended, else 2 and a bit for each event that happened.
  struct State {
    std::vector<std::uint32_t> phases;
    std::vector<int> marks;
    std::vector<bool> values;
    auto operator<=>(const State&) const = default;
  };

  int fresh() { return next_mark_++; }

  // At most one for each variable; what a whole carries comes along in the same moment.
  std::vector<Event> events_of(std::uint32_t step) {
    std::vector<Event> events;
    for (const Effect& effect : plan_.steps[step].effects) {
      auto known = std::ranges::find(events, effect.variable.index, &Event::variable);
      if (known == events.end()) {
        events.push_back({.variable = effect.variable.index, .with = {}});
        known = events.end() - 1;
        known->mark = fresh();
      }
      known->destroys = known->destroys || effect.kind == EffectKind::destroy;
      if (effect.kind != EffectKind::set) {
        continue;
      }
      const Expr& value = plan_[effect.value];
      known->mark = given;
      known->source = value.op == Op::state   ? value.a
                      : value.op == Op::input ? static_cast<std::uint32_t>(plan_.variables.size())
                                              : UINT32_MAX;
      known->is_constant = value.op == Op::constant;
      known->value = known->is_constant && *plan_.constants[value.a].as<bool>();
    }
    const auto is_own = [&](std::uint32_t variable) {
      return std::ranges::find(events, variable, &Event::variable) != events.end();
    };
    for (Event& event : events) {
      for (std::uint32_t other = 0; other < plan_.variables.size(); ++other) {
        if (is_own(other)) {
          continue;
        }
        if (whole_of(other) == event.variable) {
          event.with.push_back(part_event(other, event));
        } else if (whole_of(event.variable) == other) {
          event.with.push_back({.variable = other, .mark = fresh(), .with = {}});
        }
      }
    }
    return events;
  }

  // The part becomes what the part of the whole that is copied is, if there is one.
  Event part_event(std::uint32_t part, const Event& whole) {
    Event event{.variable = part, .mark = fresh(), .with = {}};
    for (std::uint32_t other = 0; other < plan_.variables.size(); ++other) {
      if (whole.source != UINT32_MAX && whole_of(other) == whole.source) {
        event.source = other;
      }
    }
    return event;
  }

  std::uint32_t whole_of(std::uint32_t variable) const {
    const Variable& found = plan_.variables[variable];
    const auto* whole = plan_.resources[found.resource.index].fields[1].as<ResourceId>();
    for (std::uint32_t index = 0; index < plan_.variables.size(); ++index) {
      if (found.attribute == 2 && whole != nullptr && plan_.variables[index].resource == *whole &&
          plan_.variables[index].attribute == 0) {
        return index;
      }
    }
    return UINT32_MAX;
  }

  bool evaluate(ExprId id, const std::vector<bool>& values) const {
    const Expr& expr = plan_[id];
    switch (expr.op) {
      case Op::constant:
        return *plan_.constants[expr.a].as<bool>();
      case Op::state:
        return values[expr.a];
      case Op::input:
        return values[plan_.variables.size()];
      case Op::logical_not:
        return !evaluate(ExprId{expr.a}, values);
      case Op::equal:
        return evaluate(ExprId{expr.a}, values) == evaluate(ExprId{expr.b}, values);
      default:
        return evaluate(ExprId{expr.a}, values) && evaluate(ExprId{expr.b}, values);
    }
  }

  bool preflight_holds(std::uint32_t world) const {
    std::vector<bool> values;
    for (std::uint32_t index = 0; index < plan_.variables.size() + 1; ++index) {
      values.push_back(((world >> index) & 1U) != 0);
    }
    return std::ranges::all_of(plan_.preflight_requirements, [&](const auto& requirement) {
      const Step& step = plan_.steps[requirement.first.index];
      return step.when || evaluate(step.requires_[requirement.second].expr, values);
    });
  }

  void explore(const State& state) {
    if (!seen_.insert(state).second) {
      return;
    }
    for (std::uint32_t step = 0; step < plan_.steps.size(); ++step) {
      State next = state;
      if (state.phases[step] >= 2) {
        go_on(state, step);
      } else if (state.phases[step] == 0 &&
                 std::ranges::all_of(before_[step], [&](std::uint32_t other) {
                   return state.phases[other] == 1;
                 })) {
        const auto& when = plan_.steps[step].when;
        next.phases[step] = when && !evaluate(when->expr, state.values) ? 1 : 2;
        explore(next);
      }
    }
  }

  void go_on(const State& state, std::uint32_t step) {
    bool is_done = true;
    for (std::size_t index = 0; index < events_[step].size(); ++index) {
      const std::uint32_t bit = 4U << index;
      if ((state.phases[step] & bit) != 0) {
        continue;
      }
      is_done = false;
      const Event& event = events_[step][index];
      look(state, step, event);
      for (const bool value : {false, true}) {
        State next = state;
        next.phases[step] |= bit;
        put(state, next, event, value);
        for (const Event& part : event.with) {
          put(state, next, part, value);
        }
        explore(next);
      }
    }
    if (is_done) {
      State next = state;
      next.phases[step] = 1;
      explore(next);
    }
  }

  // `any`: where nobody knows the value.
  void put(const State& before, State& after, const Event& event, bool any) const {
    const bool is_copy = event.source != UINT32_MAX;
    after.marks[event.variable] = is_copy ? before.marks[event.source] : event.mark;
    if (has_conditions_) {
      after.values[event.variable] = is_copy             ? before.values[event.source]
                                     : event.is_constant ? event.value
                                                         : any;
    }
  }

  void look(const State& state, std::uint32_t step, const Event& event) {
    const ResourceId resource = plan_.variables[event.variable].resource;
    const auto& fields = plan_.resources[resource.index].fields;
    const int mark = state.marks[event.variable];
    if (!event.destroys || plan_.steps[step].allows_destroy || *fields[2].as<bool>() ||
        mark == given) {
      return;
    }
    for (std::uint32_t other = 0; other < plan_.variables.size(); ++other) {
      if (plan_.variables[other].resource != resource && state.marks[other] == mark) {
        return;
      }
    }
    const auto begun = static_cast<std::size_t>(
        std::ranges::count_if(state.phases, [](std::uint32_t phase) { return phase != 0; }));
    const auto [place, is_new] = losses_.emplace(std::pair(step, event.variable), begun);
    place->second = std::min(place->second, begun);
    values_[place->first].insert(state.values[event.variable]);
  }

  const Plan& plan_;
  std::vector<std::vector<std::uint32_t>> before_;
  std::vector<std::vector<Event>> events_;
  std::set<State> seen_;
  Losses losses_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::set<bool>> values_;  // that were lost
  bool has_conditions_ = false;
  int next_mark_ = 100;
};

// What the compiler says is lost, with the length of its schedule.
Losses told(const Plan& plan, const Diagnostics& diagnostics) {
  Losses losses;
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    for (std::uint32_t step = 0; step < plan.steps.size(); ++step) {
      for (std::uint32_t variable = 0; variable < plan.variables.size(); ++variable) {
        const std::string name =
            plan.resources[plan.variables[variable].resource.index].name + ".value";
        if (diagnostic.code == Code::data_lost &&
            diagnostic.message.starts_with("`" + plan.steps[step].name + "` destroys `" + name)) {
          losses[{step, variable}] = diagnostic.schedule.moments.size();
        }
      }
    }
  }
  return losses;
}

std::string text_of(const Losses& losses) {
  std::string text;
  for (const auto& [what, steps] : losses) {
    text += " step " + std::to_string(what.first) + " variable " + std::to_string(what.second) +
            " in " + std::to_string(steps);
  }
  return text;
}

struct LossTally {
  std::uint64_t safe = 0;
  std::uint64_t losing = 0;
  std::uint64_t careful = 0;
  std::uint64_t beside = 0;  // saved by several variables together
};

void check_losses(Plan plan, const Shape& shape, LossTally& tally) {
  Diagnostics diagnostics;
  OrderFaults faults = order(plan, diagnostics);
  if (diagnostics.has_errors()) {
    return;
  }
  const std::string certificate = prove_with_certificate(plan, diagnostics, std::move(faults));
  const bool has_others = std::ranges::any_of(diagnostics.items(), [](const auto& diagnostic) {
    return diagnostic.code != Code::data_lost && diagnostic.code != Code::goal_not_proven &&
           diagnostic.code != Code::invariant_not_proven;
  });
  if (has_others) {
    return;  // the states that another error speaks of are left out of the rest of the proof
  }
  const Losses said = told(plan, diagnostics);
  const Losses found = Losing(plan).find();
  INFO(test::text_of(plan, diagnostics)
       << "said:" << text_of(said) << "\nfound:" << text_of(found));
  if (!shape.has_when) {
    CHECK(said == found);  // exactly, and with a schedule that is as short as there is one
  }
  if (!diagnostics.has_errors()) {
    CHECK(found.empty());
    CHECK(verify::verify(plan, certificate).faults == std::vector<std::string>{});
    tally.beside += certificate.find("\"saved\",null") != std::string::npos ? 1 : 0;
  }
  (said.empty() ? tally.safe : found.empty() ? tally.careful : tally.losing) += 1;
}

void check_many_losses(const Shape& shape) {
  const std::uint64_t count = setting("PLAN_BRUTE_FORCE_COUNT", 3000);
  const std::uint64_t first = setting("PLAN_BRUTE_FORCE_SEED", 1);
  LossTally tally;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    INFO("seed " << seed);
    check_losses(RandomPlan(seed, shape).make(), shape, tally);
  }
  WARN(count << " plans from seed " << first << ": " << tally.safe << " lose nothing ("
             << tally.beside << " of them by several copies together), " << tally.losing
             << " lose something, " << tally.careful
             << " are refused although no schedule loses anything; the rest has other errors");
  CHECK(tally.safe > 0);
  CHECK(tally.losing > 0);
}

}  // namespace

TEST_CASE("a copy that is handed on beside the step saves, one that is cleared does not") {
  test::PlanBuilder builder;
  const VariableId data = builder.variable("data");
  const VariableId one = builder.variable("one");
  const VariableId two = builder.variable("two");
  const StepId save = builder.step("save");
  const StepId drop = builder.step("drop");
  const StepId clear = builder.step("clear");
  builder.copies(save, one, data);
  builder.destroys(drop, data);
  builder.ensures(clear, one, false);
  builder.after(drop, save);
  builder.after(clear, save);
  LossTally tally;
  SECTION("cleared") {
    check_losses(builder.plan, {}, tally);
    CHECK(tally.losing == 1);
  }
  SECTION("handed on") {
    const StepId hand_on = builder.step("hand_on");
    builder.copies(hand_on, two, one);
    builder.after(hand_on, save);
    builder.after(clear, hand_on);
    check_losses(builder.plan, {}, tally);
    CHECK(tally.beside == 1);
  }
  SECTION("the source of a copy of a copy") {
    // What is destroyed is a copy of `two`, which is overwritten; that was one of `three`.
    const VariableId three = builder.variable("three");
    const VariableId four = builder.variable("four");
    const StepId second = builder.step("second");
    const StepId third = builder.step("third");
    const StepId lose = builder.step("lose");
    const StepId drop_copy = builder.step("drop_copy");
    builder[drop].allows_destroy = true;
    builder.copies(second, two, three);
    builder.copies(third, four, two);
    builder.ensures(lose, two, false);
    builder.destroys(drop_copy, four);
    builder.after(third, second);
    builder.after(lose, third);
    builder.after(drop_copy, lose);
    check_losses(builder.plan, {}, tally);
    CHECK(tally.safe == 1);
  }
}

TEST_CASE("the proof agrees with all schedules about what is lost") {
  check_many_losses({.has_changes = true, .has_losses = true, .most_steps = 6});
}

TEST_CASE("the proof agrees about what is lost with carried states and inputs") {
  check_many_losses({.has_copies = true,
                     .has_changes = true,
                     .has_inputs = true,
                     .has_losses = true,
                     .most_steps = 5});
}

TEST_CASE("no plan with conditional steps that loses something is accepted") {
  check_many_losses({.has_copies = true,
                     .has_changes = true,
                     .has_when = true,
                     .has_losses = true,
                     .most_steps = 5});
}

}  // namespace plan
