#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/disk_loader.hpp"
#include "cli/fix_files.hpp"
#include "cli/load_plan.hpp"
#include "cli/show.hpp"
#include "compiler/digest.hpp"
#include "compiler/print_expr.hpp"

namespace plan {

namespace {

// As they were written: the ends of a loop are the program's own.
std::size_t step_count(const Plan& plan) {
  return static_cast<std::size_t>(std::ranges::count_if(plan.steps, [](const Step& step) {
    return step.kind != StepKind::loop_begin && step.kind != StepKind::loop_end;
  }));
}

using Json = nlohmann::ordered_json;

std::string count(std::size_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", number, number == 1 ? one : many);
}

std::string names(const Plan& plan, const std::vector<StepId>& steps) {
  std::string text;
  for (const StepId step : steps) {
    text += (text.empty() ? "" : ", ") + plan.steps[step.index].name;
  }
  return text;
}

Json json_of(const LoadedPlan& loaded) {
  Json json = {{"format", "plan-check/1"}, {"proven", loaded.plan.has_value()}};
  json["diagnostics"] = Json::parse(diagnostics_json(loaded.diagnostics, loaded.sources));
  if (!loaded.plan) {
    return json;
  }
  const Plan& plan = *loaded.plan;
  json["title"] = plan.title;
  json["digest"] = to_hex(plan.digest);
  json["steps"] = step_count(plan);
  json["hosts"] = plan.hosts.size();
  Json ends = Json::array();
  for (const StepId step : plan.point_of_no_return) {
    ends.push_back(plan.steps[step.index].name);
  }
  json["point_of_no_return"] = std::move(ends);
  Json preflight = Json::array();
  for (const auto& [step, requirement] : plan.preflight_requirements) {
    const Step& found = plan.steps[step.index];
    preflight.push_back(
        {{"step", found.name}, {"condition", print_condition(plan, found.requires_[requirement])}});
  }
  json["preflight"] = std::move(preflight);
  return json;
}

void add_fixed(Json& json, const Options& options, const EditedFiles& files) {
  if (!options.must_fix) {
    return;
  }
  json["fixed"] = Json::array();
  for (const auto& [path, file] : files.edited()) {
    json["fixed"].push_back({{"file", path}, {"fixes", file.changes}});
  }
}

// Compiles, with --fix after the files were mended, and shows the diagnostics but as JSON;
// nothing where a file cannot be used, which was said.
std::optional<LoadedPlan> load_and_show(const Options& options, EditedFiles& files) {
  LoadedPlan loaded = options.must_fix ? load_fixed(options, InputNeed::none, files)
                                       : load_plan(options, InputNeed::none);
  if (!loaded.problem.empty()) {
    show_problem(loaded.problem, options);
    return std::nullopt;
  }
  if (const auto written = write_edited(files); !written) {
    show_problem(written.error(), options);
    return std::nullopt;
  }
  if (!options.is_json && !options.is_sarif) {
    print(Stream::error, changes_text(files));
  }
  if (options.is_sarif || (!options.is_json && loaded.diagnostics.size() > 0)) {
    show_diagnostics(loaded.diagnostics, loaded.sources, options);
  }
  return loaded;
}

// What was proven, in the order in which a person asks.
std::string summary(const Plan& plan) {
  std::string text =
      fmt::format("{}: proven.\n", plan.title.empty() ? plan.source_name : plan.title);
  text +=
      fmt::format("  {} on {}, {}; digest {}\n", count(step_count(plan), "step", "steps"),
                  count(plan.hosts.size(), "host", "hosts"),
                  count(plan.phases.size(), "phase", "phases"), to_hex(plan.digest).substr(0, 12));
  text += fmt::format("  every order of the steps that the plan allows keeps {} and {}\n",
                      count(plan.goals.size(), "goal", "goals"),
                      count(plan.invariants.size(), "invariant", "invariants"));
  const std::size_t looks = plan.preflight_requirements.size() + plan.rules.size();
  if (looks > 0) {
    text += fmt::format("  {} will be looked at before anything is done\n",
                        count(looks, "condition", "conditions"));
  }
  text += plan.point_of_no_return.empty()
              ? "  way back: at every point\n"
              : "  point of no return: " + names(plan, plan.point_of_no_return) + "\n";
  return text;
}

}  // namespace

ExitCode run_check(const Options& options) {
  EditedFiles files;
  // Kept until the program ends, which is next: to take a large plan apart would take longer.
  static const auto* const found =
      new std::optional<LoadedPlan>(load_and_show(options, files));  // NOLINT
  if (!*found) {
    return ExitCode::usage;
  }
  const LoadedPlan& loaded = **found;
  if (options.is_json && !options.is_sarif) {
    Json json = json_of(loaded);
    add_fixed(json, options, files);
    print(Stream::out, json.dump(2) + "\n");
  }
  if (!loaded.plan) {
    return ExitCode::not_proven;
  }
  if (options.output) {
    if (const auto written = write_file(*options.output, to_json(*loaded.plan) + "\n"); !written) {
      show_problem("cannot write `" + *options.output + "`: " + written.error(), options);
      return ExitCode::usage;
    }
  }
  if (options.certificate) {
    if (const auto written = write_file(*options.certificate, loaded.certificate + "\n");
        !written) {
      show_problem("cannot write `" + *options.certificate + "`: " + written.error(), options);
      return ExitCode::usage;
    }
  }
  if (!options.is_json && !options.is_sarif && options.output != "-" &&
      options.certificate != "-") {
    print(Stream::out, summary(*loaded.plan));
  }
  return ExitCode::done;
}

ExitCode run_lint(const Options& options) {
  EditedFiles files;
  const std::optional<LoadedPlan> found = load_and_show(options, files);
  if (!found) {
    return ExitCode::usage;
  }
  const std::size_t findings = found->diagnostics.size();
  if (options.is_json && !options.is_sarif) {
    Json json = {{"format", "plan-lint/1"}, {"findings", findings}};
    json["diagnostics"] = Json::parse(diagnostics_json(found->diagnostics, found->sources));
    add_fixed(json, options, files);
    print(Stream::out, json.dump(2) + "\n");
  } else if (!options.is_sarif && findings == 0) {
    print(Stream::out, "nothing to say\n");
  }
  if (!found->plan) {
    return ExitCode::not_proven;
  }
  return findings == 0 ? ExitCode::done : ExitCode::changes_pending;
}

}  // namespace plan
