#include "tests/orchestrator/json.hpp"

#include <algorithm>
#include <array>
#include <random>

#include <fmt/format.h>

namespace orchestrator {
namespace {

void write(const Json& value, std::string& out) {
  if (value.is_object()) {
    out += '{';
    std::string_view separator;
    for (const auto& [name, member] : value.items()) {
      out += separator;
      out += Json(name).dump(-1, ' ', true);
      out += ": ";
      write(member, out);
      separator = ", ";
    }
    out += '}';
    return;
  }
  if (value.is_array()) {
    out += '[';
    std::string_view separator;
    for (const Json& element : value) {
      out += separator;
      write(element, out);
      separator = ", ";
    }
    out += ']';
    return;
  }
  out += value.dump(-1, ' ', true);
}

// Where an unclosed string of `text` begins, or npos.
std::size_t unterminated_string(std::string_view text) {
  std::size_t begin = std::string_view::npos;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '\\' && begin != std::string_view::npos) {
      ++index;
    } else if (text[index] == '"') {
      begin = begin == std::string_view::npos ? index : std::string_view::npos;
    }
  }
  return begin;
}

std::string complaint_at(std::string_view what, std::string_view text, std::size_t position) {
  const std::string_view before = text.substr(0, position);
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto line_begin = before.rfind('\n');
  const auto column = line_begin == std::string_view::npos ? position + 1 : position - line_begin;
  return fmt::format("{}: line {} column {} (char {})", what, line, column, position);
}

}  // namespace

std::string python_json(const Json& value) {
  std::string out;
  write(value, out);
  return out;
}

std::string python_repr(std::string_view text) {
  const bool use_double =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char quote = use_double ? '"' : '\'';
  std::string out(1, quote);
  for (const char letter : text) {
    if (letter == '\n') {
      out += "\\n";
    } else if (letter == quote || letter == '\\') {
      out += '\\';
      out += letter;
    } else {
      out += letter;
    }
  }
  return out + quote;
}

std::string decode_complaint(std::string_view text) {
  if (const auto begin = unterminated_string(text); begin != std::string_view::npos) {
    return complaint_at("Unterminated string starting at", text, begin);
  }
  std::size_t position = 0;
  try {
    [[maybe_unused]] const Json parsed = Json::parse(text);
  } catch (const Json::parse_error& error) {
    position = error.byte == 0 ? 0 : std::min(error.byte - 1, text.size());
  }
  const auto last =
      position == 0 ? std::string_view::npos : text.substr(0, position).find_last_not_of(" \t\r\n");
  const char before = last == std::string_view::npos ? ' ' : text[last];
  if (before == '{') {
    return complaint_at("Expecting property name enclosed in double quotes", text, position);
  }
  return complaint_at("Expecting value", text, position);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) {
    return false;
  }
  for (std::size_t index = 0; index < text.size(); ++index) {
    const bool is_hyphen_place = index == 8 || index == 13 || index == 18 || index == 23;
    const bool fits = is_hyphen_place ? text[index] == '-'
                                      : std::isxdigit(static_cast<unsigned char>(text[index])) != 0;
    if (!fits) {
      return false;
    }
  }
  return true;
}

std::string new_uuid() {
  thread_local std::random_device device;
  std::array<unsigned, 4> words{device(), device(), device(), device()};
  words[1] = (words[1] & 0xffff0fffU) | 0x00004000U;
  words[2] = (words[2] & 0x3fffffffU) | 0x80000000U;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", words[0], words[1] >> 16U,
                     words[1] & 0xffffU, words[2] >> 16U, words[2] & 0xffffU, words[3]);
}

std::string stamp_sql(std::string_view column) {
  return fmt::format(R"(to_char({}, 'YYYY-MM-DD"T"HH24:MI:SS.US'))", column);
}

}  // namespace orchestrator
