#include "verify/nodes.hpp"

#include <algorithm>
#include <bit>

#include "compiler/operation_details.hpp"
#include "compiler/operations.hpp"

namespace plan::verify {

namespace {

// A text that two values share exactly if they are written the same.
std::string key_of(const Value& value) {
  std::string key = std::to_string(value.data.index()) + ":";
  if (const auto* list = value.as<List>()) {
    for (const Value& item : *list) {
      key += key_of(item) + ",";
    }
    return key + "]";
  }
  if (const auto* map = value.as<Map>()) {
    for (const auto& [name, item] : *map) {
      key += std::to_string(name.size()) + "=" + name + key_of(item) + ",";
    }
    return key + "}";
  }
  std::string text;
  if (const auto* deferred = value.as<Deferred>()) {
    text = std::to_string(deferred->expr.index);
  } else if (const auto* secret = value.as<Secret>()) {
    text = secret->reveal();
  } else {
    text = to_text(value);
  }
  return key + std::to_string(text.size()) + "'" + text;
}

std::uint64_t hash_of(const Node& node) {
  // FNV-1a over words (Fowler, Noll & Vo 1991).
  std::uint64_t hash = 14695981039346656037ULL;
  const auto add = [&](std::uint64_t word) { hash = (hash ^ word) * 1099511628211ULL; };
  add(static_cast<std::uint64_t>(node.kind) * 256 + static_cast<std::uint64_t>(node.op));
  add(node.detail);
  for (const NodeId child : node.children) {
    add(child.index);
  }
  return hash ^ (hash >> 29U);
}

}  // namespace

Nodes::Nodes(const Plan& plan) : plan_(plan), of_expr_(plan.exprs.size()) {
  for (std::uint32_t index = 0; index < plan.variables.size(); ++index) {
    nodes_.push_back({.kind = NodeKind::found, .has_found = true, .detail = index, .children = {}});
    const Variable& variable = plan.variables[index];
    variables_.emplace(pair_of(variable.resource.index, variable.attribute), index);
  }
  for (std::uint32_t index = 0; index < plan.resources.size(); ++index) {
    const Resource& resource = plan.resources[index];
    if (resource.is_element()) {
      elements_.emplace(pair_of(resource.element_of.index, resource.query), index);
    }
  }
  true_ = constant(Value{true});
  false_ = constant(Value{false});
}

const Value* Nodes::constant_of(NodeId node) const {
  const Node& found_node = nodes_[node.index];
  return found_node.kind == NodeKind::constant ? &values_[found_node.detail] : nullptr;
}

bool Nodes::is_false(NodeId node) const {
  const Node& found_node = nodes_[node.index];
  return node == false_ || (found_node.kind == NodeKind::operation &&
                            found_node.op == Op::for_all && is_false(found_node.children[1]));
}

NodeId Nodes::constant(const Value& value) {
  const auto [place, is_new] = constants_.try_emplace(key_of(value));
  if (is_new) {
    place->second = NodeId{static_cast<std::uint32_t>(nodes_.size())};
    nodes_.push_back({.kind = NodeKind::constant,
                      .detail = static_cast<std::uint32_t>(values_.size()),
                      .children = {}});
    values_.push_back(value);
  }
  return place->second;
}

NodeId Nodes::unknown() {
  return intern({.kind = NodeKind::unknown, .detail = fresh_++, .children = {}});
}

NodeId Nodes::intern(Node node) {
  const std::uint64_t hash = hash_of(node);
  const auto [first, last] = interned_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    const Node& other = nodes_[at->second.index];
    if (other.kind == node.kind && other.op == node.op && other.detail == node.detail &&
        other.children == node.children) {
      return at->second;
    }
  }
  for (const NodeId child : node.children) {
    node.has_found = node.has_found || nodes_[child.index].has_found;
  }
  const NodeId id{static_cast<std::uint32_t>(nodes_.size())};
  nodes_.push_back(std::move(node));
  interned_.emplace(hash, id);
  return id;
}

// Whether the value may turn out equal to another one although the two are written differently.
bool Nodes::is_open(const Value& value) const {
  if (const auto* resource = value.as<ResourceId>()) {
    if (resource->index >= plan_.resources.size()) {
      return true;
    }
    const Resource& of = plan_.resources[resource->index];
    const auto& key = plan_.resource_types[of.type].key;
    return of.is_element() || std::ranges::any_of(key, [&](std::uint32_t field) {
             return field < of.fields.size() && is_open(of.fields[field]);
           });
  }
  if (const auto* list = value.as<List>()) {
    return std::ranges::any_of(*list, [&](const Value& item) { return is_open(item); });
  }
  if (const auto* map = value.as<Map>()) {
    return std::ranges::any_of(*map, [&](const auto& entry) { return is_open(entry.second); });
  }
  return value.as<Deferred>() != nullptr || value.as<Secret>() != nullptr;
}

