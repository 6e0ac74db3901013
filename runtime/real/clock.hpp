// Time and chance of the real world, and the person at the terminal.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "runtime/world.hpp"

namespace plan {

[[nodiscard]] std::unique_ptr<Clock> make_clock();
[[nodiscard]] std::unique_ptr<Entropy> make_entropy();

// Asks on the terminal (/dev/tty), whatever standard input and output are. Without a terminal each
// answer is `not_available`; so it is when the person closes the input (Ctrl-D).
// `wake` is called, from another thread, when a question that was opened has been answered.
[[nodiscard]] std::unique_ptr<Prompt> make_prompt(std::function<void()> wake);
// A question as it is written there; the answer is typed behind it.
[[nodiscard]] std::string question_text(const Question& question);

}  // namespace plan
