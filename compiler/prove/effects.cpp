#include "compiler/prove/effects.hpp"

#include <algorithm>

namespace plan {

namespace {

// The resource that field `name` of `resource` holds, or none.
ResourceId resource_field(const Plan& plan, ResourceId resource, std::string_view name) {
  const Resource& from = plan.resources[resource.index];
  const auto& names = plan.resource_types[from.type].field_names;
  const auto found = std::ranges::find(names, name);
  const auto index = static_cast<std::size_t>(found - names.begin());
  if (found == names.end() || index >= from.fields.size()) {
    return {};
  }
  const auto* id = from.fields[index].as<ResourceId>();
  return id != nullptr ? *id : ResourceId{};
}

VariableId find_carrier(const Plan& plan, const Terms& terms, const Variable& variable) {
  const auto& attributes =
      plan.resource_types[plan.resources[variable.resource.index].type].attributes;
  if (variable.attribute >= attributes.size()) {
    return {};
  }
  const auto& path = attributes[variable.attribute].carried_by;
  if (path.empty()) {
    return {};
  }
  ResourceId at = variable.resource;
  for (std::size_t index = 0; index + 1 < path.size(); ++index) {
    at = resource_field(plan, at, path[index]);
    if (at.index == UINT32_MAX) {
      return {};
    }
  }
  const auto& states = plan.resource_types[plan.resources[at.index].type].attributes;
  for (std::uint32_t index = 0; index < states.size(); ++index) {
    if (states[index].name == path.back()) {
      return terms.variable(at, index);
    }
  }
  return {};
}

// Whether two resources stand for one thing on two sides: elements of the same query, or equal
// keys, where resources in a key are compared in the same way.
bool corresponds(const Plan& plan, ResourceId left, ResourceId right) {
  if (left == right) {
    return true;
  }
  const Resource& one = plan.resources[left.index];
  const Resource& two = plan.resources[right.index];
  if (one.type != two.type || one.is_element() != two.is_element()) {
    return false;
  }
  if (one.is_element()) {
    return one.query == two.query;
  }
  const auto& key = plan.resource_types[one.type].key;
  return std::ranges::all_of(key, [&](std::uint32_t field) {
    if (field >= one.fields.size() || field >= two.fields.size()) {
      return false;
    }
    const auto* left_resource = one.fields[field].as<ResourceId>();
    const auto* right_resource = two.fields[field].as<ResourceId>();
    return left_resource != nullptr && right_resource != nullptr
               ? corresponds(plan, *left_resource, *right_resource)
               : one.fields[field] == two.fields[field];
  });
}

bool is_kept(const Plan& plan, const Effect& effect, VariableId variable) {
  const Variable& found = plan.variables[variable.index];
  const AttributeRef kept{plan.resources[found.resource.index].type, found.attribute};
  return std::ranges::find(effect.keeping, kept) != effect.keeping.end();
}

// Adds a write unless the step has one of that variable already.
void add_once(std::vector<Write>& writes, const Write& write) {
  const bool is_known = std::ranges::any_of(
      writes, [&](const Write& other) { return other.variable == write.variable; });
  if (!is_known) {
    writes.push_back(write);
  }
}

Write write_of(Terms& terms, StepId step, const Effect& effect) {
  return {.step = step,
          .variable = effect.variable,
          .kind = effect.kind == EffectKind::set ? WriteKind::set : WriteKind::change,
          .destroys = effect.kind == EffectKind::destroy,
          .value = effect.kind == EffectKind::set ? terms.of(effect.value) : TermId{},
          .copied_from = {},
          .span = effect.span,
          .loss_span = effect.kind == EffectKind::destroy ? effect.span : Span{}};
}

// What happens to the states that the written state carries.
void add_carried(const Plan& plan,
                 const Terms& terms,
                 const Carriers& carriers,
                 const Effect& effect,
                 const Write& carrier,
                 std::vector<Write>& writes) {
  const bool is_copy =
      carrier.kind == WriteKind::set && terms[carrier.value].kind == TermKind::initial;
  for (const VariableId variable : carriers.carried(carrier.variable)) {
    if (effect.kind == EffectKind::change && is_kept(plan, effect, variable)) {
      continue;
    }
    Write write = carrier;
    write.variable = variable;
    write.kind = WriteKind::change;
    write.destroys = false;
    if (is_copy) {
      const VariableId source =
          carriers.counterpart(plan, variable, terms.variable_of(carrier.value));
      if (source.index != UINT32_MAX) {
        write.kind = WriteKind::set;
        write.copied_from = source;
        write.value = terms.initial(source);
      }
    }
    add_once(writes, write);
  }
}

// `ensures` speaks of the state after the step: what a value takes from a state that the same step
// writes is what the step writes there. Where that is not known, or goes round, neither is this.
void take_values_after(Terms& terms, std::vector<Write>& writes) {
  const auto first_own = [&](const Write& write) {
    const Write* found = nullptr;
    terms.for_each_leaf(write.value, [&](TermId leaf) {
      if (terms[leaf].kind != TermKind::initial || found != nullptr ||
          terms.variable_of(leaf) == write.variable) {
        return;
      }
      const auto own = std::ranges::find(writes, terms.variable_of(leaf), &Write::variable);
      found = own == writes.end() ? nullptr : &*own;
    });
    return found;
  };
  for (Write& write : writes) {
    std::size_t rounds = 0;
    while (write.kind == WriteKind::set && terms[write.value].has_variable) {
      const Write* source = first_own(write);
      if (source == nullptr) {
        break;
      }
      if (source->kind != WriteKind::set || ++rounds > writes.size()) {
        write.kind = WriteKind::change;
        write.value = {};
        break;
      }
      write.value = terms.replace(write.value, terms.initial(source->variable), source->value);
    }
  }
}

}  // namespace

Carriers::Carriers(const Plan& plan, const Terms& terms) {
  carrier_.resize(plan.variables.size());
  begin_.resize(plan.variables.size() + 2);
  for (std::uint32_t index = 0; index < plan.variables.size(); ++index) {
    carrier_[index] = find_carrier(plan, terms, plan.variables[index]);
    if (carrier_[index].index != UINT32_MAX) {
      ++begin_[carrier_[index].index + 2];
    }
  }
  for (std::size_t index = 1; index < begin_.size(); ++index) {
    begin_[index] += begin_[index - 1];
  }
  carried_.resize(begin_.back());
  for (std::uint32_t index = 0; index < plan.variables.size(); ++index) {
    if (carrier_[index].index != UINT32_MAX) {
      carried_[begin_[carrier_[index].index + 1]++] = VariableId{index};
    }
  }
}

std::span<const VariableId> Carriers::carried(VariableId variable) const {
  return std::span(carried_).subspan(begin_[variable.index],
                                     begin_[variable.index + 1] - begin_[variable.index]);
}

VariableId Carriers::counterpart(const Plan& plan, VariableId variable, VariableId source) const {
  const Variable& wanted = plan.variables[variable.index];
  for (const VariableId candidate : carried(source)) {
    const Variable& other = plan.variables[candidate.index];
    if (other.attribute == wanted.attribute &&
        plan.resources[other.resource.index].type == plan.resources[wanted.resource.index].type &&
        corresponds(plan, other.resource, wanted.resource)) {
      return candidate;
    }
  }
  return {};
}

std::vector<Write> expand(const Plan& plan,
                          Terms& terms,
                          const Carriers& carriers,
                          StepId step,
                          std::span<const Effect> effects) {
  std::vector<Write> writes;
  writes.reserve(effects.size());
  for (const Effect& effect : effects) {
    const Write write = write_of(terms, step, effect);
    const auto known = std::ranges::find(writes, write.variable, &Write::variable);
    if (known == writes.end()) {
      writes.push_back(write);
      continue;
    }
    // `destroys x` and `ensures x == …` together: what was there is lost, what is there is known.
    const bool destroys = known->destroys || write.destroys;
    const Span loss_span = known->destroys ? known->loss_span : write.loss_span;
    if (known->kind != WriteKind::set || write.kind == WriteKind::set) {
      *known = write;
    }
    known->destroys = destroys;
    known->loss_span = loss_span;
  }
  const std::size_t explicit_count = writes.size();
  for (const Effect& effect : effects) {
    if (carriers.carried(effect.variable).empty()) {
      continue;
    }
    const auto own = std::ranges::find(writes, effect.variable, &Write::variable);
    const bool is_final = (effect.kind == EffectKind::set) == (own->kind == WriteKind::set);
    if (is_final) {
      add_carried(plan, terms, carriers, effect, Write(*own), writes);
    }
  }
  for (std::size_t index = 0; index < explicit_count; ++index) {
    const VariableId whole = carriers.carrier(writes[index].variable);
    if (whole.index != UINT32_MAX) {
      Write part = writes[index];
      part.variable = whole;
      part.kind = WriteKind::part;
      part.destroys = false;
      part.value = {};
      add_once(writes, part);
    }
  }
  take_values_after(terms, writes);
  return writes;
}

Effects::Effects(const Plan& plan, Terms& terms) : carriers_(plan, terms) {
  step_begin_.reserve(plan.steps.size() + 1);
  step_begin_.push_back(0);
  writes_.reserve(plan.variables.size());
  variable_begin_.resize(plan.variables.size() + 2);
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    if (!plan.steps[index].effects.empty()) {
      const auto writes = expand(plan, terms, carriers_, StepId{index}, plan.steps[index].effects);
      writes_.insert(writes_.end(), writes.begin(), writes.end());
      for (const Write& write : writes) {
        ++variable_begin_[write.variable.index + 2];
      }
    }
    step_begin_.push_back(static_cast<std::uint32_t>(writes_.size()));
  }
  for (std::size_t index = 1; index < variable_begin_.size(); ++index) {
    variable_begin_[index] += variable_begin_[index - 1];
  }
  by_variable_.resize(writes_.size());
  for (std::uint32_t index = 0; index < writes_.size(); ++index) {
    by_variable_[variable_begin_[writes_[index].variable.index + 1]++] = index;
  }
}

