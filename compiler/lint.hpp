// Warnings about what is allowed. None of them changes what a plan means, and each can be silenced
// where it stands (lint_allow.hpp).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/compile.hpp"
#include "compiler/module.hpp"
#include "compiler/plan.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

// Commands in operation bodies that are known to go wrong silently: W0301 to W0305, at most one of
// each code for a command. Warnings, never errors: the compiler cannot know what a program does.
// Looks at what is constant in a command only. Linear in the size of the programs.
void lint(const Plan& plan, Diagnostics& diagnostics);

// --- rules of `plan lint`

// What is written in the author's own files: W0103, W0104, W0106, W0202, W0401, W0403, W0404.
void lint_sources(const SourceMap& sources, const Modules& modules, Diagnostics& diagnostics);

// W0201: secrets of which an inputs file says nothing.
void lint_secrets(const Modules& modules,
                  const Plan& plan,
                  const std::map<std::string, SecretSource>& sources,
                  const CompileOptions& options,
                  Diagnostics& diagnostics);

// Whether an expression has one value, whatever the inputs, the hosts and the turn of a loop are.
[[nodiscard]] bool is_the_same_for_all_inputs(const Modules& modules,
                                              std::uint32_t module,
                                              ast::ExprId expr);

// A name in an `after` clause of a step.
struct WrittenAfter {
  Span step;  // the step's name
  std::string other;
  Span span;
};
[[nodiscard]] std::vector<WrittenAfter> written_afters(const Modules& modules);

// What the proven plan does not need: W0105, W0402, W0406, W0407. The last one orders the plan
// once for each `after` that may be redundant; plans of more than 500 steps are spared it.
void lint_plan(const Plan& plan, const std::vector<WrittenAfter>& afters, Diagnostics& diagnostics);

}  // namespace plan
