// One action of a real effector and what comes of it, for tests.
#pragma once

#include <chrono>
#include <optional>
#include <utility>
#include <variant>

#include <catch2/catch.hpp>

#include "runtime/real/effector.hpp"

namespace plan::test {

// The controller itself.
inline HostAddress here() {
  HostAddress host;
  host.name = "here";
  host.is_local = true;
  return host;
}

inline MonotonicTime in(std::chrono::milliseconds time) {
  return std::chrono::duration_cast<MonotonicTime>(
      std::chrono::steady_clock::now().time_since_epoch() + time);
}

inline ActionResult only(RealEffector& real, Action action) {
  real.start(1, std::move(action));
  std::optional<Completion> completion = real.wait(in(std::chrono::seconds(40)));
  REQUIRE(completion);
  return std::move(completion->result);
}

inline ExecResult answer(RealEffector& real, Action action) {
  ActionResult result = only(real, std::move(action));
  if (const auto* why = std::get_if<Failure>(&result)) {
    FAIL(why->message);
  }
  return std::get<ExecResult>(result);
}

inline Failure failure_of(RealEffector& real, Action action) {
  ActionResult result = only(real, std::move(action));
  REQUIRE(std::holds_alternative<Failure>(result));
  return std::get<Failure>(result);
}

}  // namespace plan::test