NodeId Nodes::make(Op op, std::uint32_t detail, std::vector<NodeId> children) {
  switch (op) {
    case Op::logical_not: {
      const Node& inner = nodes_[children[0].index];
      return inner.kind == NodeKind::operation && inner.op == Op::logical_not
                 ? inner.children[0]
                 : compute(op, detail, std::move(children));
    }
    case Op::logical_and:
    case Op::logical_or: {
      const NodeId deciding = truth(op == Op::logical_or);
      const NodeId idle = truth(op == Op::logical_and);
      const NodeId left = children[0];
      const NodeId right = children[1];
      if (left == deciding || right == deciding || left == make(Op::logical_not, 0, {right})) {
        return deciding;
      }
      if (left == idle || left == right) {
        return right;
      }
      return right == idle ? left
                           : intern({.kind = NodeKind::operation, .op = op, .children = children});
    }
    case Op::equal:
      return equal(children[0], children[1]);
    case Op::not_equal:
      return make(Op::logical_not, 0, {equal(children[0], children[1])});
    case Op::less:
    case Op::less_equal:
      return children[0] == children[1] ? truth(op == Op::less_equal)
                                        : compute(op, detail, std::move(children));
    case Op::conditional:
      return conditional(children[0], children[1], children[2]);
    case Op::for_all:
      return is_true(children[1]) ? true_ : compute(op, detail, std::move(children));
    case Op::constant:
    case Op::local:
    case Op::input:
    case Op::state:
    case Op::state_of:
    case Op::token:
    case Op::field:
    case Op::index:
    case Op::list:
    case Op::record:
    case Op::concat:
    case Op::resource:
    case Op::negate:
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::remainder:
    case Op::in:
    case Op::call:
    case Op::native:
    case Op::map:
    case Op::cast:
      return compute(op, detail, std::move(children));
  }
  return unknown();
}

NodeId Nodes::equal(NodeId left, NodeId right) {
  if (left == right) {
    return true_;
  }
  if (right < left) {
    std::swap(left, right);
  }
  const Value* one = constant_of(left);
  const Value* two = constant_of(right);
  if (one != nullptr && two != nullptr && !is_open(*one) && !is_open(*two)) {
    return truth(same(*one, *two));
  }
  for (const auto& [known, other] : {std::pair(left, right), std::pair(right, left)}) {
    if (known == true_ || known == false_) {
      return known == true_ ? other : make(Op::logical_not, 0, {other});
    }
  }
  return intern({.kind = NodeKind::operation, .op = Op::equal, .children = {left, right}});
}

NodeId Nodes::conditional(NodeId condition, NodeId yes, NodeId no) {
  if (condition == true_ || condition == false_) {
    return condition == true_ ? yes : no;
  }
  yes = under(yes, condition, true);
  no = under(no, condition, false);
  if (yes == no) {
    return yes;
  }
  if (yes == true_ && no == false_) {
    return condition;
  }
  if (yes == false_ && no == true_) {
    return make(Op::logical_not, 0, {condition});
  }
  return intern(
      {.kind = NodeKind::operation, .op = Op::conditional, .children = {condition, yes, no}});
}

// The value where all operands are known; else the operation stays as it is.
NodeId Nodes::compute(Op op, std::uint32_t detail, std::vector<NodeId> children) {
  std::vector<Value> values;
  for (const NodeId child : children) {
    const Value* value = constant_of(child);
    if (value == nullptr || is_open(*value)) {
      return intern({.kind = NodeKind::operation,
                     .op = op,
                     .detail = detail,
                     .children = std::move(children)});
    }
    values.push_back(*value);
  }
  Evaluated result = std::unexpected(std::string());
  if (op == Op::logical_not || op == Op::negate) {
    result = apply(op, values[0]);
  } else if (op == Op::native) {
    result = apply_native(plan_, detail, values);
  } else if (op == Op::cast) {
    result = cast(plan_, values[0], detail);
  } else if (op == Op::list) {
    result = Value{List(values)};
  } else if (op == Op::record) {
    Map map;
    for (std::size_t index = 0; index < values.size(); ++index) {
      map.emplace_back(plan_.record_shapes[detail][index], values[index]);
    }
    result = Value{std::move(map)};
  } else if (op == Op::concat) {
    std::string text;
    result = Value{text};
    for (const Value& value : values) {
      const Evaluated part = interpolate(value);
      if (!part) {
        result = part;
        break;
      }
      text += *part->as<std::string>();
      result = Value{text};
    }
  } else if (op == Op::less || op == Op::less_equal || op == Op::index || op == Op::in ||
             (op >= Op::add && op <= Op::remainder)) {
    result = apply(op, values[0], values[1]);
  }
  return result ? constant(*result)
                : intern({.kind = NodeKind::operation,
                          .op = op,
                          .detail = detail,
                          .children = std::move(children)});
}

