// Fixes as edits: where they go, which are applied, and how they are shown.
#include "dsl/fixes.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace plan {
namespace {

struct Source {
  explicit Source(std::string text) : file(sources.add("main.plan", std::move(text))) {}

  // The first place where `text` stands.
  [[nodiscard]] Span at(std::string_view text) const {
    const std::size_t found = sources.text(file).find(text);
    REQUIRE(found != std::string_view::npos);
    const auto begin = sources.base(file) + static_cast<std::uint32_t>(found);
    return {begin, begin + static_cast<std::uint32_t>(text.size())};
  }
  void fix(Span span, std::string replacement, FixPlace place, bool is_safe = true) {
    diagnostics.report<Code::unknown_name>(span, "name", "x")
        .fix({.span = span,
              .replacement = std::move(replacement),
              .description = "it",
              .is_safe = is_safe,
              .place = place});
  }
  // The text after all safe fixes.
  std::string fixed() {
    place_fixes(sources, diagnostics);
    const auto files = apply_safe_fixes(sources, diagnostics, [](FileId) { return true; });
    return files.empty() ? std::string(sources.text(file)) : files.front().text;
  }

  SourceMap sources;
  FileId file;
  Diagnostics diagnostics;
};

TEST_CASE("a clause is added to a step, with and without a block") {
  Source bare("plan \"x\"\nstep a = f(b, \"{ ${c} }\")\ngoal d\n");
  bare.fix(bare.at("a ="), "after z", FixPlace::step);
  CHECK(bare.fixed() == "plan \"x\"\nstep a = f(b, \"{ ${c} }\") { after z }\ngoal d\n");

  Source line("  step a = f(r { x: 1 }) { timeout 5m }\n");
  line.fix(line.at("a ="), "after z", FixPlace::step);
  CHECK(line.fixed() == "  step a = f(r { x: 1 }) {\n    after z\n    timeout 5m\n  }\n");

  Source block("step a = f(\n  b,\n) {\n  timeout 5m\n}\n");
  block.fix(block.at("a ="), "after z", FixPlace::step);
  CHECK(block.fixed() == "step a = f(\n  b,\n) {\n  after z\n  timeout 5m\n}\n");

  Source empty("step a = f(b) {}\n");
  empty.fix(empty.at("a ="), "after z", FixPlace::step);
  CHECK(empty.fixed() == "step a = f(b) {\n  after z\n}\n");
}

TEST_CASE("an option is added to a loop") {
  Source source("for x in a.b { step c = f(x) }\n");
  source.fix(source.at("for"), "one at a time", FixPlace::loop);
  CHECK(source.fixed() == "for x in a.b, one at a time { step c = f(x) }\n");
}

TEST_CASE("a use comes after the others, or before everything else") {
  Source after("plan \"x\"\n\nuse std.a\nuse std.b\n\ngoal c\n");
  after.fix(after.at("c"), "use std.z", FixPlace::use);
  CHECK(after.fixed() == "plan \"x\"\n\nuse std.a\nuse std.b\nuse std.z\n\ngoal c\n");

  Source none("edition 1\nplan \"x\"\ngoal c\n");
  none.fix(none.at("c"), "use std.z", FixPlace::use);
  CHECK(none.fixed() == "edition 1\nplan \"x\"\n\nuse std.z\ngoal c\n");

  Source bare("goal c\n");
  bare.fix(bare.at("c"), "use std.z", FixPlace::use);
  CHECK(bare.fixed() == "use std.z\n\ngoal c\n");
}

TEST_CASE("a declaration goes with its line, if nothing else stands there") {
  Source alone("use std.a\n  use std.b \nuse std.c\n");
  alone.fix(alone.at("use std.b"), "", FixPlace::statement);
  CHECK(alone.fixed() == "use std.a\nuse std.c\n");

  Source shared("use std.a # why\n");
  shared.fix(shared.at("use std.a"), "", FixPlace::statement);
  CHECK(shared.fixed() == "use std.a # why\n");
  REQUIRE(shared.diagnostics.items().front().helps.size() == 1);
}

TEST_CASE("only safe fixes are applied, of those that overlap the first, each file by itself") {
  Source source("goal abc\n");
  source.fix(source.at("abc"), "one", FixPlace::span);
  source.fix(source.at("bc"), "two", FixPlace::span);
  source.fix(source.at("goal"), "three", FixPlace::span, false);
  CHECK(source.fixed() == "goal one\n");

  Source locked("goal abc\n");
  locked.fix(locked.at("abc"), "one", FixPlace::span);
  place_fixes(locked.sources, locked.diagnostics);
  CHECK(apply_safe_fixes(locked.sources, locked.diagnostics, [](FileId) { return false; }).empty());
}

TEST_CASE("the same fix of two diagnostics is applied once") {
  Source source("goal abc\n");
  source.fix(source.at("abc"), "one", FixPlace::span);
  source.fix(source.at("abc"), "one", FixPlace::span);
  source.fix(source.at("goal"), "use std.z", FixPlace::use);
  source.fix(source.at("abc"), "use std.z", FixPlace::use);
  CHECK(source.fixed() == "use std.z\n\ngoal one\n");
}

TEST_CASE("an edit is shown as the lines that it makes") {
  Source source("a b c\nd\n");
  const auto lines = [&](std::string_view text, std::string replacement) {
    return edited_lines(
        source.sources,
        {.span = source.at(text), .replacement = std::move(replacement), .description = {}});
  };
  CHECK(lines("b", "x") == std::vector<std::string>{"a x c"});
  CHECK(lines("a b c\n", "").empty());
  CHECK(lines("b", "x\n  y") == std::vector<std::string>{"a x", "  y c"});
}

}  // namespace
}  // namespace plan
