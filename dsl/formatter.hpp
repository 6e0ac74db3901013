// The shared part of format.cpp (items and their lines) and format_line.cpp (what is in a line):
// walks the tree and writes the pieces that layout() sets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dsl/layout.hpp"
#include "dsl/tree.hpp"

namespace plan {

// A child node, or a token no child covers.
struct Part {
  bool is_node = false;
  std::uint32_t index = 0;
};

class Formatter {
 public:
  explicit Formatter(const Tree& tree) : tree_(tree), last_end_(tree.base) {}

  std::string run();

 private:
  enum class Level : std::uint8_t { file, body };

  void put(PieceKind kind, std::string_view text = {}) { pieces_.push_back({kind, text}); }
  [[nodiscard]] std::vector<Part> parts_of(std::uint32_t node) const;
  [[nodiscard]] bool is_token(Part part, TokenKind kind) const {
    return !part.is_node && tree_.tokens[part.index].kind == kind;
  }
  [[nodiscard]] NodeKind node_kind(Part part) const { return tree_.nodes[part.index].kind; }
  [[nodiscard]] bool is_node(Part part, NodeKind kind) const {
    return part.is_node && node_kind(part) == kind;
  }
  [[nodiscard]] std::uint32_t first_token(Part part) const {
    return part.is_node ? tree_.nodes[part.index].first_token : part.index;
  }

  void put_gap(std::uint32_t token);
  void put_token(std::uint32_t token);
  void put_part(Part part);
  void put_verbatim(std::uint32_t node);
  void put_items(const std::vector<Part>& parts, Level level);
  void put_before_item(Part item, bool wants_blank);
  [[nodiscard]] bool wants_blank_between(Part before, Part item, Level level) const;
  [[nodiscard]] bool has_body(Part item) const;
  [[nodiscard]] bool has_braces(Part item) const;
  void put_words(NodeKind statement, const std::vector<Part>& parts);
  std::size_t put_body(const std::vector<Part>& parts, std::size_t begin);
  void put_block(const std::vector<Part>& parts);
  [[nodiscard]] bool is_one_liner(const std::vector<Part>& parts) const;
  void put_elements(const std::vector<Part>& parts, bool has_commas);
  [[nodiscard]] bool is_inside_comprehension(Part left, Part part) const;
  void put_bracketed(const std::vector<Part>& parts, bool has_commas);
  void put_record_type(const std::vector<Part>& parts);
  void put_chain(const std::vector<Part>& parts);
  void put_conditional(const std::vector<Part>& parts);
  void put_group(const std::vector<Part>& parts);
  [[nodiscard]] bool is_open_ended(Part part) const;
  void put_indented(Part part, PieceKind before);
  void put_after_equals(NodeKind statement, Part value);
  void put_word(NodeKind statement, Part left, Part part);
  [[nodiscard]] bool is_hugged(const std::vector<Part>& inside) const;
  [[nodiscard]] bool is_filled(const std::vector<Part>& inside) const;
  [[nodiscard]] bool is_spaced(Part left, Part right) const;

  const Tree& tree_;
  std::vector<Piece> pieces_;
  bool has_lines_ = false;  // within the branches of an `if` with several
  std::uint32_t last_end_;  // what has been written, or left out, reaches to here
};

}  // namespace plan
