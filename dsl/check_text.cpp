#include "dsl/check_text.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "dsl/display_width.hpp"

namespace plan {

namespace {

constexpr std::size_t max_reports = 20;

// Without a branch, so that a block of them is looked at in a few instructions.
constexpr bool is_plain(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return (static_cast<unsigned int>(static_cast<unsigned char>(byte - 0x20U) < 0x5FU) |
          static_cast<unsigned int>(byte == '\n') | static_cast<unsigned int>(byte == '\t')) != 0;
}

// The first byte from `at` that needs a closer look.
std::size_t skip_plain(std::string_view text, std::size_t at) {
  constexpr std::size_t block = 64;
  for (; at + block <= text.size(); at += block) {
    const char* const bytes = text.data() + at;
    unsigned char odd = 0;
    for (std::size_t index = 0; index < block; ++index) {
      odd |= static_cast<unsigned char>(!is_plain(bytes[index]));
    }
    if (odd != 0) {
      break;
    }
  }
  while (at < text.size() && is_plain(text[at])) {
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

// A byte that no text has: NUL, and controls but those of blanks, line ends, pages and terminals.
bool is_odd(unsigned char byte) {
  const bool is_usual = (byte >= 0x07 && byte <= 0x0D) || byte == 0x1B;
  return (byte < 0x20 && !is_usual) || byte == 0x7F;
}

// What begins here is no text in any encoding, rather than a text with a slip in it. Only what is
// said depends on it: each such byte is an error in any case.
bool looks_binary(std::string_view text) {
  constexpr std::size_t looked_at = 4096;
  constexpr std::size_t too_many = 4;
  const std::string_view sample = text.substr(0, looked_at);
  std::size_t odd = 0;
  std::size_t invalid = 0;
  for (std::size_t at = 0; at < sample.size();) {
    const CodePoint point = decode_utf8(sample.substr(at));
    odd += is_odd(static_cast<unsigned char>(sample[at])) ? 1 : 0;
    invalid += point.is_valid ? 0 : 1;
    at += std::max<std::size_t>(point.size_bytes, 1);
  }
  // A text in an old encoding has bytes that are not UTF-8 in number, but none of the odd ones.
  return (odd >= too_many && odd * 50 >= sample.size()) ||
         (odd > 0 && odd + invalid >= too_many && (odd + invalid) * 5 >= sample.size());
}

// What people take for the plan by mistake, by its first bytes.
std::string_view advice_on_binary(std::string_view text) {
  struct Known {
    std::string_view beginning;
    std::string_view advice;
  };
  static constexpr Known known[] = {
      {"\x1F\x8B", "it is compressed by gzip: unpack it with `gunzip` first"},
      {"\xFD"
       "7zXZ",
       "it is compressed by xz: unpack it with `unxz` first"},
      {"\x28\xB5\x2F\xFD", "it is compressed by zstd: unpack it with `unzstd` first"},
      {"PK\x03\x04", "it is a zip archive: unpack it first"},
      {"\x7F"
       "ELF",
       "it is a program: give the file that the plan is written in"},
      {"SQLite format 3",
       "it is a database, as journals are: `plan status --journal FILE` reads one"},
      {"\xFF\xFE", "it may be UTF-16: `iconv -f utf-16 -t utf-8` converts it"},
      {"\xFE\xFF", "it may be UTF-16: `iconv -f utf-16 -t utf-8` converts it"}};
  const auto* found = std::ranges::find_if(
      known, [text](const Known& each) { return text.starts_with(each.beginning); });
  return found == std::end(known) ? "give the file that the plan is written in, as text in UTF-8"
                                  : found->advice;
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
  const std::size_t before = diagnostics.size();
  std::size_t reports = 0;
  // A byte order mark at the very beginning is let pass.
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (at = skip_plain(text, at); at < text.size(); at = skip_plain(text, at)) {
    const CodePoint point = decode_utf8(text.substr(at));
    const auto begin = static_cast<std::uint32_t>(base + at);
    const auto size = static_cast<std::uint32_t>(point.size_bytes);
    const bool is_bad =
        !point.is_valid || is_forbidden(point, at + 1 < text.size() ? text[at + 1] : '\0');
    const std::string byte =
        is_bad ? fmt::format("{:02X}", static_cast<unsigned char>(text[at])) : std::string();
    if (is_bad && reports < max_reports && looks_binary(text.substr(at))) {
      diagnostics.truncate(before);
      Diagnostic& one = diagnostics.report<Code::invalid_utf8>({begin, begin + 1}, at + 1, byte);
      one.message = fmt::format("this is not a text file: byte {} is 0x{}", at + 1, byte);
      one.help(std::string(advice_on_binary(text)));
      return TextCheck::not_utf8;
    }
    if (!point.is_valid) {
      diagnostics.report<Code::invalid_utf8>({begin, begin + 1}, at + 1, byte)
          .help("save the file as UTF-8");
      return TextCheck::not_utf8;
    }
    if (is_bad && reports < max_reports) {
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
