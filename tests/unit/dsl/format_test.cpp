#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "dsl/layout.hpp"
#include "dsl/lexer.hpp"
#include "dsl/parse.hpp"

namespace {

using namespace plan;

std::optional<std::string> formatted(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  return format_source(sources, sources.add("test.plan", text), diagnostics);
}

// Tokens but separators, and comments.
std::vector<std::string> words(const std::string& text) {
  SourceMap sources;
  Diagnostics diagnostics;
  const FileId file = sources.add("test.plan", text);
  std::vector<std::string> result;
  std::uint32_t before = sources.base(file);
  for (const Token& token : lex(sources.whole(file), diagnostics).tokens) {
    std::string_view gap = sources.text({before, token.begin});
    for (std::size_t mark = gap.find('#'); mark != std::string_view::npos; mark = gap.find('#')) {
      gap.remove_prefix(mark);
      std::string_view comment = gap.substr(0, gap.find('\n'));
      comment = comment.substr(0, comment.find_last_not_of(" \r") + 1);
      result.emplace_back(comment);
      gap.remove_prefix(comment.size());
    }
    if (token.kind != TokenKind::comma && token.kind != TokenKind::newline) {
      result.emplace_back(sources.text(token.span()));
    }
    before = token.end();
  }
  return result;
}

std::vector<std::string> example_texts() {
  std::vector<std::string> texts;
  for (const char* const folder : {"stdlib", "plans", "tests/golden"}) {
    if (!std::filesystem::exists(folder)) {
      continue;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".plan") {
        std::ifstream in(entry.path(), std::ios::binary);
        texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
      }
    }
  }
  return texts;
}

}  // namespace

TEST_CASE("formatting is idempotent and keeps every token and comment") {
  for (const std::string& text : example_texts()) {
    const std::optional<std::string> once = formatted(text);
    if (!once) {
      continue;
    }
    INFO(*once);
    CHECK(formatted(*once) == once);
    CHECK(words(*once) == words(text));
  }
}

TEST_CASE("a file with a syntax error is not formatted") {
  CHECK_FALSE(formatted("step = f()\n").has_value());
}

TEST_CASE("an empty file stays empty") {
  CHECK(formatted("") == "");
  CHECK(formatted("\n\n") == "");
  CHECK(formatted("# only a comment") == "# only a comment\n");
}

TEST_CASE(
    "a statement that fits stays in one line and one that does not is broken at its brackets") {
  CHECK(formatted("let x=f( a ,b )\n") == "let x = f(a, b)\n");
  const std::string name(40, 'n');
  CHECK(formatted("step s = f(" + name + ", " + name + ", " + name + ")\n") ==
        "step s = f(\n  " + name + ",\n  " + name + ",\n  " + name + ",\n)\n");
}

TEST_CASE("blank lines are single, and none stand at the edges of a block") {
  CHECK(formatted(
            "let a = 1\n\n\n\nlet b = 2\nphase \"p\" {\n\n\n  step s = f()\n\n}\nlet c = 3\n") ==
        "let a = 1\n\nlet b = 2\n\nphase \"p\" {\n  step s = f()\n}\n\nlet c = 3\n");
}

TEST_CASE("CRLF and tabs become newlines and blanks") {
  CHECK(formatted("let a =\t1\r\nlet b = 2\r\n") == "let a = 1\nlet b = 2\n");
}

TEST_CASE("a fill breaks as late as it can") {
  const std::vector<Piece> pieces = {{PieceKind::fill, ""}, {PieceKind::text, "aaa"},
                                     {PieceKind::line, ""}, {PieceKind::text, "bbb"},
                                     {PieceKind::line, ""}, {PieceKind::text, "ccc"},
                                     {PieceKind::end, ""}};
  CHECK(layout(pieces, 7) == "aaa bbb\nccc\n");
  CHECK(layout(pieces, 11) == "aaa bbb ccc\n");
}
