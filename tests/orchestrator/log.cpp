#include "tests/orchestrator/log.hpp"

#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace orchestrator {
namespace {

std::string_view name_of(Level level) {
  switch (level) {
    case Level::info:
      return "INFO";
    case Level::warning:
      return "WARNING";
    case Level::error:
      return "ERROR";
  }
  return "";
}

}  // namespace

void log(Level level, std::string_view logger, std::string_view message) {
  // One call for the whole line keeps lines of several threads apart.
  const std::string line = fmt::format("{:<25}{:<8}{}\n", logger, name_of(level), message);
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace orchestrator
