#include "dsl/render.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "dsl/display_width.hpp"
#include "dsl/fixes.hpp"

namespace plan {

namespace {

// Longer lines are shown around their first mark only.
constexpr std::size_t max_line_bytes = 240;

// A span within one line of one file, in cells of the line as it is shown.
struct Mark {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool is_primary = false;
  std::string text;
};

struct SourceLine {
  std::uint32_t file = 0;
  std::uint32_t number = 0;
  std::uint32_t offset = 0;                         // some place in the line
  std::vector<std::pair<Span, std::size_t>> spans;  // with the index of the label; 0: primary
};

struct Style {
  std::string_view strong;
  std::string_view severity;
  std::string_view secondary;
  std::string_view frame;
  std::string_view off;
};

Style style_of(Severity severity, const RenderOptions& options) {
  if (!options.has_colour) {
    return {};
  }
  const std::string_view tone = severity == Severity::error     ? "\x1b[1;31m"
                                : severity == Severity::warning ? "\x1b[1;33m"
                                                                : "\x1b[1;36m";
  return {.strong = "\x1b[1m",
          .severity = tone,
          .secondary = "\x1b[34m",
          .frame = "\x1b[34m",
          .off = "\x1b[0m"};
}

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::note:
      return "note";
  }
  return "note";
}

// What may be sent to a terminal: no control characters, valid UTF-8, tabs as spaces.
std::string cleaned(std::string_view text, std::size_t start_cell = 0) {
  std::string result;
  std::size_t cell = start_cell;
  while (!text.empty()) {
    const CodePoint point = decode_utf8(text);
    const std::string_view bytes = text.substr(0, point.size_bytes);
    text.remove_prefix(point.size_bytes);
    const std::size_t width = display_width(bytes, cell);
    cell += width;
    const bool is_control = point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0);
    const bool turns_text = (point.value >= 0x202A && point.value <= 0x202E) ||
                            (point.value >= 0x2066 && point.value <= 0x2069);
    if (point.value == U'\t') {
      result.append(width, ' ');
    } else if (!point.is_valid || is_control || turns_text) {
      result += "\uFFFD";
    } else {
      result += bytes;
    }
  }
  return result;
}

// --- lines

std::vector<SourceLine> collect_lines(const Diagnostic& diagnostic, const SourceMap& sources) {
  std::vector<SourceLine> lines;
  const auto add = [&](Span span, std::size_t label) {
    if (span.is_none()) {
      return;
    }
    const Location location = sources.locate(span.begin);
    const auto is_same = [&](const SourceLine& line) {
      return line.file == location.file.index && line.number == location.line;
    };
    auto found = std::ranges::find_if(lines, is_same);
    if (found == lines.end()) {
      lines.push_back({.file = location.file.index,
                       .number = location.line,
                       .offset = span.begin,
                       .spans = {}});
      found = lines.end() - 1;
    }
    found->spans.emplace_back(span, label);
  };
  add(diagnostic.primary, 0);
  for (std::size_t index = 0; index < diagnostic.labels.size(); ++index) {
    add(diagnostic.labels[index].span, index + 1);
  }
  // The primary file first, then in the order of the sources.
  const std::uint32_t first =
      diagnostic.primary.is_none() ? UINT32_MAX : sources.file_of(diagnostic.primary).index;
  std::ranges::stable_sort(lines, {}, [&](const SourceLine& line) {
    return std::tuple(line.file != first, line.file, line.number);
  });
  return lines;
}

// The part of a line that is shown, and where it begins in the line.
struct Excerpt {
  std::string text;
  std::size_t first_byte = 0;
  std::size_t bytes = 0;
  std::size_t lead_cells = 0;  // of the ellipsis before it
};

Excerpt excerpt_of(std::string_view line, std::size_t wanted_byte) {
  if (line.size() <= max_line_bytes) {
    return {.text = cleaned(line), .first_byte = 0, .bytes = line.size(), .lead_cells = 0};
  }
  const auto is_inside = [&](std::size_t byte) {
    return byte < line.size() && (static_cast<unsigned char>(line[byte]) & 0xC0) == 0x80;
  };
  std::size_t begin = wanted_byte > max_line_bytes / 3 ? wanted_byte - max_line_bytes / 3 : 0;
  while (begin > 0 && is_inside(begin)) {
    --begin;
  }
  std::size_t end = std::min(line.size(), begin + max_line_bytes);
  while (end < line.size() && is_inside(end)) {
    ++end;
  }
  std::string text = begin > 0 ? "…" : "";
  text += cleaned(line.substr(begin, end - begin));
  text += end < line.size() ? "…" : "";
  return {.text = std::move(text),
          .first_byte = begin,
          .bytes = end - begin,
          .lead_cells = begin > 0 ? 1U : 0U};
}

