// The API of a running server: status, errors, halt and resume, agents, tokens.

#include <chrono>
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/orchestrator/test_support.hpp"

namespace orchestrator::test {
namespace {

const std::string unknown = "00000000-0000-4000-8000-000000000000";

Json agent(const Server& server, const std::string& environment, const std::string& name) {
  const Json agents = server.get("/api/v2/agents", environment).json();
  for (const Json& entry : agents["data"]) {
    if (entry["name"] == name) {
      return entry;
    }
  }
  return nullptr;
}

TEST_CASE("server status names release, database and slices") {
  for (const std::string release : {"7.1.0", "8.7.6"}) {
    const std::string database = new_database();
    Server server(release, database);
    server.start_ready();
    const Json status = server.get("/api/v1/serverstatus").json()["data"];
    CHECK(status["version"] == release);
    CHECK(status["edition"] == "Open Source Edition");
    CHECK(status["extensions"][0]["version"] == release);
    CHECK(status["features"].size() == (release == "7.1.0" ? 1 : 0));
    bool has_users = false;
    for (const Json& slice : status["slices"]) {
      has_users = has_users || slice["name"] == "core.user";
      if (slice["name"] == "core.database") {
        CHECK(slice["status"]["connected"] == true);
        CHECK(slice["status"]["database"] == database);
        CHECK(slice["status"]["max_pool"] == (release == "7.1.0" ? 10 : 70));
      }
    }
    CHECK(has_users == (release == "8.7.6"));
    CHECK(sql("postgres",
              "select count(*), max(application_name) from pg_stat_activity where datname = '" +
                  database + "'") == "10|");
    CHECK(server.get("/api/v2/health").status == 404);
  }
}

TEST_CASE("errors have the statuses and words of the real server") {
  Server server("8.7.6", new_database());
  server.start_ready();
  const std::string id = server.make_environment("");
  const std::string prefix = "Invalid request: ";
  CHECK(server.post(halt, "").body ==
        R"({"message": "Invalid request: Field 'tid' is required."})");
  CHECK(
      server.post(halt, "x").body ==
      R"({"message": "Invalid request: Failed to validate argument\n1 validation error for )"
      R"~(halt_environment_arguments\ntid\n  value is not a valid uuid (type=type_error.uuid)", )~"
      R"("error_details": {"validation_errors": [{"loc": ["tid"], "msg": "value is not a valid )"
      R"(uuid", "type": "type_error.uuid"}]}})");
  const Reply missing = server.post(halt, unknown);
  CHECK(missing.status == 404);
  CHECK(missing.body ==
        R"({"message": "Request or referenced resource does not exist: The given environment id )"
        R"(does not exist!"})");
  CHECK(server.get("/api/v2/compilereport/" + unknown, id).body ==
        R"({"message": "Request or referenced resource does not exist: The compile with the given )"
        R"(id does not exist."})");
  const Reply field = server.post("/api/v1/notify/" + id, "", R"({"reinstall": false})");
  CHECK(field.status == 400);
  CHECK(field.json()["message"] ==
        prefix +
            "request contains fields {'reinstall'} that are not declared in method and no"
            " kwargs argument is provided.");
  const Reply broken = server.post(halt, id, "{\"");
  CHECK(broken.status == 400);
  CHECK(broken.json()["message"] ==
        "The request body couldn't be decoded as a JSON: Unterminated string starting at: line 1"
        " column 2 (char 1)");
  CHECK(server.get("/nothing").body ==
        "<html><title>404: Not Found</title><body>404: Not Found</body></html>");
  const Reply method = server.get(halt, id);
  CHECK(method.status == 405);
  CHECK(method.headers.at("content-type").starts_with("text/html"));
  CHECK(server.get("/api/v2/compilereport?limit=1001", id).json()["message"] ==
        prefix + "limit parameter can not exceed 1000, got 1001.");
  CHECK(server.post(halt, id, R"({"anything": 1})").status == 400);
}

TEST_CASE("halt and resume are idempotent and answer nothing") {
  Server server("7.1.0", new_database());
  server.start_ready();
  const std::string id = server.make_environment("");
  for (const std::string body : {"", "null", "{}"}) {
    for (const auto& [path, is_halted] : {std::pair{halt, true}, std::pair{resume, false}}) {
      const Reply reply = server.post(path, id, body);
      CHECK(reply.status == 200);
      CHECK(reply.body.empty());
      CHECK(reply.headers.at("content-length") == "0");
      CHECK(reply.headers.at("content-type") == "application/json");
      CHECK(server.get("/api/v2/environment/" + id).json()["data"]["halted"] == is_halted);
    }
  }
  const Json environment = server.get("/api/v2/environment/" + id).json()["data"];
  CHECK_FALSE(environment.contains("is_marked_for_deletion"));
  CHECK(environment.contains("project_id"));
  CHECK(server.get("/api/v1/environment").json()["environments"][0].contains("project"));
  CHECK(server.get("/api/v2/project").json()["data"][0]["environments"].size() == 1);
  const Json copy{{"project_id", environment["project_id"]}, {"name", "shop"}};
  const Reply twice =
      server.call({.method = "PUT", .path = "/api/v2/environment", .body = copy.dump()});
  CHECK(twice.status == 500);
  CHECK_THAT(twice.body, Catch::Contains("already has an environment with name shop"));
}

