#include "cli/commands.hpp"
#include "cli/disk_loader.hpp"
#include "cli/load_plan.hpp"
#include "cli/show.hpp"
#include "cli/terminal.hpp"
#include "compiler/emit/runbook.hpp"

namespace plan {

namespace {

std::string write(DocFormat format, const Plan& plan) {
  switch (format) {
    case DocFormat::markdown:
      return emit_runbook(plan);
    case DocFormat::html:
      return emit_runbook_html(plan);
  }
  return "";
}

}  // namespace

ExitCode run_doc(const Options& options) {
  const LoadedPlan loaded = load_plan(options, InputNeed::none);
  if (const std::optional<ExitCode> code = report_problems(loaded, options)) {
    return *code;
  }
  const std::string text =
      options.is_json ? emit_runbook_json(*loaded.plan) : write(options.doc_format, *loaded.plan);
  const std::string target = options.output.value_or("-");
  if (const auto written = write_file(target, text); !written) {
    show_problem("cannot write `" + target + "`: " + written.error(), options);
    return ExitCode::usage;
  }
  return ExitCode::done;
}

}  // namespace plan
