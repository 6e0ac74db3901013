#include "tests/orchestrator/seed.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include <fmt/format.h>

#include "tests/orchestrator/database.hpp"
#include "tests/orchestrator/json.hpp"
#include "tests/orchestrator/release.hpp"
#include "tests/orchestrator/schema.hpp"

namespace orchestrator {
namespace {

constexpr int versions = 4;
constexpr int resources_per_version = 60;
constexpr int action_bytes = 1792;   // of messages: below what would be moved out of line
constexpr int report_bytes = 32768;  // of compile output
constexpr int digest_bytes = 128;    // of one hexadecimal SHA-512
constexpr std::array environment_names{"billing", "shop", "network", "storage", "edge", "mail"};

std::string name_of(int index) {
  const auto number = static_cast<std::size_t>(index);
  return number < environment_names.size() ? environment_names.at(number)
                                           : fmt::format("environment-{}", index + 1);
}

// SQL for `bytes` of text that does not compress. It mentions `row_id`, so that it is made anew for
// each row.
std::string noise_sql(int bytes, std::string_view row_id) {
  return fmt::format(
      "(select string_agg(encode(sha512((random()::text || {} || chunk)::bytea), 'hex'), '')"
      " from generate_series(1, {}) as chunk)",
      row_id, bytes / digest_bytes);
}

void make_repository(const std::filesystem::path& directory) {
  std::error_code failure;
  if (std::filesystem::exists(directory / "main.cf", failure)) {
    return;
  }
  std::filesystem::create_directories(directory, failure);
  std::ofstream(directory / "main.cf") << "first = 1\nsecond = 2\n";
}

void add_environment(Connection& connection,
                     const SeedOptions& options,
                     const std::string& project,
                     const std::string& id,
                     int index) {
  const std::string name = name_of(index);
  std::string repository;
  if (!options.repository.empty()) {
    make_repository(options.repository / name);
    repository = (options.repository / name).string();
  }
  connection.run(
      "insert into environment (id, name, project, repo_url, repo_branch, settings, last_version,"
      " halted, description, icon) values ($1, $2, $3, $4, 'master',"
      " '{\"auto_deploy\": true, \"server_compile\": true, \"recompile_backoff\": 0,"
      " \"autostart_agent_deploy_interval\": 600}', $5, false, '', '')",
      {id, name, project, repository, std::to_string(versions)});
  connection.run(
      "insert into agent (environment, name, paused)"
      " select $1, name, name = 'router2' and $2 from unnest(array['internal', 'router1',"
      " 'router2']) as name",
      {id, index == 0 ? "true" : "false"});
}

void add_versions(Connection& connection, const std::string& id, bool has_version_ids) {
  connection.run(
      "insert into configurationmodel (version, environment, date, released, deployed, result,"
      " version_info, total, undeployable, skipped_for_undeployable)"
      " select number, $1, now() - (10 - number) * interval '1 day', true, true, 'success',"
      " '{\"export_metadata\": {\"type\": \"api\", \"message\": \"seeded\"}}', $3, '{}', '{}'"
      " from generate_series(1, $2::integer) as number",
      {id, std::to_string(versions), std::to_string(resources_per_version)});
  const std::string id_sql = "'std::File[' || agent || ',path=/etc/file' || item || ']'";
  connection.run(
      fmt::format(
          "insert into resource (environment, model, resource_id, agent, last_deploy, attributes,"
          " attribute_hash, status, provides, resource_type, resource_id_value,"
          " last_non_deploying_status{0})"
          " select $1, version, {1}, agent, now() - interval '1 day',"
          " jsonb_build_object('path', '/etc/file' || item, 'content', md5(random()::text),"
          " 'requires', '[]'::jsonb), md5(item::text), 'deployed', '{{}}', 'std::File',"
          " '/etc/file' || item, 'deployed'{2}"
          " from generate_series(1, $2::integer) as version,"
          " generate_series(1, $3::integer) as item,"
          " lateral (select (array['internal', 'router1', 'router2'])[1 + item % 3] as agent) as a",
          has_version_ids ? ", resource_version_id" : "", id_sql,
          has_version_ids ? fmt::format(", {} || ',v=' || version", id_sql) : ""),
      {id, std::to_string(versions), std::to_string(resources_per_version)});
  connection.run(
      "insert into parameter (id, name, value, environment, source, updated, metadata)"
      " select gen_random_uuid(), 'fact' || item, md5(random()::text), $1, 'fact', now(), '{}'"
      " from generate_series(1, 50) as item",
      {id});
}

void add_actions(Connection& connection, const std::string& id, int count) {
  connection.run(
      fmt::format(
          "with made as (insert into resourceaction (action_id, action, started, finished,"
          " messages, status, changes, change, environment, version, resource_version_ids)"
          " select gen_random_uuid(), 'deploy', now() - item * interval '7 seconds',"
          " now() - item * interval '7 seconds' + interval '1 second',"
          " array[jsonb_build_object('level', 'INFO', 'msg', {}, 'args', '[]'::jsonb,"
          " 'kwargs', '{{}}'::jsonb)], 'deployed', '{{}}', 'nochange', $1, 1 + item % $3::integer,"
          " array[]::varchar[] from generate_series(1, $2::integer) as item"
          " returning action_id, version)"
          " insert into resourceaction_resource"
          " select $1, action_id, 'std::File[internal,path=/etc/file3]', version from made",
          noise_sql(action_bytes, "item")),
      {id, std::to_string(count), std::to_string(versions)});
}

void add_compiles(Connection& connection, const std::string& id, int count) {
  connection.run(
      "insert into compile (id, environment, requested, started, completed, metadata,"
      " environment_variables, do_export, force_update, success, version, remote_id, handled,"
      " partial, removed_resource_sets)"
      " select gen_random_uuid(), $1, moment, moment + interval '1 second',"
      " moment + interval '20 seconds',"
      " '{\"type\": \"console\", \"message\": \"Compile triggered from the console\"}', '{}', true,"
      " true, true, 1 + number % $3::integer, gen_random_uuid(), true, false, array[]::varchar[]"
      " from generate_series(1, $2::integer) as number,"
      " lateral (select now() - interval '6 days' * number / $2::integer as moment) as m",
      {id, std::to_string(count), std::to_string(versions)});
  connection.run(
      fmt::format("insert into report (id, started, completed, command, name, outstream, errstream,"
                  " returncode, compile) select gen_random_uuid(), started, completed, 'export',"
                  " 'Recompiling configuration model', {}, '', 0, id from compile"
                  " where environment = $1 and completed is not null",
                  noise_sql(report_bytes, "id::text")),
      {id});
}

std::string ensure_project(Connection& connection, const std::string& name) {
  connection.run("insert into project (id, name) values ($1, $2) on conflict do nothing",
                 {new_uuid(), name});
  return connection.run("select id from project where name = $1", {name}).text(0, "id");
}

}  // namespace

void seed(const Settings& settings, const SeedOptions& options) {
  const Release& release = find_release(settings.behaviour.release);
  Connection connection(settings.database);
  ensure_schema(connection, release, settings.behaviour);
  const bool has_version_ids = release.schema.back() < 202211230;
  const double bytes = options.history_mb * 1024.0 * 1024.0 / std::max(1, options.environments);
  const int actions = 20 + static_cast<int>(bytes / 2 / action_bytes);
  const int compiles = 5 + static_cast<int>(bytes / 2 / report_bytes);
  connection.run("begin");
  const std::string project = ensure_project(connection, options.project);
  for (int index = 0; index < options.environments; ++index) {
    const std::string id = new_uuid();
    add_environment(connection, options, project, id, index);
    add_versions(connection, id, has_version_ids);
    add_actions(connection, id, actions);
    add_compiles(connection, id, compiles);
    fmt::print("{} {}\n", id, name_of(index));
  }
  connection.run("commit");
}

}  // namespace orchestrator
