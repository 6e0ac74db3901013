#include "cli/environment.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

namespace plan {

namespace {

constexpr std::string_view input_prefix = "PLAN_INPUT_";

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}
char upper(char c) {
  return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
}

}  // namespace

std::optional<std::string> environment_value(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::map<std::string, std::string> environment_inputs() {
  std::map<std::string, std::string> inputs;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (!text.starts_with(input_prefix) || equals == std::string_view::npos) {
      continue;
    }
    std::string name(text.substr(input_prefix.size(), equals - input_prefix.size()));
    std::ranges::transform(name, name.begin(), lower);
    inputs[name] = text.substr(equals + 1);
  }
  return inputs;
}

std::string input_variable(std::string_view input) {
  std::string name(input);
  std::ranges::transform(name, name.begin(), upper);
  return std::string(input_prefix) + name;
}

std::string state_directory() {
  if (const auto directory = environment_value("PLAN_STATE_DIR");
      directory && !directory->empty()) {
    return *directory;
  }
  // The XDG specification says to ignore a relative path.
  if (const auto state = environment_value("XDG_STATE_HOME"); state && state->starts_with('/')) {
    return *state + "/plan";
  }
  if (const auto home = environment_value("HOME"); home && !home->empty()) {
    return *home + "/.local/state/plan";
  }
  return "/var/lib/plan";
}

std::string person() {
  const passwd* entry = getpwuid(getuid());
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) {
    host = {};
  }
  const std::string name = entry != nullptr ? entry->pw_name : std::to_string(getuid());
  return host[0] == '\0' ? name : name + "@" + host.data();
}

}  // namespace plan
