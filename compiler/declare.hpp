// The first half of name resolution: enters every declaration of a module into its tables.
#pragma once

#include <string_view>

#include "compiler/module.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

// Fills the tables, `names` and `groups` of `module`. Reports E0105 and E0106.
void declare(Modules& modules, Module& module, Diagnostics& diagnostics);

// "a step", "an input": for messages.
[[nodiscard]] std::string_view kind_text(SymbolKind kind);

}  // namespace plan
