// A run may be cut at any instant: before, in the middle of, and after each write of the journal
// and each action on a host. Going on with it leads to the same end, and nothing that was finished
// is done again.
#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/runtime/sample_move.hpp"

namespace plan::test {
namespace {

using sim::Cut;
using sim::SimulatedWorld;

struct Clean {
  std::vector<std::string> end;  // what is true afterwards
  std::uint64_t calls = 0;       // of storage and effector
};

Clean clean_run(const SampleMove& sample) {
  SimulatedWorld world(sample.plan());
  world.give(sample.given);
  const auto report = world.apply(SimulatedWorld::options());
  REQUIRE(report);
  REQUIRE(report->outcome == Outcome::done);
  return {world.hosts.snapshot(), world.calls.count()};
}

// Steps whose outcome is durable: from then on they must not act again.
std::vector<std::string> finished_steps(SimulatedWorld& world) {
  std::vector<std::string> names;
  for (const StepResult& step : status(&world.plan, world.storage).steps) {
    if (is_finished(step.status)) {
      names.push_back(step.name);
    }
  }
  return names;
}

std::map<std::string, int> times_begun(const SimulatedWorld& world) {
  std::map<std::string, int> times;
  for (const sim::BodyRun& body : world.effector.bodies) {
    ++times[body.step];
  }
  return times;
}

void cut_and_resume(
    const SampleMove& sample, const Clean& clean, std::uint64_t call, Cut cut, std::uint64_t seed) {
  SimulatedWorld world(sample.plan());
  world.faults = {.cut_at = call, .cut = cut, .failing_steps = {}, .seed = seed};
  world.give(sample.given);
  const auto first = world.apply(SimulatedWorld::options());
  REQUIRE_FALSE(first);
  const auto finished = finished_steps(world);
  const auto before = times_begun(world);
  world.faults.cut_at = 0;
  const auto second = world.apply(SimulatedWorld::options());
  REQUIRE(second);
  const bool has_ended =
      second->outcome == Outcome::done || second->outcome == Outcome::nothing_to_do;
  CHECK(has_ended);
  CHECK(world.hosts.snapshot() == clean.end);
  const auto after = times_begun(world);
  for (const std::string& step : finished) {
    const auto earlier = before.find(step);
    const auto later = after.find(step);
    CHECK((later == after.end() ? 0 : later->second) ==
          (earlier == before.end() ? 0 : earlier->second));
  }
}

TEST_CASE("a crash at any instant is survived") {
  const SampleMove sample;
  const Clean clean = clean_run(sample);
  REQUIRE(clean.calls > 20);
  std::uint64_t points = 0;
  for (std::uint64_t call = 1; call <= clean.calls; ++call) {
    for (const Cut cut : {Cut::before, Cut::torn, Cut::after}) {
      for (const std::uint64_t seed : {0U, 1U, 2U}) {
        INFO("call " << call << " cut " << static_cast<int>(cut) << " seed " << seed);
        cut_and_resume(sample, clean, call, cut, seed);
        ++points;
      }
    }
  }
  CHECK(points == clean.calls * 9);
}

TEST_CASE("two crashes in one run are survived") {
  const SampleMove sample;
  const Clean clean = clean_run(sample);
  for (std::uint64_t first = 1; first <= clean.calls; first += 3) {
    for (std::uint64_t second = 1; second <= clean.calls; second += 4) {
      INFO("calls " << first << " and " << second);
      SimulatedWorld world(sample.plan());
      world.give(sample.given);
      world.faults = {.cut_at = first, .cut = Cut::torn, .failing_steps = {}, .seed = 0};
      REQUIRE_FALSE(world.apply(SimulatedWorld::options()));
      world.faults.cut_at = first + second;
      auto report = world.apply(SimulatedWorld::options());
      if (!report) {
        world.faults.cut_at = 0;
        report = world.apply(SimulatedWorld::options());
      }
      REQUIRE(report);
      CHECK(world.hosts.snapshot() == clean.end);
    }
  }
}

// What may act only once is never begun again without a person's word.
TEST_CASE("a step that may act once asks after a crash inside of it") {
  SampleMove sample;
  RunnablePlan& b = sample.builder;
  b.plan.operations[b[sample.move].operation].is_once = true;
  const Clean clean = clean_run(sample);
  for (std::uint64_t call = 1; call <= clean.calls; ++call) {
    SimulatedWorld world(sample.plan());
    world.give(sample.given);
    world.faults = {.cut_at = call, .cut = Cut::before, .failing_steps = {}, .seed = 0};
    REQUIRE_FALSE(world.apply(SimulatedWorld::options()));
    const auto before = times_begun(world);
    const bool is_open =
        std::ranges::any_of(status(&world.plan, world.storage).steps, [](const StepResult& step) {
          return step.name == "move" && step.status == StepStatus::running;
        });
    world.faults.cut_at = 0;
    world.prompt.answer = Answer::not_available;
    const auto report = world.apply(SimulatedWorld::options());
    REQUIRE(report);
    if (is_open) {
      CHECK(report->outcome == Outcome::declined);
      CHECK(times_begun(world)["move"] == (before.contains("move") ? before.at("move") : 0));
    }
  }
}

}  // namespace
}  // namespace plan::test
