// What is destroyed was declared expendable, is saved elsewhere at that time, or may be lost by
// the author's word.

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "compiler/prove/proof.hpp"

namespace plan {

namespace {

bool is_expendable(const Plan& plan, ResourceId resource) {
  const Resource& found = plan.resources[resource.index];
  const auto& names = plan.resource_types[found.type].field_names;
  const auto field = std::ranges::find(names, "expendable");
  const auto index = static_cast<std::size_t>(field - names.begin());
  if (field == names.end() || index >= found.fields.size()) {
    return false;
  }
  const bool* value = found.fields[index].as<bool>();
  return value != nullptr && *value;
}

// Whether nobody can write the variable beside the step: what it holds in the one execution, it
// holds in every schedule when the step starts. What the step itself overwrites saves nothing.
bool is_settled(const Proof& proof, VariableId variable, StepId step) {
  return std::ranges::all_of(proof.effects.of(variable), [&](std::uint32_t index) {
    const StepId writer = proof.effects.all()[index].step;
    return writer != step &&
           (proof.is_surely_before(writer, step) || proof.is_surely_before(step, writer));
  });
}

// The variable that a copy took its present value from, or none.
VariableId source_of(const Proof& proof, VariableId variable) {
  const std::uint32_t at = proof.defined[variable.index];
  if (at == UINT32_MAX) {
    return {};
  }
  const Write& write = proof.effects.all()[proof.definitions[at].write];
  const bool is_copy =
      write.kind == WriteKind::set && proof.terms[write.value].kind == TermKind::initial;
  return is_copy ? proof.terms.variable_of(write.value) : VariableId{};
}

// Another resource that holds the same value when the step starts, or none.
VariableId saved_in(const Proof& proof, VariableId variable, StepId step) {
  const TermId value = proof.state[variable.index];
  const ResourceId resource = proof.plan.variables[variable.index].resource;
  const auto holds = [&](VariableId other) {
    return other.index != UINT32_MAX && proof.state[other.index] == value &&
           proof.plan.variables[other.index].resource != resource && is_settled(proof, other, step);
  };
  const VariableId source = source_of(proof, variable);
  if (holds(source)) {
    return source;
  }
  const auto found = std::ranges::find_if(proof.copies, holds);
  return found == proof.copies.end() ? VariableId{} : *found;
}

// Why what the step destroys may be lost, or is not; false if it is lost without a word.
bool is_covered(Proof& proof, const Write& write, StepId step) {
  ProofRecord::Loss loss{.step = step, .variable = write.variable, .witness = {}};
  const TermId value = proof.state[write.variable.index];
  if (proof.plan.steps[step.index].allows_destroy) {
    loss.by = "allowed";
  } else if (is_expendable(proof.plan, proof.plan.variables[write.variable.index].resource)) {
    loss.by = "expendable";
  } else if (proof.terms.value(value) != nullptr || proof.terms.is_poison(value)) {
    loss.by = "known";
  } else {
    loss.witness = saved_in(proof, write.variable, step);
    if (loss.witness.index == UINT32_MAX) {
      return false;
    }
  }
  if (proof.record != nullptr) {
    proof.record->losses.push_back(loss);
    for (const std::uint32_t index : loss.witness.index == UINT32_MAX
                                         ? std::span<const std::uint32_t>{}
                                         : proof.effects.of(loss.witness)) {
      const StepId writer = proof.effects.all()[index].step;
      static_cast<void>(proof.is_before(writer, step) || proof.is_before(step, writer));
    }
  }
  return true;
}

// With those who may overwrite a copy before it is needed.
Counterexample schedule_of_loss(const Proof& proof, const Write& lost, StepId step) {
  std::vector<VariableId> about{lost.variable};
  std::vector<StepId> ran;
  for (const VariableId copy : proof.copies) {
    const auto all = proof.effects.of(copy);
    const bool is_copy = std::ranges::any_of(all, [&](std::uint32_t index) {
      const Write& write = proof.effects.all()[index];
      return write.kind == WriteKind::set && write.value == proof.terms.initial(lost.variable);
    });
    if (!is_copy) {
      continue;
    }
    about.push_back(copy);
    for (const std::uint32_t index : all) {
      const StepId writer = proof.effects.all()[index].step;
      if (writer != step && !proof.is_surely_before(step, writer)) {
        ran.push_back(writer);
      }
    }
  }
  std::ranges::sort(ran, {}, [&](StepId other) { return proof.graph.position(other.index); });
  ran.push_back(step);
  return schedule_to(proof.schedules(), ran, about);
}

}  // namespace

void check_data_loss(Proof& proof, StepId step) {
  const Step& found = proof.plan.steps[step.index];
  if (proof.is_misplaced(step)) {
    return;
  }
  for (const Write& write : proof.effects.of(step)) {
    if (!write.destroys || is_covered(proof, write, step)) {
      continue;
    }
    const ResourceId resource = proof.plan.variables[write.variable.index].resource;
    const std::string& name = proof.plan.resources[resource.index].name;
    Diagnostic& diagnostic = proof.diagnostics.report<Code::data_lost>(
        found.span, found.name, proof.variable(write.variable));
    diagnostic.at_primary("destroys it");
    diagnostic.label(write.loss_span, "says that it is destroyed");
    diagnostic.label(proof.plan.resources[resource.index].span, fmt::format("`{}`", name));
    const auto& fields =
        proof.plan.resource_types[proof.plan.resources[resource.index].type].field_names;
    if (std::ranges::find(fields, "expendable") != fields.end()) {
      diagnostic.help(fmt::format("if `{}` may be lost, say `expendable: true` there", name));
    }
    diagnostic.help(
        fmt::format("save it by a step before `{}`, or write `allow destroy` in the "
                    "block of `{}`",
                    found.name, found.name));
    diagnostic.schedule = schedule_of_loss(proof, write, step);
    diagnostic.schedule.violated = fmt::format("nothing holds what `{}` was before `{}`",
                                               proof.variable(write.variable), found.name);
  }
}

}  // namespace plan
