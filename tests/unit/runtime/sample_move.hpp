// A small migration, for the simulations: stop the old server, copy its content, start the new
// one, resume its environments one at a time.
#pragma once

#include "runtime/sim/world.hpp"
#include "tests/unit/runtime/runnable_plan.hpp"

namespace plan::test {

struct SampleMove {
  RunnablePlan builder{"Move a server"};
  StepId stop, tidy, move, start, begin, keep, resume, end;
  VariableId old_active, new_active, old_content, new_content, halted, kept, tidied, new_list;
  std::vector<Effect> given;

  SampleMove();
  [[nodiscard]] const Plan& plan() const { return builder.plan; }
};

inline SampleMove::SampleMove() {
  RunnablePlan& b = builder;
  const HostId old_host = b.host("old");
  const HostId new_host = b.host("new");
  const std::uint32_t database =
      b.resource_type("database", {"host"}, 1, {b.state("content", TypeKind::string)});
  const std::uint32_t environment =
      b.resource_type("environment", {"server", "id"}, 2,
                      {b.state("halted", TypeKind::boolean, {"server", "database", "content"}),
                       b.state("kept", TypeKind::boolean)});
  const std::uint32_t server =
      b.resource_type("server", {"host", "database"}, 1,
                      {b.state("active", TypeKind::boolean), b.query("environments", environment),
                       b.state("tidied", TypeKind::boolean)});
  // Fields that are resources say so: carried states and elements are found through them.
  b.plan.types[b.plan.resource_types[environment].field_types[0]] = {TypeKind::resource, UINT32_MAX,
                                                                     server};
  const ResourceId old_db = b.resource("old_db", database, {Value{old_host}});
  const ResourceId new_db = b.resource("new_db", database, {Value{new_host}});
  const ResourceId old_orch = b.resource("old_orch", server, {Value{old_host}, Value{old_db}});
  const ResourceId new_orch = b.resource("new_orch", server, {Value{new_host}, Value{new_db}});
  const ResourceId element = b.resource("new_orch.environments[]", environment, {});
  Resource& arbitrary = b.plan.resources[element.index];
  arbitrary.element_of = new_orch;
  arbitrary.query = 1;
  const ExprId id_expr =
      b.add({.op = Op::field, .a = b.constant(Value{element}).index, .b = Name("id").id()});
  arbitrary.fields = {Value{new_orch}, Value{Deferred{id_expr}}};

  old_active = b.variable(old_orch, 0);
  new_active = b.variable(new_orch, 0);
  old_content = b.variable(old_db, 0);
  new_content = b.variable(new_db, 0);
  halted = b.variable(element, 0);
  kept = b.variable(element, 1);
  tidied = b.variable(old_orch, 2);
  new_list = b.variable(new_orch, 1);
  const VariableId old_list = b.variable(old_orch, 1);

  stop = b.sets_flag("stop", old_active, false);
  tidy = b.sets_flag("tidy", tidied, true);
  move = b.step("move");
  b[move].requires_ = {b.is_false(old_active)};
  b[move].effects = {b.copies(new_content, old_content)};
  b[move].ensures = {b.are_equal(old_content, new_content)};
  b[move].undo_operation = b.operation("undo.move");
  b[move].undo_effects = {b.sets(new_content, Value{std::string("empty")})};
  b[move].undo_ensures = {b.condition(b.binary(Op::equal, b.read(new_content), b.text("empty")),
                                      {new_content}, "it is empty")};
  start = b.sets_flag("start", new_active, true);
  b[start].requires_ = {b.are_equal(old_content, new_content), b.is_false(old_active)};
  begin = b.step("for env#begin");
  keep = b.step("keep");
  resume = b.step("resume");
  end = b.step("for env#end");
  b[begin].kind = StepKind::loop_begin;
  b[end].kind = StepKind::loop_end;
  b[begin].operation = b[end].operation = UINT32_MAX;
  b[keep].effects = {b.sets(kept, Value{true})};
  b[keep].ensures = {b.is_true(kept)};
  b[keep].requires_ = {b.is_true(new_active), b.is_true(halted)};
  b[keep].undo_none = true;
  b[resume].effects = {b.sets(halted, Value{false})};
  b[resume].ensures = {b.is_false(halted)};
  b[resume].requires_ = {b.is_true(new_active), b.is_true(kept)};
  b.plan.operations[b[resume].operation].irreversible = "the new server acts from here on";
  b[keep].loop = b[resume].loop = 0;
  b.plan.loops.push_back({.variable = "env",
                          .element = element,
                          .owner = new_orch,
                          .query = 1,
                          .at_most = 1,
                          .begin = begin,
                          .end = end,
                          .body = {keep, resume}});
  b.plan.point_of_no_return = {resume};
  b.edge(stop, move);
  b.edge(move, start);
  b.edge(start, begin);
  b.edge(begin, keep);
  b.edge(keep, resume);
  b.edge(resume, end);
  b.plan.phases = {{.title = "Move", .steps = {stop, tidy, move}},
                   {.title = "Run", .steps = {start, begin, keep, resume, end}}};
  for (const StepId in_move : {stop, tidy, move}) {
    b[in_move].phase = 0;
    b[in_move].host = old_host.index;
  }
  for (const StepId in_run : {start, begin, keep, resume, end}) {
    b[in_run].phase = 1;
    b[in_run].host = new_host.index;
  }
  const ExprId all = b.read(new_list);
  b.plan.goals = {
      b.is_true(new_active), b.is_false(old_active),
      b.condition(b.add({.op = Op::for_all,
                         .a = all.index,
                         .b = b.negate(b.state_of(b.local(0), 0)).index,
                         .c = 0}),
                  {new_list, halted}, "for env in new_orch.environments: not env.halted")};
  const auto row = [](const char* id) {
    return Value{Map{{"id", Value{std::string(id)}}, {"halted", Value{true}}}};
  };
  given = {b.sets(old_active, Value{true}), b.sets(old_content, Value{std::string("the data")}),
           b.sets(old_list, Value{List{row("a"), row("b"), row("c")}})};
}

}  // namespace plan::test
