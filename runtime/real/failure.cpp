#include "runtime/real/failure.hpp"

#include <algorithm>
#include <vector>

namespace plan::real {

namespace {

constexpr std::size_t described_length = 120;

void add_secret(std::vector<const std::string*>& secrets, const Text& text) {
  if (text.secret && !text.secret->reveal().empty()) {
    secrets.push_back(&text.secret->reveal());
  }
}

void add_secrets(std::vector<const std::string*>& secrets, const HostAddress& host) {
  if (host.become_password && !host.become_password->reveal().empty()) {
    secrets.push_back(&host.become_password->reveal());
  }
}

void add_secrets(std::vector<const std::string*>& secrets, const Exec& exec) {
  add_secrets(secrets, exec.host);
  for (const auto& [name, value] : exec.env) {
    add_secret(secrets, value);
  }
  if (exec.standard_input) {
    add_secret(secrets, *exec.standard_input);
  }
}

std::vector<const std::string*> secrets_of(const ActionBody& body) {
  std::vector<const std::string*> secrets;
  if (const auto* exec = std::get_if<Exec>(&body)) {
    add_secrets(secrets, *exec);
  } else if (const auto* pipe = std::get_if<Pipe>(&body)) {
    add_secrets(secrets, pipe->source);
    add_secrets(secrets, pipe->sink);
  } else if (const auto* write = std::get_if<WriteFile>(&body)) {
    add_secrets(secrets, write->host);
    add_secret(secrets, write->content);
  } else if (const auto* sql = std::get_if<Sql>(&body)) {
    add_secrets(secrets, sql->via);
    add_secret(secrets, sql->password);
    for (const std::optional<Text>& parameter : sql->parameters) {
      if (parameter) {
        add_secret(secrets, *parameter);
      }
    }
  } else if (const auto* http = std::get_if<HttpCall>(&body)) {
    add_secrets(secrets, http->via);
    for (const auto& [name, value] : http->headers) {
      add_secret(secrets, value);
    }
    if (http->body) {
      add_secret(secrets, *http->body);
    }
  } else if (const auto* connect = std::get_if<Connect>(&body)) {
    add_secrets(secrets, connect->host);
  }
  std::ranges::sort(secrets, [](const std::string* left, const std::string* right) {
    return left->size() > right->size();
  });
  return secrets;
}

std::string replaced(std::string text, const std::vector<const std::string*>& secrets) {
  constexpr std::string_view mark = "(secret)";
  for (const std::string* secret : secrets) {
    for (std::size_t at = text.find(*secret); at != std::string::npos;
         at = text.find(*secret, at + mark.size())) {
      text.replace(at, secret->size(), mark);
    }
  }
  return text;
}

std::string shortened(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  if (text.size() > described_length) {
    text.resize(described_length);
    text += "…";
  }
  return text;
}

std::string command_text(const Exec& exec) {
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
    return ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{:.1f}s", double(ms) / 1e3);
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

std::string redacted(std::string text, const Action& action) {
  return replaced(std::move(text), secrets_of(action.body));
}

void redact(Failure& failure, const Action& action) {
  const std::vector<const std::string*> secrets = secrets_of(action.body);
  if (secrets.empty()) {
    return;
  }
  failure.message = replaced(std::move(failure.message), secrets);
  for (std::string& note : failure.notes) {
    note = replaced(std::move(note), secrets);
  }
}

std::string describe(const ActionBody& body) {
  if (const auto* exec = std::get_if<Exec>(&body)) {
    return fmt::format("`{}`", command_text(*exec));
  }
  if (const auto* pipe = std::get_if<Pipe>(&body)) {
    return fmt::format("`{}` into `{}`", command_text(pipe->source), command_text(pipe->sink));
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
