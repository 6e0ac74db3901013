// The time of day, for display only.
#pragma once

#include <chrono>
#include <string>

namespace plan {

[[nodiscard]] std::chrono::milliseconds wall_time();
// "14:03:59", local time.
[[nodiscard]] std::string print_time(std::chrono::milliseconds wall);
// "2026-03-01 14:03:59", local time.
[[nodiscard]] std::string print_date(std::chrono::milliseconds wall);

}  // namespace plan
