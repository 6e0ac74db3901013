#include <algorithm>

#include <fmt/core.h>

#include "cli/commands.hpp"
#include "cli/environment.hpp"
#include "cli/load_plan.hpp"
#include "cli/report_text.hpp"
#include "cli/show.hpp"
#include "cli/terminal.hpp"
#include "cli/world.hpp"
#include "runtime/lock.hpp"
#include "runtime/real/storage.hpp"

namespace plan {

namespace {

// Prints what one journal tells; run_failed for a run that is not at its end.
ExitCode show_journal(const std::string& path, const Plan* plan, const Options& options) {
  const SourceMap no_sources;
  const auto storage = open_storage(path, StorageUse::read_only);
  if (!storage) {
    show_problem(storage.error().message, options);
    return ExitCode::usage;
  }
  const JournalPlace place{.path = path, .owner = lock_owner(path)};
  const RunStatus found = status(plan, **storage);
  if (options.is_json) {
    print(Stream::out,
          status_json(found, place, diagnostics_json(found.diagnostics, no_sources)) + "\n");
  } else {
    if (found.diagnostics.size() > 0) {
      show_diagnostics(found.diagnostics, no_sources, options);
    }
    print(Stream::out, status_text(found, place, wants_color(options.color, Stream::out)));
    if (!found.has_run) {
      print(Stream::out, fmt::format("  journal  {}\n", path));
    }
  }
  if (found.diagnostics.has_errors()) {
    return ExitCode::refused;
  }
  return found.has_run && !found.is_finished ? ExitCode::run_failed : ExitCode::done;
}

ExitCode show_all(const Options& options) {
  const std::vector<std::string> paths = all_journals();
  if (paths.empty() && !options.is_json) {
    print(Stream::out, fmt::format("no journals in {}\n", state_directory()));
  }
  ExitCode code = ExitCode::done;
  for (const std::string& path : paths) {
    code = std::max(code, show_journal(path, nullptr, options));
  }
  return code;
}

}  // namespace

ExitCode run_status(const Options& options) {
  if (options.file.empty()) {
    return options.journal ? show_journal(*options.journal, nullptr, options) : show_all(options);
  }
  const LoadedPlan loaded = load_plan(options, InputNeed::all);
  if (const std::optional<ExitCode> code = report_problems(loaded, options)) {
    return *code;
  }
  return show_journal(journal_path(*loaded.plan, options), &*loaded.plan, options);
}

}  // namespace plan
