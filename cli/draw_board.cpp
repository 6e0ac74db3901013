// How a board looks. Every line is cut to the width before it gets its colour, so that colour
// never changes what fits.
#include <algorithm>

#include <fmt/core.h>

#include "cli/board.hpp"
#include "cli/terminal.hpp"
#include "dsl/display_width.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

Style style_of(RowState state) {
  switch (state) {
    case RowState::waiting:
      return Style::dim;
    case RowState::running:
      return Style::bold;
    case RowState::done:
      return Style::green;
    case RowState::held:
      return Style::green;
    case RowState::skipped:
      return Style::dim;
    case RowState::failed:
      return Style::red;
    case RowState::blocked:
      return Style::yellow;
    case RowState::stopped:
      return Style::yellow;
    case RowState::undone:
      return Style::cyan;
  }
  return Style::plain;
}

bool is_over(RowState state) {
  return state == RowState::done || state == RowState::held || state == RowState::skipped ||
         state == RowState::undone;
}

// A running clock shows whole seconds: anything finer flickers.
std::string clock_text(std::chrono::milliseconds time) {
  return time.count() < 1000 ? "0 s"
                             : duration_text(std::chrono::floor<std::chrono::seconds>(time));
}

std::string fitted(std::string_view text, std::size_t width) {
  std::string result = cut_to(text, width);
  const std::size_t used = display_width(result);
  return result + std::string(used < width ? width - used : 0, ' ');
}

struct Columns {
  std::size_t step = 12;
  std::size_t host = 0;
  bool is_narrow = false;  // blanks are dear: the time has to be there still
};

Columns columns_of(const Board& board, std::size_t columns) {
  Columns result;
  result.is_narrow = columns < 60;
  for (const Row& row : board.rows) {
    result.step = std::max(result.step, display_width(row.title));
    result.host = std::max(result.host, display_width(row.host));
  }
  result.step = std::min(result.step, std::max<std::size_t>(12, columns / 3));
  result.host = std::min<std::size_t>(result.host, std::max<std::size_t>(4, columns / 6));
  return result;
}

std::string draw_row(const Row& row, const Columns& columns, const BoardLook& look) {
  const auto elapsed = row.state == RowState::running ? look.now - row.started : row.elapsed;
  const std::string time = row.state == RowState::waiting || elapsed.count() <= 0 ? ""
                           : row.state == RowState::running ? clock_text(elapsed)
                                                            : duration_text(elapsed);
  const std::string mark = row.ends_way_back && row.last.empty() && row.state == RowState::waiting
                               ? "no way back after this"
                               : "";
  const std::string_view gap = columns.is_narrow ? " " : "  ";
  const std::string line =
      fmt::format("{0}{1} {2:7}{0}{3}{0}{4}{0}{5:>{6}}{0}{7}", gap, symbol(row.state, look.utf8),
                  word(row.state), fitted(row.title, columns.step), fitted(row.host, columns.host),
                  time, columns.is_narrow ? 7 : 11, row.last.empty() ? mark : row.last);
  const std::string cut = cut_to(line, look.columns);
  return styled(cut.substr(0, cut.find_last_not_of(' ') + 1), style_of(row.state), look.colored);
}

std::string counts_of(const Board& board) {
  std::string text;
  for (const RowState state :
       {RowState::running, RowState::done, RowState::held, RowState::skipped, RowState::failed,
        RowState::blocked, RowState::stopped, RowState::waiting}) {
    const auto count = std::ranges::count_if(board.rows, [&](const Row& row) {
      return row.state == state && !row.step.contains("#begin");  // a loop is no step
    });
    if (count > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word(state));
    }
  }
  return text;
}

std::string way_back_of(const Board& board) {
  if (board.is_past_point_of_no_return) {
    return "way back: no, the point of no return is passed";
  }
  const auto end = std::ranges::find(board.rows, true, &Row::ends_way_back);
  return end == board.rows.end() ? "way back: yes (plan rollback)"
                                 : "way back: yes (plan rollback), until " + end->title;
}

