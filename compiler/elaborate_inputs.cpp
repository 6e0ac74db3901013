// The plan's inputs: what was given, defaults, and what stays open.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/elaborator.hpp"

namespace plan {

// Inputs without a value stay symbolic; a host without one is a host of its own.
void Elaborator::inputs() {
  const Module& plan = entry();
  for (std::uint32_t index = 0; index < plan.inputs.size(); ++index) {
    const auto& declared = plan.inputs[index];
    Input input;
    input.name = std::string(declared.node->name.name.text());
    input.type = plan.input_types[index];
    input.is_secret = types_.kind(input.type) == TypeKind::secret;
    input.documentation = documentation(sources_, declared.doc);
    input.span = declared.node->name.span;
    plan_.inputs.push_back(std::move(input));
    input_values_.push_back(Value{Deferred{assembly_.core().add({.op = Op::input, .a = index})}});
  }
  for (std::uint32_t index = 0; index < plan.inputs.size(); ++index) {
    const ast::InputDecl& node = *plan.inputs[index].node;
    Input& input = plan_.inputs[index];
    std::optional<Value> value = given_.values[index];
    if (!value && !node.default_value.is_none()) {
      host_name_ = node.name.name;
      value = evaluate(modules_.entry(), node.default_value);
    }
    if (value && value->as<Deferred>() == nullptr) {
      input.value = value;
    }
    if (!value && types_.kind(input.type) == TypeKind::host) {
      value = Value{assembly_.host({.name = input.name,
                                    .is_local = false,
                                    .address = {},
                                    .user = {},
                                    .become = {},
                                    .port = 0,
                                    .become_password = {}})};
    }
    if (value && !input.is_secret) {
      input_values_[index] = std::move(*value);
    }
  }
  for (std::uint32_t index = 0; index < plan.inputs.size(); ++index) {
    if (given_.values[index] && !plan_.inputs[index].is_secret) {
      input_values_[index] = completed(input_values_[index], plan_.inputs[index].type, index);
      plan_.inputs[index].value = input_values_[index];
    }
  }
}

// A given value with the defaults of the fields that were left out of its records.
Value Elaborator::completed(const Value& value, std::uint32_t type, std::uint32_t input) {
  const Type declared = types_[type];
  const auto* list = value.as<List>();
  if (list != nullptr && declared.kind == TypeKind::list) {
    List result;
    for (const Value& item : *list) {
      result.push_back(completed(item, declared.element, input));
    }
    return Value{std::move(result)};
  }
  const auto* map = value.as<Map>();
  if (map == nullptr || (declared.kind != TypeKind::map && declared.kind != TypeKind::record)) {
    return value;
  }
  Map result;
  if (declared.kind == TypeKind::map) {
    for (const auto& [key, item] : *map) {
      result.emplace_back(key, completed(item, declared.element, input));
    }
    return Value{std::move(result)};
  }
  const RecordType record = plan_.record_types[declared.detail];
  for (std::size_t field = 0; field < record.field_names.size(); ++field) {
    const std::string& name = record.field_names[field];
    if (const Value* given = find(*map, name)) {
      result.emplace_back(name, completed(*given, record.field_types[field], input));
      continue;
    }
    result.emplace_back(name, default_of(declared.detail, field));
    if (result.back().second.as<Deferred>() != nullptr) {
      diagnostics_.report<Code::bad_input_value>(
          plan_.inputs[input].span, plan_.inputs[input].name,
          fmt::format("`{}` is left out, and its default depends on an input without a value",
                      name));
    }
  }
  return Value{std::move(result)};
}

// What is read `as` a record gets its defaults from the plan: as values, where they are known.
void Elaborator::record_defaults() {
  for (std::uint32_t record = 0; record < plan_.record_types.size(); ++record) {
    for (std::size_t field = 0; field < plan_.record_types[record].defaults.size(); ++field) {
      const ExprId lowered = plan_.record_types[record].defaults[field];
      if (!lowered.is_none() && assembly_.core()[lowered].op != Op::constant) {
        const ExprId made = partial_.reify(default_of(record, field));
        plan_.record_types[record].defaults[field] = made;
      }
    }
  }
}

Value Elaborator::default_of(std::uint32_t record, std::size_t field) {
  for (std::uint32_t module = 0; module < modules_.modules.size(); ++module) {
    const auto& indexes = modules_[module].record_type_indexes;
    const auto found = std::ranges::find(indexes, record);
    if (found != indexes.end()) {
      const auto ordinal = static_cast<std::size_t>(found - indexes.begin());
      return evaluate(module,
                      modules_[module].record_types[ordinal].node->fields[field].default_value);
    }
  }
  return {};
}

}  // namespace plan
