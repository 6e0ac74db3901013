#include "golden_case.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "dsl/display_width.hpp"

namespace plan::golden {

namespace {

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    lines.emplace_back(text.substr(0, newline));
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  }
  return lines;
}

std::uint32_t take_number(std::string_view& text) {
  std::uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return number;
}

// `7` or `+2:7`, relative to `line`.
void take_place(std::string_view& text,
                std::uint32_t line,
                std::uint32_t& at,
                std::uint32_t& column) {
  at = line;
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    at = line + take_number(text);
    text.remove_prefix(text.starts_with(':') ? 1 : 0);
  }
  column = take_number(text);
}

// `line` is the number of the line above, `text` the mark from its `#~` on.
Mark parse_mark(std::string_view text, const std::string& file, std::uint32_t line) {
  Mark mark{.file = file, .line = line, .end_line = line, .code = {}, .message = {}, .details = {}};
  const std::size_t begin = text.find_first_not_of(' ', 2);
  std::string_view rest = text.substr(begin);
  if (rest.starts_with("@none")) {
    mark = {.file = {}, .code = {}, .message = {}, .details = {}};
    rest.remove_prefix(5);
  } else if (rest.starts_with('@')) {
    rest.remove_prefix(1);
    take_place(rest, line, mark.line, mark.column);
    rest.remove_prefix(rest.starts_with('-') ? 1 : 0);
    take_place(rest, line, mark.end_line, mark.end_column);
  } else {
    const std::size_t carets = std::min(rest.find_first_not_of('^'), rest.size());
    mark.column = static_cast<std::uint32_t>(begin) + 1;
    mark.end_column = static_cast<std::uint32_t>(begin + carets);
    rest.remove_prefix(carets);
  }
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::size_t space = std::min(rest.find(' '), rest.size());
  mark.code = rest.substr(0, space);
  mark.message = rest.substr(std::min(space + 1, rest.size()));
  return mark;
}

bool is_detail(std::string_view line) {
  return line.starts_with("#~ label: ") || line.starts_with("#~ note: ") ||
         line.starts_with("#~ help: ") || line.starts_with("#~ safe: ") ||
         line.starts_with("#~ edit: ");
}

// The mark that fits a diagnostic exactly.
Mark mark_of(const Diagnostic& diagnostic, const SourceMap& sources) {
  Mark mark{.file = {},
            .code = std::string(info(diagnostic.code).code),
            .message = diagnostic.message,
            .details = {}};
  const auto one_line = [](std::string_view text) {
    return std::string(text.substr(0, text.find('\n')));
  };
  mark.message = one_line(mark.message);
  for (const Label& label : diagnostic.labels) {
    mark.details.push_back("label: " + one_line(label.text));
  }
  for (const std::string& note : diagnostic.notes) {
    mark.details.push_back("note: " + one_line(note));
  }
  for (const std::string& help : diagnostic.helps) {
    mark.details.push_back("help: " + one_line(help));
  }
  for (const Fix& fix : diagnostic.fixes) {
    mark.details.push_back("help: " + one_line(fix.description));
    mark.details.push_back(fix.is_safe ? "safe: " + one_line(fix.replacement)
                                       : "edit: " + one_line(fix.replacement));
  }
  if (diagnostic.primary.is_none()) {
    return mark;
  }
  const Location begin = sources.locate(diagnostic.primary.begin);
  // A line of the standard library moves with every edit there: what is said counts, not where.
  if (sources.name(begin.file).contains("std/")) {
    return mark;
  }
  // The last character, or the place itself when the span is empty.
  const Location end =
      sources.locate(std::max(diagnostic.primary.begin + 1, diagnostic.primary.end));
  mark.file = sources.name(begin.file);
  mark.line = begin.line;
  mark.column = begin.column;
  const bool is_empty = diagnostic.primary.end <= diagnostic.primary.begin;
  mark.end_line = is_empty ? begin.line : end.line;
  mark.end_column = is_empty ? begin.column : std::max(end.column, 2U) - 1;
  if (mark.end_line == mark.line) {
    // A character without width has its place all the same.
    mark.end_column = std::max(mark.end_column, mark.column);
  }
  return mark;
}

std::string place_text(const Mark& mark) {
  return mark.line == 0 ? "no place"
                        : fmt::format("{}:{}:{}-{}:{}", mark.file, mark.line, mark.column,
                                      mark.end_line, mark.end_column);
}

bool is_same_place(const Mark& left, const Mark& right) {
  return left.line == right.line && left.column == right.column &&
         left.end_line == right.end_line && left.end_column == right.end_column &&
         (left.line == 0 || left.file == right.file);
}

bool has_details(const Mark& wanted, const Mark& found) {
  return std::ranges::all_of(wanted.details, [&](const std::string& detail) {
    const std::size_t text = detail.find(": ") + 2;
    return std::ranges::any_of(found.details, [&](const std::string& candidate) {
      return candidate.substr(0, text) == detail.substr(0, text) &&
             candidate.contains(detail.substr(text));
    });
  });
}

