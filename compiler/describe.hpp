// Conditions in the words of the plan's author: parameters are replaced by what they stand for,
// states keep their names even where they are derived from others.
#pragma once

#include <string>
#include <vector>

#include "compiler/assembly.hpp"
#include "compiler/core.hpp"

namespace plan {

// "not new_orch.service.active". `expr` is of `core`, `slots` its frame.
[[nodiscard]] std::string describe(Assembly& assembly,
                                   const Core& core,
                                   ExprId expr,
                                   const std::vector<Value>& slots);
[[nodiscard]] std::string describe(Assembly& assembly, const Value& value);

}  // namespace plan
