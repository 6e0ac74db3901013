#pragma once

// Server status, desired states and notifications; health where the release has it.

#include <vector>

#include "tests/orchestrator/api.hpp"
#include "tests/orchestrator/release.hpp"

namespace orchestrator {

[[nodiscard]] std::vector<Route> status_routes(const Release& release);

}  // namespace orchestrator
