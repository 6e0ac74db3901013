#include <algorithm>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "tests/unit/runtime/sample_move.hpp"

namespace plan::test {
namespace {

StepStatus status_of(const Report& report, std::string_view name) {
  const auto found = std::ranges::find(report.steps, name, &StepResult::name);
  REQUIRE(found != report.steps.end());
  return found->status;
}

std::string messages(const Report& report) {
  std::string text(name(report.outcome));
  for (const Diagnostic& diagnostic : report.diagnostics.items()) {
    text += "\n" + diagnostic.message;
    for (const std::string& note : diagnostic.notes) {
      text += "\n  " + note;
    }
  }
  return text;
}

TEST_CASE("a plan is carried out and its goals are observed") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  const auto report = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  INFO(messages(*report));
  CHECK(report->outcome == Outcome::done);
  CHECK(status_of(*report, "move") == StepStatus::done);
  CHECK(status_of(*report, "resume[c]") == StepStatus::done);
  CHECK(std::ranges::all_of(report->goals, &ConditionResult::holds));
}

TEST_CASE("a simulated world takes effects of its own plan only") {
  const SampleMove move;
  PlanBuilder other = move.builder;
  const Effect foreign = other.sets(move.old_active, Value{false});
  sim::SimulatedWorld simulated(move.plan());
  CHECK_THROWS_AS(simulated.give({foreign}), std::logic_error);
}

TEST_CASE("a second apply has nothing to do and writes nothing") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  REQUIRE(simulated.apply(sim::SimulatedWorld::options()));
  const auto records = simulated.storage.records;
  const std::size_t bodies = simulated.effector.bodies.size();
  const auto report = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  CHECK(report->outcome == Outcome::nothing_to_do);
  CHECK(simulated.storage.records == records);
  CHECK(simulated.effector.bodies.size() == bodies);
}

TEST_CASE("preview changes nothing and writes nothing") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  const auto before = simulated.hosts.snapshot();
  World world = simulated.world();
  const Report report = preview(move.plan(), world, sim::SimulatedWorld::options());
  INFO(messages(report));
  CHECK(report.outcome == Outcome::done);
  CHECK(simulated.hosts.snapshot() == before);
  CHECK(simulated.storage.records.empty());
  CHECK(simulated.effector.bodies.empty());
}

TEST_CASE("a failure blocks what depends on it and lets the rest finish") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.faults.failing_steps = {"move"};
  const auto report = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  CHECK(report->outcome == Outcome::failed);
  CHECK(status_of(*report, "move") == StepStatus::failed);
  CHECK(status_of(*report, "start") == StepStatus::blocked);
  CHECK(status_of(*report, "tidy") == StepStatus::done);
}

TEST_CASE("apply goes on after a failure, and what was done stays done") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.faults.failing_steps = {"resume[b]"};
  const auto failed = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(failed);
  CHECK(failed->outcome == Outcome::failed);
  CHECK(status_of(*failed, "resume[a]") == StepStatus::done);
  CHECK(status_of(*failed, "resume[c]") == StepStatus::blocked);
  simulated.faults.failing_steps.clear();
  const auto report = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  INFO(messages(*report));
  CHECK(report->outcome == Outcome::done);
  CHECK(report->is_resumed);
  CHECK(std::ranges::count(simulated.effector.bodies, "resume[a]", &sim::BodyRun::step) == 1);
}

TEST_CASE("an interrupted run is gone on with") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.interrupts = 1;
  const auto first = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(first);
  CHECK(first->outcome == Outcome::interrupted);
  simulated.interrupts = 0;
  const auto report = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  CHECK(report->outcome == Outcome::done);
}

TEST_CASE("a no at the point of no return stops before it") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.prompt.answer = Answer::no;
  RunOptions options = sim::SimulatedWorld::options();
  options.assume_yes = false;
  CHECK(simulated.apply(options)->outcome == Outcome::declined);
  CHECK(simulated.storage.records.empty());  // it was asked before anything was done
}

TEST_CASE("another plan's open run is not touched") {
  SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.faults.failing_steps = {"start"};
  REQUIRE(simulated.apply(sim::SimulatedWorld::options()));
  Plan other = move.plan();
  other.title = "Something else";
  World world = simulated.world();
  const Report report = apply(other, world, sim::SimulatedWorld::options());
  CHECK(report.outcome == Outcome::refused);
  CHECK(report.diagnostics.items().at(0).code == Code::journal_of_other_plan);
}

TEST_CASE("a changed plan that puts a step before a finished one is refused") {
  SampleMove move;
  PlanBuilder& b = move.builder;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.faults.failing_steps = {"start"};
  REQUIRE(simulated.apply(sim::SimulatedWorld::options())->outcome == Outcome::failed);
  simulated.faults.failing_steps.clear();
  Plan changed = b.plan;
  changed.digest[0] = 1;
  Step extra = changed.steps[move.tidy.index];
  extra.name = "audit";
  extra.ensures = {b.is_false(move.tidied)};  // does not hold any more
  changed.exprs = b.plan.exprs;
  changed.steps.push_back(extra);
  changed.edges.push_back(
      {.from = {static_cast<std::uint32_t>(changed.steps.size() - 1)}, .to = move.move});
  World world = simulated.world();
  const Report report = apply(changed, world, sim::SimulatedWorld::options());
  INFO(messages(report));
  CHECK(report.outcome == Outcome::refused);
  CHECK(report.diagnostics.items().at(0).code == Code::cannot_go_on);
}

TEST_CASE("a step done by hand is marked only if it was done") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  World world = simulated.world();
  const RunOptions options = sim::SimulatedWorld::options();
  const Report refused = mark_done(move.plan(), world, options, "stop", "by hand");
  CHECK(refused.outcome == Outcome::refused);
  CHECK(simulated.storage.records.empty());
  PlanBuilder b = move.builder;
  const Effect stopped = b.sets(move.old_active, Value{false});
  sim::SimulatedWorld by_hand(b.plan);
  by_hand.give(move.given);
  by_hand.give({stopped});
  World second = by_hand.world();
  const Report marked = mark_done(b.plan, second, options, "stop", "by hand");
  INFO(messages(marked));
  CHECK(marked.outcome == Outcome::done);
  const auto report = by_hand.apply(options);
  REQUIRE(report);
  CHECK(status_of(*report, "stop") == StepStatus::marked);
}

TEST_CASE("adopt finds how far a procedure has come, and no further") {
  SampleMove move;
  PlanBuilder& b = move.builder;
  const Effect stopped = b.sets(move.old_active, Value{false});
  const Effect started = b.sets(move.new_active, Value{true});
  sim::SimulatedWorld simulated(b.plan);
  simulated.give(move.given);
  simulated.give({stopped, started});
  World world = simulated.world();
  const Report report = adopt(b.plan, world, sim::SimulatedWorld::options());
  INFO(messages(report));
  CHECK(report.outcome == Outcome::done);
  const RunStatus told = status(&b.plan, simulated.storage);
  REQUIRE(told.steps.size() == 1);  // start holds, but move does not
  CHECK(told.steps[0].name == "stop");
  CHECK(told.steps[0].status == StepStatus::marked);
}

}  // namespace
}  // namespace plan::test
