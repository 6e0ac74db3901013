#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/disk_loader.hpp"
#include "cli/show.hpp"
#include "dsl/parse.hpp"

namespace plan {

namespace {

namespace fs = std::filesystem;

// What became of one file.
enum class Formatted : std::uint8_t { canonical, changed, invalid, unreadable };

// The files that are meant, in a fixed order; a directory stands for the *.plan below it.
std::vector<std::string> expand(const std::vector<std::string>& names) {
  std::vector<std::string> files;
  for (const std::string& name : names) {
    std::error_code error;
    if (name == "-" || !fs::is_directory(name, error)) {
      files.push_back(name);
      continue;
    }
    std::vector<std::string> below;
    for (fs::recursive_directory_iterator entry(name, error), end; entry != end;
         entry.increment(error)) {
      if (error) {
        break;
      }
      if (entry->path().extension() == ".plan" && entry->is_regular_file(error)) {
        below.push_back(entry->path().lexically_normal().string());
      }
    }
    std::ranges::sort(below);
    files.insert(files.end(), below.begin(), below.end());
  }
  return files;
}

Formatted fail(const std::string& problem, const Options& options) {
  show_problem(problem, options);
  return Formatted::unreadable;
}

Formatted format_file(const std::string& name, const Options& options) {
  const std::expected<std::string, std::string> text = read_file(name);
  if (!text) {
    return fail("cannot read `" + name + "`: " + text.error(), options);
  }
  SourceMap sources;
  Diagnostics diagnostics;
  const FileId file = sources.add(name == "-" ? "standard input" : name, *text);
  const std::optional<std::string> canonical = format_source(sources, file, diagnostics);
  if (!canonical) {
    show_diagnostics(diagnostics, sources, options);
    return Formatted::invalid;
  }
  const bool is_changed = *canonical != *text;
  if (options.only_checks) {
    return is_changed ? Formatted::changed : Formatted::canonical;
  }
  if (name == "-" || is_changed) {
    if (const auto written = write_file(name, *canonical); !written) {
      return fail("cannot write `" + name + "`: " + written.error(), options);
    }
  }
  return is_changed ? Formatted::changed : Formatted::canonical;
}

}  // namespace

ExitCode run_fmt(const Options& options) {
  std::vector<std::string> changed;
  bool is_invalid = false;
  bool is_unreadable = false;
  for (const std::string& name : expand(options.files)) {
    switch (format_file(name, options)) {
      case Formatted::canonical:
        break;
      case Formatted::changed:
        changed.push_back(name);
        break;
      case Formatted::invalid:
        is_invalid = true;
        break;
      case Formatted::unreadable:
        is_unreadable = true;
        break;
    }
  }
  const bool writes_text = std::ranges::find(options.files, "-") != options.files.end();
  if (options.is_json && !is_invalid && !is_unreadable && (options.only_checks || !writes_text)) {
    const nlohmann::ordered_json json = {
        {"format", "plan-fmt/1"}, {"checked_only", options.only_checks}, {"changed", changed}};
    print(Stream::out, json.dump(2) + "\n");
  } else if (!options.is_json && (options.only_checks || !writes_text)) {
    for (const std::string& name : changed) {
      print(Stream::out, name + "\n");
    }
  }
  if (is_unreadable) {
    return ExitCode::usage;
  }
  if (is_invalid) {
    return ExitCode::not_proven;
  }
  return options.only_checks && !changed.empty() ? ExitCode::changes_pending : ExitCode::done;
}

}  // namespace plan
