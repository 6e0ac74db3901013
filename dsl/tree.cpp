#include "dsl/tree.hpp"

#include <algorithm>

namespace plan {

std::string_view Tree::gap_before(std::uint32_t token) const {
  const std::uint32_t begin = token == 0 ? base : tokens[token - 1].end();
  return text.substr(begin - base, tokens[token].begin - begin);
}

Span Tree::span_of(const TreeNode& node) const {
  std::uint32_t end = node.end_token;
  while (end > node.first_token + 1 && tokens[end - 1].kind == TokenKind::newline) {
    --end;
  }
  const std::uint32_t begin = tokens[node.first_token].begin;
  return {begin, end > node.first_token ? tokens[end - 1].end() : begin};
}

void Tree::children_of(std::uint32_t node, std::vector<std::uint32_t>& children) const {
  const std::uint32_t first = nodes[node].first_node;
  if (node == first) {
    return;
  }
  const std::size_t before = children.size();
  // In post-order the last child stands directly before its parent, its elder sibling directly
  // before the child's own descendants.
  for (std::uint32_t next = node; next > first; next = nodes[next].first_node) {
    --next;
    children.push_back(next);
  }
  if (children.size() - before > 1) {
    std::reverse(children.begin() + static_cast<std::ptrdiff_t>(before), children.end());
  }
}

}  // namespace plan
