#include "compiler/prove/proof.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/sites.hpp"

namespace plan {

Proof::Proof(Plan& the_plan, Diagnostics& the_diagnostics, OrderFaults faults)
    : plan(the_plan),
      diagnostics(the_diagnostics),
      groundwork(faults.groundwork ? std::move(faults.groundwork)
                                   : decltype(groundwork)(new Groundwork(the_plan))),
      terms(groundwork->terms),
      effects(groundwork->effects),
      loops(the_plan),
      graph(groundwork->graph ? std::move(*groundwork->graph) : graph_of(the_plan)),
      is_silent_(the_plan.variables.size()),
      is_misplaced_(the_plan.steps.size()) {
  found.reserve(plan.variables.size());
  for (std::uint32_t index = 0; index < plan.variables.size(); ++index) {
    found.push_back(terms.initial(VariableId{index}));
  }
  state = found;
  assumed_of.resize(found.size());
  defined.assign(plan.variables.size(), UINT32_MAX);
  after.resize(effects.all().size());
  for (const Write& write : effects.all()) {
    if (write.kind == WriteKind::set && terms[write.value].kind == TermKind::initial) {
      copies.push_back(write.variable);
      copies.push_back(terms.variable_of(write.value));
    }
  }
  std::ranges::sort(copies);
  copies.erase(std::unique(copies.begin(), copies.end()), copies.end());
  for (const VariableId variable : faults.variables) {
    silence(variable);
  }
  for (const StepId step : faults.steps) {
    is_misplaced_[step.index] = true;
    for (const Write& write : effects.of(step)) {
      silence(write.variable);
    }
  }
  shared_.resize(plan.loops.size());
  written_in_.resize(plan.loops.size());
  for (std::uint32_t loop = 0; loop < plan.loops.size(); ++loop) {
    loop_at_.emplace(plan.loops[loop].begin.index, loop);
    loop_at_.emplace(plan.loops[loop].end.index, loop);
  }
  for (std::uint32_t index = 0; index < effects.all().size() && !plan.loops.empty(); ++index) {
    std::uint32_t loop = loops.of(effects.all()[index].step);
    for (; loop != UINT32_MAX; loop = plan.loops[loop].parent) {
      written_in_[loop].push_back(index);
    }
  }
}

bool Proof::is_before(StepId one, StepId two) const {
  const auto [before, after_that] = loops.attach(one, two);
  const bool result = graph.reaches(before.index, after_that.index);
  if (result && record != nullptr) {
    record->ordered.insert((std::uint64_t{before.index} << 32U) | after_that.index);
  }
  return result;
}

bool Proof::is_surely_before(StepId one, StepId two) const {
  const auto [before, after_that] = loops.attach(one, two);
  return graph.reaches(before.index, after_that.index);
}

TermId Proof::when(StepId step) {
  const auto& condition = plan.steps[step.index].when;
  return condition ? terms.of(condition->expr) : terms.truth(true);
}

TermId Proof::value_now(TermId term, StepId step) {
  return if_it_runs(terms.substitute(term, state), step);
}

TermId Proof::if_it_runs(TermId value, StepId step) {
  return step.is_none() || !plan.steps[step.index].when
             ? value
             : terms.assume(value, terms.substitute(when(step), state), true);
}

std::vector<VariableId> Proof::variables_of(TermId term) const {
  std::vector<VariableId> result;
  terms.for_each_leaf(term, [&](TermId leaf) {
    if (terms[leaf].kind == TermKind::initial) {
      result.push_back(terms.variable_of(leaf));
    }
  });
  std::ranges::sort(result);
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

TermId Proof::given(TermId term, TermId of) {
  for (const VariableId id : variables_of(of)) {
    for (const TermId known : assumed_of[id.index]) {
      term = terms.assume(term, known, true);
    }
  }
  return term;
}

void Proof::assume_found(TermId condition, StepId step, std::uint32_t requirement) {
  if (!assumed.emplace(condition, std::pair(step, requirement)).second) {
    return;
  }
  for (const VariableId id : variables_of(condition)) {
    assumed_of[id.index].push_back(condition);
  }
}

void Proof::silence(TermId condition) {
  for (const VariableId id : variables_of(condition)) {
    state[id.index] = terms.poison();
  }
}

void Proof::silence(VariableId variable) {
  is_silent_[variable.index] = true;
  state[variable.index] = terms.poison();
  found[variable.index] = terms.poison();
}

void Proof::act(StepId step) {
  const auto loop = loop_at_.empty() ? loop_at_.end() : loop_at_.find(step.index);
  if (loop != loop_at_.end()) {
    const bool begins = plan.loops[loop->second].begin == step;
    begins ? enter_loop(loop->second) : leave_loop(loop->second);
    return;
  }
  const bool is_conditional = plan.steps[step.index].when.has_value();
  TermId runs_now = terms.truth(true);
  if (is_conditional) {
    runs_now = terms.substitute(when(step), state);
    runs.emplace(step.index, runs_now);
  }
  const auto writes = effects.of(step);
  const auto first = static_cast<std::uint32_t>(writes.data() - effects.all().data());
  const auto first_definition = static_cast<std::uint32_t>(definitions.size());
  // All values are taken from the state before the step, then all are put into it.
  for (std::uint32_t index = 0; index < writes.size(); ++index) {
    const Write& write = writes[index];
    TermId value =
        write.kind == WriteKind::set ? terms.substitute(write.value, state) : terms.unknown();
    if (is_conditional) {
      value =
          terms.make(Op::conditional, 0, std::array{runs_now, value, state[write.variable.index]});
    }
    value = is_silent(write.variable) ? terms.poison() : value;
    after[first + index] = value;
    const bool is_copy =
        write.kind == WriteKind::set && terms[write.value].kind == TermKind::initial;
    definitions.push_back(
        {.write = first + index, .source = is_copy ? defined[terms[write.value].a] : UINT32_MAX});
  }
  for (std::uint32_t index = 0; index < writes.size(); ++index) {
    state[writes[index].variable.index] = after[first + index];
    defined[writes[index].variable.index] = first_definition + index;
  }
}

// The body runs any number of times. What it writes of its element is written for each element;
// of what all elements share, an iteration may find what the one before it left.
void Proof::enter_loop(std::uint32_t loop) {
  for (const std::uint32_t index : written_in_[loop]) {
    const Write& write = effects.all()[index];
    if (is_private(write.variable, loop) || is_silent(write.variable)) {
      continue;
    }
    const bool is_known = std::ranges::any_of(
        shared_[loop], [&](const SharedValue& value) { return value.variable == write.variable; });
    TermId& now = state[write.variable.index];
    if (!is_known) {
      shared_[loop].push_back({.variable = write.variable, .at_entry = now});
    }
    const bool is_kept =
        write.kind == WriteKind::set && write.value == now && terms.value(now) != nullptr;
    if (!is_kept) {
      now = terms.unknown();
      defined[write.variable.index] = static_cast<std::uint32_t>(definitions.size());
      definitions.push_back({.write = index});
    }
  }
}

void Proof::leave_loop(std::uint32_t loop) {
  for (const SharedValue& value : shared_[loop]) {
    TermId& now = state[value.variable.index];
    now = terms.make(Op::conditional, 0, std::array{terms.unknown(), now, value.at_entry});
  }
}

bool Proof::mentions(TermId term, std::uint32_t loop) {
  const Term node = terms[term];
  if (node.kind == TermKind::token) {
    return node.a < plan.steps.size() && loops.is_inside(StepId{node.a}, loop);
  }
  if (const Value* value = terms.value(term)) {
    return mentions(Value(*value), loop);
  }
  const auto children = terms.children(term);
  return std::ranges::any_of(std::vector<TermId>(children.begin(), children.end()),
                             [&](TermId child) { return mentions(child, loop); });
}

bool Proof::mentions(const Value& value, std::uint32_t loop) {
  if (const auto* resource = value.as<ResourceId>()) {
    return is_of_element(*resource, loop);
  }
  if (const auto* deferred = value.as<Deferred>()) {
    // A field of the element is written as `field(element, name)`: look at the expression's own
    // base, which terms keep as a child.
    return mentions(terms.of(deferred->expr), loop);
  }
  if (const auto* list = value.as<List>()) {
    return std::ranges::any_of(*list, [&](const Value& item) { return mentions(item, loop); });
  }
  return false;
}

bool Proof::is_of_element(ResourceId resource, std::uint32_t loop) {
  if (resource == plan.loops[loop].element) {
    return true;
  }
  const Resource& found_resource = plan.resources[resource.index];
  if (found_resource.is_element()) {
    return is_of_element(found_resource.element_of, loop);
  }
  const auto& key = plan.resource_types[found_resource.type].key;
  return std::ranges::any_of(key, [&](std::uint32_t field) {
    return field < found_resource.fields.size() && mentions(found_resource.fields[field], loop);
  });
}

bool Proof::is_private(VariableId id, std::uint32_t loop) {
  return is_of_element(plan.variables[id.index].resource, loop);
}

}  // namespace plan
