// Helpers shared by operations.cpp, natives.cpp, cast.cpp and json_value.cpp.
#pragma once

#include <compare>
#include <expected>
#include <string>
#include <string_view>

#include "compiler/value.hpp"

namespace plan {

// "a version", "a list": with its article, for messages.
[[nodiscard]] std::string_view kind_text(const Value& value);

// What `==` means: versions by component, maps without regard to the order of their entries.
[[nodiscard]] bool same(const Value& left, const Value& right);

// What `<` means; the error says which kinds cannot be compared.
[[nodiscard]] std::expected<std::strong_ordering, std::string> compare(const Value& left,
                                                                       const Value& right);

}  // namespace plan
