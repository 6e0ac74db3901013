// Failures with the registry's texts.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "runtime/action.hpp"

namespace plan::real {

template <Code code, class... Args>
[[nodiscard]] Failure failure(FailureKind kind, const Args&... args) {
  static_assert(placeholder_count(format_of(code)) == sizeof...(Args));
  Failure result;
  result.kind = kind;
  result.code = code;
  result.message = fmt::format(fmt::runtime(format_of(code)), args...);
  return result;
}

// "250ms", "10s", "5min 30s".
[[nodiscard]] std::string duration_text(std::chrono::milliseconds duration);

// The last lines of what a command or program said, for a note: at most `limit` lines, without
// control characters.
[[nodiscard]] std::string last_lines(std::string_view text, std::size_t limit = 10);

// Replaces every secret of the action in the failure's texts by "(secret)".
void redact(Failure& failure, const Action& action);

// The command of an action in a few words, without secrets: "systemctl stop toyapp".
[[nodiscard]] std::string describe(const ActionBody& body);

}  // namespace plan::real
