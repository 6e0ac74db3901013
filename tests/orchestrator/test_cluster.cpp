#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/orchestrator/test_support.hpp"

namespace orchestrator::test {
namespace {

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

}  // namespace

Process::Process(const std::vector<std::string>& arguments, const std::filesystem::path& output) {
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers;
  pointers.reserve(copies.size() + 1);
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

int cluster_port() {
  return cluster().port;
}

int run_to_end(const std::vector<std::string>& arguments, const std::filesystem::path& output) {
  return Process(arguments, output).wait(120).value_or(-1);
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
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
  REQUIRE(::bind(descriptor, generic, size) == 0);
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

}  // namespace orchestrator::test
