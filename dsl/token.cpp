#include "dsl/token.hpp"

#include <array>
#include <cstdint>

#include "dsl/keyword.hpp"

namespace plan {

namespace {

constexpr std::string_view descriptions[] = {
#define TOKEN(kind, description) description,
#include "dsl/token_kind.def"
#undef TOKEN
};

constexpr bool is_word(TokenKind kind) {
  return is_reserved(kind) || (is_name(kind) && kind != TokenKind::name);
}

constexpr std::string_view word_text(TokenKind kind) {
  std::string_view text = descriptions[static_cast<std::size_t>(kind)];
  text.remove_prefix(1);
  text.remove_suffix(1);
  return text;
}

constexpr std::size_t slot_count = 512;

constexpr std::size_t slot_of(std::string_view word) {
  const auto at = [&](std::size_t index) {
    return static_cast<std::size_t>(static_cast<unsigned char>(word[index]));
  };
  const std::size_t last = word.size() - 1;
  return (at(0) * 7 + at(last) * 31 + at(last / 2) * 113 + word.size() * 61) % slot_count;
}

// Open addressing; `name` marks a free slot.
constexpr auto slots = [] {
  std::array<TokenKind, slot_count> table{};
  table.fill(TokenKind::name);
  for (std::size_t index = 0; index < token_kind_count; ++index) {
    const auto kind = static_cast<TokenKind>(index);
    if (is_word(kind)) {
      std::size_t slot = slot_of(word_text(kind));
      while (table[slot] != TokenKind::name) {
        slot = (slot + 1) % slot_count;
      }
      table[slot] = kind;
    }
  }
  return table;
}();

}  // namespace

std::string_view describe(TokenKind kind) {
  return descriptions[static_cast<std::size_t>(kind)];
}

TokenKind kind_of_word(std::string_view word) {
  for (std::size_t slot = slot_of(word);; slot = (slot + 1) % slot_count) {
    const TokenKind kind = slots[slot];
    if (kind == TokenKind::name || word_text(kind) == word) {
      return kind;
    }
  }
}

std::string_view text_of_word(TokenKind kind) {
  return is_word(kind) ? word_text(kind) : std::string_view{};
}

}  // namespace plan
