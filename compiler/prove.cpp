// Runs the proofs, one property per file of prove/.

#include "compiler/prove.hpp"

#include "compiler/prove/proof.hpp"

namespace plan {

void prove(Plan& plan, Diagnostics& diagnostics) {
  plan.preflight_requirements.clear();
  plan.point_of_no_return.clear();
  check_resumable(plan, diagnostics);
  check_aliases(plan, diagnostics);
  if (plan.topological.size() != plan.steps.size()) {
    return;  // order() has said what is wrong
  }
  Proof proof(plan, diagnostics);
  // Without races, and only then, one execution stands for all.
  if (!check_races(proof)) {
    return;
  }
  for (const StepId step : plan.topological) {
    check_requirements(proof, step);
    check_waits(proof, step);
    check_data_loss(proof, step);
    proof.act(step);
  }
  check_goals(proof);
  check_invariants(proof);
  check_rollback(proof);
}

}  // namespace plan
