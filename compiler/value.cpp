#include "compiler/value.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/value_text.hpp"

namespace plan {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_separator(char c) {
  return c == '.' || c == '-' || c == '+' || c == '_' || c == '~' || c == ' ';
}

// Takes the next component off `rest`: a run of digits or a run of other characters.
// "0rc1" → "0", "rc", "1".  Empty when nothing is left.
std::string_view take_component(std::string_view& rest) {
  while (!rest.empty() && is_separator(rest.front())) {
    rest.remove_prefix(1);
  }
  std::size_t size = 0;
  while (size < rest.size() && !is_separator(rest[size]) &&
         is_digit(rest[size]) == is_digit(rest[0])) {
    ++size;
  }
  std::string_view component = rest.substr(0, size);
  rest.remove_prefix(size);
  return component;
}

std::string_view without_leading_zeros(std::string_view number) {
  while (!number.empty() && number.front() == '0') {
    number.remove_prefix(1);
  }
  return number;
}

// An absent component counts as 0, and text sorts before every number: both sides can be thought
// of as continued by zeros for ever, which makes the order total.
std::strong_ordering compare_components(std::string_view left, std::string_view right) {
  const bool left_is_number = left.empty() || is_digit(left.front());
  const bool right_is_number = right.empty() || is_digit(right.front());
  if (left_is_number != right_is_number) {
    return left_is_number ? std::strong_ordering::greater : std::strong_ordering::less;
  }
  if (left_is_number) {
    left = without_leading_zeros(left);
    right = without_leading_zeros(right);
    if (left.size() != right.size()) {
      return left.size() <=> right.size();
    }
  }
  return left.compare(right) <=> 0;
}

struct TextOf {
  std::string operator()(const Null&) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::string operator()(const std::string& value) const { return quote(value); }
  std::string operator()(const Version& value) const { return "v" + value.text; }
  std::string operator()(const Duration& value) const { return duration_text(value); }
  std::string operator()(const Size& value) const { return size_text(value); }
  std::string operator()(const EnumValue& value) const { return std::string(value.name.text()); }
  std::string operator()(const List& value) const {
    std::string text = "[";
    for (const Value& item : value) {
      text += text.size() > 1 ? ", " : "";
      text += to_text(item);
    }
    return text + "]";
  }
  std::string operator()(const Map& value) const {
    std::string text = "{";
    for (const auto& [key, item] : value) {
      text += text.size() > 1 ? ", " : " ";
      text += key + ": " + to_text(item);
    }
    return text + (value.empty() ? "}" : " }");
  }
  std::string operator()(const HostId& value) const { return fmt::format("host {}", value.index); }
  std::string operator()(const ResourceId& value) const {
    return fmt::format("resource {}", value.index);
  }
  std::string operator()(const Secret&) const { return "(secret)"; }
  std::string operator()(const Deferred&) const { return "(known at run time)"; }
};

}  // namespace

bool Secret::operator==(const Secret& other) const {
  // The loop runs over the longer text, whatever the contents are.
  const std::size_t size = std::max(text_.size(), other.text_.size());
  unsigned difference = text_.size() == other.text_.size() ? 0 : 1;
  for (std::size_t index = 0; index < size; ++index) {
    const char left = index < text_.size() ? text_[index] : '\0';
    const char right = index < other.text_.size() ? other.text_[index] : '\0';
    difference |=
        static_cast<unsigned>(static_cast<unsigned char>(left) ^ static_cast<unsigned char>(right));
  }
  return difference == 0;
}

const Value* find(const Map& map, std::string_view key) {
  for (const auto& [name, value] : map) {
    if (name == key) {
      return &value;
    }
  }
  return nullptr;
}

std::strong_ordering compare_versions(std::string_view left, std::string_view right) {
  while (!left.empty() || !right.empty()) {
    const std::string_view left_component = take_component(left);
    const std::string_view right_component = take_component(right);
    const auto order = compare_components(left_component, right_component);
    if (order != std::strong_ordering::equal) {
      return order;
    }
  }
  return std::strong_ordering::equal;
}

std::string to_text(const Value& value) {
  return std::visit(TextOf{}, value.data);
}

std::string duration_text(Duration duration) {
  constexpr std::pair<std::int64_t, const char*> units[] = {
      {86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1000, "s"}};
  for (const auto& [factor, unit] : units) {
    if (duration.ms != 0 && duration.ms % factor == 0) {
      return fmt::format("{}{}", duration.ms / factor, unit);
    }
  }
  return fmt::format("{}ms", duration.ms);
}

std::string size_text(Size size) {
  constexpr std::pair<std::int64_t, const char*> units[] = {{std::int64_t{1} << 40, "TiB"},
                                                            {std::int64_t{1} << 30, "GiB"},
                                                            {std::int64_t{1} << 20, "MiB"},
                                                            {std::int64_t{1} << 10, "KiB"}};
  for (const auto& [factor, unit] : units) {
    if (size.bytes != 0 && size.bytes % factor == 0) {
      return fmt::format("{}{}", size.bytes / factor, unit);
    }
  }
  return fmt::format("{}B", size.bytes);
}

std::string quote(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\t':
        result += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          result += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          result += c;
        }
    }
  }
  return result + "\"";
}

namespace {

// A whole number followed by one of the units. "30s" → 30'000.
std::optional<std::int64_t> parse_with_unit(
    std::string_view text, std::initializer_list<std::pair<std::string_view, std::int64_t>> units) {
  std::size_t digits = 0;
  std::int64_t number = 0;
  while (digits < text.size() && is_digit(text[digits])) {
    if (__builtin_mul_overflow(number, 10, &number) ||
        __builtin_add_overflow(number, text[digits] - '0', &number)) {
      return std::nullopt;
    }
    ++digits;
  }
  for (const auto& [unit, factor] : units) {
    if (digits > 0 && text.substr(digits) == unit) {
      std::int64_t result = 0;
      return __builtin_mul_overflow(number, factor, &result) ? std::nullopt : std::optional(result);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto ms = parse_with_unit(
      text, {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}});
  return ms ? std::optional(Duration{*ms}) : std::nullopt;
}

std::optional<Size> parse_size(std::string_view text) {
  const auto bytes = parse_with_unit(text, {{"B", 1},
                                            {"KiB", std::int64_t{1} << 10},
                                            {"MiB", std::int64_t{1} << 20},
                                            {"GiB", std::int64_t{1} << 30},
                                            {"TiB", std::int64_t{1} << 40}});
  return bytes ? std::optional(Size{*bytes}) : std::nullopt;
}

}  // namespace plan
