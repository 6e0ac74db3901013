// How many cells of a terminal a text takes. Used for columns and for drawing carets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace plan {

// A tab reaches to the next multiple of this many cells.
inline constexpr std::size_t tab_width = 8;

struct CodePoint {
  char32_t value = 0;
  std::size_t size_bytes = 1;  // never 0
  bool is_valid = true;
};

// The first code point of `text`, which must not be empty. Total: an invalid byte is one invalid
// code point of size 1.
[[nodiscard]] CodePoint decode_utf8(std::string_view text);

// Appends the UTF-8 form of `value`; a value that is no scalar value becomes U+FFFD.
void append_utf8(std::string& out, char32_t value);

// Cells taken by `text` when it starts at cell `start` (from 0) of a line.
[[nodiscard]] std::size_t display_width(std::string_view text, std::size_t start = 0);

}  // namespace plan
