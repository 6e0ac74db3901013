// Is this text at all? Looks at the bytes of a file before anything reads them as a plan.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/diagnostic.hpp"

namespace plan {

enum class TextCheck : std::uint8_t { usable, not_utf8 };

// Reports E0001 once when `text` is not UTF-8 (it should not be read then), and E0002 for control
// characters and for the invisible ones that make a text look different from what it says.
// Appends the offsets of what it reported to `error_offsets`. `base` is the span of text[0].
[[nodiscard]] TextCheck check_text(std::string_view text,
                                   std::uint32_t base,
                                   Diagnostics& diagnostics,
                                   std::vector<std::uint32_t>& error_offsets);

// "the character `“` (U+201C)"
[[nodiscard]] std::string describe_character(char32_t value);

// A character that has no meaning in a plan, and is written by habit.
struct Stranger {
  std::string_view character;
  std::string_view advice;
  std::string_view replacement = {};  // what it stands for, where that is certain
};
// nullptr where nothing is known of it.
[[nodiscard]] const Stranger* known_stranger(std::string_view character);

}  // namespace plan
