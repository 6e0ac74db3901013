#include "compiler/value.hpp"

#include <catch2/catch.hpp>

#include "compiler/value_text.hpp"

using namespace plan;

TEST_CASE("versions are compared by number") {
  const auto order = [](const char* left, const char* right) {
    const auto result = compare_versions(left, right);
    return result < 0 ? -1 : result > 0 ? 1 : 0;
  };
  CHECK(order("8.7.6", "8.10.0") < 0);
  CHECK(order("7.1", "7.1.0") == 0);
  CHECK(order("7.1", "7.1.1") < 0);
  CHECK(order("8.0.0-rc1", "8.0.0") < 0);
  CHECK(order("8.0.0rc2", "8.0.0rc10") < 0);
  CHECK(order("8.0.0.dev3", "8.0.0") < 0);
  CHECK(order("8.0.0.dev3", "7.9") > 0);
  CHECK(order("1.0.99999999999999999999", "1.0.100000000000000000000") < 0);
  CHECK(order("01.2", "1.2") == 0);
  CHECK(order("1.a", "1.b") < 0);
}

TEST_CASE("a secret is compared as a whole and never shown") {
  CHECK(Secret("ab") == Secret("ab"));
  CHECK_FALSE(Secret("ab") == Secret("abc"));
  CHECK_FALSE(Secret("") == Secret(std::string(1, '\0')));
  CHECK(to_text(Value{Secret("ab")}) == "(secret)");
}

TEST_CASE("values are written as the language writes them") {
  CHECK(to_text(Value{Map{{"a", Value{List{Value{true}, Value{Null{}}}}}}}) ==
        "{ a: [true, null] }");
  CHECK(to_text(Value{Duration{90'000}}) == "90s");
  CHECK(to_text(Value{Duration{7'200'000}}) == "2h");
  CHECK(to_text(Value{Size{10LL << 30}}) == "10GiB");
  CHECK(to_text(Value{std::string("a\"\n")}) == "\"a\\\"\\n\"");
  CHECK(parse_duration("5m")->ms == 300'000);
  CHECK_FALSE(parse_duration("m"));
  CHECK_FALSE(parse_duration("99999999999999999d"));
  CHECK(parse_size("64KiB")->bytes == 65536);
}
