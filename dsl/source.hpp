// The texts of a compilation, laid end to end in one virtual buffer.
// A Span is two offsets in that buffer; file, line and column are found only when something is
// printed, so every node can afford a place. Not thread-safe; append-only.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace plan {

struct FileId {
  std::uint32_t index = 0;
  auto operator<=>(const FileId&) const = default;
};

// Half-open byte range of the virtual buffer; {0, 0} is "no place" (offset 0 is never used).
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  [[nodiscard]] bool is_none() const { return end == 0; }
  auto operator<=>(const Span&) const = default;
};

// The smallest span that covers both; a none span counts as absent.
[[nodiscard]] Span join(Span left, Span right);

struct Location {
  FileId file;
  std::uint32_t line = 0;    // from 1
  std::uint32_t column = 0;  // from 1, in display cells
};

// A text of the virtual buffer: that of a file, or some of its lines.
struct SourcePart {
  FileId file;
  std::uint32_t base = 0;  // offset of text[0] in the virtual buffer
  std::string_view text;
};

class SourceMap {
 public:
  // Takes a text over and returns its id. The total is limited to 4 GiB: ask fits() first; a text
  // that does not fit is added as an empty one.
  FileId add(std::string name, std::string text);
  [[nodiscard]] bool fits(std::size_t size_bytes) const;

  [[nodiscard]] std::string_view name(FileId file) const;
  [[nodiscard]] std::string_view text(FileId file) const;
  // Offset of the file's first byte in the virtual buffer.
  [[nodiscard]] std::uint32_t base(FileId file) const;
  [[nodiscard]] SourcePart whole(FileId file) const {
    return {.file = file, .base = base(file), .text = text(file)};
  }
  [[nodiscard]] std::size_t file_count() const { return files_.size(); }

  // `span` must not be none.
  [[nodiscard]] FileId file_of(Span span) const;
  [[nodiscard]] std::string_view text(Span span) const;
  [[nodiscard]] Location locate(std::uint32_t offset) const;
  // The whole line (without its newline) that holds `offset`.
  [[nodiscard]] std::string_view line_text(std::uint32_t offset) const;

 private:
  struct File {
    std::string name;
    std::string text;
    std::uint32_t base = 0;
    mutable std::vector<std::uint32_t> line_starts;  // filled at the first locate()
  };
  [[nodiscard]] const File& holder(std::uint32_t offset) const;

  std::deque<File> files_;
  std::uint32_t next_ = 1;
};

}  // namespace plan
