#include <algorithm>

#include <catch2/catch.hpp>

#include "compiler/prove.hpp"
#include "tests/unit/compiler/plan_builder.hpp"

using namespace plan;
using plan::test::PlanBuilder;

namespace {

std::vector<std::string> codes(const Diagnostics& diagnostics) {
  std::vector<std::string> result;
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    result.emplace_back(info(diagnostic.code).code);
    UNSCOPED_INFO(diagnostic.message);
  }
  return result;
}

std::string names_in_order(const Plan& plan) {
  std::string text;
  for (const StepId step : plan.topological) {
    text += (text.empty() ? "" : " ") + plan.steps[step.index].name;
  }
  return text;
}

bool has_edge(const Plan& plan, StepId from, StepId to, EdgeReason reason) {
  return std::ranges::any_of(plan.edges, [&](const Edge& edge) {
    return edge.from == from && edge.to == to && edge.reason == reason;
  });
}

using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE("a step comes after the one that provides what it requires") {
  PlanBuilder builder;
  const VariableId ready = builder.variable("ready");
  const StepId use = builder.step("use");
  const StepId make = builder.step("make");
  builder.requires_(use, ready);
  builder.ensures(make, ready);
  Diagnostics diagnostics;
  order(builder.plan, diagnostics);
  CHECK(codes(diagnostics) == Codes{});
  CHECK(names_in_order(builder.plan) == "make use");
  CHECK(has_edge(builder.plan, make, use, EdgeReason::provides));
}

TEST_CASE("a step that uses up the world as found comes last") {
  PlanBuilder builder;
  const VariableId live = builder.variable("live");
  const StepId stop = builder.step("stop");
  const StepId halt = builder.step("halt");
  builder.ensures(stop, live, false);
  builder.requires_(halt, live);
  Diagnostics diagnostics;
  order(builder.plan, diagnostics);
  CHECK(names_in_order(builder.plan) == "halt stop");
  CHECK(has_edge(builder.plan, halt, stop, EdgeReason::protects));
}

TEST_CASE("a threat that fits on both sides is the author's business") {
  PlanBuilder builder;
  const VariableId held = builder.variable("held");
  const StepId take = builder.step("take");
  const StepId use = builder.step("use");
  const StepId release = builder.step("release");
  builder.ensures(take, held);
  builder.requires_(use, held);
  builder.ensures(release, held, false);
  SECTION("without a word") {
    Diagnostics diagnostics;
    order(builder.plan, diagnostics);
    CHECK(codes(diagnostics) == Codes{"E0302"});
    CHECK(diagnostics.items().front().message ==
          "`release` may run before `take` or after `use`: the plan does not say which");
  }
  SECTION("with `after`") {
    builder.after(release, use);
    Diagnostics diagnostics;
    order(builder.plan, diagnostics);
    CHECK(codes(diagnostics) == Codes{});
    CHECK(names_in_order(builder.plan) == "take use release");
  }
  SECTION("with a goal that wants it released, once the rest is known") {
    builder.after(release, take);
    builder.goal(held, false);
    Diagnostics diagnostics;
    order(builder.plan, diagnostics);
    CHECK(codes(diagnostics) == Codes{});
    CHECK(names_in_order(builder.plan) == "take use release");
  }
}

TEST_CASE("the nearest provider counts where providers are a chain") {
  PlanBuilder builder;
  const VariableId on = builder.variable("on");
  const StepId on1 = builder.step("on1");
  const StepId off = builder.step("off");
  const StepId on2 = builder.step("on2");
  const StepId use = builder.step("use");
  builder.ensures(on1, on);
  builder.ensures(off, on, false);
  builder.ensures(on2, on);
  builder.after(off, on1);
  builder.after(on2, off);
  builder.requires_(use, on);
  SECTION("it may also stop between them: ambiguous") {
    Diagnostics diagnostics;
    order(builder.plan, diagnostics);
    CHECK(codes(diagnostics) == Codes{"E0303"});
  }
  SECTION("what comes before it decides") {
    builder.after(use, off);
    Diagnostics diagnostics;
    order(builder.plan, diagnostics);
    CHECK(codes(diagnostics) == Codes{});
    CHECK(names_in_order(builder.plan) == "on1 off on2 use");
  }
  SECTION("what comes after it decides") {
    builder.after(off, use);
    Diagnostics diagnostics;
    order(builder.plan, diagnostics);
    CHECK(codes(diagnostics) == Codes{});
    CHECK(names_in_order(builder.plan) == "on1 use off on2");
  }
}

