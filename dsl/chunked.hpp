// A growing array in pieces: elements never move, so growing copies nothing, and a part that is no
// longer needed can be given back while the rest stays. For the arenas of large files.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace plan {

template <class T>
class Chunked {
 public:
  static constexpr std::size_t chunk_size = 2048;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  // The element must not have been given back.
  [[nodiscard]] T& operator[](std::size_t index) {
    return chunks_[index / chunk_size][index % chunk_size];
  }
  [[nodiscard]] const T& operator[](std::size_t index) const {
    return chunks_[index / chunk_size][index % chunk_size];
  }

  void push_back(T value) {
    if (size_ % chunk_size == 0) {
      chunks_.push_back(std::make_unique<T[]>(chunk_size));
    }
    chunks_.back()[size_ % chunk_size] = std::move(value);
    ++size_;
  }

  // Replaces everything by `count` copies of `value`.
  void assign(std::size_t count, const T& value) {
    chunks_.clear();
    for (std::size_t begin = 0; begin < count; begin += chunk_size) {
      chunks_.push_back(std::make_unique_for_overwrite<T[]>(chunk_size));
      std::fill_n(chunks_.back().get(), chunk_size, value);
    }
    size_ = count;
    given_back_ = 0;
  }

  // Gives back the chunks that lie within [begin, end) as a whole. `end` never gets smaller from
  // call to call, so that all calls together cost no more than the array is long.
  void give_back(std::size_t begin, std::size_t end) {
    given_back_ = std::max(given_back_, (begin + chunk_size - 1) / chunk_size);
    for (; (given_back_ + 1) * chunk_size <= end; ++given_back_) {
      chunks_[given_back_].reset();
    }
  }

 private:
  std::vector<std::unique_ptr<T[]>> chunks_;
  std::size_t size_ = 0;
  std::size_t given_back_ = 0;  // chunks before this one are kept for good, or gone
};

}  // namespace plan
