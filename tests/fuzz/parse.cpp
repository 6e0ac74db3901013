// fuzz_parse ROUNDS SEED FILE…: damages the files at random and reads them. Ends with 1 and prints
// the text when something is wrong with the answer; a crash speaks for itself.
//
// What must hold for any bytes: parsing returns, and bounds its diagnostics. What must hold for a
// text without errors: its canonical form parses, has the same tokens, and is its own canonical
// form.
#include "dsl/parse.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/lexer.hpp"
#include "dsl/render.hpp"

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t limit) {
  return limit == 0 ? 0 : static_cast<std::size_t>(random() % limit);
}

constexpr std::string_view pieces[] = {"(",
                                       ")",
                                       "[",
                                       "]",
                                       "{",
                                       "}",
                                       "\"",
                                       "\"\"\"",
                                       "${",
                                       "sh\"",
                                       "r\"",
                                       "\n",
                                       "\r\n",
                                       "\t",
                                       "#",
                                       "\\",
                                       "\\u{",
                                       "1",
                                       "99h",
                                       "v1.2",
                                       "10GB",
                                       "step",
                                       "phase",
                                       "if",
                                       "else",
                                       "then",
                                       "for",
                                       "in",
                                       "not",
                                       "and",
                                       "or",
                                       "as",
                                       "let",
                                       "on",
                                       "with",
                                       "run",
                                       "pipe",
                                       "exec",
                                       ",",
                                       ":",
                                       "=",
                                       "==",
                                       ".",
                                       "-",
                                       "+",
                                       "|",
                                       "\xC3",
                                       "\xE2\x80\xAE",
                                       "é",
                                       "🦀",
                                       "after",
                                       "do",
                                       "undo",
                                       "ensures",
                                       "wait until",
                                       "one at a time",
                                       "host { a: 1 }"};

std::string damage(std::string text, Random& random, const std::string& other) {
  const std::size_t edits = 1 + below(random, 4);
  for (std::size_t edit = 0; edit < edits; ++edit) {
    const std::size_t at = below(random, text.size() + 1);
    const std::size_t length = below(random, std::min<std::size_t>(text.size() - at, 40) + 1);
    switch (below(random, 6)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, pieces[below(random, std::size(pieces))]);
        break;
      case 2:
        text.insert(at, text.substr(below(random, text.size() + 1), 60));
        break;
      case 3:
        text.insert(at, other.substr(below(random, other.size() + 1), 80));
        break;
      case 4:
        if (at < text.size()) {
          text[at] = static_cast<char>(random() & 0xFFU);
        }
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

// The tokens but separators, as text.
std::vector<std::string> words(const std::string& text) {
  plan::SourceMap sources;
  plan::Diagnostics diagnostics;
  const plan::FileId file = sources.add("words", text);
  std::vector<std::string> result;
  for (const plan::Token& token : plan::lex(sources.whole(file), diagnostics).tokens) {
    if (token.kind != plan::TokenKind::comma && token.kind != plan::TokenKind::newline) {
      result.emplace_back(sources.text(token.span()));
    }
  }
  return result;
}

std::optional<std::string> fault_of(const std::string& text) {
  plan::SourceMap sources;
  plan::Diagnostics diagnostics;
  const plan::FileId file = sources.add("fuzz.plan", text);
  (void)plan::parse_file(sources, file, diagnostics);
  (void)plan::parse_value_file(sources, file, diagnostics);
  if (diagnostics.size() > 1000) {
    return "too many diagnostics";
  }
  diagnostics.sort();
  (void)plan::render_all(diagnostics, sources);
  (void)plan::render_json(diagnostics, sources);
  (void)plan::render_sarif(diagnostics, sources);
  plan::Diagnostics ignored;
  const std::optional<std::string> once = plan::format_source(sources, file, ignored);
  if (!once) {
    return std::nullopt;
  }
  plan::Diagnostics after;
  const plan::FileId formatted = sources.add("formatted.plan", *once);
  const std::optional<std::string> twice = plan::format_source(sources, formatted, after);
  if (!twice) {
    return "the canonical form does not parse:\n" + *once + plan::render_all(after, sources);
  }
  if (*twice != *once) {
    return "the canonical form has another canonical form:\n" + *once + "---\n" + *twice;
  }
  if (words(text) != words(*once)) {
    return "the canonical form has other tokens:\n" + *once;
  }
  return std::nullopt;
}

std::optional<std::string> fault(const std::string& text) {
  try {
    return fault_of(text);
  } catch (const std::exception& error) {
    return std::string("an exception: ") + error.what();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: fuzz_parse ROUNDS SEED FILE…\n";
    return 2;
  }
  std::vector<std::string> seeds;
  for (int index = 3; index < argc; ++index) {
    std::ifstream in(argv[index], std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  const std::size_t rounds = std::strtoull(argv[1], nullptr, 10);
  Random random(std::strtoull(argv[2], nullptr, 10));
  for (std::size_t round = 0; round < rounds + seeds.size(); ++round) {
    // First every file as it is, then damaged ones.
    const std::string& seed = seeds[round < seeds.size() ? round : below(random, seeds.size())];
    const std::string& other = seeds[below(random, seeds.size())];
    const std::string text = round < seeds.size() ? seed : damage(seed, random, other);
    if (const std::optional<std::string> wrong = fault(text)) {
      std::cout << "round " << round << " of seed " << argv[2] << ": " << *wrong << "\n--- text\n"
                << text << '\n';
      return 1;
    }
  }
  std::cout << rounds << " damaged texts read\n";
  return 0;
}