// A line of a program or an archive would fill the screen, and nobody could read it.
bool is_no_text(std::string_view line) {
  const std::string_view sample = line.substr(0, max_line_bytes);
  std::size_t odd = 0;
  for (std::size_t at = 0; at < sample.size();) {
    const CodePoint point = decode_utf8(sample.substr(at));
    odd += !point.is_valid || (point.value < 0x20 && point.value != U'\t') ? 1 : 0;
    at += point.size_bytes;
  }
  constexpr std::size_t few = 4;
  return odd > few && odd * 4 > sample.size();
}

std::vector<Mark> marks_of(const SourceLine& line,
                           const Diagnostic& diagnostic,
                           std::string_view text,
                           std::uint32_t line_begin,
                           const Excerpt& excerpt) {
  const auto cell_of = [&](std::uint32_t offset) {
    const std::size_t byte = std::min<std::size_t>(offset - line_begin, text.size());
    const std::size_t shown =
        std::clamp(byte, excerpt.first_byte, excerpt.first_byte + excerpt.bytes);
    const std::string_view before = text.substr(excerpt.first_byte, shown - excerpt.first_byte);
    return excerpt.lead_cells + display_width(before);
  };
  std::vector<Mark> marks;
  for (const auto& [span, label] : line.spans) {
    const std::size_t begin = cell_of(span.begin);
    const std::size_t end = cell_of(std::max(span.end, span.begin));
    marks.push_back({.begin = begin,
                     .end = std::max(end, begin + 1),
                     .is_primary = label == 0,
                     .text = cleaned(label == 0 ? diagnostic.primary_text
                                                : diagnostic.labels[label - 1].text)});
  }
  std::ranges::stable_sort(marks, {}, &Mark::begin);
  return marks;
}

// --- drawing

class Drawing {
 public:
  Drawing(const Style& style, std::size_t gutter) : style_(style), gutter_(gutter) {}

  void place(std::string_view name, Location location) {
    out += fmt::format("{}{:>{}}-->{} {}:{}:{}\n", style_.frame, "", gutter_, style_.off,
                       cleaned(name), location.line, location.column);
    bar("");
  }

  void source(std::uint32_t number, std::string_view text) {
    out += fmt::format("{}{:>{}} |{}{}{}\n", style_.frame, number, gutter_, style_.off,
                       text.empty() ? "" : " ", text);
  }

  void skipped() { out += fmt::format("{}{:.>{}}{}\n", style_.frame, "", gutter_ + 2, style_.off); }

  void bar(std::string_view text) {
    out += fmt::format("{}{:>{}} |{}{}{}\n", style_.frame, "", gutter_, style_.off,
                       text.empty() ? "" : " ", text);
  }

  // The row of carets, with the text of the last mark behind it if there is room; then the other
  // texts from right to left, each under its mark.
  void marks(const std::vector<Mark>& marks) {
    const bool is_overlapped =
        std::ranges::any_of(marks, [&](const Mark& mark) { return mark.end > marks.back().end; });
    std::string row = underline(marks);
    if (!marks.back().text.empty() && !is_overlapped) {
      row += fmt::format(" {}{}{}", tone(marks.back()), marks.back().text, style_.off);
    }
    bar(row);
    std::vector<Mark> left;
    for (std::size_t index = 0; index < marks.size(); ++index) {
      const bool is_written = index + 1 == marks.size() && !is_overlapped;
      if (!marks[index].text.empty() && !is_written) {
        left.push_back(marks[index]);
      }
    }
    const std::size_t total = left.size();
    for (std::size_t drawn = 0; !left.empty(); left.pop_back()) {
      const bool is_below = left.size() < total && left.back().begin == drawn;
      if (!is_below) {
        bar(stems(left));
      }
      drawn = left.back().begin;
      const Mark last = left.back();
      // Of marks that begin together only one has a stem, and their texts stand below each other.
      std::vector<Mark> others(left.begin(), left.end() - 1);
      std::erase_if(others, [&](const Mark& mark) { return mark.begin == last.begin; });
      std::string text = stems(others);
      const std::size_t cells = others.empty() ? 0 : others.back().begin + 1;
      text.append(last.begin > cells ? last.begin - cells : 0, ' ');
      text += fmt::format("{}{}{}", tone(last), last.text, style_.off);
      bar(text);
    }
  }

