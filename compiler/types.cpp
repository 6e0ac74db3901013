#include "compiler/types.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace plan {

namespace {

bool is_text(TypeKind kind) {
  return kind == TypeKind::string || kind == TypeKind::path || kind == TypeKind::url;
}

}  // namespace

Types::Types(Plan& plan) : plan_(plan) {
  for (std::uint32_t kind = 0; kind <= scalar(TypeKind::null); ++kind) {
    static_cast<void>(intern({.kind = static_cast<TypeKind>(kind)}));
  }
}

std::uint32_t Types::intern(Type type) {
  const auto [entry, is_new] =
      indexes_.try_emplace(type, static_cast<std::uint32_t>(plan_.types.size()));
  if (is_new) {
    plan_.types.push_back(type);
  }
  return entry->second;
}

std::uint32_t Types::list_of(std::uint32_t element) {
  return intern({.kind = TypeKind::list, .element = element});
}
std::uint32_t Types::map_of(std::uint32_t element) {
  return intern({.kind = TypeKind::map, .element = element});
}
std::uint32_t Types::named(TypeKind kind, std::uint32_t detail) {
  return intern({.kind = kind, .detail = detail});
}
std::uint32_t Types::variable(char letter) {
  return intern({.kind = TypeKind::any, .detail = static_cast<std::uint32_t>(letter - 'A')});
}

bool Types::is_variable(std::uint32_t type) const {
  return plan_.types[type].kind == TypeKind::any && plan_.types[type].detail != UINT32_MAX;
}

bool Types::has_variable(std::uint32_t type) const {
  const Type& found = plan_.types[type];
  return is_variable(type) || (found.element != UINT32_MAX && has_variable(found.element));
}

bool Types::fits(std::uint32_t from, std::uint32_t to) const {
  if (from == to) {
    return true;
  }
  const Type& source = plan_.types[from];
  const Type& target = plan_.types[to];
  if (source.kind == TypeKind::any || target.kind == TypeKind::any) {
    return true;
  }
  if (is_text(source.kind) && (is_text(target.kind) || target.kind == TypeKind::secret)) {
    return true;
  }
  if (target.kind == TypeKind::json) {
    const bool is_plain = source.kind != TypeKind::secret && source.kind != TypeKind::host &&
                          source.kind != TypeKind::resource;
    return is_plain && (source.element == UINT32_MAX || fits(source.element, to));
  }
  return source.kind == target.kind && source.element != UINT32_MAX &&
         target.element != UINT32_MAX && fits(source.element, target.element);
}

std::uint32_t Types::common(std::uint32_t left, std::uint32_t right, bool& matches) const {
  matches = true;
  if (plan_.types[left].kind == TypeKind::any) {
    return right;
  }
  if (fits(left, right)) {
    return plan_.types[right].kind == TypeKind::any ? left : right;
  }
  if (fits(right, left)) {
    return left;
  }
  matches = false;
  return scalar(TypeKind::any);
}

bool Types::unify(std::uint32_t pattern, std::uint32_t actual, Bindings& bindings) const {
  const Type& wanted = plan_.types[pattern];
  if (is_variable(pattern)) {
    std::uint32_t& bound = bindings[wanted.detail];
    if (bound == UINT32_MAX) {
      bound = actual;
      return true;
    }
    bool matches = true;
    const std::uint32_t both = common(bound, actual, matches);
    bound = matches ? both : bound;
    return matches;
  }
  const Type& found = plan_.types[actual];
  if (wanted.element != UINT32_MAX && found.kind == wanted.kind && found.element != UINT32_MAX) {
    return unify(wanted.element, found.element, bindings);
  }
  return fits(actual, pattern);
}

std::uint32_t Types::substitute(std::uint32_t pattern, const Bindings& bindings) {
  const Type wanted = plan_.types[pattern];
  if (is_variable(pattern)) {
    const std::uint32_t bound = bindings[wanted.detail];
    return bound == UINT32_MAX ? scalar(TypeKind::any) : bound;
  }
  if (wanted.element == UINT32_MAX || !has_variable(pattern)) {
    return pattern;
  }
  return intern({.kind = wanted.kind, .element = substitute(wanted.element, bindings)});
}

std::string Types::text(std::uint32_t type) const {
  const Type& found = plan_.types[type];
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
      return fmt::format("list<{}>", text(found.element));
    case TypeKind::map:
      return fmt::format("map<{}>", text(found.element));
    case TypeKind::record:
      return plan_.record_types[found.detail].name;
    case TypeKind::enumeration:
      return plan_.enum_types[found.detail].name;
    case TypeKind::resource:
      return plan_.resource_types[found.detail].name;
    case TypeKind::null:
      return "null";
  }
  return "any";
}

AttributeRef carrier(const Plan& plan, AttributeRef of) {
  const auto& path = plan.resource_types[of.type].attributes[of.attribute].carried_by;
  std::uint32_t type = of.type;
  for (std::size_t index = 0; index < path.size(); ++index) {
    const ResourceType& found = plan.resource_types[type];
    if (index + 1 == path.size()) {
      const auto state = std::ranges::find(found.attributes, path[index], &Attribute::name);
      return state == found.attributes.end()
                 ? AttributeRef{}
                 : AttributeRef{type, static_cast<std::uint32_t>(state - found.attributes.begin())};
    }
    const auto field = std::ranges::find(found.field_names, path[index]);
    if (field == found.field_names.end()) {
      return {};
    }
    const auto position = static_cast<std::size_t>(field - found.field_names.begin());
    type = plan.types[found.field_types[position]].detail;
    if (type >= plan.resource_types.size()) {
      return {};
    }
  }
  return {};
}

std::vector<AttributeRef> carried(const Plan& plan, AttributeRef by, std::string_view name) {
  std::vector<AttributeRef> result;
  for (std::uint32_t type = 0; type < plan.resource_types.size(); ++type) {
    const auto& attributes = plan.resource_types[type].attributes;
    for (std::uint32_t index = 0; index < attributes.size(); ++index) {
      const AttributeRef state{type, index};
      if (attributes[index].name == name && !attributes[index].carried_by.empty() &&
          carrier(plan, state) == by) {
        result.push_back(state);
      }
    }
  }
  return result;
}

}  // namespace plan
