// How long it took before: of the journals in the state directory, those of runs of this plan that
// came to their end, here or on other hosts.
#pragma once

#include <string>

#include "compiler/plan.hpp"

namespace plan {

// One line for each of the latest runs, empty if there is none.
[[nodiscard]] std::string similar_runs_text(const Plan& plan);

}  // namespace plan
