#include "dsl/literal.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "dsl/display_width.hpp"

namespace plan {

namespace {

bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\r';
}

std::size_t count_blanks(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, is_blank);
  return static_cast<std::size_t>(end - text.begin());
}

// --- blocks

bool begins_below(std::string_view text) {
  const std::size_t blanks = count_blanks(text);
  return blanks < text.size() && text[blanks] == '\n';
}

// The smallest indent of the lines that hold something, and of the one the closing quotes end.
std::size_t common_indent(const std::vector<RawPiece>& pieces) {
  std::size_t indent = std::numeric_limits<std::size_t>::max();
  for (const RawPiece& piece : pieces) {
    for (std::size_t at = piece.text.find('\n'); at != std::string_view::npos;
         at = piece.text.find('\n', at + 1)) {
      const std::string_view line = piece.text.substr(at + 1);
      const std::size_t blanks = count_blanks(line);
      const bool is_empty = blanks < line.size() && line[blanks] == '\n';
      if (!is_empty) {
        indent = std::min(indent, blanks);
      }
    }
  }
  return indent;
}

std::string without_indent(std::string_view text, std::size_t indent) {
  std::string result;
  result.reserve(text.size());
  while (true) {
    const std::size_t newline = text.find('\n');
    if (newline == std::string_view::npos) {
      result += text;
      return result;
    }
    std::string_view line = text.substr(0, newline);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    result += line;
    result += '\n';
    text.remove_prefix(newline + 1);
    const std::size_t blanks = count_blanks(text);
    const bool is_empty = blanks < text.size() && text[blanks] == '\n';
    text.remove_prefix(is_empty ? blanks : std::min(indent, blanks));
  }
}

// --- escapes

struct Escape {
  std::size_t size = 2;
  std::optional<char32_t> value;
};

Escape read_unicode_escape(std::string_view text) {
  // \u{1F600}
  const std::size_t close = text.find('}');
  if (!text.starts_with("\\u{") || close == std::string_view::npos || close > 9) {
    return {};
  }
  const std::string_view digits = text.substr(3, close - 3);
  std::uint32_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  const bool is_number = !digits.empty() && parsed.ptr == digits.data() + digits.size();
  const bool is_scalar = value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
  if (!is_number || !is_scalar) {
    return {.size = close + 1, .value = {}};
  }
  return {.size = close + 1, .value = static_cast<char32_t>(value)};
}

Escape read_escape(std::string_view text) {
  switch (text.size() > 1 ? text[1] : '\0') {
    case 'n':
      return {.value = U'\n'};
    case 't':
      return {.value = U'\t'};
    case 'r':
      return {.value = U'\r'};
    case '\\':
      return {.value = U'\\'};
    case '"':
      return {.value = U'"'};
    case '$':
      return {.value = U'$'};
    case 'u':
      return read_unicode_escape(text);
    default:
      return {};
  }
}

// `source` is the piece as written, `at` an escape in it.
void report_escape(const RawPiece& source,
                   std::size_t at,
                   std::size_t size,
                   Diagnostics& diagnostics) {
  std::string_view shown = source.text.substr(at, size);
  if (shown.size() == 2 && static_cast<unsigned char>(shown[1]) >= 0x80) {
    shown = source.text.substr(at, 1 + decode_utf8(source.text.substr(at + 1)).size_bytes);
  }
  if (shown.ends_with('\n')) {
    shown.remove_suffix(1);
  }
  const auto begin = source.begin + static_cast<std::uint32_t>(at);
  diagnostics
      .report<Code::bad_escape>({begin, begin + static_cast<std::uint32_t>(shown.size())}, shown)
      .fix({.span = {begin, begin},
            .replacement = "\\",
            .description =
                R"(a backslash itself is written `\\`; escapes are \n \t \r \\ \" \$ \u{…})"});
}

void check_escapes(const RawPiece& piece, Diagnostics& diagnostics) {
  for (std::size_t at = piece.text.find('\\'); at != std::string_view::npos;) {
    const Escape escape = read_escape(piece.text.substr(at));
    if (!escape.value) {
      report_escape(piece, at, escape.size, diagnostics);
    }
    at = piece.text.find('\\', at + escape.size);
  }
}

std::string without_escapes(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\')) {
    const Escape escape = read_escape(text.substr(at));
    result += text.substr(0, at);
    if (escape.value) {
      append_utf8(result, *escape.value);
    }
    text.remove_prefix(std::min(text.size(), at + escape.size));
  }
  result += text;
  return result;
}

// --- numbers

struct Unit {
  std::string_view name;
  NumberKind kind;
  std::int64_t factor;
};

