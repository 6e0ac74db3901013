#include "runtime/text.hpp"

namespace plan {

std::string duration_text(std::chrono::milliseconds duration) {
  const std::int64_t ms = duration.count();
  if (ms < 1000) {
    return std::to_string(ms) + " ms";
  }
  const std::int64_t seconds = ms / 1000;
  if (seconds < 60) {
    return std::to_string(seconds) + " s";
  }
  const std::int64_t minutes = seconds / 60;
  if (minutes < 60) {
    return std::to_string(minutes) + " min" +
           (seconds % 60 == 0 ? "" : " " + std::to_string(seconds % 60) + " s");
  }
  return std::to_string(minutes / 60) + " h" +
         (minutes % 60 == 0 ? "" : " " + std::to_string(minutes % 60) + " min");
}

Diagnostic to_diagnostic(const Failure& failure, Span span) {
  Diagnostic result;
  result.code = failure.code;
  result.severity = Severity::error;
  result.message = failure.message;
  result.primary = span;
  result.notes = failure.notes;
  result.helps = failure.helps;
  return result;
}

}  // namespace plan
