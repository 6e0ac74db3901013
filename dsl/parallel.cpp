#include "dsl/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace plan {

void in_parallel(std::size_t count, const std::function<void(std::size_t)>& task) {
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t index = next++; index < count; index = next++) {
      task(index);
    }
  };
  const std::size_t wanted =
      std::min<std::size_t>(count, std::max(std::thread::hardware_concurrency(), 1U));
  std::vector<std::jthread> others;
  for (std::size_t index = 1; index < wanted; ++index) {
    others.emplace_back(work);
  }
  work();
}

}  // namespace plan
