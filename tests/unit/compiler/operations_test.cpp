#include "compiler/operations.hpp"

#include <catch2/catch.hpp>

using namespace plan;

namespace {

Value text(const char* value) {
  return Value{std::string(value)};
}
Value number(std::int64_t value) {
  return Value{value};
}

Evaluated native(std::string_view name, std::vector<Value> arguments) {
  for (std::uint32_t index = 0; index < pure_natives().size(); ++index) {
    if (pure_natives()[index] == name) {
      return apply_native(index, arguments);
    }
  }
  return std::unexpected("no such native");
}

}  // namespace

TEST_CASE("arithmetic never wraps") {
  CHECK(apply(Op::add, number(2), number(3)) == number(5));
  CHECK(apply(Op::add, number(INT64_MAX), number(1)).error() ==
        "the number does not fit into 64 bits");
  CHECK_FALSE(apply(Op::negate, number(INT64_MIN)));
  CHECK_FALSE(apply(Op::divide, number(INT64_MIN), number(-1)));
  CHECK(apply(Op::remainder, number(INT64_MIN), number(-1)) == number(0));
  CHECK(apply(Op::divide, number(1), number(0)).error() == "division by zero");
  CHECK(apply(Op::multiply, number(3), Value{Duration{10}}) == Value{Duration{30}});
  CHECK(apply(Op::divide, Value{Duration{30}}, Value{Duration{10}}) == number(3));
}

TEST_CASE("kinds that do not go together are named") {
  CHECK(apply(Op::less, Value{Version{"1.2"}}, text("1.2")).error() ==
        "cannot compare a version with a string");
  CHECK(apply(Op::less, Value{Version{"7.1"}}, Value{Version{"7.1.0"}}) == Value{false});
  CHECK(apply(Op::equal, Value{Version{"7.1"}}, Value{Version{"7.1.0"}}) == Value{true});
}

TEST_CASE("objects are equal whatever the order of their entries") {
  const Value one{Map{{"a", number(1)}, {"b", number(2)}}};
  const Value two{Map{{"b", number(2)}, {"a", number(1)}}};
  CHECK(apply(Op::equal, one, two) == Value{true});
}

TEST_CASE("a text with a secret in it is a secret") {
  const Evaluated joined = apply(Op::add, text("a"), Value{Secret("b")});
  CHECK(joined == Value{Secret("ab")});
}

TEST_CASE("natives do what native.plan says") {
  CHECK(native("version_component", {Value{Version{"8.7.6"}}, number(1)}) == number(7));
  CHECK(native("version_component", {Value{Version{"8"}}, number(1)}) == number(0));
  CHECK(native("capture", {text("PostgreSQL 15.3 on x"), text("PostgreSQL ([0-9.]+)")}) ==
        text("15.3"));
  CHECK(native("capture", {text("x"), text("y")}) == text(""));
  CHECK_FALSE(native("matches", {text("x"), text("(")}));
  CHECK(native("lines", {text("a\r\nb\n")}) == Value{List{text("a"), text("b")}});
  CHECK(native("minus", {Value{List{number(1), number(2)}}, Value{List{number(2)}}}) ==
        Value{List{number(1)}});
  CHECK(native("length", {text("ä")}) == number(1));
  CHECK(native("sql_literal", {text("it's \\")}) == text(" E'it''s \\\\'"));
  CHECK(native("sql_identifier", {text("a\"b")}) == text("\"a\"\"b\""));
  CHECK(native("shell_quote!", {text("it's")}) == text("'it'\\''s'"));
  CHECK(native("shell_quote!", {Value{List{text("a b"), text("c")}}}) == text("'a b' c"));
  CHECK(native("shell_quote!", {text("")}) == text("''"));
  CHECK(native("first", {Value{List{}}}).error() == "`first`: the list is empty");
  CHECK(native("sha256", {text("abc")}) ==
        text("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  CHECK_FALSE(native("range", {number(1'000'000'000)}));
}

TEST_CASE("JSON goes in and out") {
  const Evaluated value = parse_json(R"({"b": [1, 2.5, null, true], "a": "x", "b": 3})");
  REQUIRE(value);
  CHECK(to_json(*value) == text(R"({"a":"x","b":3})"));
  CHECK_FALSE(parse_json("{"));
  CHECK_FALSE(parse_json(std::string(1000, '[')));
  CHECK_FALSE(to_json(Value{Secret("x")}));
  CHECK(parse_json("18446744073709551615") == text("18446744073709551615"));
}

TEST_CASE("a cast names the path and the value that does not fit") {
  Plan plan;
  plan.types = {Type{TypeKind::string}, Type{TypeKind::integer},
                Type{TypeKind::record, UINT32_MAX, 0}, Type{TypeKind::list, 2},
                Type{TypeKind::version}};
  plan.record_types = {RecordType{"e", {"id", "count"}, {0, 1}, {}}};
  CHECK(
      cast(plan, *parse_json(R"([{"id":"a","count":1,"more":2},{"id":7,"count":1}])"), 3).error() ==
      "at [1].id: expected a string, found 7");
  CHECK(cast(plan, *parse_json(R"([{"id":"a","count":"12"}])"), 3) ==
        Value{List{Value{Map{{"id", text("a")}, {"count", number(12)}}}}});
  CHECK(cast(plan, *parse_json(R"([{"id":"a"}])"), 3).error() == "at [0]: there is no `count`");
  CHECK(cast(plan, text("8.7.6"), 4) == Value{Version{"8.7.6"}});
}
