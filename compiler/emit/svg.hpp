// The graph as a picture, laid out by Graphviz's library. Not for two threads at once: the
// library keeps global state.
#pragma once

#include <expected>
#include <string>

#include "compiler/emit/view.hpp"

namespace plan {

// A whole SVG document; the error says what Graphviz lacks. `dot` is text in its language.
[[nodiscard]] std::expected<std::string, std::string> render_svg(const std::string& dot);
[[nodiscard]] std::expected<std::string, std::string> emit_svg(
    const Plan& plan, const emit::GraphOptions& options = {});

}  // namespace plan