std::span<const Write> Effects::of(StepId step) const {
  return std::span(writes_).subspan(step_begin_[step.index],
                                    step_begin_[step.index + 1] - step_begin_[step.index]);
}

std::span<const std::uint32_t> Effects::of(VariableId variable) const {
  return std::span(by_variable_)
      .subspan(variable_begin_[variable.index],
               variable_begin_[variable.index + 1] - variable_begin_[variable.index]);
}

const Write* Effects::find(StepId step, VariableId variable) const {
  const auto writes = of(step);
  const auto found = std::ranges::find(writes, variable, &Write::variable);
  return found == writes.end() ? nullptr : &*found;
}

Loops::Loops(const Plan& plan) : plan_(plan) {
  of_.reserve(plan.steps.size());
  for (const Step& step : plan.steps) {
    of_.push_back(step.loop);
  }
  for (const Loop& loop : plan.loops) {
    of_[loop.begin.index] = loop.parent;
    of_[loop.end.index] = loop.parent;
  }
}

bool Loops::is_inside(StepId step, std::uint32_t loop) const {
  for (std::uint32_t at = of_[step.index]; at != UINT32_MAX; at = plan_.loops[at].parent) {
    if (at == loop) {
      return true;
    }
  }
  return false;
}

std::pair<StepId, StepId> Loops::attach(StepId before, StepId after) const {
  while (of_[before.index] != UINT32_MAX && !is_inside(after, of_[before.index])) {
    before = plan_.loops[of_[before.index]].end;
  }
  while (of_[after.index] != UINT32_MAX && !is_inside(before, of_[after.index])) {
    after = plan_.loops[of_[after.index]].begin;
  }
  return {before, after};
}

std::string variable_text(const Plan& plan, VariableId variable) {
  const Variable& found = plan.variables[variable.index];
  const Resource& resource = plan.resources[found.resource.index];
  const auto& attributes = plan.resource_types[resource.type].attributes;
  return resource.name + "." +
         (found.attribute < attributes.size() ? attributes[found.attribute].name : "?");
}

}  // namespace plan
