#include <array>
#include <string>

#include <catch2/catch.hpp>

#include "dsl/diagnostic.hpp"
#include "dsl/display_width.hpp"
#include "dsl/keyword.hpp"
#include "dsl/name.hpp"
#include "dsl/source.hpp"
#include "dsl/spell.hpp"

using namespace plan;

TEST_CASE("equal texts are one name") {
  CHECK(Name("alpha") == Name("alpha"));
  CHECK(Name("alpha") != Name("beta"));
  CHECK(Name("alpha").text() == "alpha");
  CHECK(Name("").is_empty());
  CHECK(Name().text().empty());
}

TEST_CASE("a hundred thousand names stay apart") {
  for (int index = 0; index < 100'000; ++index) {
    (void)Name("many" + std::to_string(index));
  }
  bool is_kept = true;
  for (int index = 0; index < 100'000; ++index) {
    const std::string text = "many" + std::to_string(index);
    is_kept = is_kept && Name(text).text() == text;
  }
  CHECK(is_kept);
}

TEST_CASE("places are found by file, line and column") {
  SourceMap sources;
  const FileId first = sources.add("first", "ab\ncd\n");
  const FileId second = sources.add("second", "\tx é y\r\nlast");
  CHECK(sources.locate(sources.base(first) + 4).line == 2);
  CHECK(sources.locate(sources.base(first) + 4).column == 2);
  CHECK(sources.locate(sources.base(first) + 6).file == first);
  CHECK(sources.locate(sources.base(first) + 6).line == 3);
  CHECK(sources.locate(sources.base(second)).file == second);
  CHECK(sources.locate(sources.base(second) + 1).column == 9);
  CHECK(sources.locate(sources.base(second) + 6).column == 13);
  CHECK(sources.line_text(sources.base(second) + 2) == "\tx é y");
  CHECK(sources.line_text(sources.base(second) + 9) == "last");
}

TEST_CASE("no place joins to the other") {
  CHECK(join({}, {3, 5}) == Span{3, 5});
  CHECK(join({7, 9}, {3, 5}) == Span{3, 9});
}

TEST_CASE("the nearest name is near") {
  constexpr std::array<std::string_view, 5> names = {"step", "stop", "state", "requires", "after"};
  CHECK(nearest("stpe", names) == "step");
  CHECK(nearest("requirs", names) == "requires");
  CHECK(nearest("afetr", names) == "after");
  CHECK(nearest("banana", names).empty());
  CHECK(nearest("x", names).empty());
}

TEST_CASE("every word of the language is known by its text") {
  CHECK(kind_of_word("step") == TokenKind::word_step);
  CHECK(kind_of_word("and") == TokenKind::reserved_and);
  CHECK(kind_of_word("steps") == TokenKind::name);
  for (std::size_t index = 0; index < token_kind_count; ++index) {
    const auto kind = static_cast<TokenKind>(index);
    if (!text_of_word(kind).empty()) {
      CHECK(kind_of_word(text_of_word(kind)) == kind);
    }
  }
}

TEST_CASE("cells are counted as terminals do") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("é") == 1);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\u0301") == 1);
  CHECK(display_width("\tx", 3) == 6);
  CHECK(display_width("\xFF\xFE") == 2);
}

TEST_CASE("diagnostics are sorted by place, those without one first, repetitions dropped") {
  Diagnostics diagnostics;
  diagnostics.report<Code::unopened_bracket>(Span{9, 10}, ")");
  diagnostics.report<Code::unopened_bracket>(Span{3, 4}, ")");
  diagnostics.report<Code::source_too_large>({});
  diagnostics.report<Code::unopened_bracket>(Span{9, 10}, ")");
  diagnostics.sort();
  REQUIRE(diagnostics.size() == 3);
  CHECK(diagnostics.error_count() == 3);
  CHECK(diagnostics.items()[0].primary.is_none());
  CHECK(diagnostics.items()[1].primary.begin == 3);
}

TEST_CASE("codes are found by number and by name") {
  REQUIRE(find_code("E0006") != nullptr);
  CHECK(find_code("E0006") == find_code("unexpected_token"));
  CHECK(find_code("E9999") == nullptr);
  CHECK(code_count() > 10);
}
