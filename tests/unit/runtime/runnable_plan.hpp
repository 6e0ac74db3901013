// Builds small plans by hand, for tests of the runtime that do without the compiler.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/plan.hpp"

// The plan's types are filled by designated initialisers here: what is left out is empty.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

namespace plan::test {

class RunnablePlan {
 public:
  explicit RunnablePlan(std::string title = "A plan") { plan.title = std::move(title); }

  Plan plan;

  std::uint32_t type(TypeKind kind,
                     std::uint32_t element = UINT32_MAX,
                     std::uint32_t detail = UINT32_MAX) {
    plan.types.push_back({kind, element, detail});
    return static_cast<std::uint32_t>(plan.types.size() - 1);
  }
  HostId host(std::string name) {
    plan.hosts.push_back({.name = name, .address = name + ".example", .user = "", .become = ""});
    return {static_cast<std::uint32_t>(plan.hosts.size() - 1)};
  }
  // A type whose fields are all of type `any`; the first `keys` are its key.
  std::uint32_t resource_type(std::string name,
                              std::vector<std::string> fields,
                              std::uint32_t keys,
                              std::vector<Attribute> attributes) {
    ResourceType made{.name = std::move(name), .field_names = std::move(fields)};
    for (std::uint32_t field = 0; field < made.field_names.size(); ++field) {
      made.field_types.push_back(type(TypeKind::any));
      made.defaults.push_back({});
      if (field < keys) {
        made.key.push_back(field);
      }
    }
    made.attributes = std::move(attributes);
    plan.resource_types.push_back(std::move(made));
    return static_cast<std::uint32_t>(plan.resource_types.size() - 1);
  }
  Attribute state(std::string name, TypeKind kind, std::vector<std::string> carried_by = {}) {
    Attribute made;
    made.name = std::move(name);
    made.type = type(kind);
    made.carried_by = std::move(carried_by);
    return made;
  }
  Attribute query(std::string name, std::uint32_t element_type) {
    Attribute made;
    made.kind = AttributeKind::query;
    made.name = std::move(name);
    made.type = type(TypeKind::list, type(TypeKind::resource, UINT32_MAX, element_type));
    return made;
  }
  ResourceId resource(std::string name, std::uint32_t type_index, std::vector<Value> fields) {
    Resource made;
    made.name = std::move(name);
    made.type = type_index;
    made.fields = std::move(fields);
    plan.resources.push_back(std::move(made));
    return {static_cast<std::uint32_t>(plan.resources.size() - 1)};
  }
  VariableId variable(ResourceId resource_id, std::uint32_t attribute) {
    for (std::uint32_t index = 0; index < plan.variables.size(); ++index) {
      if (plan.variables[index].resource == resource_id &&
          plan.variables[index].attribute == attribute) {
        return {index};
      }
    }
    plan.variables.push_back({resource_id, attribute});
    return {static_cast<std::uint32_t>(plan.variables.size() - 1)};
  }

  // --- expressions

  ExprId add(Expr expr, const std::vector<ExprId>& children = {}) {
    expr.children_begin = static_cast<std::uint32_t>(plan.expr_children.size());
    plan.expr_children.insert(plan.expr_children.end(), children.begin(), children.end());
    expr.children_end = static_cast<std::uint32_t>(plan.expr_children.size());
    plan.exprs.push_back(expr);
    return {static_cast<std::uint32_t>(plan.exprs.size() - 1)};
  }
  ExprId constant(Value value) {
    plan.constants.push_back(std::move(value));
    return add({.op = Op::constant, .a = static_cast<std::uint32_t>(plan.constants.size() - 1)});
  }
  ExprId text(std::string_view words) { return constant(Value{std::string(words)}); }
  ExprId local(std::uint32_t slot) { return add({.op = Op::local, .a = slot}); }
  ExprId read(VariableId id) { return add({.op = Op::state, .a = id.index}); }
  ExprId state_of(ExprId resource_expr, std::uint32_t attribute) {
    return add({.op = Op::state_of, .a = resource_expr.index, .b = attribute});
  }
  ExprId negate(ExprId operand) { return add({.op = Op::logical_not, .a = operand.index}); }
  ExprId binary(Op op, ExprId left, ExprId right) {
    return add({.op = op, .a = left.index, .b = right.index});
  }

  // --- conditions and effects

  Condition condition(ExprId expr, std::vector<VariableId> reads, std::string words) {
    return {.expr = expr, .reads = std::move(reads), .text = std::move(words)};
  }
  Condition is_true(VariableId id) { return condition(read(id), {id}, name(id)); }
  Condition is_false(VariableId id) { return condition(negate(read(id)), {id}, "not " + name(id)); }
  Condition are_equal(VariableId left, VariableId right) {
    std::vector<VariableId> reads{std::min(left, right), std::max(left, right)};
    return condition(binary(Op::equal, read(left), read(right)), reads,
                     name(left) + " == " + name(right));
  }
  Effect sets(VariableId id, Value value) {
    return {.variable = id, .kind = EffectKind::set, .value = constant(std::move(value))};
  }
  Effect copies(VariableId id, VariableId origin) {
    return {.variable = id, .kind = EffectKind::set, .value = read(origin)};
  }
  std::string name(VariableId id) const {
    const Variable& of = plan.variables[id.index];
    const Resource& resource_of = plan.resources[of.resource.index];
    return resource_of.name + "." +
           plan.resource_types[resource_of.type].attributes[of.attribute].name;
  }

  // --- steps

  // An operation whose body does nothing: the simulator applies the step's effects instead.
  std::uint32_t operation(std::string name_of_operation) {
    Operation made;
    made.name = std::move(name_of_operation);
    made.body.code.push_back({.kind = InstructionKind::finish});
    plan.operations.push_back(std::move(made));
    return static_cast<std::uint32_t>(plan.operations.size() - 1);
  }
  StepId step(std::string name_of_step) {
    Step made;
    made.name = std::move(name_of_step);
    made.operation = operation("do." + made.name);
    plan.steps.push_back(std::move(made));
    return {static_cast<std::uint32_t>(plan.steps.size() - 1)};
  }
  Step& operator[](StepId id) { return plan.steps[id.index]; }
  // A step that sets one boolean; its undo sets it back.
  StepId sets_flag(std::string name_of_step, VariableId id, bool value) {
    const StepId made = step(std::move(name_of_step));
    Step& of = plan.steps[made.index];
    of.effects = {sets(id, Value{value})};
    of.ensures = {value ? is_true(id) : is_false(id)};
    of.undo_operation = operation("undo." + of.name);
    of.undo_effects = {sets(id, Value{!value})};
    of.undo_ensures = {value ? is_false(id) : is_true(id)};
    return made;
  }
  void edge(StepId from, StepId to) { plan.edges.push_back({.from = from, .to = to}); }
};

}  // namespace plan::test
