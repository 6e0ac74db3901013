#include "dsl/display_width.hpp"

#include <algorithm>
#include <iterator>

namespace plan {

namespace {

struct CodePointRange {
  char32_t first;
  char32_t last;
};

bool is_within(char32_t value, const CodePointRange* begin, const CodePointRange* end) {
  const auto* range = std::lower_bound(
      begin, end, value,
      [](const CodePointRange& left, char32_t right) { return left.last < right; });
  return range != end && range->first <= value;
}

// Unicode 15, reduced to the blocks a plan may reasonably contain.
constexpr CodePointRange zero_width[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},  {0x064B, 0x065F},
    {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064}, {0x2066, 0x206F},  {0x20D0, 0x20F0},
    {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0100, 0xE01EF}};

constexpr CodePointRange double_width[] = {
    {0x1100, 0x115F},  {0x231A, 0x231B}, {0x23E9, 0x23EC},   {0x2614, 0x2615},   {0x26A1, 0x26A1},
    {0x2705, 0x2705},  {0x274C, 0x274C}, {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},
    {0x4E00, 0x9FFF},  {0xA000, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},  {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
    {0x20000, 0x3FFFD}};

std::size_t cells_of(char32_t value) {
  if (value < 0x300) {
    return 1;
  }
  if (is_within(value, std::begin(zero_width), std::end(zero_width))) {
    return 0;
  }
  return is_within(value, std::begin(double_width), std::end(double_width)) ? 2 : 1;
}

}  // namespace

CodePoint decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t index) {
    return static_cast<unsigned char>(index < text.size() ? text[index] : '\0');
  };
  const unsigned char lead = byte(0);
  if (lead < 0x80) {
    return {.value = lead};
  }
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 0;
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (size == 0 || size > text.size() || lead > 0xF4) {
    return {.value = 0xFFFD, .size_bytes = 1, .is_valid = false};
  }
  char32_t value = static_cast<char32_t>(lead & (0xFF >> (size + 1)));
  for (std::size_t index = 1; index < size; ++index) {
    if ((byte(index) & 0xC0) != 0x80) {
      return {.value = 0xFFFD, .size_bytes = 1, .is_valid = false};
    }
    value = (value << 6) | (byte(index) & 0x3F);
  }
  const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < smallest[size] || value > 0x10FFFF || is_surrogate) {
    return {.value = 0xFFFD, .size_bytes = 1, .is_valid = false};
  }
  return {.value = value, .size_bytes = size};
}

void append_utf8(std::string& out, char32_t value) {
  if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
    value = 0xFFFD;
  }
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0 | (value >> 6));
    put(0x80 | (value & 0x3F));
  } else if (value < 0x10000) {
    put(0xE0 | (value >> 12));
    put(0x80 | ((value >> 6) & 0x3F));
    put(0x80 | (value & 0x3F));
  } else {
    put(0xF0 | (value >> 18));
    put(0x80 | ((value >> 12) & 0x3F));
    put(0x80 | ((value >> 6) & 0x3F));
    put(0x80 | (value & 0x3F));
  }
}

std::size_t display_width(std::string_view text, std::size_t start) {
  std::size_t cell = start;
  while (!text.empty()) {
    const CodePoint point = decode_utf8(text);
    cell += point.value == U'\t' ? tab_width - cell % tab_width : cells_of(point.value);
    text.remove_prefix(point.size_bytes);
  }
  return cell - start;
}

}  // namespace plan
