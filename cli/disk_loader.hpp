// Reads sources from the disk, for the compiler.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "compiler/compile.hpp"

namespace plan {

class DiskLoader : public SourceLoader {
 public:
  [[nodiscard]] std::optional<std::string> read(std::string_view path, std::string& why) override;
};

// The error is the system's: "No such file or directory". "-" is standard input.
[[nodiscard]] std::expected<std::string, std::string> read_file(const std::string& path);
// Writes under a temporary name and renames, so that a reader never sees half a file. "-" is
// standard output.
[[nodiscard]] std::expected<void, std::string> write_file(const std::string& path,
                                                          std::string_view text);

}  // namespace plan
