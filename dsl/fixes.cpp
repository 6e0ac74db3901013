#include "dsl/fixes.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "dsl/lexer.hpp"

namespace plan {

namespace {

using Kind = TokenKind;

// The tokens of one file; those of a text with mistakes, too, as far as they can be told.
class Text {
 public:
  Text(const SourceMap& sources, FileId file) : sources_(sources), file_(file) {
    Diagnostics ignored;
    tokens_ = lex(sources.whole(file), ignored).tokens;
  }

  std::optional<Fix> placed(Fix fix) const {
    switch (fix.place) {
      case FixPlace::span:
        return fix;
      case FixPlace::step:
        return in_step(std::move(fix));
      case FixPlace::loop:
        return in_loop(std::move(fix));
      case FixPlace::use:
        return as_use(std::move(fix));
      case FixPlace::statement:
        return without_lines(std::move(fix));
    }
    return std::nullopt;
  }

 private:
  [[nodiscard]] std::size_t token_at(std::uint32_t offset) const {
    const auto found = std::ranges::lower_bound(tokens_, offset, {}, &Token::begin);
    return static_cast<std::size_t>(found - tokens_.begin());
  }
  [[nodiscard]] static int depth_change(Kind kind) {
    return (is_opener(kind) ? 1 : 0) - (is_closer(kind) ? 1 : 0);
  }

  // The block's `{` of the statement that goes on at `token`, or the newline that ends it.
  [[nodiscard]] std::size_t block_or_end(std::size_t token) const {
    int depth = 0;
    for (; token < tokens_.size(); ++token) {
      const Kind kind = tokens_[token].kind;
      const bool is_end = kind == Kind::newline || kind == Kind::left_brace ||
                          kind == Kind::right_brace || kind == Kind::end_of_file;
      if (depth == 0 && is_end) {
        return token;
      }
      depth += depth_change(kind);
    }
    return tokens_.size() - 1;
  }

  [[nodiscard]] std::size_t closing(std::size_t open) const {
    int depth = 0;
    for (std::size_t token = open; token < tokens_.size(); ++token) {
      depth += depth_change(tokens_[token].kind);
      if (depth == 0) {
        return token;
      }
    }
    return tokens_.size() - 1;
  }

  [[nodiscard]] std::string indent_of(std::uint32_t offset) const {
    const std::string_view line = sources_.line_text(offset);
    return std::string(line.substr(0, std::min(line.find_first_not_of(" \t"), line.size())));
  }

  std::optional<Fix> in_step(Fix fix) const {
    const std::size_t at = block_or_end(token_at(fix.span.begin));
    const std::string clause = std::exchange(fix.replacement, {});
    if (at == 0 || at >= tokens_.size()) {
      return std::nullopt;
    }
    fix.place = FixPlace::span;
    if (tokens_[at].kind != Kind::left_brace) {
      const std::uint32_t end = tokens_[at - 1].end();
      fix.span = {end, end};
      fix.replacement = " { " + clause + " }";
      return fix;
    }
    const Token& close = tokens_[closing(at)];
    const bool is_one_line =
        sources_.locate(close.begin).line == sources_.locate(tokens_[at].begin).line;
    const std::uint32_t open_end = tokens_[at].end();
    fix.span = {open_end, open_end};
    if (is_one_line) {
      // Two clauses do not fit in one line: the block is opened.
      const std::string_view inside = sources_.text({open_end, close.begin});
      const std::size_t first = std::min(inside.find_first_not_of(' '), inside.size());
      const std::size_t last = inside.find_last_not_of(' ');
      const std::string outer = indent_of(tokens_[at].begin);
      fix.span.end = close.begin;
      fix.replacement = "\n" + outer + "  " + clause + "\n";
      if (last != std::string_view::npos) {
        fix.replacement +=
            outer + "  " + std::string(inside.substr(first, last + 1 - first)) + "\n";
      }
      fix.replacement += outer;
      return fix;
    }
    fix.replacement = "\n" + indent_of(tokens_[at].begin) + "  " + clause;
    return fix;
  }

  std::optional<Fix> in_loop(Fix fix) const {
    std::size_t at = token_at(fix.span.begin);
    at = block_or_end(at);
    if (at == 0 || at >= tokens_.size() || tokens_[at].kind != Kind::left_brace) {
      return std::nullopt;
    }
    const std::uint32_t end = tokens_[at - 1].end();
    fix.span = {end, end};
    fix.replacement = ", " + fix.replacement;
    fix.place = FixPlace::span;
    return fix;
  }

  // After the last `use`, or in a paragraph of its own before the first declaration.
  std::optional<Fix> as_use(Fix fix) const {
    std::uint32_t last_use = 0;
    std::uint32_t header = 0;
    int depth = 0;
    bool begins_line = true;
    for (std::size_t token = 0; token < tokens_.size(); ++token) {
      const Kind kind = tokens_[token].kind;
      if (depth == 0 && begins_line) {
        const std::size_t end = block_or_end(token);
        if (kind == Kind::word_use) {
          last_use = tokens_[end].begin;
        } else if (kind == Kind::word_plan || kind == Kind::word_module ||
                   kind == Kind::word_edition) {
          header = tokens_[end].begin;
        }
      }
      depth += depth_change(kind);
      begins_line = kind == Kind::newline;
    }
    const std::uint32_t base = sources_.base(file_);
    const std::uint32_t at = last_use != 0 ? last_use : header != 0 ? header : base;
    fix.span = {at, at};
    fix.replacement = last_use != 0 ? "\n" + fix.replacement
                      : header != 0 ? "\n\n" + fix.replacement
                                    : fix.replacement + "\n\n";
    fix.place = FixPlace::span;
    return fix;
  }

