// Builds small plans by hand: variables are states `value` of resources, steps have contracts over
// them. Every clause gets a span of its own, so that a test can tell which one a label points at.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan.hpp"

namespace plan::test {

class PlanBuilder {
 public:
  PlanBuilder() {
    plan.title = "test";
    plan.types = {Type{TypeKind::boolean}, Type{TypeKind::string}};
    plan.resource_types.push_back(thing_type());
    for (const char* name : {"act", "take_back"}) {
      Operation operation;
      operation.name = name;
      operation.body = acting_body();
      plan.operations.push_back(std::move(operation));
    }
  }

  // A state of its own: "NAME.value".
  VariableId variable(const std::string& name) { return add(name, name, {}); }
  // A state that is part of `whole`. Parts with equal ids are counterparts of each other.
  VariableId part(const std::string& name, const std::string& id, VariableId whole) {
    return add(name, id, whole);
  }

  ExprId constant(Value value) {
    plan.constants.push_back(std::move(value));
    return expr({.op = Op::constant, .a = last(plan.constants)});
  }
  ExprId expr(Expr made) {
    plan.exprs.push_back(made);
    return ExprId{last(plan.exprs)};
  }
  ExprId state(VariableId variable) { return expr({.op = Op::state, .a = variable.index}); }
  ExprId negation(ExprId operand) { return expr({.op = Op::logical_not, .a = operand.index}); }
  ExprId conjunction(ExprId left, ExprId right) {
    return expr({.op = Op::logical_and, .a = left.index, .b = right.index});
  }
  ExprId equality(ExprId left, ExprId right) {
    return expr({.op = Op::equal, .a = left.index, .b = right.index});
  }

  Condition condition(ExprId of, std::vector<VariableId> reads, std::string text) {
    return {.expr = of,
            .message_value = {},
            .reads = std::move(reads),
            .message = "",
            .text = std::move(text),
            .span = span()};
  }
  Condition holds(VariableId variable, bool value = true) {
    const ExprId read = state(variable);
    return condition(value ? read : negation(read), {variable},
                     (value ? "" : "not ") + name_of(variable));
  }
  Condition equal(VariableId left, VariableId right) {
    std::vector<VariableId> reads{left, right};
    if (right < left) {
      std::swap(reads[0], reads[1]);
    }
    return condition(equality(state(left), state(right)), reads,
                     name_of(left) + " == " + name_of(right));
  }

  StepId step(const std::string& name) {
    Step made;
    made.name = name;
    made.operation = 0;
    made.undo_none = true;
    made.span = span();
    made.ensures.push_back(condition(constant(Value{true}), {}, "true"));  // it can be observed
    plan.steps.push_back(std::move(made));
    return StepId{last(plan.steps)};
  }
  Step& operator[](StepId step) { return plan.steps[step.index]; }

  void requires_(StepId step, VariableId variable, bool value = true) {
    (*this)[step].requires_.push_back(holds(variable, value));
  }
  void awaits(StepId step, VariableId variable, bool value = true) {
    (*this)[step].awaits.push_back(holds(variable, value));
  }
  Effect set(VariableId variable, bool value) {
    return {.variable = variable,
            .kind = EffectKind::set,
            .value = constant(Value{value}),
            .keeping = {},
            .span = span()};
  }
  Effect copy(VariableId to, VariableId from) {
    return {.variable = to,
            .kind = EffectKind::set,
            .value = state(from),
            .keeping = {},
            .span = span()};
  }
  Effect change(VariableId variable, EffectKind kind = EffectKind::change) {
    return {.variable = variable, .kind = kind, .value = {}, .keeping = {}, .span = span()};
  }
  void ensures(StepId step, VariableId variable, bool value = true) {
    (*this)[step].effects.push_back(set(variable, value));
    (*this)[step].ensures.push_back(holds(variable, value));
  }
  void copies(StepId step, VariableId to, VariableId from) {
    (*this)[step].effects.push_back(copy(to, from));
    (*this)[step].ensures.push_back(equal(to, from));
  }
  void changes(StepId step, VariableId variable) {
    (*this)[step].effects.push_back(change(variable));
  }
  void destroys(StepId step, VariableId variable) {
    (*this)[step].effects.push_back(change(variable, EffectKind::destroy));
  }
  void make_expendable(VariableId variable) {
    plan.resources[plan.variables[variable.index].resource.index].fields[2] = Value{true};
  }
  void after(StepId step, StepId before) { (*this)[step].after.push_back(before); }
  void goal(VariableId variable, bool value = true) {
    plan.goals.push_back(holds(variable, value));
  }
  // `always not (left and right)`.
  void never_both(VariableId left, VariableId right) {
    plan.invariants.push_back(condition(negation(conjunction(state(left), state(right))),
                                        {std::min(left, right), std::max(left, right)},
                                        "not (" + name_of(left) + " and " + name_of(right) + ")"));
  }

