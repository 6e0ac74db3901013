// What a small observation costs: a thousand `test -e` through the effector, beside the same
// thousand fed to one persistent sh that prints each exit status.
//
//   session_bench [-F SSH_CONFIG] [HOST…]     HOST: [USER@]ADDRESS[:PORT]; none: the controller
//   only
//
// Prints the median of several runs of both, and their ratio.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <poll.h>

#include "runtime/real/effector.hpp"
#include "runtime/real/process.hpp"

namespace {

using namespace plan;
using Clock = std::chrono::steady_clock;

constexpr int command_count = 1000;
constexpr int run_count = 7;

struct Target {
  HostAddress host;
  std::vector<std::string> shell;  // what gives a persistent sh
};

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

double median(std::vector<double> times) {
  std::ranges::sort(times);
  return times[times.size() / 2];
}

void fail(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

// Writes the text and reads until so many lines have come.
double feed(real::Process& shell, std::string text, int lines) {
  const Clock::time_point begin = Clock::now();
  std::string answers;
  while (lines > 0) {
    pollfd polled[2] = {{shell.output(), POLLIN, 0},
                        {text.empty() ? -1 : shell.input(), POLLOUT, 0}};
    if (::poll(polled, 2, 20'000) <= 0) {
      fail("the shell does not answer");
    }
    if (polled[1].revents != 0) {
      text.erase(0, static_cast<std::size_t>(
                        std::max<std::ptrdiff_t>(real::write_available(shell.input(), text), 0)));
    }
    if (polled[0].revents != 0) {
      answers.clear();
      if (real::read_available(shell.output(), answers) == real::ReadState::end) {
        fail("the shell has ended");
      }
      lines -= static_cast<int>(std::ranges::count(answers, '\n'));
    }
  }
  return milliseconds_since(begin);
}

double baseline(const Target& target) {
  auto shell = real::Process::start(target.shell, {});
  if (!shell) {
    fail(shell.error().message);
  }
  feed(*shell, "echo ready\n", 1);
  std::string text;
  for (int index = 0; index < command_count; ++index) {
    text += "test -e /etc/passwd\necho $?\n";
  }
  std::vector<double> times;
  for (int run = 0; run < run_count; ++run) {
    times.push_back(feed(*shell, text, command_count));
  }
  return median(std::move(times));
}

void collect(RealEffector& effector, int count) {
  const auto until = std::chrono::duration_cast<MonotonicTime>(Clock::now().time_since_epoch() +
                                                               std::chrono::seconds(60));
  for (int index = 0; index < count; ++index) {
    const std::optional<Completion> completion = effector.wait(until);
    const auto* result = completion ? std::get_if<ExecResult>(&completion->result) : nullptr;
    if (result == nullptr || result->code != 0) {
      fail("a command did not come back with 0");
    }
  }
}

double through_effector(const Target& target, const std::string& ssh_config) {
  auto effector = make_effector({.ssh_config = ssh_config});
  if (!effector) {
    fail(effector.error().message);
  }
  Action action;
  Exec exec;
  exec.host = target.host;
  exec.argv = {"test", "-e", "/etc/passwd"};
  action.body = exec;
  action.is_observation = true;
  (*effector)->start(0, action);
  collect(**effector, 1);
  std::vector<double> times;
  for (int run = 0; run < run_count; ++run) {
    const Clock::time_point begin = Clock::now();
    for (int index = 0; index < command_count; ++index) {
      (*effector)->start(static_cast<ActionId>(index), action);
    }
    collect(**effector, command_count);
    times.push_back(milliseconds_since(begin));
  }
  return median(std::move(times));
}

Target target_of(const std::string& text, const std::string& ssh_config) {
  Target target;
  target.host.name = text;
  target.host.address = text;
  target.shell = {"ssh", "-T", "-o", "BatchMode=yes"};
  if (!ssh_config.empty()) {
    target.shell.insert(target.shell.end(), {"-F", ssh_config});
  }
  if (const std::size_t at = text.find('@'); at != std::string::npos) {
    target.host.user = text.substr(0, at);
    target.host.address = text.substr(at + 1);
    target.shell.insert(target.shell.end(), {"-l", target.host.user});
  }
  if (const std::size_t colon = target.host.address.find(':'); colon != std::string::npos) {
    target.host.port = std::atoi(target.host.address.c_str() + colon + 1);
    target.host.address.resize(colon);
    target.shell.insert(target.shell.end(), {"-p", std::to_string(target.host.port)});
  }
  target.shell.insert(target.shell.end(), {target.host.address, "exec sh"});
  return target;
}

}  // namespace

int main(int count, char** arguments) {
  std::string ssh_config;
  std::vector<Target> targets(1);
  targets[0].host.name = "local";
  targets[0].host.is_local = true;
  targets[0].shell = {"sh"};
  for (int index = 1; index < count; ++index) {
    if (std::string(arguments[index]) == "-F" && index + 1 < count) {
      ssh_config = arguments[++index];
    } else {
      targets.push_back(target_of(arguments[index], ssh_config));
    }
  }
  real::block_signals();
  std::printf("%-28s %14s %14s %7s\n", "1000 x test -e", "one sh, ms", "effector, ms", "ratio");
  for (const Target& target : targets) {
    const double shell = baseline(target);
    const double effector = through_effector(target, ssh_config);
    std::printf("%-28s %14.1f %14.1f %7.2f\n", target.host.name.c_str(), shell, effector,
                effector / shell);
  }
  return 0;
}
