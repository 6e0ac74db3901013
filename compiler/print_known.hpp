// What an expression is known to be before anything runs: the printer fills it in. Unlike
// evaluate.hpp it gives up silently, so it can be asked about any expression. Used by the print
// files only.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/print_expr.hpp"

namespace plan {

// The value, if it follows from constants, given inputs, resources' fields and known slots. Never
// a Deferred.
[[nodiscard]] std::optional<Value> known_value(const Plan& plan,
                                               ExprId expr,
                                               const PrintFrame& frame);
// Name of the field of an Op::field, of the attribute of an Op::state_of.
[[nodiscard]] std::string field_text(const Plan& plan, const Expr& expr);
[[nodiscard]] std::string attribute_text(const Plan& plan,
                                         const Expr& expr,
                                         const PrintFrame& frame);
// Type (of Plan::types) of the attribute of an Op::state_of; none where that cannot be told.
[[nodiscard]] std::uint32_t attribute_type(const Plan& plan,
                                           const Expr& expr,
                                           const PrintFrame& frame);
// "list<string>".
[[nodiscard]] std::string type_text(const Plan& plan, std::uint32_t type);
// With the escapes of a string literal, without quotes.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace plan
