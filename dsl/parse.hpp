// The entry to this layer: a text in, its typed syntax or its canonical form out. Never throws,
// whatever the bytes are.
#pragma once

#include <optional>
#include <string>

#include "dsl/ast.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

// A plan or a module. With syntax errors, what could be read; ask Diagnostics before going on.
// Codes: E0001 to E0009, E0011 to E0013. Linear in the size of the text; a large one is read in
// several threads.
[[nodiscard]] ast::File parse_file(const SourceMap& sources, FileId file, Diagnostics& diagnostics);

// Values for inputs, lines `name = value`: every declaration of the result is a LetDecl.
[[nodiscard]] ast::File parse_value_file(const SourceMap& sources,
                                         FileId file,
                                         Diagnostics& diagnostics);

// The canonical form of a plan or module; nothing when the text has syntax errors.
[[nodiscard]] std::optional<std::string> format_source(const SourceMap& sources,
                                                       FileId file,
                                                       Diagnostics& diagnostics);

}  // namespace plan
