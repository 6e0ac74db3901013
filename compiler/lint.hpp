// Commands in operation bodies that are known to go wrong silently. Warnings, never errors: the
// compiler cannot know what a program does. Looks at what is constant in a command only.
#pragma once

#include "compiler/plan.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

// Reports W03xx, at most one of each code for a command. Linear in the size of the programs.
void lint(const Plan& plan, Diagnostics& diagnostics);

}  // namespace plan
