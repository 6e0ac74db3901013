#include "runtime/real/clock.hpp"

namespace plan {

namespace {

class RealClock final : public Clock {
 public:
  MonotonicTime monotonic() override {
    return std::chrono::duration_cast<MonotonicTime>(
        std::chrono::steady_clock::now().time_since_epoch());
  }
  WallTime wall() override {
    return std::chrono::duration_cast<WallTime>(
        std::chrono::system_clock::now().time_since_epoch());
  }
};

}  // namespace

std::unique_ptr<Clock> make_clock() {
  return std::make_unique<RealClock>();
}

}  // namespace plan
