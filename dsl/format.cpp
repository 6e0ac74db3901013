#include "dsl/format.hpp"

#include <algorithm>
#include <utility>

#include "dsl/formatter.hpp"

namespace plan {

using Kind = TokenKind;

std::string Formatter::run() {
  put_items(parts_of(tree_.root()), Level::file);
  return layout(pieces_, format_width);
}

std::vector<Part> Formatter::parts_of(std::uint32_t node) const {
  std::vector<std::uint32_t> children;
  tree_.children_of(node, children);
  std::vector<Part> parts;
  std::uint32_t token = tree_.nodes[node].first_token;
  const auto add_tokens = [&](std::uint32_t end) {
    for (; token < end; ++token) {
      // Newlines are made anew.
      if (tree_.tokens[token].kind != Kind::newline) {
        parts.push_back({.is_node = false, .index = token});
      }
    }
  };
  for (const std::uint32_t child : children) {
    add_tokens(tree_.nodes[child].first_token);
    parts.push_back({.is_node = true, .index = child});
    token = tree_.nodes[child].end_token;
  }
  add_tokens(tree_.nodes[node].end_token);
  return parts;
}

// --- tokens and what lies between them

// The comments before a token, in their lines.
void Formatter::put_gap(std::uint32_t token) {
  const std::uint32_t begin = tree_.tokens[token].begin;
  std::string_view gap = tree_.text.substr(last_end_ - tree_.base, begin - last_end_);
  last_end_ = begin;
  bool is_behind = !pieces_.empty();
  while (true) {
    const std::size_t mark = gap.find('#');
    if (mark == std::string_view::npos) {
      return;
    }
    const std::string_view before = gap.substr(0, mark);
    const auto newlines = std::ranges::count(before, '\n');
    is_behind = is_behind && newlines == 0;
    gap.remove_prefix(mark);
    const std::size_t end = std::min(gap.find('\n'), gap.size());
    std::string_view comment = gap.substr(0, end);
    comment = comment.substr(0, comment.find_last_not_of(" \t\r") + 1);
    gap.remove_prefix(end);
    if (is_behind) {
      put(PieceKind::text, "  ");
    } else {
      put(PieceKind::hard_line);
      if (newlines > 1) {
        put(PieceKind::blank_line);
      }
    }
    put(PieceKind::comment, comment);
    is_behind = false;
  }
}

void Formatter::put_token(std::uint32_t token) {
  put_gap(token);
  put(PieceKind::text, tree_.text_of(tree_.tokens[token]));
  last_end_ = tree_.tokens[token].end();
}

void Formatter::put_verbatim(std::uint32_t node) {
  const TreeNode& template_node = tree_.nodes[node];
  put_gap(template_node.first_token);
  const Span span = tree_.span_of(template_node);
  put(PieceKind::text, tree_.text.substr(span.begin - tree_.base, span.end - span.begin));
  last_end_ = span.end;
}

// --- items: declarations, clauses, statements

void Formatter::put_before_item(Part item, bool wants_blank) {
  const std::uint32_t token = first_token(item);
  const std::uint32_t begin = tree_.tokens[token].begin;
  const std::string_view gap = tree_.text.substr(last_end_ - tree_.base, begin - last_end_);
  const std::size_t comment = gap.find('#');
  const std::size_t first_newline = std::min(gap.find('\n'), gap.size());
  const bool has_own_comment = gap.find('#', first_newline) != std::string_view::npos;
  if (wants_blank && has_own_comment) {
    // Forced blank lines stand above the comments of an item, behind the one beside the last.
    if (comment < first_newline) {
      put(PieceKind::text, "  ");
      std::string_view beside = gap.substr(comment, first_newline - comment);
      beside = beside.substr(0, beside.find_last_not_of(" \t\r") + 1);
      put(PieceKind::comment, beside);
      last_end_ += static_cast<std::uint32_t>(first_newline);
    }
    put(PieceKind::hard_line);
    put(PieceKind::blank_line);
  }
  put_gap(token);
  put(PieceKind::hard_line);
  const std::size_t last_comment = gap.rfind('#');
  const std::string_view tail =
      last_comment == std::string_view::npos
          ? gap
          : gap.substr(std::min(gap.find('\n', last_comment), gap.size()));
  const bool is_written = std::ranges::count(tail, '\n') > 1;
  if (is_written || (wants_blank && !has_own_comment)) {
    put(PieceKind::blank_line);
  }
}

bool Formatter::has_body(Part item) const {
  switch (node_kind(item)) {
    case NodeKind::phase:
    case NodeKind::for_loop:
    case NodeKind::when_block:
    case NodeKind::test:
    case NodeKind::operation:
    case NodeKind::rule:
      return true;
    case NodeKind::resource:
      return has_braces(item);
    default:
      return false;
  }
}

bool Formatter::has_braces(Part item) const {
  const std::vector<Part> parts = parts_of(item.index);
  return std::ranges::any_of(parts, [&](Part part) { return is_token(part, Kind::left_brace); });
}

bool Formatter::wants_blank_between(Part before, Part item, Level level) const {
  if (level != Level::file) {
    return false;
  }
  const NodeKind kind = node_kind(before);
  const bool is_header = kind == NodeKind::plan_header || kind == NodeKind::module_header;
  const bool ends_uses = kind == NodeKind::use && node_kind(item) != NodeKind::use;
  return is_header || ends_uses || has_body(before) || has_body(item);
}

// Each item in its own line; blank lines that were written are kept, but not at the edges.
void Formatter::put_items(const std::vector<Part>& parts, Level level) {
  const Part* before = nullptr;
  for (const Part& part : parts) {
    if (!part.is_node) {
      put_gap(part.index);  // the end of the file
      continue;
    }
    if (before == nullptr) {
      const std::size_t count = pieces_.size();
      put_gap(first_token(part));
      put(PieceKind::hard_line);
      // A comment that heads the file, apart from the first declaration, stays apart.
      const std::uint32_t begin = tree_.tokens[first_token(part)].begin;
      const std::string_view above = tree_.text.substr(0, begin - tree_.base);
      const bool is_apart = above.ends_with("\n\n") || above.ends_with("\n\r\n");
      if (pieces_.size() > count + 1 && is_apart) {
        put(PieceKind::blank_line);
      }
    } else {
      put_before_item(part, wants_blank_between(*before, part, level));
    }
    put_part(part);
    before = &part;
  }
}

// `{ items }` from parts[begin], which is the `{`; returns the index behind the `}`.
std::size_t Formatter::put_body(const std::vector<Part>& parts, std::size_t begin) {
  std::size_t end = begin;
  while (!is_token(parts[end], Kind::right_brace)) {
    ++end;
  }
  put_token(parts[begin].index);
  put(PieceKind::indent);
  const std::size_t count = pieces_.size();
  put_items({parts.begin() + static_cast<std::ptrdiff_t>(begin) + 1,
             parts.begin() + static_cast<std::ptrdiff_t>(end)},
            Level::body);
  put_gap(parts[end].index);
  const bool is_empty = pieces_.size() == count;
  put(PieceKind::dedent);
  if (!is_empty) {
    put(PieceKind::hard_line);
  }
  put_token(parts[end].index);
  return end + 1;
}

bool Formatter::is_one_liner(const std::vector<Part>& parts) const {
  if (parts.size() != 3 || !parts[1].is_node) {
    return false;
  }
  const NodeKind kind = node_kind(parts[1]);
  return kind != NodeKind::if_statement && kind != NodeKind::for_statement;
}

// A block of one plain statement is written in one line if it fits.
void Formatter::put_block(const std::vector<Part>& parts) {
  if (has_lines_ || !is_one_liner(parts)) {
    const bool has_lines = std::exchange(has_lines_, false);
    (void)put_body(parts, 0);
    has_lines_ = has_lines;
    return;
  }
  put(PieceKind::group);
  put_token(parts[0].index);
  put_gap(first_token(parts[1]));
  put(PieceKind::indent);
  put(PieceKind::line);
  put_part(parts[1]);
  put_gap(parts[2].index);
  put(PieceKind::dedent);
  put(PieceKind::line);
  put_token(parts[2].index);
  put(PieceKind::end);
}

std::string format(const Tree& tree) {
  return Formatter(tree).run();
}

}  // namespace plan
