// The nearest known name to a misspelt one.
#pragma once

#include <span>
#include <string_view>

namespace plan {

// The candidate that is fewest edits away from `text` (insertion, deletion, replacement, exchange
// of neighbours), or an empty view when none is near enough to be what was meant: one edit for
// names up to four characters, then a third of the length. The first of equals wins.
// Cost: length × length for each candidate of a similar length.
[[nodiscard]] std::string_view nearest(std::string_view text,
                                       std::span<const std::string_view> candidates);

}  // namespace plan
