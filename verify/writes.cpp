#include "verify/writes.hpp"

#include <algorithm>

namespace plan::verify {

namespace {

// Two resources that stand for one thing on two sides: elements of the same query, or equal keys,
// where resources in a key are compared in the same way.
bool corresponds(const Plan& plan, ResourceId left, ResourceId right) {
  const Resource& one = plan.resources[left.index];
  const Resource& two = plan.resources[right.index];
  if (left == right || one.type != two.type || one.is_element() != two.is_element()) {
    return left == right;
  }
  if (one.is_element()) {
    return one.query == two.query;
  }
  for (const std::uint32_t field : plan.resource_types[one.type].key) {
    if (field >= one.fields.size() || field >= two.fields.size()) {
      return false;
    }
    const auto* inner = one.fields[field].as<ResourceId>();
    const auto* other = two.fields[field].as<ResourceId>();
    const bool is_same = inner != nullptr && other != nullptr
                             ? corresponds(plan, *inner, *other)
                             : one.fields[field] == two.fields[field];
    if (!is_same) {
      return false;
    }
  }
  return true;
}

Write* write_to(std::vector<Write>& writes, VariableId variable) {
  const auto at = std::ranges::find(writes, variable, &Write::variable);
  return at == writes.end() ? nullptr : &*at;
}

}  // namespace

Writes::Writes(const Plan& plan, Nodes& nodes)
    : plan_(plan), nodes_(nodes), carried_at_(plan.variables.size(), UINT32_MAX) {
  for (std::uint32_t index = 0; index < plan.variables.size(); ++index) {
    carrier_.push_back(carrier_of(VariableId{index}));
    if (carrier_[index].index != UINT32_MAX) {
      std::uint32_t& at = carried_at_[carrier_[index].index];
      if (at == UINT32_MAX) {
        at = static_cast<std::uint32_t>(carried_.size());
        carried_.emplace_back();
      }
      carried_[at].push_back(VariableId{index});
    }
  }
  variable_begin_.assign(plan.variables.size() + 2, 0);
  step_begin_.push_back(0);
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    for (const Write& write : expand(StepId{index}, plan.steps[index].effects)) {
      all_.push_back(write);
      ++variable_begin_[write.variable.index + 2];
    }
    step_begin_.push_back(static_cast<std::uint32_t>(all_.size()));
  }
  for (std::size_t index = 1; index < variable_begin_.size(); ++index) {
    variable_begin_[index] += variable_begin_[index - 1];
  }
  by_variable_.resize(all_.size());
  for (std::uint32_t index = 0; index < all_.size(); ++index) {
    by_variable_[variable_begin_[all_[index].variable.index + 1]++] = index;
  }
}

std::span<const Write> Writes::of(StepId step) const {
  return std::span(all_).subspan(step_begin_[step.index],
                                 step_begin_[step.index + 1] - step_begin_[step.index]);
}

std::span<const std::uint32_t> Writes::of(VariableId variable) const {
  const std::uint32_t begin = variable_begin_[variable.index];
  return std::span(by_variable_).subspan(begin, variable_begin_[variable.index + 1] - begin);
}

void Writes::sort(std::span<const std::uint32_t> position) {
  for (std::size_t index = 0; index + 2 < variable_begin_.size(); ++index) {
    std::sort(by_variable_.begin() + variable_begin_[index],
              by_variable_.begin() + variable_begin_[index + 1],
              [&](std::uint32_t one, std::uint32_t two) {
                return position[all_[one].step.index] < position[all_[two].step.index];
              });
  }
}

// `carried by a.b.c`: fields from the resource on, the last name a state.
VariableId Writes::carrier_of(VariableId id) const {
  const Variable& variable = plan_.variables[id.index];
  ResourceId at = variable.resource;
  const auto& attributes = plan_.resource_types[plan_.resources[at.index].type].attributes;
  if (variable.attribute >= attributes.size() ||
      attributes[variable.attribute].carried_by.empty()) {
    return {};
  }
  const auto& path = attributes[variable.attribute].carried_by;
  for (std::size_t index = 0; index + 1 < path.size(); ++index) {
    const Resource& resource = plan_.resources[at.index];
    const auto& names = plan_.resource_types[resource.type].field_names;
    const auto field =
        static_cast<std::size_t>(std::ranges::find(names, path[index]) - names.begin());
    const auto* next = field < names.size() && field < resource.fields.size()
                           ? resource.fields[field].as<ResourceId>()
                           : nullptr;
    if (next == nullptr) {
      return {};
    }
    at = *next;
  }
  const auto& states = plan_.resource_types[plan_.resources[at.index].type].attributes;
  const auto state = std::ranges::find(states, path.back(), &Attribute::name);
  return state == states.end()
             ? VariableId{}
             : nodes_.variable(at, static_cast<std::uint32_t>(state - states.begin()));
}

// The state on the source's side that becomes `variable` when its carrier is copied.
VariableId Writes::counterpart(VariableId variable, VariableId source) const {
  const Variable& wanted = plan_.variables[variable.index];
  if (carried_at_[source.index] == UINT32_MAX) {
    return {};
  }
  for (const VariableId candidate : carried_[carried_at_[source.index]]) {
    const Variable& other = plan_.variables[candidate.index];
    if (other.attribute == wanted.attribute &&
        plan_.resources[other.resource.index].type == plan_.resources[wanted.resource.index].type &&
        corresponds(plan_, other.resource, wanted.resource)) {
      return candidate;
    }
  }
  return {};
}

