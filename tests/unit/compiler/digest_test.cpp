#include "compiler/digest.hpp"

#include <bit>
#include <random>

#include <catch2/catch.hpp>

#include "compiler/prove.hpp"
#include "tests/unit/compiler/plan_builder.hpp"

using namespace plan;
using plan::test::PlanBuilder;

namespace {

// A plan with something of everything.
PlanBuilder rich_plan() {
  PlanBuilder builder;
  const VariableId ready = builder.variable("ready");
  const VariableId saved = builder.variable("saved");
  const auto loop = builder.loop("env");
  const StepId make = builder.step("make");
  const StepId resume = builder.step_in(loop.loop, "resume");
  builder.ensures(make, ready);
  builder.requires_(resume, ready);
  builder.ensures(resume, loop.state);
  builder.copies(make, saved, loop.state);
  builder.goal(ready);
  builder.never_both(ready, saved);
  Plan& plan = builder.plan;
  builder[make].when = builder.holds(ready);
  builder[make].text = "say \"yes\"\n\x01";
  builder[make].undo_operation = 1;
  builder[make].host = 0;
  plan.source_name = "test.plan";
  plan.hosts.push_back(Host{.name = "old",
                            .is_local = false,
                            .address = "10.0.0.1",
                            .user = "ops",
                            .become = "root",
                            .port = 22,
                            .become_password = {}});
  plan.inputs.push_back(Input{.name = "who",
                              .type = 1,
                              .value = Value{Null{}},
                              .is_secret = false,
                              .documentation = "Who.",
                              .span = builder.span()});
  const ExprId field =
      builder.expr({.op = Op::field, .a = 0, .b = std::bit_cast<std::uint32_t>(Name("colour"))});
  plan.constants.push_back(Value{Deferred{field}});
  plan.constants.push_back(Value{Map{
      {"a", Value{List{Value{Version{"1.2"}}, Value{Duration{5}}, Value{Size{-7}}, Value{HostId{0}},
                       Value{ResourceId{0}}, Value{Null{}}, Value{EnumValue{Name("dump")}}}}}}});
  plan.record_shapes.push_back({"x", "y"});
  plan.expr_children = {ExprId{0}, field};
  builder.expr({.op = Op::record, .b = 0, .children_begin = 0, .children_end = 2});
  plan.phases.push_back({.title = "First", .steps = {make}, .span = builder.span()});
  Test test;
  test.title = "t";
  test.inputs.emplace_back("who", Value{std::string("me")});
  test.given.push_back(builder.set(ready, true));
  plan.tests.push_back(test);
  Diagnostics diagnostics;
  order(plan, diagnostics);
  REQUIRE_FALSE(diagnostics.has_errors());
  plan.digest = digest(plan);
  return builder;
}

}  // namespace

TEST_CASE("a plan comes back from JSON as it was") {
  const Plan plan = rich_plan().plan;
  const std::string text = to_json(plan);
  const auto read = plan_from_json(text);
  INFO((read ? "" : read.error()));
  REQUIRE(read);
  CHECK(to_json(*read) == text);
  CHECK(read->digest == plan.digest);
  CHECK(read->steps[2].span == plan.steps[2].span);
  CHECK(read->inputs[0].value.has_value());
  CHECK(read->loops[0].stops_on_failure);
}

TEST_CASE("a changed plan is not read") {
  std::string text = to_json(rich_plan().plan);
  SECTION("its meaning") {
    text.replace(text.find("10.0.0.1"), 8, "10.0.0.2");
    CHECK(plan_from_json(text).error().starts_with("the plan was changed"));
  }
  SECTION("an index") {
    const std::string wanted = R"("operation":0)";
    text.replace(text.find(wanted), wanted.size(), R"("operation":9)");
    CHECK(plan_from_json(text).error() == "steps[2]: there is no 9");
  }
  SECTION("a key that nobody knows") {
    text.insert(text.find(R"("kind")"), R"("colour":1,)");
    CHECK(plan_from_json(text).error().find("expected the end of the object") != std::string::npos);
  }
}

TEST_CASE("any text is read without harm") {
  const std::string text = to_json(rich_plan().plan);
  for (std::size_t size = 0; size < text.size(); size += 7) {
    CHECK_FALSE(plan_from_json(std::string_view(text).substr(0, size)));
  }
  std::mt19937 engine(3);
  std::size_t accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string changed = text;
    for (int change = 0; change < 2; ++change) {
      changed[engine() % changed.size()] = static_cast<char>("0123456789,:[]{}\"n-"[engine() % 18]);
    }
    accepted += plan_from_json(changed) ? 1 : 0;
  }
  // Texts for people, places and documentation are not part of the meaning.
  CHECK(accepted < 1500);
}

TEST_CASE("the digest is of the meaning") {
  PlanBuilder builder = rich_plan();
  const Digest before = digest(builder.plan);
  const Digest step = digest(builder.plan, StepId{2});
  SECTION("names, texts and places do not count") {
    builder.plan.title = "other";
    builder.plan.resources[0].name = "other";
    builder.plan.steps[2].note = "other";
    builder.plan.steps[2].span = {};
    builder.plan.steps[2].requires_.clear();
    builder.plan.goals[0].text = "other";
    CHECK(digest(builder.plan) == before);
    CHECK(digest(builder.plan, StepId{2}) == step);
  }
  SECTION("effects do") {
    builder.plan.steps[2].effects.pop_back();
    CHECK(digest(builder.plan) != before);
    CHECK(digest(builder.plan, StepId{2}) != step);
  }
  SECTION("another step does not touch this one's") {
    builder.plan.steps.front().timeout_ms = 1;
    CHECK(digest(builder.plan) != before);
    CHECK(digest(builder.plan, StepId{2}) == step);
    CHECK(step_digests(builder.plan)[2] == step);
  }
  SECTION("where things stand does not count for a step") {
    // The same step in a plan that has more resources, variables, expressions before.
    PlanBuilder other;
    other.variable("extra");
    const VariableId more = other.variable("v");
    const StepId unused = other.step("unused");
    const StepId there = other.step("there");
    other.ensures(unused, more, false);
    other.ensures(there, more);
    PlanBuilder plain;
    const VariableId alone = plain.variable("v");
    const StepId here = plain.step("here");
    plain.ensures(here, alone);
    CHECK(digest(other.plan, there) == digest(plain.plan, here));
  }
}
