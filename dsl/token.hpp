// A token: eight bytes, a kind and a place. Blanks and comments are not tokens; they are what lies
// between two tokens, so that tokens and the text together lose nothing.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

#include "dsl/source.hpp"

namespace plan {

enum class TokenKind : std::uint8_t {
#define TOKEN(kind, description) kind,
#include "dsl/token_kind.def"
#undef TOKEN
};

inline constexpr TokenKind token_kinds[] = {
#define TOKEN(kind, description) TokenKind::kind,
#include "dsl/token_kind.def"
#undef TOKEN
};
inline constexpr std::size_t token_kind_count = std::size(token_kinds);

// What a message calls a token of this kind: "`step`", "a number", "end of line".
[[nodiscard]] std::string_view describe(TokenKind kind);

// True for `name` and for every word that is a keyword in some places only.
[[nodiscard]] constexpr bool is_name(TokenKind kind) {
  return kind >= TokenKind::name;
}

[[nodiscard]] constexpr bool is_reserved(TokenKind kind) {
  return kind >= TokenKind::reserved_and && kind < TokenKind::name;
}

// Brackets of every sort, quotes and `${` included: the lexer leaves them balanced.
[[nodiscard]] constexpr bool is_opener(TokenKind kind) {
  return kind == TokenKind::left_paren || kind == TokenKind::left_bracket ||
         kind == TokenKind::left_brace || kind == TokenKind::string_begin ||
         kind == TokenKind::shell_begin || kind == TokenKind::interpolation_begin;
}

[[nodiscard]] constexpr bool is_closer(TokenKind kind) {
  return kind == TokenKind::right_paren || kind == TokenKind::right_bracket ||
         kind == TokenKind::right_brace || kind == TokenKind::string_end ||
         kind == TokenKind::interpolation_end;
}

struct Token {
  static constexpr std::uint32_t max_length = (1U << 24U) - 1;

  std::uint32_t begin = 0;
  std::uint32_t length : 24 = 0;  // 0: supplied by the lexer for one that is missing
  TokenKind kind : 8 = TokenKind::end_of_file;

  // Written as a whole. To write one bit-field means to read its neighbours first, and the page of
  // a large array that is read before it is written costs the kernel twice, on all processors.
  [[nodiscard]] static Token made_of(std::uint32_t begin, std::uint32_t length, TokenKind kind) {
    static_assert(std::endian::native == std::endian::little);
    const std::array<std::uint32_t, 2> words{begin,
                                             length | (static_cast<std::uint32_t>(kind) << 24U)};
    return std::bit_cast<Token>(words);
  }
  [[nodiscard]] std::uint32_t end() const { return begin + length; }
  [[nodiscard]] Span span() const { return {begin, end()}; }
};
static_assert(sizeof(Token) == 8);

}  // namespace plan
