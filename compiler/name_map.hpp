// A table from names to small values. Names are numbers that are handed out one after another, so
// what stands together in a file has numbers that are close together: the values stand in pages by
// number, and looking up the names of a declaration stays within a few of them. A look-up costs
// three reads, a name that is alone on its page the room of the page. Not iterable: its order would
// depend on what was interned first.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "dsl/name.hpp"

namespace plan {

template <class T>
class NameMap {
 public:
  // nullptr if there is none. Valid as long as the map.
  [[nodiscard]] const T* find(Name name) const {
    const std::size_t page = name.id() / page_size;
    const std::size_t place = name.id() % page_size;
    return page < pages_.size() && pages_[page] != nullptr && pages_[page]->is_there[place]
               ? &pages_[page]->values[place]
               : nullptr;
  }

  // The value already there, if there is one (nothing is changed then), and whether it was new.
  std::pair<const T*, bool> insert(Name name, T value) {
    const std::size_t page = name.id() / page_size;
    const std::size_t place = name.id() % page_size;
    if (page >= pages_.size()) {
      pages_.resize(page + 1);
    }
    if (pages_[page] == nullptr) {
      pages_[page] = std::make_unique<Page>();
    }
    Page& found = *pages_[page];
    const bool is_new = !found.is_there[place];
    if (is_new) {
      found.is_there[place] = true;
      found.values[place] = std::move(value);
    }
    return {&found.values[place], is_new};
  }

 private:
  static constexpr std::size_t page_size = 256;
  struct Page {
    std::bitset<page_size> is_there;
    std::array<T, page_size> values{};
  };

  std::vector<std::unique_ptr<Page>> pages_;  // by number of the name; nullptr: without names
};

}  // namespace plan
