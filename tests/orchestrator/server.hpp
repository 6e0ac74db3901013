#pragma once

// The life of the server process: start, serve, stop.

#include "tests/orchestrator/config.hpp"

namespace orchestrator {

// Runs until SIGTERM or SIGINT. Returns the exit code: 0 after a gentle stop, 4 if it did not
// start.
[[nodiscard]] int run_server(const Settings& settings);

}  // namespace orchestrator
