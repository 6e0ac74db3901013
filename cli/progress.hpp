// Shows a run while it goes on: a table that is redrawn, plain lines, or JSON lines.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/plan.hpp"
#include "runtime/run.hpp"
#include "runtime/world.hpp"

namespace plan {

// Used from one thread; what keeps the clock of the display running is inside.
class Progress : public Observer {
 public:
  // Nothing is drawn from now on: somebody types, or other text is written.
  virtual void pause() = 0;
  virtual void resume() = 0;
  // `put` writes the question to the terminal, as `text`; the run goes on and is shown until
  // answered(), without getting in the way of the answer.
  virtual void ask(std::string_view /*text*/, const std::function<void()>& put) { put(); }
  virtual void answered() {}
  // Said once, where a person looks: "stopping after the running steps". Can be called from any
  // thread, but not from a signal handler.
  virtual void say(std::string_view note) = 0;
  // What earlier attempts of the run have done; before the first event.
  virtual void remember(const std::vector<StepResult>& /*steps*/) {}
};

enum class ProgressKind : std::uint8_t {
  live,
  plain,
  json,
  quiet  // a line on the terminal's standard error while it looks at the hosts, nothing else
};

struct ProgressOptions {
  ProgressKind kind = ProgressKind::plain;
  bool colored = false;
  int json_into = -1;  // descriptor of a file that gets JSON lines too; none: -1
};

[[nodiscard]] std::unique_ptr<Progress> make_progress(const Plan& plan,
                                                      const ProgressOptions& options);

// The three views, for make_progress.
[[nodiscard]] std::unique_ptr<Progress> make_live_progress(const Plan& plan, bool colored);
[[nodiscard]] std::unique_ptr<Progress> make_plain_progress(const Plan& plan, bool colored);

// One line for an event, without time; empty if the event is not for people.
[[nodiscard]] std::string describe_event(const RunEvent& event);

}  // namespace plan