  // A deferred loop over `query` of a new owner; its element is returned with one state.
  struct LoopParts {
    std::uint32_t loop;
    VariableId state;
  };
  LoopParts loop(const std::string& variable, std::uint32_t at_most = 1) {
    const VariableId owner = this->variable("owner_of_" + variable);
    Resource element;
    element.name = variable + "[]";
    element.type = 0;
    element.element_of = plan.variables[owner.index].resource;
    element.query = 1;
    element.fields = {Value{std::string(variable)}, Value{Null{}}, Value{false}};
    plan.resources.push_back(element);
    const ResourceId id{last(plan.resources)};
    plan.variables.push_back({.resource = id, .attribute = 0});
    Loop made;
    made.variable = variable;
    made.element = id;
    made.owner = element.element_of;
    made.query = 1;
    made.at_most = at_most;
    made.span = span();
    made.begin = step("for " + variable + "#begin");
    made.end = step("for " + variable + "#end");
    (*this)[made.begin].kind = StepKind::loop_begin;
    (*this)[made.end].kind = StepKind::loop_end;
    (*this)[made.begin].operation = UINT32_MAX;
    (*this)[made.end].operation = UINT32_MAX;
    plan.loops.push_back(made);
    return {.loop = last(plan.loops), .state = VariableId{last(plan.variables)}};
  }
  StepId step_in(std::uint32_t loop, const std::string& name) {
    const StepId made = step(name);
    (*this)[made].loop = loop;
    plan.loops[loop].body.push_back(made);
    return made;
  }

  [[nodiscard]] std::string name_of(VariableId variable) const {
    return plan.resources[plan.variables[variable.index].resource.index].name + ".value";
  }
  Span span() {
    next_ += 10;
    return {next_, next_ + 5};
  }

  Plan plan;

 private:
  template <class T>
  static std::uint32_t last(const std::vector<T>& list) {
    return static_cast<std::uint32_t>(list.size() - 1);
  }

  static ResourceType thing_type() {
    ResourceType type;
    type.name = "thing";
    type.field_names = {"id", "whole", "expendable"};
    type.field_types = {1, 0, 0};
    type.key = {0};
    Attribute value;
    value.name = "value";
    Attribute query;
    query.kind = AttributeKind::query;
    query.name = "elements";
    Attribute carried;
    carried.name = "value";
    carried.carried_by = {"whole", "value"};
    type.attributes = {value, query, carried};
    return type;
  }

  static Program acting_body() {
    Program body;
    body.code.push_back({.kind = InstructionKind::finish});
    return body;
  }

  VariableId add(const std::string& name, const std::string& id, VariableId whole) {
    Resource made;
    made.name = name;
    made.type = 0;
    const bool is_part = whole.index != UINT32_MAX;
    made.fields = {Value{id}, is_part ? Value{plan.variables[whole.index].resource} : Value{Null{}},
                   Value{false}};
    made.span = span();
    plan.resources.push_back(std::move(made));
    plan.variables.push_back(
        {.resource = ResourceId{last(plan.resources)}, .attribute = is_part ? 2U : 0U});
    return VariableId{last(plan.variables)};
  }

  std::uint32_t next_ = 0;
};

}  // namespace plan::test
