// Makes the plan's hosts, resources and variables; equal ones are one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/core.hpp"
#include "compiler/plan.hpp"

namespace plan {

class Assembly {
 public:
  explicit Assembly(Plan& plan) : plan_(plan), core_(Core::shared(plan)), shapes_(plan) {}

  [[nodiscard]] Plan& plan() { return plan_; }
  [[nodiscard]] Core& core() { return core_; }
  [[nodiscard]] Shapes& shapes() { return shapes_; }

  // The host with this connection data; a host whose address is not known is one of its own.
  HostId host(Host host);
  // The resource of `type` whose key fields are equal to those of `fields`, made if there is none.
  // `is_new` says which; only then `fields` are moved from. Its name is empty until name() or
  // name_of() gives it one.
  ResourceId resource(std::uint32_t type, std::vector<Value>& fields, Span span, bool& is_new);
  // The arbitrary element of a query, its fields not yet filled in when it is new.
  ResourceId element(ResourceId owner, std::uint32_t query, std::uint32_t type, bool& is_new);

  // Names a resource, and the nameless ones that its fields hold: "old_orch.service".
  void name(ResourceId resource, std::string_view name);
  // "old_db"; one that was never declared is called by its type and key.
  [[nodiscard]] const std::string& name_of(ResourceId resource);

  VariableId variable(ResourceId resource, std::uint32_t attribute);
  ExprId state(VariableId variable);
  [[nodiscard]] Value state_value(ResourceId resource, std::uint32_t attribute) {
    return Value{Deferred{state(variable(resource, attribute))}};
  }
  ExprId resource_constant(ResourceId resource);
  // The constant `true` or `false`.
  ExprId truth(bool value);

 private:
  [[nodiscard]] std::uint64_t key_hash(std::uint32_t type, const std::vector<Value>& fields) const;
  [[nodiscard]] bool has_key(const Resource& known,
                             std::uint32_t type,
                             const std::vector<Value>& fields) const;
  ResourceId add(Resource resource);

  Plan& plan_;
  Core core_;
  Shapes shapes_;
  HashTable by_key_;                           // of resources that are no elements
  std::vector<std::uint32_t> first_variable_;  // by resource: where its attributes are in variable_
  std::vector<std::uint32_t> variable_;        // by (resource, attribute); none: not used yet
  std::vector<ExprId> state_expr_;             // by variable
  std::vector<ExprId> resource_expr_;          // by resource
  std::array<ExprId, 2> truth_expr_;           // false, true
  std::map<std::pair<std::uint32_t, std::uint32_t>, ResourceId> elements_;  // by owner and query
};

}  // namespace plan
