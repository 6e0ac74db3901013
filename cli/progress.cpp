#include "cli/progress.hpp"

#include <unistd.h>

#include "cli/terminal.hpp"
#include "runtime/event_json.hpp"

namespace plan {

namespace {

void write_line(int descriptor, std::string line) {
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = write(descriptor, rest.data(), rest.size());
    if (written <= 0) {
      return;
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

class JsonProgress : public Progress {
 public:
  void on(const RunEvent& event) override { write_line(STDOUT_FILENO, to_json(event)); }
  void pause() override {}
  void resume() override {}
  void say(std::string_view note) override { print(Stream::error, std::string(note) + "\n"); }
};

// Something has to be on the screen while hosts are waited for; it goes when there is more to say.
class QuietProgress : public Progress {
 public:
  ~QuietProgress() override { erase(); }
  void on(const RunEvent& event) override {
    if (event.kind == RunEventKind::preflight_started ||
        event.kind == RunEventKind::host_connected) {
      show(describe_event(event));
    }
  }
  void pause() override { erase(); }
  void resume() override {}
  void say(std::string_view note) override {
    erase();
    print(Stream::error, std::string(note) + "\n");
  }

 private:
  void show(std::string_view text) {
    if (can_redraw(Stream::error)) {
      print(Stream::error, "\r\x1b[K" + cut_to(text, terminal_size(Stream::error).columns - 1));
      is_shown_ = true;
    }
  }
  void erase() {
    if (is_shown_) {
      print(Stream::error, "\r\x1b[K");
    }
    is_shown_ = false;
  }

  bool is_shown_ = false;
};

// A view, and a file that gets the events as JSON lines.
class DoubledProgress : public Progress {
 public:
  DoubledProgress(std::unique_ptr<Progress> view, int descriptor)
      : view_(std::move(view)), descriptor_(descriptor) {}
  void on(const RunEvent& event) override {
    write_line(descriptor_, to_json(event));
    view_->on(event);
  }
  void pause() override { view_->pause(); }
  void resume() override { view_->resume(); }
  void ask(std::string_view text, const std::function<void()>& put) override {
    view_->ask(text, put);
  }
  void answered() override { view_->answered(); }
  void say(std::string_view note) override { view_->say(note); }
  void remember(const std::vector<StepResult>& steps) override { view_->remember(steps); }

 private:
  std::unique_ptr<Progress> view_;
  int descriptor_;
};

std::unique_ptr<Progress> make_view(const Plan& plan, const ProgressOptions& options) {
  switch (options.kind) {
    case ProgressKind::live:
      return make_live_progress(plan, options.colored);
    case ProgressKind::plain:
      return make_plain_progress(plan, options.colored);
    case ProgressKind::json:
      return std::make_unique<JsonProgress>();
    case ProgressKind::quiet:
      return std::make_unique<QuietProgress>();
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<Progress> make_progress(const Plan& plan, const ProgressOptions& options) {
  std::unique_ptr<Progress> view = make_view(plan, options);
  if (options.json_into < 0) {
    return view;
  }
  return std::make_unique<DoubledProgress>(std::move(view), options.json_into);
}

}  // namespace plan
