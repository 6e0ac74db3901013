#include "runtime/forecast.hpp"

#include <algorithm>

namespace plan {

Reach::Reach(const Plan& plan) : plan_(plan), terms_(plan), carriers_(plan, terms_) {}

std::vector<VariableId> Reach::of(StepId step, const std::vector<Effect>& effects) {
  std::vector<VariableId> written;
  for (const Write& write : expand(plan_, terms_, carriers_, step, effects)) {
    written.push_back(write.variable);
  }
  return written;
}

Forecast::Forecast(RunContext& context)
    : context_(context),
      terms_(context.plan),
      effects_(context.plan, terms_),
      loops_(context.plan) {
  no_attributes_ = [](ResourceId, std::uint32_t) -> EvaluationResult {
    return std::unexpected(EvaluationError{.message = "not observed", .is_unknown = true});
  };
}

void Forecast::expect(const Node& node) {
  const Plan& plan = context_.plan;
  if (plan.steps[node.step.index].kind != StepKind::loop_begin) {
    write(node.step, node.name, node.binding);
    return;
  }
  const auto loop = std::ranges::find(plan.loops, node.step, &Loop::begin);
  if (loop == plan.loops.end()) {
    return;
  }
  const auto number = static_cast<std::uint32_t>(loop - plan.loops.begin());
  for (const StepId step : plan.topological) {
    if (loops_.is_inside(step, number)) {
      write(step, plan.steps[step.index].name, node.binding);
    }
  }
}

void Forecast::write(StepId step, const std::string& name, const Binding& binding) {
  RunEnvironment environment(context_.resources, binding, context_.run_id, no_attributes_);
  std::vector<std::pair<Key, Foreseen>> made;
  for (const Write& each : effects_.of(step)) {
    const Variable& variable = context_.plan.variables[each.variable.index];
    const Key key{environment.resolve(variable.resource), variable.attribute};
    made.emplace_back(key, result_of(each, name, environment));
    write_query(each, name, made);
  }
  for (auto& [key, what] : made) {
    entries_.insert_or_assign(key, Entry{next_++, std::move(what)});
  }
}

void Forecast::write_query(const Write& write,
                           const std::string& name,
                           std::vector<std::pair<Key, Foreseen>>& made) {
  const Plan& plan = context_.plan;
  const VariableId carrier = effects_.carriers().carrier(write.variable);
  const Resource& element = plan.resources[plan.variables[write.variable.index].resource.index];
  if (!element.is_element() || carrier.index == UINT32_MAX) {
    return;
  }
  const Key key{element.element_of, element.query};
  const auto known = std::ranges::find(made, key, &std::pair<Key, Foreseen>::first);
  if (write.copied_from.index != UINT32_MAX) {
    const Variable& origin = plan.variables[write.copied_from.index];
    const Resource& other = plan.resources[origin.resource.index];
    Foreseen what{.kind = Foreseen::Kind::undecided};
    if (other.is_element()) {
      what = of(other.element_of, other.query);
    }
    what.step = name;
    if (known == made.end()) {
      made.emplace_back(key, std::move(what));
    } else if (known->second.kind == Foreseen::Kind::undecided) {
      known->second = std::move(what);
    }
    return;
  }
  const Write* whole = effects_.find(write.step, carrier);
  const bool is_replaced = whole != nullptr && (whole->kind == WriteKind::set || whole->destroys);
  if (is_replaced && known == made.end()) {
    made.emplace_back(key, Foreseen{.kind = Foreseen::Kind::undecided, .step = name});
  }
}

Foreseen Forecast::result_of(const Write& write,
                             const std::string& name,
                             Environment& environment) {
  Foreseen undecided{.kind = Foreseen::Kind::undecided, .step = name};
  if (write.kind != WriteKind::set) {
    return undecided;
  }
  if (const Value* value = terms_.value(write.value)) {
    return {.kind = Foreseen::Kind::value, .value = *value, .step = name};
  }
  if (terms_[write.value].kind != TermKind::initial) {
    return undecided;
  }
  const Variable& origin = context_.plan.variables[terms_.variable_of(write.value).index];
  const ResourceId source = environment.resolve(origin.resource);
  if (context_.resources.is_dependent(source)) {
    return undecided;
  }
  Foreseen copied = of(source, origin.attribute);
  copied.step = name;
  return copied;
}

bool Forecast::speaks_of(ResourceId arbitrary, ResourceId resource) const {
  if (resource.index < context_.plan.resources.size()) {
    return resource == arbitrary;
  }
  const Resource& planned = context_.plan.resources[arbitrary.index];
  if (!context_.resources.is_dependent(arbitrary) ||
      planned.type != context_.resources.type_of(resource)) {
    return false;
  }
  const Binding nothing_bound;
  RunEnvironment environment(context_.resources, nothing_bound, context_.run_id, no_attributes_);
  for (std::uint32_t field = 0; field < planned.fields.size(); ++field) {
    const auto* inner = planned.fields[field].as<ResourceId>();
    const auto value = context_.resources.field(resource, field, environment);
    const auto* other = value ? value->as<ResourceId>() : nullptr;
    if (inner != nullptr && other != nullptr && *inner != *other && !speaks_of(*inner, *other)) {
      return false;
    }
  }
  return true;
}

Foreseen Forecast::of(ResourceId resource, std::uint32_t attribute) {
  const Entry* last = nullptr;
  const auto consider = [&](ResourceId known) {
    const auto found = entries_.find({known, attribute});
    if (found != entries_.end() && (last == nullptr || found->second.number > last->number)) {
      last = &found->second;
    }
  };
  consider(resource);
  if (resource.index >= context_.plan.resources.size()) {
    for (const auto& [key, entry] : entries_) {
      if (key.second == attribute && key.first.index < context_.plan.resources.size() &&
          speaks_of(key.first, resource)) {
        consider(key.first);
      }
    }
  }
  return last != nullptr ? last->what : Foreseen{.resource = resource, .attribute = attribute};
}

}  // namespace plan
