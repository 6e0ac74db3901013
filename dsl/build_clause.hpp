// The part of build_ast.cpp about what stands within declarations: clauses, statements, tests.
#pragma once

#include <cstdint>
#include <vector>

#include "dsl/ast_builder.hpp"

namespace plan {

// All clause nodes that are left in `parts`.
[[nodiscard]] std::vector<ast::Clause> build_clauses(AstBuilder& builder, Parts& parts);
// The same, into the file's table.
[[nodiscard]] ast::Range build_step_clauses(AstBuilder& builder, Parts& parts);
[[nodiscard]] ast::TestDecl build_test(AstBuilder& builder, std::uint32_t node);
// `C else "…"`; the span is that of the condition.
[[nodiscard]] ast::ConditionClause take_condition(AstBuilder& builder, Parts& parts);
// The comment lines directly above a token; none: {}.
[[nodiscard]] Span doc_of(const Tree& tree, std::uint32_t token);

}  // namespace plan
