// The graph in Graphviz's language.
#pragma once

#include <string>

#include "compiler/emit/view.hpp"

namespace plan {

// Phases and loops are clusters, hosts are colours (with a legend, and named in every node), the
// point of no return is a frame with its reason. Every node has the id "stepN".
[[nodiscard]] std::string emit_dot(const Plan& plan, const emit::GraphOptions& options = {});

}  // namespace plan
