// Reads sources from the disk, for the compiler.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "compiler/compile.hpp"

namespace plan {

class DiskLoader : public SourceLoader {
 public:
  DiskLoader() = default;
  // One file has been read already; standard input can be read once only.
  DiskLoader(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {}
  [[nodiscard]] std::optional<std::string> read(std::string_view path, std::string& why) override;

 private:
  std::string path_;  // empty: none
  std::string text_;
};

// The error is the system's: "No such file or directory". "-" is standard input.
[[nodiscard]] std::expected<std::string, std::string> read_file(const std::string& path);
// Writes under a temporary name and renames, so that a reader never sees half a file. "-" is
// standard output.
[[nodiscard]] std::expected<void, std::string> write_file(const std::string& path,
                                                          std::string_view text);

}  // namespace plan
