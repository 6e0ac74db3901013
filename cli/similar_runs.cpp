#include "cli/similar_runs.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "cli/wall_clock.hpp"
#include "cli/world.hpp"
#include "runtime/real/storage.hpp"
#include "runtime/run.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

constexpr std::size_t most_shown = 3;

std::string line_of(const RunStatus& run) {
  std::chrono::milliseconds longest{0};
  std::string slowest;
  for (const StepResult& step : run.steps) {
    if (step.elapsed > longest) {
      longest = step.elapsed;
      slowest = fmt::format(", {} of them in {}", duration_text(longest), step.name);
    }
  }
  return fmt::format("  {}: {} from the first record to the last{}\n", print_date(run.started),
                     duration_text(run.last_record - run.started), slowest);
}

}  // namespace

std::string similar_runs_text(const Plan& plan) {
  std::vector<RunStatus> runs;
  for (const std::string& path : all_journals()) {
    const auto storage = open_storage(path, StorageUse::read_only);
    if (!storage) {
      continue;  // a journal that cannot be read is told by who needs it
    }
    RunStatus run = status(nullptr, **storage);
    if (run.has_run && run.title == plan.title && run.is_finished && !run.is_rolled_back) {
      runs.push_back(std::move(run));
    }
  }
  std::ranges::sort(runs, std::ranges::greater(), &RunStatus::started);
  runs.resize(std::min(runs.size(), most_shown));
  std::string text;
  for (const RunStatus& run : runs) {
    text += line_of(run);
  }
  return text.empty() ? "" : "How long it took before\n" + text;
}

}  // namespace plan
