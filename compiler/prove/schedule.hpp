// Counter-examples: schedules that go wrong, as short as there are. A schedule that ends with a
// step holds that step, everything that has to come before it, and nothing else.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compiler/graph.hpp"
#include "compiler/plan.hpp"
#include "compiler/prove/effects.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

// What a schedule is made from; the graph must be sorted.
struct ScheduleSource {
  const Plan& plan;
  const Terms& terms;
  const Effects& effects;
  const DependencyGraph& graph;
};

// The steps of `last` in this order, each behind what has to come before it. What a step does to
// the variables of `about` is told; of a long schedule the steps that do nothing to them are
// counted only.
[[nodiscard]] Counterexample schedule_to(const ScheduleSource& source,
                                         std::span<const StepId> last,
                                         std::span<const VariableId> about);

// Adds something that is no step: "undo of move", "a crash".
void add_moment(Counterexample& schedule, std::string what, std::string then = {});
// Adds to what holds after the last moment.
void add_to_last(Counterexample& schedule, const std::string& then);

// "`stop` makes `live` false", "`move` copies `b` from `a`".
[[nodiscard]] std::string what_it_does(const Plan& plan, const Terms& terms, const Write& write);

}  // namespace plan
