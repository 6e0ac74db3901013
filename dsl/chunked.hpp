// A growing array in pieces: elements never move, so growing copies nothing, and a part that is no
// longer needed can be given back while the rest stays. For the arenas of large files.
//
// An array may begin at a later index than 0, so that several can be filled at the same time and
// be put together without touching an element: their indexes are what they will be in the whole.
// Between them there may be indexes that no element has.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace plan {

template <class T>
class Chunked {
 public:
  static constexpr std::size_t chunk_size = 2048;

  [[nodiscard]] std::size_t size() const { return size_; }
  // Whether there is an element of that index, and it was not given back. At the end of each array
  // that was put together with a later one there are some that nobody has set.
  [[nodiscard]] bool contains(std::size_t index) const {
    return index < size_ && index / chunk_size >= first_chunk_ &&
           chunks_[index / chunk_size - first_chunk_] != nullptr;
  }
  // The element must be there.
  [[nodiscard]] T& operator[](std::size_t index) {
    return chunks_[index / chunk_size - first_chunk_][index % chunk_size];
  }
  [[nodiscard]] const T& operator[](std::size_t index) const {
    return chunks_[index / chunk_size - first_chunk_][index % chunk_size];
  }

  // Of an empty array: the index of the first element, a multiple of chunk_size.
  void start_at(std::size_t index) {
    first_chunk_ = index / chunk_size;
    size_ = first_chunk_ * chunk_size;
  }

  // Takes the elements of `later` over, which keep their indexes. It must have been started at a
  // multiple of chunk_size that is not below size().
  void splice(Chunked&& later) {
    if (later.chunks_.empty()) {
      return;
    }
    chunks_.resize(later.first_chunk_ - first_chunk_);
    std::ranges::move(later.chunks_, std::back_inserter(chunks_));
    size_ = later.size_;
    later = {};
  }

  void push_back(T value) {
    if (size_ % chunk_size == 0) {
      chunks_.push_back(std::make_unique<T[]>(chunk_size));
    }
    chunks_.back()[size_ % chunk_size] = std::move(value);
    ++size_;
  }

  // Replaces everything: a copy of `value` for each index that `other` has an element of.
  template <class U>
  void assign_like(const Chunked<U>& other, const T& value) {
    chunks_.clear();
    first_chunk_ = 0;
    size_ = other.size();
    given_back_ = 0;
    for (std::size_t begin = 0; begin < size_; begin += chunk_size) {
      chunks_.emplace_back();
      if (other.contains(begin)) {
        chunks_.back() = std::make_unique_for_overwrite<T[]>(chunk_size);
        std::fill_n(chunks_.back().get(), chunk_size, value);
      }
    }
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
  std::vector<std::unique_ptr<T[]>> chunks_;  // nullptr: without elements, or given back
  std::size_t first_chunk_ = 0;
  std::size_t size_ = 0;
  std::size_t given_back_ = 0;  // chunks before this one are kept for good, or gone
};

}  // namespace plan
