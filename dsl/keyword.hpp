// Words of the language by their text.
#pragma once

#include <string_view>

#include "dsl/token.hpp"

namespace plan {

// The kind of a word: a reserved word, a word that is a keyword in places, or `name`.
[[nodiscard]] TokenKind kind_of_word(std::string_view word);

// The text of a keyword, without backticks; empty for tokens that are no words.
[[nodiscard]] std::string_view text_of_word(TokenKind kind);

}  // namespace plan
