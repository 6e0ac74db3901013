// From expressions of the plan to terms.

#include <algorithm>
#include <array>
#include <bit>

#include "compiler/prove/terms.hpp"

namespace plan {

// Slots of the function or quantifier that is being read, and how deep calls are nested.
struct Terms::Frame {
  std::vector<TermId> slots;
  std::uint32_t depth = 0;
};

namespace {

// Calls nested deeper than this are opaque. The language has no recursion; this guards against
// compiled plans that were not made by the compiler.
constexpr std::uint32_t depth_limit = 100;

}  // namespace

TermId Terms::of(ExprId expr) {
  if (expr.index >= of_expr_.size()) {
    return poison_;
  }
  TermId known = of_expr_[expr.index];
  if (known.index == UINT32_MAX) {
    Frame frame;
    known = of(expr, frame);
    of_expr_[expr.index] = known;
  }
  return known;
}

TermId Terms::of(ExprId id, Frame& frame) {
  const Expr& expr = plan_[id];
  switch (expr.op) {
    case Op::constant: {
      TermId& known = of_constant_[expr.a];
      if (known.index == UINT32_MAX) {
        const bool is_open = plan_.constants[expr.a].as<Deferred>() != nullptr;
        of_constant_[expr.a] =
            is_open ? of_value(plan_.constants[expr.a]) : constant_of_plan(expr.a);
      }
      return of_constant_[expr.a];
    }
    case Op::local:
      return expr.a < frame.slots.size() && frame.slots[expr.a].index != UINT32_MAX
                 ? frame.slots[expr.a]
                 : unknown();
    case Op::input:
      return intern({.kind = TermKind::input, .a = expr.a}, {});
    case Op::state:
      return initial(VariableId{expr.a});
    case Op::state_of:
      return of_state(of(ExprId{expr.a}, frame), expr.b);
    case Op::token:
      return intern({.kind = TermKind::token, .a = expr.a}, {});
    case Op::field:
      return of_field(expr, frame);
    case Op::list:
    case Op::concat:
      return make(expr.op, 0, of_children(expr, frame));
    case Op::record:
    case Op::native:
      return make(expr.op, expr.b, of_children(expr, frame));
    case Op::resource:
      return of_resource(expr, frame);
    case Op::logical_not:
    case Op::negate:
      return make(expr.op, 0, std::array{of(ExprId{expr.a}, frame)});
    case Op::cast:
      return make(expr.op, expr.b, std::array{of(ExprId{expr.a}, frame)});
    case Op::index:
    case Op::logical_and:
    case Op::logical_or:
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::remainder:
    case Op::in: {
      const TermId left = of(ExprId{expr.a}, frame);
      return make(expr.op, 0, std::array{left, of(ExprId{expr.b}, frame)});
    }
    case Op::conditional: {
      const TermId condition = of(ExprId{expr.a}, frame);
      const TermId yes = of(ExprId{expr.b}, frame);
      return make(expr.op, 0, std::array{condition, yes, of(ExprId{expr.c}, frame)});
    }
    case Op::call:
      return of_call(expr, frame);
    case Op::for_all:
    case Op::map:
      return of_list_form(expr, frame);
  }
  return unknown();
}

TermId Terms::of_value(const Value& value) {
  if (const auto* deferred = value.as<Deferred>()) {
    return of(deferred->expr);
  }
  return constant(value);
}

std::vector<TermId> Terms::of_children(const Expr& expr, Frame& frame) {
  std::vector<TermId> result;
  for (std::uint32_t index = expr.children_begin; index < expr.children_end; ++index) {
    result.push_back(of(plan_.expr_children[index], frame));
  }
  return result;
}

TermId Terms::of_field(const Expr& expr, Frame& frame) {
  const TermId base = of(ExprId{expr.a}, frame);
  const std::string_view name = std::bit_cast<Name>(expr.b).text();
  const Value* known = value(base);
  if (known != nullptr && known->as<Map>() != nullptr) {
    const Value* field = find(*known->as<Map>(), name);
    return field != nullptr ? of_value(*field) : unknown();
  }
  if (known != nullptr && known->as<ResourceId>() != nullptr) {
    const Resource& resource = plan_.resources[known->as<ResourceId>()->index];
    const auto& names = plan_.resource_types[resource.type].field_names;
    const auto found = std::ranges::find(names, name);
    const auto index = static_cast<std::size_t>(found - names.begin());
    if (found != names.end() && index < resource.fields.size()) {
      const auto* deferred = resource.fields[index].as<Deferred>();
      // A field of an arbitrary element that only run time knows is `field(element, name)` itself.
      const bool is_itself = deferred != nullptr && plan_[deferred->expr].op == Op::field;
      if (!is_itself) {
        return of_value(resource.fields[index]);
      }
    }
  }
  const Term node = terms_[base.index];
  if (node.kind == TermKind::operation && node.op == Op::record) {
    const auto& keys = plan_.record_shapes[node.a];
    const auto found = std::ranges::find(keys, name);
    if (found != keys.end()) {
      return children(base)[static_cast<std::size_t>(found - keys.begin())];
    }
  }
  return make(Op::field, expr.b, std::array{base});
}

TermId Terms::of_state(TermId resource, std::uint32_t attribute) {
  const Value* known = value(resource);
  if (known == nullptr || known->as<ResourceId>() == nullptr) {
    return make(Op::state_of, attribute, std::array{resource});
  }
  const ResourceId id = *known->as<ResourceId>();
  const auto& attributes = plan_.resource_types[plan_.resources[id.index].type].attributes;
  if (attribute < attributes.size() && attributes[attribute].is_derived) {
    Frame frame{.slots = {resource}, .depth = 1};
    return of(attributes[attribute].derivation, frame);
  }
  const VariableId found = variable(id, attribute);
  if (found.index != UINT32_MAX) {
    return initial(found);
  }
  return intern({.kind = TermKind::elsewhere, .a = attribute}, std::array{resource});
}

TermId Terms::of_call(const Expr& expr, Frame& frame) {
  std::vector<TermId> arguments = of_children(expr, frame);
  if (expr.b >= plan_.functions.size() || frame.depth >= depth_limit) {
    return unknown();
  }
  const PureFunction& function = plan_.functions[expr.b];
  Frame inner{.slots = std::move(arguments), .depth = frame.depth + 1};
  inner.slots.resize(std::max<std::size_t>(inner.slots.size(), function.slot_count));
  return of(function.body, inner);
}

// The elements of a list: all of them where the list is known, else one that stands for any.
std::vector<TermId> Terms::element_terms(TermId list, bool& is_complete) {
  const Term node = terms_[list.index];
  is_complete = true;
  if (const Value* known = value(list); known != nullptr && known->as<List>() != nullptr) {
    const List items = *known->as<List>();
    std::vector<TermId> result;
    for (const Value& item : items) {
      result.push_back(of_value(item));
    }
    return result;
  }
  if (node.kind == TermKind::operation && node.op == Op::list) {
    return {children(list).begin(), children(list).end()};
  }
  is_complete = false;
  if (node.kind == TermKind::initial) {
    const Variable& query = plan_.variables[node.a];
    const ResourceId found = element(query.resource, query.attribute);
    if (found.index != UINT32_MAX) {
      return {constant(Value{found})};
    }
  }
  return {intern({.kind = TermKind::bound, .a = bounds_++}, {})};
}

TermId Terms::of_list_form(const Expr& expr, Frame& frame) {
  const TermId list = of(ExprId{expr.a}, frame);
  bool is_complete = false;
  const std::vector<TermId> elements = element_terms(list, is_complete);
  frame.slots.resize(std::max<std::size_t>(frame.slots.size(), expr.c + std::size_t{1}));
  const TermId saved = frame.slots[expr.c];
  TermId all = true_;
  std::vector<TermId> values;
  bool is_exact = is_complete;
  for (const TermId item : elements) {
    frame.slots[expr.c] = item;
    const TermId body = of(ExprId{expr.b}, frame);
    const TermId chosen =
        expr.op == Op::map && expr.d != UINT32_MAX ? of(ExprId{expr.d}, frame) : true_;
    all = expr.op == Op::for_all ? conjunction(all, body) : all;
    is_exact = is_exact && (is_true(chosen) || is_false(chosen));
    if (!is_false(chosen)) {
      values.push_back(is_exact || is_true(chosen)
                           ? body
                           : make(Op::conditional, 0, std::array{chosen, body, unknown()}));
    }
  }
  frame.slots[expr.c] = saved;
  if (expr.op == Op::for_all) {
    return is_complete ? all : make(Op::for_all, 0, std::array{list, all});
  }
  if (is_exact) {
    return make(Op::list, 0, values);
  }
  values.insert(values.begin(), list);
  return make(Op::map, 0, values);
}

// A resource made on the spot is the plan's where one has the same key.
TermId Terms::of_resource(const Expr& expr, Frame& frame) {
  const std::vector<TermId> fields = of_children(expr, frame);
  const ResourceType& type = plan_.resource_types[expr.b];
  for (std::uint32_t index = 0; index < plan_.resources.size(); ++index) {
    const Resource& resource = plan_.resources[index];
    const bool is_same = resource.type == expr.b && !resource.is_element() &&
                         std::ranges::all_of(type.key, [&](std::uint32_t field) {
                           return field < fields.size() && field < resource.fields.size() &&
                                  fields[field] == of_value(resource.fields[field]);
                         });
    if (is_same) {
      return constant(Value{ResourceId{index}});
    }
  }
  return make(Op::resource, expr.b, fields);
}

}  // namespace plan
