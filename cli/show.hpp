// Diagnostics on their way to a person or a program.
#pragma once

#include <string>
#include <string_view>

#include "cli/options.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

// On standard error for people; with --json or --sarif on standard output in that form.
void show_diagnostics(const Diagnostics& diagnostics,
                      const SourceMap& sources,
                      const Options& options);
// JSON array of the diagnostics, for commands that put them into a document of their own.
[[nodiscard]] std::string diagnostics_json(const Diagnostics& diagnostics,
                                           const SourceMap& sources);
// Something about the command line or a file: "plan: …"; with --json {"error": "…"}.
void show_problem(std::string_view problem, const Options& options);

}  // namespace plan
