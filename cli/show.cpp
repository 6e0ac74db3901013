#include "cli/show.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/terminal.hpp"
#include "dsl/render.hpp"

namespace plan {

namespace {

// A compiled plan comes without its sources: then there is no place to show.
Diagnostics without_places(const Diagnostics& diagnostics) {
  Diagnostics result;
  for (Diagnostic diagnostic : diagnostics.items()) {
    diagnostic.primary = {};
    diagnostic.labels.clear();
    diagnostic.fixes.clear();
    result.append(std::move(diagnostic));
  }
  return result;
}

}  // namespace

void show_diagnostics(const Diagnostics& diagnostics,
                      const SourceMap& sources,
                      const Options& options) {
  if (sources.file_count() == 0) {
    SourceMap empty;
    empty.add("", "");
    show_diagnostics(without_places(diagnostics), empty, options);
    return;
  }
  if (options.is_sarif) {
    print(Stream::out, render_sarif(diagnostics, sources));
    return;
  }
  if (options.is_json) {
    print(Stream::out, render_json(diagnostics, sources));
    return;
  }
  if (diagnostics.size() > 0) {
    print(Stream::error, render_all(diagnostics, sources,
                                    {.has_colour = wants_color(options.color, Stream::error)}));
  }
}

std::string diagnostics_json(const Diagnostics& diagnostics, const SourceMap& sources) {
  const std::string text = sources.file_count() == 0
                               ? render_json(without_places(diagnostics), sources)
                               : render_json(diagnostics, sources);
  return nlohmann::ordered_json::parse(text).at("diagnostics").dump();
}

void show_problem(std::string_view problem, const Options& options) {
  if (options.is_json) {
    const nlohmann::ordered_json json = {{"error", problem}};
    print(Stream::out,
          json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    return;
  }
  print(Stream::error, fmt::format("plan: {}\n", problem));
}

}  // namespace plan
