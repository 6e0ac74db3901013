// The life of a compile: waiting, merging, failing, and what a stop does to it.

#include <fstream>

#include <catch2/catch.hpp>

#include "tests/orchestrator/test_support.hpp"

namespace orchestrator::test {
namespace {

const std::string good_model = "x = 1\n";

std::vector<std::string> stage_names(const Json& report) {
  std::vector<std::string> names;
  for (const Json& stage : report["reports"]) {
    names.push_back(stage["name"]);
  }
  return names;
}

// The stage that failed, by the rule of the contract: the last one without a return code of 0.
Json failing_stage(const Json& report) {
  Json found;
  for (const Json& stage : report["reports"]) {
    if (stage["returncode"].is_null() || stage["returncode"] != 0) {
      found = stage;
    }
  }
  return found;
}

TEST_CASE("the first compile on a server clones, later ones update") {
  Server server("8.7.6", new_database());
  server.start_ready();
  const std::string id = server.make_environment(new_repository({{"main.cf", good_model}}));
  server.request_compile(id, "first");
  const Json first = server.completed(id, "first");
  CHECK(first["success"] == true);
  CHECK(first["version"] == 1);
  CHECK(first["metadata"]["type"] == "api");
  CHECK(first["compile_data"].is_null());
  CHECK(stage_names(first) == std::vector<std::string>{"Init", "Cloning repository",
                                                       "Creating venv", "Installing modules",
                                                       "Recompiling configuration model"});
  CHECK(first["requested"].get<std::string>().size() == 26);
  server.request_compile(id, "second");
  const Json second = server.completed(id, "second");
  CHECK(stage_names(second) ==
        std::vector<std::string>{"Init", "Pulling updates",
                                 "Uninstall inmanta packages from the compiler venv",
                                 "Updating modules", "Recompiling configuration model"});
  const Json states = server.get("/api/v2/desiredstate", id).json()["data"];
  CHECK(states[0]["version"] == 2);
  CHECK(states[0]["status"] == "active");
  CHECK(states[1]["status"] == "retired");
}

TEST_CASE("requests to a halted environment wait, and run merged when it is resumed") {
  Server server("7.1.0", new_database());
  server.configure("compile_seconds=0.5\n");
  server.start_ready();
  const std::string id = server.make_environment(new_repository({{"main.cf", good_model}}));
  REQUIRE(server.post(halt, id).status == 200);
  server.request_compile(id, "one");
  server.request_compile(id, "two");
  pause(0.6);
  CHECK(server.report(id, "one")["started"].is_null());
  CHECK(server.get("/api/v1/compilequeue", id).json()["queue"].size() == 2);
  CHECK(server.call({.method = "HEAD", .path = "/api/v1/notify/" + id}).status == 204);
  REQUIRE(server.post(resume, id).status == 200);
  pause(0.1);
  CHECK(server.call({.method = "HEAD", .path = "/api/v1/notify/" + id}).status == 200);
  const Json one = server.completed(id, "one");
  const Json two = server.completed(id, "two");
  CHECK(one["completed"] == two["completed"]);
  CHECK(one["started"] == two["started"]);
  CHECK(one["version"] == two["version"]);
  CHECK(one["reports"] == two["reports"]);
  CHECK_FALSE(two.contains("substitute_compile_id"));
  const std::string second = two["id"];
  CHECK(server.get("/api/v1/compilereport/" + second).json()["report"]["substitute_compile_id"] ==
        one["id"]);
  CHECK(server.get("/api/v1/compilequeue", id).json()["queue"].empty());
}

TEST_CASE("halting leaves a running compile going") {
  Server server("8.7.6", new_database());
  server.start_ready();
  const std::string id = server.make_environment(new_repository({{"main.cf", good_model}}));
  server.request_compile(id, "running");
  REQUIRE(server.post(halt, id).status == 200);
  CHECK(server.completed(id, "running")["success"] == true);
}

TEST_CASE("a broken model fails with its own words, takes a number, and can be mended") {
  Server server("8.7.6", new_database());
  server.start_ready();
  const std::string repository = new_repository({{"main.cf", "x = 1\nx = 2\n"}});
  const std::string id = server.make_environment(repository);
  server.request_compile(id, "broken");
  const Json broken = server.completed(id, "broken");
  CHECK(broken["success"] == false);
  CHECK(broken["version"].is_null());
  CHECK(failing_stage(broken)["name"] == "Recompiling configuration model");
  const Json error = broken["compile_data"]["errors"][0];
  CHECK(error["type"] == "inmanta.ast.DoubleSetException");
  CHECK(error["message"] ==
        "value set twice:\n\told value: 1\n\t\tset at ./main.cf:1\n\tnew value: 2\n\t\tset at"
        " ./main.cf:2\n");
  const Json notification = server.get("/api/v2/notification", id).json()["data"][0];
  CHECK(notification["title"] == "Compilation failed");
  CHECK(notification["severity"] == "error");
  CHECK(notification["uri"] == "/api/v2/compilereport/" + broken["id"].get<std::string>());
  std::ofstream(repository + "/main.cf") << good_model;
  server.request_compile(id, "mended");
  const Json mended = server.completed(id, "mended");
  CHECK(mended["success"] == true);
  CHECK(mended["version"] == 2);
}

TEST_CASE("each other failure shows in its own stage") {
  Server server("8.7.6", new_database());
  server.start_ready();
  const std::string id = server.make_environment("");
  const auto set_repository = [&](const std::string& path) {
    const Json body{{"name", "shop"}, {"repository", path}};
    REQUIRE(server.post("/api/v2/environment/" + id, "", body.dump()).status == 200);
  };
  server.request_compile(id, "none");
  const Json none = failing_stage(server.completed(id, "none"));
  CHECK(none["name"] == "Init");
  CHECK_THAT(none["outstream"].get<std::string>(),
             Catch::StartsWith("Failed to compile: no project found in") &&
                 Catch::Contains("and no repository set."));
  set_repository("/nowhere/at/all");
  server.request_compile(id, "clone");
  CHECK(failing_stage(server.completed(id, "clone"))["name"] == "Cloning repository");
  set_repository(new_repository({{"main.cf", good_model}, {"requirements.txt", "conflict\n"}}));
  server.request_compile(id, "conflict");
  const Json conflict = failing_stage(server.completed(id, "conflict"));
  CHECK(conflict["name"] == "Installing modules");
  CHECK_THAT(conflict["errstream"].get<std::string>(), Catch::Contains("ConflictingRequirements"));
}

TEST_CASE("without server compile a request is answered with a warning and not queued") {
  Server server("7.1.0", new_database());
  server.start_ready();
  const std::string id = server.make_environment("");
  const std::string setting = "/api/v2/environment_settings/server_compile";
  CHECK(server.get(setting, id).json()["data"]["settings"]["server_compile"] == true);
  REQUIRE(server.post(setting, id, R"({"value": false})").status == 200);
  CHECK(server.get(setting, id).json()["data"]["settings"]["server_compile"] == false);
  CHECK(server.post("/api/v1/notify/" + id, "").body ==
        R"({"metadata": {"warnings": ["Skipping compile because server compile not enabled for )"
        R"(this environment."]}})");
  CHECK(server.get("/api/v2/compilereport", id).json()["metadata"]["total"] == 0);
}

