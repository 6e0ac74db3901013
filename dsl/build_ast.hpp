// The syntax tree to the typed syntax.
#pragma once

#include "dsl/ast.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/tree.hpp"

namespace plan {

// Everything in the tree that could be read; parts with syntax errors are missing or Invalid.
// Its arrays begin at `first_index`, a multiple of Chunked's chunk_size.
// Codes: E0004, E0005, E0007, E0009, E0013. Linear in the size of the tree.
[[nodiscard]] ast::File build_ast(const Tree& tree,
                                  Diagnostics& diagnostics,
                                  std::size_t first_index = 0);

}  // namespace plan
