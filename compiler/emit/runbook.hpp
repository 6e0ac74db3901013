// The plan as a numbered procedure for people, in Markdown: what each step needs, runs and leaves
// behind, and how it is taken back. For change requests, and for the day without the program.
#pragma once

#include <string>

#include "compiler/plan.hpp"

namespace plan {

[[nodiscard]] std::string emit_runbook(const Plan& plan);

}  // namespace plan
