#include "cli/ticker.hpp"

#include <csignal>

namespace plan {

namespace {

// Signals are for the main thread: a thread inherits the mask of the one that starts it.
std::thread start_without_signals(std::function<void()> work) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(work));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

Ticker::Ticker(std::mutex& mutex, std::chrono::milliseconds period, std::function<void()> tick)
    : mutex_(mutex) {
  thread_ = start_without_signals([this, period, work = std::move(tick)] {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, period, [this] { return is_over_; })) {
      work();
    }
  });
}

Ticker::~Ticker() {
  {
    const std::scoped_lock lock(mutex_);
    is_over_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

}  // namespace plan
