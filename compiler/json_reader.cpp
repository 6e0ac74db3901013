// JSON after RFC 8259, in one pass.

#include "compiler/json_reader.hpp"

#include <charconv>

#include <fmt/format.h>

namespace plan {

void JsonReader::fail(std::string_view why) {
  if (failed()) {
    return;
  }
  std::string path;
  for (const Level& level : levels_) {
    if (level.is_array) {
      path += fmt::format("[{}]", level.item);
    } else {
      path += path.empty() ? "" : ".";
      path += level.key;
    }
  }
  error_ = fmt::format("at byte {}{}{}: {}", at_, path.empty() ? "" : ", in ", path, why);
}

char JsonReader::peek() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
    ++at_;
  }
  return at_ < text_.size() && !failed() ? text_[at_] : '\0';
}

void JsonReader::expect(char c) {
  if (!take(c)) {
    fail(fmt::format("expected `{}`", c));
  }
}

bool JsonReader::take(char c) {
  if (peek() != c || failed()) {
    return false;
  }
  ++at_;
  return true;
}

bool JsonReader::take_word(std::string_view word) {
  if (peek() != word.front() || !text_.substr(at_).starts_with(word)) {
    return false;
  }
  at_ += word.size();
  return true;
}

bool JsonReader::take_null() {
  return take_word("null");
}

void JsonReader::open(bool is_array) {
  expect(is_array ? '[' : '{');
  if (levels_.size() >= depth_limit) {
    fail("nested too deep");
  }
  levels_.push_back({.key = {}, .item = -1, .is_array = is_array, .is_empty = true});
}

void JsonReader::begin_object() {
  open(false);
}

bool JsonReader::take_key(std::string_view name) {
  if (failed() || levels_.empty()) {
    return false;
  }
  Level& level = levels_.back();
  const std::size_t before = at_;
  if (peek() == '}' || (!level.is_empty && !take(','))) {
    return false;
  }
  // Keys of the format need no escapes, so they can be compared as they stand.
  const bool is_quote = peek() == '"';
  const std::string_view rest = text_.substr(std::min(at_ + 1, text_.size()));
  if (!is_quote || !rest.starts_with(name) || rest.size() <= name.size() ||
      rest[name.size()] != '"') {
    at_ = before;
    return false;
  }
  at_ += name.size() + 2;
  level.is_empty = false;
  level.key = name;
  expect(':');
  return true;
}

void JsonReader::end_object() {
  if (peek() != '}') {
    std::string_view rest = text_.substr(std::min(at_, text_.size()));
    fail(fmt::format("expected the end of the object or a key in its order, found `{}`",
                     rest.substr(0, 20)));
  }
  expect('}');
  if (!levels_.empty()) {
    levels_.pop_back();
  }
}

void JsonReader::begin_array() {
  open(true);
}

bool JsonReader::next_item() {
  if (failed() || levels_.empty()) {
    return false;
  }
  Level& level = levels_.back();
  if (take(']')) {
    levels_.pop_back();
    return false;
  }
  if (!level.is_empty) {
    expect(',');
  }
  level.is_empty = false;
  ++level.item;
  return !failed();
}

std::uint32_t JsonReader::hex4() {
  std::uint32_t code = 0;
  const char* begin = text_.data() + at_;
  const bool is_there = at_ + 4 <= text_.size();
  const auto result = std::from_chars(begin, begin + (is_there ? 4 : 0), code, 16);
  if (!is_there || result.ptr != begin + 4) {
    fail("bad \\u escape");
    return 0;
  }
  at_ += 4;
  return code;
}

void JsonReader::append_escape(std::string& result) {
  const char c = at_ < text_.size() ? text_[at_++] : '\0';
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (const std::size_t letter = letters.find(c); letter != std::string_view::npos && c != '\0') {
    result += meanings[letter];
    return;
  }
  if (c != 'u') {
    fail("unknown escape in a string");
    return;
  }
  std::uint32_t code = hex4();
  if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
    at_ += 2;
    const std::uint32_t low = hex4();
    code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00)
                                         : 0xD800;
  }
  if (code >= 0xD800 && code < 0xE000) {
    fail("half of a surrogate pair");
    return;
  }
  if (code < 0x80) {
    result += static_cast<char>(code);
  } else if (code < 0x800) {
    result += static_cast<char>(0xC0U | (code >> 6U));
    result += static_cast<char>(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    result += static_cast<char>(0xE0U | (code >> 12U));
    result += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    result += static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    result += static_cast<char>(0xF0U | (code >> 18U));
    result += static_cast<char>(0x80U | ((code >> 12U) & 0x3FU));
    result += static_cast<char>(0x80U | ((code >> 6U) & 0x3FU));
    result += static_cast<char>(0x80U | (code & 0x3FU));
  }
}

std::string JsonReader::string() {
  std::string result;
  if (peek() != '"') {
    fail("expected a string");
    return result;
  }
  ++at_;
  while (!failed()) {
    const std::size_t end = text_.find_first_of("\"\\", at_);
    if (end == std::string_view::npos) {
      fail("a string without end");
      break;
    }
    result.append(text_.substr(at_, end - at_));
    at_ = end + 1;
    if (text_[end] == '"') {
      return result;
    }
    append_escape(result);
  }
  return {};
}

std::int64_t JsonReader::integer() {
  (void)peek();
  std::int64_t number = 0;
  const auto result = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
  if (failed() || result.ec != std::errc{}) {
    fail("expected a whole number");
    return 0;
  }
  at_ = static_cast<std::size_t>(result.ptr - text_.data());
  return number;
}

std::uint32_t JsonReader::index() {
  if (take_null()) {
    return UINT32_MAX;
  }
  const std::int64_t number = integer();
  if (number < 0 || number >= std::int64_t{UINT32_MAX}) {
    fail("expected a number from 0 to 4294967294");
    return UINT32_MAX;
  }
  return static_cast<std::uint32_t>(number);
}

bool JsonReader::boolean() {
  if (take_word("true")) {
    return true;
  }
  if (!take_word("false")) {
    fail("expected true or false");
  }
  return false;
}

}  // namespace plan
