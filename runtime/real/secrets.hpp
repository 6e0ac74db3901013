// Where the text of a secret comes from: never from an argument of the program.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "compiler/value.hpp"

namespace plan {

enum class SecretSourceKind : unsigned char { environment, file, command, terminal };

struct SecretPlace {
  SecretSourceKind kind = SecretSourceKind::terminal;
  std::string text;  // variable, path, shell command, or what is asked
};

// "env:NAME", "file:PATH", "command:TEXT", "prompt" or "prompt:TEXT"; the error says what is wrong.
[[nodiscard]] std::expected<SecretPlace, std::string> parse_secret_source(std::string_view text);

// The secret, without one line end at its end (what editors and commands append). The error says
// why it cannot be had, without any of its text. A file that others can read is refused. A command
// is run by sh with a time limit; its standard error is shown in the error.
[[nodiscard]] std::expected<Secret, std::string> read_secret(
    const SecretPlace& source, std::chrono::milliseconds limit = std::chrono::seconds(60));

}  // namespace plan
