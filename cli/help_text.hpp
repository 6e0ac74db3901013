// What --help says beyond the options: when to use a command, and examples.
#pragma once

#include <string_view>

#include "cli/options.hpp"

namespace plan {

struct CommandHelp {
  Command command;
  std::string_view name;
  std::string_view summary;   // one line, in `plan --help`
  std::string_view examples;  // below the options
};

[[nodiscard]] const std::vector<CommandHelp>& command_helps();
[[nodiscard]] std::string_view program_footer();

}  // namespace plan
