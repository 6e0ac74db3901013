// Elements of deferred loops: from what was observed or journaled to the nodes' bindings.
#pragma once

#include <vector>

#include "runtime/history.hpp"
#include "runtime/programs.hpp"
#include "runtime/run_graph.hpp"

namespace plan {

// The element again that the journal holds the fields of.
[[nodiscard]] EvaluationResult remake_element(RunContext& context,
                                              const RunGraph& graph,
                                              NodeId begin,
                                              const Value& fields);

// Each element's binding and suffix, below those of the begin node.
[[nodiscard]] std::vector<FoundElement> found_elements(const RunContext& context,
                                                       const RunGraph& graph,
                                                       NodeId begin,
                                                       const std::vector<ResourceId>& elements);

// Unfolds every loop that the journal has unfolded, nested ones too; what cannot be made again is
// left folded.
void unfold_journaled(RunContext& context, RunGraph& graph, const History& history);

}  // namespace plan
