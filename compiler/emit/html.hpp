// The graph as one self-contained page: picture, search, and what every step needs, does and
// leaves behind. Works from a file, without a network.
#pragma once

#include <expected>
#include <string>

#include "compiler/emit/view.hpp"

namespace plan {

// The error says what Graphviz lacks.
[[nodiscard]] std::expected<std::string, std::string> emit_html(
    const Plan& plan, const emit::GraphOptions& options = {});

}  // namespace plan
