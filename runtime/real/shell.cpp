#include "runtime/real/shell.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <poll.h>
#include <sys/random.h>

#include "runtime/quote.hpp"
#include "runtime/real/failure.hpp"

namespace plan::real {

namespace {

using namespace std::chrono_literals;

// A shell that has not answered by then will not: over a connection that is up it takes 20 ms;
// sudo takes its time where it asks the network who may become whom.
constexpr auto open_limit = 20s;
constexpr std::size_t noise_limit = 65'536;

// A fresh process with the bytes that have come, before they belong to a session.
struct Opening {
  Link& link;
  Process process;
  const std::string& user;
  Instant until;
  const Wake& cancelled;
  std::string out;
  std::string err;
  bool has_ended = false;
};

Failure cancelled_failure(const Opening& opening) {
  return failure<Code::action_cancelled>(
      FailureKind::cancelled, "opening a shell on host `" + opening.link.host().name + "`");
}

// One round of moving bytes; false at the deadline, on cancellation, or when nothing can come.
bool exchange(Opening& opening, std::string& unsent) {
  pollfd polled[4] = {{opening.process.output(), POLLIN, 0},
                      {opening.process.error(), POLLIN, 0},
                      {unsent.empty() ? -1 : opening.process.input(), POLLOUT, 0},
                      {opening.cancelled.get(), POLLIN, 0}};
  if (opening.has_ended || now() >= opening.until ||
      ::poll(polled, 4, poll_timeout(opening.until)) <= 0 || polled[3].revents != 0) {
    return false;
  }
  if (polled[1].revents != 0) {
    std::ignore = read_available(opening.process.error(), opening.err);
  }
  if (polled[0].revents != 0) {
    opening.has_ended = read_available(opening.process.output(), opening.out) == ReadState::end;
  }
  if (polled[2].revents != 0) {
    const std::ptrdiff_t put = write_available(opening.process.input(), unsent);
    if (put >= 0) {
      unsent.erase(0, static_cast<std::size_t>(put));
    } else {
      unsent.clear();  // the end of the output tells why
    }
  }
  return opening.out.size() < noise_limit && opening.err.size() < noise_limit;
}

// The process has ended or does not answer: what its words mean.
Failure opening_failure(Opening& opening) {
  if (poll_timeout(opening.until) > 0 && !opening.has_ended) {
    return cancelled_failure(opening);
  }
  const HostAddress& host = opening.link.host();
  if (opening.has_ended) {
    std::ignore = wait_ready(opening.process.error(), POLLIN, opening.cancelled, now() + 50ms);
    std::ignore = read_available(opening.process.error(), opening.err);
  }
  const std::string said = last_lines(opening.out + opening.err, 4);
  if (!opening.has_ended) {
    Failure result = failure<Code::host_timed_out>(FailureKind::refused, host.name,
                                                   std::string("the time to open a shell"));
    result.is_retryable = true;
    return result;
  }
  const bool is_refused_channel = said.find("open refused by peer") != std::string::npos;
  const bool is_connection = said.find("mux_client") != std::string::npos ||
                             said.find("Control socket") != std::string::npos ||
                             said.find("Connection closed") != std::string::npos;
  if (is_refused_channel || is_connection || said.empty()) {
    Failure result = failure<Code::handshake_broken>(
        FailureKind::refused, host.name,
        is_refused_channel ? "sshd opens no further session (MaxSessions)" : said);
    result.is_retryable = true;
    return result;
  }
  return failure<Code::shell_unusable>(FailureKind::refused, host.name, said);
}

// Sends the greeting and reads its answer.
std::expected<Hello, Failure> greet(Opening& opening, Session& session) {
  std::string unsent = session.greeting();
  for (;;) {
    session.feed_output(std::exchange(opening.out, {}));
    session.feed_error(std::exchange(opening.err, {}));
    if (const std::optional<Answer> answer = session.next()) {
      if (std::optional<Hello> hello = parse_hello(answer->result)) {
        return *hello;
      }
      return std::unexpected(failure<Code::shell_unusable>(
          FailureKind::refused, opening.link.host().name, last_lines(answer->result.out, 2)));
    }
    if (!exchange(opening, unsent)) {
      opening.out.insert(0, session.unfinished_output());
      opening.err.insert(0, session.unfinished_error());
      return std::unexpected(opening_failure(opening));
    }
  }
}

bool is_user_name(std::string_view name) {
  return !name.empty() && name.front() != '-' && std::ranges::all_of(name, [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '-' || letter == '.';
  });
}

// Replaces the shell by one of the other user, which says `ready` first; only then does it read
// its input, so that no byte meant for it is swallowed by what comes before. Messages are asked
// for in English; the host's own language is restored after.
std::string become_text(const Opening& opening, const Hello& hello, const std::string& word) {
  const std::string& user = opening.user;
  const std::string ready = "printf '\\''\\036%s ready\\n'\\'' " + word + "; exec sh";
  if (hello.uid == "0") {
    const std::string inner = "'" + ready + "'";
    return "HOME=~" + user + " USER=" + user + " LOGNAME=" + user + "; export HOME USER LOGNAME\n" +
           "if command -v runuser >/dev/null 2>&1; then exec runuser -u " + user + " -- sh -c " +
           inner + "; else exec su -s /bin/sh " + user + " -c " + inner + "; fi\n";
  }
  const std::string inner =
      "'if [ -n \"$1\" ]; then LC_ALL=$1; export LC_ALL; else unset LC_ALL; fi; " + ready + "'";
  const std::string how = opening.link.become_password() ? "-k -S -p " + word + "-ask" : "-n";
  return "exec env LC_ALL=C sudo " + how + " -u " + user + " -- sh -c " + inner +
         " sh \"$LC_ALL\"\n";
}

Failure become_failure(Opening& opening, const Hello& hello) {
  const std::string name = opening.link.host().name;
  std::string said = last_lines(opening.err, 4);
  const auto says = [&said](std::string_view words) {
    return said.find(words) != std::string::npos;
  };
  constexpr auto kind = FailureKind::refused;
  if (says("incorrect password") || says("try again")) {
    return failure<Code::become_password_wrong>(kind, name);
  }
  if (says("password is required") || says("terminal is required")) {
    Failure result = failure<Code::become_password_missing>(kind, name, opening.user);
    result.helps.push_back("give the host a `become_password`, or let sudo allow `" + hello.user +
                           "` this without one (NOPASSWD)");
    return result;
  }
  if (says("unknown user") || says("does not exist")) {
    return failure<Code::user_unknown>(kind, opening.user, name);
  }
  if (says("not found") || says("No such file")) {
    said = "there is no sudo on the host";
  }
  Failure result = failure<Code::become_refused>(kind, name, "`" + hello.user + "`", opening.user,
                                                 said.empty() ? "sudo gave no reason" : said);
  result.helps.push_back("on the host, `sudo -l -U " + hello.user +
                         "` lists what it may do; `plan` needs `sh`");
  return result;
}

// Waits until the new shell says that it is ready, giving sudo its password if it asks.
std::expected<void, Failure> become(Opening& opening, const Hello& hello) {
  if (!is_user_name(opening.user)) {
    return std::unexpected(
        failure<Code::user_unknown>(FailureKind::refused, opening.user, opening.link.host().name));
  }
  const std::string word = random_word();
  const std::string ready = "\036" + word + " ready\n";
  const std::string ask = word + "-ask";
  std::string unsent = become_text(opening, hello, word);
  bool has_answered = false;
  for (;;) {
    if (const std::size_t at = opening.out.find(ready); at != std::string::npos) {
      opening.out.erase(0, at + ready.size());
      opening.err.clear();
      return {};
    }
    if (const std::size_t at = opening.err.find(ask); at != std::string::npos) {
      if (has_answered) {
        return std::unexpected(
            failure<Code::become_password_wrong>(FailureKind::refused, opening.link.host().name));
      }
      opening.err.erase(0, at + ask.size());
      unsent += opening.link.become_password()->reveal() + "\n";
      has_answered = true;
    }
    if (exchange(opening, unsent)) {
      continue;
    }
    if (!opening.has_ended) {
      return std::unexpected(opening_failure(opening));
    }
    std::ignore = wait_ready(opening.process.error(), POLLIN, opening.cancelled, now() + 50ms);
    std::ignore = read_available(opening.process.error(), opening.err);
    return std::unexpected(become_failure(opening, hello));
  }
}

}  // namespace

std::string random_word() {
  unsigned char bytes[8];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string word;
  for (const unsigned char byte : bytes) {
    word += digits[byte >> 4];
    word += digits[byte & 15];
  }
  return word;
}

std::string kill_text(const ProcessGroup& group, Kill kill) {
  if (group.boot_id == "-" || group.started == "-") {
    return ":";  // cannot be told from another process of that number
  }
  const std::string at_once = "kill -s KILL -- -" + group.leader;
  const std::string deed = kill == Kill::at_once ? at_once
                                                 : "( kill -s TERM -- -" + group.leader +
                                                       "; sleep 2; " + at_once + " ) &";
  // A number is not given to a new process while its group has members, so a leader that is gone
  // leaves the group ours; a leader that started at another time is somebody else.
  return "( read -r boot </proc/sys/kernel/random/boot_id; [ \"$boot\" = " + group.boot_id +
         " ] || exit 0; if read -r stat </proc/" + group.leader +
         "/stat; then set -- ${stat##*) }; [ \"${20}\" = " + group.started + " ] || exit 0; fi; " +
         deed + " ) >/dev/null 2>&1 </dev/null";
}

std::expected<Shell, Failure> open_shell(Link& link,
                                         const std::string& user,
                                         Instant until,
                                         const Wake& cancelled) {
  const auto connection = link.ensure(until, cancelled);
  if (!connection) {
    return std::unexpected(connection.error());
  }
  auto process = Process::start(link.shell_argv(), link.ssh_environment());
  if (!process) {
    return std::unexpected(process.error());
  }
  Opening opening{.link = link,
                  .process = std::move(*process),
                  .user = user,
                  .until = std::min(until, now() + open_limit),
                  .cancelled = cancelled,
                  .out = {},
                  .err = {}};
  Session session(random_word());
  Instant sent = now();
  auto hello = greet(opening, session);
  if (!hello) {
    if (hello.error().code == Code::host_timed_out) {
      link.distrust(*connection);
    }
    return std::unexpected(hello.error());
  }
  const ProcessGroup group{
      .leader = hello->pid, .started = hello->started, .boot_id = hello->boot_id};
  if (!user.empty() && hello->user != user) {
    if (const auto became = become(opening, *hello); !became) {
      return std::unexpected(became.error());
    }
    session = Session(random_word());
    sent = now();
    hello = greet(opening, session);
    if (!hello) {
      return std::unexpected(hello.error());
    }
  }
  return Shell{.process = std::move(opening.process),
               .session = std::move(session),
               .hello = *hello,
               .group = group,
               .connection = *connection,
               .round_trip = std::chrono::ceil<std::chrono::milliseconds>(now() - sent)};
}

}  // namespace plan::real