TEST_CASE("one link of a cycle falls back to the world as found if only it can") {
  // halt needs the server live, stop needs it halted, start needs it stopped and halted.
  PlanBuilder builder;
  const VariableId live = builder.variable("live");
  const VariableId halted = builder.variable("halted");
  const StepId start = builder.step("start");
  const StepId stop = builder.step("stop");
  const StepId halt = builder.step("halt");
  builder.requires_(halt, live);
  builder.ensures(halt, halted);
  builder.requires_(stop, halted);
  builder.ensures(stop, live, false);
  builder.requires_(start, live, false);
  builder.ensures(start, live);
  SECTION("three can: the cycle is shown") {
    Diagnostics diagnostics;
    order(builder.plan, diagnostics);
    CHECK(codes(diagnostics) == Codes{"E0301"});
    CHECK(diagnostics.items().front().message ==
          "these steps wait for each other: `start` → `halt` → `stop` → `start`");
  }
  SECTION("one can") {
    builder.requires_(start, halted);
    Diagnostics diagnostics;
    order(builder.plan, diagnostics);
    CHECK(codes(diagnostics) == Codes{});
    CHECK(names_in_order(builder.plan) == "halt stop start");
  }
}

TEST_CASE("a written cycle is told with its reasons") {
  PlanBuilder builder;
  const StepId a = builder.step("a");
  const StepId b = builder.step("b");
  builder.after(a, b);
  builder.after(b, a);
  Diagnostics diagnostics;
  order(builder.plan, diagnostics);
  CHECK(codes(diagnostics) == Codes{"E0301"});
  CHECK(builder.plan.topological.size() == builder.plan.steps.size());  // without the cycle
}

TEST_CASE("what a copy hands on has to be true before it") {
  PlanBuilder builder;
  const VariableId old_db = builder.variable("old_db");
  const VariableId new_db = builder.variable("new_db");
  const VariableId old_halted = builder.part("old_env", "halted", old_db);
  const VariableId new_halted = builder.part("new_env", "halted", new_db);
  const StepId start = builder.step("start");
  const StepId move = builder.step("move");
  const StepId halt = builder.step("halt");
  builder.requires_(start, new_halted);
  builder.copies(move, new_db, old_db);
  builder.ensures(halt, old_halted);
  Diagnostics diagnostics;
  order(builder.plan, diagnostics);
  CHECK(codes(diagnostics) == Codes{});
  CHECK(names_in_order(builder.plan) == "halt move start");
  prove(builder.plan, diagnostics);
  CHECK(codes(diagnostics) == Codes{});
}

TEST_CASE("steps outside of a loop are ordered before and behind all of it") {
  PlanBuilder builder;
  const VariableId ready = builder.variable("ready");
  const auto loop = builder.loop("env");
  const StepId resume = builder.step_in(loop.loop, "resume");
  const StepId check = builder.step("check");
  const StepId start = builder.step("start");
  builder.requires_(resume, ready);
  builder.ensures(resume, loop.state);
  builder.ensures(start, ready);
  builder.requires_(check, loop.state);
  Diagnostics diagnostics;
  order(builder.plan, diagnostics);
  prove(builder.plan, diagnostics);
  CHECK(codes(diagnostics) == Codes{});
  CHECK(has_edge(builder.plan, start, builder.plan.loops[0].begin, EdgeReason::provides));
  CHECK(has_edge(builder.plan, builder.plan.loops[0].end, check, EdgeReason::provides));
  CHECK(names_in_order(builder.plan) == "start for env#begin resume for env#end check");
}

TEST_CASE("a wait is put behind the step that ends it") {
  PlanBuilder builder;
  const VariableId resumed = builder.variable("resumed");
  const StepId wait = builder.step("wait");
  const StepId resume = builder.step("resume");
  builder.awaits(wait, resumed);
  builder.ensures(resume, resumed);
  Diagnostics diagnostics;
  order(builder.plan, diagnostics);
  CHECK(names_in_order(builder.plan) == "resume wait");
}
