// Text that becomes part of an HTML page.
#pragma once

#include <string>
#include <string_view>

namespace plan::emit {

// Safe between tags and inside of quoted attributes.
inline std::string html_escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

}  // namespace plan::emit
