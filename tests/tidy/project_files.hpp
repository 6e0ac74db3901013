// The project's own files: not what the test bed makes below tests/, which may change meanwhile.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace plan {

// All regular files below `folders`, paths as from the project's root.
inline std::vector<std::filesystem::path> project_files(const std::vector<std::string>& folders) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  for (const std::string& folder : folders) {
    for (fs::recursive_directory_iterator entry(folder), end; entry != end; ++entry) {
      if (entry->path() == fs::path("tests/testbed/work")) {
        entry.disable_recursion_pending();
      } else if (entry->is_regular_file()) {
        files.push_back(entry->path());
      }
    }
  }
  return files;
}

}  // namespace plan
