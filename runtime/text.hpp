// Small texts for people, and Failures as Diagnostics: shared by the runtime's parts.
#pragma once

#include <chrono>
#include <string>

#include "dsl/diagnostic.hpp"
#include "runtime/action.hpp"

namespace plan {

// "350 ms", "12 s", "3 min 5 s", "2 h 10 min".
[[nodiscard]] std::string duration_text(std::chrono::milliseconds duration);

[[nodiscard]] Diagnostic to_diagnostic(const Failure& failure, Span span);

// A diagnostic with the code's message; as many arguments as the message has places.
template <class... Args>
[[nodiscard]] Diagnostic diagnostic(Code code, Span span, const Args&... args) {
  Diagnostic result;
  result.code = code;
  result.severity = info(code).severity;
  result.message = fmt::format(fmt::runtime(info(code).format), args...);
  result.primary = span;
  return result;
}

}  // namespace plan
