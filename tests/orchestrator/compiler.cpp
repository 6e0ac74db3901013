#include "tests/orchestrator/compiler.hpp"

#include <chrono>

#include <fmt/format.h>

#include "tests/orchestrator/agents.hpp"
#include "tests/orchestrator/environment.hpp"
#include "tests/orchestrator/log.hpp"

namespace orchestrator {
namespace {

constexpr std::string_view compiler_logger = "inmanta.server.services.compilerservice";

}  // namespace

Compiler::Compiler(const Settings& settings, const Release& release, Pool& pool, Agents& agents)
    : settings_(settings), release_(release), pool_(pool), agents_(agents) {}

Compiler::~Compiler() {
  stop();
}

void Compiler::request(const Request& request) {
  pool_.run(
      "insert into compile (id, environment, requested, metadata, environment_variables, do_export,"
      " force_update, remote_id, handled, partial, removed_resource_sets)"
      " values ($1, $2, clock_timestamp(), $3, '{}', true, $4, $5, false, false,"
      " array[]::varchar[])",
      {new_uuid(), request.environment, request.metadata.dump(), request.update ? "true" : "false",
       new_uuid()});
  start_next(request.environment);
}

void Compiler::start_next(const std::string& environment) {
  const std::lock_guard lock(mutex_);
  if (is_stopping_ || running_.contains(environment)) {
    return;
  }
  if (load_environment(pool_, release_, environment).is_halted) {
    return;
  }
  const Result next = pool_.run(
      "select id from compile where environment = $1 and completed is null"
      " order by requested, id limit 1",
      {environment});
  if (next.empty()) {
    return;
  }
  const Job job = claim(environment, next.text(0, "id"));
  running_[environment] = job.id;
  threads_.emplace_back([this, job] { run(job); });
}

// Marks the compile as started and finds those that will share its result. What they were asked for
// in metadata does not matter; an update is made if any of them wants one.
Compiler::Job Compiler::claim(const std::string& environment, const std::string& id) {
  const Result equal = pool_.run(
      "select other.id, other.force_update from compile as own join compile as other"
      " on other.environment = own.environment and other.completed is null"
      " and other.do_export is not distinct from own.do_export"
      " and other.environment_variables is not distinct from own.environment_variables"
      " and other.partial is not distinct from own.partial"
      " and other.removed_resource_sets is not distinct from own.removed_resource_sets"
      " and other.exporter_plugin is not distinct from own.exporter_plugin"
      " and other.notify_failed_compile is not distinct from own.notify_failed_compile"
      " where own.id = $1 order by other.requested",
      {id});
  const Environment row = load_environment(pool_, release_, environment);
  Job job{.id = id,
          .environment = environment,
          .merged = {},
          .source = {.repository = row.repo_url,
                     .branch = row.repo_branch,
                     .directory = project_directory(environment),
                     .update = false}};
  for (int index = 0; index < equal.rows(); ++index) {
    job.source.update = job.source.update || equal.is_true(index, "force_update");
    if (equal.text(index, "id") != id) {
      job.merged.push_back(equal.text(index, "id"));
    }
  }
  pool_.run("update compile set started = clock_timestamp() where id = $1", {id});
  return job;
}

void Compiler::recover() {
  const Result environments =
      pool_.run("select distinct environment from compile where completed is null");
  for (int row = 0; row < environments.rows(); ++row) {
    try {
      start_next(environments.text(row, "environment"));
    } catch (const std::runtime_error& error) {
      log(Level::error, compiler_logger,
          fmt::format("Could not go on with a queue: {}", error.what()));
    }
  }
}

void Compiler::run(const Job& job) {
  try {
    const bool is_finished = run_stages(job);
    if (!is_finished && release_.fails_compiles_on_stop) {
      fail_interrupted(job);
    }
  } catch (const std::exception& error) {
    log(Level::error, compiler_logger,
        fmt::format("Compile {} was abandoned: {}", job.id, error.what()));
  }
  {
    const std::lock_guard lock(mutex_);
    running_.erase(job.environment);
    if (is_stopping_) {
      return;
    }
  }
  try {
    agents_.deploy(job.environment);
    start_next(job.environment);
  } catch (const std::exception& error) {
    log(Level::error, compiler_logger,
        fmt::format("Could not go on with a queue: {}", error.what()));
  }
}

// False if the server was stopped meanwhile; otherwise the compile is completed, either way.
bool Compiler::run_stages(const Job& job) {
  log(Level::info, compiler_logger,
      fmt::format("Compile {} of {} starts", job.id, job.environment));
  for (const Stage& stage : stages_of(job.source)) {
    const std::string report = new_uuid();
    pool_.run(
        "insert into report (id, started, command, name, compile)"
        " values ($1, clock_timestamp(), $2, $3, $4)",
        {report, stage.command, stage.name, job.id});
    int version = 0;
    if (stage.is_export) {
      // The number is taken before the model is tried: a failed compile leaves a gap.
      version =
          std::stoi(pool_
                        .run("update environment set last_version = coalesce(last_version, 0) + 1"
                             " where id = $1 returning last_version",
                             {job.environment})
                        .text(0, "last_version"));
    }
    if (!pause(stage.share * settings_.behaviour.compile_seconds)) {
      return false;
    }
    Outcome outcome = stage.run();
    if (settings_.behaviour.fail_stage == stage.name && outcome.return_code == 0) {
      outcome = {.return_code = 1, .error = "refused by the configuration of the double\n"};
    }
    if (stage.is_export && outcome.return_code == 0) {
      outcome = export_version(job, version, outcome);
    }
    pool_.run(
        "update report set completed = clock_timestamp(), returncode = $2, outstream = $3,"
        " errstream = $4 where id = $1",
        {report, std::to_string(outcome.return_code), outcome.output, outcome.error});
    if (outcome.return_code != 0) {
      complete(job, {.is_success = false, .version = {}, .compile_data = outcome.compile_data});
      return true;
    }
    if (stage.is_export) {
      complete(job, {.is_success = true, .version = std::to_string(version)});
    }
  }
  return true;
}

// Stores the version with its resources, and releases it unless the environment wants to be asked.
// What the database refuses fails the compile, as the real exporter's refused call does.
Outcome Compiler::export_version(const Job& job, int version, const Outcome& compiled) {
  const Environment environment = load_environment(pool_, release_, job.environment);
  const bool is_released = is_enabled(environment, "auto_deploy");
  const bool has_version_ids = release_.schema.back() < 202211230;
  const std::string number = std::to_string(version);
  try {
    pool_.transaction([&](Connection& connection) {
      connection.run(
          "insert into configurationmodel (version, environment, date, released, version_info,"
          " total, undeployable, skipped_for_undeployable) values ($1, $2, now(), $3, $4, $5, '{}',"
          " '{}')",
          {number, job.environment, is_released ? "true" : "false",
           Json{{"export_metadata", {{"type", "api"}, {"message", "Exported by the compiler"}}}}
               .dump(),
           std::to_string(compiled.names.size())});
      for (const std::string& name : compiled.names) {
        const std::string id = fmt::format("std::testing::NullResource[internal,name={}]", name);
        Parameters parameters{
            job.environment, number, id,
            Json{{"name", name}, {"purged", false}, {"requires", Json::array()}}.dump(), name};
        if (has_version_ids) {
          parameters.emplace_back(fmt::format("{},v={}", id, version));
        }
        connection.run(
            fmt::format("insert into resource (environment, model, resource_id, agent, attributes,"
                        " attribute_hash, resource_type, resource_id_value{})"
                        " values ($1, $2, $3::varchar, 'internal', $4, md5($3),"
                        " 'std::testing::NullResource', $5{})",
                        has_version_ids ? ", resource_version_id" : "",
                        has_version_ids ? ", $6" : ""),
            parameters);
      }
      connection.run(
          "insert into agent (environment, name, paused, unpause_on_resume)"
          " select id, 'internal', halted, case when halted then true end from environment"
          " where id = $1 on conflict do nothing",
          {job.environment});
    });
  } catch (const DatabaseError& error) {
    return {.return_code = 1, .error = fmt::format("inmanta ERROR {}\n", error.what())};
  }
  return compiled;
}

void Compiler::complete(const Job& job, const Completion& completion) {
  const Parameter data =
      completion.compile_data.is_null() ? Parameter{} : Parameter{completion.compile_data.dump()};
  const std::string success = completion.is_success ? "true" : "false";
  pool_.transaction([&](Connection& connection) {
    connection.run(
        "update compile set completed = clock_timestamp(), success = $2, version = $3,"
        " compile_data = $4, handled = true where id = $1",
        {job.id, success, completion.version, data});
    for (const std::string& merged : job.merged) {
      connection.run(
          "update compile set started = own.started, completed = own.completed,"
          " success = own.success, version = own.version, compile_data = own.compile_data,"
          " handled = true, substitute_compile_id = own.id from compile as own"
          " where own.id = $1 and compile.id = $2",
          {job.id, merged});
    }
    if (!completion.is_success) {
      connection.run(
          "insert into notification (id, environment, created, title, message, severity, uri)"
          " values ($1, $2, clock_timestamp(), 'Compilation failed',"
          " 'An exporting compile has failed', 'error', $3)",
          {new_uuid(), job.environment, "/api/v2/compilereport/" + job.id});
    }
  });
  log(Level::info, compiler_logger,
      fmt::format("Compile {} {}", job.id, completion.is_success ? "succeeded" : "failed"));
}

// The stage that was cut short keeps its missing return code: that is all a reader gets to see.
void Compiler::fail_interrupted(const Job& job) {
  pool_.run(
      "update compile set completed = clock_timestamp(), success = false, handled = true"
      " where id = $1",
      {job.id});
}

bool Compiler::pause(double seconds) {
  std::unique_lock lock(mutex_);
  return !stopping_changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                                     [this] { return is_stopping_; });
}

void Compiler::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stopping_changed_.notify_all();
  threads_.clear();  // joins
}

bool Compiler::is_running(const std::string& environment) {
  const std::lock_guard lock(mutex_);
  return running_.contains(environment);
}

int Compiler::running_count() {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(running_.size());
}

std::filesystem::path Compiler::project_directory(const std::string& environment) const {
  return settings_.state_directory / "server" / "environments" / environment;
}

}  // namespace orchestrator
