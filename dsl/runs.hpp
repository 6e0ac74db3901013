// A sequence in runs of any length: several sequences are put one behind the other without moving
// an element. For what is made in parts.
#pragma once

#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace plan {

template <class T>
class Runs {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;

    Iterator() = default;
    Iterator(const std::vector<T>* run, const std::vector<T>* end) : run_(run), end_(end) {
      enter();
    }
    const T& operator*() const { return *at_; }
    const T* operator->() const { return at_; }
    Iterator& operator++() {
      if (++at_ == last_) {
        ++run_;
        enter();
      }
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    // No run is empty.
    void enter() {
      at_ = run_ == end_ ? nullptr : run_->data();
      last_ = run_ == end_ ? nullptr : run_->data() + run_->size();
    }
    const std::vector<T>* run_ = nullptr;
    const std::vector<T>* end_ = nullptr;
    const T* at_ = nullptr;
    const T* last_ = nullptr;
  };

  [[nodiscard]] Iterator begin() const { return {runs_.data(), runs_.data() + runs_.size()}; }
  [[nodiscard]] Iterator end() const { return {}; }
  [[nodiscard]] bool empty() const { return runs_.empty(); }
  [[nodiscard]] std::size_t size() const {
    std::size_t result = 0;
    for (const std::vector<T>& run : runs_) {
      result += run.size();
    }
    return result;
  }
  // There must be such an element. Costs the number of runs.
  [[nodiscard]] const T& operator[](std::size_t index) const {
    const std::vector<T>* run = runs_.data();
    for (; index >= run->size(); ++run) {
      index -= run->size();
    }
    return (*run)[index];
  }
  [[nodiscard]] const T& front() const { return runs_.front().front(); }

  // Puts the elements of `later` behind the own ones, where they are.
  void splice(Runs&& later) {
    for (std::vector<T>& run : later.runs_) {
      runs_.push_back(std::move(run));
    }
    later.runs_.clear();
  }
  // The same, of a single run.
  void splice(std::vector<T>&& run) {
    if (!run.empty()) {
      runs_.push_back(std::move(run));
    }
  }

 private:
  std::vector<std::vector<T>> runs_;
};

}  // namespace plan
