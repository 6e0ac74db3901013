// What OpenSSH's words mean. Its exit status is 255 for everything, so its messages decide; they
// are not translated (OpenSSH has no catalogues).
#include <algorithm>
#include <array>
#include <string_view>

#include "runtime/real/failure.hpp"
#include "runtime/real/ssh.hpp"

namespace plan::real {

namespace {

enum class Meaning : unsigned char {
  key_changed,
  key_unknown,
  login,
  name,
  refused,
  timed_out,
  unreachable,
  broken,
  shell
};

struct Rule {
  std::string_view words;
  Meaning meaning;
};

// The first rule that matches counts: what a jump host says comes before its consequences.
constexpr std::array rules = {
    Rule{"REMOTE HOST IDENTIFICATION HAS CHANGED", Meaning::key_changed},
    Rule{"key is not in the list of known hosts", Meaning::key_unknown},
    Rule{"host key is known for", Meaning::key_unknown},
    Rule{"Host key verification failed", Meaning::key_unknown},
    Rule{"Permission denied", Meaning::login},
    Rule{"Too many authentication failures", Meaning::login},
    Rule{"No more authentication methods", Meaning::login},
    Rule{"Could not resolve hostname", Meaning::name},
    Rule{"Connection refused", Meaning::refused},
    Rule{"Connection timed out", Meaning::timed_out},
    Rule{"Operation timed out", Meaning::timed_out},
    Rule{"not responding", Meaning::timed_out},
    Rule{"No route to host", Meaning::unreachable},
    Rule{"Network is unreachable", Meaning::unreachable},
    Rule{"Connection closed", Meaning::broken},
    Rule{"Connection reset", Meaning::broken},
    Rule{"kex_exchange_identification", Meaning::broken},
    Rule{"Broken pipe", Meaning::broken},
    Rule{"account is currently not available", Meaning::shell},
};

std::string line_with(const std::string& said, std::string_view words) {
  const std::size_t at = said.find(words);
  const std::size_t begin = said.rfind('\n', at);
  const std::size_t from = begin == std::string::npos ? 0 : begin + 1;
  return last_lines(said.substr(from, said.find('\n', at) - from));
}

std::string endpoint(const HostAddress& host) {
  std::string text = host.user.empty() ? host.address : host.user + "@" + host.address;
  return host.port == 0 ? text : text + " port " + std::to_string(host.port);
}

Failure meant(const HostAddress& host, Meaning meaning, const std::string& line) {
  constexpr auto kind = FailureKind::refused;
  switch (meaning) {
    case Meaning::key_changed: {
      Failure result = failure<Code::host_key_changed>(kind, host.name);
      result.helps.emplace_back(
          "either the host was installed anew, or somebody stands between: find out which; then "
          "remove the old key with `ssh-keygen -R " +
          host.address + "` and add the new one");
      return result;
    }
    case Meaning::key_unknown: {
      Failure result = failure<Code::host_key_unknown>(kind, host.name);
      result.helps.emplace_back(
          "compare the key with the host's own, then add it to known_hosts: "
          "`ssh " +
          endpoint(host) + "` asks");
      return result;
    }
    case Meaning::login: {
      Failure result = failure<Code::login_refused>(kind, host.name, line);
      result.helps.emplace_back("`ssh -o BatchMode=yes " + endpoint(host) +
                                " true` must work without a question");
      return result;
    }
    case Meaning::name:
      return failure<Code::host_unreachable>(kind, host.name, line);
    case Meaning::refused: {
      Failure result = failure<Code::host_refused>(kind, host.name, line);
      result.is_retryable = true;
      return result;
    }
    case Meaning::timed_out:
    case Meaning::unreachable: {
      Failure result = failure<Code::host_unreachable>(kind, host.name, line);
      result.is_retryable = true;
      return result;
    }
    case Meaning::broken: {
      Failure result = failure<Code::handshake_broken>(kind, host.name, line);
      result.is_retryable = true;
      return result;
    }
    case Meaning::shell:
      return failure<Code::shell_unusable>(kind, host.name, line);
  }
  return {};
}

}  // namespace

Failure ssh_failure(const HostAddress& host, const std::string& said) {
  for (const Rule& rule : rules) {
    if (said.find(rule.words) != std::string::npos) {
      Failure result = meant(host, rule.meaning, line_with(said, rule.words));
      if (const std::string all = last_lines(said, 4);
          result.message.find(all) == std::string::npos) {
        result.notes.push_back("ssh said: " + all);
      }
      return result;
    }
  }
  Failure result = failure<Code::host_unreachable>(
      FailureKind::refused, host.name,
      said.empty() ? "ssh ended without a word" : last_lines(said, 1));
  result.notes.push_back("ssh said: " + last_lines(said, 4));
  return result;
}

}  // namespace plan::real
