#include "cli/wall_clock.hpp"

#include <array>
#include <ctime>

namespace plan {

namespace {

std::string print_with(std::chrono::milliseconds wall, const char* format) {
  const std::time_t seconds = wall.count() / 1000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), format, &parts);
  return {text.data(), size};
}

}  // namespace

std::chrono::milliseconds wall_time() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
}

std::string print_time(std::chrono::milliseconds wall) {
  return print_with(wall, "%H:%M:%S");
}

std::string print_date(std::chrono::milliseconds wall) {
  return print_with(wall, "%Y-%m-%d %H:%M:%S");
}

}  // namespace plan
