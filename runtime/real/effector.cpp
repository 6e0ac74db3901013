#include "runtime/real/effector.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <poll.h>
#include <unistd.h>

#include "runtime/real/failure.hpp"
#include "runtime/real/tasks.hpp"

namespace plan {

namespace real {

namespace {

using namespace std::chrono_literals;

// A task that has not ended so long after its deadline hangs in somebody else's code (a name
// server, say); the run goes on without it.
constexpr auto grace = 3s;
constexpr auto forget_limit = 5s;

template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};

// The simple commands go straight to a pool, everything else gets a thread.
bool is_simple(const Action& action) {
  const auto* exec = std::get_if<Exec>(&action.body);
  return exec != nullptr && exec->job.empty();
}

std::optional<Failure> impossible(const Exec& exec) {
  constexpr auto kind = FailureKind::refused;
  if (exec.argv.empty() && exec.script.empty()) {
    return failure<Code::request_impossible>(kind, "there is no command");
  }
  for (const auto& [name, value] : exec.env) {
    if (!is_variable_name(name)) {
      return failure<Code::request_impossible>(kind, "`" + name + "` is not a name of a variable");
    }
  }
  return std::nullopt;
}

std::optional<Failure> impossible(const ActionBody& body) {
  if (const auto* exec = std::get_if<Exec>(&body)) {
    return impossible(*exec);
  }
  if (const auto* pipe = std::get_if<Pipe>(&body)) {
    const std::optional<Failure> source = impossible(pipe->source);
    return source ? source : impossible(pipe->sink);
  }
  return std::nullopt;
}

class Effector final : public RealEffector {
 public:
  Effector(TransportOptions options, std::string directory)
      : directory_{std::move(directory)}, hosts_(std::move(options)) {}
  ~Effector() override;

  void start(ActionId id, Action action) override;
  std::optional<Completion> wait(MonotonicTime deadline) override;
  void cancel(ActionId id) override;
  void interrupt() noexcept override;
  void forget_jobs() override;

 private:
  struct Running {
    Action action;
    Instant deadline;
    std::unique_ptr<Wake> cancelled;  // of a task
    std::thread thread;               // of a task
    std::uint64_t ticket = 0;         // of a simple command
  };
  struct Job {
    HostAddress host;
    std::string user;
    std::string name;
  };

  void start_simple(ActionId id, Running& running);
  void finish(ActionId id, ActionResult result);
  std::optional<Completion> take();
  std::optional<Completion> give_up_overdue();

  // Removes the directory of sockets after everything else has ended.
  struct Directory {
    std::string path;
    ~Directory() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  };

