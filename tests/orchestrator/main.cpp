// The test orchestrator's program: the server, its seeding tool, and the little of the command line
// tool that plans use. Installed as `inmanta` it answers as the real one.

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "tests/orchestrator/agents.hpp"
#include "tests/orchestrator/auth.hpp"
#include "tests/orchestrator/config.hpp"
#include "tests/orchestrator/log.hpp"
#include "tests/orchestrator/release.hpp"
#include "tests/orchestrator/schema.hpp"
#include "tests/orchestrator/seed.hpp"
#include "tests/orchestrator/server.hpp"

namespace orchestrator {
namespace {

constexpr int usage_error = 2;

struct CommandLine {
  std::filesystem::path config = "/etc/inmanta/inmanta.cfg";
  std::filesystem::path config_directory;  // default: inmanta.d beside the file
  std::string command;
  bool asks_version = false;
  std::string user;
  std::string password;
  SeedOptions seed;
};

int print_usage() {
  fmt::print(stderr,
             "usage: inmanta_server [-c FILE] [--config-dir DIRECTORY] [-v...] [--timed-logs]\n"
             "                      [--log-file FILE] [--log-file-level N] COMMAND | --version\n"
             "commands:\n"
             "  server                         run until SIGTERM\n"
             "  seed [--environments N] [--history-mb N] [--repository PATH] [--project NAME]\n"
             "  user --name NAME --password PASSWORD   add or change a user (migrates first)\n"
             "  token                          print an API token for every environment\n");
  return usage_error;
}

// Throws std::runtime_error for what it does not know.
CommandLine parse(const std::vector<std::string>& arguments) {
  CommandLine line;
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    const std::string& argument = arguments[index];
    const auto value = [&]() -> const std::string& {
      if (index + 1 == arguments.size()) {
        throw std::runtime_error(argument + " needs a value");
      }
      return arguments[++index];
    };
    if (argument == "-c" || argument == "--config") {
      line.config = value();
    } else if (argument == "--config-dir") {
      line.config_directory = value();
    } else if (argument == "--log-file" || argument == "--log-file-level") {
      static_cast<void>(value());
    } else if (argument == "--version") {
      line.asks_version = true;
    } else if (argument == "--environments") {
      line.seed.environments = std::stoi(value());
    } else if (argument == "--history-mb") {
      line.seed.history_mb = std::stoi(value());
    } else if (argument == "--repository") {
      line.seed.repository = value();
    } else if (argument == "--project") {
      line.seed.project = value();
    } else if (argument == "--name") {
      line.user = value();
    } else if (argument == "--password") {
      line.password = value();
    } else if (argument == "--timed-logs" || argument.starts_with("-v")) {
      continue;
    } else if (!argument.starts_with('-')) {
      // What follows the command, such as an agent's environment, is for people reading `ps`.
      line.command = line.command.empty() ? argument : line.command;
    } else {
      throw std::runtime_error("unknown option " + argument);
    }
  }
  return line;
}

int run(const CommandLine& line) {
  const Settings settings = load_settings(line.config, line.config_directory.empty()
                                                           ? line.config.parent_path() / "inmanta.d"
                                                           : line.config_directory);
  const Release& release = find_release(settings.behaviour.release);
  if (line.asks_version) {
    if (release.major <= 7) {
      // The real one warns here too: only stdout may be parsed.
      log(Level::warning, "inmanta.config", "Config name token not defined in section server");
    }
    fmt::print("{}", version_text(release, settings.behaviour.extensions));
    return 0;
  }
  if (line.command == "server") {
    return run_server(settings);
  }
  if (line.command == "agent") {
    return run_agent(settings);
  }
  if (line.command == "seed") {
    seed(settings, line.seed);
    return 0;
  }
  if (line.command == "user") {
    Connection connection(settings.database);
    ensure_schema(connection, release, settings.behaviour);
    store_user(connection, line.user, line.password);
    return 0;
  }
  if (line.command == "token") {
    fmt::print("{}\n", make_token(settings.token, ""));
    return 0;
  }
  return print_usage();
}

}  // namespace
}  // namespace orchestrator

int main(int argc, char** argv) {
  try {
    return orchestrator::run(orchestrator::parse({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "inmanta_server: %s\n", error.what());
    return 1;
  }
}
