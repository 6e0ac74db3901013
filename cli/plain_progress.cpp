// One line for each event, and a sign of life every 30 seconds while something runs: build servers
// end jobs that say nothing.
#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "cli/board.hpp"
#include "cli/progress.hpp"
#include "cli/terminal.hpp"
#include "cli/ticker.hpp"
#include "cli/wall_clock.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

constexpr std::chrono::milliseconds heartbeat{30'000};

std::chrono::milliseconds floor_seconds(std::chrono::milliseconds time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

// Of a question over several lines: what is asked, and what the answer is typed behind.
std::string in_one_line(std::string_view question) {
  question.remove_prefix(std::min(question.find_first_not_of('\n'), question.size()));
  const std::string_view first = question.substr(0, question.find('\n'));
  const std::string_view last = question.substr(question.rfind('\n') + 1);
  return fmt::format("{} {}", first, last);
}

class PlainProgress : public Progress {
 public:
  PlainProgress(const Plan& plan, bool colored)
      : colored_(colored), ticker_(mutex_, std::chrono::seconds(1), [this] { beat(); }) {
    for (const Host& host : plan.hosts) {
      host_width_ = std::max(host_width_, host.name.size());
    }
  }

  void on(const RunEvent& event) override {
    const std::scoped_lock lock(mutex_);
    follow(event);
    const std::string text = describe_event(event);
    if (!text.empty()) {
      line(event.at, event.host, text, event.kind == RunEventKind::step_failed);
    }
  }

  void pause() override {
    const std::scoped_lock lock(mutex_);
    is_paused_ = true;
  }

  void resume() override {
    const std::scoped_lock lock(mutex_);
    is_paused_ = false;
    last_ = wall_time();
  }

  void ask(std::string_view text, const std::function<void()>& put) override {
    const std::scoped_lock lock(mutex_);
    put();
    if (is_terminal(Stream::out)) {
      question_ = in_one_line(text);
    }
  }

  void answered() override {
    const std::scoped_lock lock(mutex_);
    question_.clear();
  }

  void say(std::string_view note) override {
    const std::scoped_lock lock(mutex_);
    line(wall_time(), "", note, false);
  }

 private:
  struct Running {
    std::string host;
    std::chrono::milliseconds started{0};
    std::string last;
  };

  void follow(const RunEvent& event) {
    switch (event.kind) {
      case RunEventKind::step_started:
        running_[event.step] = {event.host, wall_time(), ""};
        break;
      case RunEventKind::step_command:
        running_[event.step].last = "$ " + event.detail;
        break;
      case RunEventKind::step_output:
        running_[event.step].last = last_line(event.detail);
        break;
      case RunEventKind::step_waiting:
        // One that asks before it begins does not run.
        if (const auto found = running_.find(event.step); found != running_.end()) {
          found->second.last = "waits: " + event.detail;
        }
        break;
      case RunEventKind::step_done:
      case RunEventKind::step_failed:
      case RunEventKind::step_skipped:
      case RunEventKind::step_blocked:
        running_.erase(event.step);
        break;
      case RunEventKind::run_finished:
        running_.clear();
        break;
      case RunEventKind::run_started:
      case RunEventKind::preflight_started:
      case RunEventKind::host_connected:
      case RunEventKind::observed:
      case RunEventKind::preflight_finished:
      case RunEventKind::step_ready:
      case RunEventKind::step_retried:
      case RunEventKind::loop_unfolded:
      case RunEventKind::phase_started:
      case RunEventKind::phase_done:
      case RunEventKind::goal_checked:
      case RunEventKind::point_of_no_return:
      case RunEventKind::question:
        break;
    }
  }

  void beat() {
    const std::chrono::milliseconds now = wall_time();
    if (is_paused_ || running_.empty() || now - last_ < heartbeat) {
      return;
    }
    for (const auto& [step, running] : running_) {
      const std::string elapsed = duration_text(floor_seconds(now - running.started));
      line(now, running.host,
           fmt::format("{}: still running, {}{}{}", step, elapsed, running.last.empty() ? "" : ": ",
                       cut_to(running.last, 200)),
           false);
    }
  }

  void line(std::chrono::milliseconds at,
            std::string_view host,
            std::string_view text,
            bool is_bad) {
    last_ = wall_time();
    const std::string shown = styled(text, is_bad ? Style::red : Style::plain, colored_);
    // What was asked is asked again below the line, which has taken its place.
    print(Stream::out, fmt::format("{}{}  {:{}}  {}\n{}", question_.empty() ? "" : "\n",
                                   print_time(at), host, host_width_, shown, question_));
  }

  std::mutex mutex_;
  bool colored_;
  bool is_paused_ = false;
  std::string question_;  // that is open on the terminal that the lines go to
  std::size_t host_width_ = 4;
  std::chrono::milliseconds last_ = wall_time();
  std::map<std::string, Running> running_;
  Ticker ticker_;  // last: ends before what it reads
};

}  // namespace

std::unique_ptr<Progress> make_plain_progress(const Plan& plan, bool colored) {
  return std::make_unique<PlainProgress>(plan, colored);
}

std::string describe_event(const RunEvent& event) {
  const std::string elapsed =
      event.elapsed.count() > 0 ? " (" + duration_text(event.elapsed) + ")" : "";
  const std::string step = (event.text == "undo" ? "undo " : "") + event.step;
  const std::string why = event.detail.empty() ? "" : ": " + event.detail;
  switch (event.kind) {
    case RunEventKind::run_started:
      return fmt::format("run {} {}", event.text, event.detail == "resumed" ? "goes on" : "begins");
    case RunEventKind::preflight_started:
      return "looking at the hosts";
    case RunEventKind::host_connected:
      return "connected to " + event.text + why;
    case RunEventKind::observed:
      return "";
    case RunEventKind::preflight_finished:
      return "everything was looked at";
    case RunEventKind::step_ready:
      return "";
    case RunEventKind::step_skipped:
      return step + ": skipped" + why;
    case RunEventKind::step_started:
      return step + ": started" + why;
    case RunEventKind::step_command:
      return "";  // the sign of life says it, where it takes long
    case RunEventKind::step_output:
      return step + ": | " + cut_to(last_line(event.detail), 400);
    case RunEventKind::step_waiting:
      return step + ": waits" + why;
    case RunEventKind::step_retried:
      return step + ": tries again" + why;
    case RunEventKind::step_done:
      return step + ": done" + elapsed;
    case RunEventKind::step_failed:
      return step + ": FAILED" + elapsed + why;
    case RunEventKind::step_blocked:
      return step + ": blocked" + why;
    case RunEventKind::loop_unfolded:
      return "it will run over " + event.detail;
    case RunEventKind::phase_started:
      return "== " + (event.phase.empty() ? event.text : event.phase);
    case RunEventKind::phase_done:
      return "";
    case RunEventKind::goal_checked:
      return "goal " + event.text + why;
    case RunEventKind::point_of_no_return:
      return "point of no return: " + (event.text.empty() ? event.step : event.text);
    case RunEventKind::question:
      return "question: " + event.text + " — " + event.detail;
    case RunEventKind::run_finished:
      return "run finished" + why + elapsed;
  }
  return "";
}

}  // namespace plan