TEST_CASE("a gentle stop of the newer release records a running compile as failed") {
  const std::string database = new_database();
  Server server("8.7.6", database);
  server.configure("compile_seconds=30\n");
  server.start_ready();
  const std::string id = server.make_environment(new_repository({{"main.cf", good_model}}));
  server.request_compile(id, "cut");
  pause(0.3);
  CHECK(server.stop() == 0);
  CHECK_THAT(server.log(), Catch::Contains("Server shutdown complete"));
  server.start_ready();
  const Json cut = server.completed(id, "cut");
  CHECK(cut["success"] == false);
  CHECK(failing_stage(cut)["returncode"].is_null());
}

TEST_CASE("after a kill the same compile runs again, its stages appended") {
  Server server("8.7.6", new_database());
  server.configure("compile_seconds=3\n");
  server.start_ready();
  const std::string id = server.make_environment(new_repository({{"main.cf", good_model}}));
  server.request_compile(id, "again");
  pause(0.4);
  const Json before = server.report(id, "again");
  server.kill();
  server.configure("compile_seconds=0.3\n");
  server.start_ready();
  const Json after = server.completed(id, "again");
  CHECK(after["id"] == before["id"]);
  CHECK(after["started"] > before["started"]);
  CHECK(after["success"] == true);
  CHECK(after["reports"].size() > 5);
  CHECK(after["reports"].back()["returncode"] == 0);
}

TEST_CASE("the report list goes from page to page and back") {
  Server server("8.7.6", new_database());
  server.start_ready();
  const std::string id = server.make_environment("");
  REQUIRE(server.post(halt, id).status == 200);
  for (const std::string token : {"1", "2", "3", "4", "5"}) {
    server.request_compile(id, token);
  }
  std::string path = "/api/v2/compilereport?limit=2";
  std::string seen;
  Json page;
  for (int count = 0; count < 3; ++count) {
    page = server.get(path, id).json();
    CHECK(page["metadata"]["total"] == 5);
    CHECK(page["metadata"]["before"] == 2 * count);
    for (const Json& entry : page["data"]) {
      seen += entry["metadata"]["plan_token"].get<std::string>();
    }
    path = page["links"].value("next", "");
  }
  CHECK(seen == "54321");
  CHECK(path.empty());
  const std::string previous = page["links"]["prev"];
  const Json back = server.get(previous, id).json();
  CHECK(back["data"][0]["metadata"]["plan_token"] == "3");
  CHECK(back["data"].size() == 2);
}

TEST_CASE("a release of the 19 kind asks for a compile of its own on resume") {
  Server server("8.7.6", new_database());
  server.configure("extra_compile_on_resume=true\n");
  server.start_ready();
  const std::string id = server.make_environment(new_repository({{"main.cf", good_model}}));
  REQUIRE(server.post(halt, id).status == 200);
  server.request_compile(id, "ours");
  REQUIRE(server.post(resume, id).status == 200);
  CHECK(server.completed(id, "ours")["success"] == true);
  CHECK(server.get("/api/v2/compilereport", id).json()["metadata"]["total"] == 2);
}

}  // namespace
}  // namespace orchestrator::test
