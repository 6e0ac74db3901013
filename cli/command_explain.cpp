#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/load_plan.hpp"
#include "cli/show.hpp"
#include "compiler/emit/describe.hpp"
#include "compiler/emit/explain_step.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/spell.hpp"
#include "stdlib/embedded.hpp"

namespace plan {

namespace {

using Json = nlohmann::ordered_json;

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
  }
  return "";
}

// The page of a code; empty if it has none.
std::string_view page_of(std::string_view code) {
  const std::string wanted = fmt::format("docs/errors/{}.md", code);
  const auto files = embedded_files();
  const auto found = std::ranges::find(files, wanted, &EmbeddedFile::name);
  return found == files.end() ? "" : found->text;
}

std::vector<const CodeInfo*> all_codes() {
  std::vector<const CodeInfo*> codes;
  for (std::size_t index = 0; index < code_count(); ++index) {
    codes.push_back(&info(static_cast<Code>(index)));
  }
  std::ranges::sort(codes, {}, &CodeInfo::code);
  return codes;
}

ExitCode list_codes(const Options& options) {
  Json list = Json::array();
  std::string text;
  for (const CodeInfo* code : all_codes()) {
    list.push_back({{"code", code->code},
                    {"severity", severity_name(code->severity)},
                    {"name", code->slug},
                    {"message", code->format}});
    text += fmt::format("{}  {:7}  {}\n", code->code, severity_name(code->severity), code->format);
  }
  print(Stream::out, options.is_json ? list.dump(2) + "\n" : text);
  return ExitCode::done;
}

ExitCode explain_code(const std::string& wanted, const Options& options) {
  std::string upper = wanted;
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const CodeInfo* code = find_code(upper);
  code = code != nullptr ? code : find_code(wanted);
  if (code == nullptr) {
    std::vector<std::string_view> names;
    for (const CodeInfo* each : all_codes()) {
      names.push_back(each->code);
      names.push_back(each->slug);
    }
    const std::string_view near = nearest(wanted, names);
    show_problem(fmt::format("there is no code `{}`{}; `plan explain` lists all", wanted,
                             near.empty() ? "" : fmt::format(" (did you mean `{}`?)", near)),
                 options);
    return ExitCode::usage;
  }
  const std::string_view page = page_of(code->code);
  if (options.is_json) {
    const Json json = {{"code", code->code},
                       {"severity", severity_name(code->severity)},
                       {"name", code->slug},
                       {"message", code->format},
                       {"page", page}};
    print(Stream::out, json.dump(2) + "\n");
    return ExitCode::done;
  }
  print(Stream::out,
        page.empty() ? fmt::format("{}: {}\n", code->code, code->format) : std::string(page));
  return ExitCode::done;
}

std::string place_of(const SourceMap& sources, Span span) {
  if (span.is_none() || sources.file_count() == 0) {
    return "";
  }
  const Location location = sources.locate(span.begin);
  return fmt::format("  ({}:{})", sources.name(location.file), location.line);
}

void show_step(const Plan& plan, StepId id, const SourceMap& sources, const Options& options) {
  const emit::Description step = emit::describe(plan, id);
  const auto sections =
      emit::explain_step(plan, id, [&](Span span) { return place_of(sources, span); });
  std::string text = fmt::format("step {}{} on {}{}\n", step.name,
                                 step.operation.empty() ? "" : " = " + step.operation, step.host,
                                 place_of(sources, plan.steps[id.index].span));
  Json json = {{"step", step.name}};
  for (const emit::Section& section : sections) {
    json[section.key] = section.lines;
    text += fmt::format("\n  {}\n", section.heading);
    for (const std::string& line : section.lines) {
      text += "    " + line + "\n";
    }
  }
  print(Stream::out, options.is_json ? json.dump(2) + "\n" : text);
}

ExitCode explain_one_step(const Options& options) {
  const LoadedPlan loaded = load_plan(options, InputNeed::none);
  if (const std::optional<ExitCode> code = report_problems(loaded, options)) {
    return *code;
  }
  const std::string& wanted = options.topic[1];
  const auto& steps = loaded.plan->steps;
  const auto found = std::ranges::find(steps, wanted, &Step::name);
  if (found == steps.end()) {
    std::vector<std::string_view> names;
    for (const Step& step : steps) {
      names.push_back(step.name);
    }
    const std::string_view near = nearest(wanted, names);
    show_problem(fmt::format("the plan has no step `{}`{}", wanted,
                             near.empty() ? "" : fmt::format("; did you mean `{}`?", near)),
                 options);
    return ExitCode::usage;
  }
  const StepId id{static_cast<std::uint32_t>(found - steps.begin())};
  show_step(*loaded.plan, id, loaded.sources, options);
  return ExitCode::done;
}

}  // namespace

ExitCode run_explain(const Options& options) {
  if (options.topic.empty()) {
    return list_codes(options);
  }
  return options.topic[0] == "step" ? explain_one_step(options)
                                    : explain_code(options.topic[0], options);
}

}  // namespace plan
