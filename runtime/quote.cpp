#include "runtime/quote.hpp"

namespace plan {

namespace {

// Data of one printf; keeps a line of the shell's input at a size that every shell reads well.
constexpr std::size_t printf_limit = 32'768;

bool is_plain(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') ||
         std::string_view("_@%+=:,./-").find(letter) != std::string_view::npos;
}

void append_escaped(std::string& out, char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  if (letter == '%') {
    out += "%%";
    return;
  }
  if (letter == '\\') {
    out += "\\\\";
    return;
  }
  if (letter == '\n') {
    out += "\\n";
    return;
  }
  if (byte >= 0x20 && byte < 0x7f && letter != '\'') {
    out += letter;
    return;
  }
  out += '\\';
  out += static_cast<char>('0' + (byte >> 6));
  out += static_cast<char>('0' + ((byte >> 3) & 7));
  out += static_cast<char>('0' + (byte & 7));
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  bool all_plain = !text.empty();
  for (const char letter : text) {
    all_plain = all_plain && is_plain(letter);
  }
  return all_plain ? std::string(text) : shell_in_quotes(text);
}

std::string shell_in_quotes(std::string_view text) {
  text = text.substr(0, text.find('\0'));
  std::string out = "'";
  for (const char letter : text) {
    if (letter == '\'') {
      out += "'\\''";
    } else {
      out += letter;
    }
  }
  return out + "'";
}

std::string shell_quoted(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    out += out.empty() ? "" : " ";
    out += shell_quoted(word);
  }
  return out;
}

std::string shell_printf(std::string_view data) {
  std::string out;
  out.reserve(data.size() + data.size() / 8 + 16);
  for (std::size_t begin = 0; begin == 0 || begin < data.size(); begin += printf_limit) {
    out += out.empty() ? "printf '" : "; printf '";
    for (const char letter : data.substr(begin, printf_limit)) {
      append_escaped(out, letter);
    }
    out += '\'';
  }
  return out;
}

}  // namespace plan
