// Words for syntax errors: what was expected, what was found, what may have been meant.
#pragma once

#include <cstdint>

#include "dsl/diagnostic.hpp"
#include "dsl/expected.hpp"
#include "dsl/tree.hpp"

namespace plan {

// Tokens: where the part that failed begins, and the one that could not be read.
struct SyntaxError {
  std::uint32_t start = 0;
  std::uint32_t found = 0;
};

// Reports E0006.
void report_unexpected(const Tree& tree,
                       SyntaxError error,
                       const grammar::Expected& expected,
                       Diagnostics& diagnostics);

}  // namespace plan
