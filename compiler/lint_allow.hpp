// `# allow lint RULE: why`, in the comment above a declaration or at the head of a file: silences
// the warnings of that rule there. A comment, because it changes nothing of what the plan means.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/module.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

struct Allow {
  Span range;  // where it silences
  Span place;  // the rule's name in the comment
  std::string rule;
  std::optional<Code> code;  // none: there is no such rule
  bool has_reason = false;
  bool is_used = false;
};

// All of them in the files that are not part of the standard library, in the order of the text.
[[nodiscard]] std::vector<Allow> collect_allows(const SourceMap& sources, const Modules& modules);

// Removes the warnings that an allow silences, and notes which allows did.
void apply_allows(std::vector<Allow>& allows, Diagnostics& diagnostics);

// Reports W0107 for those that silence nothing.
void report_unused_allows(const std::vector<Allow>& allows, Diagnostics& diagnostics);

// Whether the module is a file of the author's, rather than of the standard library.
[[nodiscard]] bool is_own(const Module& module);

}  // namespace plan
