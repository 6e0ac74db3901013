// Runs programs over the Effector, many at once: hands out their actions, takes completions in,
// lets them sleep, repeats what certainly did not happen. All from one thread; pump() is the only
// place that waits.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <string>

#include "runtime/interpreter.hpp"
#include "runtime/redact.hpp"
#include "runtime/resources.hpp"
#include "runtime/world.hpp"

namespace plan {

// What all parts of one run share.
struct RunContext {
  RunContext(const Plan& the_plan, World& the_world, const RunOptions& the_options);
  RunContext(const RunContext&) = delete;
  RunContext& operator=(const RunContext&) = delete;

  const Plan& plan;
  World& world;
  const RunOptions& options;
  Inputs inputs;
  Resources resources;
  Redactor redactor;
  std::string run_id;

  [[nodiscard]] MonotonicTime now() const { return world.clock.monotonic(); }
  // Secrets out, valid UTF-8.
  [[nodiscard]] std::string shown(std::string_view text) const;
  [[nodiscard]] Failure shown(Failure failure) const;
};

using ValueDone = std::function<void(std::expected<Value, Failure>)>;
using StateWanted = std::function<void(
    ResourceId resource, std::uint32_t attribute, std::uint64_t since, ValueDone)>;

enum class ProgramKind : std::uint8_t { observation, body };

struct ProgramStart {
  Frame frame{};
  Binding binding{};
  ProgramKind kind = ProgramKind::observation;
  std::uint64_t since = 0;  // for the states it asks for; bodies: always the present ones
  ValueDone done{};
};

using ProgramId = std::uint64_t;

class Programs {
 public:
  explicit Programs(RunContext& context);

  // What answers WantsState; set once.
  StateWanted wanted;
  // Commands of bodies that begin, and what they have written when they end; redacted.
  std::function<void(const Origin&, std::string_view)> on_command;
  std::function<void(const Origin&, std::string_view)> on_output;

  ProgramId start(ProgramStart start);
  // Anything else that the effector completes; `start` is given the id to use.
  ProgramId start_action(const std::function<void(ActionId)>& start,
                         std::function<void(ActionResult)> done,
                         ProgramKind kind);
  // Its running action is cancelled, or it ends at once if it sleeps.
  void cancel(ProgramId id);
  void at(MonotonicTime time, std::function<void()> what);

  // Waits for one completion or timer and handles it, with everything that follows from it.
  // False if there is nothing to wait for.
  bool pump();
  [[nodiscard]] bool is_idle() const { return running_.empty() && timers_.empty(); }

 private:
  struct Running {
    ProgramStart program{};
    std::function<void(ActionResult)> action_done{};  // of start_action
    std::optional<Action> action{};                   // under way, to be repeated
    std::uint32_t repeats = 0;
    bool is_cancelled = false;
    bool is_started = false;  // handed to the effector
  };

  void step(ProgramId id);
  void progressed(ProgramId id, Progress progress);
  void hand_out(ProgramId id, Action action);
  void start_waiting();
  void completed(Completion completion);
  void finished(ProgramId id, std::expected<Value, Failure> result);
  [[nodiscard]] bool may_repeat(const Running& running, const Failure& failure) const;
  void tell_output(const Running& running, const ActionResult& result) const;

  RunContext& context_;
  AttributeSource no_attributes_;
  std::map<ProgramId, Running> running_;
  std::multimap<MonotonicTime, std::function<void()>> timers_;
  std::map<ActionId, ProgramId> actions_;
  std::deque<std::pair<ActionId, std::function<void()>>> waiting_;  // observations that must wait
  std::uint64_t next_id_ = 1;
  std::uint32_t observing_ = 0;
};

}  // namespace plan
