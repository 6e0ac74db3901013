// Whether a plan that was read from a file can be used without looking where one treads.
#pragma once

#include <string>

#include "compiler/plan.hpp"

namespace plan {

// Empty if every index of the plan points at something, expressions and functions do not contain
// themselves and are not nested deeper than 5000 levels, frames are of moderate size, and the
// order is one of the edges. Else what is wrong and where: "steps[3].operation: there is no 7".
[[nodiscard]] std::string find_fault(const Plan& plan);

}  // namespace plan
