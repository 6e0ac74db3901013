#include "tests/orchestrator/config.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

namespace orchestrator {
namespace {

using Options = std::map<std::string, std::string>;  // key: section, '.', option with '_'

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) {
    return {};
  }
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

std::string normalised(std::string name) {
  std::ranges::replace(name, '-', '_');
  std::ranges::transform(name, name.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  return name;
}

void read_file(const std::filesystem::path& path, Options& options) {
  std::ifstream stream(path);
  std::string section;
  std::string line;
  while (std::getline(stream, line)) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#' || line.front() == ';') {
      continue;
    }
    if (line.front() == '[' && line.back() == ']') {
      section = normalised(trimmed(line.substr(1, line.size() - 2)));
      continue;
    }
    const auto separator = line.find_first_of("=:");
    if (separator == std::string::npos) {
      throw std::runtime_error(fmt::format("{}: not an ini line: {}", path.string(), line));
    }
    options[section + "." + normalised(trimmed(line.substr(0, separator)))] =
        trimmed(line.substr(separator + 1));
  }
}

Options read_options(const std::filesystem::path& file, const std::filesystem::path& fragments) {
  Options options;
  read_file(file, options);
  std::error_code missing;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(fragments, missing)) {
    if (entry.path().extension() == ".cfg") {
      paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  for (const auto& path : paths) {
    read_file(path, options);
  }
  return options;
}

void assign(const Options& options, const std::string& name, std::string& target) {
  if (const auto found = options.find(name); found != options.end()) {
    target = found->second;
  }
}

void assign(const Options& options, const std::string& name, std::filesystem::path& target) {
  if (const auto found = options.find(name); found != options.end()) {
    target = found->second;
  }
}

void assign(const Options& options, const std::string& name, bool& target) {
  if (const auto found = options.find(name); found != options.end()) {
    const std::string value = normalised(found->second);
    target = value == "true" || value == "1" || value == "yes" || value == "on";
  }
}

void assign(const Options& options, const std::string& name, std::vector<std::string>& target) {
  if (const auto found = options.find(name); found != options.end()) {
    std::istringstream words(found->second);
    target.assign(std::istream_iterator<std::string>(words), {});
  }
}

void assign(const Options& options, const std::string& name, double& target) {
  if (const auto found = options.find(name); found != options.end()) {
    try {
      target = std::stod(found->second);
    } catch (const std::logic_error&) {
      throw std::runtime_error(fmt::format("{} is not a number: {}", name, found->second));
    }
  }
}

}  // namespace

Settings load_settings(const std::filesystem::path& file, const std::filesystem::path& fragments) {
  const Options options = read_options(file, fragments);
  Settings settings;
  settings.file = std::filesystem::absolute(file);
  assign(options, "config.state_dir", settings.state_directory);
  assign(options, "server.state_dir", settings.state_directory);
  assign(options, "database.host", settings.database.host);
  assign(options, "database.port", settings.database.port);
  assign(options, "database.name", settings.database.name);
  assign(options, "database.username", settings.database.username);
  assign(options, "database.password", settings.database.password);
  assign(options, "server.bind_address", settings.server.bind_address);
  double port = settings.server.bind_port;
  assign(options, "server.bind_port", port);
  settings.server.bind_port = static_cast<std::uint16_t>(port);
  assign(options, "server.auth", settings.server.auth);
  assign(options, "server.ssl_cert_file", settings.server.certificate);
  assign(options, "server.ssl_key_file", settings.server.key);
  assign(options, "auth_jwt_default.key", settings.token.key);
  assign(options, "auth_jwt_default.issuer", settings.token.issuer);
  assign(options, "auth_jwt_default.audience", settings.token.audience);
  DoubleSettings& behaviour = settings.behaviour;
  assign(options, "double.release", behaviour.release);
  assign(options, "double.start_seconds", behaviour.start_seconds);
  assign(options, "double.stop_seconds", behaviour.stop_seconds);
  assign(options, "double.migration_seconds", behaviour.migration_seconds);
  assign(options, "double.compile_seconds", behaviour.compile_seconds);
  assign(options, "double.halt_seconds", behaviour.halt_seconds);
  assign(options, "double.resume_seconds", behaviour.resume_seconds);
  assign(options, "double.orphan_seconds", behaviour.orphan_seconds);
  assign(options, "double.agent_processes", behaviour.agent_processes);
  assign(options, "double.extra_compile_on_resume", behaviour.extra_compile_on_resume);
  assign(options, "double.extensions", behaviour.extensions);
  assign(options, "double.fail_start", behaviour.fail_start);
  assign(options, "double.fail_migration", behaviour.fail_migration);
  assign(options, "double.fail_stage", behaviour.fail_stage);
  return settings;
}

}  // namespace orchestrator