  void item(std::string_view name, std::string_view text) {
    out += fmt::format("{:>{}} {}= {}:{} ", "", gutter_, style_.strong, name, style_.off);
    // Further lines stand under the first.
    const std::string indent(gutter_ + name.size() + 5, ' ');
    for (std::size_t newline = text.find('\n'); newline != std::string_view::npos;
         newline = text.find('\n')) {
      out += cleaned(text.substr(0, newline)) + '\n' + indent;
      text.remove_prefix(newline + 1);
    }
    out += cleaned(text) + '\n';
  }

  // An item with lines of its own below its name.
  void list(std::string_view name, const std::vector<std::string>& lines) {
    out += fmt::format("{:>{}} {}= {}:{}\n", "", gutter_, style_.strong, name, style_.off);
    for (const std::string& line : lines) {
      out += fmt::format("{:>{}}     {}\n", "", gutter_, cleaned(line));
    }
  }

  // What the text would be.
  void edit(std::uint32_t number, const std::vector<std::string>& lines) {
    constexpr std::size_t max_lines = 6;
    if (lines.empty()) {
      out += fmt::format("{}{:>{}} -{} the line\n", style_.frame, number, gutter_, style_.off);
    }
    for (std::size_t index = 0; index < std::min(lines.size(), max_lines); ++index) {
      out +=
          fmt::format("{}{:>{}} +{} {}\n", style_.frame, index == 0 ? std::to_string(number) : "",
                      gutter_, style_.off, excerpt_of(lines[index], 0).text);
    }
  }

  std::string out;

 private:
  [[nodiscard]] std::string_view tone(const Mark& mark) const {
    return mark.is_primary ? style_.severity : style_.secondary;
  }

  [[nodiscard]] std::string underline(const std::vector<Mark>& marks) const {
    std::size_t width = 0;
    for (const Mark& mark : marks) {
      width = std::max(width, mark.end);
    }
    std::string row(width, ' ');
    // Primary marks last, so that they are seen where marks overlap.
    for (const bool is_primary : {false, true}) {
      for (const Mark& mark : marks) {
        if (mark.is_primary == is_primary) {
          std::fill(row.begin() + static_cast<std::ptrdiff_t>(mark.begin),
                    row.begin() + static_cast<std::ptrdiff_t>(mark.end), is_primary ? '^' : '-');
        }
      }
    }
    return painted(row);
  }

  [[nodiscard]] std::string painted(const std::string& row) const {
    std::string result;
    char before = ' ';
    for (const char byte : row) {
      if (byte != before) {
        result += before == ' ' ? "" : style_.off;
        result += byte == '^' ? style_.severity : byte == '-' ? style_.secondary : "";
      }
      result += byte;
      before = byte;
    }
    result += before == ' ' ? "" : style_.off;
    return result;
  }

  [[nodiscard]] std::string stems(const std::vector<Mark>& marks) const {
    std::string row;
    std::size_t cells = 0;
    for (const Mark& mark : marks) {
      if (mark.begin >= cells) {
        row.append(mark.begin - cells, ' ');
        row += fmt::format("{}|{}", tone(mark), style_.off);
        cells = mark.begin + 1;
      }
    }
    return row;
  }

  const Style& style_;
  std::size_t gutter_;
};

