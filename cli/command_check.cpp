#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/disk_loader.hpp"
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
    preflight.push_back({{"step", found.name}, {"condition", found.requires_[requirement].text}});
  }
  json["preflight"] = std::move(preflight);
  return json;
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
  const LoadedPlan loaded = load_plan(options, InputNeed::none);
  if (!loaded.problem.empty()) {
    show_problem(loaded.problem, options);
    return ExitCode::usage;
  }
  if (options.is_sarif || (!options.is_json && loaded.diagnostics.size() > 0)) {
    show_diagnostics(loaded.diagnostics, loaded.sources, options);
  }
  if (options.is_json && !options.is_sarif) {
    print(Stream::out, json_of(loaded).dump(2) + "\n");
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

}  // namespace plan
