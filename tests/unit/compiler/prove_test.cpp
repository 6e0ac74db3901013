#include "compiler/prove.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/unit/compiler/plan_builder.hpp"

using namespace plan;
using plan::test::PlanBuilder;

namespace {

using Texts = std::vector<std::string>;

// Orders and proves; code and message of everything that was said.
Texts said(Plan& plan, Diagnostics& diagnostics) {
  OrderFaults faults = order(plan, diagnostics);
  prove(plan, diagnostics, std::move(faults));
  Texts result;
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    result.push_back(std::string(info(diagnostic.code).code) + " " + diagnostic.message);
  }
  return result;
}

Texts said(Plan& plan) {
  Diagnostics diagnostics;
  return said(plan, diagnostics);
}

bool has_label(const Diagnostic& diagnostic, const std::string& text) {
  return std::ranges::any_of(diagnostic.labels,
                             [&](const Label& label) { return label.text == text; });
}

}  // namespace

TEST_CASE("what no step writes is left to preflight") {
  PlanBuilder builder;
  const VariableId exists = builder.variable("exists");
  const StepId use = builder.step("use");
  builder.requires_(use, exists);
  CHECK(said(builder.plan) == Texts{});
  REQUIRE(builder.plan.preflight_requirements.size() == 1);
  CHECK(builder.plan.preflight_requirements[0].first == use);
}

TEST_CASE("a requirement that its last writer breaks is refused, with all places") {
  PlanBuilder builder;
  const VariableId live = builder.variable("live");
  const StepId stop = builder.step("stop");
  const StepId halt = builder.step("halt");
  builder.ensures(stop, live, false);
  builder.requires_(halt, live);
  builder.after(halt, stop);
  Diagnostics diagnostics;
  CHECK(said(builder.plan, diagnostics) ==
        Texts{"E0401 `halt` requires `live.value`, which does not hold when it starts"});
  const Diagnostic& diagnostic = diagnostics.items().front();
  CHECK(diagnostic.primary == builder[halt].requires_[0].span);
  CHECK(has_label(diagnostic, "`stop` makes `live.value` false"));
  CHECK(diagnostic.schedule == Counterexample{{{"stop", "live.value is false", stop.index},
                                               {"halt", "starts", halt.index}},
                                              "`halt` requires `live.value`, which is false then"});
  CHECK(diagnostic.helps == Texts{"no step ensures `live.value`: add one before `halt`"});
}

TEST_CASE("a copy of the world as found proves nothing") {
  // The environments are not halted before the dump.
  PlanBuilder builder;
  const VariableId old_db = builder.variable("old_db");
  const VariableId new_db = builder.variable("new_db");
  builder.part("old_env", "halted", old_db);
  const VariableId new_halted = builder.part("new_env", "halted", new_db);
  const StepId move = builder.step("move");
  const StepId start = builder.step("start");
  builder.copies(move, new_db, old_db);
  builder.requires_(start, new_halted);
  Diagnostics diagnostics;
  CHECK(said(builder.plan, diagnostics) ==
        Texts{"E0402 `start` requires `new_env.value`, which nothing makes sure of"});
  const Diagnostic& diagnostic = diagnostics.items().front();
  CHECK(has_label(diagnostic, "`move` copies `new_env.value` from `old_env.value`"));
  CHECK(diagnostic.notes == Texts{"`old_env.value` is as it was found when `move` copies it: no "
                                  "step before it makes sure of it"});
  CHECK(diagnostic.helps == Texts{"add a step that makes sure of it before `move`"});
}