constexpr Unit units[] = {
    {"", NumberKind::integer, 1},
    {"ms", NumberKind::duration_ms, 1},
    {"s", NumberKind::duration_ms, 1000},
    {"m", NumberKind::duration_ms, 60'000},
    {"h", NumberKind::duration_ms, 3'600'000},
    {"d", NumberKind::duration_ms, 86'400'000},
    {"B", NumberKind::size_bytes, 1},
    {"KiB", NumberKind::size_bytes, 1LL << 10U},
    {"MiB", NumberKind::size_bytes, 1LL << 20U},
    {"GiB", NumberKind::size_bytes, 1LL << 30U},
    {"TiB", NumberKind::size_bytes, 1LL << 40U},
};

// Units as other languages write them; nothing for what is written in several ways or none.
std::string_view unit_for(std::string_view unit) {
  struct Other {
    std::string_view name;
    std::string_view unit;
  };
  static constexpr Other others[] = {
      {"sec", "s"},   {"secs", "s"},   {"second", "s"},  {"seconds", "s"}, {"min", "m"},
      {"mins", "m"},  {"minute", "m"}, {"minutes", "m"}, {"hr", "h"},      {"hour", "h"},
      {"hours", "h"}, {"day", "d"},    {"days", "d"},    {"msec", "ms"},   {"KIB", "KiB"},
      {"kib", "KiB"}, {"MIB", "MiB"},  {"mib", "MiB"},   {"GIB", "GiB"},   {"gib", "GiB"}};
  const auto* found = std::ranges::find(others, unit, &Other::name);
  return found == std::end(others) ? std::string_view() : found->unit;
}

std::string_view advice_for(std::string_view unit) {
  constexpr std::string_view powers_of_ten[] = {"KB", "MB", "GB", "TB", "kB", "K", "M", "G", "T"};
  if (std::ranges::find(powers_of_ten, unit) != std::end(powers_of_ten)) {
    return "sizes count in powers of two: `KiB`, `MiB`, `GiB`, `TiB`";
  }
  if (std::ranges::any_of(unit, [](char byte) { return byte >= '0' && byte <= '9'; })) {
    return "a duration is one number and one unit: `90m`, not `1h30m`";
  }
  return "units are ms, s, m, h, d and B, KiB, MiB, GiB, TiB";
}

}  // namespace

std::vector<std::string> resolve_text(const std::vector<RawPiece>& pieces,
                                      TextForm form,
                                      Diagnostics& diagnostics) {
  const bool is_block = form == TextForm::block || form == TextForm::raw_block;
  const bool has_escapes = form == TextForm::line || form == TextForm::block;
  const std::size_t indent = is_block ? common_indent(pieces) : 0;
  std::vector<std::string> result;
  result.reserve(pieces.size());
  for (const RawPiece& piece : pieces) {
    std::string text(piece.text);
    if (is_block) {
      const bool is_first = &piece == &pieces.front();
      text = without_indent(piece.text, indent);
      if (is_first && begins_below(piece.text)) {
        text.erase(0, text.find('\n') + 1);
      }
    }
    if (has_escapes && text.find('\\') != std::string::npos) {
      check_escapes(piece, diagnostics);
      text = without_escapes(text);
    }
    result.push_back(std::move(text));
  }
  return result;
}

Number parse_number(std::string_view text, Span span, Diagnostics& diagnostics) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit_name =
      text.substr(static_cast<std::size_t>(parsed.ptr - text.data()));
  const auto* unit = std::ranges::find(units, unit_name, &Unit::name);
  constexpr std::size_t max_shown = 40;
  const std::string_view shown = text.substr(0, max_shown);
  if (unit == std::end(units)) {
    Diagnostic& diagnostic = diagnostics.report<Code::bad_number>(span, shown);
    const std::string_view meant = unit_for(unit_name);
    if (meant.empty()) {
      diagnostic.help(std::string(advice_for(unit_name)));
      return {};
    }
    const std::string written =
        std::string(text.substr(0, text.size() - unit_name.size())) + std::string(meant);
    diagnostic.fix({.span = span,
                    .replacement = written,
                    .description = "the unit is written `" + std::string(meant) + "`",
                    .is_safe = true});
    return {};
  }
  const bool is_too_large = parsed.ec == std::errc::result_out_of_range ||
                            value > std::numeric_limits<std::int64_t>::max() / unit->factor;
  if (is_too_large) {
    diagnostics.report<Code::number_too_large>(span, shown)
        .note(
            "numbers reach to 9223372036854775807, durations and sizes in milliseconds and bytes");
    return {};
  }
  return {.kind = unit->kind, .value = value * unit->factor};
}

}  // namespace plan
