// The syntax of one file without loss: its tokens, and which runs of them are what. Flat: nodes in
// post-order, 16 bytes each. Whatever the nodes do not cover (keywords, punctuation, names, plain
// literals) is read from the tokens, whatever the tokens do not cover (blanks, comments) from the
// text. Built by parser.cpp, read by build_ast.cpp and format.cpp; lives between them only.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "dsl/source.hpp"
#include "dsl/token.hpp"

namespace plan {

enum class NodeKind : std::uint8_t {
#define NODE(kind) kind,
#include "dsl/node_kind.def"
#undef NODE
};

struct TreeNode {
  std::uint32_t first_token = 0;
  std::uint32_t end_token = 0;
  std::uint32_t first_node = 0;  // of its descendants, which stand directly before it
  NodeKind kind = NodeKind::error;
};

struct Tree {
  FileId file;
  std::uint32_t base = 0;  // offset of text[0] in the virtual buffer
  std::string_view text;
  std::vector<Token> tokens;
  std::vector<TreeNode> nodes;  // the last one is the root

  [[nodiscard]] std::uint32_t root() const { return static_cast<std::uint32_t>(nodes.size() - 1); }
  [[nodiscard]] std::string_view text_of(const Token& token) const {
    return {text.data() + (token.begin - base), token.length};
  }
  // Blanks and comments between a token and the one before it.
  [[nodiscard]] std::string_view gap_before(std::uint32_t token) const;
  // From the first token's begin to the last token's end; newlines at the end do not count.
  [[nodiscard]] Span span_of(const TreeNode& node) const;
  // Appends the children of a node in the order of the text.
  void children_of(std::uint32_t node, std::vector<std::uint32_t>& children) const;
};

}  // namespace plan
