#include <expected>

#include "cli/commands.hpp"
#include "cli/disk_loader.hpp"
#include "cli/load_plan.hpp"
#include "cli/show.hpp"
#include "compiler/emit/dot.hpp"
#include "compiler/emit/html.hpp"
#include "compiler/emit/json.hpp"
#include "compiler/emit/mermaid.hpp"
#include "compiler/emit/svg.hpp"

namespace plan {

namespace {

std::expected<std::string, std::string> emit_as(GraphFormat format,
                                                const Plan& plan,
                                                const emit::GraphOptions& options) {
  switch (format) {
    case GraphFormat::dot:
      return emit_dot(plan, options);
    case GraphFormat::mermaid:
      return emit_mermaid(plan, options);
    case GraphFormat::svg:
      return emit_svg(plan, options);
    case GraphFormat::json:
      return emit_graph_json(plan, options);
    case GraphFormat::html:
      return emit_html(plan, options);
  }
  return std::unexpected("unknown format");
}

// Of a refused plan: the first schedule that goes wrong.
Counterexample first_schedule(const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    if (!diagnostic.schedule.is_empty()) {
      return diagnostic.schedule;
    }
  }
  return {};
}

}  // namespace

ExitCode run_graph(const Options& options) {
  const LoadedPlan loaded = load_plan(options, InputNeed::none);
  const std::optional<ExitCode> problem = report_problems(loaded, options);
  if (problem && !(loaded.refused && !options.is_json)) {
    return *problem;
  }
  const GraphFormat format = options.is_json ? GraphFormat::json : options.format;
  const std::expected<std::string, std::string> text =
      emit_as(format, problem ? *loaded.refused : *loaded.plan,
              {.shows_implied_edges = options.shows_all_edges,
               .schedule = problem ? first_schedule(loaded.diagnostics) : Counterexample{}});
  if (!text) {
    show_problem(text.error(), options);
    return ExitCode::run_failed;
  }
  const std::string target = options.output.value_or("-");
  if (const auto written = write_file(target, *text); !written) {
    show_problem("cannot write `" + target + "`: " + written.error(), options);
    return ExitCode::usage;
  }
  return problem.value_or(ExitCode::done);
}

}  // namespace plan
