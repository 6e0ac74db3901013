// The real world of a run, built from the command line: hosts, journal, lock, the person.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/load_plan.hpp"
#include "cli/options.hpp"
#include "runtime/apply.hpp"

namespace plan {

// The plan's own journal: the state directory and a name made of the plan's title and its hosts,
// so that an edited plan finds its run again; options.journal if given.
[[nodiscard]] std::vector<std::string> all_journals();  // paths, of the state directory, sorted
[[nodiscard]] std::string journal_path(const Plan& plan, const Options& options);

enum class JournalUse : std::uint8_t {
  reads,  // preview: no lock, and nothing is made where there is no journal
  writes
};

using RunEntry = std::function<Report(World&, const RunOptions&)>;

// Opens the world, calls `entry` in it, shows the run while it goes on, and what went wrong.
// Returns how the program should exit; `show` gets the report first.
struct HostRun {
  const LoadedPlan& loaded;
  const Options& options;
  JournalUse use = JournalUse::writes;
  RunEntry entry;
  std::function<void(const Report&)> show;
};
[[nodiscard]] ExitCode run_in_world(const HostRun& run);

}  // namespace plan
