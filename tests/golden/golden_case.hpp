// A golden file: one or more plans, and what the program has to say about them.
//
//   step move = postgres.move(from: old_db, to: new_dbb)
//   #~                                          ^^^^^^^ E0102 unknown resource `new_dbb`
//   #~ help: did you mean `new_db`?
//
// - `#~` at the beginning of a line marks a diagnostic of the line above: carets under the exact
//   primary span, the code, and a part of the message. Where carets cannot stand (the first three
//   columns, several lines) the columns are written: `#~ @1-4 E0006 …`, `#~ @3-+2:7 E0007 …` (to
//   column 7 two lines below), `#~ @+1:1-1 E0011 …` (begins one line below); `#~ @none E0601 …` is
//   about no place.
// - `#~ label: …`, `#~ note: …`, `#~ help: …` below a mark want such a text in that diagnostic,
//   `#~ safe: …` and `#~ edit: …` a fix that writes this (its first line).
// - Marks and diagnostics match one to one; a file without marks must have no diagnostics.
// - `#: args --set x=1` in the first lines gives arguments; `#: file ours.plan` begins another
// file.
// - PLAN_ACCEPT=1 writes the marks anew.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan::golden {

struct Mark {
  std::string file;
  std::uint32_t line = 0;  // 0: about no place
  std::uint32_t column = 0;
  std::uint32_t end_line = 0;
  std::uint32_t end_column = 0;  // inclusive
  std::string code;
  std::string message;
  std::vector<std::string> details;  // "help: …"
};

struct Part {
  std::string name;
  std::string text;  // without marks
};

struct Case {
  std::filesystem::path path;
  std::vector<std::string> args;
  std::vector<Part> parts;  // the first is the entry
  std::vector<Mark> marks;
};

[[nodiscard]] std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, std::string_view text);
[[nodiscard]] Case read_case(const std::filesystem::path& path);

// What does not match, in words; empty if all does.
[[nodiscard]] std::string mismatches(const Case& golden,
                                     const Diagnostics& diagnostics,
                                     const SourceMap& sources);

// The whole file with the marks that fit the diagnostics.
[[nodiscard]] std::string accepted(const Case& golden,
                                   const Diagnostics& diagnostics,
                                   const SourceMap& sources);

// Lines of `wanted` and `found` that differ, with `-` and `+`; empty if none do.
[[nodiscard]] std::string difference(std::string_view wanted, std::string_view found);

}  // namespace plan::golden
