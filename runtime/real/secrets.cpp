#include "runtime/real/secrets.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/real/failure.hpp"
#include "runtime/real/fd.hpp"
#include "runtime/real/process.hpp"
#include "runtime/real/terminal.hpp"

namespace plan {

namespace {

using Read = std::expected<Secret, std::string>;

constexpr std::size_t size_limit = 1 << 20;

Read without_line_end(std::string text) {
  if (text.ends_with('\n')) {
    text.pop_back();
  }
  if (text.ends_with('\r')) {
    text.pop_back();
  }
  if (text.empty()) {
    return std::unexpected("it is empty");
  }
  return Secret(std::move(text));
}

Read read_variable(const std::string& name) {
  const char* text = std::getenv(name.c_str());
  if (text == nullptr) {
    return std::unexpected("the environment has no variable `" + name + "`");
  }
  return without_line_end(text);
}

Read read_file(const std::string& path) {
  const auto because = [&path](const std::string& why) {
    return std::unexpected("cannot read `" + path + "`: " + why);
  };
  const real::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info{};
  if (!file.is_open() || ::fstat(file.get(), &info) != 0) {
    return because(std::generic_category().message(errno));
  }
  if (S_ISREG(info.st_mode) && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return because("others than its owner may use it; `chmod 600` it");
  }
  std::string text;
  while (text.size() <= size_limit &&
         real::read_available(file.get(), text) == real::ReadState::data) {
  }
  return text.size() > size_limit ? because("it is larger than 1 MiB") : without_line_end(text);
}

Read run_command(const std::string& command, std::chrono::milliseconds limit) {
  const real::Wake never;
  const auto finished = real::run_process({"sh", "-c", command}, {}, never, real::now() + limit);
  if (!finished) {
    return std::unexpected(finished.error().message);
  }
  if (finished->code != 0) {
    return std::unexpected("`" + command + "` ended with exit status " +
                           std::to_string(finished->code) + ": " +
                           real::last_lines(finished->err, 3));
  }
  return without_line_end(finished->out);
}

}  // namespace

std::expected<SecretPlace, std::string> parse_secret_source(std::string_view text) {
  if (text == "prompt") {
    return SecretPlace{};
  }
  const std::size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string rest(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (!rest.empty() && kind == "env") {
    return SecretPlace{.kind = SecretSourceKind::environment, .text = rest};
  }
  if (!rest.empty() && kind == "file") {
    return SecretPlace{.kind = SecretSourceKind::file, .text = rest};
  }
  if (!rest.empty() && kind == "command") {
    return SecretPlace{.kind = SecretSourceKind::command, .text = rest};
  }
  if (!rest.empty() && kind == "prompt") {
    return SecretPlace{.kind = SecretSourceKind::terminal, .text = rest};
  }
  // The text itself may be the secret, given by mistake: it is not repeated.
  return std::unexpected("expected env:NAME, file:PATH, command:TEXT or prompt");
}

std::expected<Secret, std::string> read_secret(const SecretPlace& source,
                                               std::chrono::milliseconds limit) {
  switch (source.kind) {
    case SecretSourceKind::environment:
      return read_variable(source.text);
    case SecretSourceKind::file:
      return read_file(source.text);
    case SecretSourceKind::command:
      return run_command(source.text, limit);
    case SecretSourceKind::terminal: {
      const std::string text = (source.text.empty() ? "Secret" : source.text) + ": ";
      if (std::optional<std::string> line = real::ask_on_terminal(text, real::Echo::off)) {
        return without_line_end(std::move(*line));
      }
      return std::unexpected("there is no terminal to ask on, or no answer was given");
    }
  }
  return std::unexpected("unknown source");
}

}  // namespace plan
