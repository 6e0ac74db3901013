// The canonical form of a file. No options: there is one way to write a plan.
//
// It keeps every token but separators (a comma may go where a newline separates, and come at the
// end of a broken list), every comment in its place, and single blank lines between items.
#pragma once

#include <string>

#include "dsl/tree.hpp"

namespace plan {

inline constexpr std::size_t format_width = 100;

// `tree` must be without syntax errors. Idempotent. Linear in the size of the text.
[[nodiscard]] std::string format(const Tree& tree);

}  // namespace plan
