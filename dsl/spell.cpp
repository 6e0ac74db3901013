// Edit distance with exchange of neighbours: F. J. Damerau, 1964 (optimal string alignment form).
#include "dsl/spell.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace plan {

namespace {

// Names longer than this are not worth a suggestion; it also bounds the work.
constexpr std::size_t max_length = 64;

std::size_t distance(std::string_view left, std::string_view right) {
  using Row = std::array<std::size_t, max_length + 1>;
  Row before_last{};
  Row last{};
  Row current{};
  for (std::size_t column = 0; column <= right.size(); ++column) {
    last[column] = column;
  }
  for (std::size_t row = 1; row <= left.size(); ++row) {
    current[0] = row;
    for (std::size_t column = 1; column <= right.size(); ++column) {
      const std::size_t replaced = last[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1);
      current[column] = std::min({last[column] + 1, current[column - 1] + 1, replaced});
      const bool is_exchanged = row > 1 && column > 1 && left[row - 1] == right[column - 2] &&
                                left[row - 2] == right[column - 1];
      if (is_exchanged) {
        current[column] = std::min(current[column], before_last[column - 2] + 1);
      }
    }
    before_last = last;
    last = current;
  }
  return last[right.size()];
}

}  // namespace

std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates) {
  if (text.size() < 2 || text.size() > max_length) {
    return {};
  }
  std::size_t best = std::max<std::size_t>(1, text.size() / 3) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    const std::size_t longer = std::max(candidate.size(), text.size());
    const std::size_t shorter = std::min(candidate.size(), text.size());
    if (longer > max_length || longer - shorter >= best) {
      continue;
    }
    const std::size_t edits = distance(text, candidate);
    if (edits < best && edits < shorter) {
      best = edits;
      found = candidate;
    }
  }
  return found;
}

}  // namespace plan
