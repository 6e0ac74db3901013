// From expressions of the compiled plan to nodes.
#include <algorithm>
#include <bit>

#include "verify/nodes.hpp"

namespace plan::verify {

namespace {

constexpr int depth_limit = 100;

}  // namespace

NodeId Nodes::of(ExprId expr) {
  if (of_expr_[expr.index].index == UINT32_MAX) {
    Slots slots;
    const NodeId made = of(expr, slots, 0);
    of_expr_[expr.index] = made;
  }
  return of_expr_[expr.index];
}

NodeId Nodes::of_value(const Value& value) {
  const auto* deferred = value.as<Deferred>();
  return deferred != nullptr ? of(deferred->expr) : constant(value);
}

NodeId Nodes::of(ExprId id, Slots& slots, int depth) {
  const Expr& expr = plan_[id];
  const auto child = [&](std::uint32_t index) { return of(ExprId{index}, slots, depth); };
  const auto children = [&] {
    std::vector<NodeId> result;
    for (std::uint32_t at = expr.children_begin; at < expr.children_end; ++at) {
      result.push_back(of(plan_.expr_children[at], slots, depth));
    }
    return result;
  };
  switch (expr.op) {
    case Op::constant:
      return of_value(plan_.constants[expr.a]);
    case Op::local:
      return expr.a < slots.size() && slots[expr.a].index != UINT32_MAX ? slots[expr.a] : unknown();
    case Op::input:
      return intern({.kind = NodeKind::input, .detail = expr.a, .children = {}});
    case Op::token:
      return intern({.kind = NodeKind::token, .detail = expr.a, .children = {}});
    case Op::state:
      return found(VariableId{expr.a});
    case Op::state_of:
      return of_state(child(expr.a), expr.b, depth);
    case Op::field:
      return of_field(expr, slots, depth);
    case Op::list:
    case Op::concat:
      return make(expr.op, 0, children());
    case Op::record:
    case Op::native:
      return make(expr.op, expr.b, children());
    case Op::resource:
      return of_resource(expr, children());
    case Op::logical_not:
    case Op::negate:
      return make(expr.op, 0, {child(expr.a)});
    case Op::cast:
      return make(expr.op, expr.b, {child(expr.a)});
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
      const NodeId left = child(expr.a);
      return make(expr.op, 0, {left, child(expr.b)});
    }
    case Op::conditional: {
      const NodeId condition = child(expr.a);
      const NodeId yes = child(expr.b);
      return make(expr.op, 0, {condition, yes, child(expr.c)});
    }
    case Op::call: {
      Slots arguments = children();
      if (expr.b >= plan_.functions.size() || depth >= depth_limit) {
        return unknown();
      }
      const PureFunction& function = plan_.functions[expr.b];
      arguments.resize(std::max<std::size_t>(arguments.size(), function.slot_count));
      return of(function.body, arguments, depth + 1);
    }
    case Op::for_all:
    case Op::map:
      return of_comprehension(expr, slots, depth);
  }
  return unknown();
}

NodeId Nodes::of_field(const Expr& expr, Slots& slots, int depth) {
  const NodeId base = of(ExprId{expr.a}, slots, depth);
  const std::string_view name = std::bit_cast<Name>(expr.b).text();
  const Value* value = constant_of(base);
  if (const Map* map = value == nullptr ? nullptr : value->as<Map>()) {
    const Value* entry = find(*map, name);
    return entry != nullptr ? of_value(Value(*entry)) : unknown();
  }
  if (const auto* id = value == nullptr ? nullptr : value->as<ResourceId>()) {
    const Resource& resource = plan_.resources[id->index];
    const auto& names = plan_.resource_types[resource.type].field_names;
    const auto at = static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
    if (at < names.size() && at < resource.fields.size()) {
      // A field of an arbitrary element that only run time knows is written as itself.
      const auto* deferred = resource.fields[at].as<Deferred>();
      if (deferred == nullptr || plan_[deferred->expr].op != Op::field) {
        return of_value(resource.fields[at]);
      }
    }
  }
  const Node& node = nodes_[base.index];
  if (node.kind == NodeKind::operation && node.op == Op::record) {
    const auto& keys = plan_.record_shapes[node.detail];
    const auto at = static_cast<std::size_t>(std::ranges::find(keys, name) - keys.begin());
    if (at < keys.size()) {
      return node.children[at];
    }
  }
  return make(Op::field, expr.b, {base});
}

