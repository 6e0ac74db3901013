// What declarations become.

#include <catch2/catch.hpp>

#include "elaborated.hpp"

using namespace plan;
using test::elaborated;
using Strings = std::vector<std::string>;

TEST_CASE("a step is its operation with the arguments' states") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource web = shop.service(host: h, unit: "web")
step go = shop.stop(web) { requires web.enabled }
)");
  REQUIRE(made.codes().empty());
  const Step& step = made.step("go");
  CHECK(made.plan.operations[step.operation].name == "shop.stop");
  CHECK(made.plan.hosts[step.host].name == "h");
  CHECK(step.timeout_ms == 300000);
  CHECK(made.texts(step.requires_) == Strings{"web.enabled"});
  CHECK(made.texts(step.ensures) == Strings{"not web.active"});
  CHECK(made.effects(step.effects) == Strings{"web.active := false"});
  CHECK(made.reads(step.ensures[0]) == Strings{"web.active"});
  CHECK(made.plan.operations[step.undo_operation].name == "shop.start");
  CHECK(made.effects(step.undo_effects) == Strings{"web.active := true"});
}

TEST_CASE("an operation is lowered once, however many steps use it") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource web = shop.service(host: h, unit: "web")
resource api = shop.service(host: h, unit: "api")
step one = shop.stop(web)
step two = shop.stop(api)
)");
  REQUIRE(made.codes().empty());
  CHECK(made.plan.operations.size() == 2);  // stop, and start as its undo
}

TEST_CASE("two declarations with one key are one resource") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource web = shop.service(host: h, unit: "web")
resource same = shop.service(host: h, unit: "web")
step one = shop.stop(web)
step two = shop.stop(same)
)");
  REQUIRE(made.codes().empty());
  CHECK(made.plan.resources.size() == 1);
  CHECK(made.step("one").arguments == made.step("two").arguments);
}

TEST_CASE("one resource declared twice with different fields is refused") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource one = shop.database(host: h, name: "a")
resource two = shop.database(host: h, name: "a", expendable: true)
goal one.content == two.content
)");
  CHECK(made.codes() == Strings{"E0213"});
}

TEST_CASE("declarations may stand in any order") {
  const auto made = elaborated(R"(use "./shop.plan"
step go = shop.stop(server.service)
resource server = shop.server(host: h, database: db)
resource db = shop.database(host: h, name: name)
let name = "db-${suffix}"
let suffix = "1"
input h: host
)");
  REQUIRE(made.codes().empty());
  CHECK(made.texts(made.step("go").ensures) == Strings{"not server.service.active"});
}

TEST_CASE("arguments may be declared further down, in the order of their own fields") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
step go = shop.move(from: one, to: two)
resource one = shop.database(name: "a", host: h, expendable: true)
resource two = shop.database(expendable: true, name: "b", host: h)
)");
  REQUIRE(made.codes().empty());
  CHECK(made.effects(made.step("go").effects) ==
        Strings{"destroy two.content", "two.content := one.content"});
}

TEST_CASE("what fields hold is named after the resource that holds it") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource server = shop.server(host: h, database: shop.database(host: h, name: "db"))
goal server.service.active
)");
  REQUIRE(made.codes().empty());
  Strings names;
  for (const Resource& resource : made.plan.resources) {
    names.push_back(resource.name);
  }
  CHECK(names == Strings{"server.database", "server.service", "server"});
}

TEST_CASE("derived states are expanded, their names are kept for people") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource server = shop.server(host: h, database: shop.database(host: h, name: "db"))
goal not server.live
)");
  REQUIRE(made.codes().empty());
  CHECK(made.plan.goals[0].text == "not server.live");
  CHECK(print_expr(made.plan, made.plan.goals[0].expr) ==
        "not (server.service.active and server.service.enabled)");
  CHECK(made.reads(made.plan.goals[0]) ==
        Strings{"server.service.active", "server.service.enabled"});
}