TEST_CASE("an agent that was paused stays paused over halt and resume") {
  Server server("8.7.6", new_database());
  server.command({"seed", "--environments", "1"});
  server.start_ready();
  const std::string id = server.get("/api/v2/environment").json()["data"][0]["id"];
  CHECK(agent(server, id, "internal")["status"] == "up");
  REQUIRE(server.post(halt, id).status == 200);
  CHECK(agent(server, id, "internal")["unpause_on_resume"] == true);
  CHECK(agent(server, id, "internal")["status"] == "paused");
  CHECK(agent(server, id, "router2")["unpause_on_resume"] == false);
  const Reply refused = server.post("/api/v2/agents/unpause", id);
  CHECK(refused.status == 403);
  CHECK(refused.json()["message"] ==
        "Access denied: Can not pause or unpause agents when the environment has been halted.");
  REQUIRE(server.post(resume, id).status == 200);
  CHECK(agent(server, id, "internal")["paused"] == false);
  CHECK(agent(server, id, "internal")["unpause_on_resume"].is_null());
  CHECK(agent(server, id, "router2")["paused"] == true);

  REQUIRE(server.post(halt, id).status == 200);
  REQUIRE(server.post("/api/v2/agents/keep_paused_on_resume", id).status == 200);
  REQUIRE(server.post(resume, id).status == 200);
  CHECK(agent(server, id, "internal")["paused"] == true);
  REQUIRE(server.post("/api/v2/agent/internal/unpause", id).status == 200);
  CHECK(agent(server, id, "internal")["status"] == "up");
  CHECK(agent(server, id, "router1")["paused"] == true);
  const Reply nobody = server.post("/api/v2/agent/nobody/unpause", id);
  CHECK(nobody.status == 200);
  CHECK(nobody.body.empty());
}

TEST_CASE("agents end with a stopped server and outlive a killed one") {
  Server server("8.7.6", new_database());
  server.start_ready();
  const std::string id = server.make_environment("");
  const auto is_running = [&] {
    return Process({"pgrep", "-f", id}, workspace() / "pgrep.log").wait(5) == 0;
  };
  CHECK(is_running());
  REQUIRE(server.post(halt, id).status == 200);
  CHECK_FALSE(is_running());
  REQUIRE(server.post(resume, id).status == 200);
  CHECK(is_running());
  REQUIRE(server.stop() == 0);
  CHECK_FALSE(is_running());
  server.start_ready();
  server.kill();
  CHECK(is_running());
  CHECK(server.get("/api/v1/serverstatus").status == 0);
}

TEST_CASE("with authentication every call needs a token that fits") {
  const std::string database = new_database();
  Server server("8.7.6", database);
  server.configure("[server]\nauth=true\n");
  server.command({"user", "--name", "admin", "--password", "correct"});
  server.start_ready();
  const auto status = [&](const std::string& path, const std::string& token,
                          const std::string& tid = "") {
    return server.call({.path = path, .tid = tid, .token = token}).status;
  };
  CHECK(server.get("/api/v1/serverstatus").body ==
        R"({"message": "Access to this resource is unauthorized"})");
  CHECK(status("/api/v1/serverstatus", "") == 401);
  CHECK(status("/api/v1/serverstatus", "Basic abc") == 401);
  CHECK(status("/api/v1/serverstatus", "Bearer abc") == 403);
  CHECK(server.post("/api/v2/login", "", R"({"username": "admin", "password": "wrong"})").status ==
        401);
  const Reply login =
      server.post("/api/v2/login", "", R"({"username": "admin", "password": "correct"})");
  REQUIRE(login.status == 200);
  const std::string token = "Bearer " + login.json()["data"]["token"].get<std::string>();
  CHECK(login.headers.at("authentication") == token);
  CHECK(status("/api/v1/serverstatus", token) == 200);

  const std::string project = unknown;
  sql(database,
      "insert into project values ('" + project +
          "', 'demo');"
          "insert into environment (id, name, project) select gen_random_uuid(), name, '" +
          project + "' from unnest(array['one', 'two']) as name");
  const Json list = server.call({.path = "/api/v2/environment", .token = token}).json()["data"];
  const std::string first = list[0]["id"];
  const std::string second = list[1]["id"];
  const std::string tied = "Bearer " + server
                                           .call({.method = "POST",
                                                  .path = "/api/v2/environment_auth",
                                                  .tid = first,
                                                  .body = R"({"client_types": ["api"]})",
                                                  .token = token})
                                           .json()["data"]
                                           .get<std::string>();
  CHECK(status("/api/v2/agents", tied, first) == 200);
  CHECK(status("/api/v2/agents", tied, second) == 403);
  CHECK(status("/api/v1/serverstatus", tied) == 403);
}

TEST_CASE("the older release has no login") {
  Server server("7.1.0", new_database());
  server.start_ready();
  CHECK(server.post("/api/v2/login", "", "{}").status == 404);
}

TEST_CASE("one port speaks either plain text or TLS") {
  const std::string database = new_database();
  Server server("8.7.6", database);
  const std::string certificate = workspace() / "server.pem";
  const std::string key = workspace() / "server.key";
  REQUIRE(Process({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                   "/CN=localhost", "-keyout", key, "-out", certificate},
                  workspace() / "openssl.log")
              .wait(60) == 0);
  server.configure("[server]\nssl-cert-file=" + certificate + "\nssl-key-file=" + key + "\n");
  server.is_tls = true;
  server.start_ready();
  CHECK(server.get("/api/v1/serverstatus").status == 200);
  server.is_tls = false;
  CHECK(server.get("/api/v1/serverstatus").status == 0);
}

}  // namespace
}  // namespace orchestrator::test
