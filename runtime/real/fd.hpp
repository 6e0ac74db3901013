// File descriptors as values, and the wake-up that ends a poll.
// Used by everything in runtime/real that waits. Wake may be used from any thread and from signal
// handlers; the rest belongs to one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace plan::real {

using Instant = std::chrono::steady_clock::time_point;

[[nodiscard]] inline Instant now() {
  return std::chrono::steady_clock::now();
}

// Owns a descriptor; -1: none.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { close(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

// An eventfd: set() makes it readable until clear().
class Wake {
 public:
  Wake();
  [[nodiscard]] int get() const { return fd_.get(); }
  void set() const noexcept;  // async-signal-safe
  void clear() const noexcept;

 private:
  Fd fd_;
};

enum class ReadState : unsigned char { data, nothing_yet, end };

// Appends what can be read at once, at most `limit_bytes`. Errors are an end.
[[nodiscard]] ReadState read_available(int fd,
                                       std::string& into,
                                       std::size_t limit_bytes = 262'144);

// Number of bytes taken, 0 if it would block, -1 if the reader is gone. Needs SIGPIPE blocked.
[[nodiscard]] std::ptrdiff_t write_available(int fd, std::string_view data);

// Milliseconds for poll(): rounded up, 0 if passed, at most a minute.
[[nodiscard]] int poll_timeout(Instant until);

// Waits until `fd` (-1: none) has `events`, or `wake` is set, or the time has come.
// True if `fd` is ready.
[[nodiscard]] bool wait_ready(int fd, short events, const Wake& wake, Instant until);

// Blocks all signals in the calling thread: signals are the main thread's business, and writing
// to a closed pipe is an error code.
void block_signals();

}  // namespace plan::real
