// What is written between quotes, and as numbers, turned into what it means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/diagnostic.hpp"

namespace plan {

// A piece of a string as written, with its place; between two pieces stands an interpolation.
struct RawPiece {
  std::string_view text;
  std::uint32_t begin = 0;
};

enum class TextForm : std::uint8_t { line, block, raw_line, raw_block };

// The pieces with escapes resolved; in a block without its common indent and, when the text begins
// in the line below the quotes, without that first newline. Same number of pieces. Code: E0004.
[[nodiscard]] std::vector<std::string> resolve_text(const std::vector<RawPiece>& pieces,
                                                    TextForm form,
                                                    Diagnostics& diagnostics);

enum class NumberKind : std::uint8_t { integer, duration_ms, size_bytes, bad };

struct Number {
  NumberKind kind = NumberKind::bad;
  std::int64_t value = 0;
};

// Codes: E0005, E0013; the kind is `bad` then.
[[nodiscard]] Number parse_number(std::string_view text, Span span, Diagnostics& diagnostics);

}  // namespace plan