  const Directory directory_;
  // Of the deciding thread only.
  std::map<ActionId, std::unique_ptr<Running>> running_;
  std::vector<std::unique_ptr<Running>> strays_;  // completed without them; still to be joined
  std::vector<Job> jobs_;
  std::deque<Completion> ready_;           // taken from `completions_`
  Instant next_overdue_ = Instant::max();  // not after the first deadline and its grace
  // What the threads share.
  Wake changed_;
  std::atomic<bool> is_interrupted_{false};
  std::mutex mutex_;
  std::deque<Completion> completions_;
  Hosts hosts_;
};

Effector::~Effector() {
  for (const auto& [id, running] : running_) {
    if (running->cancelled) {
      running->cancelled->set();
    }
  }
  for (const auto& [id, running] : running_) {
    if (running->thread.joinable()) {
      running->thread.join();
    }
  }
  for (const std::unique_ptr<Running>& stray : strays_) {
    stray->thread.join();
  }
}

// From any thread.
void Effector::finish(ActionId id, ActionResult result) {
  const std::lock_guard lock(mutex_);
  completions_.push_back({.id = id, .result = std::move(result)});
  if (completions_.size() == 1) {
    changed_.set();
  }
}

ActionResult perform(const Task& task) {
  return std::visit(overloaded{
                        [&task](const Exec& exec) { return do_job(task, exec); },
                        [&task](const Pipe& pipe) { return do_pipe(task, pipe); },
                        [&task](const WriteFile& file) { return do_write(task, file); },
                        [&task](const Sql& sql) { return do_sql(task, sql); },
                        [&task](const HttpCall& call) { return do_http(task, call); },
                        [&task](const Connect& connect) { return do_connect(task, connect); },
                    },
                    task.action.body);
}

void Effector::start(ActionId id, Action action) {
  std::unique_ptr<Running>& running = running_[id];
  running = std::make_unique<Running>();
  running->action = std::move(action);
  running->deadline = now() + running->action.timeout;
  next_overdue_ = std::min(next_overdue_, running->deadline + grace);
  if (std::optional<Failure> why = impossible(running->action.body)) {
    finish(id, std::move(*why));
    return;
  }
  if (is_simple(running->action)) {
    start_simple(id, *running);
    return;
  }
  if (const auto* exec = std::get_if<Exec>(&running->action.body)) {
    jobs_.push_back({exec->host, exec->user, exec->job});
  }
  running->cancelled = std::make_unique<Wake>();
  running->thread = std::thread([this, id, &running = *running] {
    block_signals();
    const Task task{hosts_, running.action, running.deadline, *running.cancelled};
    finish(id, perform(task));
  });
}

void Effector::start_simple(ActionId id, Running& running) {
  const Exec& exec = std::get<Exec>(running.action.body);
  Request request;
  request.ticket = running.ticket = hosts_.next_ticket();
  request.text = shell_command(exec);
  request.what = describe(running.action.body);
  request.is_observation = running.action.is_observation;
  request.output_limit_bytes = exec.output_limit_bytes;
  request.deadline = running.deadline;
  request.timeout = running.action.timeout;
  request.done = [this, id](Outcome outcome) {
    std::visit([this, id](auto& result) { finish(id, std::move(result)); }, outcome);
  };
  hosts_.pool(exec.host, exec.user).submit(std::move(request));
}

std::optional<Completion> Effector::take() {
  for (;;) {
    if (ready_.empty()) {
      const std::lock_guard lock(mutex_);
      changed_.clear();
      ready_.swap(completions_);
    }
    if (ready_.empty()) {
      return std::nullopt;
    }
    Completion completion = std::move(ready_.front());
    ready_.pop_front();
    const auto found = running_.find(completion.id);
    if (found == running_.end()) {
      continue;  // was given up
    }
    if (found->second->thread.joinable()) {
      found->second->thread.join();
    }
    if (auto* why = std::get_if<Failure>(&completion.result)) {
      redact(*why, found->second->action);
    }
    running_.erase(found);
    return completion;
  }
}

// The first action that is over its deadline by more than the grace.
std::optional<Completion> Effector::give_up_overdue() {
  const Instant present = now();
  if (present <= next_overdue_) {
    return std::nullopt;
  }
  next_overdue_ = Instant::max();
  auto overdue = running_.end();
  for (auto entry = running_.begin(); entry != running_.end(); ++entry) {
    next_overdue_ = std::min(next_overdue_, entry->second->deadline + grace);
    if (entry->second->deadline + grace < present) {
      overdue = entry;
    }
  }
  if (overdue == running_.end()) {
    return std::nullopt;
  }
  Running& running = *overdue->second;
  Failure why = failure<Code::action_timed_out>(
      FailureKind::unknown, duration_text(running.action.timeout), describe(running.action.body));
  redact(why, running.action);
  Completion completion{.id = overdue->first, .result = std::move(why)};
  if (running.cancelled) {
    running.cancelled->set();
  }
  if (running.thread.joinable()) {
    strays_.push_back(std::move(overdue->second));
  }
  running_.erase(overdue);
  return completion;
}

std::optional<Completion> Effector::wait(MonotonicTime deadline) {
  const Instant until{std::chrono::duration_cast<Instant::duration>(deadline)};
  for (;;) {
    if (std::optional<Completion> completion = take()) {
      return completion;
    }
    if (std::optional<Completion> completion = give_up_overdue()) {
      return completion;
    }
    if (is_interrupted_.exchange(false) || now() >= until) {
      return std::nullopt;
    }
    pollfd polled{.fd = changed_.get(), .events = POLLIN, .revents = 0};
    ::poll(&polled, 1, poll_timeout(std::min(until, next_overdue_)));
  }
}

void Effector::cancel(ActionId id) {
  const auto found = running_.find(id);
  if (found == running_.end()) {
    return;
  }
  if (found->second->cancelled) {
    found->second->cancelled->set();
    return;
  }
  if (const auto* exec = std::get_if<Exec>(&found->second->action.body);
      exec != nullptr && exec->job.empty()) {
    hosts_.pool(exec->host, exec->user).cancel(found->second->ticket);
  }
}

void Effector::interrupt() noexcept {
  is_interrupted_ = true;
  changed_.set();
}

void Effector::forget_jobs() {
  const Wake never;
  for (const Job& job : jobs_) {
    Action action;
    action.timeout = forget_limit;
    action.body = Exec{.host = job.host, .user = job.user};
    const Task task{hosts_, action, now() + forget_limit, never};
    std::ignore = run(task, {.host = job.host,
                             .user = job.user,
                             .text = forget_job_text(job.name),
                             .what = "removing the directory of job `" + job.name + "`"});
  }
  jobs_.clear();
}

}  // namespace

}  // namespace real

std::expected<std::unique_ptr<RealEffector>, Failure> make_effector(
    const EffectorOptions& options) {
  std::string parent = options.control_parent;
  if (parent.empty()) {
    const char* runtime_directory = std::getenv("XDG_RUNTIME_DIR");
    const bool is_usable = runtime_directory != nullptr && *runtime_directory == '/' &&
                           std::string_view(runtime_directory).size() < 40 &&
                           ::access(runtime_directory, W_OK) == 0;
    parent = is_usable ? runtime_directory : "/tmp";
  }
  std::string directory = parent + "/plan-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) {
    Failure why = real::failure<Code::state_unusable>(FailureKind::refused, parent,
                                                      std::generic_category().message(errno));
    why.system_error = errno;
    return std::unexpected(std::move(why));
  }
  real::TransportOptions transport{.ssh_config = options.ssh_config,
                                   .control_directory = directory,
                                   .channels_per_host = options.channels_per_host,
                                   .environment = options.environment};
  return std::make_unique<real::Effector>(std::move(transport), directory);
}

}  // namespace plan
