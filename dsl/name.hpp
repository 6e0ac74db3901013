// An interned identifier: four bytes, comparable, printable.
// The table behind it is append-only and lives as long as the process. The numeric order depends
// on what was interned first, so nothing that reaches output may be sorted by it: use text().
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string_view>

namespace plan {

class Name {
 public:
  Name() = default;  // the empty name
  explicit Name(std::string_view text);

  [[nodiscard]] std::string_view text() const;
  [[nodiscard]] bool is_empty() const { return id_ == 0; }
  [[nodiscard]] std::uint32_t id() const { return id_; }
  auto operator<=>(const Name&) const = default;

 private:
  std::uint32_t id_ = 0;
};

}  // namespace plan

template <>
struct std::hash<plan::Name> {
  std::size_t operator()(plan::Name name) const noexcept { return name.id(); }
};
