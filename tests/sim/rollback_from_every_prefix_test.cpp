// From wherever a run was cut, it can be taken back to where it began — until the point of no
// return, and then it says so and changes nothing. Taking back can be cut, too.
#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/unit/runtime/sample_move.hpp"

namespace plan::test {
namespace {

using sim::Cut;
using sim::SimulatedWorld;

// The sample with every value spelled out, so that what was by default and what was put back look
// the same.
std::vector<Effect> whole_world(SampleMove& sample) {
  RunnablePlan& b = sample.builder;
  std::vector<Effect> given = sample.given;
  given.push_back(b.sets(sample.new_active, Value{false}));
  given.push_back(b.sets(sample.tidied, Value{false}));
  given.push_back(b.sets(sample.new_content, Value{std::string("empty")}));
  return given;
}

bool has_resumed(const SimulatedWorld& world) {
  return std::ranges::any_of(world.effector.bodies, [](const sim::BodyRun& body) {
    return body.step.starts_with("resume");
  });
}

TEST_CASE("a run is taken back from every prefix") {
  SampleMove sample;
  const auto given = whole_world(sample);
  SimulatedWorld clean(sample.plan());
  clean.give(given);
  const auto start = clean.hosts.snapshot();
  REQUIRE(clean.apply(SimulatedWorld::options()));
  const std::uint64_t calls = clean.calls.count();
  int taken_back = 0;
  int refused = 0;
  for (std::uint64_t call = 1; call <= calls; ++call) {
    for (const Cut cut : {Cut::before, Cut::torn, Cut::after}) {
      INFO("call " << call << " cut " << static_cast<int>(cut));
      SimulatedWorld world(sample.plan());
      world.faults = {.cut_at = call, .cut = cut, .failing_steps = {}, .seed = call};
      world.give(given);
      REQUIRE_FALSE(world.apply(SimulatedWorld::options()));
      world.faults.cut_at = 0;
      const auto before = world.hosts.snapshot();
      const bool has_run = status(nullptr, world.storage).has_run;
      const auto report = world.rollback(SimulatedWorld::options());
      REQUIRE(report);
      if (!has_run || report->outcome == Outcome::refused) {
        CHECK(report->outcome == Outcome::refused);
        CHECK(world.hosts.snapshot() == before);
        ++refused;
        continue;
      }
      CHECK(report->outcome == Outcome::done);
      CHECK_FALSE(has_resumed(world));
      // The marks on the new environments were declared as nothing to take back.
      auto now = world.hosts.snapshot();
      std::erase_if(now,
                    [](const std::string& line) { return line.find("kept") != std::string::npos; });
      CHECK(now == start);
      ++taken_back;
    }
  }
  CHECK(taken_back > 20);
  CHECK(refused > 3);
}

TEST_CASE("a crash while a run is taken back is survived") {
  SampleMove sample;
  const auto given = whole_world(sample);
  SimulatedWorld clean(sample.plan());
  clean.give(given);
  const auto start = clean.hosts.snapshot();
  for (std::uint64_t call = 1; call <= 16; ++call) {
    for (const Cut cut : {Cut::before, Cut::torn, Cut::after}) {
      INFO("call " << call << " cut " << static_cast<int>(cut));
      SimulatedWorld world(sample.plan());
      world.give(given);
      world.faults.failing_steps = {"start"};
      REQUIRE(world.apply(SimulatedWorld::options())->outcome == Outcome::failed);
      world.faults.failing_steps.clear();
      world.faults.cut_at = world.calls.count() + call;
      world.faults.cut = cut;
      auto report = world.rollback(SimulatedWorld::options());
      if (!report) {
        world.faults.cut_at = 0;
        report = world.rollback(SimulatedWorld::options());
      }
      REQUIRE(report);
      CHECK(world.hosts.snapshot() == start);
    }
  }
}

TEST_CASE("what cannot be taken back does not keep the rest from it") {
  for (const char* stuck : {"tidy", "start", "move", "stop"}) {
    INFO(stuck);
    SampleMove sample;
    const auto given = whole_world(sample);
    SimulatedWorld world(sample.plan());
    world.give(given);
    const auto start = world.hosts.snapshot();
    world.faults.failing_steps = {"keep"};
    REQUIRE(world.apply(SimulatedWorld::options())->outcome == Outcome::failed);
    world.faults.failing_steps = {stuck};
    const auto first = world.rollback(SimulatedWorld::options());
    REQUIRE(first);
    CHECK(first->outcome == Outcome::failed);
    const auto is_undone = [&](std::string_view name) {
      const auto found = std::ranges::find(first->steps, name, &StepResult::name);
      return found != first->steps.end() && found->status == StepStatus::undone;
    };
    // `stop` comes before `move`, which comes before `start`; `tidy` stands alone.
    const std::string_view name = stuck;
    CHECK(is_undone("tidy") == (name != "tidy"));
    CHECK(is_undone("start") == (name != "start"));
    CHECK(is_undone("move") == (name == "tidy" || name == "stop"));
    CHECK(is_undone("stop") == (name == "tidy"));
    world.faults.failing_steps.clear();
    const auto second = world.rollback(SimulatedWorld::options());
    REQUIRE(second);
    CHECK(second->outcome == Outcome::done);
    auto now = world.hosts.snapshot();
    std::erase_if(now,
                  [](const std::string& line) { return line.find("kept") != std::string::npos; });
    CHECK(now == start);
  }
}

TEST_CASE("a way back that changes what nobody can name is gone, whatever else it ensures") {
  SampleMove sample;
  RunnablePlan& b = sample.builder;
  b[sample.move].undo_effects = {{.variable = sample.new_content, .kind = EffectKind::change}};
  b[sample.move].undo_ensures = {b.is_false(sample.new_active)};  // holds before as well
  SimulatedWorld world(sample.plan());
  world.give(whole_world(sample));
  world.faults.failing_steps = {"start"};
  REQUIRE(world.apply(SimulatedWorld::options())->outcome == Outcome::failed);
  world.faults.failing_steps.clear();
  const auto report = world.rollback(SimulatedWorld::options());
  REQUIRE(report);
  CHECK(report->outcome == Outcome::done);
  CHECK(std::ranges::any_of(world.effector.bodies, [](const sim::BodyRun& body) {
    return body.is_undo && body.step == "move";
  }));
}

TEST_CASE("after the point of no return a rollback is refused with the reason") {
  SampleMove sample;
  SimulatedWorld world(sample.plan());
  world.give(sample.given);
  world.faults.failing_steps = {"resume[b]"};
  REQUIRE(world.apply(SimulatedWorld::options())->outcome == Outcome::failed);
  const auto report = world.rollback(SimulatedWorld::options());
  REQUIRE(report);
  CHECK(report->outcome == Outcome::refused);
  REQUIRE_FALSE(report->diagnostics.items().empty());
  CHECK(report->diagnostics.items().front().code == Code::rollback_refused);
}

}  // namespace
}  // namespace plan::test
