// What is reported about a run's graph: steps, loops, what will be destroyed.
#pragma once

#include <vector>

#include "runtime/observe.hpp"
#include "runtime/run.hpp"

namespace plan {

// The nodes as results, in the order of the plan; for a loop that is not unfolded, its steps.
[[nodiscard]] std::vector<StepResult> step_results(const RunContext& context,
                                                   const RunGraph& graph,
                                                   const History& history);

// Before anything is done: steps that an earlier attempt has left half-way, failed or taken back
// say so.
void tell_left_behind(const RunGraph& graph,
                      const History& history,
                      std::vector<StepResult>& steps);

// What every loop runs over; where the forecast knows whence the elements will come, those that
// are there now.
[[nodiscard]] std::vector<LoopResult> loop_results(RunContext& context,
                                                   Programs& programs,
                                                   Observations& observations,
                                                   Forecast& forecast,
                                                   const RunGraph& graph);

// Of all that is still to be done: what it destroys, with the facts of each such thing, and what
// ends the way back; and whether the way back has ended.
void list_destructions(RunContext& context,
                       Programs& programs,
                       Observations& observations,
                       const RunGraph& graph,
                       const History& history,
                       Report& report);

}  // namespace plan