struct Section {
  std::size_t phase = 0;
  std::vector<const Row*> rows;
  bool is_folded = false;

  [[nodiscard]] bool all(bool (*predicate)(RowState)) const {
    return std::ranges::all_of(rows, [&](const Row* row) { return predicate(row->state); });
  }
  [[nodiscard]] std::size_t height(const Board& board) const {
    return is_folded ? 1 : rows.size() + (board.phases[phase].empty() ? 0 : 1);
  }
};

std::vector<Section> sections_of(const Board& board) {
  std::vector<Section> sections;
  for (const Row& row : board.rows) {
    if (sections.empty() || sections.back().phase != row.phase) {
      sections.push_back({.phase = row.phase, .rows = {}});
    }
    sections.back().rows.push_back(&row);
  }
  return sections;
}

std::size_t height_of(const Board& board, const std::vector<Section>& sections) {
  std::size_t height = 0;
  for (const Section& section : sections) {
    height += section.height(board);
  }
  return height;
}

// Sums up what is over, from the top, then what has not begun, from the bottom, then steps inside
// of the phases that are at work, until everything fits.
void fit(const Board& board, std::vector<Section>& sections, std::size_t room) {
  const auto fold = [&](Section& section, bool (*predicate)(RowState)) {
    if (height_of(board, sections) > room && section.rows.size() > 1 && section.all(predicate)) {
      section.is_folded = true;
    }
  };
  for (Section& section : sections) {
    fold(section, is_over);
  }
  for (auto section = sections.rbegin(); section != sections.rend(); ++section) {
    fold(*section, [](RowState state) { return state == RowState::waiting; });
  }
  for (const RowState state :
       {RowState::done, RowState::held, RowState::skipped, RowState::waiting, RowState::blocked}) {
    for (Section& section : sections) {
      if (section.is_folded) {
        continue;
      }
      std::erase_if(section.rows, [&](const Row* row) {
        return row->state == state && height_of(board, sections) > room;
      });
    }
  }
}

std::string folded(const Board& board, const Section& section, const BoardLook& look) {
  const bool is_waiting = section.rows.front()->state == RowState::waiting;
  const RowState state = is_waiting ? RowState::waiting : RowState::done;
  const std::string& title = board.phases[section.phase];
  const std::string line =
      fmt::format("  {} {:7}  {} ({} steps)", symbol(state, look.utf8), word(state),
                  title.empty() ? "…" : title, section.rows.size());
  return styled(cut_to(line, look.columns), style_of(state), look.colored);
}

}  // namespace

std::vector<std::string> draw(const Board& board, const BoardLook& look) {
  std::vector<std::string> lines;
  // What goes on and for how long is always there; of the title, what there is room for.
  const std::string state =
      fmt::format("  {}  {} elapsed", board.activity, clock_text(look.now - board.started));
  const std::size_t room = look.columns - std::min(look.columns, display_width(state));
  lines.push_back(
      styled(cut_to(cut_to(board.title, room) + state, look.columns), Style::bold, look.colored));
  std::vector<Section> sections = sections_of(board);
  constexpr std::size_t frame = 4;  // heading, counts, way back, note
  fit(board, sections, look.rows > frame ? look.rows - frame : 1);
  const Columns columns = columns_of(board, look.columns);
  for (const Section& section : sections) {
    if (section.is_folded) {
      lines.push_back(folded(board, section, look));
      continue;
    }
    if (!board.phases[section.phase].empty() && !section.rows.empty()) {
      lines.push_back(cut_to(board.phases[section.phase], look.columns));
    }
    for (const Row* row : section.rows) {
      lines.push_back(draw_row(*row, columns, look));
    }
  }
  lines.push_back(cut_to(counts_of(board), look.columns));
  lines.push_back(cut_to(way_back_of(board), look.columns));
  if (!board.note.empty()) {
    lines.push_back(styled(cut_to(board.note, look.columns), Style::yellow, look.colored));
  }
  if (lines.size() > look.rows && look.rows > 0) {
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(look.rows) - 2, lines.end() - 2);
  }
  return lines;
}

}  // namespace plan
