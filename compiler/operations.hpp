// What the operators, the pure natives and `as` do to values. Shared by the compile-time and the
// run-time evaluation, so that a plan means the same in both.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "compiler/plan.hpp"

namespace plan {

// The error text is for the plan's author: "cannot compare a version with a string".
using Evaluated = std::expected<Value, std::string>;

[[nodiscard]] inline Evaluated failure(std::string text) {
  return std::unexpected(std::move(text));
}

// For the unary and binary Ops of expr.hpp (not the short-circuit ones). Arguments are known
// values.
[[nodiscard]] Evaluated apply(Op op, const Value& operand);
[[nodiscard]] Evaluated apply(Op op, const Value& left, const Value& right);

// Pure natives by name, in the order of their index in Op::native. `token`, `source_text` and
// `distinct` are the lowering's business and are not here. Names ending in "!" are internal:
// "shell_quote!" quotes its argument for a POSIX shell (a list: each element, joined by spaces).
[[nodiscard]] std::span<const std::string_view> pure_natives();
[[nodiscard]] Evaluated apply_native(std::uint32_t index, std::span<const Value> arguments);
// The same where a plan is at hand: `address` of a host needs it.
[[nodiscard]] Evaluated apply_native(const Plan& plan,
                                     std::uint32_t index,
                                     std::span<const Value> arguments);

// The value as type `type` of `plan`: what `as T` does to a JSON value. Numbers, texts and lists
// are converted where nothing is lost ("8.7.6" as version, a JSON object as a record). The error
// names the path and the offending value: "at [2].id: expected a string, found 7".
[[nodiscard]] Evaluated cast(const Plan& plan, const Value& value, std::uint32_t type);

// Parses JSON text into a Value (objects to Map, integers to int, other numbers to string).
[[nodiscard]] Evaluated parse_json(std::string_view text);
// JSON text of a value; a secret is an error.
[[nodiscard]] Evaluated to_json(const Value& value);

// Text of a value in an interpolation: strings as they are, versions, durations ("30s"), numbers…
[[nodiscard]] Evaluated interpolate(const Value& value);

}  // namespace plan
