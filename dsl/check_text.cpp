#include "dsl/check_text.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "dsl/display_width.hpp"

namespace plan {

namespace {

constexpr std::size_t max_reports = 20;

constexpr auto plain = [] {
  std::array<bool, 256> table{};
  for (std::size_t byte = 0x20; byte < 0x7F; ++byte) {
    table[byte] = true;
  }
  table['\n'] = true;
  table['\t'] = true;
  return table;
}();

// The first byte from `at` that needs a closer look.
std::size_t skip_plain(std::string_view text, std::size_t at) {
  while (at < text.size() && plain[static_cast<unsigned char>(text[at])]) {
    ++at;
  }
  return at;
}

// Characters that change the direction of text or take no room: in a plan they deceive its reader
// (CVE-2021-42574).
bool is_deceptive(char32_t value) {
  return (value >= 0x202A && value <= 0x202E) || (value >= 0x2066 && value <= 0x2069) ||
         (value >= 0x200B && value <= 0x200F) || value == 0xFEFF || value == 0x2028 ||
         value == 0x2029 || (value >= 0x80 && value < 0xA0);
}

bool is_forbidden(CodePoint point, char next) {
  if (point.value == U'\r') {
    return next != '\n';
  }
  return point.value < 0x20 || point.value == 0x7F || is_deceptive(point.value);
}

}  // namespace

std::string describe_character(char32_t value) {
  const auto number = static_cast<std::uint32_t>(value);
  if (value == 0) {
    return "the byte 0";
  }
  if (value == U'`') {
    return "a backtick";
  }
  if (value < 0x20 || value == 0x7F) {
    return fmt::format("the control character U+{:04X}", number);
  }
  if (is_deceptive(value)) {
    return fmt::format("the invisible character U+{:04X}", number);
  }
  std::string shown;
  append_utf8(shown, value);
  return value < 0x80 ? fmt::format("the character `{}`", shown)
                      : fmt::format("the character `{}` (U+{:04X})", shown, number);
}

TextCheck check_text(std::string_view text,
                     std::uint32_t base,
                     Diagnostics& diagnostics,
                     std::vector<std::uint32_t>& error_offsets) {
  std::size_t reports = 0;
  // A byte order mark at the very beginning is let pass.
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (at = skip_plain(text, at); at < text.size(); at = skip_plain(text, at)) {
    const CodePoint point = decode_utf8(text.substr(at));
    const auto begin = static_cast<std::uint32_t>(base + at);
    const auto size = static_cast<std::uint32_t>(point.size_bytes);
    if (!point.is_valid) {
      const std::string byte = fmt::format("{:02X}", static_cast<unsigned char>(text[at]));
      diagnostics.report<Code::invalid_utf8>({begin, begin + 1}, at + 1, byte)
          .help("save the file as UTF-8");
      return TextCheck::not_utf8;
    }
    if (is_forbidden(point, at + 1 < text.size() ? text[at + 1] : '\0') && reports < max_reports) {
      diagnostics.report<Code::forbidden_character>({begin, begin + size},
                                                    describe_character(point.value));
      error_offsets.push_back(begin);
      ++reports;
    }
    at += point.size_bytes;
  }
  return TextCheck::usable;
}

namespace {

constexpr std::string_view on_quotes = "strings are written in straight double quotes: \"text\"";
constexpr Stranger strangers[] = {
    {"'", on_quotes},
    {"‘", on_quotes},
    {"’", on_quotes},
    {"“", on_quotes, "\""},
    {"”", on_quotes, "\""},
    {";", "a statement ends at the end of its line"},
    {"&", "write `and`"},
    {"!", "write `not`"},
    {"\xC2\xA0", "this is a no-break space: write an ordinary one", " "}};

}  // namespace

const Stranger* known_stranger(std::string_view character) {
  const auto* found = std::ranges::find(strangers, character, &Stranger::character);
  return found == std::end(strangers) ? nullptr : found;
}

}  // namespace plan
