// The fields of the compiled plan in the order of its JSON form: one list for the writer and the
// reader. A visitor is called with (name, member); always(name, member) is for members whose
// default is not the empty value; span(member) is for places, which are kept apart from the
// meaning.
#pragma once

#include <concepts>
#include <type_traits>

#include "compiler/plan.hpp"

namespace plan {

template <class T, class Base>
concept Is = std::same_as<std::remove_const_t<T>, Base>;

template <class Visitor>
void fields(Visitor& visit, Is<Type> auto& type) {
  visit("kind", type.kind);
  visit("element", type.element);
  visit("detail", type.detail);
}

template <class Visitor>
void fields(Visitor& visit, Is<RecordType> auto& type) {
  visit("name", type.name);
  visit("field_names", type.field_names);
  visit("field_types", type.field_types);
  visit("defaults", type.defaults);
}

template <class Visitor>
void fields(Visitor& visit, Is<EnumType> auto& type) {
  visit("name", type.name);
  visit("cases", type.cases);
}

template <class Visitor>
void fields(Visitor& visit, Is<Instruction> auto& instruction) {
  visit.always("do", instruction.kind);
  visit("slot", instruction.slot);
  visit("value", instruction.value);
  visit("target", instruction.target);
  visit("effect", instruction.effect);
  visit("attribute", instruction.attribute);
  visit.span(instruction.span);
}

template <class Visitor>
void fields(Visitor& visit, Is<EffectCall> auto& call) {
  visit("effect", call.effect);
  visit("arguments", call.arguments);
  visit("host", call.host);
  visit("user", call.user);
  visit("env", call.env);
  visit("standard_input", call.standard_input);
  visit("timeout", call.timeout);
  visit("is_shell", call.is_shell);
  visit("pipe_into", call.pipe_into);
}

template <class Visitor>
void fields(Visitor& visit, Is<Program> auto& program) {
  visit("parameter_count", program.parameter_count);
  visit("slot_count", program.slot_count);
  visit("code", program.code);
  visit("effects", program.effects);
}

template <class Visitor>
void fields(Visitor& visit, Is<Attribute> auto& attribute) {
  visit("kind", attribute.kind);
  visit("name", attribute.name);
  visit("type", attribute.type);
  visit("observe", attribute.observe);
  visit("carried_by", attribute.carried_by);
  visit("is_derived", attribute.is_derived);
  visit("derivation", attribute.derivation);
  visit("documentation", attribute.documentation);
}

template <class Visitor>
void fields(Visitor& visit, Is<ResourceType> auto& type) {
  visit("name", type.name);
  visit("field_names", type.field_names);
  visit("field_types", type.field_types);
  visit("defaults", type.defaults);
  visit("key", type.key);
  visit("host_field", type.host_field);
  visit("attributes", type.attributes);
  visit("documentation", type.documentation);
}

template <class Visitor>
void fields(Visitor& visit, Is<Input> auto& input) {
  visit("name", input.name);
  visit("type", input.type);
  visit("value", input.value);
  visit("is_secret", input.is_secret);
  visit("documentation", input.documentation);
  visit.span(input.span);
}

template <class Visitor>
void fields(Visitor& visit, Is<Host> auto& host) {
  visit("name", host.name);
  visit("is_local", host.is_local);
  visit("address", host.address);
  visit("user", host.user);
  visit("become", host.become);
  visit("port", host.port);
  visit("become_password", host.become_password);
}

template <class Visitor>
void fields(Visitor& visit, Is<Resource> auto& resource) {
  visit("name", resource.name);
  visit("type", resource.type);
  visit("fields", resource.fields);
  visit("element_of", resource.element_of);
  visit("query", resource.query);
  visit.span(resource.span);
}

template <class Visitor>
void fields(Visitor& visit, Is<Variable> auto& variable) {
  visit("resource", variable.resource);
  visit("attribute", variable.attribute);
}

template <class Visitor>
void fields(Visitor& visit, Is<AttributeRef> auto& reference) {
  visit("type", reference.type);
  visit("attribute", reference.attribute);
}

template <class Visitor>
void fields(Visitor& visit, Is<Condition> auto& condition) {
  visit("expr", condition.expr);
  visit("message_value", condition.message_value);
  visit("reads", condition.reads);
  visit("message", condition.message);
  visit.text(condition);
  visit.span(condition.span);
}

template <class Visitor>
void fields(Visitor& visit, Is<Effect> auto& effect) {
  visit("variable", effect.variable);
  visit("kind", effect.kind);
  visit("value", effect.value);
  visit("keeping", effect.keeping);
  visit.span(effect.span);
}

template <class Visitor>
void fields(Visitor& visit, Is<Operation> auto& operation) {
  visit("name", operation.name);
  visit("parameter_names", operation.parameter_names);
  visit("parameter_types", operation.parameter_types);
  visit("host", operation.host);
  visit("user", operation.user);
  visit("body", operation.body);
  visit("output_names", operation.output_names);
  visit("outputs", operation.outputs);
  visit("is_detached", operation.is_detached);
  visit("is_once", operation.is_once);
  visit("manual", operation.manual);
  visit("irreversible", operation.irreversible);
  visit("documentation", operation.documentation);
  visit.span(operation.span);
}

template <class Visitor>
void fields(Visitor& visit, Is<Step> auto& step) {
  visit("name", step.name);
  visit("kind", step.kind);
  visit("operation", step.operation);
  visit("arguments", step.arguments);
  visit("requires", step.requires_);
  visit("awaits", step.awaits);
  visit("effects", step.effects);
  visit("ensures", step.ensures);
  visit("when", step.when);
  visit("after", step.after);
  visit("phase", step.phase);
  visit("loop", step.loop);
  visit("host", step.host);
  visit("user", step.user);
  visit("timeout_ms", step.timeout_ms);
  visit("retry_count", step.retry_count);
  visit("retry_every_ms", step.retry_every_ms);
  visit("undo_operation", step.undo_operation);
  visit("undo_arguments", step.undo_arguments);
  visit("undo_requires", step.undo_requires);
  visit("undo_effects", step.undo_effects);
  visit("undo_ensures", step.undo_ensures);
  visit("undo_none", step.undo_none);
  visit("allows_destroy", step.allows_destroy);
  visit("text", step.text);
  visit("note", step.note);
  visit.span(step.span);
}

template <class Visitor>
void fields(Visitor& visit, Is<Loop> auto& loop) {
  visit("variable", loop.variable);
  visit("element", loop.element);
  visit("owner", loop.owner);
  visit("query", loop.query);
  visit("at_most", loop.at_most);
  visit.always("stops_on_failure", loop.stops_on_failure);
  visit("begin", loop.begin);
  visit("end", loop.end);
  visit("body", loop.body);
  visit("parent", loop.parent);
  visit.span(loop.span);
}

template <class Visitor>
void fields(Visitor& visit, Is<Phase> auto& phase) {
  visit("title", phase.title);
  visit("steps", phase.steps);
  visit.span(phase.span);
}

template <class Visitor>
void fields(Visitor& visit, Is<Edge> auto& edge) {
  visit("from", edge.from);
  visit("to", edge.to);
  visit("reason", edge.reason);
  visit("variable", edge.variable);
  visit.span(edge.span);
}

template <class Visitor>
void fields(Visitor& visit, Is<DeferredRule> auto& rule) {
  visit("condition", rule.condition);
}

template <class Visitor>
void fields(Visitor& visit, Is<Test> auto& test) {
  visit("title", test.title);
  visit("given", test.given);
  visit("inputs", test.inputs);
  visit("crashes_everywhere", test.crashes_everywhere);
  visit("failing_steps", test.failing_steps);
  visit("shuffles", test.shuffles);
  visit("expected", test.expected);
  visit("refused_code", test.refused_code);
  visit("refused_message", test.refused_message);
  visit.span(test.span);
}

template <class Visitor>
void fields(Visitor& visit, Is<PureFunction> auto& function) {
  visit("name", function.name);
  visit("parameter_count", function.parameter_count);
  visit("slot_count", function.slot_count);
  visit("body", function.body);
}

template <class Visitor>
void fields(Visitor& visit, Is<Plan> auto& plan) {
  visit("title", plan.title);
  visit("inputs", plan.inputs);
  visit("hosts", plan.hosts);
  visit("resources", plan.resources);
  visit("variables", plan.variables);
  visit("operations", plan.operations);
  visit("steps", plan.steps);
  visit("phases", plan.phases);
  visit("loops", plan.loops);
  visit("rules", plan.rules);
  visit("goals", plan.goals);
  visit("invariants", plan.invariants);
  visit("tests", plan.tests);
  visit("edges", plan.edges);
  visit("topological", plan.topological);
  visit("point_of_no_return", plan.point_of_no_return);
  visit("preflight_requirements", plan.preflight_requirements);
  visit("types", plan.types);
  visit("record_types", plan.record_types);
  visit("enum_types", plan.enum_types);
  visit("resource_types", plan.resource_types);
  visit("functions", plan.functions);
  visit("constants", plan.constants);
  visit("record_shapes", plan.record_shapes);
}

}  // namespace plan
