// The files that the program carries with it: the standard library (stdlib/**.plan) and the
// long texts of the diagnostics (docs/errors/*.md). Read-only, the same for every run.
#pragma once

#include <span>
#include <string_view>

namespace plan {

struct EmbeddedFile {
  std::string_view name;  // path from the repository's root: "stdlib/std/systemd.plan"
  std::string_view text;
};

// All embedded files, sorted by name.
[[nodiscard]] std::span<const EmbeddedFile> embedded_files();

}  // namespace plan