NodeId Nodes::in(NodeId node, std::span<const NodeId> state) {
  if (!nodes_[node.index].has_found) {
    return node;
  }
  if (nodes_[node.index].kind == NodeKind::found) {
    return state[nodes_[node.index].detail];
  }
  const Op op = nodes_[node.index].op;
  const std::uint32_t detail = nodes_[node.index].detail;
  std::vector<NodeId> children = nodes_[node.index].children;
  for (NodeId& child : children) {
    child = in(child, state);
  }
  return nodes_[node.index].kind == NodeKind::elsewhere
             ? intern({.kind = NodeKind::elsewhere, .detail = detail, .children = children})
             : make(op, detail, std::move(children));
}

NodeId Nodes::replace(NodeId node, NodeId leaf, NodeId by) {
  if (node == leaf) {
    return by;
  }
  if (nodes_[node.index].kind != NodeKind::operation) {
    return node;
  }
  const Op op = nodes_[node.index].op;
  const std::uint32_t detail = nodes_[node.index].detail;
  std::vector<NodeId> children = nodes_[node.index].children;
  for (NodeId& child : children) {
    child = replace(child, leaf, by);
  }
  return make(op, detail, std::move(children));
}

NodeId Nodes::under(NodeId node, NodeId condition, bool value) {
  if (node == condition) {
    return truth(value);
  }
  const Node known = nodes_[condition.index];
  if (known.kind == NodeKind::operation && known.op == Op::logical_not) {
    return under(node, known.children[0], !value);
  }
  const bool is_split =
      known.kind == NodeKind::operation && known.op == (value ? Op::logical_and : Op::logical_or);
  if (is_split) {
    return under(under(node, known.children[0], value), known.children[1], value);
  }
  if (nodes_[node.index].kind != NodeKind::operation) {
    return node;
  }
  const Op op = nodes_[node.index].op;
  const std::uint32_t detail = nodes_[node.index].detail;
  std::vector<NodeId> children = nodes_[node.index].children;
  for (NodeId& child : children) {
    child = under(child, condition, value);
  }
  return children == nodes_[node.index].children ? node : make(op, detail, std::move(children));
}

std::vector<NodeId> Nodes::parts(NodeId condition) {
  const Node node = nodes_[condition.index];
  std::vector<NodeId> result;
  if (node.kind == NodeKind::operation && node.op == Op::logical_and) {
    for (const NodeId child : node.children) {
      const std::vector<NodeId> inner = parts(child);
      result.insert(result.end(), inner.begin(), inner.end());
    }
    return result;
  }
  if (node.kind == NodeKind::operation && node.op == Op::for_all) {
    for (const NodeId part : parts(node.children[1])) {
      result.push_back(make(Op::for_all, node.detail, {node.children[0], part}));
    }
    return result;
  }
  return {condition};
}

std::vector<NodeId> Nodes::leaves(NodeId node) const {
  const Node& at = nodes_[node.index];
  if (at.kind == NodeKind::constant) {
    return {};
  }
  if (at.kind != NodeKind::operation) {
    return {node};
  }
  std::vector<NodeId> result;
  for (const NodeId child : at.children) {
    const std::vector<NodeId> below = leaves(child);
    result.insert(result.end(), below.begin(), below.end());
  }
  return result;
}

std::vector<VariableId> Nodes::variables(NodeId node) const {
  std::vector<VariableId> result;
  for (const NodeId leaf : leaves(node)) {
    if (nodes_[leaf.index].kind == NodeKind::found) {
      result.push_back(VariableId{nodes_[leaf.index].detail});
    }
  }
  std::ranges::sort(result);
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

bool Nodes::has_unknown(NodeId node) const {
  return std::ranges::any_of(
      leaves(node), [&](NodeId leaf) { return nodes_[leaf.index].kind == NodeKind::unknown; });
}

VariableId Nodes::variable(ResourceId resource, std::uint32_t attribute) const {
  const auto at = variables_.find(pair_of(resource.index, attribute));
  return at == variables_.end() ? VariableId{} : VariableId{at->second};
}

}  // namespace plan::verify
