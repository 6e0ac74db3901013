// The state of a run as people look at it: rows of steps, kept up to date by events, drawn as
// lines of text. Pure; live_progress.cpp puts it on a terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/plan.hpp"
#include "runtime/event.hpp"
#include "runtime/run.hpp"

namespace plan {

enum class RowState : std::uint8_t {
  waiting,
  running,
  done,
  held,
  skipped,
  failed,
  blocked,
  stopped,
  undone
};

[[nodiscard]] std::string_view word(RowState state);  // "running"
// One cell; ASCII unless `utf8`.
[[nodiscard]] std::string_view symbol(RowState state, bool utf8);

struct Row {
  std::string step;   // name of the instance
  std::string title;  // for people
  std::string host;
  std::size_t phase = 0;  // of Board::phases
  RowState state = RowState::waiting;
  bool is_template = false;  // a loop's step before the loop is unfolded
  bool ends_way_back = false;
  std::chrono::milliseconds started{0};  // wall time
  std::chrono::milliseconds elapsed{0};
  std::string last;  // last line of its output, what it waits for, why it failed
};

struct Board {
  std::string title;
  std::string activity;             // "looking at the hosts", "running", "finished: done"
  std::vector<std::string> phases;  // titles; "" for steps without a phase
  std::vector<Row> rows;            // in the order of the phases
  std::chrono::milliseconds started{0};
  bool is_finished = false;
  bool is_past_point_of_no_return = false;
  std::string note;  // "stopping after the running steps"
};

struct BoardLook {
  std::size_t columns = 80;
  std::size_t rows = 24;
  bool colored = false;
  bool utf8 = false;
  std::chrono::milliseconds now{0};  // wall time
};

[[nodiscard]] Board board_of(const Plan& plan);
void update(Board& board, const RunEvent& event);
// What earlier attempts of the run have done: no events come for that.
void remember(Board& board, const std::vector<StepResult>& steps);
// At most look.rows lines, each at most look.columns cells. What does not fit is summed up:
// finished phases first, then phases that have not begun.
[[nodiscard]] std::vector<std::string> draw(const Board& board, const BoardLook& look);

// How a step is called where people look: "for env#begin"  →  "for each env".
[[nodiscard]] std::string step_title(std::string_view step);
// Last line of a text that is not blank.
[[nodiscard]] std::string_view last_line(std::string_view text);

}  // namespace plan
