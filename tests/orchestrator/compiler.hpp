#pragma once

// The compile queue: requests are rows, taken in the order they came, one at a time per environment
// and only while it is not halted. Several environments compile side by side.
//
// Equal requests that wait together are finished together, by the oldest. The queue is in the
// database: it survives restarts and travels in a dump. Thread safe.

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/orchestrator/config.hpp"
#include "tests/orchestrator/database.hpp"
#include "tests/orchestrator/json.hpp"
#include "tests/orchestrator/release.hpp"
#include "tests/orchestrator/stages.hpp"

namespace orchestrator {

class Agents;

class Compiler {
 public:
  Compiler(const Settings& settings, const Release& release, Pool& pool, Agents& agents);
  ~Compiler();
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;

  struct Request {
    std::string environment;
    bool update = true;
    Json metadata;
  };
  // Queues a compile and runs it if it can run.
  void request(const Request& request);
  // Runs the environment's oldest waiting compile, unless it is halted or one is running.
  void start_next(const std::string& environment);
  // After a start: goes on with every queue, the interrupted compile first.
  void recover();
  // Ends the running compiles. They are recorded as failed by releases that do so, otherwise left
  // as they are, to run again after the next start.
  void stop();
  [[nodiscard]] bool is_running(const std::string& environment);
  [[nodiscard]] int running_count();
  // Where the project of `environment` is checked out on this server.
  [[nodiscard]] std::filesystem::path project_directory(const std::string& environment) const;

 private:
  struct Job {
    std::string id;
    std::string environment;
    std::vector<std::string> merged;
    ProjectSource source;
  };
  struct Completion {
    bool is_success = false;
    Parameter version;
    Json compile_data = nullptr;
  };
  [[nodiscard]] Job claim(const std::string& environment, const std::string& id);
  void run(const Job& job);
  [[nodiscard]] bool run_stages(const Job& job);
  [[nodiscard]] Outcome export_version(const Job& job, int version, const Outcome& compiled);
  void complete(const Job& job, const Completion& completion);
  void fail_interrupted(const Job& job);
  // False if the server is being stopped.
  [[nodiscard]] bool pause(double seconds);

  const Settings& settings_;
  const Release& release_;
  Pool& pool_;
  Agents& agents_;
  std::mutex mutex_;
  std::condition_variable stopping_changed_;
  bool is_stopping_ = false;
  std::map<std::string, std::string> running_;  // environment → compile
  std::vector<std::jthread> threads_;
};

}  // namespace orchestrator