TEST_CASE("a wait before the step that ends it never ends") {
  PlanBuilder builder;
  const VariableId halted = builder.variable("halted");
  const StepId halt = builder.step("halt");
  const StepId compiled = builder.step("compiled");
  const StepId resume = builder.step("resume");
  builder.ensures(halt, halted);
  builder.awaits(compiled, halted, false);
  builder.after(compiled, halt);
  builder.ensures(resume, halted, false);
  builder.after(resume, compiled);
  Diagnostics diagnostics;
  CHECK(said(builder.plan, diagnostics) ==
        Texts{"E0405 the wait `compiled` can never end: it needs `not halted.value`"});
  const Diagnostic& diagnostic = diagnostics.items().front();
  CHECK(has_label(diagnostic, "`halt` makes `halted.value` true"));
  CHECK(has_label(diagnostic, "`resume` would make it true, but comes after `compiled`"));
  CHECK(diagnostic.notes == Texts{"`resume` is written to come after `compiled`"});
}

TEST_CASE("unordered steps that touch one state are refused") {
  PlanBuilder builder;
  const VariableId state = builder.variable("state");
  const StepId one = builder.step("one");
  const StepId two = builder.step("two");
  builder.ensures(one, state);
  builder.ensures(two, state);
  SECTION("without order") {
    CHECK(said(builder.plan) == Texts{"E0403 `one` and `two` both change `state.value` and may "
                                      "run at the same time"});
  }
  SECTION("only one of them ever runs") {
    const VariableId fact = builder.variable("fact");
    builder[one].when = builder.holds(fact);
    builder[two].when = builder.holds(fact, false);
    CHECK(said(builder.plan) == Texts{});
  }
  SECTION("with `after`") {
    builder.after(two, one);
    CHECK(said(builder.plan) == Texts{});
  }
}

TEST_CASE("a conditional step proves what holds in both cases") {
  PlanBuilder builder;
  const VariableId exists = builder.variable("exists");
  const StepId create = builder.step("create");
  const StepId use = builder.step("use");
  builder[create].when = builder.holds(exists, false);
  builder.ensures(create, exists);
  builder.requires_(use, exists);
  SECTION("it runs where it is needed") {
    CHECK(said(builder.plan) == Texts{});
  }
  SECTION("it may not run") {
    builder[create].when = builder.holds(builder.variable("mood"));
    CHECK(said(builder.plan) ==
          Texts{"E0402 `use` requires `exists.value`, which nothing makes sure of"});
  }
  SECTION("the one who needs it has the same condition") {
    const VariableId mood = builder.variable("mood");
    builder[create].when = builder.holds(mood);
    builder[use].when = builder.holds(mood);
    CHECK(said(builder.plan) == Texts{});
  }
}

TEST_CASE("an invariant is looked at in every state that a schedule can reach") {
  PlanBuilder builder;
  const VariableId old_live = builder.variable("old_live");
  const VariableId new_live = builder.variable("new_live");
  const StepId stop = builder.step("stop");
  const StepId start = builder.step("start");
  builder.ensures(stop, old_live, false);
  builder.ensures(start, new_live);
  builder.never_both(old_live, new_live);
  SECTION("the steps may overlap") {
    Diagnostics diagnostics;
    CHECK(said(builder.plan, diagnostics) ==
          Texts{"E0407 `not (old_live.value and new_live.value)` does not hold at every moment of "
                "the run"});
    REQUIRE(diagnostics.items().front().fixes.size() == 1);
    CHECK(diagnostics.items().front().fixes.front().replacement == "after stop");
    CHECK(diagnostics.items().front().fixes.front().description ==
          "write `after stop` in the block of `start`");
  }
  SECTION("one after the other") {
    builder.after(start, stop);
    CHECK(said(builder.plan) == Texts{});
  }
}

