// The process's environment; read here and nowhere else.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace plan {

[[nodiscard]] std::optional<std::string> environment_value(std::string_view name);
// PLAN_INPUT_DB_PASSWORD=x  →  {"db_password": "x"}.
[[nodiscard]] std::map<std::string, std::string> environment_inputs();
// "db_password"  →  "PLAN_INPUT_DB_PASSWORD".
[[nodiscard]] std::string input_variable(std::string_view input);

// Where journals are kept: $PLAN_STATE_DIR, or `plan` in the XDG state directory
// ($XDG_STATE_HOME, else ~/.local/state).
[[nodiscard]] std::string state_directory();
// "ann@desk7", for locks and approvals.
[[nodiscard]] std::string person();

}  // namespace plan