TEST_CASE("distinct is decided by key, and left to the hosts' identities otherwise") {
  const auto made = elaborated(R"(use "./shop.plan"
input one: host
input two: host
resource a = shop.database(host: one, name: "x")
resource b = shop.database(host: two, name: "x")
step go = shop.move(from: a, to: b)
)");
  REQUIRE(made.codes().empty());
  const Step& step = made.step("go");
  REQUIRE(step.requires_.size() == 1);
  CHECK(print_expr(made.plan, step.requires_[0].expr) == "a.identity != b.identity");
  CHECK(made.effects(step.effects) == Strings{"destroy b.content", "b.content := a.content"});
}

TEST_CASE("a loop over a query is its body for an arbitrary element") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource server = shop.server(host: h, database: shop.database(host: h, name: "db"))
for site in server.sites, one at a time {
  step ask = shop.ask(site)
  step wait = shop.wait(site, ask.token)
}
goal for site in server.sites: not site.halted
)");
  REQUIRE(made.codes().empty());
  REQUIRE(made.plan.loops.size() == 1);
  const Loop& loop = made.plan.loops[0];
  CHECK(loop.at_most == 1);
  CHECK(loop.body.size() == 2);
  const Resource& element = made.plan.resources[loop.element.index];
  CHECK(element.name == "server.sites[]");
  CHECK(element.is_element());
  // The server of every element is known, its id is not.
  CHECK(element.fields[0].as<ResourceId>() != nullptr);
  CHECK(element.fields[1].as<Deferred>() != nullptr);
  CHECK(made.after("wait") == Strings{"ask"});
  CHECK(made.effects(made.step("ask").effects) ==
        Strings{"shop.job(server.sites[], ask.token).asked := true"});
  CHECK(made.texts(made.step("wait").awaits) == Strings{"not server.sites[].halted"});
  CHECK(made.reads(made.plan.goals[0]) == Strings{"server.sites", "server.sites[].halted"});
  CHECK(made.plan.goals[0].text == "for site in server.sites: not site.halted");
}

TEST_CASE("an effect on all elements is one on the arbitrary element") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource server = shop.server(host: h, database: shop.database(host: h, name: "db"))
step halt = shop.halt_all(server)
)");
  REQUIRE(made.codes().empty());
  CHECK(made.effects(made.step("halt").effects) == Strings{"server.sites[].halted := true"});
  CHECK(made.texts(made.step("halt").ensures) == Strings{"for site in server.sites: site.halted"});
}

TEST_CASE("changes may keep carried states") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource server = shop.server(host: h, database: shop.database(host: h, name: "db"))
step go = shop.migrate(server)
)");
  REQUIRE(made.codes().empty());
  const Effect& effect = made.step("go").effects[0];
  CHECK(effect.kind == EffectKind::change);
  REQUIRE(effect.keeping.size() == 1);
  const ResourceType& type = made.plan.resource_types[effect.keeping[0].type];
  CHECK(type.name == "shop.site");
  CHECK(type.attributes[effect.keeping[0].attribute].name == "halted");
}

TEST_CASE("a loop over a known list is unrolled, turn by turn") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
for name in ["web", "api"], one at a time {
  resource unit = shop.service(host: h, unit: name)
  step off = shop.stop(unit)
  step on = shop.start(unit) { after off }
}
step last = approve "all good?" { after on }
)");
  REQUIRE(made.codes().empty());
  CHECK(made.after("on[web]") == Strings{"off[web]"});
  CHECK(made.after("off[api]") == Strings{"off[web]", "on[web]"});
  CHECK(made.after("on[api]") == Strings{"off[web]", "on[web]", "off[api]"});
  CHECK(made.after("last") == Strings{"on[web]", "on[api]"});
  CHECK(made.step("last").kind == StepKind::approve);
  CHECK(made.plan.resources[1].name == "unit[api]");
}

TEST_CASE("a phase stands for its steps") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource web = shop.service(host: h, unit: "web")
phase "Take it down" { step off = shop.stop(web) }
phase "Bring it up" after take_it_down { step on = shop.start(web) }
)");
  REQUIRE(made.codes().empty());
  CHECK(made.after("on") == Strings{"off"});
  REQUIRE(made.plan.phases.size() == 2);
  CHECK(made.plan.phases[1].title == "Bring it up");
  CHECK(made.step("on").phase == 1);
}

