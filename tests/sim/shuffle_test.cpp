// Every schedule that the order admits leads to the same end.
#include <set>
#include <string>

#include <catch2/catch.hpp>

#include "tests/unit/runtime/sample_move.hpp"

namespace plan::test {
namespace {

using sim::SimulatedWorld;

TEST_CASE("all schedules of a plan lead to the same end") {
  const SampleMove sample;
  std::set<std::vector<std::string>> ends;
  std::set<std::vector<std::string>> orders;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimulatedWorld world(sample.plan());
    world.faults.seed = seed;
    world.give(sample.given);
    RunOptions options = SimulatedWorld::options();
    options.shuffle_seed = seed;
    const auto report = world.apply(options);
    REQUIRE(report);
    INFO("seed " << seed);
    REQUIRE(report->outcome == Outcome::done);
    ends.insert(world.hosts.snapshot());
    std::vector<std::string> order;
    for (const RunEvent& event : world.observer.events) {
      if (event.kind == RunEventKind::step_done) {
        order.push_back(event.step);
      }
    }
    orders.insert(order);
  }
  CHECK(ends.size() == 1);
  CHECK(orders.size() > 2);
}

TEST_CASE("one at a time means that an element ends before the next begins") {
  const SampleMove sample;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimulatedWorld world(sample.plan());
    world.faults.seed = seed;
    world.give(sample.given);
    RunOptions options = SimulatedWorld::options();
    options.shuffle_seed = seed;
    REQUIRE(world.apply(options));
    std::vector<std::string> order;
    for (const sim::BodyRun& body : world.effector.bodies) {
      if (body.step.find('[') != std::string::npos) {
        order.push_back(body.step);
      }
    }
    CHECK(order == std::vector<std::string>{"keep[a]", "resume[a]", "keep[b]", "resume[b]",
                                            "keep[c]", "resume[c]"});
  }
}

}  // namespace
}  // namespace plan::test
