#include "tests/orchestrator/test_support.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace orchestrator::test {
namespace {

std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::filesystem::path postgres_programs() {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
    newest = std::max(newest, entry.path() / "bin");
  }
  return newest;
}

// A PostgreSQL server refuses to run as root: root hands over to an ordinary user.
std::vector<std::string> unprivileged(std::vector<std::string> arguments) {
  if (::geteuid() != 0) {
    return arguments;
  }
  const std::string user = ::getpwnam("postgres") != nullptr ? "postgres" : "nobody";
  const std::string group = std::to_string(::getpwnam(user.c_str())->pw_gid);
  std::vector<std::string> all{"setpriv", "--reuid",        user, "--regid",
                               group,     "--clear-groups", "--"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

int run_to_end(const std::vector<std::string>& arguments, const std::filesystem::path& output) {
  return Process(arguments, output).wait(120).value_or(-1);
}

// The temporary directory and the cluster in it.
class Cluster {
 public:
  Cluster() : port(free_port()) {
    std::string pattern = std::filesystem::temp_directory_path() / "orchestrator-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error("no temporary directory");
    }
    directory = pattern;
    std::filesystem::permissions(directory, std::filesystem::perms::all);
    const std::filesystem::path programs = postgres_programs();
    const std::string data = directory / "cluster";
    if (run_to_end(unprivileged({programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres",
                                 "--no-sync", "-E", "UTF8", "--locale=C"}),
                   directory / "initdb.log") != 0) {
      throw std::runtime_error("initdb: " + text_of(directory / "initdb.log"));
    }
    std::ofstream(directory / "cluster" / "pg_hba.conf")
        << "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    postgres_.emplace(
        unprivileged({programs / "postgres", "-D", data, "-p", std::to_string(port), "-c",
                      "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c",
                      "fsync=off", "-c", "max_connections=200"}),
        directory / "postgres.log");
    wait_until_up();
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster() {
    postgres_->send(SIGINT);
    static_cast<void>(postgres_->wait(20));
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }

  int port;
  std::filesystem::path directory;
  int databases = 0;
  int servers = 0;

 private:
  void wait_until_up() const {
    for (int attempt = 0; attempt < 200; ++attempt) {
      if (run_to_end({"psql", "-h", "127.0.0.1", "-p", std::to_string(port), "-U", "postgres", "-c",
                      "create role inmanta login password 'secret'"},
                     directory / "role.log") == 0) {
        return;
      }
      pause(0.1);
    }
    throw std::runtime_error("postgres: " + text_of(directory / "postgres.log"));
  }
  std::optional<Process> postgres_;
};

Cluster& cluster() {
  static Cluster instance;
  return instance;
}

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

Process::Process(const std::vector<std::string>& arguments, const std::filesystem::path& output) {
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers;
  for (std::string& copy : copies) {
    pointers.push_back(copy.data());
  }
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  const int failure =
      posix_spawnp(&id_, pointers.front(), &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) {
    throw std::runtime_error("cannot start " + arguments.front());
  }
}

Process::~Process() {
  if (!code_) {
    send(SIGKILL);
    static_cast<void>(wait(5));
  }
}

void Process::send(int signal) const {
  if (!code_) {
    ::kill(id_, signal);
  }
}

std::optional<int> Process::wait(double seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!code_) {
    int status = 0;
    if (::waitpid(id_, &status, WNOHANG) == id_) {
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (std::chrono::steady_clock::now() > deadline) {
      return std::nullopt;
    } else {
      pause(0.01);
    }
  }
  return code_;
}

std::filesystem::path workspace() {
  return cluster().directory;
}

int free_port() {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ::bind(descriptor, generic, size);
  ::getsockname(descriptor, generic, &size);
  ::close(descriptor);
  return ntohs(address.sin_port);
}

void pause(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

std::string new_database() {
  const std::string name = fmt::format("inmanta_{}", ++cluster().databases);
  REQUIRE(postgres_tool({"createdb", "-O", "inmanta", name}) == 0);
  return name;
}

std::string sql(const std::string& database, const std::string& statement) {
  REQUIRE(postgres_tool({"psql", "-XAtqd", database, "-c", statement}) == 0);
  std::string output = text_of(cluster().directory / "tool.log");
  while (!output.empty() && output.back() == '\n') {
    output.pop_back();
  }
  return output;
}

int postgres_tool(std::vector<std::string> arguments) {
  const std::vector<std::string> address{"-h", "127.0.0.1", "-p", std::to_string(cluster().port),
                                         "-U", "postgres"};
  arguments.insert(arguments.begin() + 1, address.begin(), address.end());
  return run_to_end(arguments, cluster().directory / "tool.log");
}

Server::Server(std::string release, std::string database) : port_(free_port()) {
  directory_ = cluster().directory / fmt::format("server{}", ++cluster().servers);
  std::filesystem::create_directories(directory_);
  configure(fmt::format(
      "[config]\nstate-dir={}\n[database]\nhost=127.0.0.1\nport={}\nname={}\nusername=inmanta\n"
      "password=secret\n[server]\nbind-address=127.0.0.1\nbind-port={}\n[auth_jwt_default]\n"
      "key=c2VjcmV0LWtleS1mb3ItdGVzdHM\n[double]\nrelease={}\nstart_seconds=0\nstop_seconds=0.1\n"
      "compile_seconds=0.3\norphan_seconds=1\n",
      (directory_ / "state").string(), cluster().port, database, port_, release));
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

std::string Server::command(const std::vector<std::string>& arguments) const {
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
  const std::string authority = cluster().directory / "server.pem";
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
