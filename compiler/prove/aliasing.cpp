// One thing under two names is not copied onto itself: two declarations with one key are one
// resource, and a step that is given it twice and destroys what is in it would destroy its own
// source.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/prove/proof.hpp"

namespace plan {

namespace {

bool is_given_twice(const Step& step, ResourceId resource) {
  return std::ranges::count_if(step.arguments, [&](const Value& argument) {
           const auto* given = argument.as<ResourceId>();
           return given != nullptr && *given == resource;
         }) > 1;
}

// `ensures x.content == x.content`, where elaboration has not dropped it as a matter of course.
bool copies_itself(const Plan& plan, const Step& step, VariableId variable) {
  return std::ranges::any_of(step.effects, [&](const Effect& effect) {
    return effect.kind == EffectKind::set && effect.variable == variable &&
           effect.value.index < plan.exprs.size() && plan[effect.value].op == Op::state &&
           plan[effect.value].a == variable.index;
  });
}

}  // namespace

const Effect* find_own_source(const Plan& plan, const Step& step) {
  const auto found = std::ranges::find_if(step.effects, [&](const Effect& effect) {
    return effect.kind == EffectKind::destroy &&
           (is_given_twice(step, plan.variables[effect.variable.index].resource) ||
            copies_itself(plan, step, effect.variable));
  });
  return found == step.effects.end() ? nullptr : &*found;
}

void check_aliases(Proof& proof) {
  const Plan& plan = proof.plan;
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    const Step& step = plan.steps[index];
    const Effect* loss = find_own_source(plan, step);
    if (loss == nullptr) {
      continue;
    }
    const Resource& found = plan.resources[plan.variables[loss->variable.index].resource.index];
    Diagnostic& diagnostic =
        proof.diagnostics.report<Code::same_thing>(step.span, step.name, found.name);
    diagnostic.at_primary("source and target are one and the same");
    diagnostic.label(found.span, fmt::format("`{}`", found.name));
    diagnostic.label(loss->span, "what was there is destroyed");
    diagnostic.note("resources of one type with equal keys are one resource, whatever their names");
    diagnostic.schedule =
        schedule_to(proof.schedules(), std::array{StepId{index}}, std::array{loss->variable});
    diagnostic.schedule.violated =
        fmt::format("what `{}` is to copy is gone before it is copied", step.name);
    diagnostic.help("look at the keys of the two: host, port, name");
  }
}

}  // namespace plan
