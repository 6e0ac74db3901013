// Hosts that turn out to be one machine, and what is told of them before anything is changed.
#include <algorithm>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "compiler/compile.hpp"
#include "runtime/apply.hpp"
#include "runtime/sim/plan_test.hpp"
#include "tests/unit/runtime/scripted.hpp"

namespace plan::test {
namespace {

class OneText : public SourceLoader {
 public:
  explicit OneText(std::string text) : text_(std::move(text)) {}
  std::optional<std::string> read(std::string_view path, std::string& why) override {
    if (path == "main.plan") {
      return text_;
    }
    why = "no such file";
    return std::nullopt;
  }

 private:
  std::string text_;
};

// A plan with two hosts, `old` and `new`, and what is given.
Plan compiled(const std::string& rest) {
  OneText loader(
      "plan \"Two hosts\"\nuse std.file\n"
      "let old = host { address: \"one.example\" }\n"
      "let new = host { address: \"two.example\" }\n" +
      rest);
  SourceMap sources;
  Diagnostics diagnostics;
  CompileOptions options;
  options.entry = "main.plan";
  CompileResult made = compile(sources, loader, options, diagnostics);
  INFO((diagnostics.size() == 0 ? "" : diagnostics.items().front().message));
  REQUIRE(made.plan);
  return std::move(*made.plan);
}

constexpr const char* notes_on_both = R"(
resource old_notes = file.file(host: old, path: "/srv/notes")
resource new_notes = file.file(host: new, path: "/srv/notes")
step copy = file.copy(from: old_notes, to: new_notes)
)";

// Preflight of a plan on hosts that answer with these machines: a machine id and a boot id.
Report looked_at(const Plan& plan, std::map<std::string, ConnectResult> machines) {
  ScriptedWorld scripted;
  scripted.effector.answer = [&machines](const Action& action) -> ActionResult {
    if (const auto* connect = std::get_if<Connect>(&action.body)) {
      return machines.at(connect->host.name);
    }
    return ExecResult{};
  };
  World world = scripted.world();
  return preview(plan, world, sim::SimulatedWorld::options());
}

const Diagnostic* told(const Report& report, Code code) {
  const auto& items = report.diagnostics.items();
  const auto found = std::ranges::find(items, code, &Diagnostic::code);
  return found == items.end() ? nullptr : &*found;
}

std::string failures(const Plan& plan) {
  std::string text;
  for (const sim::TestResult& result : sim::run_tests(plan)) {
    for (const std::string& failure : result.failures) {
      text += result.title + ": " + failure + "\n";
    }
  }
  return text;
}

}  // namespace

TEST_CASE("two resources on one machine under two names are refused, and both are named") {
  const Plan plan = compiled(notes_on_both);
  const Report report = looked_at(plan, {{"old", {.machine_id = "m", .boot_id = "b"}},
                                         {"new", {.machine_id = "m", .boot_id = "b"}}});
  CHECK(report.outcome == Outcome::refused);
  const Diagnostic* problem = told(report, Code::one_thing_twice);
  REQUIRE(problem != nullptr);
  CHECK(problem->message ==
        "`old_notes` and `new_notes` are one and the same: `old` and `new` are one machine");
}

TEST_CASE("machines made of one image are told apart by their boots") {
  const Plan plan = compiled(std::string(notes_on_both) + "require distinct(old, new)\n");
  const Report report = looked_at(plan, {{"old", {.machine_id = "m", .boot_id = "b1"}},
                                         {"new", {.machine_id = "m", .boot_id = "b2"}}});
  CHECK(told(report, Code::one_thing_twice) == nullptr);
  CHECK(told(report, Code::rule_violated) == nullptr);
}

TEST_CASE("two hosts on one machine may hold different things") {
  const Plan plan = compiled(R"(
resource old_notes = file.file(host: old, path: "/srv/old")
resource new_notes = file.file(host: new, path: "/srv/new")
step copy = file.copy(from: old_notes, to: new_notes)
)");
  const Report report = looked_at(plan, {{"old", {.machine_id = "m", .boot_id = "b"}},
                                         {"new", {.machine_id = "m", .boot_id = "b"}}});
  CHECK(told(report, Code::one_thing_twice) == nullptr);
}

TEST_CASE("what stands on a resource is one thing where the resource is") {
  const Plan plan = compiled(R"(
resource shop {
  stock: file.file
  key stock
  state is_open: bool = stock.exists
}
resource old_shop = shop(stock: file.file(host: old, path: "/srv/stock"))
resource new_shop = shop(stock: file.file(host: new, path: "/srv/stock"))
require old_shop.is_open == new_shop.is_open
)");
  const Report report = looked_at(plan, {{"old", {.machine_id = "m", .boot_id = "b"}},
                                         {"new", {.machine_id = "m", .boot_id = "b"}}});
  const Diagnostic* problem = told(report, Code::one_thing_twice);
  REQUIRE(problem != nullptr);
  CHECK(problem->message.starts_with("`old_shop` and `new_shop`"));
  REQUIRE_FALSE(problem->notes.empty());
  CHECK(problem->notes[0].starts_with("so are `"));
}

TEST_CASE("a host without a machine id is said to have none, not taken for another one") {
  const Plan plan = compiled("require distinct(old, new)\n");
  for (const std::string none : {"", "uninitialized"}) {
    const Report report = looked_at(plan, {{"old", {.machine_id = "m", .boot_id = "b"}},
                                           {"new", {.machine_id = none, .boot_id = "c"}}});
    CHECK(report.outcome == Outcome::refused);
    const Diagnostic* problem = told(report, Code::cannot_observe);
    REQUIRE(problem != nullptr);
    CHECK(problem->message.find("distinct(old, new)") != std::string::npos);
    CHECK(problem->message.find("host `new` has no machine id") != std::string::npos);
  }
}

TEST_CASE("where nothing tells two hosts apart, what would be one thing is refused") {
  const Plan plan = compiled(notes_on_both);
  const Report one_boot =
      looked_at(plan, {{"old", {.boot_id = "b"}}, {"new", {.machine_id = "m", .boot_id = "b"}}});
  const Diagnostic* problem = told(one_boot, Code::cannot_observe);
  REQUIRE(problem != nullptr);
  CHECK(problem->message.find("host `old` has no machine id") != std::string::npos);
  REQUIRE_FALSE(problem->notes.empty());
  CHECK(problem->notes[0].find("`old_notes` and `new_notes`") != std::string::npos);
  const Report two_boots = looked_at(plan, {{"old", {.boot_id = "b"}}, {"new", {.boot_id = "c"}}});
  CHECK(told(two_boots, Code::cannot_observe) == nullptr);
}

TEST_CASE("a plan's own tests can make two hosts one machine") {
  CHECK(failures(compiled(std::string(notes_on_both) + R"(
test "two machines" {
  given old_notes.exists
  expect new_notes.exists
}
test "one machine" {
  given old_notes.exists, host_machine(host: new).identity == host_machine(host: old).identity
  expect refused E0625
}
)")) == "");
  CHECK(failures(compiled(R"(
require distinct(old, new)
resource old_notes = file.file(host: old, path: "/srv/old")
step write = file.write(old_notes, "x")
test "one machine" {
  given host_machine(host: old).identity == "m/b", host_machine(host: new).identity == "m/b"
  expect refused E0620
}
)")) == "");
}

}  // namespace plan::test
