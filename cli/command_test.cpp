#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/load_plan.hpp"
#include "cli/show.hpp"
#include "cli/terminal.hpp"
#include "runtime/sim/plan_test.hpp"

namespace plan {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const sim::TestResult& result) {
  return {{"title", result.title},
          {"passed", result.passed},
          {"runs", result.runs},
          {"crash_points", result.crash_points},
          {"failures", result.failures}};
}

std::string text_of(const sim::TestResult& result, bool colored) {
  std::string text = fmt::format("{}  {}  ({} {}",
                                 styled(result.passed ? "passed" : "FAILED",
                                        result.passed ? Style::green : Style::red, colored),
                                 result.title, result.runs, result.runs == 1 ? "run" : "runs");
  text +=
      result.crash_points > 0 ? fmt::format(", cut at {} places)\n", result.crash_points) : ")\n";
  for (const std::string& failure : result.failures) {
    text += "        " + failure + "\n";
  }
  return text;
}

}  // namespace

ExitCode run_test(const Options& options) {
  const LoadedPlan loaded = load_plan(options, InputNeed::none);
  if (const std::optional<ExitCode> code = report_problems(loaded, options)) {
    return *code;
  }
  const auto is_meant = [&](const Test& test) { return test.title.contains(options.filter); };
  if (!options.filter.empty() && std::ranges::none_of(loaded.plan->tests, is_meant)) {
    show_problem("no test of the plan has `" + options.filter + "` in its title", options);
    return ExitCode::usage;
  }
  const bool colored = wants_color(options.color, Stream::out);
  Json list = Json::array();
  std::size_t failed = 0;
  for (const Test& test : loaded.plan->tests) {
    if (!is_meant(test)) {
      continue;
    }
    const sim::TestResult result = sim::run_test(*loaded.plan, test);
    failed += result.passed ? 0 : 1;
    list.push_back(json_of(result));
    if (!options.is_json) {
      print(Stream::out, text_of(result, colored));
    }
  }
  if (options.is_json) {
    const Json json = {{"format", "plan-test/1"}, {"passed", failed == 0}, {"tests", list}};
    print(Stream::out, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    print(Stream::out, list.empty() ? "the plan has no tests\n"
                                    : fmt::format("{} tests, {} failed\n", list.size(), failed));
  }
  return failed == 0 ? ExitCode::done : ExitCode::not_proven;
}

}  // namespace plan
