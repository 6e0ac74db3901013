// Why one step comes before another, in words.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compiler/plan.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

// "`start` requires `new_db.content`, which `move` provides".
[[nodiscard]] std::string describe_edge(const Plan& plan, const Edge& edge);

// For each arrow of a path of steps, the edge that says most about why; an arrow without an edge
// is left out.
[[nodiscard]] std::vector<Edge> edges_of_path(std::span<const Edge> edges,
                                              std::span<const std::uint32_t> path);

// The name of a step for people; for the ends of a loop: "the loop over `env`".
[[nodiscard]] std::string step_text(const Plan& plan, StepId step);

// A fix: `after OTHER` in the block of `step`; none where the two cannot be named.
void suggest_after(Diagnostic& diagnostic, const Plan& plan, StepId step, StepId other);

// "`a`, `b` and `c`".
[[nodiscard]] std::string list_text(const std::vector<std::string>& names);

}  // namespace plan
