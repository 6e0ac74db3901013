// The JSON form of run events: one object a line, for `--json`, traces and tests
// (docs/events.md). Version 1: names and meanings stay; fields may be added.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "runtime/event.hpp"

namespace plan {

constexpr int event_format = 1;

// One line without newline. Fields that are empty are left out.
[[nodiscard]] std::string to_json(const RunEvent& event);

// Of a line written by to_json; places of diagnostics are not kept.
[[nodiscard]] std::expected<RunEvent, std::string> event_from_json(std::string_view line);

}  // namespace plan