NodeId Nodes::of_state(NodeId resource, std::uint32_t attribute, int depth) {
  const Value* value = constant_of(resource);
  const auto* id = value == nullptr ? nullptr : value->as<ResourceId>();
  if (id == nullptr) {
    return make(Op::state_of, attribute, {resource});
  }
  const auto& attributes = plan_.resource_types[plan_.resources[id->index].type].attributes;
  if (attribute < attributes.size() && attributes[attribute].is_derived && depth < depth_limit) {
    Slots slots{resource};
    return of(attributes[attribute].derivation, slots, depth + 1);
  }
  const VariableId known = variable(*id, attribute);
  return known.index != UINT32_MAX
             ? found(known)
             : intern({.kind = NodeKind::elsewhere, .detail = attribute, .children = {resource}});
}

// `for x in l: c` and `[v for x in l if c]`: over all elements where the list is known, else over
// one that stands for any.
NodeId Nodes::of_comprehension(const Expr& expr, Slots& slots, int depth) {
  const NodeId list = of(ExprId{expr.a}, slots, depth);
  std::vector<NodeId> elements;
  bool is_complete = true;
  const Node& node = nodes_[list.index];
  const Value* value = constant_of(list);
  if (value != nullptr && value->as<List>() != nullptr) {
    for (const Value& item : List(*value->as<List>())) {
      elements.push_back(of_value(item));
    }
  } else if (node.kind == NodeKind::operation && node.op == Op::list) {
    elements = node.children;
  } else {
    is_complete = false;
    const auto element = node.kind == NodeKind::found
                             ? elements_.find(pair_of(plan_.variables[node.detail].resource.index,
                                                      plan_.variables[node.detail].attribute))
                             : elements_.end();
    elements.push_back(
        element != elements_.end()
            ? constant(Value{ResourceId{element->second}})
            : intern({.kind = NodeKind::element, .detail = fresh_++, .children = {}}));
  }
  slots.resize(std::max<std::size_t>(slots.size(), expr.c + std::size_t{1}));
  const NodeId saved = slots[expr.c];
  std::vector<NodeId> chosen;
  NodeId all = truth(true);
  bool is_exact = is_complete;
  for (const NodeId element : elements) {
    slots[expr.c] = element;
    const NodeId body = of(ExprId{expr.b}, slots, depth);
    if (expr.op == Op::for_all) {
      all = make(Op::logical_and, 0, {all, body});
      continue;
    }
    const NodeId keeps = expr.d == UINT32_MAX ? truth(true) : of(ExprId{expr.d}, slots, depth);
    is_exact = is_exact && (keeps == true_ || keeps == false_);
    if (keeps != false_) {
      chosen.push_back(keeps == true_ ? body : make(Op::conditional, 0, {keeps, body, unknown()}));
    }
  }
  slots[expr.c] = saved;
  if (expr.op == Op::for_all) {
    return is_complete ? all : make(Op::for_all, 0, {list, all});
  }
  if (is_exact) {
    return make(Op::list, 0, std::move(chosen));
  }
  chosen.insert(chosen.begin(), list);
  return make(Op::map, 0, std::move(chosen));
}

// A resource made on the spot is the plan's where one has the same key.
NodeId Nodes::of_resource(const Expr& expr, const std::vector<NodeId>& fields) {
  const auto& key = plan_.resource_types[expr.b].key;
  for (std::uint32_t index = 0; index < plan_.resources.size(); ++index) {
    const Resource& resource = plan_.resources[index];
    if (resource.type == expr.b && !resource.is_element() &&
        std::ranges::all_of(key, [&](std::uint32_t field) {
          return field < fields.size() && field < resource.fields.size() &&
                 fields[field] == of_value(resource.fields[field]);
        })) {
      return constant(Value{ResourceId{index}});
    }
  }
  return make(Op::resource, expr.b, fields);
}

}  // namespace plan::verify
