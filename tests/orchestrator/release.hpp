#pragma once

// The releases the double can play, and in what they differ.

#include <string>
#include <string_view>
#include <vector>

namespace orchestrator {

struct Release {
  std::string_view version;
  std::string_view compiler_version;  // second line of `inmanta --version`
  int major;
  std::vector<int> schema;  // the migrations it knows, ascending
  bool has_users;           // login and table inmanta_user
  bool marks_deletion;      // environments have is_marked_for_deletion
  bool fails_compiles_on_stop;
  bool has_dashboard_feature;
  std::string_view max_pool;
  std::string_view descending;  // how page links spell the sort order
};

// The release called `version`. Throws std::runtime_error naming those that exist if it is unknown.
[[nodiscard]] const Release& find_release(std::string_view version);

// What `inmanta --version` prints on stdout, with the final newline; `extensions` are those beside
// core.
[[nodiscard]] std::string version_text(const Release& release,
                                       const std::vector<std::string>& extensions);

}  // namespace orchestrator
