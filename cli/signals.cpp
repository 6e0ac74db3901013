#include "cli/signals.hpp"

#include <atomic>
#include <csignal>
#include <cstring>

#include <unistd.h>

namespace plan {

namespace {

// A signal handler takes no context, so these are global: lock-free, written by the handler only.
std::atomic<int> first_signal{0};     // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<int> requested_stops{0};  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<RealEffector*> woken{
    nullptr};  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

static_assert(std::atomic<int>::is_always_lock_free);
static_assert(std::atomic<RealEffector*>::is_always_lock_free);

void end_at_once() {
  constexpr char message[] =
      "\x1b[?25h\r\nstopped at once; `plan apply` finds out what was done and goes on\n";
  const ssize_t written = write(STDERR_FILENO, message, sizeof message - 1);
  static_cast<void>(written);
  _exit(static_cast<int>(first_signal == SIGTERM ? ExitCode::terminated : ExitCode::interrupted));
}

void handle(int signal) {
  int none = 0;
  const bool is_first = first_signal.compare_exchange_strong(none, signal);
  // SIGTERM asks for no more than a Ctrl-C does, however often it comes.
  if (is_first || signal == SIGINT) {
    requested_stops = requested_stops + 1;
  }
  if (requested_stops > 2) {
    end_at_once();
  }
  if (RealEffector* effector = woken.load()) {
    effector->interrupt();
  }
}

void set_handler(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = handler == &handle ? SA_RESTART : 0;
  sigaction(signal, &action, nullptr);
}

}  // namespace

SignalScope::SignalScope(RealEffector& effector) {
  first_signal = 0;
  requested_stops = 0;
  woken = &effector;
  set_handler(SIGINT, &handle);
  set_handler(SIGTERM, &handle);
}

SignalScope::~SignalScope() {
  set_handler(SIGINT, SIG_DFL);
  set_handler(SIGTERM, SIG_DFL);
  woken = nullptr;
}

int stop_requests() {
  return requested_stops;
}

ExitCode stop_code() {
  return first_signal == SIGTERM ? ExitCode::terminated : ExitCode::interrupted;
}

}  // namespace plan
