#include "compiler/emit/html.hpp"

#include <fmt/core.h>

#include "compiler/emit/dot.hpp"
#include "compiler/emit/html_text.hpp"
#include "compiler/emit/json.hpp"
#include "compiler/emit/page.hpp"
#include "compiler/emit/svg.hpp"

namespace plan {

namespace {

// JSON that can stand in a script element: it must not hold "</script" or "<!--".
std::string inside_script(const std::string& json) {
  std::string result;
  result.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

std::string legend(const emit::View& view) {
  std::string result;
  for (const auto& [host, colour] : view.legend) {
    const emit::Colour& shown = emit::palette()[colour];
    result += fmt::format("<li><span style=\"background:{};border-color:{}\"></span>{}</li>",
                          shown.fill, shown.line, emit::html_escaped(host));
  }
  return result;
}

// Replaces the one `{{name}}` of a page part.
void fill(std::string& text, std::string_view name, std::string_view value) {
  const std::string place = "{{" + std::string(name) + "}}";
  const std::size_t found = text.find(place);
  if (found != std::string::npos) {
    text.replace(found, place.size(), value);
  }
}

}  // namespace

std::expected<std::string, std::string> emit_html(const Plan& plan,
                                                  const emit::GraphOptions& options) {
  emit::GraphOptions drawn = options;
  drawn.has_heading = false;  // the page has it
  std::expected<std::string, std::string> svg = emit_svg(plan, drawn);
  if (!svg) {
    return svg;
  }
  const std::size_t begin = svg->find("<svg");  // after the prologue, which HTML does not take
  std::string body(emit::page_body);
  fill(body, "title", emit::html_escaped(plan.title));
  fill(body, "legend", legend(emit::view_of(plan)));
  fill(body, "svg", std::string_view(*svg).substr(begin == std::string::npos ? 0 : begin));
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  page +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n";
  page += "<title>" + emit::html_escaped(plan.title) + "</title>\n<style>" +
          std::string(emit::page_style) + "</style>\n</head>\n";
  page += body;
  page += "<script type=\"application/json\" id=\"data\">" +
          inside_script(emit_graph_json(plan, options)) + "</script>\n";
  page += "<script>" + std::string(emit::page_script) + "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace plan
