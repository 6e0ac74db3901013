// What could have stood where a syntax error is: a set of kinds of tokens and of notions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dsl/token.hpp"

namespace plan::grammar {

// What a message may say was expected, besides kinds of tokens.
enum class Notion : std::uint8_t {
  declaration,
  clause,
  statement,
  resource_item,
  test_clause,
  loop_option,
  value,
  type,
  name,
  text,
  command,
  operator_sign,
};
inline constexpr std::size_t notion_count = 12;

// A set of kinds and notions.
class Expected {
 public:
  void clear() { words_ = {}; }
  void add(TokenKind kind) { add(static_cast<std::size_t>(kind)); }
  void add(Notion notion) { add(token_kind_count + static_cast<std::size_t>(notion)); }
  [[nodiscard]] bool has(TokenKind kind) const { return has(static_cast<std::size_t>(kind)); }
  [[nodiscard]] bool has(Notion notion) const {
    return has(token_kind_count + static_cast<std::size_t>(notion));
  }

 private:
  static_assert(token_kind_count + notion_count <= 192);
  void add(std::size_t bit) { words_[bit / 64] |= std::uint64_t{1} << (bit % 64); }
  [[nodiscard]] bool has(std::size_t bit) const {
    return (words_[bit / 64] >> (bit % 64) & 1) != 0;
  }

  std::array<std::uint64_t, 3> words_{};
};

}  // namespace plan::grammar
