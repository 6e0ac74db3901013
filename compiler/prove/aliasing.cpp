// One thing under two names is not copied onto itself: two declarations with one key are one
// resource, and a step that destroys what it copies would destroy its own source.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/prove/proof.hpp"

namespace plan {

namespace {

bool copies_itself(const Plan& plan, const Effect& effect) {
  if (effect.kind != EffectKind::set || effect.value.index >= plan.exprs.size()) {
    return false;
  }
  const Expr& value = plan[effect.value];
  return value.op == Op::state && value.a == effect.variable.index;
}

}  // namespace

void check_aliases(const Plan& plan, Diagnostics& diagnostics) {
  for (const Step& step : plan.steps) {
    for (const Effect& effect : step.effects) {
      if (!copies_itself(plan, effect)) {
        continue;
      }
      const auto loss = std::ranges::find_if(step.effects, [&](const Effect& other) {
        return other.kind == EffectKind::destroy && other.variable == effect.variable;
      });
      if (loss == step.effects.end()) {
        continue;
      }
      const ResourceId resource = plan.variables[effect.variable.index].resource;
      const Resource& found = plan.resources[resource.index];
      Diagnostic& diagnostic =
          diagnostics.report<Code::same_thing>(step.span, step.name, found.name);
      diagnostic.at_primary("source and target are one and the same");
      diagnostic.label(found.span, fmt::format("`{}`", found.name));
      diagnostic.label(loss->span, "what was there is destroyed");
      diagnostic.note(
          "resources of one type with equal keys are one resource, whatever their names");
      diagnostic.help("look at the keys of the two: host, port, name");
    }
  }
}

}  // namespace plan
