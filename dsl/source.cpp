#include "dsl/source.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "dsl/display_width.hpp"

namespace plan {

Span join(Span left, Span right) {
  if (left.is_none()) {
    return right;
  }
  if (right.is_none()) {
    return left;
  }
  return {std::min(left.begin, right.begin), std::max(left.end, right.end)};
}

bool SourceMap::fits(std::size_t size_bytes) const {
  return size_bytes < std::numeric_limits<std::uint32_t>::max() - next_;
}

FileId SourceMap::add(std::string name, std::string text) {
  if (!fits(text.size())) {
    text.clear();
    text.shrink_to_fit();
  }
  const FileId id{static_cast<std::uint32_t>(files_.size())};
  File& file = files_.emplace_back();
  file.name = std::move(name);
  file.text = std::move(text);
  file.base = next_;
  // One unused offset keeps the end of a file apart from the beginning of the next.
  next_ += static_cast<std::uint32_t>(file.text.size()) + 1;
  return id;
}

std::string_view SourceMap::name(FileId file) const {
  return files_[file.index].name;
}

std::string_view SourceMap::text(FileId file) const {
  return files_[file.index].text;
}

std::uint32_t SourceMap::base(FileId file) const {
  return files_[file.index].base;
}

FileId SourceMap::file_of(Span span) const {
  const auto after = std::ranges::upper_bound(files_, span.begin, {}, &File::base);
  const auto index = after - files_.begin();
  return FileId{static_cast<std::uint32_t>(index == 0 ? 0 : index - 1)};
}

const SourceMap::File& SourceMap::holder(std::uint32_t offset) const {
  return files_[file_of({offset, offset}).index];
}

std::string_view SourceMap::text(Span span) const {
  const File& file = holder(span.begin);
  const std::size_t begin = std::min<std::size_t>(span.begin - file.base, file.text.size());
  return std::string_view(file.text).substr(begin, span.end - span.begin);
}

namespace {

std::vector<std::uint32_t> find_line_starts(std::string_view text) {
  std::vector<std::uint32_t> starts{0};
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    starts.push_back(static_cast<std::uint32_t>(at + 1));
  }
  return starts;
}

}  // namespace

Location SourceMap::locate(std::uint32_t offset) const {
  const File& file = holder(offset);
  if (file.line_starts.empty()) {
    file.line_starts = find_line_starts(file.text);
  }
  const auto local = std::min(offset - file.base, static_cast<std::uint32_t>(file.text.size()));
  const auto after = std::ranges::upper_bound(file.line_starts, local);
  const auto line = static_cast<std::uint32_t>(after - file.line_starts.begin());
  const std::uint32_t start = file.line_starts[line - 1];
  const std::string_view before = std::string_view(file.text).substr(start, local - start);
  return {.file = file_of({offset, offset}),
          .line = line,
          .column = static_cast<std::uint32_t>(display_width(before)) + 1};
}

std::string_view SourceMap::line_text(std::uint32_t offset) const {
  const File& file = holder(offset);
  const std::string_view text = file.text;
  const std::size_t local = std::min<std::size_t>(offset - file.base, text.size());
  const std::size_t newline = local == 0 ? std::string_view::npos : text.rfind('\n', local - 1);
  const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  std::string_view line = text.substr(begin, text.find('\n', local) - begin);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

}  // namespace plan
