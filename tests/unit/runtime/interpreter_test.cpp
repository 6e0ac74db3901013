#include "runtime/interpreter.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/runtime/runnable_plan.hpp"
#include "tests/unit/runtime/scripted.hpp"

namespace plan::test {
namespace {

using namespace std::chrono_literals;

// A program that runs by itself: its actions are answered, its sleeps are slept.
struct Runner {
  RunnablePlan builder{};
  Program program{};
  std::vector<std::string> log{};
  MonotonicTime now{0};
  int wakes = 0;

  EffectCall exec(ExprId argv) {
    EffectCall call;
    call.effect = "run";
    call.arguments = {argv};
    return call;
  }

  Progress run(const std::function<Value(const Action&)>& answer) {
    Inputs inputs(builder.plan, {});
    Resources resources(builder.plan, inputs);
    const Binding nothing;
    const AttributeSource none = [](ResourceId, std::uint32_t) -> EvaluationResult {
      return std::unexpected(EvaluationError{.message = "none"});
    };
    RunEnvironment environment(resources, nothing, "", none);
    Frame frame{.program = &program, .deadline = 1h};
    for (;;) {
      Progress progress = advance(builder.plan, frame, environment, now);
      if (const auto* action = std::get_if<WantsAction>(&progress)) {
        log.push_back(std::get<Exec>(action->action.body).argv.at(0));
        supply(frame, answer(action->action));
      } else if (const auto* time = std::get_if<WantsTime>(&progress)) {
        now = time->until;
        ++wakes;
        resume(frame);
      } else {
        return progress;
      }
    }
  }
};

TEST_CASE("a loop runs its body for each element, and again when it is entered again") {
  Runner runner;
  RunnablePlan& b = runner.builder;
  const ExprId list = b.constant(Value{List{Value{std::string("a")}, Value{std::string("b")}}});
  // for outer in list { for inner in list { run [inner] } }
  runner.program.slot_count = 5;
  runner.program.effects = {runner.exec(b.add({.op = Op::list}, {b.local(2)}))};
  runner.program.code = {
      {.kind = InstructionKind::for_begin, .slot = 0, .value = list, .target = 4},
      {.kind = InstructionKind::for_begin, .slot = 2, .value = list, .target = 0},
      {.kind = InstructionKind::act, .slot = 4, .effect = 0},
      {.kind = InstructionKind::jump, .target = 1},
      {.kind = InstructionKind::finish}};
  const Progress end = runner.run([](const Action&) { return Value{true}; });
  CHECK(std::holds_alternative<Finished>(end));
  CHECK(runner.log == std::vector<std::string>{"a", "b", "a", "b"});
}

TEST_CASE("a wait sleeps until its deadline, and then fails") {
  Runner runner;
  RunnablePlan& b = runner.builder;
  const ExprId for_10s = b.constant(Value{Duration{10'000}});
  const ExprId every_3s = b.constant(Value{Duration{3'000}});
  runner.program.slot_count = 1;
  runner.program.code = {{.kind = InstructionKind::deadline, .slot = 0, .value = for_10s},
                         {.kind = InstructionKind::jump_after, .slot = 0, .target = 4},
                         {.kind = InstructionKind::sleep, .value = every_3s},
                         {.kind = InstructionKind::jump, .target = 1},
                         {.kind = InstructionKind::fail, .value = b.text("too late")}};
  const Progress end = runner.run([](const Action&) { return Value{true}; });
  REQUIRE(std::holds_alternative<Failure>(end));
  CHECK(std::get<Failure>(end).message == "too late");
  CHECK(runner.wakes == 4);
}

TEST_CASE("a program that never does anything is ended") {
  Runner runner;
  runner.program.code = {{.kind = InstructionKind::jump, .target = 0}};
  CHECK(std::holds_alternative<Failure>(runner.run([](const Action&) { return Value{true}; })));
}

TEST_CASE("an observation that fails while it is waited for moves the wait on") {
  Runner runner;
  RunnablePlan& b = runner.builder;
  const ExprId second = b.constant(Value{Duration{1'000}});
  runner.program.slot_count = 2;
  runner.program.code = {{.kind = InstructionKind::deadline, .slot = 0, .value = second},
                         {.kind = InstructionKind::observe, .slot = 1, .value = second},
                         {.kind = InstructionKind::jump_after, .slot = 0, .target = 5},
                         {.kind = InstructionKind::sleep, .value = second},
                         {.kind = InstructionKind::jump, .target = 1},
                         {.kind = InstructionKind::finish}};
  Frame frame{.program = &runner.program, .pc = 1};
  CHECK(wait_on(frame));
  CHECK(frame.pc == 2);
  Frame outside{.program = &runner.program, .pc = 0};
  CHECK_FALSE(wait_on(outside));
}

}  // namespace
}  // namespace plan::test