  // From the beginning of its first line to that of the line after its last, if nothing else
  // stands there.
  std::optional<Fix> without_lines(Fix fix) const {
    const std::string_view text = sources_.text(file_);
    const std::uint32_t base = sources_.base(file_);
    const std::size_t begin = fix.span.begin - base;
    const std::size_t end = fix.span.end - base;
    const std::size_t line = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;
    const std::size_t newline = std::min(text.find('\n', end), text.size());
    const bool is_alone =
        text.substr(line, begin - line).find_first_not_of(" \t") == std::string_view::npos &&
        text.substr(end, newline - end).find_first_not_of(" \t\r") == std::string_view::npos;
    if (!is_alone) {
      return std::nullopt;
    }
    fix.span = {base + static_cast<std::uint32_t>(line),
                base + static_cast<std::uint32_t>(std::min(newline + 1, text.size()))};
    fix.replacement.clear();
    fix.place = FixPlace::span;
    return fix;
  }

  const SourceMap& sources_;
  FileId file_;
  std::vector<Token> tokens_;
};

bool overlaps(Span left, Span right) {
  return left == right || (left.begin < right.end && right.begin < left.end);
}

}  // namespace

void place_fixes(const SourceMap& sources, Diagnostics& diagnostics) {
  std::map<FileId, Text> texts;
  for (Diagnostic& diagnostic : diagnostics.editable()) {
    std::vector<Fix> placed;
    for (Fix& fix : diagnostic.fixes) {
      if (fix.place == FixPlace::span) {
        placed.push_back(std::move(fix));
        continue;
      }
      const FileId file = sources.file_of(fix.span);
      const auto text = texts.try_emplace(file, sources, file).first;
      std::string description = fix.description;
      if (auto found = text->second.placed(std::move(fix))) {
        placed.push_back(std::move(*found));
      } else {
        diagnostic.help(std::move(description));
      }
    }
    diagnostic.fixes = std::move(placed);
  }
}

std::vector<FixedFile> apply_safe_fixes(const SourceMap& sources,
                                        const Diagnostics& diagnostics,
                                        const std::function<bool(FileId)>& may_change) {
  std::map<FileId, std::vector<const Fix*>> chosen;
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    const auto fix = std::ranges::find_if(diagnostic.fixes, &Fix::is_safe);
    if (fix == diagnostic.fixes.end()) {
      continue;
    }
    const FileId file = sources.file_of(fix->span);
    std::vector<const Fix*>& fixes = chosen[file];
    const bool is_free = std::ranges::none_of(
        fixes, [&](const Fix* other) { return overlaps(other->span, fix->span); });
    if (is_free && may_change(file)) {
      fixes.push_back(&*fix);
    }
  }
  std::vector<FixedFile> result;
  for (auto& [file, fixes] : chosen) {
    if (fixes.empty()) {
      continue;
    }
    std::ranges::sort(fixes, {}, [](const Fix* fix) { return fix->span; });
    FixedFile fixed{.file = file, .text = std::string(sources.text(file)), .changes = {}};
    for (const Fix* fix : fixes) {
      fixed.changes.push_back(fix->description);
    }
    for (auto fix = fixes.rbegin(); fix != fixes.rend(); ++fix) {
      fixed.text.replace((*fix)->span.begin - sources.base(file),
                         (*fix)->span.end - (*fix)->span.begin, (*fix)->replacement);
    }
    result.push_back(std::move(fixed));
  }
  return result;
}

std::vector<std::string> edited_lines(const SourceMap& sources, const Fix& fix) {
  const FileId file = sources.file_of(fix.span);
  const std::string_view text = sources.text(file);
  const std::size_t begin = fix.span.begin - sources.base(file);
  const std::size_t end = fix.span.end - sources.base(file);
  const std::size_t line = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;
  const std::size_t after = std::min(text.find('\n', end), text.size());
  std::string changed(text.substr(line, begin - line));
  changed += fix.replacement;
  changed += text.substr(end, after - end);
  // Whole lines that are removed leave nothing; whole lines that are added leave the rest alone.
  if (fix.replacement.empty() && begin == line && end > begin && text[end - 1] == '\n') {
    return {};
  }
  std::vector<std::string> lines;
  for (std::size_t at = 0; at <= changed.size();) {
    const std::size_t newline = std::min(changed.find('\n', at), changed.size());
    lines.push_back(changed.substr(at, newline - at));
    at = newline + 1;
  }
  if (begin == end && fix.replacement.starts_with('\n') && text[begin] == '\n') {
    lines.erase(lines.begin());
  } else if (begin == end && begin == line && fix.replacement.ends_with('\n')) {
    lines.pop_back();
  }
  std::erase_if(lines, [](const std::string& each) { return each.empty(); });
  return lines;
}

}  // namespace plan
