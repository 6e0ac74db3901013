#include "cli/load_plan.hpp"

#include <algorithm>
#include <utility>

#include "cli/disk_loader.hpp"
#include "cli/environment.hpp"
#include "cli/fix_files.hpp"
#include "cli/show.hpp"
#include "compiler/digest.hpp"
#include "compiler/inputs_file.hpp"
#include "compiler/prove.hpp"

namespace plan {

namespace {

bool is_compiled_plan(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string::npos && text[first] == '{';
}

// Of a compiled plan the inputs are part; where its secrets come from is not.
void read_inputs_of_compiled(const Options& options,
                             InputNeed need,
                             SourceLoader& loader,
                             LoadedPlan& loaded) {
  if (options.inputs_file) {
    std::string why;
    const std::optional<std::string> text = loader.read(*options.inputs_file, why);
    if (!text) {
      loaded.problem = "cannot read `" + *options.inputs_file + "`: " + why;
      return;
    }
    SourceMap sources;
    loaded.secret_sources =
        read_secret_sources(sources, *options.inputs_file, *text, *loaded.plan, loaded.diagnostics);
    if (loaded.diagnostics.has_errors()) {
      loaded.sources = std::move(sources);  // else nothing will be shown of it
    }
  }
  for (const Input& input : loaded.plan->inputs) {
    if (need == InputNeed::all && !input.is_secret && !input.value) {
      loaded.diagnostics.report<Code::missing_input>(Span{}, input.name)
          .help("give it when the plan is compiled: plan check PLAN --inputs FILE --out " +
                options.file);
    }
  }
}

void read_compiled(const std::string& text,
                   const Options& options,
                   InputNeed need,
                   SourceLoader& loader,
                   LoadedPlan& loaded) {
  loaded.was_compiled = true;
  if (!options.set.empty()) {
    loaded.problem = "`" + options.file +
                     "` is a compiled plan: its inputs are part of it, --set "
                     "has no meaning";
    return;
  }
  std::expected<Plan, std::string> plan = plan_from_json(text);
  if (!plan) {
    loaded.problem = "`" + options.file + "` is no compiled plan: " + plan.error();
    return;
  }
  loaded.plan = std::move(*plan);
  read_inputs_of_compiled(options, need, loader, loaded);
  if (options.command == Command::check && options.certificate) {
    loaded.certificate = prove_with_certificate(*loaded.plan, loaded.diagnostics);
    loaded.refused =
        loaded.diagnostics.has_errors() ? std::exchange(loaded.plan, std::nullopt) : std::nullopt;
  }
}

// What was read of the plan already is not read again: it may be large, and it may have changed.
class RestOfSources final : public SourceLoader {
 public:
  RestOfSources(SourceLoader& rest, std::string_view path, std::string text)
      : rest_(rest), path_(path), text_(std::move(text)) {}

  std::optional<std::string> read(std::string_view path, std::string& why) override {
    return path == path_ && text_ ? std::exchange(text_, std::nullopt) : rest_.read(path, why);
  }

 private:
  SourceLoader& rest_;
  std::string_view path_;
  std::optional<std::string> text_;
};

}  // namespace

LoadedPlan load_plan(const Options& options, InputNeed need) {
  DiskLoader loader;
  return load_plan(options, need, loader);
}

LoadedPlan load_plan(const Options& options, InputNeed need, SourceLoader& loader) {
  LoadedPlan loaded;
  std::string why;
  std::optional<std::string> text = loader.read(options.file, why);
  if (!text) {
    loaded.problem = "cannot read `" + options.file + "`: " + why;
    return loaded;
  }
  if (text->find_first_not_of(" \t\r\n") == std::string::npos) {
    loaded.problem = "`" + options.file + "` is empty: a plan begins with `plan \"TITLE\"`";
    return loaded;
  }
  if (is_compiled_plan(*text)) {
    read_compiled(*text, options, need, loader, loaded);
    return loaded;
  }
  if (options.inputs_file) {
    if (!loader.read(*options.inputs_file, why)) {
      loaded.problem = "cannot read `" + *options.inputs_file + "`: " + why;
      return loaded;
    }
  }
  RestOfSources sources(loader, options.file, std::move(*text));
  CompileOptions compile_options;
  compile_options.entry = options.file;
  for (const auto& [name, value] : options.set) {
    compile_options.set[name] = {.text = value, .origin = "--set"};
  }
  compile_options.inputs_file = options.inputs_file;
  compile_options.wants_certificate = options.certificate.has_value();
  compile_options.require_inputs = need == InputNeed::all;
  for (const auto& [name, value] : environment_inputs()) {
    compile_options.environment[name] = {.text = value, .origin = input_variable(name)};
  }
  compile_options.is_lint = options.command == Command::lint;
  CompileResult result = compile(loaded.sources, sources, compile_options, loaded.diagnostics);
  loaded.diagnostics.sort();
  loaded.plan = std::move(result.plan);
  loaded.refused = std::move(result.refused);
  loaded.certificate = std::move(result.certificate);
  loaded.secret_sources = std::move(result.secret_sources);
  return loaded;
}

std::optional<ExitCode> report_problems(const LoadedPlan& loaded, const Options& options) {
  if (!loaded.problem.empty()) {
    show_problem(loaded.problem, options);
    return ExitCode::usage;
  }
  const bool is_proven = loaded.plan.has_value() && !loaded.diagnostics.has_errors();
  if (loaded.diagnostics.size() > 0 && (!is_proven || !options.is_json)) {
    show_diagnostics(loaded.diagnostics, loaded.sources, options);
  }
  return is_proven ? std::nullopt : std::optional(ExitCode::not_proven);
}

}  // namespace plan
