#include "compiler/print_known.hpp"

#include <algorithm>
#include <bit>

#include <fmt/core.h>

#include "compiler/operations.hpp"

namespace plan {

namespace {

using Known = std::optional<Value>;

Known known_field(const Plan& plan, const Expr& expr, const PrintFrame& frame) {
  const Known base = known_value(plan, {expr.a}, frame);
  if (!base) {
    return std::nullopt;
  }
  const std::string name = field_text(plan, expr);
  const Value* found = nullptr;
  if (const auto* map = base->as<Map>()) {
    found = find(*map, name);
  } else if (const auto* id = base->as<ResourceId>()) {
    const Resource& resource = plan.resources[id->index];
    const auto& names = plan.resource_types[resource.type].field_names;
    const auto position = std::ranges::find(names, name) - names.begin();
    const auto index = static_cast<std::size_t>(position);
    found = index < resource.fields.size() ? &resource.fields[index] : nullptr;
    // A field of an arbitrary element that only the query knows stands for itself.
    if (resource.is_element() && found != nullptr && found->as<Deferred>() != nullptr) {
      return std::nullopt;
    }
  }
  if (found == nullptr) {
    return std::nullopt;
  }
  if (const auto* deferred = found->as<Deferred>()) {
    // A field of an arbitrary element that only run time knows is `field(element, name)` itself.
    const bool is_itself = plan[deferred->expr].op == Op::field;
    return is_itself ? std::nullopt : known_value(plan, deferred->expr, {});
  }
  return *found;
}

std::optional<std::vector<Value>> known_children(const Plan& plan,
                                                 const Expr& expr,
                                                 const PrintFrame& frame) {
  std::vector<Value> values;
  for (std::uint32_t child = expr.children_begin; child < expr.children_end; ++child) {
    Known value = known_value(plan, plan.expr_children[child], frame);
    if (!value) {
      return std::nullopt;
    }
    values.push_back(std::move(*value));
  }
  return values;
}

// A secret anywhere inside makes the whole one: it must not be shown in part or derived from.
bool holds_secret(const Value& value) {
  if (const auto* list = value.as<List>()) {
    return std::ranges::any_of(*list, holds_secret);
  }
  if (const auto* map = value.as<Map>()) {
    return std::ranges::any_of(*map, [](const auto& entry) { return holds_secret(entry.second); });
  }
  return value.as<Secret>() != nullptr;
}

Known known_compound(const Plan& plan, const Expr& expr, const PrintFrame& frame) {
  std::optional<std::vector<Value>> values = known_children(plan, expr, frame);
  if (!values) {
    return std::nullopt;
  }
  const bool is_secret = std::ranges::any_of(*values, holds_secret);
  if (expr.op == Op::list) {
    return Value{List(std::move(*values))};
  }
  if (expr.op == Op::record) {
    Map map;
    for (std::size_t index = 0; index < values->size(); ++index) {
      map.emplace_back(plan.record_shapes[expr.b][index], std::move((*values)[index]));
    }
    return Value{std::move(map)};
  }
  if (is_secret) {
    return Value{Secret{}};
  }
  if (expr.op == Op::concat) {
    std::string text;
    for (const Value& value : *values) {
      const Evaluated part = interpolate(value);
      if (!part || part->as<std::string>() == nullptr) {
        return std::nullopt;
      }
      text += *part->as<std::string>();
    }
    return Value{std::move(text)};
  }
  const Evaluated result = apply_native(plan, expr.b, *values);
  return result ? Known{*result} : std::nullopt;
}

Known known_binary(const Plan& plan, const Expr& expr, const PrintFrame& frame) {
  const Known left = known_value(plan, {expr.a}, frame);
  const Known right = known_value(plan, {expr.b}, frame);
  if (!left || !right || holds_secret(*left) || holds_secret(*right)) {
    return std::nullopt;
  }
  const Evaluated result = apply(expr.op, *left, *right);
  return result ? Known{*result} : std::nullopt;
}

Known known_unary(const Plan& plan, const Expr& expr, const PrintFrame& frame) {
  const Known operand = known_value(plan, {expr.a}, frame);
  if (!operand || holds_secret(*operand)) {
    return std::nullopt;
  }
  const Evaluated result = apply(expr.op, *operand);
  return result ? Known{*result} : std::nullopt;
}

Known known_choice(const Plan& plan, const Expr& expr, const PrintFrame& frame) {
  const Known condition = known_value(plan, {expr.a}, frame);
  const bool* decided = condition ? condition->as<bool>() : nullptr;
  if (decided == nullptr) {
    return std::nullopt;
  }
  return known_value(plan, {*decided ? expr.b : expr.c}, frame);
}

Known known_slot(const Plan& plan, std::uint32_t slot, const PrintFrame& frame) {
  if (slot >= frame.values.size() || !frame.values[slot]) {
    return std::nullopt;
  }
  if (const auto* deferred = frame.values[slot]->as<Deferred>()) {
    return known_value(plan, deferred->expr, {});
  }
  return frame.values[slot];
}

// The resource type that an expression denotes; none if that cannot be told without the frame.
std::uint32_t resource_type_of(const Plan& plan, ExprId id, const PrintFrame& frame) {
  const Known value = known_value(plan, id, frame);
  if (value && value->as<ResourceId>() != nullptr) {
    return plan.resources[value->as<ResourceId>()->index].type;
  }
  const Expr& expr = plan[id];
  if (expr.op == Op::resource) {
    return expr.b;
  }
  if (expr.op == Op::local && expr.a < frame.types.size() &&
      frame.types[expr.a] < plan.types.size()) {
    const Type& type = plan.types[frame.types[expr.a]];
    return type.kind == TypeKind::resource ? type.detail : UINT32_MAX;
  }
  if (expr.op != Op::field) {
    return UINT32_MAX;
  }
  const std::uint32_t base = resource_type_of(plan, {expr.a}, frame);
  if (base == UINT32_MAX) {
    return UINT32_MAX;
  }
  const ResourceType& type = plan.resource_types[base];
  const auto found = std::ranges::find(type.field_names, field_text(plan, expr));
  if (found == type.field_names.end()) {
    return UINT32_MAX;
  }
  const auto index = static_cast<std::size_t>(found - type.field_names.begin());
  const Type& field = plan.types[type.field_types[index]];
  return field.kind == TypeKind::resource ? field.detail : UINT32_MAX;
}

}  // namespace

std::optional<Value> known_value(const Plan& plan, ExprId id, const PrintFrame& frame) {
  if (id.is_none()) {
    return std::nullopt;
  }
  const Expr& expr = plan[id];
  switch (expr.op) {
    case Op::constant: {
      const Value& value = plan.constants[expr.a];
      const auto* deferred = value.as<Deferred>();
      return deferred != nullptr ? known_value(plan, deferred->expr, {}) : Known{value};
    }
    case Op::local:
      return known_slot(plan, expr.a, frame);
    case Op::input: {
      const Input& input = plan.inputs[expr.a];
      return input.is_secret ? Known{Value{Secret{}}} : input.value;
    }
    case Op::field:
      return known_field(plan, expr, frame);
    case Op::list:
    case Op::record:
    case Op::concat:
    case Op::native:
      return known_compound(plan, expr, frame);
    case Op::logical_not:
    case Op::negate:
      return known_unary(plan, expr, frame);
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::remainder:
    case Op::in:
      return known_binary(plan, expr, frame);
    case Op::conditional:
      return known_choice(plan, expr, frame);
    case Op::state:
    case Op::state_of:
    case Op::token:
    case Op::index:
    case Op::resource:
    case Op::logical_and:
    case Op::logical_or:
    case Op::call:
    case Op::for_all:
    case Op::map:
    case Op::cast:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string field_text(const Plan&, const Expr& expr) {
  return std::string(std::bit_cast<Name>(expr.b).text());
}

std::string attribute_text(const Plan& plan, const Expr& expr, const PrintFrame& frame) {
  const std::uint32_t type = resource_type_of(plan, {expr.a}, frame);
  if (type == UINT32_MAX || expr.b >= plan.resource_types[type].attributes.size()) {
    return fmt::format("state{}", expr.b);
  }
  return plan.resource_types[type].attributes[expr.b].name;
}

std::uint32_t attribute_type(const Plan& plan, const Expr& expr, const PrintFrame& frame) {
  const std::uint32_t type = resource_type_of(plan, {expr.a}, frame);
  if (type == UINT32_MAX || expr.b >= plan.resource_types[type].attributes.size()) {
    return UINT32_MAX;
  }
  return plan.resource_types[type].attributes[expr.b].type;
}

std::string type_text(const Plan& plan, std::uint32_t type) {
  const Type& found = plan.types[type];
  switch (found.kind) {
    case TypeKind::any:
      return "any";
    case TypeKind::boolean:
      return "bool";
    case TypeKind::integer:
      return "int";
    case TypeKind::string:
      return "string";
    case TypeKind::version:
      return "version";
    case TypeKind::duration:
      return "duration";
    case TypeKind::size:
      return "size";
    case TypeKind::path:
      return "path";
    case TypeKind::url:
      return "url";
    case TypeKind::secret:
      return "secret";
    case TypeKind::json:
      return "json";
    case TypeKind::host:
      return "host";
    case TypeKind::list:
      return "list<" + type_text(plan, found.element) + ">";
    case TypeKind::map:
      return "map<" + type_text(plan, found.element) + ">";
    case TypeKind::record:
      return plan.record_types[found.detail].name;
    case TypeKind::enumeration:
      return plan.enum_types[found.detail].name;
    case TypeKind::resource:
      return plan.resource_types[found.detail].name;
    case TypeKind::null:
      return "null";
  }
  return "?";
}

}  // namespace plan
