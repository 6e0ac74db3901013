#include "tests/orchestrator/test_support.hpp"

#include <algorithm>
#include <fstream>
#include <memory>
#include <sstream>

#include <catch2/catch.hpp>
#include <curl/curl.h>
#include <fmt/format.h>
#include <signal.h>

namespace orchestrator::test {
namespace {

std::size_t append(char* data, std::size_t size, std::size_t count, void* target) {
  static_cast<std::string*>(target)->append(data, size * count);
  return size * count;
}

std::map<std::string, std::string> parsed_headers(const std::string& text) {
  std::map<std::string, std::string> headers;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    const auto colon = line.find(": ");
    if (colon != std::string::npos) {
      std::string name = line.substr(0, colon);
      std::ranges::transform(name, name.begin(), ::tolower);
      headers[name] = line.substr(colon + 2, line.find('\r') - colon - 2);
    }
  }
  return headers;
}

}  // namespace

Server::Server(std::string release, std::string database) : port_(free_port()) {
  static int count = 0;
  directory_ = workspace() / fmt::format("server{}", ++count);
  std::filesystem::create_directories(directory_);
  configure(fmt::format(
      "[config]\nstate-dir={}\n[database]\nhost=127.0.0.1\nport={}\nname={}\nusername=inmanta\n"
      "password=secret\n[server]\nbind-address=127.0.0.1\nbind-port={}\n[auth_jwt_default]\n"
      "key=c2VjcmV0LWtleS1mb3ItdGVzdHM\n[double]\nrelease={}\nstart_seconds=0\nstop_seconds=0.1\n"
      "compile_seconds=0.3\norphan_seconds=1\n",
      (directory_ / "state").string(), cluster_port(), database, port_, release));
}

void Server::configure(const std::string& lines) {
  std::ofstream(directory_ / "server.cfg", std::ios::app) << lines;
}

void Server::start() {
  process_.emplace(
      std::vector<std::string>{ORCHESTRATOR_BINARY, "-c", directory_ / "server.cfg", "server"},
      directory_ / "server.log");
}

void Server::start_ready() {
  start();
  for (int attempt = 0; attempt < 400; ++attempt) {
    if (get("/api/v1/serverstatus").status != 0) {
      return;
    }
    pause(0.05);
  }
  FAIL("the server did not start:\n" << log());
}

int Server::stop() {
  process_->send(SIGTERM);
  return exit_code();
}

void Server::kill() {
  process_->send(SIGKILL);
  REQUIRE(process_->wait(5));
}

int Server::exit_code() {
  return process_->wait(20).value_or(-1);
}

std::string Server::command(const std::vector<std::string>& arguments) {
  std::vector<std::string> all{ORCHESTRATOR_BINARY, "-c", directory_ / "server.cfg"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  REQUIRE(run_to_end(all, directory_ / "command.log") == 0);
  return text_of(directory_ / "command.log");
}

Reply Server::call(const Query& query) const {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 curl_easy_cleanup);
  const std::string address =
      fmt::format("{}://127.0.0.1:{}{}", is_tls ? "https" : "http", port_, query.path);
  Reply reply;
  std::string header_text;
  curl_slist* headers = nullptr;
  if (!query.tid.empty()) {
    headers = curl_slist_append(headers, ("X-Inmanta-Tid: " + query.tid).c_str());
  }
  if (!query.token.empty()) {
    headers = curl_slist_append(headers, ("Authorization: " + query.token).c_str());
  }
  curl_easy_setopt(curl.get(), CURLOPT_URL, address.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, query.method.c_str());
  if (query.method == "HEAD") {
    curl_easy_setopt(curl.get(), CURLOPT_NOBODY, 1L);
  }
  if (query.method == "POST" || query.method == "PUT") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, query.body.c_str());
  }
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_SSL_VERIFYHOST, 0L);
  const std::string authority = workspace() / "server.pem";
  curl_easy_setopt(curl.get(), CURLOPT_CAINFO, authority.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, append);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &header_text);
  long status = 0;
  if (curl_easy_perform(curl.get()) == CURLE_OK) {
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  }
  curl_slist_free_all(headers);
  reply.status = static_cast<int>(status);
  reply.headers = parsed_headers(header_text);
  return reply;
}

Reply Server::get(const std::string& path, const std::string& tid) const {
  return call({.path = path, .tid = tid});
}

Reply Server::post(const std::string& path, const std::string& tid, const std::string& body) const {
  return call({.method = "POST", .path = path, .tid = tid, .body = body});
}

std::string Server::make_environment(const std::string& repository) const {
  const Json project =
      call({.method = "PUT", .path = "/api/v2/project", .body = R"({"name": "demo"})"}).json();
  const Json wanted{{"project_id", project["data"]["id"]},
                    {"name", "shop"},
                    {"repository", repository},
                    {"branch", "master"}};
  const Reply reply = call({.method = "PUT", .path = "/api/v2/environment", .body = wanted.dump()});
  REQUIRE(reply.status == 200);
  return reply.json()["data"]["id"];
}

void Server::request_compile(const std::string& environment, const std::string& token) const {
  const Json body{{"metadata", {{"plan_token", token}}}};
  const Reply reply = post("/api/v1/notify/" + environment, "", body.dump());
  REQUIRE(reply.status == 200);
  REQUIRE(reply.body == "{}");
}

Json Server::report(const std::string& environment, const std::string& token) const {
  const Reply list = get("/api/v2/compilereport", environment);
  REQUIRE(list.status == 200);
  const Json reports = list.json();
  for (const Json& entry : reports["data"]) {
    if (entry["metadata"].value("plan_token", "") == token) {
      const std::string id = entry["id"];
      return get("/api/v2/compilereport/" + id, environment).json()["data"];
    }
  }
  return nullptr;
}

Json Server::completed(const std::string& environment, const std::string& token) const {
  for (int attempt = 0; attempt < 400; ++attempt) {
    const Json found = report(environment, token);
    if (!found.is_null() && !found["completed"].is_null()) {
      return found;
    }
    pause(0.05);
  }
  FAIL("compile " << token << " was not completed:\n" << log());
  return nullptr;
}

std::string Server::log() const {
  return text_of(directory_ / "server.log");
}

std::string new_repository(const std::map<std::string, std::string>& files) {
  static int count = 0;
  const auto directory = workspace() / fmt::format("repository{}", ++count);
  std::filesystem::create_directories(directory);
  for (const auto& [name, text] : files) {
    std::ofstream(directory / name) << text;
  }
  return directory;
}

}  // namespace orchestrator::test
