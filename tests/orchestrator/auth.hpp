#pragma once

// Tokens (JSON web tokens, HS256) and users with passwords.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/orchestrator/api.hpp"
#include "tests/orchestrator/config.hpp"
#include "tests/orchestrator/database.hpp"
#include "tests/orchestrator/release.hpp"

namespace orchestrator {

// A token for the API; tied to `environment` unless that is empty.
[[nodiscard]] std::string make_token(const TokenSettings& settings, std::string_view environment);

// Throws ApiError 401 without a bearer token, 403 for one that is not valid here or, tied to an
// environment, is used for another one or for none (`environment` empty).
void check_token(const TokenSettings& settings,
                 const std::optional<std::string>& authorization,
                 std::string_view environment);

// Adds a user, or gives an existing one a new password.
void store_user(Connection& connection, const std::string& name, const std::string& password);

// environment_auth, and login where the release has it.
[[nodiscard]] std::vector<Route> auth_routes(const Release& release);

}  // namespace orchestrator
