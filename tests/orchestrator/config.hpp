#pragma once

// The server's configuration: ini files as the real one reads them, plus a section [double] of
// ours.
//
// The main file is read first, then every `*.cfg` of the fragment directory in name order; later
// values win. `-` and `_` in option names mean the same. Unknown sections and options are ignored,
// as the real server does.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace orchestrator {

struct DatabaseSettings {
  std::string host = "localhost";
  std::string port = "5432";
  std::string name = "inmanta";
  std::string username = "postgres";
  std::string password;
};

struct ServerSettings {
  std::string bind_address = "127.0.0.1";
  std::uint16_t bind_port = 8888;
  bool auth = false;
  std::filesystem::path certificate;
  std::filesystem::path key;
};

// How tokens are signed and checked; they only pass between servers that share all three.
struct TokenSettings {
  std::string key;
  std::string issuer = "https://localhost:8888/";
  std::string audience = "https://localhost:8888/";
};

// Section [double]: what the real server has no option for. Durations are in seconds.
struct DoubleSettings {
  std::string release = "8.7.6";
  double start_seconds = 0.5;
  double stop_seconds = 1.0;
  double migration_seconds = 0.0;  // spent on each migration, inside the transaction
  double compile_seconds = 2.0;
  double halt_seconds = 0.0;
  double resume_seconds = 0.0;
  double orphan_seconds = 600.0;  // an agent process whose server was killed ends after this
  bool agent_processes = true;
  bool extra_compile_on_resume = false;
  std::vector<std::string> extensions;  // further components, each with a row of schemamanager
  std::string fail_start;               // the server refuses to start, with this reason
  std::string fail_migration;           // the schema version whose migration fails
  std::string fail_stage;               // every compile fails in the stage of this name
};

struct Settings {
  DatabaseSettings database;
  ServerSettings server;
  TokenSettings token;
  DoubleSettings behaviour;
  std::filesystem::path state_directory = "/var/lib/inmanta";
  std::filesystem::path file;  // absolute path of the main file, to start agents with
};

// Settings of `file` and of the fragments `*.cfg` in `fragments`; a missing file or directory
// counts as empty. Throws std::runtime_error on a line that is not ini or on a malformed number.
[[nodiscard]] Settings load_settings(const std::filesystem::path& file,
                                     const std::filesystem::path& fragments);

}  // namespace orchestrator
