#include "tests/orchestrator/server.hpp"

#include <chrono>
#include <cstdio>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <signal.h>

#include "tests/orchestrator/auth.hpp"
#include "tests/orchestrator/compile_routes.hpp"
#include "tests/orchestrator/core.hpp"
#include "tests/orchestrator/environment.hpp"
#include "tests/orchestrator/http.hpp"
#include "tests/orchestrator/log.hpp"
#include "tests/orchestrator/schema.hpp"
#include "tests/orchestrator/status_routes.hpp"

namespace orchestrator {
namespace {

constexpr int start_failure = 4;

std::vector<Route> all_routes(const Release& release) {
  std::vector<Route> routes = status_routes(release);
  const auto add = [&routes](const std::vector<Route>& more) {
    routes.insert(routes.end(), more.begin(), more.end());
  };
  add(environment_routes());
  add(setting_routes());
  add(agent_routes());
  add(compile_routes());
  add(report_routes());
  add(auth_routes(release));
  return routes;
}

void spend(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

int report_start_failure(std::string_view slice, std::string_view reason) {
  log(Level::error, "inmanta.server.app", "Server setup failed");
  const std::string text = fmt::format(
      "Traceback (most recent call last):\n"
      "  File \"inmanta/server/protocol.py\", in start\n"
      "inmanta.server.protocol.SliceStartupException: Slice {} failed to start because: {}\n",
      slice, reason);
  std::fwrite(text.data(), 1, text.size(), stderr);
  return start_failure;
}

void warn_about_jit(Connection& connection, const Release& release) {
  if (release.major >= 8 && connection.run("show jit").text(0, "jit") == "on") {
    log(Level::warning, "inmanta.server.services.databaseservice",
        "JIT is enabled in the PostgreSQL database. This might result in poor query performance."
        " It is recommended to disable JIT.");
  }
}

void prepare_database(const Settings& settings, const Release& release) {
  if (!settings.behaviour.fail_start.empty()) {
    throw DatabaseError(settings.behaviour.fail_start, "");
  }
  Connection connection(settings.database);
  warn_about_jit(connection, release);
  ensure_schema(connection, release, settings.behaviour);
  log(Level::info, "inmanta.server.services.databaseservice",
      fmt::format("Connected to PostgreSQL database {} on {}:{}", settings.database.name,
                  settings.database.host, settings.database.port));
}

// Agents and queues of the earlier server. A database whose content this release cannot read does
// not keep it from starting.
void take_over(Agents& agents, Compiler& compiler) {
  try {
    agents.start_all();
    compiler.recover();
  } catch (const std::exception& error) {
    log(Level::error, "inmanta.server.agentmanager", error.what());
  }
}

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

int run_server(const Settings& settings) {
  const Release& release = find_release(settings.behaviour.release);
  ::signal(SIGPIPE, SIG_IGN);
  std::optional<Pool> pool;
  try {
    prepare_database(settings, release);
    spend(settings.behaviour.start_seconds);
    pool.emplace(settings.database);
  } catch (const std::exception& error) {
    return report_start_failure("core.database", error.what());
  }
  // Blocked from here on in every thread, so that only this one takes the signal; before, a signal
  // ends the process and the database rolls back.
  const sigset_t signals = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Agents agents(settings, release, *pool);
  Compiler compiler(settings, release, *pool, agents);
  Core core{settings, release, *pool, agents, compiler};
  const std::vector<Route> routes = all_routes(release);
  std::optional<HttpServer> http;
  try {
    take_over(agents, compiler);
    http.emplace(settings.server,
                 [&](const Request& request) { return answer(core, routes, request); });
  } catch (const std::exception& error) {
    compiler.stop();
    agents.stop_all();
    return report_start_failure("core.transport", error.what());
  }
  log(Level::info, "inmanta.protocol.rest.server",
      fmt::format("Server listening on {}:{}", settings.server.bind_address,
                  settings.server.bind_port));
  log(Level::info, "inmanta.server.server", "Server startup complete");
  int received = 0;
  ::sigwait(&signals, &received);
  log(Level::info, "inmanta.server.app", "Shutting down the server");
  http.reset();
  compiler.stop();
  agents.stop_all();
  spend(settings.behaviour.stop_seconds);
  log(Level::info, "inmanta.server.app", "Server shutdown complete");
  return 0;
}

}  // namespace orchestrator
