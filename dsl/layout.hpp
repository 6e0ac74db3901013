// Pieces of text and where a line may break between them, laid out within a width.
// The algorithm is that of Derek Oppen, "Prettyprinting", 1980, with groups that break all their
// breaks or (fill) as few as needed; since the whole is known, sizes are found by looking ahead.
// Knows nothing of the language. Used by format.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plan {

enum class PieceKind : std::uint8_t {
  text,
  broken_text,  // only if the group around it is broken
  flat_text,    // only if it is not
  line,         // a space, or the end of the line
  soft_line,    // nothing, or the end of the line
  hard_line,    // the end of the line; breaks all groups around it
  blank_line,   // an empty line; stands behind a hard_line
  comment,      // text after which the line must end; breaks all groups around it
  move,         // a space; or the end of the line and an indent, if what follows up to move_end
  move_end,     // fits in a line then, and only then
  indent,
  dedent,
  group,
  fill,
  end,  // of a group or fill
};

struct Piece {
  PieceKind kind = PieceKind::text;
  std::string_view text;  // must outlive layout()
};

// Lines of at most `width` cells where the breaks allow it, indented by two; no blanks at the ends
// of lines, one newline at the end.
[[nodiscard]] std::string layout(const std::vector<Piece>& pieces, std::size_t width);

}  // namespace plan