TEST_CASE("what is destroyed is expendable, saved, or given up by its author") {
  PlanBuilder builder;
  const VariableId data = builder.variable("data");
  const VariableId backup = builder.variable("backup");
  const StepId drop = builder.step("drop");
  builder[drop].effects.push_back(builder.change(data, EffectKind::destroy));
  SECTION("without a word") {
    CHECK(said(builder.plan) ==
          Texts{"E0408 `drop` destroys `data.value`, which is saved nowhere"});
  }
  SECTION("allowed") {
    builder[drop].allows_destroy = true;
    CHECK(said(builder.plan) == Texts{});
  }
  SECTION("saved before") {
    const StepId save = builder.step("save");
    builder.copies(save, backup, data);
    builder.after(drop, save);
    CHECK(said(builder.plan) == Texts{});
  }
  SECTION("saved, and changed after that") {
    const StepId save = builder.step("save");
    const StepId change = builder.step("change");
    builder.copies(save, backup, data);
    builder.changes(change, data);
    builder.after(change, save);
    builder.after(drop, change);
    CHECK(said(builder.plan) ==
          Texts{"E0408 `drop` destroys `data.value`, which is saved nowhere"});
  }
  SECTION("under its own name") {
    builder.copies(drop, data, data);
    builder[drop].allows_destroy = true;
    CHECK(said(builder.plan) == Texts{"E0411 `drop` destroys what it copies: its source and its "
                                      "target are both `data`"});
  }
}

TEST_CASE("a step that acts can tell whether it is done") {
  PlanBuilder builder;
  const StepId act = builder.step("act");
  builder[act].ensures.clear();
  SECTION("or is refused") {
    CHECK(said(builder.plan) ==
          Texts{"E0409 `act` cannot tell whether it is done: it ensures nothing"});
  }
  SECTION("or asks a person") {
    builder.plan.operations[0].is_once = true;
    CHECK(said(builder.plan) == Texts{});
  }
}

TEST_CASE("the way back is possible from every state before the point of no return") {
  PlanBuilder builder;
  const VariableId quiet = builder.variable("quiet");
  const VariableId resumed = builder.variable("resumed");
  const StepId stop = builder.step("stop");
  const StepId move = builder.step("move");
  const StepId start = builder.step("start");
  const StepId resume = builder.step("resume");
  builder.ensures(stop, quiet);
  builder.requires_(move, quiet);
  builder[move].undo_operation = 1;
  builder[move].undo_none = false;
  builder[move].undo_requires.push_back(builder.holds(quiet));
  builder.ensures(start, quiet, false);
  builder.after(start, move);
  builder.ensures(resume, resumed);
  builder[resume].undo_none = false;
  builder.after(resume, start);
  SECTION("a later step's undo does not bring it back") {
    Diagnostics diagnostics;
    CHECK(said(builder.plan, diagnostics) ==
          Texts{"E0410 `move` cannot be taken back: its undo requires `quiet.value`"});
    CHECK(has_label(diagnostics.items().front(),
                    "`start` makes it false, and its own undo does not bring it back"));
  }
  SECTION("it does") {
    builder[start].undo_operation = 1;
    builder[start].undo_effects.push_back(builder.set(quiet, true));
    CHECK(said(builder.plan) == Texts{});
    CHECK(builder.plan.point_of_no_return == std::vector<StepId>{resume});
  }
}

TEST_CASE("steps of a loop do not undo what the next element needs") {
  PlanBuilder builder;
  const VariableId shared = builder.variable("shared");
  const auto loop = builder.loop("env");
  const StepId set = builder.step("set");
  const StepId use = builder.step_in(loop.loop, "use");
  const StepId spoil = builder.step_in(loop.loop, "spoil");
  builder.ensures(set, shared);
  builder.requires_(use, shared);
  SECTION("of its own element it may") {
    builder.requires_(use, loop.state, false);
    builder.ensures(spoil, loop.state);
    builder.goal(loop.state);
    CHECK(said(builder.plan) == Texts{});
  }
  SECTION("of what all share it may not") {
    builder.ensures(spoil, shared, false);
    builder.after(spoil, use);
    CHECK(said(builder.plan) ==
          Texts{"E0402 `use` requires `shared.value`, which nothing makes sure of"});
  }
  SECTION("and not side by side") {
    builder.plan.loops[0].at_most = 0;
    builder.ensures(spoil, shared);
    builder.after(spoil, use);
    builder.after(builder.plan.loops[0].begin, set);
    CHECK(said(builder.plan) ==
          Texts{"E0412 `spoil` changes `shared.value`, which all elements of the loop share, for "
                "several elements at the same time"});
  }
}

