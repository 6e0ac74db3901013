#pragma once

// Agents: their rows, and one process per running environment.
//
// The process does nothing but exist: it is there to be found, as an orphan, after its server was
// killed. Agents of the releases played here have no database sessions of their own. Thread safe.

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/orchestrator/api.hpp"
#include "tests/orchestrator/config.hpp"
#include "tests/orchestrator/database.hpp"
#include "tests/orchestrator/release.hpp"

namespace orchestrator {

class Agents {
 public:
  Agents(const Settings& settings, const Release& release, Pool& pool);
  // Forgets the sessions of an earlier server and starts the agents of every running environment.
  void start_all();
  void stop_all();
  // The environment's process and sessions; both are idempotent. Starting throws DatabaseError if
  // the release cannot read the environment: on a newer schema agents never start.
  void start(const std::string& environment);
  void stop(const std::string& environment);
  // Makes the agents of a running environment's newest version known, and lets them deploy it.
  void deploy(const std::string& environment);
  [[nodiscard]] int process_count();

 private:
  void start_process(const std::string& environment);
  void stop_process(const std::string& environment);
  const Settings& settings_;
  const Release& release_;
  Pool& pool_;
  std::mutex mutex_;
  std::map<std::string, pid_t> processes_;
};

// The body of an agent's process: waits for SIGTERM, or for `orphan_seconds` without a server.
[[nodiscard]] int run_agent(const Settings& settings);

[[nodiscard]] std::vector<Route> agent_routes();

}  // namespace orchestrator
