// Starting: migrations, failures, databases of other releases, and databases lost under a server.

#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/orchestrator/test_support.hpp"

namespace orchestrator::test {
namespace {

std::string schema_size(const std::string& database) {
  return sql(database, "select cardinality(installed_versions) from schemamanager");
}

// Counts of tables, indexes, foreign keys and enums of the public schema.
std::string objects(const std::string& database) {
  return sql(database,
             "select (select count(*) from pg_tables where schemaname = 'public'),"
             " (select count(*) from pg_indexes where schemaname = 'public'),"
             " (select count(*) from pg_constraint where contype = 'f'),"
             " (select count(*) from pg_type where typtype = 'e')");
}

void migrate(const std::string& release, const std::string& database) {
  Server server(release, database);
  server.start_ready();
  REQUIRE(server.stop() == 0);
}

std::string failure(const std::string& reason) {
  return "inmanta.server.protocol.SliceStartupException: Slice core.database failed to start"
         " because: " +
         reason + "\n";
}

// Starts a server that has to fail; checks exit code and the last line.
void check_refusal(Server& server, const std::string& reason) {
  server.start();
  CHECK(server.exit_code() == 4);
  CHECK_THAT(server.log(), Catch::EndsWith(failure(reason)));
}

TEST_CASE("each release makes the schema its own has") {
  const std::string old = new_database();
  migrate("7.1.0", old);
  CHECK(objects(old) == "17|51|19|6");
  CHECK(schema_size(old) == "22");
  const std::string recent = new_database();
  migrate("8.7.6", recent);
  CHECK(objects(recent) == "21|66|22|7");
  CHECK(schema_size(recent) == "46");
  CHECK(sql(recent, "select installed_versions[46] from schemamanager") == "202403220");
  const std::string newest = new_database();
  migrate("9.3.0", newest);
  CHECK(schema_size(newest) == "37");
  CHECK(sql(newest,
            "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
            " and relowner <> 'inmanta'::regrole") == "0");
}

TEST_CASE("the newer release migrates the older one's database with its content") {
  const std::string database = new_database();
  Server old("7.1.0", database);
  old.command({"seed", "--environments", "2", "--history-mb", "5"});
  const std::string counts =
      "select (select count(*) from environment), (select count(*) from compile),"
      " (select count(*) from resource), (select count(*) from resourceaction),"
      " (select count(*) from report)";
  const std::string before = sql(database, counts);
  Server recent("8.7.6", database);
  recent.start_ready();
  CHECK(sql(database, counts) == before);
  CHECK(schema_size(database) == "46");
  CHECK(objects(database) == "21|66|22|7");
  const Json list = recent.get("/api/v2/environment").json()["data"];
  CHECK(list.size() == 2);
  CHECK(list[0]["is_marked_for_deletion"] == false);
  const std::string log = recent.log();
  CHECK(log.find("Updating database schema to version 202211230") <
        log.find("Connected to PostgreSQL database " + database));
  CHECK(log.find("Connected to PostgreSQL") < log.find("Server listening on"));
  CHECK(log.find("Server listening on") < log.find("Server startup complete"));
}

TEST_CASE("the port is closed, and the old set unchanged, while a migration waits for the lock") {
  const std::string database = new_database();
  migrate("7.1.0", database);
  Process holder({"psql", "-h", "127.0.0.1", "-p", sql("postgres", "show port"), "-U", "postgres",
                  "-d", database, "-c",
                  "begin; lock table schemamanager in row exclusive mode; select pg_sleep(1.5)"},
                 workspace() / "holder.log");
  pause(0.5);
  Server server("8.7.6", database);
  server.start();
  pause(0.5);
  CHECK(server.get("/api/v1/serverstatus").status == 0);
  REQUIRE(holder.wait(20));
  pause(1.5);
  CHECK(server.get("/api/v1/serverstatus").status == 200);
}

TEST_CASE("a server that cannot use its database says why and exits with 4") {
  const std::string database = new_database();
  Server wrong("8.7.6", database);
  wrong.configure("[database]\npassword=wrong\n");
  check_refusal(wrong, "password authentication failed for user \"inmanta\"");
  Server missing("8.7.6", "absent");
  check_refusal(missing, "database \"absent\" does not exist");
  const std::string foreign = new_database();
  sql("postgres", "alter database " + foreign + " owner to postgres");
  Server denied("8.7.6", foreign);
  check_refusal(denied, "permission denied for schema public");
}

TEST_CASE("a database without its keys or indexes fails in the migration and stays as it was") {
  const std::string database = new_database();
  migrate("7.1.0", database);
  sql(database, "drop index resourceaction_resource_version_ids_index");
  Server unindexed("8.7.6", database);
  check_refusal(unindexed, "index \"resourceaction_resource_version_ids_index\" does not exist");
  CHECK_THAT(unindexed.log(),
             Catch::Contains("Database schema update for version 202211230 failed. Rolling back all"
                             " updates."));
  CHECK(schema_size(database) == "22");
  sql(database, "alter table resource drop constraint resource_pkey");
  Server keyless("8.7.6", database);
  check_refusal(keyless, "constraint \"resource_pkey\" of relation \"resource\" does not exist");
  sql(database, "delete from schemamanager");
  Server rowless("8.7.6", database);
  check_refusal(rowless, "type \"versionstate\" already exists");
}

TEST_CASE("a migration that is told to fail leaves the old set, and works once mended") {
  const std::string database = new_database();
  migrate("7.1.0", database);
  Server server("8.7.6", database);
  server.configure("fail_migration=202303070\n");
  server.start();
  CHECK(server.exit_code() == 4);
  CHECK(schema_size(database) == "22");
  server.configure("fail_migration=\n");
  server.start_ready();
  CHECK(schema_size(database) == "46");
}

TEST_CASE("a schema newer than the server breaks calls with an environment, not the list") {
  for (const std::string release : {"7.1.0", "9.3.0"}) {
    const std::string database = new_database();
    Server recent("8.7.6", database);
    recent.command({"seed", "--environments", "1"});
    Server server(release, database);
    server.start_ready();
    CHECK(schema_size(database) == (release == "7.1.0" ? "46" : "47"));
    CHECK(server.get("/api/v1/serverstatus").status == 200);
    const Reply list = server.get("/api/v2/environment");
    REQUIRE(list.status == 200);
    const Reply agents =
        server.get("/api/v2/agents", list.json()["data"][0]["id"].get<std::string>());
    CHECK(agents.status == 500);
    CHECK(agents.json()["message"] ==
          "An unexpected error occurred in the server while processing the request:"
          " ('is_marked_for_deletion field is not defined for this document environment',)");
  }
}

TEST_CASE("a database dropped, emptied or replaced under a server shows in the calls only") {
  const std::string database = new_database();
  Server server("8.7.6", database);
  server.start_ready();
  const auto message = [&](const std::string& path, const std::string& tid = "") {
    const Reply reply = server.get(path, tid);
    CHECK(reply.status == 500);
    return reply.json()["message"].get<std::string>();
  };
  const std::string start =
      "An unexpected error occurred in the server while processing the request: ";
  CHECK(postgres_tool({"dropdb", "--force", database}) == 0);
  const Reply status = server.get("/api/v1/serverstatus");
  CHECK(status.status == 200);
  CHECK_THAT(status.body, Catch::Contains("\"connected\": false"));
  CHECK(message("/api/v2/environment") ==
        start + "('database \"" + database + "\" does not exist',)");

  CHECK(postgres_tool({"createdb", "-O", "inmanta", database}) == 0);
  CHECK(server.get("/api/v1/serverstatus").status == 200);
  CHECK(message("/api/v2/environment") == start + "('relation \"environment\" does not exist',)");

  Server old("7.1.0", database);
  old.command({"seed", "--environments", "1"});
  sql(database, "update environment set halted = true");
  const std::string id = sql(database, "select id from environment");
  CHECK_THAT(server.get("/api/v1/serverstatus").body, Catch::Contains("\"connected\": true"));
  CHECK(message("/api/v2/environment") ==
        start + "('column \"is_marked_for_deletion\" does not exist',)");
  CHECK(server.post("/api/v2/actions/environment/resume", id).status == 200);
  CHECK(sql(database, "select halted from environment") == "f");
}

TEST_CASE("a server in use keeps its database from being dropped") {
  const std::string database = new_database();
  Server server("8.7.6", database);
  server.start_ready();
  CHECK(postgres_tool({"dropdb", database}) != 0);
  REQUIRE(server.stop() == 0);
  CHECK(postgres_tool({"dropdb", database}) == 0);
}

TEST_CASE("the version is printed in the shape of the real tool") {
  Server server("7.1.0", "none");
  CHECK(server.command({"--version"}) ==
        "inmanta.config           WARNING Config name token not defined in section server\n"
        "Inmanta Service Orchestrator (Open Source Edition): 7.1.0\nCompiler version: 2022.4\n"
        "Extensions:\n    * core: 7.1.0\n");
}

TEST_CASE("each extension has a row of its own beside core") {
  const std::string database = new_database();
  Server server("8.7.6", database);
  server.configure("extensions=lsm support\n");
  server.start_ready();
  CHECK(sql(database, "select string_agg(name, ' ' order by name) from schemamanager") ==
        "core lsm support");
  const Json status = server.get("/api/v1/serverstatus").json()["data"];
  CHECK(status["extensions"][1]["name"] == "lsm");
}

TEST_CASE("seeding makes running environments with a history of the asked size") {
  const std::string database = new_database();
  Server server("7.1.0", database);
  server.command({"seed", "--environments", "3", "--history-mb", "20", "--repository",
                  (workspace() / "seeded").string()});
  CHECK(sql(database,
            "select count(*) from environment where not halted and repo_url <> ''"
            " and settings->>'server_compile' = 'true'") == "3");
  CHECK(sql(database, "select count(*) from agent where paused") == "1");
  CHECK(std::stol(sql(database, "select pg_database_size(current_database())")) > 20'000'000);
  CHECK(std::filesystem::exists(workspace() / "seeded" / "billing" / "main.cf"));
}

}  // namespace
}  // namespace orchestrator::test