TEST_CASE("what never happens is left out, what may happen is conditional") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
input wants_api: bool = false
input wants_web: bool
resource web = shop.service(host: h, unit: "web")
resource api = shop.service(host: h, unit: "api")
when wants_api { step off_api = shop.stop(api) }
when wants_web {
  when web.enabled { step off_web = shop.stop(web) }
}
)");
  REQUIRE(made.codes().empty());
  CHECK(made.plan.steps.size() == 1);
  REQUIRE(made.step("off_web").when);
  CHECK(made.step("off_web").when->text == "wants_web and web.enabled");
}

TEST_CASE("rules are decided when their values are known") {
  const std::string_view plan = R"(use std.version
input from: version
input to: version
require version.one_major_at_a_time(from: from, to: to)
)";
  CompileOptions options;
  options.set["from"] = {.text = "6.4.2", .origin = "--set"};
  options.set["to"] = {.text = "v8.7.6", .origin = "--set"};
  const auto broken = elaborated(plan, options);
  CHECK(broken.codes() == Strings{"E0501"});
  options.set["from"] = {.text = "7.1.0", .origin = "--set"};
  const auto good = elaborated(plan, options);
  CHECK(good.codes().empty());
  CHECK(good.plan.rules.empty());
}

TEST_CASE("rules over facts are left to preflight, with their messages") {
  const auto made = elaborated(R"(use "./shop.plan"
input a: host
input b: host
resource old = shop.server(host: a, database: shop.database(host: a, name: "db"))
resource new = shop.server(host: b, database: shop.database(host: b, name: "db"))
require shop.newer(old, new)
)");
  REQUIRE(made.codes().empty());
  REQUIRE(made.plan.rules.size() == 1);
  CHECK(made.plan.rules[0].condition.message == "this would be a downgrade");
  CHECK(made.plan.rules[0].condition.text == "new.version >= old.version");
}

TEST_CASE("texts beside the plan are read when it is compiled") {
  const auto made = elaborated(R"(use std.version
let releases = version.catalog("releases.txt")
require v8.7.6 in version.releases(releases)
require v9.0.0 in version.releases(releases) else "not a release"
)");
  CHECK(made.codes() == Strings{"E0501"});
  CHECK(made.message() == "the plan breaks a rule: not a release");
}

TEST_CASE("inputs are read as their types, and everything wrong is said in one run") {
  CompileOptions options;
  options.set["budget"] = {.text = "soon", .origin = "--set"};
  options.set["retires"] = {.text = "3", .origin = "--set"};
  options.set["password"] = {.text = "hunter2", .origin = "--set"};
  options.require_inputs = true;
  const auto made = elaborated(R"(
input budget: duration
input retries: int
input password: secret
input h: host
require retries > 0 and budget > 1s
)",
                               options);
  CHECK(made.codes() == Strings{"E0640", "E0643", "E0641", "E0642", "E0642"});
}

TEST_CASE("an inputs file gives hosts, records and where secrets come from") {
  test::Texts files;
  files.files["main.plan"] = R"(plan "Test"
type limits { cpus: int, memory: size = 1GiB }
input h: host
input of: limits
input password: secret
require of.cpus == 4 and of.memory == 1GiB and address(h) == "10.0.0.5"
)";
  files.files["inputs.plan"] = R"(h = host { address: "10.0.0.5", user: "ops", become: "root" }
of = { cpus: 4 }
password = env("DB_PASSWORD")
)";
  CompileOptions options;
  options.inputs_file = "inputs.plan";
  const auto made = elaborated(std::move(files), options);
  CHECK(made.codes().empty());
  CHECK(made.plan.hosts[0].become == "root");
  REQUIRE(made.inputs.secret_sources.contains("password"));
  CHECK(made.inputs.secret_sources.at("password").arguments == Strings{"DB_PASSWORD"});
}

TEST_CASE("a computed default of a record is one value wherever the record comes from") {
  test::Texts files;
  files.files["main.plan"] = R"(plan "Test"
let unit = 64KiB
type part { name: string, tags: list<string> = ["a"] }
type limits { memory: size = unit * 2, parts: list<part> = [] }
input given: limits
let read = json_parse("{}") as limits
let written = limits {}
require given.memory == 128KiB and read.memory == 128KiB and written.memory == 128KiB
require read.parts == [] and given.parts[0].tags == ["a"]
)";
  files.files["inputs.json"] = R"({"given": {"parts": [{"name": "x"}]}})";
  CompileOptions options;
  options.inputs_file = "inputs.json";
  const auto made = elaborated(std::move(files), options);
  INFO(made.message());
  CHECK(made.codes().empty());
}

