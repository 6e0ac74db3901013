#include "dsl/build_clause.hpp"

#include <utility>

namespace plan {

namespace {

using ast::ExprId;
using Kind = TokenKind;

ast::Block build_block(AstBuilder& builder, std::uint32_t index);

ast::LetStatement build_let_statement(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::reserved_let);
  ast::LetStatement let;
  let.name = parts.take_name();
  let.type = parts.take_optional_type();
  (void)parts.take(Kind::equal);
  let.value = parts.take_value();
  return let;
}

ast::Block take_block(AstBuilder& builder, Parts& parts) {
  while (!parts.is_done() && !parts.is_at(NodeKind::block) && !parts.is_at(Kind::reserved_else)) {
    parts.skip();
  }
  return parts.is_at(NodeKind::block) ? build_block(builder, parts.take_node()) : ast::Block{};
}

ast::IfStatement build_if(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::reserved_if);
  ast::IfStatement statement;
  statement.condition = parts.take_value();
  statement.then_block = take_block(builder, parts);
  if (parts.take(Kind::reserved_else)) {
    if (parts.is_at(NodeKind::if_statement)) {
      const std::uint32_t inner = parts.take_node();
      statement.else_block.push_back({.span = builder.tree.span_of(builder.tree.nodes[inner]),
                                      .node = build_if(builder, inner)});
    } else {
      statement.else_block = take_block(builder, parts);
    }
  }
  return statement;
}

ast::ForStatement build_for_statement(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::reserved_for);
  ast::ForStatement statement;
  statement.variable = parts.take_name();
  (void)parts.take(Kind::reserved_in);
  statement.list = parts.take_value();
  statement.body = take_block(builder, parts);
  return statement;
}

ast::WaitStatement build_wait(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_wait);
  (void)parts.take(Kind::word_until);
  ast::WaitStatement statement;
  statement.condition = parts.take_value();
  (void)parts.take(Kind::comma);
  (void)parts.take(Kind::word_every);
  statement.every = parts.take_value();
  (void)parts.take(Kind::comma);
  (void)parts.take(Kind::reserved_for);
  statement.limit = parts.take_value();
  return statement;
}

// The value after the keyword.
ExprId build_only_value(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take_token();
  return parts.take_value();
}

using StatementNode = decltype(ast::Statement::node);

std::optional<StatementNode> build_statement(AstBuilder& builder, std::uint32_t index) {
  switch (builder.tree.nodes[index].kind) {
    case NodeKind::let_statement:
      return build_let_statement(builder, index);
    case NodeKind::if_statement:
      return build_if(builder, index);
    case NodeKind::for_statement:
      return build_for_statement(builder, index);
    case NodeKind::wait_statement:
      return build_wait(builder, index);
    case NodeKind::fail_statement:
      return ast::FailStatement{.message = build_only_value(builder, index)};
    case NodeKind::return_statement:
      return ast::ReturnStatement{.value = build_only_value(builder, index)};
    case NodeKind::value_statement: {
      Parts parts(builder, index);
      return ast::ExprStatement{.value = parts.take_value()};
    }
    default:
      return std::nullopt;
  }
}

ast::Block build_block(AstBuilder& builder, std::uint32_t index) {
  ast::Block block;
  Parts parts(builder, index);
  for (; !parts.is_done(); parts.skip()) {
    while (parts.is_at_node()) {
      const std::uint32_t node = parts.take_node();
      std::optional<StatementNode> statement = build_statement(builder, node);
      if (statement) {
        block.push_back({.span = builder.tree.span_of(builder.tree.nodes[node]),
                         .node = std::move(*statement)});
      }
    }
  }
  return block;
}

// --- clauses

using ClauseNode = decltype(ast::Clause::node);

ast::ChangesClause build_changes(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_changes);
  ast::ChangesClause clause;
  clause.state = parts.take_value();
  if (parts.take(Kind::word_keeping)) {
    clause.keeping = parts.take_names();
  }
  return clause;
}

ast::RetryClause build_retry(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_retry);
  ast::RetryClause clause;
  clause.count = parts.take_value();
  (void)parts.take(Kind::word_every);
  clause.every = parts.take_value();
  return clause;
}

ast::UndoClause build_undo(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_undo);
  const bool is_none = parts.is_at(Kind::word_none);
  return {.call = is_none ? ExprId{} : parts.take_value()};
}

ast::AfterClause build_after(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_after);
  ast::AfterClause clause;
  const TreeNode& node = builder.tree.nodes[index];
  clause.steps.reserve((node.end_token - node.first_token) / 2);
  clause.steps.push_back(parts.take_value());
  while (parts.take(Kind::comma)) {
    clause.steps.push_back(parts.take_value());
  }
  return clause;
}

ast::OutputClause build_output(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_output);
  ast::OutputClause clause;
  clause.name = parts.take_name();
  clause.type = std::make_unique<ast::TypeRef>(parts.take_type());
  (void)parts.take(Kind::equal);
  clause.value = parts.take_value();
  return clause;
}

ast::DoClause build_do(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  return {.body = take_block(builder, parts)};
}

ast::ConditionClause build_condition_clause(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take_token();
  ast::ConditionClause clause = take_condition(builder, parts);
  clause.span = builder.tree.span_of(builder.tree.nodes[index]);
  return clause;
}

