// The graph as JSON, for other programs (docs/cli.md, "Graph as JSON").
#pragma once

#include <string>

#include "compiler/emit/view.hpp"

namespace plan {

// Pretty-printed; keys are only ever added within one "format".
[[nodiscard]] std::string emit_graph_json(const Plan& plan, const emit::GraphOptions& options = {});

}  // namespace plan
