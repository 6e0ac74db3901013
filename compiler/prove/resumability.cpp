// Every step that acts can tell done from not done, or is declared `once`.

#include <array>

#include <fmt/format.h>

#include "compiler/prove/proof.hpp"

namespace plan {

void check_resumable(Proof& proof) {
  const Plan& plan = proof.plan;
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    const Step& step = plan.steps[index];
    if (step.kind != StepKind::operation || step.operation >= plan.operations.size()) {
      continue;
    }
    const Operation& operation = plan.operations[step.operation];
    // What a step ensures of one resource under two names says nothing; that is told already.
    if (operation.body.is_empty() || operation.is_once || !step.ensures.empty() ||
        find_own_source(plan, step) != nullptr) {
      continue;
    }
    Diagnostic& diagnostic = proof.diagnostics.report<Code::not_resumable>(step.span, step.name);
    diagnostic.at_primary("acts, and ensures nothing that can be observed");
    diagnostic.label(operation.span, fmt::format("`{}`", operation.name));
    diagnostic.help(
        "say what it `ensures`, so that a run that died in it knows whether it is done");
    diagnostic.schedule = schedule_to(proof.schedules(), std::array{StepId{index}}, {});
    add_to_last(diagnostic.schedule, "it has acted");
    add_moment(diagnostic.schedule, "a crash", "the end of the step is not in the journal");
    diagnostic.schedule.violated =
        fmt::format("nothing that can be observed tells whether `{}` is done", step.name);
    diagnostic.help("or declare the operation `once`: a run that died in it asks a person");
  }
}

}  // namespace plan
