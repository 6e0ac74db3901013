#include "tests/unit/compiler/sample_plan.hpp"

#include <utility>

namespace plan::test {

namespace {

ExprId add(Plan& plan, Expr expr) {
  plan.exprs.push_back(expr);
  return {static_cast<std::uint32_t>(plan.exprs.size() - 1)};
}

ExprId constant(Plan& plan, Value value) {
  plan.constants.push_back(std::move(value));
  return add(plan,
             {.op = Op::constant, .a = static_cast<std::uint32_t>(plan.constants.size() - 1)});
}

ExprId list(Plan& plan, const std::vector<ExprId>& items) {
  Expr expr{.op = Op::list};
  expr.children_begin = static_cast<std::uint32_t>(plan.expr_children.size());
  plan.expr_children.insert(plan.expr_children.end(), items.begin(), items.end());
  expr.children_end = static_cast<std::uint32_t>(plan.expr_children.size());
  return add(plan, expr);
}

// A body that runs one command: `words`, then field `unit` of the first parameter.
Program run_on_unit(Plan& plan, const std::vector<std::string>& words) {
  std::vector<ExprId> argv;
  for (const std::string& word : words) {
    argv.push_back(constant(plan, Value{word}));
  }
  const ExprId parameter = add(plan, {.op = Op::local, .a = 0});
  argv.push_back(add(plan, {.op = Op::field, .a = parameter.index, .b = Name("unit").id()}));
  Program program{.parameter_count = 1, .slot_count = 1, .code = {}, .effects = {}};
  EffectCall call;
  call.effect = "run";
  call.arguments = {list(plan, argv)};
  program.effects.push_back(std::move(call));
  program.code.push_back({.kind = InstructionKind::act, .effect = 0});
  program.code.push_back({.kind = InstructionKind::finish});
  return program;
}

Condition holds(Plan& plan, std::uint32_t variable, std::string text) {
  return {.expr = add(plan, {.op = Op::state, .a = variable}),
          .reads = {{variable}},
          .message = "",
          .text = std::move(text),
          .span = {}};
}

Step step(std::string name, std::uint32_t operation, std::uint32_t host, std::uint32_t phase) {
  Step result;
  result.name = std::move(name);
  result.operation = operation;
  result.host = host;
  result.phase = phase;
  return result;
}

void add_world(Plan& plan) {
  plan.title = "Move <the> \"orchestrator\" & more";
  plan.hosts.push_back({.name = "old", .address = "10.0.0.5"});
  plan.hosts.push_back({.name = "new", .address = "10.0.0.6", .become = "root"});
  plan.types = {{.kind = TypeKind::host}, {.kind = TypeKind::string}, {.kind = TypeKind::boolean}};
  ResourceType service;
  service.name = "systemd.service";
  service.field_names = {"host", "unit"};
  service.field_types = {0, 1};
  service.key = {0, 1};
  service.attributes = {{.name = "active", .type = 2}, {.name = "enabled", .type = 2}};
  plan.resource_types.push_back(std::move(service));
  plan.resources.push_back({.name = "old_orch.service",
                            .fields = {Value{HostId{0}}, Value{std::string("inmanta.service")}}});
  plan.resources.push_back(
      {.name = "new_orch.service", .fields = {Value{HostId{1}}, Value{std::string("odd unit")}}});
  plan.variables = {{{0}, 0}, {{1}, 0}, {{1}, 1}};
}

void add_operations(Plan& plan) {
  Operation disable{.name = "systemd.disable", .parameter_names = {"s"}, .parameter_types = {1}};
  disable.body = run_on_unit(plan, {"systemctl", "disable", "--now"});
  disable.documentation = "Stops the unit.";
  plan.operations.push_back(std::move(disable));
  Operation start{.name = "systemd.start", .parameter_names = {"s"}, .parameter_types = {1}};
  start.body = run_on_unit(plan, {"systemctl", "start"});
  plan.operations.push_back(std::move(start));
  Operation resume{.name = "inmanta.resume"};
  resume.irreversible = "agents begin to deploy </script><b>";
  plan.operations.push_back(std::move(resume));
}

}  // namespace

Plan sample_plan() {
  Plan plan;
  add_world(plan);
  add_operations(plan);
  plan.phases = {{"Quiesce", {{0}}, {}},
                 {"Start \"new\" | <again>", {{1}, {2}, {3}, {4}, {5}}, {}}};
  plan.steps = {step("stop_old", 0, 0, 0),
                step("move", 1, 1, 1),
                step("start", 1, 1, 1),
                step("for env#begin", UINT32_MAX, 1, 1),
                step("resume", 2, 1, 1),
                step("for env#end", UINT32_MAX, 1, 1),
                step("ask", UINT32_MAX, UINT32_MAX, UINT32_MAX)};
  plan.steps[0].arguments = {Value{ResourceId{0}}};
  plan.steps[0].undo_operation = 1;
  plan.steps[0].undo_arguments = {Value{ResourceId{0}}};
  plan.steps[0].effects = {{.variable = {0}}};
  plan.steps[1].arguments = {Value{ResourceId{1}}};
  plan.steps[1].effects = {{.variable = {2}, .kind = EffectKind::destroy}};
  plan.steps[1].requires_ = {holds(plan, 0, "not old_orch.service.active")};
  plan.steps[2].arguments = {Value{ResourceId{1}}};
  plan.steps[2].requires_ = {holds(plan, 1, "new_orch.service.active")};
  plan.steps[3].kind = StepKind::loop_begin;
  plan.steps[5].kind = StepKind::loop_end;
  for (const std::uint32_t inside : {3U, 4U, 5U}) {
    plan.steps[inside].loop = 0;
  }
  plan.steps[6].kind = StepKind::approve;
  plan.steps[6].text = "Go on?";
  plan.loops.push_back({.variable = "env",
                        .element = {},
                        .owner = {1},
                        .query = 0,
                        .at_most = 1,
                        .begin = {3},
                        .end = {5},
                        .body = {{4}}});
  plan.edges = {
      {{0}, {1}, EdgeReason::provides, {0}, {}}, {{0}, {2}, EdgeReason::protects, {0}, {}},
      {{1}, {2}, EdgeReason::provides, {1}, {}}, {{2}, {3}, EdgeReason::written, {}, {}},
      {{3}, {4}, EdgeReason::loop, {}, {}},      {{4}, {5}, EdgeReason::loop, {}, {}},
      {{5}, {6}, EdgeReason::written, {}, {}}};
  plan.topological = {{0}, {1}, {2}, {3}, {4}, {5}, {6}};
  plan.point_of_no_return = {{4}};
  return plan;
}

}  // namespace plan::test
