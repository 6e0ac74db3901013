#include "tests/orchestrator/agents.hpp"

#include <array>
#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/orchestrator/core.hpp"
#include "tests/orchestrator/environment.hpp"
#include "tests/orchestrator/log.hpp"

namespace orchestrator {
namespace {

constexpr std::string_view agents_logger = "inmanta.server.agentmanager";

}  // namespace

Agents::Agents(const Settings& settings, const Release& release, Pool& pool)
    : settings_(settings), release_(release), pool_(pool) {}

void Agents::start_all() {
  pool_.transaction([](Connection& connection) {
    connection.run("update agent set id_primary = null where id_primary is not null");
    connection.run("update agentinstance set expired = now() where expired is null");
    connection.run("update agentprocess set expired = now() where expired is null");
  });
  const Result running = pool_.run("select id from environment where not halted");
  for (int row = 0; row < running.rows(); ++row) {
    start(running.text(row, "id"));
  }
}

void Agents::stop_all() {
  std::map<std::string, pid_t> processes;
  {
    const std::lock_guard lock(mutex_);
    processes = processes_;
  }
  for (const auto& [environment, process] : processes) {
    stop_process(environment);
  }
}

void Agents::start(const std::string& environment) {
  static_cast<void>(load_environment(pool_, release_, environment));
  start_process(environment);
  pool_.transaction([&](Connection& connection) {
    const std::string sid =
        connection
            .run(
                "insert into agentprocess (hostname, environment, first_seen, last_seen, sid)"
                " values ('localhost', $1, now(), now(), $2) returning sid",
                {environment, new_uuid()})
            .text(0, "sid");
    connection.run(
        "insert into agentinstance (id, process, name, tid)"
        " select gen_random_uuid(), $2, name, environment from agent"
        " where environment = $1 and not paused and id_primary is null",
        {environment, sid});
    connection.run(
        "update agent set id_primary = agentinstance.id, last_failover = now() from agentinstance"
        " where agentinstance.process = $2 and agentinstance.name = agent.name"
        " and agent.environment = $1",
        {environment, sid});
  });
}

void Agents::stop(const std::string& environment) {
  stop_process(environment);
  pool_.transaction([&](Connection& connection) {
    connection.run("update agent set id_primary = null where environment = $1", {environment});
    connection.run("update agentinstance set expired = now() where tid = $1 and expired is null",
                   {environment});
    connection.run(
        "update agentprocess set expired = now() where environment = $1 and expired is null",
        {environment});
  });
}

// What is new is deployed if this server has the project's files, and cannot be if they stayed on
// another host; what is already deployed stays as it is until someone asks.
void Agents::deploy(const std::string& environment) {
  const bool has_files = std::filesystem::exists(settings_.state_directory / "server" /
                                                 "environments" / environment / "main.cf");
  pool_.transaction([&](Connection& connection) {
    const Result deployed = connection.run(
        "update resource set status = $2::text::resourcestate, last_deploy = now(),"
        " last_non_deploying_status = $2::text::non_deploying_resource_state"
        " from agent, environment where resource.environment = $1 and environment.id = $1"
        " and not environment.halted and agent.environment = $1 and agent.name = resource.agent"
        " and not agent.paused and resource.status = 'available' and resource.model ="
        " (select max(version) from configurationmodel where environment = $1 and released)"
        " returning resource.resource_id, resource.model",
        {environment, has_files ? "deployed" : "unavailable"});
    connection.run(
        "update configurationmodel set deployed = true, result = 'success'"
        " where environment = $1 and released and not deployed and not exists (select 1"
        " from resource where resource.environment = $1 and model = version"
        " and status = 'available')",
        {environment});
    if (deployed.empty()) {
      return;
    }
    const std::string action = new_uuid();
    connection.run(
        "insert into resourceaction (action_id, action, started, finished, status, environment,"
        " version, resource_version_ids) values ($1, 'deploy', now(), now(),"
        " $2::text::resourcestate, $3, $4, '{}')",
        {action, has_files ? "deployed" : "unavailable", environment, deployed.text(0, "model")});
    for (int row = 0; row < deployed.rows(); ++row) {
      connection.run(
          "insert into resourceaction_resource values ($1, $2, $3, $4)",
          {environment, action, deployed.text(row, "resource_id"), deployed.text(row, "model")});
    }
  });
}

int Agents::process_count() {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(processes_.size());
}

void Agents::start_process(const std::string& environment) {
  const std::lock_guard lock(mutex_);
  if (!settings_.behaviour.agent_processes || processes_.contains(environment)) {
    return;
  }
  std::string file = settings_.file.string();
  std::string id = environment;
  std::string program = "inmanta";
  std::string option = "-c";
  std::string command = "agent";
  const std::array<char*, 6> arguments{program.data(), option.data(), file.data(),
                                       command.data(), id.data(),     nullptr};
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t process = 0;
  const int failure =
      posix_spawn(&process, "/proc/self/exe", nullptr, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (failure != 0) {
    log(Level::error, agents_logger, fmt::format("Could not start an agent: error {}", failure));
    return;
  }
  processes_[environment] = process;
}

void Agents::stop_process(const std::string& environment) {
  const std::lock_guard lock(mutex_);
  const auto found = processes_.find(environment);
  if (found == processes_.end()) {
    return;
  }
  ::kill(found->second, SIGTERM);
  ::waitpid(found->second, nullptr, 0);
  processes_.erase(found);
}

int run_agent(const Settings& settings) {
  // A listening socket that came along would keep the port taken after the server's death.
  ::close_range(3, ~0U, 0);
  const pid_t server = ::getppid();
  double orphaned_seconds = 0;
  while (orphaned_seconds < settings.behaviour.orphan_seconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    orphaned_seconds = ::getppid() == server ? 0 : orphaned_seconds + 0.5;
  }
  return 0;
}

}  // namespace orchestrator
