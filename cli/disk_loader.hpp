// Files of the disk, whole.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "compiler/compile.hpp"

namespace plan {

// The disk as it is. Standard input, which can be read but once, is kept.
class DiskLoader : public SourceLoader {
 public:
  [[nodiscard]] std::optional<std::string> read(std::string_view path, std::string& why) override;

 private:
  std::optional<std::string> standard_input_;
};

// The error is the system's: "No such file or directory". "-" is standard input.
[[nodiscard]] std::expected<std::string, std::string> read_file(const std::string& path);
// Writes under a temporary name and renames, so that a reader never sees half a file. "-" is
// standard output.
[[nodiscard]] std::expected<void, std::string> write_file(const std::string& path,
                                                          std::string_view text);

}  // namespace plan
