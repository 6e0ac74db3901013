#include <algorithm>

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

}  // namespace
}  // namespace plan::test
