// What is done with the text of a golden file: the one place where the folders' subjects are.
#pragma once

#include <string_view>

#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"
#include "golden_case.hpp"

namespace plan::golden {

using Subject = void (*)(const Case& golden, SourceMap& sources, Diagnostics& diagnostics);

// syntax/ and format/ are only parsed, all other folders compiled; nullptr when this program was
// built without the compiler.
[[nodiscard]] Subject subject_of(std::string_view folder);

}  // namespace plan::golden
