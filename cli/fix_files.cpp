#include "cli/fix_files.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "cli/disk_loader.hpp"
#include "dsl/fixes.hpp"

namespace plan {

namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t newline = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, newline));
    text.remove_prefix(std::min(newline + 1, text.size()));
  }
  return lines;
}

// The lines that differ, by a longest common subsequence; without one where the texts are long.
std::string line_changes(std::string_view before, std::string_view after) {
  const std::vector<std::string_view> left = lines_of(before);
  const std::vector<std::string_view> right = lines_of(after);
  constexpr std::size_t limit = 4'000'000;
  if (left.size() * right.size() > limit) {
    return "    (too long to show line by line)\n";
  }
  const std::size_t width = right.size() + 1;
  std::vector<std::uint32_t> common((left.size() + 1) * width, 0);
  for (std::size_t one = left.size(); one-- > 0;) {
    for (std::size_t two = right.size(); two-- > 0;) {
      common[one * width + two] =
          left[one] == right[two]
              ? common[(one + 1) * width + two + 1] + 1
              : std::max(common[(one + 1) * width + two], common[one * width + two + 1]);
    }
  }
  std::string text;
  std::size_t one = 0;
  std::size_t two = 0;
  while (one < left.size() || two < right.size()) {
    if (one < left.size() && two < right.size() && left[one] == right[two]) {
      ++one;
      ++two;
    } else if (one < left.size() && (two == right.size() || common[(one + 1) * width + two] >=
                                                                common[one * width + two + 1])) {
      text += fmt::format("  {:>4} - {}\n", one + 1, left[one]);
      ++one;
    } else {
      text += fmt::format("  {:>4} + {}\n", two + 1, right[two]);
      ++two;
    }
  }
  return text;
}

}  // namespace

std::optional<std::string> EditedFiles::read(std::string_view path, std::string& why) {
  const auto known = files_.find(path);
  if (known != files_.end()) {
    return known->second.text;
  }
  auto text = read_file(std::string(path));
  if (!text) {
    why = text.error();
    return std::nullopt;
  }
  files_[std::string(path)] = {.original = *text, .text = *text, .changes = {}};
  return std::move(*text);
}

bool EditedFiles::has(std::string_view path) const {
  return path != "-" && files_.contains(path);
}

void EditedFiles::edit(std::string_view path, std::string text, std::vector<std::string> changes) {
  File& file = files_.find(path)->second;
  file.text = std::move(text);
  file.changes.insert(file.changes.end(), changes.begin(), changes.end());
}

std::map<std::string, EditedFiles::File> EditedFiles::edited() const {
  std::map<std::string, File> result;
  for (const auto& [path, file] : files_) {
    if (file.text != file.original) {
      result.emplace(path, file);
    }
  }
  return result;
}

LoadedPlan load_fixed(const Options& options, InputNeed need, EditedFiles& files) {
  // Each round mends what the one before has uncovered; a fix that calls for itself comes to an
  // end.
  constexpr int most_rounds = 20;
  for (int round = 0;; ++round) {
    LoadedPlan loaded = load_plan(options, need, files);
    const auto fixed = apply_safe_fixes(loaded.sources, loaded.diagnostics, [&](FileId file) {
      return files.has(loaded.sources.name(file));
    });
    if (fixed.empty() || round == most_rounds) {
      return loaded;
    }
    for (const FixedFile& each : fixed) {
      files.edit(loaded.sources.name(each.file), each.text, each.changes);
    }
  }
}

std::expected<void, std::string> write_edited(const EditedFiles& files) {
  for (const auto& [path, file] : files.edited()) {
    const auto now = read_file(path);
    if (!now || *now != file.original) {
      return std::unexpected(
          fmt::format("`{}` was changed by somebody else meanwhile; it was left alone", path));
    }
    if (const auto written = write_file(path, file.text); !written) {
      return std::unexpected(fmt::format("cannot write `{}`: {}", path, written.error()));
    }
  }
  return {};
}

std::string changes_text(const EditedFiles& files) {
  std::string text;
  for (const auto& [path, file] : files.edited()) {
    text += fmt::format("{}: {} {}\n{}\n", path, file.changes.size(),
                        file.changes.size() == 1 ? "fix" : "fixes",
                        line_changes(file.original, file.text));
  }
  return text;
}

}  // namespace plan
