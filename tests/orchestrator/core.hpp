#pragma once

// What the parts of a running server share.

#include "tests/orchestrator/agents.hpp"
#include "tests/orchestrator/compiler.hpp"
#include "tests/orchestrator/config.hpp"
#include "tests/orchestrator/database.hpp"
#include "tests/orchestrator/release.hpp"

namespace orchestrator {

struct Core {
  const Settings& settings;
  const Release& release;
  Pool& pool;
  Agents& agents;
  Compiler& compiler;
};

}  // namespace orchestrator
