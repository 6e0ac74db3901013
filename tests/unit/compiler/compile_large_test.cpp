// A plan that is read in several threads compiles to the same bytes each time.
#include <set>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "compiler/compile.hpp"
#include "compiler/digest.hpp"
#include "compiler/print_expr.hpp"
#include "tests/unit/compiler/elaborated.hpp"

using namespace plan;

TEST_CASE("a large plan compiles to the same bytes, whichever thread is the first") {
  test::Texts texts;
  std::string& text = texts.files["large.plan"];
  text = "plan \"large\"\n\nuse std.file\n\nlet here = host { local: true }\n";
  constexpr int steps = 10'000;
  for (int index = 0; index < steps; ++index) {
    text += fmt::format(
        "resource f{0} = file.file(host: here, path: \"/a/file/of/the/plan/{0}\")\n"
        "step s{0} = file.write(f{0}, \"content number {0}\") {{\n  note \"a note on {0}\"\n",
        index);
    text += index == 0 ? "}\n" : fmt::format("  requires f{}.exists\n}}\n", index / 2);
  }
  std::set<std::string> compiled;
  for (int round = 0; round < 3; ++round) {
    SourceMap sources;
    Diagnostics diagnostics;
    const CompileResult result = compile(sources, texts, {.entry = "large.plan"}, diagnostics);
    REQUIRE(result.plan.has_value());
    CHECK(result.plan->steps.size() == steps);
    CHECK(print_condition(*result.plan, result.plan->steps[7].requires_.front()) == "f3.exists");
    CHECK(result.plan->steps[7].note == "a note on 7");
    compiled.insert(to_json(*result.plan));
    // Whoever reads the compiled plan finds it there.
    CHECK(compiled.begin()->contains(R"("text":"f3.exists")"));
  }
  CHECK(compiled.size() == 1);
}
