// The registry of diagnostics is closed: every code has a page whose examples behave as the page
// says, is reported somewhere, and is expected by a test; every page has a code.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "compiler/compile.hpp"
#include "compiler/emit/dot.hpp"
#include "compiler/emit/mermaid.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/render.hpp"
#include "tests/tidy/project_files.hpp"

namespace plan {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// All text of the files below `folders` whose extension is one of `extensions`.
std::string read_all(const std::vector<std::string>& folders,
                     const std::set<std::string>& extensions) {
  std::string text;
  for (const fs::path& file : project_files(folders)) {
    if (extensions.contains(file.extension().string())) {
      text += read_file(file);
    }
  }
  return text;
}

std::string page_of(const CodeInfo& code) {
  return read_file(fs::path("docs/errors") / (std::string(code.code) + ".md"));
}

// The example under the heading `**Wrong**` or `**Right**`: files by name, "main.plan" first. A
// line
// `#: file NAME` begins the next one.
std::map<std::string, std::string> example(const std::string& page, std::string_view heading) {
  const std::string marker = "**" + std::string(heading) + "**\n\n```plan\n";
  const auto begin = page.find(marker);
  if (begin == std::string::npos) {
    return {};
  }
  const auto end = page.find("\n```", begin + marker.size());
  std::map<std::string, std::string> files;
  std::string name = "main.plan";
  std::string line;
  for (const char character : page.substr(begin + marker.size(), end + 1 - begin - marker.size())) {
    line += character;
    if (character != '\n') {
      continue;
    }
    if (line.starts_with("#: file ")) {
      name = line.substr(8, line.size() - 9);
    } else {
      files[name] += line;
    }
    line.clear();
  }
  return files;
}

class MapLoader : public SourceLoader {
 public:
  explicit MapLoader(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  [[nodiscard]] std::optional<std::string> read(std::string_view path, std::string& why) override {
    std::string name(path);
    if (name.starts_with("./")) {
      name.erase(0, 2);
    }
    const auto found = files_.find(name);
    if (found == files_.end()) {
      why = "no such file";
      return std::nullopt;
    }
    return found->second;
  }

 private:
  std::map<std::string, std::string> files_;
};

// Rules that only `plan lint` applies: their pages say so.
std::set<std::string> codes_of(const std::map<std::string, std::string>& files, bool is_lint) {
  SourceMap sources;
  MapLoader loader(files);
  Diagnostics diagnostics;
  CompileOptions options;
  options.entry = "main.plan";
  options.is_lint = is_lint;
  if (files.contains("inputs.plan")) {
    options.inputs_file = "inputs.plan";
  }
  (void)compile(sources, loader, options, diagnostics);
  std::set<std::string> codes;
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    codes.emplace(info(diagnostic.code).code);
  }
  return codes;
}

TEST_CASE("every code has a page, every page a code") {
  std::set<std::string> pages;
  for (const auto& entry : fs::directory_iterator("docs/errors")) {
    pages.insert(entry.path().stem().string());
  }
  for (std::size_t index = 0; index < code_count(); ++index) {
    const CodeInfo& code = info(static_cast<Code>(index));
    INFO(code.code << " " << code.slug);
    CHECK(pages.erase(std::string(code.code)) == 1);
  }
  for (const std::string& page : pages) {
    FAIL_CHECK("docs/errors/" << page << ".md has no code");
  }
}

TEST_CASE("every page that shows an example tells the truth") {
  std::size_t examples = 0;
  for (std::size_t index = 0; index < code_count(); ++index) {
    const CodeInfo& code = info(static_cast<Code>(index));
    const std::string page = page_of(code);
    const auto wrong = example(page, "Wrong");
    const auto right = example(page, "Right");
    if (wrong.empty()) {
      continue;
    }
    ++examples;
    INFO(code.code << " " << code.slug);
    const bool is_lint = page.substr(0, page.find("**Wrong**")).contains("`plan lint");
    CHECK(codes_of(wrong, is_lint) == std::set<std::string>{std::string(code.code)});
    CHECK_FALSE(right.empty());
    CHECK(codes_of(right, is_lint) == std::set<std::string>{});
  }
  WARN("pages with examples that were compiled: " << examples);
}

TEST_CASE("every page says the rule, shows what is wrong and what is right, and why it matters") {
  for (std::size_t index = 0; index < code_count(); ++index) {
    const CodeInfo& code = info(static_cast<Code>(index));
    const std::string page = page_of(code);
    INFO(code.code << " " << code.slug);
    CHECK(page.starts_with("# " + std::string(code.code) + "\n\n"));
    const bool has_example = page.contains("**Wrong**") && page.contains("**Right**");
    CHECK((has_example || page.contains("**No example:**")));
    CHECK(page.contains("3 a.m."));
    CHECK(page.contains("Related:"));
  }
}

TEST_CASE("every code that a source can cause has an example") {
  for (std::size_t index = 0; index < code_count(); ++index) {
    const CodeInfo& code = info(static_cast<Code>(index));
    const bool is_static = code.code.starts_with("E00") || code.code.starts_with("E01") ||
                           code.code.starts_with("E02") || code.code.starts_with("E03") ||
                           code.code.starts_with("E04") || code.code.starts_with("W");
    const std::string page = page_of(code);
    INFO(code.code << " " << code.slug);
    CHECK((!is_static || !example(page, "Wrong").empty() || page.contains("**No example:**")));
  }
}

// A code is expected where a test names it; one whose page has an example, by that.
TEST_CASE("every code is reported somewhere and expected somewhere") {
  const std::string sources = read_all({"dsl", "compiler", "runtime", "cli"}, {".cpp", ".hpp"});
  const std::string tests =
      read_all({"tests"}, {".plan", ".cpp", ".sh", ".txt", ".rendered"}) + [] {
        std::string pages;
        for (std::size_t index = 0; index < code_count(); ++index) {
          const CodeInfo& code = info(static_cast<Code>(index));
          pages += example(page_of(code), "Wrong").empty() ? "" : std::string(code.code) + " ";
        }
        return pages;
      }();
  for (std::size_t index = 0; index < code_count(); ++index) {
    const CodeInfo& code = info(static_cast<Code>(index));
    INFO(code.code << " " << code.slug);
    CHECK(sources.contains("Code::" + std::string(code.slug)));
    CHECK((tests.contains(code.code) || tests.contains("Code::" + std::string(code.slug))));
  }
}

// Refusals of order and proof that have no schedule, and why.
const std::map<std::string, std::string> without_schedule = {
    {"E0414", "nobody knows whether a schedule goes wrong: the search was given up"},
};

bool is_about_schedules(const Diagnostic& diagnostic) {
  const std::string_view code = info(diagnostic.code).code;
  return code.starts_with("E03") || code.starts_with("E04");
}

// Whether the schedule is told in the text, for programs, and in the drawings of the refused plan.
void check_schedule(const Diagnostics& diagnostics,
                    std::size_t index,
                    const SourceMap& sources,
                    const Plan* refused) {
  const Diagnostic& diagnostic = diagnostics.items()[index];
  const std::string code(info(diagnostic.code).code);
  INFO(render(diagnostic, sources));
  CHECK(diagnostic.schedule.is_empty() == without_schedule.contains(code));
  if (diagnostic.schedule.is_empty()) {
    return;
  }
  CHECK_FALSE(diagnostic.schedule.moments.empty());
  CHECK_FALSE(diagnostic.schedule.violated.empty());
  CHECK(render(diagnostic, sources).contains("a schedule that goes wrong"));
  const auto json = nlohmann::json::parse(render_json(diagnostics, sources));
  CHECK(json["diagnostics"][index]["schedule"]["steps"].size() ==
        diagnostic.schedule.moments.size());
  const auto sarif = nlohmann::json::parse(render_sarif(diagnostics, sources));
  const auto& flow = sarif["runs"][0]["results"][index]["codeFlows"][0];
  CHECK(flow["threadFlows"][0]["locations"].size() == diagnostic.schedule.moments.size());
  REQUIRE(refused != nullptr);
  const emit::GraphOptions options{.schedule = diagnostic.schedule};
  CHECK(emit_dot(*refused, options).contains("a schedule that goes wrong"));
  CHECK(emit_mermaid(*refused, options).contains("a schedule that goes wrong"));
}

TEST_CASE("every refusal of order and proof has a schedule, in every format, or says why not") {
  std::set<std::string> missing;
  for (std::size_t index = 0; index < code_count(); ++index) {
    const std::string code(info(static_cast<Code>(index)).code);
    if (code.starts_with("E03") || code.starts_with("E04")) {
      missing.insert(code);
    }
  }
  const auto look = [&](SourceLoader& loader, const std::string& entry) {
    INFO(entry);
    SourceMap sources;
    Diagnostics diagnostics;
    CompileOptions options;
    options.entry = entry;
    const CompileResult result = compile(sources, loader, options, diagnostics);
    for (std::size_t index = 0; index < diagnostics.size(); ++index) {
      const Diagnostic& diagnostic = diagnostics.items()[index];
      if (is_about_schedules(diagnostic)) {
        check_schedule(diagnostics, index, sources, result.refused ? &*result.refused : nullptr);
        missing.erase(std::string(info(diagnostic.code).code));
      }
    }
  };
  for (std::size_t index = 0; index < code_count(); ++index) {
    MapLoader loader(example(page_of(info(static_cast<Code>(index))), "Wrong"));
    look(loader, "main.plan");
  }
  for (const auto& entry : fs::recursive_directory_iterator("tests/golden")) {
    if (entry.path().extension() == ".plan") {
      std::map<std::string, std::string> files;
      for (const auto& other : fs::directory_iterator(entry.path().parent_path())) {
        files[other.path().filename().string()] =
            other.is_regular_file() ? read_file(other.path()) : "";
      }
      MapLoader loader(files);
      look(loader, entry.path().filename().string());
    }
  }
  CHECK(missing == std::set<std::string>{});
}

}  // namespace
}  // namespace plan
