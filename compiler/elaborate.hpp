// From declarations to a plan: hosts, resources, variables, operations, steps, loops, rules, goals
// and tests, without order. What depends on values that only run time knows stays a closed
// expression; the plan's structure must not.
#pragma once

#include "compiler/assembly.hpp"
#include "compiler/compile.hpp"
#include "compiler/inputs.hpp"
#include "compiler/module.hpp"
#include "compiler/types.hpp"

namespace plan {

// Completes the plan of `assembly`, whose types check_types has filled. Conditions that hold in any
// case are left out, and so is what stands under a `when` that never holds. Reports E0208, E0211
// to E0213, E0217, E0501 and E0642. Linear in the size of what is made.
void elaborate(const SourceMap& sources,
               SourceLoader& loader,
               const CompileOptions& options,
               Modules& modules,
               const Types& types,
               const InputValues& inputs,
               Assembly& assembly,
               Diagnostics& diagnostics);

}  // namespace plan
