// An effector that answers by a function, for tests of programs: no host, no simulation.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "runtime/sim/world.hpp"

namespace plan::test {

class ScriptedEffector : public Effector {
 public:
  explicit ScriptedEffector(sim::VirtualClock& clock) : clock_(clock) {}

  std::function<ActionResult(const Action&)> answer;
  std::vector<Action> started;

  void start(ActionId id, Action action) override {
    started.push_back(action);
    ready_.push_back({id, answer(action)});
  }
  [[nodiscard]] std::optional<Completion> wait(MonotonicTime deadline) override {
    if (ready_.empty()) {
      clock_.now = std::max(clock_.now, deadline);
      return std::nullopt;
    }
    Completion next = std::move(ready_.front());
    ready_.pop_front();
    return next;
  }
  void cancel(ActionId) override {}

 private:
  sim::VirtualClock& clock_;
  std::deque<Completion> ready_;
};

struct ScriptedWorld {
  sim::Faults faults{};
  sim::CallCounter calls{};
  sim::VirtualClock clock{};
  sim::MemoryStorage storage{faults, calls};
  ScriptedEffector effector{clock};
  sim::ToldPrompt prompt{};
  sim::RecordingObserver observer{};
  sim::FixedEntropy entropy{};
  int interrupts = 0;

  [[nodiscard]] World world() {
    return {.clock = clock,
            .effector = effector,
            .storage = storage,
            .prompt = prompt,
            .observer = observer,
            .entropy = entropy,
            .interrupted = [this] { return interrupts; }};
  }
};

}  // namespace plan::test
