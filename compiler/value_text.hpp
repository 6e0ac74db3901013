// Texts of scalar values and back, as the language writes them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/value.hpp"

namespace plan {

// In the largest unit that loses nothing: "90s", "2h"; "0ms".
[[nodiscard]] std::string duration_text(Duration duration);
// "10GiB", "1536KiB", "7B".
[[nodiscard]] std::string size_text(Size size);
// In double quotes, with the escapes of the language.
[[nodiscard]] std::string quote(std::string_view text);

// A whole number with a unit and nothing else; nullopt for anything else, or if it does not fit.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
[[nodiscard]] std::optional<Size> parse_size(std::string_view text);

}  // namespace plan
