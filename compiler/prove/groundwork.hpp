// What a plan's expressions and effects mean and how its steps are ordered, which order() works out
// and prove() goes on with.
#pragma once

#include <optional>

#include "compiler/graph.hpp"
#include "compiler/prove/effects.hpp"
#include "compiler/prove/terms.hpp"

namespace plan {

// Of one plan, whose constants must stay where they are.
struct Groundwork {
  explicit Groundwork(const Plan& plan) : terms(plan), effects(plan, terms) {}

  Terms terms;
  Effects effects;
  std::optional<DependencyGraph> graph;  // of Plan::edges, sorted; by order()
};

}  // namespace plan
