#include <utility>

#include "dsl/ast_builder.hpp"

namespace plan {

Parts::Parts(AstBuilder& builder, std::uint32_t node)
    : builder_(builder),
      token_(builder.tree.nodes[node].first_token),
      end_token_(builder.tree.nodes[node].end_token),
      first_child_(builder.children.size()),
      child_(first_child_) {
  builder.tree.children_of(node, builder.children);
  end_child_ = builder.children.size();
}

Span Parts::here() const {
  const std::uint32_t begin = builder_.tree.tokens[token_].begin;
  return {begin, begin};
}

ast::Identifier Parts::take_name() {
  if (!is_at_name()) {
    return {.name = {}, .span = here()};
  }
  const Token token = builder_.tree.tokens[take_token()];
  return {.name = Name(builder_.tree.text_of(token)), .span = token.span()};
}

std::vector<ast::Identifier> Parts::take_path() {
  std::vector<ast::Identifier> path{take_name()};
  while (take(TokenKind::dot)) {
    path.push_back(take_name());
  }
  return path;
}

std::vector<ast::Identifier> Parts::take_names() {
  std::vector<ast::Identifier> names{take_name()};
  while (take(TokenKind::comma) || take(TokenKind::bar)) {
    names.push_back(take_name());
  }
  return names;
}

ast::TypeRef Parts::take_type() {
  (void)take(TokenKind::colon);
  if (!is_at(NodeKind::type)) {
    return {.path = {}, .arguments = {}, .span = here()};
  }
  const std::uint32_t node = take_node();
  ast::TypeRef type;
  type.span = builder_.tree.span_of(builder_.tree.nodes[node]);
  Parts parts(builder_, node);
  type.path = parts.take_path();
  for (; !parts.is_done(); parts.skip()) {
    while (parts.is_at(NodeKind::type)) {
      type.arguments.push_back(parts.take_type());
    }
  }
  return type;
}

std::optional<ast::TypeRef> Parts::take_optional_type() {
  if (!is_at(TokenKind::colon)) {
    return std::nullopt;
  }
  return take_type();
}

ast::ExprId Parts::take_value() {
  if (is_at_node()) {
    return build_node_value(builder_, take_node());
  }
  if (token_ >= end_token_) {
    return add_expr(builder_, here(), ast::Invalid{});
  }
  return build_token_value(builder_, take_token());
}

ast::ExprId Parts::take_default() {
  return take(TokenKind::equal) ? take_value() : ast::ExprId{};
}

ast::ExprId Parts::take_user() {
  return is_at_name() ? build_name_as_text(builder_, take_token()) : take_value();
}

}  // namespace plan
