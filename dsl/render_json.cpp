#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "dsl/display_width.hpp"
#include "dsl/render.hpp"

namespace plan {

namespace {

using Json = nlohmann::ordered_json;

std::string_view level_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
  }
  return "note";
}

// Bytes that are not UTF-8 become U+FFFD: names of files and excerpts may hold any.
std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

// --- our own form

Json place_of(Span span, const SourceMap& sources) {
  if (span.is_none()) {
    return nullptr;
  }
  const Location begin = sources.locate(span.begin);
  const Location end = sources.locate(span.end);
  return {{"file", sources.name(begin.file)}, {"line", begin.line},
          {"column", begin.column},           {"end_line", end.line},
          {"end_column", end.column},         {"offset", span.begin - sources.base(begin.file)},
          {"length", span.end - span.begin}};
}

Json json_of(const Counterexample& schedule) {
  if (schedule.is_empty()) {
    return nullptr;
  }
  Json steps = Json::array();
  for (const Moment& moment : schedule.moments) {
    steps.push_back({{"step", moment.step}, {"then", moment.then}});
  }
  return {{"steps", std::move(steps)}, {"violated", schedule.violated}};
}

Json json_of(const Diagnostic& diagnostic, const SourceMap& sources) {
  const CodeInfo& code = info(diagnostic.code);
  Json json = {{"code", code.code},
               {"name", code.slug},
               {"severity", level_of(diagnostic.severity)},
               {"message", diagnostic.message},
               {"place", place_of(diagnostic.primary, sources)},
               {"text", diagnostic.primary_text},
               {"labels", Json::array()},
               {"notes", diagnostic.notes},
               {"helps", diagnostic.helps},
               {"schedule", json_of(diagnostic.schedule)},
               {"fixes", Json::array()}};
  for (const Label& label : diagnostic.labels) {
    json["labels"].push_back({{"place", place_of(label.span, sources)}, {"text", label.text}});
  }
  for (const Fix& fix : diagnostic.fixes) {
    json["fixes"].push_back({{"place", place_of(fix.span, sources)},
                             {"replacement", fix.replacement},
                             {"description", fix.description},
                             {"safe", fix.is_safe}});
  }
  return json;
}

// --- SARIF

std::uint32_t code_point_column(std::uint32_t offset, const SourceMap& sources) {
  const std::string_view line = sources.line_text(offset);
  const FileId file = sources.file_of({offset, offset});
  const auto line_begin = static_cast<std::size_t>(line.data() - sources.text(file).data());
  std::string_view before = line.substr(0, offset - sources.base(file) - line_begin);
  std::uint32_t column = 1;
  for (; !before.empty(); ++column) {
    before.remove_prefix(decode_utf8(before).size_bytes);
  }
  return column;
}

Json region_of(Span span, const SourceMap& sources) {
  return {{"startLine", sources.locate(span.begin).line},
          {"startColumn", code_point_column(span.begin, sources)},
          {"endLine", sources.locate(span.end).line},
          {"endColumn", code_point_column(span.end, sources)}};
}

Json artifact_of(Span span, const SourceMap& sources) {
  return {{"uri", sources.name(sources.file_of(span))}};
}

Json location_of(Span span, const SourceMap& sources) {
  return {
      {"physicalLocation",
       {{"artifactLocation", artifact_of(span, sources)}, {"region", region_of(span, sources)}}}};
}

Json sarif_fix(const Fix& fix, const SourceMap& sources) {
  const Json replacement = {{"deletedRegion", region_of(fix.span, sources)},
                            {"insertedContent", {{"text", fix.replacement}}}};
  const Json change = {{"artifactLocation", artifact_of(fix.span, sources)},
                       {"replacements", Json::array({replacement})}};
  return {{"description", {{"text", fix.description}}}, {"artifactChanges", Json::array({change})}};
}

std::string sarif_text(const Diagnostic& diagnostic) {
  std::string text = diagnostic.message;
  const auto& moments = diagnostic.schedule.moments;
  for (std::size_t index = 0; index < moments.size(); ++index) {
    text += "\n" + std::to_string(index + 1) + ". " + moments[index].step +
            (moments[index].then.empty() ? "" : ": " + moments[index].then);
  }
  if (!diagnostic.schedule.violated.empty()) {
    text += "\nviolated: " + diagnostic.schedule.violated;
  }
  for (const std::string& note : diagnostic.notes) {
    text += "\nnote: " + note;
  }
  for (const std::string& help : diagnostic.helps) {
    text += "\nhelp: " + help;
  }
  for (const Fix& fix : diagnostic.fixes) {
    text += "\nhelp: " + fix.description;
  }
  return text;
}

// The counter-example as SARIF has it: a code flow of one thread. A moment has no place of its own,
// so each is told at the diagnostic's.
Json code_flow(const Diagnostic& diagnostic, const SourceMap& sources) {
  Json locations = Json::array();
  for (const Moment& moment : diagnostic.schedule.moments) {
    Json location =
        diagnostic.primary.is_none() ? Json::object() : location_of(diagnostic.primary, sources);
    location["message"] = {{"text", moment.step + (moment.then.empty() ? "" : ": " + moment.then)}};
    locations.push_back({{"location", std::move(location)}});
  }
  return {{"message", {{"text", diagnostic.schedule.violated}}},
          {"threadFlows", Json::array({Json{{"locations", std::move(locations)}}})}};
}

Json result_of(const Diagnostic& diagnostic, const SourceMap& sources) {
  Json result = {{"ruleId", info(diagnostic.code).code},
                 {"ruleIndex", static_cast<std::size_t>(diagnostic.code)},
                 {"level", level_of(diagnostic.severity)},
                 {"message", {{"text", sarif_text(diagnostic)}}},
                 {"locations", Json::array()}};
  if (!diagnostic.primary.is_none()) {
    result["locations"].push_back(location_of(diagnostic.primary, sources));
  }
  for (const Label& label : diagnostic.labels) {
    if (!label.span.is_none()) {
      Json related = location_of(label.span, sources);
      related["message"] = {{"text", label.text}};
      result["relatedLocations"].push_back(related);
    }
  }
  if (!diagnostic.schedule.is_empty()) {
    result["codeFlows"].push_back(code_flow(diagnostic, sources));
  }
  for (const Fix& fix : diagnostic.fixes) {
    if (!fix.span.is_none()) {
      result["fixes"].push_back(sarif_fix(fix, sources));
    }
  }
  return result;
}

Json rules() {
  Json rules = Json::array();
  for (std::size_t index = 0; index < code_count(); ++index) {
    const CodeInfo& code = info(static_cast<Code>(index));
    rules.push_back({{"id", code.code},
                     {"name", code.slug},
                     {"shortDescription", {{"text", code.format}}},
                     {"defaultConfiguration", {{"level", level_of(code.severity)}}}});
  }
  return rules;
}

}  // namespace

std::string render_json(const Diagnostics& diagnostics, const SourceMap& sources) {
  Json list = Json::array();
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    list.push_back(json_of(diagnostic, sources));
  }
  return dump({{"version", 1}, {"diagnostics", list}});
}

std::string render_sarif(const Diagnostics& diagnostics, const SourceMap& sources) {
  Json results = Json::array();
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    results.push_back(result_of(diagnostic, sources));
  }
  const Json run = {{"tool", {{"driver", {{"name", "plan"}, {"rules", rules()}}}}},
                    {"columnKind", "unicodeCodePoints"},
                    {"results", results}};
  return dump({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
               {"version", "2.1.0"},
               {"runs", Json::array({run})}});
}

}  // namespace plan
