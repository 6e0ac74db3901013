#include "runtime/real/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace plan::real {

void Fd::close() {
  if (fd_ >= 0) {
    ::close(std::exchange(fd_, -1));
  }
}

Wake::Wake() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!fd_.is_open()) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
}

void Wake::set() const noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
}

void Wake::clear() const noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd_.get(), &count, sizeof count);
}

ReadState read_available(int fd, std::string& into, std::size_t limit_bytes) {
  char block[65'536];
  std::size_t total = 0;
  while (total < limit_bytes) {
    const ssize_t got = ::read(fd, block, sizeof block);
    if (got > 0) {
      into.append(block, static_cast<std::size_t>(got));
      total += static_cast<std::size_t>(got);
      if (static_cast<std::size_t>(got) < sizeof block) {
        break;
      }
      continue;
    }
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0 && errno == EAGAIN) {
      return total > 0 ? ReadState::data : ReadState::nothing_yet;
    }
    return total > 0 ? ReadState::data : ReadState::end;
  }
  return ReadState::data;
}

std::ptrdiff_t write_available(int fd, std::string_view data) {
  for (;;) {
    const ssize_t put = ::write(fd, data.data(), data.size());
    if (put >= 0) {
      return put;
    }
    if (errno != EINTR) {
      return errno == EAGAIN ? 0 : -1;
    }
  }
}

int poll_timeout(Instant until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

bool wait_ready(int fd, short events, const Wake& wake, Instant until) {
  pollfd polled[2] = {{.fd = fd, .events = events, .revents = 0},
                      {.fd = wake.get(), .events = POLLIN, .revents = 0}};
  return ::poll(polled, 2, poll_timeout(until)) > 0 && polled[0].revents != 0;
}

void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace plan::real
