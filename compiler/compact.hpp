// Members that most of their owners leave empty, in eight or sixteen bytes: a plan has a million
// conditions. They copy deeply and compare by value, as the plain types would.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plan {

// As std::optional<T>, the value on the heap.
template <class T>
class Rare {
 public:
  using value_type = T;
  Rare() = default;
  Rare(T value) : value_(std::make_unique<T>(std::move(value))) {}  // NOLINT: as std::optional
  Rare(const Rare& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Rare(Rare&&) noexcept = default;
  Rare& operator=(const Rare& other) { return *this = Rare(other); }
  Rare& operator=(Rare&&) noexcept = default;
  ~Rare() = default;

  [[nodiscard]] bool has_value() const { return value_ != nullptr; }
  explicit operator bool() const { return has_value(); }
  [[nodiscard]] T& operator*() { return *value_; }
  [[nodiscard]] const T& operator*() const { return *value_; }
  [[nodiscard]] T* operator->() { return value_.get(); }
  [[nodiscard]] const T* operator->() const { return value_.get(); }
  T& emplace() { return *(value_ = std::make_unique<T>()); }
  void reset() { value_.reset(); }

 private:
  std::unique_ptr<T> value_;
};

// As std::string, mostly empty.
class RareText {
 public:
  RareText() = default;
  RareText(std::string text) {  // NOLINT: as std::string
    if (!text.empty()) {
      text_ = std::move(text);
    }
  }
  RareText(std::string_view text) : RareText(std::string(text)) {}  // NOLINT
  RareText(const char* text) : RareText(std::string(text)) {}       // NOLINT

  [[nodiscard]] bool empty() const { return !text_; }
  [[nodiscard]] const std::string& text() const {
    static const std::string none;
    return text_ ? *text_ : none;
  }
  operator const std::string&() const { return text(); }  // NOLINT: as std::string
  bool operator==(std::string_view other) const { return text() == other; }

 private:
  Rare<std::string> text_;
};

// As std::vector<T> of small, trivially copyable elements, mostly one or none.
template <class T>
class FewOf {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  FewOf() = default;
  FewOf(std::initializer_list<T> items) { assign(items.begin(), items.end()); }
  FewOf(const std::vector<T>& items) {  // NOLINT: as std::vector
    assign(items.data(), items.data() + items.size());
  }
  FewOf(const FewOf& other) { assign(other.begin(), other.end()); }
  FewOf(FewOf&& other) noexcept
      : many_(std::move(other.many_)), one_(other.one_), size_(std::exchange(other.size_, 0)) {}
  FewOf& operator=(FewOf other) noexcept {
    many_ = std::move(other.many_);
    one_ = other.one_;
    size_ = other.size_;
    return *this;
  }
  ~FewOf() = default;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] T* begin() { return many_ ? many_.get() : &one_; }
  [[nodiscard]] T* end() { return begin() + size_; }
  [[nodiscard]] const T* begin() const { return many_ ? many_.get() : &one_; }
  [[nodiscard]] const T* end() const { return begin() + size_; }
  [[nodiscard]] const T& operator[](std::size_t index) const { return begin()[index]; }
  [[nodiscard]] T& operator[](std::size_t index) { return begin()[index]; }
  bool operator==(const FewOf& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

  void assign(const T* first, const T* last) {
    const auto size = static_cast<std::uint32_t>(last - first);
    std::unique_ptr<T[]> many = size > 1 ? std::make_unique<T[]>(size) : nullptr;
    std::copy(first, last, many ? many.get() : &one_);
    many_ = std::move(many);
    size_ = size;
  }

 private:
  std::unique_ptr<T[]> many_;  // more than one
  T one_{};
  std::uint32_t size_ = 0;
};

}  // namespace plan