TEST_CASE("a given record says which field is wrong") {
  const auto message = [](std::string text) {
    CompileOptions options;
    options.set["of"] = {.text = std::move(text), .origin = "--set"};
    return elaborated(
               "type limits { cpus: int, memory: size = 1GiB }\ninput of: limits\nrequire of.cpus "
               "> 0\n",
               options)
        .message();
  };
  CHECK(message("{ cpus: 1 }").empty());
  CHECK(message("{ memory: 1GiB }") == "input `of`: there is no `cpus`");
  CHECK(message("{ cpu: 1 }") == "input `of`: limits has no field `cpu`; did you mean `cpus`?");
  CHECK(message("{ cpus: \"many\" }") == "input `of`: at .cpus: expected an int, found \"many\"");
}

TEST_CASE("elements are given by their fields and states, and nothing else") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource server = shop.server(host: h, database: shop.database(host: h, name: "db"))
test "wrong" {
  given server.sites == [{ id: 1 }]
  given server.sites == [{ id: "a", halter: true }]
  given server.version == 7
}
)");
  CHECK(made.codes() == Strings{"E0201", "E0203", "E0205"});
}

TEST_CASE("secrets stay inputs") {
  const auto made = elaborated(R"(
input password: secret
resource db = base(host: host { local: true }, password: password)
resource base on host {
  host: host
  password: secret
  key host
  state up: bool = sql(sql_target { host: host, database: "a", user: "b", password: password }, "SELECT 1") != []
}
goal db.up
)");
  REQUIRE(made.codes().empty());
  const auto* deferred = made.plan.resources[0].fields[1].as<Deferred>();
  REQUIRE(deferred != nullptr);
  CHECK(made.plan[deferred->expr].op == Op::input);
  CHECK(!made.plan.inputs[0].value);
}

TEST_CASE("without its inputs a plan compiles for arbitrary values, unless its shape needs one") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
input names: list<string>
for name in names { step off = shop.stop(shop.service(host: h, unit: name)) }
)");
  CHECK(made.codes() == Strings{"E0642"});
}

TEST_CASE("steps of people") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource web = shop.service(host: h, unit: "web")
step pull = manual "Pull the cable" {
  requires web.active
  ensures not web.active
  irreversible "it is a cable"
}
approve "Is it dark?" { after pull }
)");
  REQUIRE(made.codes().empty());
  const Step& pull = made.step("pull");
  CHECK(pull.kind == StepKind::manual);
  CHECK(pull.text == "Pull the cable");
  CHECK(made.plan.operations[pull.operation].irreversible == "it is a cable");
  CHECK(made.effects(pull.effects) == Strings{"web.active := false"});
  CHECK(made.after("approve") == Strings{"pull"});
}

TEST_CASE("tests say what is given and what is expected") {
  const auto made = elaborated(R"(use "./shop.plan"
input h: host
resource server = shop.server(host: h, database: shop.database(host: h, name: "db"))
step off = shop.stop(server.service)
test "it goes down" {
  given server.service.active, not server.ready
  given server.version == v7.1.0
  given server.sites == [{ id: "a", name: "A" }]
  set h = host { address: "10.0.0.9" }
  crash everywhere
  fail step off
  shuffle 20
  expect not server.service.active
}
test "it is refused" { expect refused E0501 }
)");
  REQUIRE(made.codes().empty());
  REQUIRE(made.plan.tests.size() == 2);
  const Test& test = made.plan.tests[0];
  CHECK(made.effects(test.given) == Strings{"server.service.active := true",
                                            "server.ready := false", "server.version := v7.1.0",
                                            "server.sites := [{ id: \"a\", name: \"A\" }]"});
  CHECK(test.crashes_everywhere);
  CHECK(test.failing_steps == Strings{"off"});
  CHECK(test.shuffles == 20);
  CHECK(test.inputs.size() == 1);
  CHECK(made.texts(test.expected) == Strings{"not server.service.active"});
  CHECK(made.plan.tests[1].refused_code == "E0501");
}
