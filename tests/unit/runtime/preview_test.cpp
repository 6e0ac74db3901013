#include <algorithm>

#include <catch2/catch.hpp>

#include "runtime/history.hpp"
#include "runtime/observe.hpp"
#include "tests/unit/runtime/sample_move.hpp"

namespace plan::test {
namespace {

const StepResult& result_of(const Report& report, std::string_view name) {
  const auto found = std::ranges::find(report.steps, name, &StepResult::name);
  REQUIRE(found != report.steps.end());
  return *found;
}

bool has(const Report& report, Code code) {
  return std::ranges::find(report.diagnostics.items(), code, &Diagnostic::code) !=
         report.diagnostics.items().end();
}

struct Look {
  explicit Look(const Plan& plan) : simulated(plan) {}
  Report preview() {
    World world = simulated.world();
    return plan::preview(simulated.plan, world, sim::SimulatedWorld::options());
  }
  sim::SimulatedWorld simulated;
};

// A server that runs; one step stops it, a later one starts it.
struct Restart {
  RunnablePlan b{"Restart"};
  VariableId active, tidied;
  Restart() {
    const HostId host = b.host("here");
    const std::uint32_t server = b.resource_type(
        "server", {"host"}, 1,
        {b.state("active", TypeKind::boolean), b.state("tidied", TypeKind::boolean)});
    const ResourceId it = b.resource("it", server, {Value{host}});
    active = b.variable(it, 0);
    tidied = b.variable(it, 1);
    const StepId stop = b.sets_flag("stop", active, false);
    const StepId start = b.sets_flag("start", active, true);
    b.sets_flag("tidy", tidied, true);
    b.edge(stop, start);
    b.plan.goals = {b.is_true(tidied)};
  }
};

TEST_CASE("a step holds already only if no step before it will write what it ensures") {
  Restart restart;
  Look look(restart.b.plan);
  look.simulated.give({restart.b.sets(restart.active, Value{true})});
  const Report report = look.preview();
  CHECK(result_of(report, "stop").status == StepStatus::waiting);
  CHECK(result_of(report, "stop").detail == "`it.active` is true");
  CHECK(result_of(report, "start").status == StepStatus::waiting);
  CHECK(result_of(report, "start").detail == "`it.active` is false after `stop`");
  CHECK_FALSE(result_of(report, "start").is_undecided);
}

TEST_CASE("a step before it that holds itself writes nothing") {
  Restart restart;
  restart.b.plan.edges.clear();
  restart.b.plan.steps[1].effects = {restart.b.sets(restart.tidied, Value{true})};
  restart.b.plan.steps[1].ensures = {restart.b.is_true(restart.tidied)};
  restart.b.edge(StepId{1}, StepId{2});
  Look look(restart.b.plan);
  look.simulated.give({restart.b.sets(restart.tidied, Value{true})});
  const Report report = look.preview();
  CHECK(result_of(report, "start").status == StepStatus::held);
  CHECK(result_of(report, "tidy").status == StepStatus::held);
}

TEST_CASE("what a step before it changes to something unknown is decided later") {
  Restart restart;
  restart.b.plan.steps[0].effects[0].kind = EffectKind::change;
  restart.b.plan.steps[0].ensures.clear();
  Look look(restart.b.plan);
  look.simulated.give({restart.b.sets(restart.active, Value{true})});
  const Report report = look.preview();
  CHECK(result_of(report, "start").status == StepStatus::waiting);
  CHECK(result_of(report, "start").is_undecided);
  CHECK(result_of(report, "start").detail == "`it.active` is known after `stop`");
}

TEST_CASE("a loop whose list a step will bring is not unfolded over the present one") {
  SampleMove move;
  RunnablePlan& b = move.builder;
  // The old server's environments are halted before; their list travels with the content.
  const ResourceId old_orch{2};
  const ResourceId old_element = b.resource("old_orch.environments[]", 1, {});
  Resource& arbitrary = b.plan.resources[old_element.index];
  arbitrary.element_of = old_orch;
  arbitrary.query = 1;
  const ExprId id_expr =
      b.add({.op = Op::field, .a = b.constant(Value{old_element}).index, .b = Name("id").id()});
  arbitrary.fields = {Value{old_orch}, Value{Deferred{id_expr}}};
  static_cast<void>(b.variable(old_element, 0));
  Look look(move.plan());
  look.simulated.give(move.given);
  const Report report = look.preview();
  CHECK(result_of(report, "resume[…]").status == StepStatus::waiting);
  REQUIRE(report.loops.size() == 1);
  CHECK(report.loops[0].list == "new_orch.environments");
  CHECK(report.loops[0].known_after == "move");
  CHECK(report.loops[0].brought_from == "old_orch.environments");
  CHECK(report.loops[0].elements == std::vector<std::string>{"a", "b", "c"});
  CHECK(report.point_of_no_return == std::vector<std::string>{"resume[…]"});
}

TEST_CASE("a loop whose list nobody can foresee names the step after which it is known") {
  const SampleMove move;
  Look look(move.plan());
  look.simulated.give(move.given);
  const Report report = look.preview();
  REQUIRE(report.loops.size() == 1);
  CHECK(report.loops[0].known_after == "move");
  CHECK(report.loops[0].elements.empty());
}

TEST_CASE("a step that was cut off is not told done by what is observed") {
  Restart restart;
  bool is_seen = false;
  for (std::uint64_t cut = 1; cut < 30; ++cut) {
    Look look(restart.b.plan);
    look.simulated.give({restart.b.sets(restart.active, Value{true})});
    look.simulated.faults.cut_at = cut;
    look.simulated.faults.cut = sim::Cut::after;
    static_cast<void>(look.simulated.apply(sim::SimulatedWorld::options()));
    look.simulated.faults.cut_at = 0;
    const auto journaled = read_journal(look.simulated.storage);
    REQUIRE(journaled);
    const History history = history_of(*journaled);
    for (const StepResult& step : look.preview().steps) {
      const auto before = history.steps.find(step.name);
      if (history.goes_on() && before != history.steps.end() && before->second.is_open) {
        is_seen = true;
        CHECK(step.status != StepStatus::held);
      }
    }
  }
  CHECK(is_seen);
}

TEST_CASE("what must always hold is looked at before anything is done") {
  Restart restart;
  restart.b.plan.invariants = {restart.b.is_false(restart.tidied)};
  Look look(restart.b.plan);
  look.simulated.give(
      {restart.b.sets(restart.tidied, Value{true}), restart.b.sets(restart.active, Value{true})});
  restart.b.plan.goals = {restart.b.is_false(restart.active)};
  const auto report = look.simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  CHECK(report->outcome == Outcome::refused);
  CHECK(has(*report, Code::invariant_false_as_found));
  CHECK(look.simulated.effector.bodies.empty());
  CHECK(look.simulated.storage.records.empty());
}

TEST_CASE("a step that breaks what must always hold is the last one") {
  Restart restart;
  restart.b.plan.invariants = {restart.b.is_false(restart.tidied)};
  restart.b.edge(StepId{2}, StepId{0});
  Look look(restart.b.plan);
  look.simulated.give({restart.b.sets(restart.active, Value{true})});
  const auto report = look.simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  CHECK(report->outcome == Outcome::failed);
  CHECK(has(*report, Code::invariant_not_kept));
  CHECK(look.simulated.effector.bodies.size() == 1);
}

TEST_CASE("a step reaches what is carried by what it writes") {
  const SampleMove move;
  Reach reach(move.plan());
  const auto written = reach.of(move.move, move.plan().steps[move.move.index].effects);
  CHECK(std::ranges::find(written, move.new_content) != written.end());
  CHECK(std::ranges::find(written, move.halted) != written.end());
  CHECK(std::ranges::find(written, move.old_content) == written.end());
}

TEST_CASE("a step that was cut off says so, in a loop, too") {
  const SampleMove move;
  std::vector<std::string> seen;
  for (std::uint64_t cut = 1; cut < 60; ++cut) {
    sim::SimulatedWorld simulated(move.plan());
    simulated.give(move.given);
    simulated.faults.cut_at = cut;
    simulated.faults.cut = sim::Cut::before;
    if (simulated.apply(sim::SimulatedWorld::options())) {
      break;  // it came to its end before
    }
    simulated.faults.cut_at = 0;
    const auto journaled = read_journal(simulated.storage);
    REQUIRE(journaled);
    const History history = history_of(*journaled);
    World world = simulated.world();
    const Report report = preview(move.plan(), world, sim::SimulatedWorld::options());
    for (const auto& [name, before] : history.steps) {
      if (before.is_open) {
        INFO(name << " after call " << cut);
        seen.push_back(name);
        CHECK(result_of(report, name).status == StepStatus::interrupted);
      }
    }
  }
  CHECK(std::ranges::find(seen, "move") != seen.end());
  CHECK(std::ranges::find(seen, "keep[b]") != seen.end());
}

TEST_CASE("a step that failed before says so") {
  const SampleMove move;
  Look look(move.plan());
  look.simulated.give(move.given);
  look.simulated.faults.failing_steps = {"resume[b]"};
  REQUIRE(look.simulated.apply(sim::SimulatedWorld::options()));
  const Report report = look.preview();
  CHECK(result_of(report, "resume[b]").status == StepStatus::failed);
  CHECK(result_of(report, "resume[c]").status == StepStatus::waiting);
}

// A database that one step drops; nothing in the plan reads its facts.
struct Drop {
  RunnablePlan b{"Drop a database"};
  ResourceId db, other;
  VariableId gone;
  Drop() {
    const HostId host = b.host("here");
    Attribute bytes = b.state("bytes", TypeKind::integer);
    Attribute owner = b.state("owner", TypeKind::string);
    bytes.kind = owner.kind = AttributeKind::fact;
    const std::uint32_t type = b.resource_type(
        "database", {"host", "name"}, 2,
        {b.state("content", TypeKind::string), b.state("gone", TypeKind::boolean), bytes, owner});
    db = b.resource("db", type, {Value{host}, Value{std::string("db")}});
    other = b.resource("other", type, {Value{host}, Value{std::string("other")}});
    gone = b.variable(db, 1);
    const StepId drop = b.sets_flag("drop", gone, true);
    b[drop].effects.push_back({.variable = b.variable(db, 0), .kind = EffectKind::destroy});
    b.plan.goals = {b.is_true(gone)};
  }
};

TEST_CASE("what is destroyed is shown with its facts, and nothing else is looked at for it") {
  Drop drop;
  Look look(drop.b.plan);
  const Report report = look.preview();
  REQUIRE(report.destructions.size() == 1);
  const std::vector<ObservedFact>& facts = report.destructions[0].facts;
  REQUIRE(facts.size() == 2);
  CHECK(facts[0].name == "bytes");
  CHECK(facts[0].value == "0");
  CHECK(facts[0].is_known);
  CHECK(facts[1].name == "owner");
  CHECK(look.simulated.storage.records.empty());
  // `gone` of the database, for the step and for the goal, and its two facts.
  CHECK(look.simulated.effector.observations == 3);
}

TEST_CASE("a fact of what is destroyed shows no secret, and fits in a line") {
  Drop drop;
  RunnablePlan& b = drop.b;
  b.plan.inputs.push_back({.name = "password", .is_secret = true});
  const Effect owner = b.sets(b.variable(drop.db, 3),
                              Value{"ann\nsimulated secret password" + std::string(200, 'x')});
  Look look(b.plan);
  look.simulated.give({owner});
  const Report report = look.preview();
  REQUIRE(report.destructions.size() == 1);
  const std::string& value = report.destructions[0].facts.at(1).value;
  CHECK(value.starts_with("ann (secret)xxx"));
  CHECK(value.ends_with("…"));
  CHECK(value.size() < 100);
}

TEST_CASE("after the run nothing is destroyed any more") {
  Drop drop;
  Look look(drop.b.plan);
  RunOptions options = sim::SimulatedWorld::options();
  options.confirmed_destructions = {"db.content"};
  const auto report = look.simulated.apply(options);
  REQUIRE(report);
  CHECK(report->outcome == Outcome::done);
  CHECK(look.preview().destructions.empty());
}

}  // namespace
}  // namespace plan::test
