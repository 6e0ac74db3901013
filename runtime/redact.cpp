#include "runtime/redact.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace plan {

namespace {

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// RFC 4648, without padding. `skip` bytes of something unknown stand before the text: digits that
// depend on them, or on what follows, are left out, so the rest occurs in every encoding of a
// longer text that holds this one at that offset.
std::string base64_core(std::string_view text, std::size_t skip) {
  std::string padded(skip, '\0');
  padded += text;
  std::string digits;
  for (std::size_t bit = 0; bit + 6 <= padded.size() * 8; bit += 6) {
    std::uint32_t window = static_cast<std::uint8_t>(padded[bit / 8]) * 256U;
    if (bit / 8 + 1 < padded.size()) {
      window += static_cast<std::uint8_t>(padded[bit / 8 + 1]);
    }
    const std::uint32_t digit = window >> (10U - bit % 8U) & 63U;
    if (bit >= skip * 8) {
      digits += base64_digits[digit];
    }
  }
  return digits;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string url_quoted(std::string_view text, std::string_view hex) {
  std::string quoted;
  for (const char c : text) {
    if (is_unreserved(c)) {
      quoted += c;
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    quoted += '%';
    quoted += hex[byte / 16];
    quoted += hex[byte % 16];
  }
  return quoted;
}

// Each character of `special` is replaced by what `by` makes of it.
std::string replaced(std::string_view text, char special, std::string_view by) {
  std::string result;
  for (const char c : text) {
    if (c == special) {
      result += by;
    } else {
      result += c;
    }
  }
  return result;
}

std::string json_quoted(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\t') {
      result += "\\t";
    } else {
      result += c;
    }
  }
  return result;
}

std::vector<std::string> forms_of(std::string_view text) {
  std::vector<std::string> forms{std::string(text)};
  if (text.size() >= 4) {  // shorter ones leave too few digits to be told from other text
    for (std::size_t skip = 0; skip < 3; ++skip) {
      std::string digits = base64_core(text, skip);
      std::string url_digits = replaced(replaced(digits, '+', "-"), '/', "_");
      forms.push_back(std::move(digits));
      forms.push_back(std::move(url_digits));
    }
  }
  forms.push_back(url_quoted(text, "0123456789ABCDEF"));
  forms.push_back(url_quoted(text, "0123456789abcdef"));
  forms.push_back(replaced(text, ' ', "+"));
  forms.push_back(replaced(text, '\'', "'\\''"));
  forms.push_back(replaced(text, '\'', "'\"'\"'"));
  forms.push_back(replaced(text, '\'', "''"));
  forms.push_back(json_quoted(text));
  return forms;
}

}  // namespace

void Redactor::add(const Secret& secret) {
  const std::string_view text = secret.reveal();
  std::vector<std::string> added = forms_of(text);
  if (text.find('\n') != std::string_view::npos) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      if (end - begin >= 8) {  // lines like "-----" alone tell nothing
        added.emplace_back(text.substr(begin, end - begin));
      }
      begin = end + 1;
    }
  }
  for (std::string& form : added) {
    if (!form.empty() && std::ranges::find(forms_, form) == forms_.end()) {
      forms_.push_back(std::move(form));
    }
  }
  std::ranges::stable_sort(forms_, std::ranges::greater(), &std::string::size);
}

std::string Redactor::operator()(std::string_view text) const {
  std::string result(text);
  for (const std::string& form : forms_) {
    std::string next;
    std::size_t begin = 0;
    for (std::size_t found = result.find(form); found != std::string::npos;
         found = result.find(form, begin)) {
      next.append(result, begin, found - begin);
      next += "(secret)";
      begin = found + form.size();
    }
    if (begin > 0) {
      next.append(result, begin);
      result = std::move(next);
    }
  }
  return result;
}

namespace {

// Length of the valid UTF-8 sequence at `at`, or 0 (RFC 3629: no surrogates, shortest form only).
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t offset) {
    return at + offset < text.size() ? static_cast<std::uint8_t>(text[at + offset])
                                     : std::uint8_t{0};
  };
  const auto continues = [&](std::size_t offset) { return (byte(offset) & 0xC0U) == 0x80U; };
  const std::uint8_t first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return continues(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const bool is_short = first == 0xE0 && byte(1) < 0xA0;
    const bool is_surrogate = first == 0xED && byte(1) > 0x9F;
    return continues(1) && continues(2) && !is_short && !is_surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool is_short = first == 0xF0 && byte(1) < 0x90;
    const bool is_large = first == 0xF4 && byte(1) > 0x8F;
    return continues(1) && continues(2) && continues(3) && !is_short && !is_large ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    const auto first = static_cast<std::uint8_t>(text[at]);
    const bool is_control = (first < 0x20 && first != '\n' && first != '\t') || first == 0x7F;
    if (length == 0 || is_control) {
      result += "\xEF\xBF\xBD";
      ++at;
      continue;
    }
    result.append(text, at, length);
    at += length;
  }
  return result;
}

}  // namespace plan
