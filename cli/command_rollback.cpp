// The commands that change a run in other ways than going on with it.
#include "cli/commands.hpp"
#include "cli/environment.hpp"
#include "cli/report_text.hpp"
#include "cli/terminal.hpp"
#include "cli/world.hpp"

namespace plan {

namespace {

ExitCode run_entry(const Options& options,
                   const std::function<Report(const Plan&, World&, const RunOptions&)>& entry) {
  const LoadedPlan loaded = load_plan(options, InputNeed::all);
  if (const std::optional<ExitCode> code = report_problems(loaded, options)) {
    return *code;
  }
  return run_in_world(
      {.loaded = loaded,
       .options = options,
       .use = JournalUse::writes,
       .entry = [&](World& world,
                    const RunOptions& run) { return entry(*loaded.plan, world, run); },
       .show =
           [&](const Report& report) {
             if (!options.is_json) {
               print(Stream::out, outcome_text(*loaded.plan, report, options));
             }
           }});
}

}  // namespace

ExitCode run_rollback(const Options& options) {
  return run_entry(options, [](const Plan& plan, World& world, const RunOptions& run) {
    return rollback(plan, world, run);
  });
}

ExitCode run_mark_done(const Options& options) {
  return run_entry(options, [&](const Plan& plan, World& world, const RunOptions& run) {
    return mark_done(plan, world, run, options.step, options.reason);
  });
}

ExitCode run_approve(const Options& options) {
  return run_entry(options, [&](const Plan& plan, World& world, const RunOptions&) {
    return approve(plan, world, options.step, person(),
                   options.answers_no ? Answer::no : Answer::yes);
  });
}

ExitCode run_adopt(const Options& options) {
  return run_entry(options, [](const Plan& plan, World& world, const RunOptions& run) {
    return adopt(plan, world, run);
  });
}

}  // namespace plan
