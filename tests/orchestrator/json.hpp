#pragma once

// JSON as the real server writes it, and the texts its language gives to values in messages.

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace orchestrator {

using Json = nlohmann::ordered_json;

// `value` with a space after `,` and `:`, characters beyond ASCII escaped.
[[nodiscard]] std::string python_json(const Json& value);

// A string as Python's repr: it's  →  "it's", a "b"  →  'a "b"'.
[[nodiscard]] std::string python_repr(std::string_view text);

// What the real server's decoder says of `text`, which is not JSON.
[[nodiscard]] std::string decode_complaint(std::string_view text);

// True for the 36 characters of a UUID, hyphens in their places.
[[nodiscard]] bool is_uuid(std::string_view text);

// A random UUID.
[[nodiscard]] std::string new_uuid();

// SQL for the timestamp in column `column` as text: UTC, no zone, six digits; null stays null.
[[nodiscard]] std::string stamp_sql(std::string_view column);

}  // namespace orchestrator
