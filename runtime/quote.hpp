// The only shell quoting in the program: texts as words and data of a POSIX shell.
// Pure. Words are for argv and assignments; data is what a command reads from standard input,
// written by the shell's own printf, so that it is never an argument of a process.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plan {

// One shell word that means exactly `text`. Plain words stay as they are, all others stand in
// single quotes: it's  →  'it'\''s'. The empty text is ''. A NUL cannot be in a word and ends it,
// as it would end an argument of a process.
[[nodiscard]] std::string shell_quoted(std::string_view text);

// The same, in quotes always: the first word of a command, which is then neither an assignment
// nor a reserved word.
[[nodiscard]] std::string shell_in_quotes(std::string_view text);

// The words with one blank between them.
[[nodiscard]] std::string shell_quoted(const std::vector<std::string>& words);

// Commands of the shell itself that write exactly `data`, any bytes: printf 'a\000b\n'. Only
// printable ASCII in it. Long data becomes several commands, separated by "; ".
[[nodiscard]] std::string shell_printf(std::string_view data);

}  // namespace plan
