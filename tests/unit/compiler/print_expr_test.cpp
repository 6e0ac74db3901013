#include "compiler/print_expr.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/compiler/sample_plan.hpp"

namespace {

using plan::Expr;
using plan::ExprId;
using plan::Op;
using plan::Value;

ExprId add(plan::Plan& plan, Expr expr) {
  plan.exprs.push_back(expr);
  return {static_cast<std::uint32_t>(plan.exprs.size() - 1)};
}

ExprId constant(plan::Plan& plan, Value value) {
  plan.constants.push_back(std::move(value));
  return add(plan,
             {.op = Op::constant, .a = static_cast<std::uint32_t>(plan.constants.size() - 1)});
}

ExprId concat(plan::Plan& plan, const std::vector<ExprId>& parts) {
  Expr expr{.op = Op::concat};
  expr.children_begin = static_cast<std::uint32_t>(plan.expr_children.size());
  plan.expr_children.insert(plan.expr_children.end(), parts.begin(), parts.end());
  expr.children_end = static_cast<std::uint32_t>(plan.expr_children.size());
  return add(plan, expr);
}

}  // namespace

TEST_CASE("conditions are printed with the parentheses they need and no others") {
  plan::Plan plan = plan::test::sample_plan();
  const ExprId left = add(plan, {.op = Op::state, .a = 0});
  const ExprId right = add(plan, {.op = Op::state, .a = 1});
  const ExprId both = add(plan, {.op = Op::logical_and, .a = left.index, .b = right.index});
  const ExprId neither = add(plan, {.op = Op::logical_not, .a = both.index});
  CHECK(print_expr(plan, neither) == "not (old_orch.service.active and new_orch.service.active)");
  const ExprId no = add(plan, {.op = Op::logical_not, .a = left.index});
  const ExprId or_else = add(plan, {.op = Op::logical_or, .a = no.index, .b = both.index});
  CHECK(print_expr(plan, or_else) ==
        "not old_orch.service.active or old_orch.service.active and new_orch.service.active");
}

TEST_CASE("a secret is never shown, not even inside a longer text") {
  plan::Plan plan = plan::test::sample_plan();
  plan.inputs.push_back({.name = "password", .is_secret = true});
  const ExprId secret = add(plan, {.op = Op::input, .a = 0});
  CHECK(print_expr(plan, secret) == "(secret)");
  const ExprId text = concat(plan, {constant(plan, Value{std::string("PGPASSWORD=")}), secret});
  CHECK(print_expr(plan, text) == "(secret)");
  CHECK(print_value(plan, Value{plan::List{Value{plan::Secret("hunter2")}}}) == "[(secret)]");
}

TEST_CASE("parts that only run time knows stand in a text as interpolations") {
  plan::Plan plan = plan::test::sample_plan();
  const ExprId slot = add(plan, {.op = Op::local, .a = 3});
  const ExprId text = concat(plan, {constant(plan, Value{std::string("/var/\"")}), slot});
  CHECK(print_expr(plan, text, {.values = {}, .names = {"", "", "", "dump"}}) ==
        "\"/var/\\\"${dump}\"");
}

TEST_CASE("a branch is printed as an indented block with its else") {
  plan::Plan plan = plan::test::sample_plan();
  plan::Program program = plan.operations[0].body;
  const plan::Instruction act = program.code[0];
  const ExprId condition = add(plan, {.op = Op::state, .a = 0});
  program.code = {{.kind = plan::InstructionKind::jump_unless, .value = condition, .target = 3},
                  act,
                  {.kind = plan::InstructionKind::jump, .target = 4},
                  act,
                  {.kind = plan::InstructionKind::finish}};
  const auto lines =
      print_program(plan, program, {.values = {Value{plan::ResourceId{0}}}, .names = {"s"}});
  CHECK(lines == std::vector<std::string>{
                     "if old_orch.service.active:", "  run systemctl disable --now inmanta.service",
                     "else:", "  run systemctl disable --now inmanta.service"});
}
