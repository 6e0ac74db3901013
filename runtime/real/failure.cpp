#include "runtime/real/failure.hpp"

#include <algorithm>

#include "runtime/redact.hpp"

namespace plan::real {

namespace {

constexpr std::size_t described_length = 120;

void add(Redactor& redactor, const Text& text) {
  if (text.secret) {
    redactor.add(*text.secret);
  }
}

void add(Redactor& redactor, const HostAddress& host) {
  if (host.become_password) {
    redactor.add(*host.become_password);
  }
}

void add(Redactor& redactor, const Exec& exec) {
  add(redactor, exec.host);
  for (const auto& [name, value] : exec.env) {
    add(redactor, value);
  }
  if (exec.standard_input) {
    add(redactor, *exec.standard_input);
  }
}

void add(Redactor& redactor, const Pipe& pipe) {
  add(redactor, pipe.source);
  add(redactor, pipe.sink);
}

void add(Redactor& redactor, const WriteFile& file) {
  add(redactor, file.host);
  add(redactor, file.content);
}

void add(Redactor& redactor, const Sql& sql) {
  add(redactor, sql.via);
  add(redactor, sql.password);
  for (const std::optional<Text>& parameter : sql.parameters) {
    if (parameter) {
      add(redactor, *parameter);
    }
  }
}

void add(Redactor& redactor, const HttpCall& call) {
  add(redactor, call.via);
  for (const auto& [name, value] : call.headers) {
    add(redactor, value);
  }
  if (call.body) {
    add(redactor, *call.body);
  }
}

void add(Redactor& redactor, const Connect& connect) {
  add(redactor, connect.host);
}

std::string shortened(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  if (text.size() > described_length) {
    text.resize(described_length);
    text += "…";
  }
  return text;
}

std::string shown_command(const Exec& exec) {
  if (exec.argv.empty()) {
    return shortened(exec.script);
  }
  std::string text;
  for (const std::string& word : exec.argv) {
    text += text.empty() ? "" : " ";
    text += word;
  }
  return shortened(text);
}

}  // namespace

std::string duration_text(std::chrono::milliseconds duration) {
  const auto ms = duration.count();
  if (ms < 1000) {
    return fmt::format("{}ms", ms);
  }
  if (ms < 60'000) {
    const auto tenths = (ms + 50) / 100;
    return tenths % 10 == 0 ? fmt::format("{}s", tenths / 10)
                            : fmt::format("{}.{}s", tenths / 10, tenths % 10);
  }
  const auto seconds = ms / 1000;
  return seconds % 60 == 0 ? fmt::format("{}min", seconds / 60)
                           : fmt::format("{}min {}s", seconds / 60, seconds % 60);
}

std::string last_lines(std::string_view text, std::size_t limit) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  std::size_t begin = text.size();
  for (std::size_t lines = 0; begin > 0; --begin) {
    if (text[begin - 1] == '\n' && ++lines == limit) {
      break;
    }
  }
  std::string out;
  for (const char letter : text.substr(begin)) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte >= 0x20 ? byte != 0x7f : letter == '\n' || letter == '\t') {
      out += letter;
    }
  }
  return out;
}

void redact(Failure& failure, const Action& action) {
  Redactor redactor;
  std::visit([&redactor](const auto& body) { add(redactor, body); }, action.body);
  if (redactor.is_empty()) {
    return;
  }
  failure.message = redactor(failure.message);
  for (std::string& note : failure.notes) {
    note = redactor(note);
  }
}

std::string describe(const ActionBody& body) {
  if (const auto* exec = std::get_if<Exec>(&body)) {
    return fmt::format("`{}`", shown_command(*exec));
  }
  if (const auto* pipe = std::get_if<Pipe>(&body)) {
    return fmt::format("`{}` into `{}`", shown_command(pipe->source), shown_command(pipe->sink));
  }
  if (const auto* write = std::get_if<WriteFile>(&body)) {
    return fmt::format("writing `{}`", write->path);
  }
  if (const auto* sql = std::get_if<Sql>(&body)) {
    return fmt::format("`{}`", shortened(sql->statement));
  }
  if (const auto* http = std::get_if<HttpCall>(&body)) {
    return fmt::format("{} {}", http->method, http->url);
  }
  return fmt::format("connecting to host `{}`", std::get<Connect>(body).host.name);
}

}  // namespace plan::real
