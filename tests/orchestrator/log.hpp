#pragma once

// Log lines on stderr, in the shape of the real server's.

#include <string_view>

namespace orchestrator {

enum class Level { info, warning, error };

// Writes `logger`, `level` and `message` as one line. Thread safe.
void log(Level level, std::string_view logger, std::string_view message);

}  // namespace orchestrator
