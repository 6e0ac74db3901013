// Order and proof of an elaborated plan.
#pragma once

#include "compiler/plan.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

// Infers the order of the steps from what they require and ensure (order.cpp): fills Plan::edges and
// Plan::topological. Reports cycles, ambiguities and requirements whose only providers come too
// late. Without errors the graph is acyclic.
void order(Plan& plan, Diagnostics& diagnostics);

// Proves that every schedule the order admits is safe (prove/*.cpp): fills
// Plan::preflight_requirements and Plan::point_of_no_return. `plan` must be ordered.
void prove(Plan& plan, Diagnostics& diagnostics);

}  // namespace plan
