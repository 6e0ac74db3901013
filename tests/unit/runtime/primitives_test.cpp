#include "runtime/primitives.hpp"

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include <catch2/catch.hpp>

namespace plan {
namespace {

// Name and number of parameters of each `native effect` of native.plan.
std::map<std::string, std::size_t> declared_effects() {
  std::ifstream file("stdlib/native.plan");
  std::stringstream text;
  text << file.rdbuf();
  std::map<std::string, std::size_t> effects;
  const std::string all = text.str();
  const std::regex form(R"(native effect (\w+)\((.*)\): )");
  for (std::sregex_iterator found(all.begin(), all.end(), form), end; found != end; ++found) {
    const std::string parameters = (*found)[2];
    // Defaults hold no comma outside of brackets; every parameter has one colon before its type.
    const std::regex parameter(R"((^|, )\w+: )");
    effects[(*found)[1]] = static_cast<std::size_t>(
        std::distance(std::sregex_iterator(parameters.begin(), parameters.end(), parameter),
                      std::sregex_iterator()));
  }
  return effects;
}

PrimitiveCall call(std::string effect, std::vector<std::optional<Value>> arguments) {
  return {.effect = std::move(effect), .arguments = std::move(arguments)};
}

Value words(std::initializer_list<const char*> list) {
  List result;
  for (const char* word : list) {
    result.push_back(Value{std::string(word)});
  }
  return Value{std::move(result)};
}

TEST_CASE("the table of primitives is what native.plan declares") {
  std::map<std::string, std::size_t> table;
  for (const PrimitiveInfo& primitive : primitives()) {
    table[std::string(primitive.name)] = primitive.parameter_count;
  }
  CHECK(table == declared_effects());
}

TEST_CASE("a machine's identity is its machine id in its boot, and nothing without a machine id") {
  PrimitiveCall made = call("machine_identity", {});
  made.host.name = "old";
  CHECK(*decode(made, ConnectResult{.machine_id = "m", .boot_id = "b"}) ==
        Value{std::string("m/b")});
  const auto none = decode(made, ConnectResult{.machine_id = "", .boot_id = "b"});
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Code::machine_without_id);
  CHECK(none.error().message ==
        "host `old` has no machine id: /etc/machine-id is missing or empty");
}

TEST_CASE("every primitive of the table can be built") {
  for (const PrimitiveInfo& primitive : primitives()) {
    PrimitiveCall made = call(std::string(primitive.name), {words({"x"})});
    if (primitive.name == "sql") {
      made.arguments[0] = Value{Map{{"database", Value{std::string("d")}}}};
      made.database_host = local_address();
    }
    CHECK(build(made));
  }
}

TEST_CASE("exec gives its result whatever the status, run fails") {
  const auto result = decode(call("exec", {words({"false"})}), ExecResult{.code = 3});
  REQUIRE(result);
  CHECK(*find(*result->as<Map>(), "code") == Value{std::int64_t{3}});
  CHECK(*find(*result->as<Map>(), "ok") == Value{false});
  const auto failed =
      decode(call("run", {words({"systemctl", "stop"})}), ExecResult{.code = 1, .err = "denied\n"});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Code::command_failed);
  CHECK(failed.error().message == "`systemctl stop` ended with exit status 1");
  CHECK(failed.error().notes.at(0) == "it said: denied");
}

TEST_CASE("a secret cannot become a word of a command") {
  CHECK_FALSE(build(call("exec", {Value{List{Value{Secret("x")}}}})));
}

TEST_CASE("a token goes into the Authorization header, as a secret") {
  auto body =
      build(call("http_request", {Value{std::string("GET")}, Value{std::string("http://h/")},
                                  std::nullopt, std::nullopt, Value{Secret("t")}}));
  REQUIRE(body);
  const auto& http = std::get<HttpCall>(*body);
  REQUIRE(http.headers.size() == 1);
  CHECK(http.headers[0].second.secret);
  CHECK(http.headers[0].second.reveal() == "Bearer t");
}

TEST_CASE("a request to where nothing listens has status 0, unless it must succeed") {
  const Failure refused{.kind = FailureKind::refused, .message = "connection refused"};
  const auto answered = decode(call("http_request", {}), refused);
  REQUIRE(answered);
  CHECK(*find(*answered->as<Map>(), "status") == Value{std::int64_t{0}});
  auto must = call("http_request", {});
  must.arguments.resize(7);
  must.arguments[6] = Value{true};
  CHECK_FALSE(decode(must, refused));
  const auto failed = decode(must, HttpResult{.status = 500});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Code::request_failed);
  CHECK(decode(must, HttpResult{.status = 204}));
}

TEST_CASE("parameters of SQL keep null, and JSON for what is composed") {
  PrimitiveCall sql = call("sql", {Value{Map{}}, Value{std::string("SELECT $1")},
                                   Value{List{Value{Null{}}, Value{std::int64_t{7}},
                                              Value{List{Value{true}}}, Value{Secret("s")}}}});
  sql.database_host = local_address();
  auto body = build(sql);
  REQUIRE(body);
  const auto& parameters = std::get<Sql>(*body).parameters;
  REQUIRE(parameters.size() == 4);
  CHECK_FALSE(parameters[0]);
  CHECK(parameters[1]->plain == "7");
  CHECK(parameters[2]->plain == "[true]");
  CHECK(parameters[3]->secret);
}

}  // namespace
}  // namespace plan
