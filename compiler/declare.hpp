// The first half of name resolution: enters every declaration of a module into its tables.
#pragma once

#include <string_view>

#include "compiler/module.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

// Fills the tables, `names` and `groups` of `module`. Reports E0105 and E0106.
void declare(Modules& modules, Module& module, Diagnostics& diagnostics);

// If the standard library has a module of that name, says that its `use` is missing.
bool add_missing_use(Diagnostic& diagnostic, std::string_view name, Span span);

// "a step", "an input": for messages.
[[nodiscard]] std::string_view kind_text(SymbolKind kind);

}  // namespace plan
