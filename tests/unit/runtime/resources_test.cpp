#include "runtime/resources.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/runtime/sample_move.hpp"

namespace plan::test {
namespace {

const AttributeSource none = [](ResourceId, std::uint32_t) -> EvaluationResult {
  return std::unexpected(EvaluationError{.message = "none"});
};

struct ResourcesFixture {
  SampleMove sample{};
  Inputs inputs{sample.plan(), {}};
  Resources resources{sample.plan(), inputs};
  Binding binding{};
  RunEnvironment environment{resources, binding, "6f2c1f0e-8a55-4a3e-9d30-3b8f1b6c2a11", none};
};

TEST_CASE("a resource made with the key of a planned one is that one") {
  ResourcesFixture f;
  const auto made = f.environment.make_resource(0, {Value{HostId{0}}});
  REQUIRE(made);
  CHECK(*made == Value{ResourceId{0}});
  const auto other =
      f.environment.make_resource(1, {Value{ResourceId{2}}, Value{std::string("x")}});
  const auto again =
      f.environment.make_resource(1, {Value{ResourceId{2}}, Value{std::string("x")}});
  REQUIRE(other);
  CHECK(*other == *again);
  CHECK(other->as<ResourceId>()->index >= f.sample.plan().resources.size());
}

TEST_CASE("an element is made again from the fields that are its own") {
  ResourcesFixture f;
  const ResourceId arbitrary = f.sample.plan().loops[0].element;
  const auto element =
      f.resources.make_element(arbitrary, {{"id", Value{std::string("a")}}}, f.environment);
  REQUIRE(element);
  const auto fields =
      f.resources.element_fields(arbitrary, *element->as<ResourceId>(), f.environment);
  REQUIRE(fields);
  CHECK(*fields == Value{Map{{"id", Value{std::string("a")}}}});
  CHECK(f.resources.label(*element->as<ResourceId>()) == "a");
  CHECK(f.resources.name(*element->as<ResourceId>(), 0) == "environment[a].halted");
}

TEST_CASE("what belongs to an element goes by its name") {
  ResourcesFixture f;
  RunnablePlan& b = f.sample.builder;
  const std::uint32_t agents = b.resource_type("inmanta.agents", {"environment", "origin"}, 2,
                                               {b.state("restored", TypeKind::boolean)});
  const ResourceId arbitrary = f.sample.plan().loops[0].element;
  const auto element =
      f.resources.make_element(arbitrary, {{"id", Value{std::string("a")}}}, f.environment);
  REQUIRE(element);
  const auto made = f.environment.make_resource(agents, {*element, Value{ResourceId{2}}});
  REQUIRE(made);
  CHECK(f.resources.name(*made->as<ResourceId>(), 0) == "agents[a].restored");
  const std::uint32_t compile = b.resource_type("inmanta.compile", {"environment", "token"}, 2,
                                                {b.state("requested", TypeKind::boolean)});
  const auto asked = f.environment.make_resource(compile, {*element, Value{std::string("6f2c")}});
  REQUIRE(asked);
  CHECK(f.resources.name(*asked->as<ResourceId>(), 0) == "compile[a, 6f2c].requested");
}

TEST_CASE("a step instance has a token of its own, the same in every attempt") {
  ResourcesFixture f;
  const ResourceId arbitrary = f.sample.plan().loops[0].element;
  const auto element =
      f.resources.make_element(arbitrary, {{"id", Value{std::string("a")}}}, f.environment);
  Binding bound{{{arbitrary, *element->as<ResourceId>()}}};
  CHECK(instance_name(f.resources, f.sample.resume, bound) == "resume[a]");
  CHECK(instance_name(f.resources, f.sample.stop, bound) == "stop");
  RunEnvironment inside(f.resources, bound, "6f2c1f0e-8a55-4a3e-9d30-3b8f1b6c2a11", none);
  CHECK(inside.token(f.sample.resume) != inside.token(f.sample.keep));
  CHECK(inside.token(f.sample.resume) == inside.token(f.sample.resume));
  CHECK(inside.resolve(arbitrary) == *element->as<ResourceId>());
}

TEST_CASE("a UUID of version 5 is what RFC 9562 says") {
  // Appendix A.4: the DNS namespace and www.example.com.
  CHECK(uuid_v5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com") ==
        "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST_CASE("a secret is asked for once") {
  Plan plan;
  plan.inputs.push_back({.name = "password", .is_secret = true});
  int asked = 0;
  Inputs inputs(plan, [&](const Input&) -> std::expected<std::string, std::string> {
    ++asked;
    return "x";
  });
  CHECK(inputs.value(0));
  CHECK(inputs.value(0));
  CHECK(asked == 1);
}

TEST_CASE("a field that only elements have cannot be asked of an arbitrary one") {
  ResourcesFixture f;
  const ResourceId arbitrary = f.sample.plan().loops[0].element;
  CHECK(f.resources.field(arbitrary, 0, f.environment));
  CHECK_FALSE(f.resources.field(arbitrary, 1, f.environment));
  CHECK_FALSE(f.environment.field(arbitrary, 1));
}

}  // namespace
}  // namespace plan::test
