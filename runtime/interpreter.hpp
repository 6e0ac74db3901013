// Runs a Program one instruction at a time. Pure: what it wants done comes out as data, what came
// of it is handed in. A frame is a program counter and slots, nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/evaluate.hpp"
#include "runtime/primitives.hpp"
#include "runtime/world.hpp"

namespace plan {

struct Frame {
  const Program* program = nullptr;
  std::uint32_t pc = 0;
  std::vector<Value> slots{};
  HostAddress host{};  // of the operation or the resource
  std::string user{};
  Origin origin{};
  std::string job_prefix{};        // not empty: commands are detached, "PREFIX-1", "PREFIX-2" …
  std::uint32_t action_count = 0;  // actions begun; numbers the jobs
  MonotonicTime deadline{0};       // of the program as a whole
  bool is_observation = false;     // its actions change nothing
  std::optional<PrimitiveCall> pending{};  // the call whose result is awaited
};

struct WantsAction {
  Action action{};
};
// The present value of a state or fact of a resource.
struct WantsState {
  ResourceId resource{};
  std::uint32_t attribute = 0;
};
struct WantsTime {
  MonotonicTime until{0};
};
struct Finished {
  Value value{};
};
using Progress = std::variant<WantsAction, WantsState, WantsTime, Finished, Failure>;

// Runs until the program wants something, ends or fails.
[[nodiscard]] Progress advance(const Plan& plan,
                               Frame& frame,
                               Environment& environment,
                               MonotonicTime now);
// Hands in what WantsAction or WantsState asked for; then advance().
void supply(Frame& frame, Value value);
// After WantsTime.
void resume(Frame& frame);

// What cannot be observed while the program waits for it does not hold yet: moves on to the end of
// the round of the wait around the present instruction. False if there is no such wait.
[[nodiscard]] bool wait_on(Frame& frame);

// A Failure for an expression that has no value.
[[nodiscard]] Failure failure_of(const EvaluationError& error);

}  // namespace plan
