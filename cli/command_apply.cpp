#include "cli/commands.hpp"
#include "cli/report_text.hpp"
#include "cli/similar_runs.hpp"
#include "cli/terminal.hpp"
#include "cli/world.hpp"

namespace plan {

namespace {

std::string shown(const LoadedPlan& loaded, const Report& report, const Options& options) {
  return preview_text(*loaded.plan, report, wants_color(options.color, Stream::out)) +
         (report.outcome == Outcome::done ? similar_runs_text(*loaded.plan) : "");
}

// What apply is about to do, looked at and shown before its own look and its questions; an exit
// status if there is nothing to go on with.
std::optional<ExitCode> show_first(const LoadedPlan& loaded, const Options& options) {
  bool is_pending = false;
  const ExitCode code = run_in_world(
      {.loaded = loaded,
       .options = options,
       .use = JournalUse::reads,
       .entry = [&](World& world,
                    const RunOptions& run) { return preview(*loaded.plan, world, run); },
       .show =
           [&](const Report& report) {
             is_pending = report.outcome == Outcome::done;
             const bool is_refused = report.outcome == Outcome::refused;
             if (is_pending || (is_refused && !report.hosts.empty())) {
               print(Stream::out, shown(loaded, report, options) + "\n");
             }
             if (!is_pending) {
               print(Stream::out, outcome_text(*loaded.plan, report, options));
             }
           }});
  return is_pending ? std::nullopt : std::optional(code);
}

}  // namespace

ExitCode run_apply(const Options& options) {
  const LoadedPlan loaded = load_plan(options, InputNeed::all);
  if (const std::optional<ExitCode> code = report_problems(loaded, options)) {
    return *code;
  }
  if (!options.says_yes && !options.is_json) {
    if (const std::optional<ExitCode> code = show_first(loaded, options)) {
      return *code;
    }
  }
  return run_in_world(
      {.loaded = loaded,
       .options = options,
       .use = JournalUse::writes,
       .entry = [&](World& world,
                    const RunOptions& run) { return apply(*loaded.plan, world, run); },
       .show =
           [&](const Report& report) {
             if (!options.is_json) {
               print(Stream::out, outcome_text(*loaded.plan, report, options));
             }
           }});
}

ExitCode run_preview(const Options& options) {
  const LoadedPlan loaded = load_plan(options, InputNeed::all);
  if (const std::optional<ExitCode> code = report_problems(loaded, options)) {
    return *code;
  }
  bool is_pending = false;
  const ExitCode code = run_in_world(
      {.loaded = loaded,
       .options = options,
       .use = JournalUse::reads,
       .entry = [&](World& world,
                    const RunOptions& run) { return preview(*loaded.plan, world, run); },
       .show =
           [&](const Report& report) {
             is_pending = report.outcome == Outcome::done;
             if (!options.is_json) {
               print(Stream::out, shown(loaded, report, options));
             }
           }});
  return code == ExitCode::done && is_pending && options.wants_exit_code ? ExitCode::changes_pending
                                                                         : code;
}

}  // namespace plan
