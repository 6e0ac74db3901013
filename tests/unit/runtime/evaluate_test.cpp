#include <catch2/catch.hpp>

#include "runtime/resources.hpp"
#include "tests/unit/runtime/runnable_plan.hpp"

namespace plan::test {
namespace {

struct EvaluationWorld {
  RunnablePlan b{};
  std::uint32_t service =
      b.resource_type("service",
                      {"name"},
                      1,
                      {b.state("up", TypeKind::boolean), b.state("down", TypeKind::boolean)});
  ResourceId web = b.resource("web", service, {Value{std::string("web")}});
  VariableId up = b.variable(web, 0);
  VariableId down = b.variable(web, 1);
  // The observed values; a state that is not there could not be observed.
  std::map<std::uint32_t, Value> observed{};

  EvaluationResult value(ExprId expr) {
    Inputs inputs(b.plan, {});
    Resources resources(b.plan, inputs);
    const Binding nothing;
    const AttributeSource source = [&](ResourceId, std::uint32_t attribute) -> EvaluationResult {
      const auto found = observed.find(attribute);
      if (found == observed.end()) {
        return std::unexpected(EvaluationError{.message = "unknown", .is_unknown = true});
      }
      return found->second;
    };
    RunEnvironment environment(resources, nothing, "", source);
    std::vector<Value> slots;
    return evaluate(b.plan, expr, slots, environment);
  }
};

TEST_CASE("an unknown operand does not matter where the other decides") {
  EvaluationWorld world;
  world.observed[0] = Value{false};
  RunnablePlan& b = world.b;
  const ExprId up = b.read(world.up);
  const ExprId down = b.read(world.down);  // cannot be observed
  CHECK(world.value(b.binary(Op::logical_and, down, up)) == Value{false});
  CHECK(world.value(b.binary(Op::logical_and, up, down)) == Value{false});
  CHECK(world.value(b.binary(Op::logical_or, down, b.negate(up))) == Value{true});
  const auto open = world.value(b.binary(Op::logical_or, down, up));
  REQUIRE_FALSE(open);
  CHECK(open.error().is_unknown);
}

TEST_CASE("all elements of a list must hold") {
  EvaluationWorld world;
  RunnablePlan& b = world.b;
  const auto numbers = [&](std::initializer_list<std::int64_t> list) {
    List result;
    for (const std::int64_t number : list) {
      result.push_back(Value{number});
    }
    return b.constant(Value{std::move(result)});
  };
  const ExprId below_3 = b.binary(Op::less, b.local(0), b.constant(Value{std::int64_t{3}}));
  const auto for_all = [&](ExprId list) {
    return b.add({.op = Op::for_all, .a = list.index, .b = below_3.index, .c = 0});
  };
  CHECK(world.value(for_all(numbers({1, 2}))) == Value{true});
  CHECK(world.value(for_all(numbers({1, 3}))) == Value{false});
  CHECK(world.value(for_all(numbers({}))) == Value{true});
  CHECK(world.value(b.add({.op = Op::map,
                           .a = numbers({1, 5, 2}).index,
                           .b = b.local(0).index,
                           .c = 0,
                           .d = below_3.index})) ==
        Value{List{Value{std::int64_t{1}}, Value{std::int64_t{2}}}});
}

TEST_CASE("a text with a secret in it is a secret") {
  EvaluationWorld world;
  RunnablePlan& b = world.b;
  const ExprId joined = b.add({.op = Op::concat}, {b.text("pw="), b.constant(Value{Secret("x")})});
  const auto value = world.value(joined);
  REQUIRE(value);
  REQUIRE(value->as<Secret>());
  CHECK(value->as<Secret>()->reveal() == "pw=x");
}

TEST_CASE("what is not there is named") {
  EvaluationWorld world;
  RunnablePlan& b = world.b;
  const ExprId record = b.constant(Value{Map{{"a", Value{true}}}});
  const auto value = world.value(b.add({.op = Op::field, .a = record.index, .b = Name("b").id()}));
  REQUIRE_FALSE(value);
  CHECK(value.error().message == "there is no `b` in { a: true }");
  CHECK_FALSE(world.value(b.add({.op = Op::index,
                                 .a = b.constant(Value{List{}}).index,
                                 .b = b.constant(Value{std::int64_t{0}}).index})));
}

}  // namespace
}  // namespace plan::test
