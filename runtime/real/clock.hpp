// Time and chance of the real world, and the person at the terminal.
#pragma once

#include <memory>

#include "runtime/world.hpp"

namespace plan {

[[nodiscard]] std::unique_ptr<Clock> make_clock();
[[nodiscard]] std::unique_ptr<Entropy> make_entropy();

// Asks on the terminal (/dev/tty), whatever standard input and output are. Without a terminal each
// answer is `not_available`; so it is when the person closes the input (Ctrl-D).
[[nodiscard]] std::unique_ptr<Prompt> make_prompt();

}  // namespace plan
