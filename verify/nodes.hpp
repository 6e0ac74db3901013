// What the checker knows about values: two equal NodeIds are one value in every run of the plan.
// A closed expression becomes a node over the world as found; in() moves it to another state.
// Written apart from the prover's terms on purpose; not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/plan.hpp"

namespace plan::verify {

struct NodeId {
  std::uint32_t index = UINT32_MAX;
  auto operator<=>(const NodeId&) const = default;
};

enum class NodeKind : std::uint8_t {
  constant,   // detail: index of the known values
  found,      // detail: variable, as it was before the plan began
  unknown,    // detail: running number; nobody knows it
  input,      // detail: input
  token,      // detail: step
  element,    // detail: running number; an element of a list that is not known
  elsewhere,  // detail: attribute; the state of a resource that is no variable of the plan
  operation   // op over children
};

// A key made of two indexes.
[[nodiscard]] constexpr std::uint64_t pair_of(std::uint32_t high, std::uint32_t low) {
  return (std::uint64_t{high} << 32U) | low;
}

struct Node {
  NodeKind kind = NodeKind::constant;
  Op op = Op::constant;
  bool has_found = false;  // a `found` somewhere below
  std::uint32_t detail = 0;
  std::vector<NodeId> children;
};

class Nodes {
 public:
  explicit Nodes(const Plan& plan);

  [[nodiscard]] const Node& operator[](NodeId node) const { return nodes_[node.index]; }
  [[nodiscard]] const Value* constant_of(NodeId node) const;
  [[nodiscard]] bool is_true(NodeId node) const { return node == true_; }
  // False, or false for every element of a list.
  [[nodiscard]] bool is_false(NodeId node) const;

  NodeId truth(bool value) const { return value ? true_ : false_; }
  NodeId found(VariableId variable) const { return NodeId{variable.index}; }
  NodeId unknown();
  NodeId make(Op op, std::uint32_t detail, std::vector<NodeId> children);
  NodeId of(ExprId expr);
  // `node` with every variable's value taken from `state`.
  NodeId in(NodeId node, std::span<const NodeId> state);
  NodeId replace(NodeId node, NodeId leaf, NodeId by);
  // `node` where `condition` is known to be `value`.
  NodeId under(NodeId node, NodeId condition, bool value);
  // What has to be true, each by itself, for the condition to be true.
  [[nodiscard]] std::vector<NodeId> parts(NodeId condition);

  [[nodiscard]] std::vector<NodeId> leaves(NodeId node) const;
  [[nodiscard]] std::vector<VariableId> variables(NodeId node) const;  // sorted, unique
  [[nodiscard]] bool has_unknown(NodeId node) const;
  [[nodiscard]] VariableId variable(ResourceId resource, std::uint32_t attribute) const;

 private:
  using Slots = std::vector<NodeId>;
  NodeId of(ExprId expr, Slots& slots, int depth);
  NodeId of_value(const Value& value);
  NodeId of_field(const Expr& expr, Slots& slots, int depth);
  NodeId of_state(NodeId resource, std::uint32_t attribute, int depth);
  NodeId of_comprehension(const Expr& expr, Slots& slots, int depth);
  NodeId of_resource(const Expr& expr, const std::vector<NodeId>& fields);
  NodeId constant(const Value& value);
  NodeId intern(Node node);
  NodeId compute(Op op, std::uint32_t detail, std::vector<NodeId> children);
  NodeId equal(NodeId left, NodeId right);
  NodeId conditional(NodeId condition, NodeId yes, NodeId no);
  [[nodiscard]] bool is_open(const Value& value) const;

  const Plan& plan_;
  std::vector<Node> nodes_;
  std::vector<Value> values_;
  std::unordered_map<std::string, NodeId> constants_;
  std::unordered_multimap<std::uint64_t, NodeId> interned_;  // by hash
  std::vector<NodeId> of_expr_;
  std::unordered_map<std::uint64_t, std::uint32_t> variables_;  // by resource and attribute
  std::unordered_map<std::uint64_t, std::uint32_t> elements_;   // by owner and query
  NodeId true_;
  NodeId false_;
  std::uint32_t fresh_ = 0;
};

}  // namespace plan::verify
