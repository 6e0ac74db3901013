// Decides what happens next: a pure function of the run's state and one event. It knows no host,
// no clock and no journal; a whole run is the list of its events. The protocol of one step is
//   when → ensures → (host is free) → requires → intent → act → ensures until they hold → outcome.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "runtime/journal.hpp"
#include "runtime/run_graph.hpp"

namespace plan {

enum class RunMode : std::uint8_t {
  act,
  look,  // observes what holds, of every step; nothing is done
  adopt  // what holds is journaled; what comes after something that does not hold is left alone
};

enum class CheckKind : std::uint8_t { guard, ensures, requires_, confirm };
enum class Truth : std::uint8_t { holds, fails, unknown };

enum class AskKind : std::uint8_t {
  approve,  // a step of kind approve
  manual,   // a step that a person does
  point_of_no_return,
  once  // was it done? it was cut off and may act only once
};

// What came of observing conditions.
struct CheckResult {
  Truth truth = Truth::holds;
  std::string text{};    // of the first condition that does not hold
  std::string detail{};  // "it is false: new_orch.service.active is true"
  bool is_invariant = false;
};

enum class WakeKind : std::uint8_t { poll, retry, deadline };

namespace events {
struct Begin {};
struct Checked {
  NodeId node = 0;
  CheckKind kind{};
  CheckResult result{};
};
struct Acted {
  NodeId node = 0;
  std::optional<Failure> failure{};
};
struct Answered {
  NodeId node = 0;
  AskKind kind{};
  Answer answer = Answer::no;
};
struct Unfolded {
  NodeId node = 0;
  std::vector<FoundElement> elements{};
  std::optional<Failure> failure{};
};
struct Woke {
  NodeId node = 0;
  WakeKind kind{};
};
struct Interrupted {};
}  // namespace events

using SchedulerEvent = std::variant<events::Begin,
                                    events::Checked,
                                    events::Acted,
                                    events::Answered,
                                    events::Unfolded,
                                    events::Woke,
                                    events::Interrupted>;

namespace commands {
struct Check {
  NodeId node = 0;
  CheckKind kind{};
};
struct Act {
  NodeId node = 0;
};
struct Cancel {
  NodeId node = 0;
};
// The answer is an event of its own, later: what does not depend on it goes on meanwhile.
struct Ask {
  NodeId node = 0;
  AskKind kind{};
};
// Nobody needs the answer any more; no event follows.
struct Withdraw {
  NodeId node = 0;
};
struct Unfold {
  NodeId node = 0;
};
struct Wake {
  NodeId node = 0;
  MonotonicTime at{0};
  WakeKind kind{};
};
// Durable before any later Act of the same batch.
struct Intend {
  NodeId node = 0;
};
struct Conclude {
  NodeId node = 0;  // its status and detail go into the journal
};
// Looking: the node is still to be carried out.
struct Expect {
  NodeId node = 0;
};
struct Tell {
  RunEventKind kind{};
  NodeId node = 0;
  std::string detail{};
  std::vector<Diagnostic> diagnostics{};
};
}  // namespace commands

using Command = std::variant<commands::Check,
                             commands::Act,
                             commands::Cancel,
                             commands::Ask,
                             commands::Withdraw,
                             commands::Unfold,
                             commands::Wake,
                             commands::Intend,
                             commands::Conclude,
                             commands::Expect,
                             commands::Tell>;

struct SchedulerOptions {
  RunMode mode = RunMode::act;
  std::uint32_t steps_per_host = 8;
  std::uint64_t shuffle_seed = 0;
  std::int64_t default_timeout_ms = 10 * 60 * 1000;
};

struct SchedulerState {
  const Plan* plan = nullptr;
  SchedulerOptions options{};
  RunGraph graph{};
  std::map<std::uint32_t, std::uint32_t> busy{};         // acting steps by host
  std::map<std::uint32_t, std::deque<NodeId>> queues{};  // waiting for their host
  std::uint32_t active = 0;                              // nodes in a state that something will end
  std::uint32_t interrupts = 0;
  bool has_declined = false;  // a person said no, or could not be asked
  bool has_refused = false;   // a person said no: nothing more begins
  bool has_failed = false;
  bool is_past_return = false;  // the point of no return was agreed to
  std::vector<Diagnostic> problems{};
  std::mt19937_64 random{};
};

[[nodiscard]] SchedulerState make_scheduler(const Plan& plan,
                                            RunGraph graph,
                                            const SchedulerOptions& options);

// What is to be done about the event; changes the state. The order of the commands matters.
[[nodiscard]] std::vector<Command> decide(SchedulerState& state,
                                          const SchedulerEvent& event,
                                          MonotonicTime now);

// Nothing is under way and nothing can begin.
[[nodiscard]] bool is_over(const SchedulerState& state);
// Every node is finished.
[[nodiscard]] bool is_complete(const SchedulerState& state);

// The conditions, program and retry of a node: of the step, or of its undo.
[[nodiscard]] const std::vector<Condition>& ensures_of(const Plan& plan, const Node& node);
[[nodiscard]] const std::vector<Condition>& requires_of(const Plan& plan, const Node& node);
[[nodiscard]] const std::vector<Effect>& effects_of(const Plan& plan, const Node& node);
// nullptr: nothing is run (approve, loops, manual).
[[nodiscard]] const Operation* operation_of(const Plan& plan, const Node& node);

}  // namespace plan
