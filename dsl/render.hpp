// Diagnostics as people and programs read them. The only code that draws carets. Pure: whether
// there is a terminal, and whether it wants colours (NO_COLOR), is for the caller to know.
#pragma once

#include <string>

#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

struct RenderOptions {
  bool has_colour = false;  // never the only carrier of a meaning
  bool has_explain = true;  // ends with the line that names `plan explain CODE`
};

// One diagnostic: header, places with their source lines, schedule, notes, helps. Ends with a
// newline. Control characters and invalid bytes of the source are shown as �.
[[nodiscard]] std::string render(const Diagnostic& diagnostic,
                                 const SourceMap& sources,
                                 const RenderOptions& options = {});

// All of them in their order, an empty line between two, then the summary.
[[nodiscard]] std::string render_all(const Diagnostics& diagnostics,
                                     const SourceMap& sources,
                                     const RenderOptions& options = {});

// "2 errors, 1 warning", without a newline; empty when there is nothing to count.
[[nodiscard]] std::string summary(const Diagnostics& diagnostics);

// { "version": 1, "diagnostics": [ … ] }; lines and columns from 1, columns in display cells,
// offsets in bytes from the beginning of the file.
[[nodiscard]] std::string render_json(const Diagnostics& diagnostics, const SourceMap& sources);

// SARIF 2.1.0 (OASIS, 2020); columns in code points.
[[nodiscard]] std::string render_sarif(const Diagnostics& diagnostics, const SourceMap& sources);

}  // namespace plan
