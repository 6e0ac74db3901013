#include <algorithm>

#include "dsl/formatter.hpp"

namespace plan {

using Kind = TokenKind;

// --- within a line

bool Formatter::is_spaced(Part left, Part right) const {
  if (right.is_node) {
    const NodeKind kind = node_kind(right);
    if (kind == NodeKind::arguments || kind == NodeKind::index || kind == NodeKind::parameters) {
      return false;
    }
  } else {
    const Kind kind = tree_.tokens[right.index].kind;
    if (kind == Kind::comma || kind == Kind::colon || kind == Kind::dot) {
      return false;
    }
  }
  return left.is_node || tree_.tokens[left.index].kind != Kind::dot;
}

// A value that has lines of its own without brackets around it.
bool Formatter::is_open_ended(Part part) const {
  return is_node(part, NodeKind::conjunction) || is_node(part, NodeKind::disjunction) ||
         is_node(part, NodeKind::sum) || is_node(part, NodeKind::conditional);
}

void Formatter::put_indented(Part part, PieceKind before) {
  put_gap(first_token(part));
  put(PieceKind::indent);
  put(before, before == PieceKind::text ? " " : "");
  put_part(part);
  put(PieceKind::dedent);
}

// `= f(` stays together; a value without brackets of its own may go to the next line, as may one
// that then needs only that line.
void Formatter::put_after_equals(NodeKind statement, Part value) {
  const bool may_move = is_open_ended(value) || is_node(value, NodeKind::comparison) ||
                        is_node(value, NodeKind::negation) || is_node(value, NodeKind::for_all) ||
                        is_node(value, NodeKind::product);
  if (may_move) {
    put_indented(value, PieceKind::line);
    return;
  }
  const bool has_own_brackets = is_node(value, NodeKind::list) || is_node(value, NodeKind::map) ||
                                is_node(value, NodeKind::record);
  const bool is_use = statement == NodeKind::step || statement == NodeKind::resource;
  if (has_own_brackets || is_use || !value.is_node) {
    put(PieceKind::text, " ");
    put_part(value);
    return;
  }
  put_gap(first_token(value));
  put(PieceKind::move);
  put(PieceKind::group);
  put_part(value);
  put(PieceKind::end);
  put(PieceKind::move_end);
}

// A word of a statement and what parts it from the one before: a break where the language has one.
void Formatter::put_word(NodeKind statement, Part left, Part part) {
  const bool breaks_after = is_token(left, Kind::comma) || is_token(left, Kind::bar);
  const bool breaks_before = is_token(part, Kind::reserved_else) && !is_node(left, NodeKind::block);
  if (is_token(left, Kind::equal)) {
    put_after_equals(statement, part);
  } else if (breaks_after || breaks_before) {
    put_indented(part, PieceKind::line);
  } else if (is_open_ended(part)) {
    put_indented(part, PieceKind::text);
  } else {
    put(PieceKind::text, is_spaced(left, part) ? " " : "");
    put_part(part);
  }
}

// A statement: its words, and between them the blocks that have lines of their own.
void Formatter::put_words(NodeKind statement, const std::vector<Part>& parts) {
  // The branches of an `if` look alike: all have lines of their own if there are several.
  const bool has_lines = has_lines_;
  has_lines_ = statement == NodeKind::if_statement &&
               (has_lines || std::ranges::any_of(parts, [&](Part part) {
                  return is_token(part, Kind::reserved_else);
                }));
  put(PieceKind::fill);
  for (std::size_t index = 0; index < parts.size(); ++index) {
    const Part part = parts[index];
    const bool is_body = is_token(part, Kind::left_brace);
    if (is_body || is_node(part, NodeKind::block)) {
      put(PieceKind::end);
      put(PieceKind::text, index == 0 ? "" : " ");
      if (is_body) {
        index = put_body(parts, index) - 1;
      } else {
        put_part(part);
      }
      put(PieceKind::fill);
    } else if (index == 0) {
      put_part(part);
    } else {
      put_word(statement, parts[index - 1], part);
    }
  }
  has_lines_ = has_lines;
  put(PieceKind::end);
}

// a and b, a + b: all in one line, or each operand in its own.
void Formatter::put_chain(const std::vector<Part>& parts) {
  put(PieceKind::group);
  for (std::size_t index = 0; index < parts.size(); ++index) {
    const Part part = parts[index];
    const bool breaks_before =
        is_token(part, Kind::reserved_and) || is_token(part, Kind::reserved_or);
    const bool breaks_after = index > 0 && is_token(parts[index - 1], Kind::plus);
    if (breaks_before || breaks_after) {
      put_gap(first_token(part));
      put(PieceKind::line);
    } else if (index > 0) {
      put(PieceKind::text, " ");
    }
    put_part(part);
  }
  put(PieceKind::end);
}

// if a then b else if c then d else e: each `else` in its own line, unless all fits in one.
void Formatter::put_conditional(const std::vector<Part>& parts) {
  put(PieceKind::group);
  put_token(parts[0].index);
  put(PieceKind::text, " ");
  put_part(parts[1]);
  put_gap(parts[2].index);
  put(PieceKind::indent);
  put(PieceKind::line);
  put_token(parts[2].index);
  put(PieceKind::text, " ");
  put_part(parts[3]);
  put(PieceKind::dedent);
  put(PieceKind::end);
  put_gap(parts[4].index);
  put(PieceKind::line);
  put_token(parts[4].index);
  put(PieceKind::text, " ");
  if (is_node(parts[5], NodeKind::conditional)) {
    put_conditional(parts_of(parts[5].index));
  } else {
    put_part(parts[5]);
  }
}

// ( value ): the value may have lines of its own.
void Formatter::put_group(const std::vector<Part>& parts) {
  put(PieceKind::group);
  put_token(parts.front().index);
  put_gap(first_token(parts[1]));
  put(PieceKind::indent);
  put(PieceKind::soft_line);
  put_part(parts[1]);
  put_gap(parts.back().index);
  put(PieceKind::dedent);
  put(PieceKind::soft_line);
  put_token(parts.back().index);
  put(PieceKind::end);
}

// --- what is in brackets

// f([…]), f(host { … }), f("…"): a single element takes the brackets as its own.
bool Formatter::is_hugged(const std::vector<Part>& inside) const {
  const Part only = inside.front();
  return inside.size() == 1 &&
         (!only.is_node || is_node(only, NodeKind::list) || is_node(only, NodeKind::map) ||
          is_node(only, NodeKind::record) || is_node(only, NodeKind::text_template) ||
          is_node(only, NodeKind::shell_template));
}

// A list of single words is filled line by line, as the arguments of a command are.
bool Formatter::is_filled(const std::vector<Part>& inside) const {
  return std::ranges::all_of(inside, [&](Part part) {
    return is_node(part, NodeKind::text_template) || is_node(part, NodeKind::postfix) ||
           (!part.is_node && !is_token(part, Kind::reserved_for));
  });
}

// The elements between brackets with their commas. A comma is written before the comments in front
// of it; newlines do in braces when each element has its own line.
void Formatter::put_elements(const std::vector<Part>& parts, bool has_commas) {
  const Part* left = nullptr;
  for (const Part& part : parts) {
    if (is_token(part, Kind::comma)) {
      continue;
    }
    const bool goes_on = is_token(part, Kind::reserved_for) || is_token(part, Kind::reserved_if);
    if (left == nullptr) {
      put_part(part);
    } else if (goes_on) {
      put_gap(first_token(part));
      put(PieceKind::line);
      put_part(part);
    } else if (is_inside_comprehension(*left, part)) {
      put(PieceKind::text, " ");
      put_part(part);
    } else {
      put(has_commas ? PieceKind::text : PieceKind::flat_text, ",");
      put_gap(first_token(part));
      put(PieceKind::line);
      put_part(part);
    }
    left = &part;
  }
}

// [value for name in list if condition]: after `for`, the name, `in` and `if` no element begins.
bool Formatter::is_inside_comprehension(Part left, Part part) const {
  return is_token(left, Kind::reserved_for) || is_token(left, Kind::reserved_in) ||
         is_token(left, Kind::reserved_if) || is_token(part, Kind::reserved_in);
}

// path { … }, ( … ), [ … ]: all in one line, or the brackets around lines of their own.
void Formatter::put_bracketed(const std::vector<Part>& parts, bool has_commas) {
  std::size_t opener = 0;
  put(PieceKind::group);
  while (!is_token(parts[opener], Kind::left_paren) &&
         !is_token(parts[opener], Kind::left_bracket) &&
         !is_token(parts[opener], Kind::left_brace)) {
    put_part(parts[opener++]);
  }
  const bool is_brace = is_token(parts[opener], Kind::left_brace);
  if (is_brace && opener > 0) {
    put(PieceKind::text, " ");
  }
  put_token(parts[opener].index);
  const std::vector<Part> inside(parts.begin() + static_cast<std::ptrdiff_t>(opener) + 1,
                                 parts.end() - 1);
  const bool is_tight = inside.empty() || (!is_brace && is_hugged(inside));
  const bool is_fill = is_token(parts[opener], Kind::left_bracket) && is_filled(inside);
  const PieceKind edge = is_brace ? PieceKind::line : PieceKind::soft_line;
  if (!is_tight) {
    put(PieceKind::indent);
    put_gap(first_token(inside.front()));
    put(edge);
    put(is_fill ? PieceKind::fill : PieceKind::text);
  }
  put_elements(inside, has_commas);
  if (!is_tight) {
    put(is_fill ? PieceKind::end : PieceKind::text);
    const bool is_comprehension =
        std::ranges::any_of(inside, [&](Part part) { return is_token(part, Kind::reserved_for); });
    put(PieceKind::broken_text, has_commas && !is_comprehension ? "," : "");
  }
  put_gap(parts.back().index);
  if (!is_tight) {
    put(PieceKind::dedent);
    put(edge);
  }
  put_token(parts.back().index);
  put(PieceKind::end);
}

// type name { field: type, … }
void Formatter::put_record_type(const std::vector<Part>& parts) {
  put_token(parts[0].index);
  put(PieceKind::text, " ");
  put_token(parts[1].index);
  put(PieceKind::text, " ");
  put_bracketed({parts.begin() + 2, parts.end()}, false);
}

void Formatter::put_part(Part part) {
  if (!part.is_node) {
    put_token(part.index);
    return;
  }
  const NodeKind kind = node_kind(part);
  if (kind == NodeKind::text_template || kind == NodeKind::shell_template) {
    put_verbatim(part.index);
    return;
  }
  const std::vector<Part> parts = parts_of(part.index);
  switch (kind) {
    case NodeKind::block:
      return put_block(parts);
    case NodeKind::arguments:
    case NodeKind::parameters:
    case NodeKind::list:
      return put_bracketed(parts, true);
    case NodeKind::map:
    case NodeKind::record:
      return put_bracketed(parts, false);
    case NodeKind::type_declaration:
      return has_braces(part) ? put_record_type(parts) : put_words(kind, parts);
    case NodeKind::conjunction:
    case NodeKind::disjunction:
    case NodeKind::sum:
      return put_chain(parts);
    case NodeKind::conditional:
      put(PieceKind::group);
      put_conditional(parts);
      return put(PieceKind::end);
    case NodeKind::group:
      return put_group(parts);
    case NodeKind::type:
    case NodeKind::index:
    case NodeKind::minus:
      for (std::size_t index = 0; index < parts.size(); ++index) {
        put_part(parts[index]);
        if (is_token(parts[index], Kind::comma)) {
          put(PieceKind::text, " ");
        }
      }
      return;
    default:
      return put_words(kind, parts);
  }
}

}  // namespace plan