TEST_CASE("two steps that ask the opposite of the world as found") {
  PlanBuilder builder;
  const VariableId state = builder.variable("state");
  builder.requires_(builder.step("one"), state);
  builder.requires_(builder.step("two"), state, false);
  CHECK(said(builder.plan) ==
        Texts{"E0413 `one` and `two` cannot both be right about the world as found: `state.value`, "
              "`not state.value`"});
}

TEST_CASE("a refused requirement is reported once") {
  PlanBuilder builder;
  const VariableId state = builder.variable("state");
  const StepId spoil = builder.step("spoil");
  builder.ensures(spoil, state, false);
  for (const char* name : {"one", "two", "three"}) {
    const StepId step = builder.step(name);
    builder.requires_(step, state);
    builder.after(step, spoil);
  }
  builder.goal(state);
  CHECK(said(builder.plan) ==
        Texts{"E0401 `one` requires `state.value`, which does not hold when it starts"});
}

TEST_CASE("errors of order do not hide what is wrong elsewhere") {
  PlanBuilder builder;
  const StepId one = builder.step("one");
  const StepId two = builder.step("two");
  const VariableId touched = builder.variable("touched");
  builder.ensures(one, touched);
  builder.ensures(two, touched, false);  // no race is told: their order is not known
  builder.after(one, two);
  builder.after(two, one);
  const VariableId live = builder.variable("live");
  const StepId stop = builder.step("stop");
  const StepId halt = builder.step("halt");
  builder.ensures(stop, live, false);
  builder.requires_(halt, live);
  builder.after(halt, stop);
  const VariableId raced = builder.variable("raced");
  builder.ensures(builder.step("three"), raced);
  builder.ensures(builder.step("four"), raced);
  CHECK(said(builder.plan) ==
        Texts{"E0301 these steps wait for each other: `one` → `two` → `one`",
              "E0403 `three` and `four` both change `raced.value` and may run at the same time",
              "E0401 `halt` requires `live.value`, which does not hold when it starts"});
}

TEST_CASE("who excludes one of two writers is not ordered behind the other by that") {
  PlanBuilder builder;
  const VariableId state = builder.variable("state");
  const VariableId fact = builder.variable("fact");
  const StepId one = builder.step("one");
  const StepId two = builder.step("two");
  const StepId last = builder.step("last");
  for (const StepId step : {one, two, last}) {
    builder.ensures(step, state);
  }
  builder[one].when = builder.holds(fact);
  builder[two].when = builder.holds(fact, false);
  builder.after(last, two);
  CHECK(said(builder.plan) ==
        Texts{"E0403 `one` and `last` both change `state.value` and may run at the same time"});
}

TEST_CASE("who excludes the last writer so far may still meet the one before it") {
  PlanBuilder builder;
  const VariableId state = builder.variable("state");
  const VariableId fact = builder.variable("fact");
  const StepId first = builder.step("first");
  const StepId one = builder.step("one");
  const StepId two = builder.step("two");
  for (const StepId step : {first, one, two}) {
    builder.ensures(step, state);
  }
  builder[one].when = builder.holds(fact);
  builder[two].when = builder.holds(fact, false);
  builder.after(one, first);
  CHECK(said(builder.plan) ==
        Texts{"E0403 `first` and `two` both change `state.value` and may run at the same time"});
}

