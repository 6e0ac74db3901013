#include "runtime/sim/host.hpp"

#include <algorithm>
#include <optional>

namespace plan::sim {

namespace {

// The path to the carrier of an attribute; a query whose elements have a state that is carried past
// the owner is carried with it: [environments of a server] by "database.content".
std::vector<std::string> carrier_path(const Plan& plan,
                                      std::uint32_t type,
                                      std::uint32_t attribute) {
  const Attribute& declared = plan.resource_types[type].attributes[attribute];
  if (!declared.carried_by.empty() || declared.kind != AttributeKind::query) {
    return declared.carried_by;
  }
  const Type& list = plan.types[declared.type];
  const std::uint32_t element =
      list.element == UINT32_MAX ? UINT32_MAX : plan.types[list.element].detail;
  if (element == UINT32_MAX || element >= plan.resource_types.size()) {
    return {};
  }
  const ResourceType& kind = plan.resource_types[element];
  for (const Attribute& state : kind.attributes) {
    const auto& path = state.carried_by;
    if (path.size() < 3) {
      continue;
    }
    const auto field = std::ranges::find(kind.field_names, path[0]);
    if (field == kind.field_names.end()) {
      continue;
    }
    const auto index = static_cast<std::size_t>(field - kind.field_names.begin());
    if (plan.types[kind.field_types[index]].detail == type) {
      return {path.begin() + 1, path.end()};
    }
  }
  return {};
}

Value default_value(const Plan& plan, const Attribute& attribute, const std::string& identity) {
  const Type& type = plan.types[attribute.type];
  switch (type.kind) {
    case TypeKind::boolean:
      return Value{false};
    case TypeKind::integer:
      return Value{std::int64_t{0}};
    case TypeKind::version:
      return Value{Version{"0"}};
    case TypeKind::duration:
      return Value{Duration{}};
    case TypeKind::size:
      return Value{Size{}};
    case TypeKind::list:
      return Value{List{}};
    case TypeKind::map:
    case TypeKind::record:
      return Value{Map{}};
    case TypeKind::enumeration:
      return type.detail < plan.enum_types.size() && !plan.enum_types[type.detail].cases.empty()
                 ? Value{EnumValue{Name(plan.enum_types[type.detail].cases[0])}}
                 : Value{Null{}};
    case TypeKind::string:
    case TypeKind::path:
    case TypeKind::url:
    case TypeKind::any:
      return Value{attribute.name + " of " + identity};
    case TypeKind::secret:
      return Value{Secret("simulated")};
    case TypeKind::json:
    case TypeKind::host:
    case TypeKind::resource:
    case TypeKind::null:
      return Value{Null{}};
  }
  return Value{Null{}};
}

std::uint32_t attribute_named(const ResourceType& type, std::string_view name) {
  const auto found = std::ranges::find(type.attributes, name, &Attribute::name);
  return found == type.attributes.end()
             ? UINT32_MAX
             : static_cast<std::uint32_t>(found - type.attributes.begin());
}

// What a change leaves that the plan cannot know: the same whenever the same step is repeated.
Value changed_value(const Value& before, std::string_view step) {
  if (before.as<std::string>() != nullptr) {
    return Value{"changed by " + std::string(step)};
  }
  if (before.as<bool>() != nullptr) {
    return Value{false};
  }
  if (before.as<std::int64_t>() != nullptr) {
    return Value{static_cast<std::int64_t>(step.size())};
  }
  return before;
}

// The first arbitrary element that a resource speaks of and that is not bound.
std::optional<ResourceId> unbound_element(const Plan& plan,
                                          ResourceId id,
                                          const Binding& binding,
                                          int depth = 0) {
  if (id.index >= plan.resources.size() || depth > 32) {
    return std::nullopt;
  }
  const Resource& resource = plan.resources[id.index];
  if (resource.is_element()) {
    const bool is_bound =
        std::ranges::any_of(binding.elements, [&](const auto& entry) { return entry.first == id; });
    return is_bound ? std::nullopt : std::optional(id);
  }
  for (const Value& field : resource.fields) {
    const auto* inner = field.as<ResourceId>();
    const auto found =
        inner == nullptr ? std::nullopt : unbound_element(plan, *inner, binding, depth + 1);
    if (found) {
      return found;
    }
  }
  return std::nullopt;
}

}  // namespace

// --- reading

EvaluationResult Hosts::read(Resources& resources, ResourceId resource, std::uint32_t attribute) {
  const Binding nothing_bound;
  const AttributeSource source = [&](ResourceId id, std::uint32_t index) {
    return read(resources, id, index);
  };
  RunEnvironment environment(resources, nothing_bound, "", source);
  const Attribute& declared = resources.type(resource).attributes[attribute];
  if (declared.kind == AttributeKind::query) {
    return elements(resources, resource, attribute, environment);
  }
  auto where = place(resources, resource, attribute, environment);
  if (!where) {
    return std::unexpected(where.error());
  }
  const auto holder = values_.find(where->holder);
  if (holder != values_.end()) {
    if (const auto found = holder->second.find(where->item); found != holder->second.end()) {
      return found->second;
    }
  }
  return default_value(resources.plan(), declared, where->holder);
}

std::expected<Hosts::Place, EvaluationError> Hosts::place(Resources& resources,
                                                          ResourceId resource,
                                                          std::uint32_t attribute,
                                                          Environment& environment) {
  const Plan& plan = resources.plan();
  const std::uint32_t type = resources.type_of(resource);
  const ResourceType& kind = plan.resource_types[type];
  const std::string& name = kind.attributes[attribute].name;
  const std::vector<std::string> path = carrier_path(plan, type, attribute);
  if (path.size() < 2) {
    auto identity = resources.identity(resource, environment);
    if (!identity) {
      return std::unexpected(identity.error());
    }
    return Place{std::move(*identity), name};
  }
  ResourceId carrier = resource;
  for (std::size_t step = 0; step + 1 < path.size(); ++step) {
    const ResourceType& here = resources.type(carrier);
    const auto field = std::ranges::find(here.field_names, path[step]);
    if (field == here.field_names.end()) {
      return std::unexpected(EvaluationError{.message = "no field `" + path[step] + "`"});
    }
    auto next = resources.field(
        carrier, static_cast<std::uint32_t>(field - here.field_names.begin()), environment);
    if (!next || next->as<ResourceId>() == nullptr) {
      return std::unexpected(EvaluationError{.message = "`" + path[step] + "` is no resource"});
    }
    carrier = *next->as<ResourceId>();
  }
  auto identity = resources.identity(carrier, environment);
  if (!identity) {
    return std::unexpected(identity.error());
  }
  // Of the key, what leads to the carrier and where it stands is different on the other side.
  std::string item = kind.name + "(";
  for (const std::uint32_t field : kind.key) {
    auto value = resources.field(resource, field, environment);
    if (!value) {
      return std::unexpected(value.error());
    }
    const bool is_the_way = kind.field_names[field] == path[0];
    if (!is_the_way && value->as<HostId>() == nullptr && value->as<ResourceId>() == nullptr) {
      item += to_text(*value) + " ";
    }
  }
  return Place{*identity + "." + path.back(), item + ")." + name};
}

EvaluationResult Hosts::elements(Resources& resources,
                                 ResourceId owner,
                                 std::uint32_t query,
                                 Environment& environment) {
  const Plan& plan = resources.plan();
  const auto where = place(resources, owner, query, environment);
  if (!where) {
    return std::unexpected(where.error());
  }
  const auto holder = values_.find(where->holder);
  if (holder == values_.end() || !holder->second.contains(where->item)) {
    return Value{List{}};
  }
  const Type& list = plan.types[resources.type(owner).attributes[query].type];
  List result;
  const Value stored = holder->second.at(where->item);
  for (const Value& row : stored.as<List>() == nullptr ? List{} : *stored.as<List>()) {
    const Map* fields = row.as<Map>();
    auto made = element(resources, owner, plan.types[list.element].detail,
                        fields == nullptr ? Map{} : *fields, environment);
    if (!made) {
      return made;
    }
    result.push_back(std::move(*made));
  }
  return Value{std::move(result)};
}

// A field that the row lacks is the owner where it has the owner's type, else as in a template of
// the plan, else the key's text: rows of tests give what matters.
EvaluationResult Hosts::element(Resources& resources,
                                ResourceId owner,
                                std::uint32_t type,
                                const Map& fields,
                                Environment& environment) {
  const Plan& plan = resources.plan();
  const ResourceType& kind = plan.resource_types[type];
  std::vector<Value> values;
  for (std::uint32_t index = 0; index < kind.field_names.size(); ++index) {
    const Type& field = plan.types[kind.field_types[index]];
    if (const Value* given = find(fields, kind.field_names[index])) {
      values.push_back(*given);
    } else if (field.kind == TypeKind::resource && field.detail == resources.type_of(owner)) {
      values.push_back(Value{owner});
    } else if (const Value* id = find(fields, "id");
               id != nullptr && field.kind == TypeKind::string) {
      values.push_back(*id);
    } else {
      values.push_back(Value{std::string()});
    }
  }
  return resources.make(type, std::move(values), environment);
}

EvaluationResult Hosts::evaluate(Resources& resources,
                                 ExprId expr,
                                 const Binding& binding,
                                 std::string_view run_id) {
  const AttributeSource source = [&](ResourceId id, std::uint32_t index) {
    return read(resources, id, index);
  };
  RunEnvironment environment(resources, binding, run_id, source);
  std::vector<Value> slots;
  return plan::evaluate(resources.plan(), expr, slots, environment);
}

// --- writing

// An element is given as a record, or as the resource itself; what leads to its owner is left out.
static Map fields_of(const Resources& resources, const Value& row, Environment& environment) {
  const auto* resource = row.as<ResourceId>();
  if (resource == nullptr) {
    return row.as<Map>() == nullptr ? Map{} : *row.as<Map>();
  }
  Map fields;
  const ResourceType& type = resources.type(*resource);
  for (std::uint32_t index = 0; index < type.field_names.size(); ++index) {
    const auto value = resources.field(*resource, index, environment);
    if (value && value->as<ResourceId>() == nullptr && value->as<HostId>() == nullptr) {
      fields.emplace_back(type.field_names[index], *value);
    }
  }
  return fields;
}

void Hosts::give(Resources& resources, const Effect& effect) {
  const Plan& plan = resources.plan();
  const Variable& variable = plan.variables[effect.variable.index];
  const ResourceType& type = resources.type(variable.resource);
  if (type.attributes[variable.attribute].kind != AttributeKind::query) {
    apply(resources, {effect}, {}, "", "given", Extent::whole);
    return;
  }
  auto value = evaluate(resources, effect.value, {}, "");
  const List* rows = value ? value->as<List>() : nullptr;
  if (rows == nullptr) {
    return;
  }
  const Binding nothing_bound;
  const AttributeSource source = [&](ResourceId id, std::uint32_t index) {
    return read(resources, id, index);
  };
  RunEnvironment environment(resources, nothing_bound, "", source);
  const auto where = place(resources, variable.resource, variable.attribute, environment);
  if (!where) {
    return;
  }
  const Type& list = plan.types[type.attributes[variable.attribute].type];
  const std::uint32_t element_type = plan.types[list.element].detail;
  const ResourceType& kind = plan.resource_types[element_type];
  List stored;
  for (const Value& row : *rows) {
    const Map own = fields_of(resources, row, environment);
    const Map* entries = &own;
    Map fields;
    for (const auto& [name, item] : *entries) {
      if (std::ranges::find(kind.field_names, name) != kind.field_names.end()) {
        fields.emplace_back(name, item);
      }
    }
    auto made = element(resources, variable.resource, element_type, fields, environment);
    stored.push_back(Value{fields});
    for (const auto& [name, item] : *entries) {
      const std::uint32_t attribute = attribute_named(kind, name);
      if (!made || attribute == UINT32_MAX) {
        continue;
      }
      if (const auto state = place(resources, *made->as<ResourceId>(), attribute, environment)) {
        values_[state->holder][state->item] = item;
      }
    }
  }
  values_[where->holder][where->item] = Value{std::move(stored)};
}

void Hosts::plan_writes(Resources& resources,
                        const Effect& effect,
                        const Binding& binding,
                        std::string_view run_id,
                        std::string_view step,
                        std::vector<Write>& writes) {
  const Plan& plan = resources.plan();
  const Variable& variable = plan.variables[effect.variable.index];
  // An effect on an arbitrary element, outside of a loop over it, is one on all of them.
  if (const auto open = unbound_element(plan, variable.resource, binding)) {
    const Resource& arbitrary = plan.resources[open->index];
    const AttributeSource source = [&](ResourceId id, std::uint32_t index) {
      return read(resources, id, index);
    };
    RunEnvironment environment(resources, binding, run_id, source);
    const auto all = read(resources, environment.resolve(arbitrary.element_of), arbitrary.query);
    for (const Value& item : all && all->as<List>() ? *all->as<List>() : List{}) {
      Binding inner = binding;
      inner.elements.emplace_back(*open, *item.as<ResourceId>());
      plan_writes(resources, effect, inner, run_id, step, writes);
    }
    return;
  }
  const AttributeSource source = [&](ResourceId id, std::uint32_t index) {
    return read(resources, id, index);
  };
  RunEnvironment environment(resources, binding, run_id, source);
  const ResourceId resource = environment.resolve(variable.resource);
  const auto where = place(resources, resource, variable.attribute, environment);
  const auto before = read(resources, resource, variable.attribute);
  const auto identity = resources.identity(resource, environment);
  if (!where || !before || !identity) {
    return;
  }
  const ResourceType& type = resources.type(resource);
  Write write{.place = *where,
              .value = *before,
              .kind = effect.kind,
              .carried = *identity + "." + type.attributes[variable.attribute].name};
  switch (effect.kind) {
    case EffectKind::set: {
      auto value = evaluate(resources, effect.value, binding, run_id);
      if (!value) {
        return;
      }
      write.value = std::move(*value);
      const Expr& expr = plan[effect.value];
      if (expr.op == Op::state) {
        const Variable& origin = plan.variables[expr.a];
        const ResourceId from = environment.resolve(origin.resource);
        if (const auto other = resources.identity(from, environment)) {
          write.copied_from = *other + "." + resources.type(from).attributes[origin.attribute].name;
        }
      }
      break;
    }
    case EffectKind::change:
      write.value = changed_value(*before, step);
      for (const AttributeRef kept : effect.keeping) {
        const ResourceType& carried = plan.resource_types[kept.type];
        write.keeping.emplace_back(carried.name + "(",
                                   "." + carried.attributes[kept.attribute].name);
      }
      break;
    case EffectKind::destroy:
      write.value = before->as<std::string>() != nullptr ? Value{std::string("destroyed")}
                                                         : changed_value(*before, step);
      break;
  }
  writes.push_back(std::move(write));
}

void Hosts::write(const Write& write) {
  const bool is_same = [&] {
    const auto holder = values_.find(write.place.holder);
    if (holder == values_.end()) {
      return false;
    }
    const auto found = holder->second.find(write.place.item);
    return found != holder->second.end() && found->second == write.value;
  }();
  values_[write.place.holder][write.place.item] = write.value;
  if (!write.copied_from.empty()) {
    const auto origin = values_.find(write.copied_from);
    if (origin != values_.end()) {
      values_[write.carried] = origin->second;
    } else {
      values_.erase(write.carried);
    }
    return;
  }
  const auto carried = values_.find(write.carried);
  if (carried == values_.end() || (is_same && write.kind == EffectKind::set)) {
    return;
  }
  std::erase_if(carried->second, [&](const auto& entry) {
    const bool is_list = entry.second.template as<List>() != nullptr;
    const bool is_kept = std::ranges::any_of(write.keeping, [&](const auto& kept) {
      return entry.first.starts_with(kept.first) && entry.first.ends_with(kept.second);
    });
    return !(write.kind == EffectKind::change && (is_list || is_kept));
  });
}

void Hosts::apply(Resources& resources,
                  const std::vector<Effect>& effects,
                  const Binding& binding,
                  std::string_view run_id,
                  std::string_view step,
                  Extent extent) {
  std::vector<Write> writes;
  for (const Effect& effect : effects) {
    plan_writes(resources, effect, binding, run_id, step, writes);
  }
  if (extent == Extent::half) {
    if (writes.size() == 1 && writes[0].value.as<std::string>() != nullptr) {
      writes[0].value = Value{"half of " + *writes[0].value.as<std::string>()};
      writes[0].copied_from.clear();
    } else {
      writes.resize(writes.size() / 2);
    }
  }
  for (const Write& each : writes) {
    write(each);
  }
}

std::vector<std::string> Hosts::snapshot() const {
  std::vector<std::string> lines;
  for (const auto& [holder, items] : values_) {
    for (const auto& [item, value] : items) {
      lines.push_back(holder + " / " + item + " = " + to_text(value));
    }
  }
  return lines;
}

}  // namespace plan::sim
