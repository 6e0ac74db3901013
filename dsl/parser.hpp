// Tokens to the syntax tree. Total: reports every independent syntax error, skips what it cannot
// read, and always returns a tree with a root. Nothing is thrown.
#pragma once

#include <cstdint>

#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"
#include "dsl/tree.hpp"

namespace plan {

enum class FileForm : std::uint8_t {
  declarations,  // a plan or a module
  values,        // lines `name = value`, as for --inputs
};

// Lexes and parses. Codes: those of the lexer, E0006, E0007, E0011. Linear in the size of the text.
// The tree is made of the memory of `storage`, a tree that is not needed any more.
[[nodiscard]] Tree parse(const SourcePart& source,
                         FileForm form,
                         Diagnostics& diagnostics,
                         Tree storage = {});

}  // namespace plan
