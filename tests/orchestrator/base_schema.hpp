#pragma once

// The schema that core 7.1.0 has, as the 22 migrations that lead to it.

#include <string_view>

namespace orchestrator {

// The script of one of the first 22 versions. Throws std::out_of_range for any other.
[[nodiscard]] std::string_view base_schema_script(int version);

}  // namespace orchestrator
