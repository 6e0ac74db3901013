// The graph in Mermaid's flowchart language, for README files and wikis.
#pragma once

#include <string>

#include "compiler/emit/view.hpp"

namespace plan {

[[nodiscard]] std::string emit_mermaid(const Plan& plan, const emit::GraphOptions& options = {});

}  // namespace plan
