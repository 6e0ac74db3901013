#include "cli/terminal.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/environment.hpp"
#include "dsl/display_width.hpp"

namespace plan {

namespace {

int descriptor(Stream stream) {
  return stream == Stream::out ? STDOUT_FILENO : STDERR_FILENO;
}

bool is_dumb() {
  return environment_value("TERM").value_or("dumb") == "dumb";
}

std::string_view sequence(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "\x1b[1m";
    case Style::dim:
      return "\x1b[2m";
    case Style::red:
      return "\x1b[31m";
    case Style::green:
      return "\x1b[32m";
    case Style::yellow:
      return "\x1b[33m";
    case Style::blue:
      return "\x1b[34m";
    case Style::cyan:
      return "\x1b[36m";
  }
  return "";
}

}  // namespace

bool is_terminal(Stream stream) {
  return isatty(descriptor(stream)) == 1;
}

bool can_redraw(Stream stream) {
  return is_terminal(stream) && !is_dumb();
}

bool wants_color(ColorWhen when, Stream stream) {
  switch (when) {
    case ColorWhen::always:
      return true;
    case ColorWhen::never:
      return false;
    case ColorWhen::automatic:
      break;
  }
  if (!environment_value("NO_COLOR").value_or("").empty()) {
    return false;
  }
  const std::string forced = environment_value("CLICOLOR_FORCE").value_or("0");
  if (!forced.empty() && forced != "0") {
    return true;
  }
  return can_redraw(stream);
}

TerminalSize terminal_size(Stream stream) {
  winsize size{};
  if (ioctl(descriptor(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return {.columns = size.ws_col, .rows = size.ws_row == 0 ? std::size_t{24} : size.ws_row};
  }
  TerminalSize result;
  const std::string columns = environment_value("COLUMNS").value_or("");
  std::size_t number = 0;
  const auto parsed = std::from_chars(columns.data(), columns.data() + columns.size(), number);
  if (parsed.ec == std::errc() && number >= 20 && number <= 1000) {
    result.columns = number;
  }
  return result;
}

bool speaks_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string value = environment_value(name).value_or("");
    if (!value.empty()) {
      return value.contains("UTF-8") || value.contains("utf8") || value.contains("UTF8");
    }
  }
  return false;
}

namespace {

// Why standard output took less than was written; 0: it took all. Nobody reading is no reason.
int output_errno = 0;

}  // namespace

std::string output_problem() {
  return output_errno == 0 ? "" : std::generic_category().message(output_errno);
}

void print(Stream stream, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor(stream), text.data(), text.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      if (stream == Stream::out && errno != EPIPE) {
        output_errno = errno;
      }
      return;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string cut_to(std::string_view text, std::size_t columns) {
  std::string result;
  std::size_t used = 0;
  while (!text.empty()) {
    const CodePoint point = decode_utf8(text);
    const std::string_view bytes = text.substr(0, point.size_bytes);
    text.remove_prefix(point.size_bytes);
    if (!point.is_valid || point.value < 0x20 || (point.value >= 0x7f && point.value < 0xa0)) {
      continue;
    }
    const std::size_t width = display_width(bytes);
    if (used + width > columns || (used + width == columns && !text.empty())) {
      return result + (columns == 0 ? "" : speaks_utf8() ? "…" : "~");
    }
    result += bytes;
    used += width;
  }
  return result;
}

std::string styled(std::string_view text, Style style, bool colored) {
  if (!colored || style == Style::plain || text.empty()) {
    return std::string(text);
  }
  return fmt::format("{}{}\x1b[0m", sequence(style), text);
}

}  // namespace plan
