// A hash table from names to small values: open addressing, linear probing, no deletion.
// Names are small dense numbers, so a plan of a million declarations costs a few nanoseconds a
// look-up. Not iterable: its order would depend on what was interned first.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "dsl/name.hpp"

namespace plan {

template <class T>
class NameMap {
 public:
  // nullptr if there is none. Valid until the next insert().
  [[nodiscard]] const T* find(Name name) const {
    if (cells_.empty()) {
      return nullptr;
    }
    const Cell& cell = cells_[place(name)];
    return cell.name == name ? &cell.value : nullptr;
  }

  // The value already there, if there is one (nothing is changed then), and whether it was new.
  std::pair<const T*, bool> insert(Name name, T value) {
    if ((size_ + 1) * 2 > cells_.size()) {
      grow();
    }
    Cell& cell = cells_[place(name)];
    if (cell.name == name) {
      return {&cell.value, false};
    }
    cell = Cell{name, value};
    ++size_;
    return {&cell.value, true};
  }

  // Room for so many names in an empty map, so that it need not grow.
  void reserve(std::size_t count) { cells_.assign(std::bit_ceil(2 * (count + 8)), Cell{}); }

 private:
  struct Cell {
    Name name;  // empty: free
    T value{};
  };

  [[nodiscard]] std::size_t place(Name name) const {
    const std::size_t mask = cells_.size() - 1;
    // Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
    std::size_t index = (name.id() * std::uint64_t{0x9E3779B97F4A7C15} >> 20) & mask;
    while (!cells_[index].name.is_empty() && cells_[index].name != name) {
      index = (index + 1) & mask;
    }
    return index;
  }

  void grow() {
    std::vector<Cell> old = std::move(cells_);
    cells_.assign(old.empty() ? 16 : old.size() * 2, Cell{});
    for (const Cell& cell : old) {
      if (!cell.name.is_empty()) {
        cells_[place(cell.name)] = cell;
      }
    }
  }

  std::vector<Cell> cells_;
  std::size_t size_ = 0;
};

}  // namespace plan
