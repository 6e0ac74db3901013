// Runs the proofs, one property per file of prove/.

#include "compiler/prove.hpp"

#include "compiler/prove/proof.hpp"

namespace plan {

void prove(Plan& plan, Diagnostics& diagnostics, const OrderFaults& faults) {
  plan.preflight_requirements.clear();
  plan.point_of_no_return.clear();
  Proof proof(plan, diagnostics, faults);
  check_resumable(proof);
  check_aliases(proof);
  check_races(proof);
  for (const StepId step : plan.topological) {
    check_requirements(proof, step);
    check_waits(proof, step);
    check_data_loss(proof, step);
    proof.act(step);
  }
  check_mutual_waits(proof);
  check_goals(proof);
  check_invariants(proof);
  check_rollback(proof);
}

}  // namespace plan
