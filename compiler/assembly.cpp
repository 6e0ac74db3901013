#include "compiler/assembly.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/print_expr.hpp"

namespace plan {

HostId Assembly::host(Host host) {
  if (host.is_local || !host.address.empty()) {
    for (std::uint32_t index = 0; index < plan_.hosts.size(); ++index) {
      const Host& known = plan_.hosts[index];
      if (known.is_local == host.is_local && known.address == host.address &&
          known.user == host.user && known.become == host.become && known.port == host.port &&
          known.become_password == host.become_password) {
        return {index};
      }
    }
  }
  plan_.hosts.push_back(std::move(host));
  return {static_cast<std::uint32_t>(plan_.hosts.size() - 1)};
}

std::uint64_t Assembly::key_hash(std::uint32_t type, const std::vector<Value>& fields) const {
  std::uint64_t hash = type;
  for (const std::uint32_t field : plan_.resource_types[type].key) {
    hash = (hash ^ hash_of(fields[field])) * 0x9E3779B97F4A7C15;
    hash ^= hash >> 32;
  }
  return hash;
}

bool Assembly::has_key(const Resource& known,
                       std::uint32_t type,
                       const std::vector<Value>& fields) const {
  return known.type == type &&
         std::ranges::all_of(plan_.resource_types[type].key, [&](std::uint32_t field) {
           return known.fields[field] == fields[field];
         });
}

ResourceId Assembly::resource(std::uint32_t type,
                              std::vector<Value>& fields,
                              Span span,
                              bool& is_new) {
  const std::uint32_t known = by_key_.find_or_add(
      key_hash(type, fields), static_cast<std::uint32_t>(plan_.resources.size()),
      [&](std::uint32_t other) { return has_key(plan_.resources[other], type, fields); });
  is_new = known == UINT32_MAX;
  return !is_new ? ResourceId{known}
                 : add({.name = {},
                        .type = type,
                        .fields = std::move(fields),
                        .element_of = {},
                        .query = UINT32_MAX,
                        .span = span});
}

ResourceId Assembly::add(Resource resource) {
  const auto index = static_cast<std::uint32_t>(plan_.resources.size());
  first_variable_.push_back(static_cast<std::uint32_t>(variable_.size()));
  variable_.resize(variable_.size() + plan_.resource_types[resource.type].attributes.size(),
                   UINT32_MAX);
  resource_expr_.emplace_back();
  plan_.resources.push_back(std::move(resource));
  return {index};
}

ResourceId Assembly::element(ResourceId owner,
                             std::uint32_t query,
                             std::uint32_t type,
                             bool& is_new) {
  const auto known = elements_.find({owner.index, query});
  if (known != elements_.end()) {
    is_new = false;
    return known->second;
  }
  is_new = true;
  const std::uint32_t owner_type = plan_.resources[owner.index].type;
  Resource made;
  made.name = fmt::format("{}.{}[]", name_of(owner),
                          plan_.resource_types[owner_type].attributes[query].name);
  made.type = type;
  made.fields.resize(plan_.resource_types[type].field_names.size());
  made.element_of = owner;
  made.query = query;
  made.span = plan_.resources[owner.index].span;
  const ResourceId id = add(std::move(made));
  elements_[{owner.index, query}] = id;
  return id;
}

void Assembly::name(ResourceId resource, std::string_view name) {
  if (!plan_.resources[resource.index].name.empty()) {
    return;
  }
  plan_.resources[resource.index].name = std::string(name);
  const ResourceType& type = plan_.resource_types[plan_.resources[resource.index].type];
  for (std::size_t field = 0; field < type.field_names.size(); ++field) {
    const auto* inner = plan_.resources[resource.index].fields[field].as<ResourceId>();
    if (inner != nullptr && plan_.resources[inner->index].name.empty()) {
      this->name(*inner, fmt::format("{}.{}", name, type.field_names[field]));
    }
  }
}

const std::string& Assembly::name_of(ResourceId resource) {
  if (plan_.resources[resource.index].name.empty()) {
    const ResourceType& type = plan_.resource_types[plan_.resources[resource.index].type];
    std::string text;
    for (const std::uint32_t field : type.key) {
      const Value& value = plan_.resources[resource.index].fields[field];
      const auto* inner = value.as<ResourceId>();
      text += fmt::format("{}{}", text.empty() ? "" : ", ",
                          inner != nullptr ? name_of(*inner) : print_value(plan_, value));
    }
    name(resource, fmt::format("{}({})", type.name, text));
  }
  return plan_.resources[resource.index].name;
}

VariableId Assembly::variable(ResourceId resource, std::uint32_t attribute) {
  std::uint32_t& index = variable_[first_variable_[resource.index] + attribute];
  if (index == UINT32_MAX) {
    index = static_cast<std::uint32_t>(plan_.variables.size());
    plan_.variables.push_back({.resource = resource, .attribute = attribute});
    state_expr_.emplace_back();
  }
  return {index};
}

ExprId Assembly::state(VariableId variable) {
  ExprId& expr = state_expr_[variable.index];
  if (expr.is_none()) {
    expr = core_.add_unique({.op = Op::state, .a = variable.index});
  }
  return expr;
}

ExprId Assembly::resource_constant(ResourceId resource) {
  ExprId& expr = resource_expr_[resource.index];
  if (expr.is_none()) {
    expr = core_.constant(Value{resource});
  }
  return expr;
}

ExprId Assembly::truth(bool value) {
  ExprId& expr = truth_expr_.at(value ? 1 : 0);
  if (expr.is_none()) {
    expr = core_.constant(Value{value});
  }
  return expr;
}

}  // namespace plan
