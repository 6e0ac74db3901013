// A simulated world: hosts that do what the plan declares, a virtual clock, a journal that
// survives power cuts, and people who answer as told. The hosts, the journal and the clock outlive
// any number of controllers: reconnect() begins the next one after a cut.
#pragma once

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "runtime/apply.hpp"
#include "runtime/sim/faults.hpp"
#include "runtime/sim/host.hpp"
#include "runtime/sim/storage.hpp"
#include "runtime/world.hpp"

namespace plan::sim {

class VirtualClock : public Clock {
 public:
  [[nodiscard]] MonotonicTime monotonic() override { return now; }
  [[nodiscard]] WallTime wall() override { return WallTime{1'700'000'000'000} + now; }
  MonotonicTime now{1000};
};

// What a body did: for asserting what ran, and how often.
struct BodyRun {
  std::string step;
  bool is_undo = false;
  bool is_whole = false;  // all of its effects were applied
  bool is_told = false;   // the controller got its completion
};

class SimulatedEffector : public Effector {
 public:
  SimulatedEffector(const Plan& plan,
                    Hosts& hosts,
                    VirtualClock& clock,
                    const Faults& faults,
                    CallCounter& calls);

  void start(ActionId id, Action action) override;
  [[nodiscard]] std::optional<Completion> wait(MonotonicTime deadline) override;
  void cancel(ActionId id) override;
  [[nodiscard]] bool is_simulated() const override { return true; }
  void start_observation(ActionId id, const DeclaredObservation& observation) override;
  void start_body(ActionId id, const DeclaredBody& body) override;

  // The controller is gone: what was under way ends on its own, or does not.
  void cut(Resources* resources);

  std::vector<BodyRun> bodies;
  std::uint64_t observations = 0;

 private:
  struct Pending {
    ActionId id = 0;
    std::optional<ActionResult> result{};  // of anything but a body
    Resources* resources = nullptr;        // of a body, as long as its controller lives
    Binding binding{};
    std::string run_id{};
    std::size_t body = 0;  // index of bodies
    StepId step{};
    bool is_cancelled = false;
  };

  void add(Pending pending, std::chrono::milliseconds duration);
  void apply(const Pending& pending, Hosts::Extent extent);
  [[nodiscard]] std::chrono::milliseconds random_duration(int least, int most);

  const Plan& plan_;
  Hosts& hosts_;
  VirtualClock& clock_;
  const Faults& faults_;
  CallCounter& calls_;
  std::mt19937_64 random_;
  std::multimap<MonotonicTime, Pending> pending_;
};

class ToldPrompt : public Prompt {
 public:
  [[nodiscard]] Answer ask(const Question& question) override;
  Answer answer = Answer::yes;
  std::vector<Question> asked;
};

class RecordingObserver : public Observer {
 public:
  void on(const RunEvent& event) override { events.push_back(event); }
  std::vector<RunEvent> events;
};

// The same id in every run: simulated runs are compared with each other.
class FixedEntropy : public Entropy {
 public:
  [[nodiscard]] std::string uuid() override { return "6f2c1f0e-8a55-4a3e-9d30-3b8f1b6c2a11"; }
};

struct SimulatedWorld {
  explicit SimulatedWorld(const Plan& plan);
  SimulatedWorld(const SimulatedWorld&) = delete;
  SimulatedWorld& operator=(const SimulatedWorld&) = delete;

  const Plan& plan;
  Faults faults{};
  CallCounter calls{};
  Hosts hosts{};
  VirtualClock clock{};
  MemoryStorage storage;
  SimulatedEffector effector;
  ToldPrompt prompt{};
  RecordingObserver observer{};
  FixedEntropy entropy{};
  int interrupts = 0;

  [[nodiscard]] World world();
  // Makes the test's `given` true.
  void give(const std::vector<Effect>& given);
  // Whether a closed condition holds in the world now; unknown counts as false.
  [[nodiscard]] bool holds(const Condition& condition);
  // apply(), rollback() with a cut as nullopt; the journal and the hosts stay.
  [[nodiscard]] std::optional<Report> apply(const RunOptions& options);
  [[nodiscard]] std::optional<Report> rollback(const RunOptions& options);
  [[nodiscard]] static RunOptions options();
};

}  // namespace plan::sim
