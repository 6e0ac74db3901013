// The table on a terminal. Each drawing goes back to the first line of the last one and writes
// every line anew, so that nothing of the terminal's state has to be known but the cursor; after a
// resize, lines may have been wrapped, so the screen is cleared instead.
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "cli/board.hpp"
#include "cli/progress.hpp"
#include "cli/terminal.hpp"
#include "cli/ticker.hpp"
#include "cli/wall_clock.hpp"
#include "dsl/display_width.hpp"

namespace plan {

namespace {

constexpr std::string_view hide_cursor = "\x1b[?25l";
constexpr std::string_view show_cursor = "\x1b[?25h";
constexpr std::string_view clear_screen = "\x1b[2J\x1b[H";
constexpr std::string_view save_cursor = "\x1b\x37";
constexpr std::string_view restore_cursor = "\x1b\x38";

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

  // The question stands below the table, which is redrawn above it at its present height: whatever
  // is typed meanwhile stays where it is.
  void ask(std::string_view text, const std::function<void()>& put) override {
    const std::scoped_lock lock(mutex_);
    question_ = text;
    draw_now();
    print(Stream::out, show_cursor);
    put();
    is_asking_ = true;
  }

  void answered() override {
    const std::scoped_lock lock(mutex_);
    is_asking_ = false;
    question_.clear();
    drawn_ = 0;  // what was asked and answered stays; the next drawing begins below
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

  // Rows of the open question above the one that the answer is typed in.
  [[nodiscard]] std::size_t question_rows(std::size_t columns) const {
    std::size_t rows = 0;
    std::string_view rest = question_;
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      const std::size_t width = display_width(rest.substr(0, end));
      rows += width == 0 ? 1 : (width - 1) / std::max<std::size_t>(columns, 1) + 1;
      rest.remove_prefix(end + 1);
    }
    return rows;
  }

  void draw_above_question(const std::vector<std::string>& lines, std::size_t columns) {
    fmt::memory_buffer out;
    fmt::format_to(std::back_inserter(out), "{}\x1b[{}A", save_cursor,
                   drawn_ + question_rows(columns));
    for (std::size_t line = 0; line < drawn_; ++line) {
      fmt::format_to(std::back_inserter(out), "\r{}\x1b[K\n",
                     line < lines.size() ? lines[line] : std::string());
    }
    out.append(restore_cursor);
    print(Stream::out, {out.data(), out.size()});
  }

  void draw_now() {
    if (is_paused_ || !is_begun_) {
      return;
    }
    const TerminalSize size = terminal_size(Stream::out);
    const bool is_resized =
        drawn_ > 0 && (size.columns != size_.columns || size.rows != size_.rows);
    size_ = size;
    const bool is_above = is_asking_ && !is_resized;
    const std::size_t taken = question_.empty() ? 1 : question_rows(size.columns) + 1;
    // The last line is the cursor's; the last column stays free, since some terminals wrap there.
    // Above a question there is the room that was taken then, and no note.
    const BoardLook look{.columns = size.columns - 1,
                         .rows = is_above ? drawn_ + 1 : size.rows - std::min(taken, size.rows - 1),
                         .colored = colored_,
                         .utf8 = utf8_,
                         .now = wall_time()};
    std::vector<std::string> lines = draw(board_, look);
    if (!has_run_) {
      lines.resize(1);
    }
    if (is_above) {
      draw_above_question(lines, size.columns);
      return;
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
    if (is_asking_) {
      add(question_);
      add(show_cursor);
    }
    drawn_ = lines.size();
    print(Stream::out, {out.data(), out.size()});
  }

  std::mutex mutex_;
  Board board_;
  bool colored_;
  bool utf8_;
  bool is_paused_ = false;
  bool is_begun_ = false;
  bool is_asking_ = false;
  std::string question_;  // on the screen, or about to be
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
