// Which argument of a call belongs to which parameter.
#pragma once

#include <span>
#include <vector>

#include "compiler/module.hpp"
#include "dsl/ast.hpp"

namespace plan {

// By parameter: the argument, or none where the caller gives none. Positional arguments come
// first; names that do not exist, and arguments too many, are left out.
void match_arguments(const ast::File& file,
                     ast::Range arguments,
                     std::span<const Formal> formals,
                     std::vector<ast::ExprId>& matched);

}  // namespace plan