TEST_CASE("two waits that end only by what comes after the other never end") {
  PlanBuilder builder;
  const VariableId left = builder.variable("left");
  const VariableId right = builder.variable("right");
  const StepId clear = builder.step("clear");
  builder.ensures(clear, left, false);
  builder.ensures(clear, right, false);
  const StepId wait_left = builder.step("wait_left");
  const StepId wait_right = builder.step("wait_right");
  builder.awaits(wait_left, left);
  builder.awaits(wait_right, right);
  // Two providers each, so that none of them is put before the wait.
  for (const char* name : {"set_left", "set_left_again"}) {
    const StepId set = builder.step(name);
    builder.ensures(set, left);
    builder.after(set, wait_right);
    builder.after(set, name == std::string("set_left") ? clear : StepId{set.index - 1});
  }
  for (const char* name : {"set_right", "set_right_again"}) {
    const StepId set = builder.step(name);
    builder.ensures(set, right);
    builder.after(set, name == std::string("set_right") ? clear : StepId{set.index - 1});
  }
  builder.after(wait_left, clear);
  builder.after(wait_right, clear);
  SECTION("one of them can end") {
    CHECK(said(builder.plan) == Texts{});
  }
  SECTION("none can") {
    builder.after(StepId{5}, wait_left);
    builder.after(StepId{6}, wait_left);
    CHECK(said(builder.plan) ==
          Texts{"E0405 the wait `wait_left` can never end: it needs `left.value`"});
  }
}

TEST_CASE("what is waited for is not taken away beside the wait") {
  PlanBuilder builder;
  const VariableId open = builder.variable("open");
  const StepId wait = builder.step("wait");
  const StepId close = builder.step("close");
  builder.awaits(wait, open);
  builder.ensures(close, open, false);
  SECTION("unordered") {
    CHECK(said(builder.plan) ==
          Texts{"E0404 `close` changes `open.value` while `wait` may rely on it"});
  }
  SECTION("after it") {
    builder.after(close, wait);
    CHECK(said(builder.plan) == Texts{});
  }
}

TEST_CASE("a wait that meets the last writer may meet the one before it, too") {
  PlanBuilder builder;
  const VariableId open = builder.variable("open");
  const StepId close = builder.step("close");
  const StepId reset = builder.step("reset");
  const StepId wait = builder.step("wait");
  builder.ensures(close, open, false);
  builder.copies(reset, open, builder.variable("usual"));
  builder.after(reset, close);
  builder.awaits(wait, open);
  CHECK(said(builder.plan) ==
        Texts{"E0404 `close` changes `open.value` while `wait` may rely on it"});
}

TEST_CASE("who makes true what is waited for has to run whenever the wait does") {
  PlanBuilder builder;
  const VariableId open = builder.variable("open");
  const VariableId mood = builder.variable("mood");
  const StepId close = builder.step("close");
  const StepId open_again = builder.step("open_again");
  const StepId wait = builder.step("wait");
  builder.ensures(close, open, false);
  builder.ensures(open_again, open);
  builder.after(open_again, close);
  builder.awaits(wait, open);
  builder.after(wait, close);
  SECTION("it always runs") {
    CHECK(said(builder.plan) == Texts{});
  }
  SECTION("it may be left out") {
    builder[open_again].when = builder.holds(mood);
    CHECK(said(builder.plan) ==
          Texts{"E0405 the wait `wait` may never end: it needs `open.value`"});
  }
  SECTION("they run in the same case") {
    builder[open_again].when = builder.holds(mood);
    builder[wait].when = builder.holds(mood);
    CHECK(said(builder.plan) == Texts{});
  }
  SECTION("one of two runs in each case") {
    const StepId otherwise = builder.step("otherwise");
    builder.ensures(otherwise, open);
    builder.after(otherwise, close);
    builder[open_again].when = builder.holds(mood);
    builder[otherwise].when = builder.holds(mood, false);
    CHECK(said(builder.plan) == Texts{});
  }
}

TEST_CASE("a copy of what is false does not end a wait") {
  PlanBuilder builder;
  const VariableId open = builder.variable("open");
  const VariableId usual = builder.variable("usual");
  const StepId close = builder.step("close");
  const StepId reset = builder.step("reset");
  const StepId wait = builder.step("wait");
  builder.ensures(close, open, false);
  builder.copies(reset, open, usual);
  builder.after(reset, close);
  builder.awaits(wait, open);
  builder.after(wait, close);
  SECTION("of what the world decides") {
    CHECK(said(builder.plan) == Texts{});
  }
  SECTION("of what a step has made false") {
    builder.ensures(close, usual, false);
    CHECK(said(builder.plan) ==
          Texts{"E0405 the wait `wait` can never end: it needs `open.value`"});
  }
}

