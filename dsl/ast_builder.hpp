// The shared part of build_ast.cpp (declarations) and build_expr.cpp (expressions): a walk over
// the tree that takes one part after another. Tolerant: a part that is missing because the syntax
// was wrong gives an empty name or an Invalid expression.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dsl/ast.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/literal.hpp"
#include "dsl/tree.hpp"

namespace plan {

struct AstBuilder {
  const Tree& tree;
  Diagnostics& diagnostics;
  ast::File& file;
  std::vector<std::uint32_t> children;     // stack of the children of the nodes being walked
  std::vector<ast::Argument> arguments{};  // and of the arguments of the calls that they are
  std::size_t depth = 0;                   // of expressions
};

// The parts of one node in order: child nodes, and the tokens between them.
class Parts {
 public:
  Parts(AstBuilder& builder, std::uint32_t node);
  ~Parts() {
    builder_.children.erase(builder_.children.begin() + static_cast<std::ptrdiff_t>(first_child_),
                            builder_.children.end());
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  [[nodiscard]] bool is_done() const { return token_ >= end_token_ && child_ >= end_child_; }
  [[nodiscard]] bool is_at_node() const {
    return child_ < end_child_ &&
           builder_.tree.nodes[builder_.children[child_]].first_token == token_;
  }
  [[nodiscard]] bool is_at(NodeKind kind) const {
    return is_at_node() && builder_.tree.nodes[builder_.children[child_]].kind == kind;
  }
  [[nodiscard]] bool is_at(TokenKind kind) const {
    return is_at_token() && builder_.tree.tokens[token_].kind == kind;
  }
  [[nodiscard]] bool is_at_name() const {
    return is_at_token() && is_name(builder_.tree.tokens[token_].kind);
  }
  // Position of the next token.
  [[nodiscard]] std::uint32_t token() const { return token_; }
  [[nodiscard]] Span here() const;
  [[nodiscard]] std::size_t nodes_left() const { return end_child_ - child_; }

  // The next part must be a node, or a token.
  std::uint32_t take_node() {
    const std::uint32_t node = builder_.children[child_++];
    token_ = builder_.tree.nodes[node].end_token;
    return node;
  }
  std::uint32_t take_token() { return token_++; }
  void skip() {
    if (is_at_node()) {
      (void)take_node();
    } else {
      ++token_;
    }
  }
  // Takes the next token if it is of this kind.
  bool take(TokenKind kind) {
    const bool is_there = is_at(kind);
    token_ += is_there ? 1 : 0;
    return is_there;
  }
  ast::Identifier take_name();
  // NAME { "." NAME }
  std::vector<ast::Identifier> take_path();
  std::vector<ast::Identifier> take_names();
  ast::TypeRef take_type();
  std::optional<ast::TypeRef> take_optional_type();
  ast::ExprId take_value();
  // `= value`, or none.
  ast::ExprId take_default();
  // NAME as a string literal, or a string.
  ast::ExprId take_user();

 private:
  [[nodiscard]] bool is_at_token() const { return token_ < end_token_ && !is_at_node(); }

  AstBuilder& builder_;
  std::uint32_t token_ = 0;
  std::uint32_t end_token_ = 0;
  std::size_t first_child_ = 0;
  std::size_t child_ = 0;
  std::size_t end_child_ = 0;
};

[[nodiscard]] ast::ExprId add_expr(AstBuilder& builder, Span span, ast::ExprNode node);
// The expression a node or a token stands for.
[[nodiscard]] ast::ExprId build_node_value(AstBuilder& builder, std::uint32_t node);
[[nodiscard]] ast::ExprId build_token_value(AstBuilder& builder, std::uint32_t token);
[[nodiscard]] ast::ExprId build_name_as_text(AstBuilder& builder, std::uint32_t token);
// The meaning of a token `string`, `raw_string` or `shell`: a slice of the source if it can be.
[[nodiscard]] std::string_view plain_text(AstBuilder& builder, std::uint32_t token);

}  // namespace plan
