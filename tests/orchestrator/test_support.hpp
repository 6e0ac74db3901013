#pragma once

// What the double's own tests stand on: a private PostgreSQL cluster, servers under test, a client.
//
// Everything lives in one temporary directory and on loopback ports that were free; what was
// started is ended by its process id when the test program exits.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <sys/types.h>

namespace orchestrator::test {

using Json = nlohmann::json;

inline const std::string halt = "/api/v2/actions/environment/halt";
inline const std::string resume = "/api/v2/actions/environment/resume";

// A child process whose output goes to a file. Killed when this is destroyed.
class Process {
 public:
  Process(const std::vector<std::string>& arguments, const std::filesystem::path& output);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  void send(int signal) const;
  // The exit code, 128 + the signal that ended it, or nullopt if it still runs after `seconds`.
  [[nodiscard]] std::optional<int> wait(double seconds);

 private:
  pid_t id_ = 0;
  std::optional<int> code_;
};

// The directory of this test run.
[[nodiscard]] std::filesystem::path workspace();
[[nodiscard]] int free_port();
void pause(double seconds);

// Runs a program to its end, 120 s at most; returns its exit code, -1 if it did not end.
int run_to_end(const std::vector<std::string>& arguments, const std::filesystem::path& output);
[[nodiscard]] std::string text_of(const std::filesystem::path& path);

// The port of the private cluster, on 127.0.0.1.
[[nodiscard]] int cluster_port();
// Makes an empty database, starting the cluster if it is the first; returns its name.
[[nodiscard]] std::string new_database();
// Runs SQL as the superuser in `database`; returns the first column, one line per row.
std::string sql(const std::string& database, const std::string& statement);
// Runs a program of PostgreSQL with the cluster's address added; returns its exit code.
int postgres_tool(std::vector<std::string> arguments);

struct Reply {
  int status = 0;  // 0: no answer
  std::string body;
  std::map<std::string, std::string> headers;  // names in lower case
  [[nodiscard]] Json json() const { return Json::parse(body); }
};

struct Query {
  std::string method = "GET";
  std::string path;
  std::string tid = {};
  std::string body = {};
  std::string token = {};
};

// One server under test, from its configuration to its exit code.
class Server {
 public:
  Server(std::string release, std::string database);
  // Adds lines to the configuration file, before start.
  void configure(const std::string& lines);
  void start();
  // Starts and waits until it answers.
  void start_ready();
  // Exit code after SIGTERM.
  [[nodiscard]] int stop();
  void kill();
  // Waits for the end by itself, 20 s at most; -1 if it still runs.
  [[nodiscard]] int exit_code();
  // Runs another command of the program to its end; returns its output.
  std::string command(const std::vector<std::string>& arguments);
  [[nodiscard]] Reply call(const Query& query) const;
  [[nodiscard]] Reply get(const std::string& path, const std::string& tid = "") const;
  [[nodiscard]] Reply post(const std::string& path,
                           const std::string& tid,
                           const std::string& body = "") const;
  // Makes a project with one environment; returns the environment's id.
  [[nodiscard]] std::string make_environment(const std::string& repository) const;
  // Asks for a compile whose metadata hold `token`.
  void request_compile(const std::string& environment, const std::string& token) const;
  // The v2 report with stages of the compile of `token`; null if there is none.
  [[nodiscard]] Json report(const std::string& environment, const std::string& token) const;
  // As above, once it is completed; fails the test after 20 s.
  [[nodiscard]] Json completed(const std::string& environment, const std::string& token) const;
  [[nodiscard]] std::string log() const;
  bool is_tls = false;

 private:
  std::filesystem::path directory_;
  int port_;
  std::optional<Process> process_;
};

// A repository directory with these files; returns its path.
[[nodiscard]] std::string new_repository(const std::map<std::string, std::string>& files);

}  // namespace orchestrator::test
