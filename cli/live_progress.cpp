// The table on a terminal. Each drawing goes back to the first line of the last one and writes
// every line anew, so that nothing of the terminal's state has to be known but the cursor; after a
// resize, lines may have been wrapped, so the screen is cleared instead.
#include <iterator>

#include <fmt/format.h>

#include "cli/board.hpp"
#include "cli/progress.hpp"
#include "cli/terminal.hpp"
#include "cli/ticker.hpp"
#include "cli/wall_clock.hpp"

namespace plan {

namespace {

constexpr std::string_view hide_cursor = "\x1b[?25l";
constexpr std::string_view show_cursor = "\x1b[?25h";
constexpr std::string_view clear_screen = "\x1b[2J\x1b[H";

class LiveProgress : public Progress {
 public:
  LiveProgress(const Plan& plan, bool colored)
      : board_(board_of(plan)),
        colored_(colored),
        utf8_(speaks_utf8()),
        ticker_(mutex_, std::chrono::milliseconds(200), [this] { draw_now(); }) {}

  ~LiveProgress() override {
    const std::scoped_lock lock(mutex_);
    draw_now();
    leave();
  }

  void on(const RunEvent& event) override {
    const std::scoped_lock lock(mutex_);
    update(board_, event);
    is_begun_ = true;
    has_run_ = has_run_ || event.kind == RunEventKind::run_started;
    if (event.kind == RunEventKind::run_finished) {
      draw_now();
      leave();  // the final state stays; a report is written below it
    }
  }

  void pause() override {
    const std::scoped_lock lock(mutex_);
    draw_now();
    leave();
  }

  void resume() override {
    const std::scoped_lock lock(mutex_);
    is_paused_ = false;
  }

  void remember(const std::vector<StepResult>& steps) override {
    const std::scoped_lock lock(mutex_);
    plan::remember(board_, steps);
  }

  void say(std::string_view note) override {
    const std::scoped_lock lock(mutex_);
    board_.note = note;
    draw_now();
  }

 private:
  // What stands there stays, and the next drawing begins below. Before the run begins there is a
  // line about the looking around only, which goes.
  void leave() {
    if (!is_paused_ && is_begun_) {
      const bool is_line = !has_run_ && drawn_ > 0;
      print(Stream::out, is_line ? fmt::format("\x1b[{}A\r\x1b[J{}", drawn_, show_cursor)
                                 : std::string(show_cursor));
    }
    is_paused_ = true;
    drawn_ = 0;
  }

  void draw_now() {
    if (is_paused_ || !is_begun_) {
      return;
    }
    const TerminalSize size = terminal_size(Stream::out);
    const bool is_resized =
        drawn_ > 0 && (size.columns != size_.columns || size.rows != size_.rows);
    size_ = size;
    // The last line is the cursor's; the last column stays free, since some terminals wrap there.
    const BoardLook look{.columns = size.columns - 1,
                         .rows = size.rows - 1,
                         .colored = colored_,
                         .utf8 = utf8_,
                         .now = wall_time()};
    std::vector<std::string> lines = draw(board_, look);
    if (!has_run_) {
      lines.resize(1);
    }
    fmt::memory_buffer out;
    const auto add = [&](std::string_view text) { out.append(text); };
    add(hide_cursor);
    if (is_resized) {
      add(clear_screen);
    } else if (drawn_ > 0) {
      fmt::format_to(std::back_inserter(out), "\x1b[{}A", drawn_);
    }
    for (const std::string& line : lines) {
      add("\r");
      add(line);
      add("\x1b[K\n");
    }
    add("\x1b[J");
    drawn_ = lines.size();
    print(Stream::out, {out.data(), out.size()});
  }

  std::mutex mutex_;
  Board board_;
  bool colored_;
  bool utf8_;
  bool is_paused_ = false;
  bool is_begun_ = false;
  bool has_run_ = false;
  std::size_t drawn_ = 0;  // lines of the last drawing that the cursor stands below
  TerminalSize size_;
  Ticker ticker_;  // last: ends before what it draws
};

}  // namespace

std::unique_ptr<Progress> make_live_progress(const Plan& plan, bool colored) {
  return std::make_unique<LiveProgress>(plan, colored);
}

}  // namespace plan
