#pragma once

// Projects and environments: one row as the server knows it, and their part of the API.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/orchestrator/api.hpp"
#include "tests/orchestrator/database.hpp"
#include "tests/orchestrator/release.hpp"

namespace orchestrator {

struct Environment {
  std::string id;
  std::string repo_url;
  std::string repo_branch;
  Json settings;
  bool is_halted = false;
  bool is_marked_for_deletion = false;
};

// The environment `id`. Throws ApiError 404 if there is none, and DatabaseError if its row has a
// column that `release` does not know: that is how a server meets a schema newer than its own.
[[nodiscard]] Environment load_environment(Pool& pool, const Release& release, std::string_view id);

// A boolean setting of `environment`; all that the double knows are true unless set.
[[nodiscard]] bool is_enabled(const Environment& environment, std::string_view setting);

[[nodiscard]] std::vector<Route> environment_routes();
[[nodiscard]] std::vector<Route> setting_routes();

}  // namespace orchestrator
