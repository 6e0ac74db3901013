#include "cli/world.hpp"

#include <algorithm>
#include <filesystem>

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include "cli/environment.hpp"
#include "cli/progress.hpp"
#include "cli/report_text.hpp"
#include "cli/secrets.hpp"
#include "cli/show.hpp"
#include "cli/signals.hpp"
#include "cli/terminal.hpp"
#include "compiler/digest.hpp"
#include "runtime/lock.hpp"
#include "runtime/real/clock.hpp"
#include "runtime/real/storage.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

constexpr std::size_t slug_limit = 40;

// "Move the orchestrator!"  →  "move-the-orchestrator".
std::string slug(std::string_view title) {
  std::string result;
  for (const char c : title) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (is_upper || is_plain) {
      result += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!result.empty() && result.back() != '-') {
      result += '-';
    }
  }
  result = result.substr(0, slug_limit);
  while (result.ends_with('-')) {
    result.pop_back();
  }
  return result.empty() ? "plan" : result;
}

std::string targets_of(const Plan& plan) {
  std::vector<std::string> targets;
  for (const Host& host : plan.hosts) {
    targets.push_back(host.is_local ? "local" : fmt::format("{}:{}", host.address, host.port));
  }
  std::ranges::sort(targets);
  std::string text;
  for (const std::string& target : targets) {
    text += "\n" + target;
  }
  return text;
}

// A question before the run is on the screen alone; one on the way stands below what goes on.
class ShownPrompt : public Prompt {
 public:
  ShownPrompt(std::unique_ptr<Prompt> prompt, Progress& progress)
      : prompt_(std::move(prompt)), progress_(progress) {}
  [[nodiscard]] Answer ask(const Question& question) override {
    progress_.pause();
    const Answer answer = prompt_->ask(question);
    progress_.resume();
    return answer;
  }
  void open(const Question& question) override {
    progress_.ask(question_text(question), [&] { prompt_->open(question); });
  }
  [[nodiscard]] std::optional<Answer> answer() override {
    const std::optional<Answer> answer = prompt_->answer();
    if (answer) {
      progress_.answered();
    }
    return answer;
  }
  void withdraw() override {
    prompt_->withdraw();
    progress_.answered();
  }

 private:
  std::unique_ptr<Prompt> prompt_;
  Progress& progress_;
};

struct File {
  int descriptor = -1;
  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor >= 0) {
      close(descriptor);
    }
  }
};

ProgressKind kind_of(const HostRun& run) {
  if (run.options.is_json) {
    return ProgressKind::json;
  }
  if (run.use == JournalUse::reads) {
    return ProgressKind::quiet;
  }
  return can_redraw(Stream::out) ? ProgressKind::live : ProgressKind::plain;
}

ExitCode refuse(const Failure& failure, const HostRun& run) {
  Report report;
  report.outcome = Outcome::refused;
  report.diagnostics.append(to_diagnostic(failure, Span{}));
  if (run.options.is_json) {
    print(Stream::out,
          report_json(report, diagnostics_json(report.diagnostics, run.loaded.sources)) + "\n");
  } else {
    show_diagnostics(report.diagnostics, run.loaded.sources, run.options);
  }
  return exit_code_of(report, run.options.command);
}

// Says once for each request what is going to happen.
std::function<int()> interruption(Progress& progress) {
  return [&progress, said = 0]() mutable {
    const int requests = std::min(stop_requests(), 2);
    if (requests > said) {
      said = requests;
      progress.say(requests == 1 ? "stopping after the running steps; Ctrl-C again cancels them"
                                 : "cancelling the running steps; Ctrl-C again ends at once");
    }
    return requests;
  };
}

RunOptions run_options(const HostRun& run, Progress& progress) {
  RunOptions options;
  options.secrets = make_secret_provider(run.loaded, {.before_asking = [&] { progress.pause(); },
                                                      .after_asking = [&] { progress.resume(); }});
  options.assume_yes = run.options.says_yes;
  options.confirmed_destructions = run.options.confirmed;
  options.approved_steps = run.options.approved;
  options.steps_per_host = run.options.steps_per_host;
  return options;
}

// The report goes out after the display is gone, diagnostics between the two.
ExitCode conclude(const Report& report, const HostRun& run) {
  if (run.options.is_json) {
    print(Stream::out,
          report_json(report, diagnostics_json(report.diagnostics, run.loaded.sources)) + "\n");
  } else if (report.diagnostics.size() > 0) {
    show_diagnostics(report.diagnostics, run.loaded.sources, run.options);
  }
  run.show(report);
  const ExitCode code = exit_code_of(report, run.options.command);
  return code == ExitCode::interrupted ? stop_code() : code;
}

ExitCode run_with(const HostRun& run, Storage& storage, RealEffector& effector, int json_into) {
  const std::unique_ptr<Clock> clock = make_clock();
  const std::unique_ptr<Entropy> entropy = make_entropy();
  Report report;
  {
    const std::unique_ptr<Progress> progress =
        make_progress(*run.loaded.plan, {.kind = kind_of(run),
                                         .colored = wants_color(run.options.color, Stream::out),
                                         .json_into = json_into});
    const RunStatus before = status(&*run.loaded.plan, storage);
    if (before.has_run && !before.is_finished) {
      progress->remember(before.steps);
    }
    ShownPrompt prompt(make_prompt([&effector] { effector.interrupt(); }), *progress);
    const SignalScope signals(effector);
    World world{.clock = *clock,
                .effector = effector,
                .storage = storage,
                .prompt = prompt,
                .observer = *progress,
                .entropy = *entropy,
                .interrupted = interruption(*progress)};
    report = run.entry(world, run_options(run, *progress));
    if (run.use == JournalUse::writes && report.outcome == Outcome::done) {
      effector.forget_jobs();
    }
  }
  return conclude(report, run);
}

}  // namespace

std::string journal_path(const Plan& plan, const Options& options) {
  if (options.journal) {
    return *options.journal;
  }
  const std::string identity = to_hex(sha256(plan.title + targets_of(plan))).substr(0, 12);
  return fmt::format("{}/{}-{}.journal", state_directory(), slug(plan.title), identity);
}

std::vector<std::string> all_journals() {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(state_directory(), error), end;
       !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".journal") {
      paths.push_back(entry->path().string());
    }
  }
  std::ranges::sort(paths);
  return paths;
}

ExitCode run_in_world(const HostRun& run) {
  const std::string path = journal_path(*run.loaded.plan, run.options);
  File events;
  if (run.options.json_into) {
    events.descriptor =
        open(run.options.json_into->c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (events.descriptor < 0) {
      show_problem("cannot write `" + *run.options.json_into + "`", run.options);
      return ExitCode::usage;
    }
  }
  std::unique_ptr<RunLock> lock;
  if (run.use == JournalUse::writes) {
    auto taken = acquire_lock(path, fmt::format("{}, process {}", person(), getpid()));
    if (!taken) {
      return refuse(taken.error(), run);
    }
    lock = std::move(*taken);
  }
  auto storage = open_storage(
      path, run.use == JournalUse::writes ? StorageUse::append : StorageUse::read_only);
  if (!storage) {
    return refuse(storage.error(), run);
  }
  auto effector = make_effector({.ssh_config = run.options.ssh_config.value_or("")});
  if (!effector) {
    return refuse(effector.error(), run);
  }
  return run_with(run, **storage, **effector, events.descriptor);
}

}  // namespace plan
