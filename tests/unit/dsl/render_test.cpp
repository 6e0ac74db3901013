#include "dsl/render.hpp"

#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "dsl/parse.hpp"

namespace {

using namespace plan;

struct Sample {
  SourceMap sources;
  Diagnostics diagnostics;
  FileId file;

  explicit Sample(std::string text) { file = sources.add("a.plan", std::move(text)); }

  [[nodiscard]] Span at(std::string_view what) const {
    const auto begin = static_cast<std::uint32_t>(sources.text(file).find(what));
    return {sources.base(file) + begin,
            sources.base(file) + begin + static_cast<std::uint32_t>(what.size())};
  }
};

}  // namespace

TEST_CASE("a diagnostic shows its places, schedule, notes and helps") {
  Sample sample("step one = f(a)\n\n\nstep two = g(b)\n");
  sample.diagnostics.report<Code::unexpected_token>(sample.at("g(b)"), "x", "y")
      .at_primary("needs it")
      .label(sample.at("one"), "gives it")
      .note("a note")
      .help("a help");
  auto& diagnostic = const_cast<Diagnostic&>(sample.diagnostics.items().front());
  diagnostic.schedule = {{{"two", "x is true"}, {"one"}}, "one needs not x"};
  CHECK(render(diagnostic, sample.sources) ==
        "error[E0006]: expected x, found y\n"
        "  --> a.plan:4:12\n"
        "   |\n"
        " 1 | step one = f(a)\n"
        "   |      --- gives it\n"
        "....\n"
        " 4 | step two = g(b)\n"
        "   |            ^^^^ needs it\n"
        "   = a schedule that goes wrong:\n"
        "        1. two  x is true\n"
        "        2. one\n"
        "           violated: one needs not x\n"
        "   = note: a note\n"
        "   = help: a help\n"
        "   = explain: plan explain E0006\n");
}

TEST_CASE("two places of one line share it, each with its text") {
  Sample sample("step two = g(b)\n");
  sample.diagnostics.report<Code::unexpected_token>(sample.at("b"), "x", "y")
      .at_primary("here")
      .label(sample.at("two"), "this one")
      .label(sample.at("g"), "and this");
  CHECK(render(sample.diagnostics.items().front(), sample.sources, {.has_explain = false}) ==
        "error[E0006]: expected x, found y\n"
        "  --> a.plan:1:14\n"
        "   |\n"
        " 1 | step two = g(b)\n"
        "   |      ---   - ^ here\n"
        "   |      |     |\n"
        "   |      |     and this\n"
        "   |      |\n"
        "   |      this one\n");
}

TEST_CASE("carets count cells, and control characters do not reach the terminal") {
  Sample sample("let a = \"日本\" \x1b[31m + x\n");
  sample.diagnostics.report<Code::unexpected_token>(sample.at("x"), "p", "q");
  const std::string text = render(sample.diagnostics.items().front(), sample.sources);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("   | " + std::string(23, ' ') + "^\n") != std::string::npos);
}

TEST_CASE("colours only add escape sequences") {
  Sample sample("let a = b\n");
  sample.diagnostics.report<Code::unexpected_token>(sample.at("b"), "p", "q");
  const Diagnostic& diagnostic = sample.diagnostics.items().front();
  std::string coloured = render(diagnostic, sample.sources, {.has_colour = true});
  for (std::size_t escape = coloured.find('\x1b'); escape != std::string::npos;
       escape = coloured.find('\x1b')) {
    coloured.erase(escape, coloured.find('m', escape) - escape + 1);
  }
  CHECK(coloured == render(diagnostic, sample.sources));
}

TEST_CASE("a very long line is shown around its mark") {
  Sample sample("let a = " + std::string(100'000, 'x') + " ! y\n");
  sample.diagnostics.report<Code::unexpected_token>(sample.at("!"), "p", "q");
  CHECK(render(sample.diagnostics.items().front(), sample.sources).size() < 1000);
}

TEST_CASE("JSON and SARIF are JSON whatever the bytes are") {
  Sample sample("let a = \"\xFF\"\nlet b = 1\n");
  sample.diagnostics.report<Code::unexpected_token>(sample.at("let b"), "\xFE", "q")
      .label({}, "nowhere")
      .fix({.span = sample.at("b"), .replacement = "c", .description = "d"});
  sample.diagnostics.report<Code::source_too_large>({});
  const auto json = nlohmann::json::parse(render_json(sample.diagnostics, sample.sources));
  CHECK(json["version"] == 1);
  CHECK(json["diagnostics"][0]["place"]["line"] == 2);
  CHECK(json["diagnostics"][1]["place"].is_null());
  const auto sarif = nlohmann::json::parse(render_sarif(sample.diagnostics, sample.sources));
  CHECK(sarif["version"] == "2.1.0");
  const auto& results = sarif["runs"][0]["results"];
  CHECK(results[0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 2);
  CHECK(results[0]["fixes"].size() == 1);
  CHECK(results[1]["locations"].empty());
}

TEST_CASE("the summary counts") {
  Sample sample("let a = b\n");
  CHECK(summary(sample.diagnostics).empty());
  sample.diagnostics.report<Code::source_too_large>({});
  CHECK(summary(sample.diagnostics) == "1 error");
}
