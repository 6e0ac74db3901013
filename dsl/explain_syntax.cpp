#include "dsl/explain_syntax.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "dsl/keyword.hpp"
#include "dsl/spell.hpp"

namespace plan {

namespace {

using grammar::Expected;
using grammar::Notion;
using Kind = TokenKind;

constexpr std::string_view declaration_words[] = {
    "step",    "phase", "for",  "when",      "approve",  "let",    "resource", "input", "use",
    "require", "goal",  "test", "operation", "function", "native", "rule",     "type",  "always"};
constexpr std::string_view clause_words[] = {
    "requires", "awaits",  "ensures", "changes", "destroys", "irreversible", "detached",
    "once",     "timeout", "retry",   "undo",    "after",    "when",         "allow",
    "note",     "output",  "let",     "manual",  "do"};
constexpr std::string_view statement_words[] = {"let",  "if",     "for", "wait",
                                                "fail", "return", "run"};
constexpr std::string_view resource_words[] = {"key", "state", "fact", "query"};
constexpr std::string_view test_words[] = {"given", "set", "crash", "fail", "shuffle", "expect"};
constexpr std::string_view option_words[] = {"env", "stdin", "timeout"};
constexpr std::string_view loop_words[] = {"one", "at", "stop", "continue", "after"};

struct NotionText {
  Notion notion;
  std::string_view text;
  std::span<const std::string_view> words;
};

constexpr NotionText notions[] = {
    {Notion::declaration, "a declaration", declaration_words},
    {Notion::clause, "a clause", clause_words},
    {Notion::statement, "a statement", statement_words},
    {Notion::resource_item, "a field, `key`, `state`, `fact` or `query`", resource_words},
    {Notion::test_clause, "a clause of a test", test_words},
    {Notion::loop_option,
     "`one at a time`, `at most`, `stop on first failure`, "
     "`continue on failure` or `after`",
     loop_words},
    {Notion::value, "a value", {}},
    {Notion::type, "a type", {}},
    {Notion::name, "a name", {}},
    {Notion::text, "a string", {}},
    {Notion::command, "`env`, `stdin` or `timeout`", option_words},
};

std::string join_or(const std::vector<std::string_view>& parts) {
  std::string text;
  for (std::size_t index = 0; index < parts.size(); ++index) {
    text += index == 0 ? "" : index + 1 == parts.size() ? " or " : ", ";
    text += parts[index];
  }
  return text;
}

// Between items of a file or a block, where empty lines may stand.
bool expects_item(const Expected& expected) {
  return expected.has(Notion::declaration) || expected.has(Notion::clause) ||
         expected.has(Notion::statement) || expected.has(Notion::resource_item) ||
         expected.has(Notion::test_clause);
}

std::string describe(const Expected& expected) {
  std::vector<std::string_view> parts;
  for (const NotionText& notion : notions) {
    if (expected.has(notion.notion)) {
      parts.push_back(notion.text);
    }
  }
  for (std::size_t index = 0; index < token_kind_count; ++index) {
    const auto kind = static_cast<Kind>(index);
    // Where a line may end, so may a block; and the end of the line is what the user sees.
    const bool is_implied = (kind == Kind::right_brace && expected.has(Kind::newline)) ||
                            (kind == Kind::reserved_not && expected.has(Notion::value));
    const bool is_header =
        kind == Kind::word_edition || kind == Kind::word_plan || kind == Kind::word_module;
    const bool is_beside = expects_item(expected) && (kind == Kind::newline || is_header);
    if (expected.has(kind) && !is_implied && !is_beside && kind != Kind::end_of_file) {
      parts.push_back(plan::describe(kind));
    }
  }
  if (parts.empty()) {
    return expected.has(Notion::operator_sign) ? "an operator" : "something else";
  }
  // Kinds of one sort have one description.
  std::vector<std::string_view> unique;
  for (const std::string_view part : parts) {
    if (std::ranges::find(unique, part) == unique.end()) {
      unique.push_back(part);
    }
  }
  return join_or(unique);
}

std::string describe_found(const Tree& tree, const Token& token) {
  switch (token.kind) {
    case Kind::end_of_file:
    case Kind::newline:
    case Kind::string:
    case Kind::raw_string:
    case Kind::shell:
    case Kind::string_begin:
    case Kind::shell_begin:
    case Kind::string_text:
    case Kind::string_end:
      return std::string(plan::describe(token.kind));
    default:
      break;
  }
  constexpr std::size_t max_shown = 40;
  const std::string_view text = tree.text_of(token);
  return text.size() > max_shown ? fmt::format("`{}…`", text.substr(0, max_shown))
                                 : fmt::format("`{}`", text);
}

std::vector<std::string_view> expected_words(const Expected& expected) {
  std::vector<std::string_view> words;
  for (const NotionText& notion : notions) {
    if (expected.has(notion.notion)) {
      words.insert(words.end(), notion.words.begin(), notion.words.end());
    }
  }
  for (std::size_t index = 0; index < token_kind_count; ++index) {
    const std::string_view word = text_of_word(static_cast<Kind>(index));
    if (expected.has(static_cast<Kind>(index)) && !word.empty()) {
      words.push_back(word);
    }
  }
  return words;
}

void suggest(Diagnostic& diagnostic, const Token& token, std::string_view word) {
  // A keyword is the only thing that can stand there.
  diagnostic.did_you_mean(token.span(), word, true);
}

// `stpe x = …`, or `wiat until …`, where the misspelt word is taken for a name first.
bool suggest_word(const Tree& tree,
                  SyntaxError error,
                  const Expected& expected,
                  Diagnostic& diagnostic) {
  const Token& token = tree.tokens[error.found];
  if (is_name(token.kind) || is_reserved(token.kind)) {
    const std::vector<std::string_view> words = expected_words(expected);
    const std::string_view word = nearest(tree.text_of(token), words);
    if (!word.empty()) {
      suggest(diagnostic, token, word);
      return true;
    }
  }
  const bool is_second_word = error.found > 0 && expected.has(Kind::newline) &&
                              (error.found == error.start || error.found == error.start + 1);
  if (!is_second_word) {
    return false;
  }
  const Token& before = tree.tokens[error.found - 1];
  const bool begins_line = error.found < 2 || tree.tokens[error.found - 2].kind == Kind::newline ||
                           tree.tokens[error.found - 2].kind == Kind::left_brace;
  if (before.kind != Kind::name || !begins_line) {
    return false;
  }
  const std::string_view word = nearest(tree.text_of(before), statement_words);
  if (word.empty()) {
    return false;
  }
  suggest(diagnostic, before, word);
  return true;
}

// Whether the statement that `token` is in begins with `wait`.
bool is_in_wait(const Tree& tree, std::uint32_t token) {
  while (token-- > 0) {
    const Kind kind = tree.tokens[token].kind;
    if (kind == Kind::word_wait || kind == Kind::newline || kind == Kind::left_brace) {
      return kind == Kind::word_wait;
    }
  }
  return false;
}

void advise(const Tree& tree, SyntaxError error, const Expected& expected, Diagnostic& diagnostic) {
  const Token& token = tree.tokens[error.found];
  if (expected.has(Notion::name) && is_reserved(token.kind)) {
    diagnostic.help(
        fmt::format("{} is a reserved word: choose another name", plan::describe(token.kind)));
    return;
  }
  const bool is_header = token.kind == Kind::word_plan || token.kind == Kind::word_module ||
                         token.kind == Kind::word_edition;
  if (expected.has(Notion::declaration) && is_header) {
    diagnostic.help(
        fmt::format("{} stands before all declarations, once", plan::describe(token.kind)));
    return;
  }
  const bool is_declaration =
      std::ranges::find(declaration_words, text_of_word(token.kind)) != std::end(declaration_words);
  if (expects_item(expected) && is_declaration) {
    diagnostic.help(fmt::format("{} begins a declaration: is a `}}` missing above?",
                                plan::describe(token.kind)));
    return;
  }
  if (suggest_word(tree, error, expected, diagnostic)) {
    return;
  }
  if (expected.has(Kind::comma) && is_in_wait(tree, error.found)) {
    diagnostic.help("a wait is always bounded: `wait until CONDITION, every 10s, for 10m`");
  } else if (token.kind == Kind::equal && expected.has(Notion::operator_sign)) {
    diagnostic.fix({.span = token.span(),
                    .replacement = "==",
                    .description = "values are compared with `==`",
                    .is_safe = true});
  } else if (token.kind == Kind::equal && expected.has(Kind::colon)) {
    diagnostic.help("a type comes first: `name: type = value`");
  } else if (expected.has(Notion::clause) || expected.has(Notion::test_clause)) {
    const auto words = expected_words(expected);
    diagnostic.help(fmt::format("one of {}", fmt::join(words, ", ")));
  } else if (expected.has(Notion::declaration)) {
    diagnostic.help("a declaration begins with a word such as `step`, `phase`, `resource`, `let`");
  }
}

// Where the error is shown: at the token, or behind the one before when a line or the file ends.
Span place_of(const Tree& tree, std::uint32_t found) {
  const Token& token = tree.tokens[found];
  const bool is_end = token.kind == Kind::newline || token.kind == Kind::end_of_file;
  if (is_end && found > 0) {
    const std::uint32_t end = tree.tokens[found - 1].end();
    return {end, end};
  }
  return token.span();
}

}  // namespace

void report_unexpected(const Tree& tree,
                       SyntaxError error,
                       const Expected& expected,
                       Diagnostics& diagnostics) {
  const Token& token = tree.tokens[error.found];
  Diagnostic& diagnostic = diagnostics.report<Code::unexpected_token>(
      place_of(tree, error.found), describe(expected), describe_found(tree, token));
  advise(tree, error, expected, diagnostic);
}

}  // namespace plan
