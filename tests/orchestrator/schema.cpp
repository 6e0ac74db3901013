#include "tests/orchestrator/schema.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "tests/orchestrator/log.hpp"

namespace orchestrator {
namespace {

constexpr std::string_view schema_logger = "inmanta.data.schema.schema:core";

void ensure_version_table(Connection& connection, const std::vector<std::string>& extensions) {
  const Result found = connection.run(
      "select 1 from information_schema.tables"
      " where table_schema = 'public' and table_name = 'schemamanager'");
  if (found.empty()) {
    log(Level::info, schema_logger, "Creating schema version table");
  }
  connection.run_script(
      "create table if not exists public.schemamanager (name varchar primary key,"
      " legacy_version integer, installed_versions integer[])");
  connection.run(
      "insert into public.schemamanager (name, legacy_version, installed_versions)"
      " select 'core', null, '{}' where not exists"
      " (select 1 from public.schemamanager where name = 'core')");
  for (const std::string& extension : extensions) {
    connection.run(
        "insert into public.schemamanager (name, legacy_version, installed_versions)"
        " values ($1, null, '{1}') on conflict do nothing",
        {extension});
  }
}

std::set<int> installed_versions(Connection& connection) {
  const Result result = connection.run(
      "select distinct unnest(installed_versions) as version from public.schemamanager"
      " where name = 'core'");
  std::set<int> versions;
  for (int row = 0; row < result.rows(); ++row) {
    versions.insert(std::stoi(result.text(row, "version")));
  }
  return versions;
}

void apply(Connection& connection, int version, const DoubleSettings& behaviour) {
  log(Level::info, schema_logger, fmt::format("Updating database schema to version {}", version));
  if (behaviour.migration_seconds > 0) {
    std::this_thread::sleep_for(std::chrono::duration<double>(behaviour.migration_seconds));
  }
  try {
    if (behaviour.fail_migration == std::to_string(version)) {
      throw DatabaseError("migration refused by the configuration of the double", "XX000");
    }
    connection.run_script(std::string(migration_script(version)));
    connection.run(
        "update public.schemamanager set installed_versions = array_append(installed_versions,"
        " $1::integer) where name = 'core'",
        {std::to_string(version)});
  } catch (const DatabaseError&) {
    log(Level::error, schema_logger,
        fmt::format("Database schema update for version {} failed. Rolling back all updates.",
                    version));
    throw;
  }
}

}  // namespace

void ensure_schema(Connection& connection,
                   const Release& release,
                   const DoubleSettings& behaviour) {
  ensure_version_table(connection, behaviour.extensions);
  const std::set<int> present = installed_versions(connection);
  if (std::ranges::all_of(release.schema, [&](int version) { return present.contains(version); })) {
    return;
  }
  connection.run("begin");
  try {
    connection.run("lock table public.schemamanager in access exclusive mode");
    const std::set<int> locked = installed_versions(connection);
    for (const int version : release.schema) {
      if (!locked.contains(version)) {
        apply(connection, version, behaviour);
      }
    }
    connection.run("commit");
  } catch (...) {
    if (!connection.is_broken()) {
      connection.run("rollback");
    }
    throw;
  }
}

}  // namespace orchestrator
