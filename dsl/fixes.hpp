// Fixes as edits of texts. Positions of fixes that need to know the text around them are found
// here, once, after the passes that report: they know a step, not where its block ends.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

// Turns every fix into an edit of its span; one whose place is not found in the text is dropped.
void place_fixes(const SourceMap& sources, Diagnostics& diagnostics);

struct FixedFile {
  FileId file;
  std::string text;
  std::vector<std::string> changes;  // descriptions, in the order of the text
};

// The texts in which all safe fixes are applied, in the order of the files; empty: none is safe.
// Of fixes that overlap the first reported one counts; one diagnostic gets one fix.
[[nodiscard]] std::vector<FixedFile> apply_safe_fixes(
    const SourceMap& sources,
    const Diagnostics& diagnostics,
    const std::function<bool(FileId)>& may_change);

// The lines that a placed fix makes, without the newline at the end; empty: lines are removed.
[[nodiscard]] std::vector<std::string> edited_lines(const SourceMap& sources, const Fix& fix);

}  // namespace plan
