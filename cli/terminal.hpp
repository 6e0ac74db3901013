// What the program may assume about where its output goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace plan {

enum class ColorWhen : std::uint8_t { automatic, always, never };

enum class Stream : std::uint8_t { out, error };

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

[[nodiscard]] bool is_terminal(Stream stream);
// A terminal on which lines can be redrawn: not TERM=dumb.
[[nodiscard]] bool can_redraw(Stream stream);
// --color, then NO_COLOR, CLICOLOR_FORCE, TERM=dumb, and whether it is a terminal.
[[nodiscard]] bool wants_color(ColorWhen when, Stream stream);
// Asked anew each time, so that it follows a resize; COLUMNS where the stream is no terminal.
[[nodiscard]] TerminalSize terminal_size(Stream stream);
// Whether the locale is UTF-8; otherwise symbols are ASCII.
[[nodiscard]] bool speaks_utf8();

// Writes everything, or gives up silently when nobody reads any more.
void print(Stream stream, std::string_view text);
// Why standard output could not take everything ("No space left on device"); empty: it could, or
// nobody read it any more.
[[nodiscard]] std::string output_problem();

// At most `columns` cells, "…" (or "~") in place of the rest; control characters are dropped.
[[nodiscard]] std::string cut_to(std::string_view text, std::size_t columns);

enum class Style : std::uint8_t { plain, bold, dim, red, green, yellow, blue, cyan };
// The text in that style if `colored`.
[[nodiscard]] std::string styled(std::string_view text, Style style, bool colored);

}  // namespace plan