TEST_CASE("of those beside a wait counts what they leave behind in each case") {
  PlanBuilder builder;
  const VariableId open = builder.variable("open");
  const VariableId mood = builder.variable("mood");
  const VariableId gate = builder.variable("gate");
  const StepId close = builder.step("close");
  const StepId one = builder.step("one");
  const StepId two = builder.step("two");
  const StepId wait = builder.step("wait");
  builder.ensures(close, open, false);
  builder.ensures(close, gate, false);
  builder.ensures(one, open);
  builder.ensures(two, open);
  builder.awaits(wait, open);
  // Two, so that none of them is put before the wait.
  for (const StepId step : {one, two, wait}) {
    builder.after(step, close);
  }
  builder[one].when = builder.holds(mood);
  SECTION("both may be left out") {
    builder[two].when = builder.holds(mood);
    builder.after(two, one);
    CHECK(said(builder.plan) ==
          Texts{"E0405 the wait `wait` may never end: it needs `open.value`"});
  }
  SECTION("one of them runs, but comes behind the wait by another wait") {
    builder[two].when = builder.holds(mood, false);
    builder.awaits(one, gate);
    for (const char* name : {"set_gate", "set_gate_again"}) {
      const StepId set = builder.step(name);
      builder.ensures(set, gate);
      builder.after(set, name == std::string("set_gate") ? wait : StepId{set.index - 1});
    }
    CHECK(said(builder.plan).size() == 1);
    CHECK(said(builder.plan).front().starts_with("E0405"));
  }
}

TEST_CASE("a copy that may be overwritten first saves nothing") {
  PlanBuilder builder;
  const VariableId data = builder.variable("data");
  const VariableId backup = builder.variable("backup");
  const StepId save = builder.step("save");
  const StepId drop = builder.step("drop");
  const StepId reuse = builder.step("reuse");
  builder.copies(save, backup, data);
  builder.changes(reuse, backup);
  builder.after(reuse, save);
  builder[drop].effects.push_back(builder.change(data, EffectKind::destroy));
  builder.after(drop, save);
  SECTION("beside it") {
    CHECK(said(builder.plan) ==
          Texts{"E0408 `drop` destroys `data.value`, which is saved nowhere"});
  }
  SECTION("after it") {
    builder.after(reuse, drop);
    CHECK(said(builder.plan) == Texts{});
  }
  SECTION("by the step itself") {
    builder.after(reuse, drop);
    builder.changes(drop, backup);
    CHECK(said(builder.plan) ==
          Texts{"E0408 `drop` destroys `data.value`, which is saved nowhere"});
  }
}

TEST_CASE("a step that may run before or after is looked at in both ways back") {
  PlanBuilder builder;
  const VariableId quiet = builder.variable("quiet");
  const StepId move = builder.step("move");
  const StepId other = builder.step("other");
  builder[move].undo_operation = 1;
  builder[move].undo_none = false;
  builder[move].undo_requires.push_back(builder.holds(quiet));
  builder.ensures(other, quiet, false);
  builder[other].undo_operation = 1;
  builder[other].undo_none = false;
  builder[other].undo_effects.push_back(builder.set(quiet, true));
  Diagnostics diagnostics;
  CHECK(said(builder.plan, diagnostics) ==
        Texts{"E0410 `move` cannot be taken back: its undo requires `quiet.value`"});
  CHECK(diagnostics.items().front().schedule ==
        Counterexample{{{"other", "quiet.value is false", other.index},
                        {"move", "", move.index},
                        {"undo of move", "starts"}},
                       "`take_back` requires `quiet.value`"});
}