void Writes::add_carried(const Effect& effect, const Write& own, std::vector<Write>& writes) const {
  if (carried_at_[own.variable.index] == UINT32_MAX) {
    return;
  }
  const bool is_copy = own.kind == WriteKind::set && nodes_[own.value].kind == NodeKind::found;
  for (const VariableId variable : carried_[carried_at_[own.variable.index]]) {
    const Variable& carried = plan_.variables[variable.index];
    const AttributeRef name{plan_.resources[carried.resource.index].type, carried.attribute};
    const bool is_kept = effect.kind == EffectKind::change &&
                         std::ranges::find(effect.keeping, name) != effect.keeping.end();
    if (is_kept || write_to(writes, variable) != nullptr) {
      continue;
    }
    Write write{.step = own.step, .variable = variable, .kind = WriteKind::change, .value = {}};
    const VariableId source =
        is_copy ? counterpart(variable, VariableId{nodes_[own.value].detail}) : VariableId{};
    if (source.index != UINT32_MAX) {
      write.kind = WriteKind::set;
      write.value = nodes_.found(source);
    }
    writes.push_back(write);
  }
}

std::vector<Write> Writes::expand(StepId step, std::span<const Effect> effects) const {
  std::vector<Write> writes;
  for (const Effect& effect : effects) {
    const bool is_set = effect.kind == EffectKind::set;
    const Write made{.step = step,
                     .variable = effect.variable,
                     .kind = is_set ? WriteKind::set : WriteKind::change,
                     .destroys = effect.kind == EffectKind::destroy,
                     .value = is_set ? nodes_.of(effect.value) : NodeId{}};
    Write* known = write_to(writes, effect.variable);
    if (known == nullptr) {
      writes.push_back(made);
      continue;
    }
    const bool destroys = known->destroys || made.destroys;
    if (known->kind != WriteKind::set || is_set) {
      *known = made;
    }
    known->destroys = destroys;
  }
  const std::size_t own_count = writes.size();
  for (const Effect& effect : effects) {
    const Write own = *write_to(writes, effect.variable);
    if ((effect.kind == EffectKind::set) == (own.kind == WriteKind::set)) {
      add_carried(effect, own, writes);
    }
  }
  for (std::size_t index = 0; index < own_count; ++index) {
    const VariableId whole = carrier_[writes[index].variable.index];
    if (whole.index != UINT32_MAX && write_to(writes, whole) == nullptr) {
      writes.push_back({.step = step, .variable = whole, .kind = WriteKind::part, .value = {}});
    }
  }
  settle(writes);
  return writes;
}

// `ensures x == y` speaks of y after the step: where the step writes y, too, x gets what y gets.
void Writes::settle(std::vector<Write>& writes) const {
  for (Write& write : writes) {
    for (std::size_t round = 0; write.kind == WriteKind::set; ++round) {
      const Write* source = nullptr;
      for (const VariableId read : nodes_.variables(write.value)) {
        const Write* own = read == write.variable ? nullptr : write_to(writes, read);
        source = source == nullptr ? own : source;
      }
      if (source == nullptr) {
        break;
      }
      if (source->kind != WriteKind::set || round >= writes.size()) {
        write.kind = WriteKind::change;
        write.value = {};
        break;
      }
      write.value = nodes_.replace(write.value, nodes_.found(source->variable), source->value);
    }
  }
}

LoopNest::LoopNest(const Plan& plan, Nodes& nodes) : plan_(plan), nodes_(nodes) {
  for (const Step& step : plan.steps) {
    of_.push_back(step.loop);
  }
  for (const Loop& loop : plan.loops) {
    of_[loop.begin.index] = loop.parent;
    of_[loop.end.index] = loop.parent;
  }
}

bool LoopNest::holds(std::uint32_t loop, StepId step) const {
  std::uint32_t at = of_[step.index];
  while (at != UINT32_MAX && at != loop) {
    at = plan_.loops[at].parent;
  }
  return at == loop;
}

std::pair<StepId, StepId> LoopNest::attach(StepId before, StepId after) const {
  while (of_[before.index] != UINT32_MAX && !holds(of_[before.index], after)) {
    before = plan_.loops[of_[before.index]].end;
  }
  while (of_[after.index] != UINT32_MAX && !holds(of_[after.index], before)) {
    after = plan_.loops[of_[after.index]].begin;
  }
  return {before, after};
}

bool LoopNest::is_private(VariableId variable, std::uint32_t loop) const {
  return is_of_element(plan_.variables[variable.index].resource, loop);
}

bool LoopNest::is_of_element(ResourceId id, std::uint32_t loop) const {
  if (id == plan_.loops[loop].element) {
    return true;
  }
  const Resource& resource = plan_.resources[id.index];
  if (resource.is_element()) {
    return is_of_element(resource.element_of, loop);
  }
  return std::ranges::any_of(plan_.resource_types[resource.type].key, [&](std::uint32_t field) {
    return field < resource.fields.size() && mentions(resource.fields[field], loop);
  });
}

bool LoopNest::mentions(const Value& value, std::uint32_t loop) const {
  if (const auto* resource = value.as<ResourceId>()) {
    return is_of_element(*resource, loop);
  }
  if (const auto* deferred = value.as<Deferred>()) {
    return mentions(nodes_.of(deferred->expr), loop);
  }
  const auto* list = value.as<List>();
  return list != nullptr &&
         std::ranges::any_of(*list, [&](const Value& item) { return mentions(item, loop); });
}

bool LoopNest::mentions(NodeId id, std::uint32_t loop) const {
  const Node node = nodes_[id];
  if (node.kind == NodeKind::token) {
    return node.detail < plan_.steps.size() && holds(loop, StepId{node.detail});
  }
  if (const Value* value = nodes_.constant_of(id)) {
    return mentions(Value(*value), loop);
  }
  return std::ranges::any_of(node.children, [&](NodeId child) { return mentions(child, loop); });
}

}  // namespace plan::verify
