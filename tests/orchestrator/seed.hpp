#pragma once

// Fills a database with what a server in use would have left in it.

#include <filesystem>
#include <string>

#include "tests/orchestrator/config.hpp"

namespace orchestrator {

struct SeedOptions {
  std::string project = "demo";
  int environments = 3;
  int history_mb = 0;  // about this much more on disk, at least
  std::filesystem::path
      repository;  // each environment's is <repository>/<its name>; empty for none
};

// Migrates the database to the configured release, then adds the project with its environments,
// agents, versions, resources and history. Repositories that are missing on this host are made,
// with a model that compiles. In the first environment one agent is paused. Prints one line for
// each environment: its id and name. Throws DatabaseError, leaving nothing behind but the schema.
void seed(const Settings& settings, const SeedOptions& options);

}  // namespace orchestrator
