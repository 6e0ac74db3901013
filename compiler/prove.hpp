// Order and proof of an elaborated plan.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "compiler/plan.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

struct Groundwork;  // prove/groundwork.hpp: what order() and prove() both need to know
struct GroundworkDeleter {
  void operator()(Groundwork* groundwork) const;
};

// What order() has reported and could not decide: nothing more is said about it. And what it
// learnt about the plan, so that prove() does not have to.
struct OrderFaults {
  std::vector<StepId> steps;          // on cycles; sorted, unique
  std::vector<VariableId> variables;  // about which the order is open; sorted, unique
  std::unique_ptr<Groundwork, GroundworkDeleter> groundwork;
};

// Infers the order of the steps from what they require and ensure (order.cpp): fills Plan::edges
// and Plan::topological. Reports cycles and ambiguities. The graph is acyclic in any case: what was
// reported is left out of it, so that prove() can look at the rest.
OrderFaults order(Plan& plan, Diagnostics& diagnostics);

// Proves that every schedule the order admits is safe (prove/*.cpp): fills
// Plan::preflight_requirements and Plan::point_of_no_return. `plan` must be ordered; `faults` is
// what order() returned. Reports everything that is wrong, but not what follows from it.
void prove(Plan& plan, Diagnostics& diagnostics, OrderFaults faults = {});

// The same, with a certificate of the proof (docs/certificate.md); empty if there were errors.
[[nodiscard]] std::string prove_with_certificate(Plan& plan,
                                                 Diagnostics& diagnostics,
                                                 OrderFaults faults = {});

}  // namespace plan