void draw_lines(Drawing& drawing,
                const std::vector<SourceLine>& lines,
                const Diagnostic& diagnostic,
                const SourceMap& sources) {
  const SourceLine* before = nullptr;
  for (const SourceLine& line : lines) {
    const bool is_new_file = before == nullptr || before->file != line.file;
    if (is_new_file) {
      const bool has_primary =
          !diagnostic.primary.is_none() && sources.file_of(diagnostic.primary).index == line.file;
      const std::uint32_t offset =
          has_primary ? diagnostic.primary.begin : line.spans[0].first.begin;
      drawing.place(sources.name(FileId{line.file}), sources.locate(offset));
    } else if (line.number > before->number + 1) {
      drawing.skipped();
    }
    const std::string_view text = sources.line_text(line.offset);
    before = &line;
    if (is_no_text(text)) {
      continue;
    }
    const std::string_view file_text = sources.text(FileId{line.file});
    const auto line_begin = static_cast<std::uint32_t>(text.data() - file_text.data()) +
                            sources.base(FileId{line.file});
    const Excerpt excerpt = excerpt_of(text, line.spans[0].first.begin - line_begin);
    drawing.source(line.number, excerpt.text);
    drawing.marks(marks_of(line, diagnostic, text, line_begin, excerpt));
  }
}

// "1. stop  live is false", "2. halt", "   violated: …": what holds stands in a column.
std::vector<std::string> lines_of(const Counterexample& schedule) {
  constexpr std::size_t column_limit = 32;
  std::size_t column = 0;
  for (const Moment& moment : schedule.moments) {
    const std::size_t width = display_width(moment.step);
    column = width <= column_limit && !moment.then.empty() ? std::max(column, width) : column;
  }
  std::vector<std::string> lines;
  for (std::size_t index = 0; index < schedule.moments.size(); ++index) {
    const Moment& moment = schedule.moments[index];
    const std::size_t width = display_width(moment.step);
    const std::string gap(moment.then.empty() ? 0 : std::max(column, width) - width + 2, ' ');
    lines.push_back(fmt::format("{:>2}. {}{}{}", index + 1, moment.step, gap, moment.then));
  }
  if (!schedule.violated.empty()) {
    lines.push_back("    violated: " + schedule.violated);
  }
  return lines;
}

}  // namespace

std::string render(const Diagnostic& diagnostic,
                   const SourceMap& sources,
                   const RenderOptions& options) {
  const Style style = style_of(diagnostic.severity, options);
  const CodeInfo& code = info(diagnostic.code);
  const std::vector<SourceLine> lines = collect_lines(diagnostic, sources);
  std::uint32_t last_number = 1;
  for (const SourceLine& line : lines) {
    last_number = std::max(last_number, line.number);
  }
  Drawing drawing(style, std::to_string(last_number).size() + 1);
  drawing.out =
      fmt::format("{}{}[{}]{}{}: {}{}\n", style.severity, name_of(diagnostic.severity), code.code,
                  style.off, style.strong, cleaned(diagnostic.message), style.off);
  draw_lines(drawing, lines, diagnostic, sources);
  if (!diagnostic.schedule.is_empty()) {
    drawing.list("a schedule that goes wrong", lines_of(diagnostic.schedule));
  }
  for (const std::string& note : diagnostic.notes) {
    drawing.item("note", note);
  }
  for (const std::string& help : diagnostic.helps) {
    drawing.item("help", help);
  }
  for (const Fix& fix : diagnostic.fixes) {
    drawing.item("help", fix.is_safe ? fix.description + " (`--fix` does it)" : fix.description);
    if (!fix.span.is_none()) {
      drawing.edit(sources.locate(fix.span.begin).line, edited_lines(sources, fix));
    }
  }
  if (options.has_explain) {
    drawing.item("explain", fmt::format("plan explain {}", code.code));
  }
  return std::move(drawing.out);
}

std::string summary(const Diagnostics& diagnostics) {
  const auto warnings = static_cast<std::size_t>(
      std::ranges::count(diagnostics.items(), Severity::warning, &Diagnostic::severity));
  const auto count = [](std::size_t number, std::string_view what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
  };
  std::string text;
  if (diagnostics.error_count() > 0) {
    text = count(diagnostics.error_count(), "error");
  }
  if (warnings > 0) {
    text += text.empty() ? "" : ", ";
    text += count(warnings, "warning");
  }
  return text;
}

std::string render_all(const Diagnostics& diagnostics,
                       const SourceMap& sources,
                       const RenderOptions& options) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    text += render(diagnostic, sources, options);
    text += '\n';
  }
  const std::string counted = summary(diagnostics);
  return counted.empty() ? text : text + counted + '\n';
}

}  // namespace plan