bool fits(const Mark& wanted, const Mark& found) {
  return is_same_place(wanted, found) && wanted.code == found.code &&
         found.message.contains(wanted.message) && has_details(wanted, found);
}

// How a mark is written below line `line`.
std::string written(const Mark& mark, std::uint32_t line) {
  std::string text = "#~ ";
  if (mark.line == 0) {
    text += "@none";
  } else if (mark.line == line && mark.end_line == line && mark.column > 3) {
    text = "#~" + std::string(mark.column - 3, ' ') +
           std::string(mark.end_column - mark.column + 1, '^');
  } else {
    const auto place = [&](std::uint32_t at, std::uint32_t column) {
      return at == line ? fmt::format("{}", column) : fmt::format("+{}:{}", at - line, column);
    };
    text += "@" + place(mark.line, mark.column) + "-" + place(mark.end_line, mark.end_column);
  }
  text += fmt::format(" {} {}\n", mark.code, mark.message);
  for (const std::string& detail : mark.details) {
    text += "#~ " + detail + "\n";
  }
  return text;
}

}  // namespace

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

Case read_case(const std::filesystem::path& path) {
  Case golden{.path = path, .args = {}, .parts = {{path.filename().string(), {}}}, .marks = {}};
  std::uint32_t line_number = 0;
  for (const std::string& line : split_lines(read_text(path))) {
    if (line.starts_with("#: file ")) {
      golden.parts.push_back({line.substr(8), {}});
      line_number = 0;
    } else if (is_detail(line) && !golden.marks.empty()) {
      golden.marks.back().details.push_back(line.substr(3));
    } else if (line.starts_with("#~")) {
      golden.marks.push_back(parse_mark(line, golden.parts.back().name, line_number));
    } else {
      if (line.starts_with("#: args ")) {
        std::istringstream words(line.substr(8));
        golden.args.insert(golden.args.end(), std::istream_iterator<std::string>(words), {});
      }
      golden.parts.back().text += line + '\n';
      ++line_number;
    }
  }
  return golden;
}

std::string mismatches(const Case& golden,
                       const Diagnostics& diagnostics,
                       const SourceMap& sources) {
  std::vector<Mark> found;
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    found.push_back(mark_of(diagnostic, sources));
  }
  std::string text;
  for (const Mark& wanted : golden.marks) {
    const auto match =
        std::ranges::find_if(found, [&](const Mark& mark) { return fits(wanted, mark); });
    if (match == found.end()) {
      text += fmt::format("- {}: {} {}\n", place_text(wanted), wanted.code, wanted.message);
      for (const std::string& detail : wanted.details) {
        text += "    " + detail + '\n';
      }
    } else {
      found.erase(match);
    }
  }
  for (const Mark& mark : found) {
    text += fmt::format("+ {}: {} {}\n", place_text(mark), mark.code, mark.message);
    for (const std::string& detail : mark.details) {
      text += "    " + detail + '\n';
    }
  }
  return text;
}

std::string accepted(const Case& golden, const Diagnostics& diagnostics, const SourceMap& sources) {
  // Marks by the line they are written below; those below no line come first.
  std::map<std::pair<std::string, std::uint32_t>, std::vector<Mark>> below;
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    const Mark mark = mark_of(diagnostic, sources);
    const auto part = std::ranges::find(golden.parts, mark.file, &Part::name);
    const std::string& file = part == golden.parts.end() ? golden.parts[0].name : part->name;
    const std::size_t lines =
        split_lines(part == golden.parts.end() ? std::string() : part->text).size();
    below[{file, std::min(mark.line, static_cast<std::uint32_t>(lines))}].push_back(mark);
  }
  std::string text;
  for (const Part& part : golden.parts) {
    text += &part == &golden.parts.front() ? "" : "#: file " + part.name + '\n';
    std::uint32_t number = 0;
    const auto put_marks = [&] {
      for (const Mark& mark : below[{part.name, number}]) {
        text += written(mark, number);
      }
    };
    put_marks();
    for (const std::string& line : split_lines(part.text)) {
      text += line + '\n';
      ++number;
      put_marks();
    }
  }
  return text;
}

std::string difference(std::string_view wanted, std::string_view found) {
  const std::vector<std::string> left = split_lines(wanted);
  const std::vector<std::string> right = split_lines(found);
  if (wanted == found) {
    return {};
  }
  // What both begin and end with is left out.
  std::size_t same = 0;
  while (same < std::min(left.size(), right.size()) && left[same] == right[same]) {
    ++same;
  }
  std::size_t tail = 0;
  while (tail < std::min(left.size(), right.size()) - same &&
         left[left.size() - 1 - tail] == right[right.size() - 1 - tail]) {
    ++tail;
  }
  std::string text = fmt::format("from line {}\n", same + 1);
  for (std::size_t line = same; line < left.size() - tail; ++line) {
    text += "- " + left[line] + '\n';
  }
  for (std::size_t line = same; line < right.size() - tail; ++line) {
    text += "+ " + right[line] + '\n';
  }
  return text;
}

}  // namespace plan::golden
