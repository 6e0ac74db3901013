// The runbooks of the shipped plans, word for word: what `plan doc` hands to people.
// PLAN_ACCEPT=1 writes them anew.
#include "compiler/emit/runbook.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.hpp"
#include "golden_case.hpp"

namespace plan::golden {

namespace {

namespace fs = std::filesystem;

class FolderLoader : public SourceLoader {
 public:
  explicit FolderLoader(fs::path folder) : folder_(std::move(folder)) {}

  std::optional<std::string> read(std::string_view path, std::string& why) override {
    const fs::path file = folder_ / path;
    if (!fs::is_regular_file(file)) {
      why = "no such file";
      return std::nullopt;
    }
    return read_text(file);
  }

 private:
  fs::path folder_;
};

Plan compiled(const std::string& name) {
  const fs::path root = fs::path(PLAN_GOLDEN_DIR) / ".." / "..";
  FolderLoader loader(root / "plans");
  SourceMap sources;
  Diagnostics diagnostics;
  CompileOptions options;
  options.entry = name;
  CompileResult result = compile(sources, loader, options, diagnostics);
  REQUIRE(result.plan.has_value());
  return std::move(*result.plan);
}

// Any change of a plan or of the standard library changes the digest, which says nothing here.
std::string without_digest(std::string text, const Plan& plan) {
  const std::string digest = emit::runbook_of(plan).digest.substr(0, 12);
  text.replace(text.find(digest), digest.size(), "DIGEST");
  return text;
}

TEST_CASE("runbooks of shipped plans are what stands beside") {
  for (const std::string name : {"quickstart", "inmanta_migration"}) {
    const Plan plan = compiled(name + ".plan");
    const std::string text = without_digest(emit_runbook(plan), plan);
    const fs::path file = fs::path(PLAN_GOLDEN_DIR) / "runbook" / (name + ".md");
    if (std::getenv("PLAN_ACCEPT") != nullptr) {
      fs::create_directories(file.parent_path());
      write_text(file, text);
    }
    INFO(name << ": PLAN_ACCEPT=1 writes it anew\n" << difference(read_text(file), text));
    CHECK(read_text(file) == text);
  }
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

TEST_CASE("a runbook says everything that a person needs") {
  const Plan plan = compiled("inmanta_migration.plan");
  const emit::Runbook book = emit::runbook_of(plan);
  REQUIRE(book.sections.size() == 4);
  // The loop is one item with its steps inside; its end is not a step for a person.
  REQUIRE(book.sections[3].items.size() == 1);
  CHECK(book.sections[3].items[0].loop == "for each env of new_orch.environments, one at a time");
  CHECK(book.sections[3].items[0].items.size() == 5);
  CHECK(book.sections[3].items[0].items[2].step.way_back == emit::WayBack::ends);
  REQUIRE(book.no_return.size() == 1);
  CHECK(book.no_return[0].starts_with("4.1.3 resume: "));
  // Backwards, and nothing of what cannot be taken back.
  REQUIRE_FALSE(book.way_back.empty());
  CHECK(book.way_back.front().step == "start");
  CHECK(book.way_back.back().step == "halt");
  for (const emit::RunbookInput& input : book.inputs) {
    CHECK((!input.is_secret || input.value.empty()));
  }
  CHECK(std::ranges::any_of(book.states, [](const emit::RunbookState& state) {
    return state.name == "old_orch.service.enabled" && !state.commands.empty() &&
           state.host == "old";
  }));
  const std::string page = emit_runbook_html(plan);
  CHECK(count(page, "<section") == count(page, "</section>"));
  CHECK(count(page, "class=\"step") >= 10);
  CHECK_FALSE(page.contains("<script"));
}

}  // namespace

}  // namespace plan::golden