std::optional<ClauseNode> build_clause(AstBuilder& builder, std::uint32_t index) {
  switch (builder.tree.nodes[index].kind) {
    case NodeKind::requires_clause:
      return ast::RequiresClause{.condition = build_condition_clause(builder, index)};
    case NodeKind::awaits_clause:
      return ast::AwaitsClause{.condition = build_condition_clause(builder, index)};
    case NodeKind::ensures_clause:
      return ast::EnsuresClause{.effect = build_only_value(builder, index)};
    case NodeKind::changes_clause:
      return build_changes(builder, index);
    case NodeKind::destroys_clause:
      return ast::DestroysClause{.state = build_only_value(builder, index)};
    case NodeKind::irreversible_clause:
      return ast::IrreversibleClause{.reason = build_only_value(builder, index)};
    case NodeKind::detached_clause:
      return ast::DetachedClause{};
    case NodeKind::once_clause:
      return ast::OnceClause{};
    case NodeKind::timeout_clause:
      return ast::TimeoutClause{.limit = build_only_value(builder, index)};
    case NodeKind::retry_clause:
      return build_retry(builder, index);
    case NodeKind::undo_clause:
      return build_undo(builder, index);
    case NodeKind::after_clause:
      return build_after(builder, index);
    case NodeKind::when_clause:
      return ast::WhenClause{.condition = build_only_value(builder, index)};
    case NodeKind::allow_clause:
      return ast::AllowDestroyClause{};
    case NodeKind::note_clause:
      return ast::NoteClause{.text = build_only_value(builder, index)};
    case NodeKind::output_clause:
      return build_output(builder, index);
    case NodeKind::let_clause: {
      ast::LetStatement let = build_let_statement(builder, index);
      return ast::LetClause{
          .name = let.name,
          .type = let.type ? std::make_unique<ast::TypeRef>(std::move(*let.type)) : nullptr,
          .value = let.value};
    }
    case NodeKind::manual_clause:
      return ast::ManualClause{.text = build_only_value(builder, index)};
    case NodeKind::do_clause:
      return build_do(builder, index);
    default:
      return std::nullopt;
  }
}

template <typename Sink>
void each_clause(AstBuilder& builder, Parts& parts, Sink sink) {
  for (; !parts.is_done(); parts.skip()) {
    while (parts.is_at_node()) {
      const std::uint32_t index = parts.take_node();
      std::optional<ClauseNode> node = build_clause(builder, index);
      if (node) {
        sink(ast::Clause{.span = builder.tree.span_of(builder.tree.nodes[index]),
                         .node = std::move(*node)});
      }
    }
  }
}

// --- tests

using TestNode = decltype(ast::TestClause::node);

std::optional<TestNode> build_test_clause(AstBuilder& builder, std::uint32_t index) {
  const NodeKind kind = builder.tree.nodes[index].kind;
  Parts parts(builder, index);
  (void)parts.take_token();
  switch (kind) {
    case NodeKind::set_clause: {
      const ast::Identifier input = parts.take_name();
      (void)parts.take(Kind::equal);
      return ast::SetClause{.input = input, .value = parts.take_value()};
    }
    case NodeKind::crash_clause:
      return ast::CrashClause{};
    case NodeKind::fail_step_clause:
      (void)parts.take(Kind::word_step);
      return parts.is_at_name() ? ast::FailStepClause{.step = parts.take_name(), .turn = {}}
                                : ast::FailStepClause{.step = {}, .turn = parts.take_value()};
    case NodeKind::shuffle_clause:
      return ast::ShuffleClause{.count = parts.take_value()};
    case NodeKind::expect_clause:
      return ast::ExpectClause{.condition = parts.take_value()};
    case NodeKind::refused_clause: {
      (void)parts.take(Kind::word_refused);
      const ast::Identifier code = parts.take_name();
      const bool has_message =
          parts.is_at_node() || parts.is_at(Kind::string) || parts.is_at(Kind::raw_string);
      return ast::ExpectRefusedClause{.code = code,
                                      .message = has_message ? parts.take_value() : ExprId{}};
    }
    default:
      return std::nullopt;
  }
}

// `given a, b` is `given a` and `given b`.
void build_given(AstBuilder& builder, std::uint32_t index, std::vector<ast::TestClause>& clauses) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_given);
  do {
    const ExprId condition = parts.take_value();
    clauses.push_back({.span = builder.file.exprs[condition.index].span,
                       .node = ast::GivenClause{.condition = condition}});
  } while (parts.take(Kind::comma));
}

}  // namespace

ast::ConditionClause take_condition(AstBuilder& builder, Parts& parts) {
  ast::ConditionClause clause;
  clause.condition = parts.take_value();
  clause.span = builder.file.exprs[clause.condition.index].span;
  if (parts.take(Kind::reserved_else)) {
    clause.message = parts.take_value();
  }
  return clause;
}

std::vector<ast::Clause> build_clauses(AstBuilder& builder, Parts& parts) {
  std::vector<ast::Clause> clauses;
  each_clause(builder, parts, [&](ast::Clause clause) { clauses.push_back(std::move(clause)); });
  return clauses;
}

ast::Range build_step_clauses(AstBuilder& builder, Parts& parts) {
  Chunked<ast::Clause>& table = builder.file.step_clauses;
  const auto begin = static_cast<std::uint32_t>(table.size());
  each_clause(builder, parts, [&](ast::Clause clause) { table.push_back(std::move(clause)); });
  return {.begin = begin, .end = static_cast<std::uint32_t>(table.size())};
}

ast::TestDecl build_test(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_test);
  ast::TestDecl test;
  test.title = parts.take_value();
  for (; !parts.is_done(); parts.skip()) {
    while (parts.is_at_node()) {
      const std::uint32_t node = parts.take_node();
      if (builder.tree.nodes[node].kind == NodeKind::given_clause) {
        build_given(builder, node, test.clauses);
      } else if (std::optional<TestNode> clause = build_test_clause(builder, node)) {
        test.clauses.push_back(
            {.span = builder.tree.span_of(builder.tree.nodes[node]), .node = std::move(*clause)});
      }
    }
  }
  return test;
}

}  // namespace plan
