// Types: interned in Plan::types, compared by index. The scalar types have fixed indexes, those
// of their TypeKind.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compiler/plan.hpp"

namespace plan {

// Index of a scalar type. `any` is the type of what was wrong: it fits everywhere.
[[nodiscard]] constexpr std::uint32_t scalar(TypeKind kind) {
  return static_cast<std::uint32_t>(kind);
}

inline constexpr std::uint32_t any_type = scalar(TypeKind::any);
inline constexpr std::uint32_t bool_type = scalar(TypeKind::boolean);
inline constexpr std::uint32_t int_type = scalar(TypeKind::integer);
inline constexpr std::uint32_t string_type = scalar(TypeKind::string);
inline constexpr std::uint32_t duration_type = scalar(TypeKind::duration);
inline constexpr std::uint32_t size_type = scalar(TypeKind::size);
inline constexpr std::uint32_t secret_type = scalar(TypeKind::secret);
inline constexpr std::uint32_t json_type = scalar(TypeKind::json);
inline constexpr std::uint32_t host_type = scalar(TypeKind::host);

// What the type variables A to Z of a native's signature stand for in one call.
using Bindings = std::array<std::uint32_t, 26>;

class Types {
 public:
  // Enters the scalar types into `plan`, whose types must be empty.
  explicit Types(Plan& plan);

  [[nodiscard]] std::uint32_t list_of(std::uint32_t element);
  [[nodiscard]] std::uint32_t map_of(std::uint32_t element);
  // Of a record, enumeration or resource type.
  [[nodiscard]] std::uint32_t named(TypeKind kind, std::uint32_t detail);
  [[nodiscard]] std::uint32_t variable(char letter);

  [[nodiscard]] const Type& operator[](std::uint32_t type) const { return plan_.types[type]; }
  [[nodiscard]] TypeKind kind(std::uint32_t type) const { return plan_.types[type].kind; }
  [[nodiscard]] bool is_variable(std::uint32_t type) const;
  [[nodiscard]] bool has_variable(std::uint32_t type) const;

  // Whether a value of type `from` may stand where `to` is expected. No conversions, but: string,
  // path and url are one kind of text, text may become secret, and everything plain is JSON.
  [[nodiscard]] bool fits(std::uint32_t from, std::uint32_t to) const;
  // The type that both fit; `any` with `matches` false if there is none.
  [[nodiscard]] std::uint32_t common(std::uint32_t left, std::uint32_t right, bool& matches) const;
  // Binds the variables of `pattern` so that `actual` fits; false if it cannot.
  [[nodiscard]] bool unify(std::uint32_t pattern, std::uint32_t actual, Bindings& bindings) const;
  // `pattern` with its variables replaced; unbound ones become `any`.
  [[nodiscard]] std::uint32_t substitute(std::uint32_t pattern, const Bindings& bindings);

  [[nodiscard]] std::string text(std::uint32_t type) const;

 private:
  std::uint32_t intern(Type type);

  Plan& plan_;
  std::map<Type, std::uint32_t> indexes_;
};

// The state that carries `of`; none if it is not carried, or its path is wrong.
[[nodiscard]] AttributeRef carrier(const Plan& plan, AttributeRef of);
// The states named `name` that `by` carries, in order of declaration.
[[nodiscard]] std::vector<AttributeRef> carried(const Plan& plan,
                                                AttributeRef by,
                                                std::string_view name);

}  // namespace plan
