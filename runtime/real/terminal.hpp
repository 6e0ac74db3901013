// The terminal of the person, for questions: /dev/tty.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace plan::real {

enum class Echo : unsigned char { on, off };

// Writes the text and reads a line, without its end. Nothing if there is no terminal, or the
// person ends the input or interrupts. The terminal's settings are restored in any case.
[[nodiscard]] std::optional<std::string> ask_on_terminal(std::string_view text, Echo echo);

}  // namespace plan::real
