// Text to tokens. The only reader of bytes; total: any bytes give tokens, and diagnostics.
//
// What the parser may rely on:
// - every bracket, quote and `${` is closed: one that is missing is supplied with length 0;
// - a newline token ends a statement and nothing else: there are none in ( and [, none twice in a
//   row, none after `{`, `,`, `=`, `+`, `|`, `and`, `or`, `not`, `in`, `then`, `else`, and none
//   before `and`, `or`, `then`, `else`;
// - the last token is end_of_file, before it stands a newline unless the file is empty.
#pragma once

#include <cstdint>
#include <vector>

#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"
#include "dsl/token.hpp"

namespace plan {

// Brackets, strings and blocks within each other.
inline constexpr std::size_t max_nesting = 200;
// Syntax errors reported for one file.
inline constexpr std::size_t max_syntax_errors = 100;

struct TokenList {
  std::vector<Token> tokens;
  // Where the lexer reported something, ascending: a syntax error around such a place is most
  // likely a consequence and is not reported again.
  std::vector<std::uint32_t> error_offsets;
};

// Codes: E0001, E0002, E0003, E0006, E0007, E0008, E0011, E0012. Linear in the size of the text.
// The tokens stand in `storage`, whatever was there.
[[nodiscard]] TokenList lex(const SourcePart& source,
                            Diagnostics& diagnostics,
                            std::vector<Token> storage = {});

}  // namespace plan
