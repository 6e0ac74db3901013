// Runs the proofs, one property per file of prove/.

#include "compiler/prove.hpp"

#include <utility>

#include "compiler/prove/groundwork.hpp"
#include "compiler/prove/proof.hpp"

namespace plan {

namespace {

void run(Proof& proof) {
  proof.plan.preflight_requirements.clear();
  proof.plan.point_of_no_return.clear();
  check_resumable(proof);
  check_aliases(proof);
  check_element_aliases(proof);
  check_races(proof);
  for (const StepId step : proof.plan.topological) {
    check_requirements(proof, step);
    check_waits(proof, step);
    check_data_loss(proof, step);
    proof.act(step);
  }
  check_waits_beside(proof);
  check_pending_losses(proof);
  check_goals(proof);
  check_invariants(proof);
  check_rollback(proof);
}

}  // namespace

void GroundworkDeleter::operator()(Groundwork* groundwork) const {
  delete groundwork;  // NOLINT(cppcoreguidelines-owning-memory)
}

void prove(Plan& plan, Diagnostics& diagnostics, OrderFaults faults) {
  Proof proof(plan, diagnostics, std::move(faults));
  run(proof);
}

std::string prove_with_certificate(Plan& plan, Diagnostics& diagnostics, OrderFaults faults) {
  Proof proof(plan, diagnostics, std::move(faults));
  ProofRecord record;
  proof.record = &record;
  run(proof);
  return diagnostics.has_errors() ? std::string() : certificate(proof, record);
}

}  // namespace plan
