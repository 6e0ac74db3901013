// Calls a function again and again in a thread of its own, for displays that show time passing.
// The function and the user of the ticker share `mutex`.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace plan {

class Ticker {
 public:
  // `tick` is called with `mutex` held.
  Ticker(std::mutex& mutex, std::chrono::milliseconds period, std::function<void()> tick);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  std::mutex& mutex_;
  std::condition_variable wake_;
  bool is_over_ = false;
  std::thread thread_;
};

}  // namespace plan
