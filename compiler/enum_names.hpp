// The names of enumerators in the compiled plan's JSON form, in the order of their values. Part of
// the format: append only.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "compiler/plan.hpp"

namespace plan {

template <class E>
[[nodiscard]] std::span<const std::string_view> enum_names();

template <>
[[nodiscard]] inline std::span<const std::string_view> enum_names<TypeKind>() {
  static constexpr std::array<std::string_view, 18> names = {
      "any",  "boolean", "integer", "string",      "version",  "duration",
      "size", "path",    "url",     "secret",      "json",     "host",
      "list", "map",     "record",  "enumeration", "resource", "null"};
  return names;
}
template <>
[[nodiscard]] inline std::span<const std::string_view> enum_names<AttributeKind>() {
  static constexpr std::array<std::string_view, 3> names = {"state", "fact", "query"};
  return names;
}
template <>
[[nodiscard]] inline std::span<const std::string_view> enum_names<EffectKind>() {
  static constexpr std::array<std::string_view, 3> names = {"set", "change", "destroy"};
  return names;
}
template <>
[[nodiscard]] inline std::span<const std::string_view> enum_names<StepKind>() {
  static constexpr std::array<std::string_view, 5> names = {"operation", "approve", "manual",
                                                            "loop_begin", "loop_end"};
  return names;
}
template <>
[[nodiscard]] inline std::span<const std::string_view> enum_names<EdgeReason>() {
  static constexpr std::array<std::string_view, 6> names = {"written",  "data", "provides",
                                                            "protects", "loop", "one_at_a_time"};
  return names;
}
template <>
[[nodiscard]] inline std::span<const std::string_view> enum_names<InstructionKind>() {
  static constexpr std::array<std::string_view, 11> names = {
      "assign", "act",      "observe",    "jump", "jump_unless", "for_begin",
      "sleep",  "deadline", "jump_after", "fail", "finish"};
  return names;
}
template <>
[[nodiscard]] inline std::span<const std::string_view> enum_names<Op>() {
  static constexpr std::array<std::string_view, 32> names = {
      "constant", "local",    "input",  "state",     "state_of", "token",       "field",
      "index",    "list",     "record", "concat",    "resource", "not",         "negate",
      "and",      "or",       "equal",  "not_equal", "less",     "less_equal",  "add",
      "subtract", "multiply", "divide", "remainder", "in",       "conditional", "call",
      "native",   "for_all",  "map",    "cast"};
  return names;
}

}  // namespace plan
