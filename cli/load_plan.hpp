// From the command line to a compiled plan.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "cli/exit_code.hpp"
#include "cli/options.hpp"
#include "compiler/compile.hpp"

namespace plan {

struct LoadedPlan {
  SourceMap sources;
  Diagnostics diagnostics;
  std::optional<Plan> plan;     // absent: `problem`, or errors among the diagnostics
  std::optional<Plan> refused;  // the plan whose order or proof failed: for drawings only
  std::string certificate;      // if options.certificate is set
  std::string problem;          // a file that cannot be used; empty if the compiler has spoken
  std::map<std::string, SecretSource> secret_sources;
  bool was_compiled = false;  // the file was a compiled plan
  // What a person has typed, by input: apply looks twice and must not ask twice.
  mutable std::map<std::string, Secret> typed_secrets;
};

enum class InputNeed : std::uint8_t {
  none,  // check, graph: what is not given stays open
  all    // apply: hosts are about to be talked to
};

// Compiles options.file, or reads it where it is a compiled plan.
[[nodiscard]] LoadedPlan load_plan(const Options& options, InputNeed need);
// The same with the sources of `loader`.
[[nodiscard]] LoadedPlan load_plan(const Options& options, InputNeed need, SourceLoader& loader);

// Reports what is wrong on standard error (as the command's JSON on standard output with --json)
// and says how to exit; nothing if there is a plan. Warnings are shown either way.
[[nodiscard]] std::optional<ExitCode> report_problems(const LoadedPlan& loaded,
                                                      const Options& options);

}  // namespace plan
