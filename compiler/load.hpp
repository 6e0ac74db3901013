// Reads the plan and everything it uses, directly or through others.
#pragma once

#include <string_view>

#include "compiler/compile.hpp"
#include "compiler/module.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

// The modules in order of use: native first, used ones before their users, the entry last; each
// file once. `std.*` comes from the program itself, other files from `loader`, relative to the
// file that uses them. Reports E0101 to E0104 and all syntax errors; goes on without what cannot
// be read.
[[nodiscard]] Modules load(SourceMap& sources,
                           SourceLoader& loader,
                           std::string_view entry,
                           Diagnostics& diagnostics);

}  // namespace plan
