// Whole runs whose programs are really run, against an effector that answers by a script.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <set>

#include <catch2/catch.hpp>

#include "tests/unit/runtime/runnable_plan.hpp"
#include "tests/unit/runtime/scripted.hpp"

namespace plan::test {
namespace {

// Files of one directory: observed with `test -e`, made with `touch`.
struct Files {
  RunnablePlan b{};
  std::uint32_t type = UINT32_MAX;
  std::set<std::string> present{};
  ScriptedWorld scripted{};

  explicit Files(std::uint32_t count) {
    b.plan.hosts.push_back({.name = "here", .is_local = true});
    Attribute exists = b.state("exists", TypeKind::boolean);
    exists.observe.parameter_count = 1;
    exists.observe.slot_count = 2;
    const ExprId path = b.add({.op = Op::field, .a = b.local(0).index, .b = Name("path").id()});
    exists.observe.effects = {command({b.text("test"), b.text("-e"), path}, "exec")};
    const ExprId ok = b.add({.op = Op::field, .a = b.local(1).index, .b = Name("ok").id()});
    exists.observe.code = {{.kind = InstructionKind::act, .slot = 1, .effect = 0},
                           {.kind = InstructionKind::finish, .value = ok}};
    type = b.resource_type("file", {"host", "path"}, 2, {exists});
    b.plan.resource_types[type].host_field = 0;
    Operation touch;
    touch.name = "touch";
    touch.parameter_names = {"path"};
    touch.body.parameter_count = 1;
    touch.body.slot_count = 2;
    touch.body.effects = {command({b.text("touch"), b.local(0)}, "run")};
    touch.body.code = {{.kind = InstructionKind::act, .slot = 1, .effect = 0},
                       {.kind = InstructionKind::finish}};
    b.plan.operations.push_back(touch);
    for (std::uint32_t index = 0; index < count; ++index) {
      add_file(index);
    }
    scripted.effector.answer = [this](const Action& action) { return answer(action); };
  }

  EffectCall command(const std::vector<ExprId>& words, std::string effect) {
    EffectCall call;
    call.effect = std::move(effect);
    call.arguments = {b.add({.op = Op::list}, words)};
    return call;
  }

  void add_file(std::uint32_t index) {
    const std::string path = "/f" + std::to_string(index);
    const ResourceId file =
        b.resource("file" + std::to_string(index), type, {Value{HostId{0}}, Value{path}});
    const VariableId exists = b.variable(file, 0);
    Step step;
    step.name = "make" + std::to_string(index);
    step.operation = 0;
    step.arguments = {Value{path}};
    step.host = 0;
    step.effects = {b.sets(exists, Value{true})};
    step.ensures = {b.is_true(exists)};
    b.plan.steps.push_back(step);
  }

  ActionResult answer(const Action& action) {
    if (std::holds_alternative<Connect>(action.body)) {
      return ConnectResult{.os = "test"};
    }
    const auto& argv = std::get<Exec>(action.body).argv;
    if (argv[0] == "touch") {
      present.insert(argv[1]);
      return ExecResult{};
    }
    return ExecResult{.code = present.contains(argv[2]) ? 0 : 1};
  }

  Report run() {
    World world = scripted.world();
    return apply(b.plan, world, {.assume_yes = true});
  }
};

TEST_CASE("programs observe and act through the effector") {
  Files files(3);
  files.present = {"/f1"};
  const Report report = files.run();
  REQUIRE(report.outcome == Outcome::done);
  CHECK(report.steps.at(0).status == StepStatus::done);
  CHECK(report.steps.at(1).status == StepStatus::held);
  CHECK(files.present.size() == 3);
  CHECK(files.run().outcome == Outcome::nothing_to_do);
}

TEST_CASE("what certainly did not happen is begun again") {
  Files files(1);
  int refusals = 2;
  files.scripted.effector.answer = [&](const Action& action) -> ActionResult {
    const auto* exec = std::get_if<Exec>(&action.body);
    if (exec != nullptr && exec->argv[0] == "touch" && refusals-- > 0) {
      return Failure{.kind = FailureKind::refused,
                     .code = Code::step_failed,
                     .message = "no connection",
                     .is_retryable = true};
    }
    return files.answer(action);
  };
  CHECK(files.run().outcome == Outcome::done);
}

TEST_CASE("a command of unknown outcome is not begun again by itself, but by the next apply") {
  Files files(1);
  bool is_lost = true;
  files.scripted.effector.answer = [&](const Action& action) -> ActionResult {
    const auto* exec = std::get_if<Exec>(&action.body);
    if (exec != nullptr && exec->argv[0] == "touch" && is_lost) {
      return Failure{.kind = FailureKind::unknown,
                     .code = Code::step_failed,
                     .message = "the connection was lost"};
    }
    return files.answer(action);
  };
  const Report lost = files.run();
  CHECK(lost.outcome == Outcome::failed);
  const auto touches = [&] {
    return std::ranges::count_if(files.scripted.effector.started, [](const Action& action) {
      const auto* exec = std::get_if<Exec>(&action.body);
      return exec != nullptr && exec->argv[0] == "touch";
    });
  };
  CHECK(touches() == 1);
  is_lost = false;
  files.present = {"/f0"};  // it did happen; but what else would the body have done?
  CHECK(files.run().outcome == Outcome::done);
  CHECK(touches() == 2);
}

TEST_CASE("steps that hold already cost little of our own, and one transaction") {
  constexpr std::uint32_t count = 1000;
  Files files(count);
  for (std::uint32_t index = 1; index < count; ++index) {
    files.present.insert("/f" + std::to_string(index));
  }
  const std::clock_t began = std::clock();
  const Report report = files.run();  // one step acts, 999 hold
  const std::clock_t took = std::clock() - began;
  REQUIRE(report.outcome == Outcome::done);
  CHECK(files.scripted.storage.transactions < 12);
  const auto observed = std::ranges::count_if(
      files.scripted.effector.started,
      [](const Action& action) { return std::holds_alternative<Exec>(action.body); });
  CHECK(observed < 2 * count + 10);
  // Generous: a tenth where it was measured; tests run unoptimised, too. Not the time of a clock:
  // that is also other programs'.
  CHECK(took < CLOCKS_PER_SEC / 1000 * 2 * std::clock_t{count});
}

}  // namespace
}  // namespace plan::test
