#include "dsl/build_ast.hpp"

#include <algorithm>
#include <utility>

#include "dsl/ast_builder.hpp"
#include "dsl/build_clause.hpp"
#include "dsl/lexer.hpp"

namespace plan {

namespace {

using ast::ExprId;
using Kind = TokenKind;

ast::Declarations build_declarations(AstBuilder& builder, Parts& parts);

// --- of plans

ast::Use build_use(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_use);
  ast::Use use;
  if (parts.is_at(NodeKind::path)) {
    Parts path(builder, parts.take_node());
    use.path = path.take_path();
  } else if (parts.is_at(Kind::string) || parts.is_at(Kind::raw_string)) {
    use.file = plain_text(builder, parts.take_token());
  }
  if (parts.take(Kind::reserved_as)) {
    use.alias = parts.take_name();
  }
  return use;
}

ast::InputDecl build_input(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_input);
  ast::InputDecl input;
  input.name = parts.take_name();
  input.type = parts.take_type();
  input.default_value = parts.take_default();
  return input;
}

ast::LetDecl build_let(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::reserved_let);
  ast::LetDecl let;
  let.name = parts.take_name();
  let.type = parts.take_optional_type();
  (void)parts.take(Kind::equal);
  let.value = parts.take_value();
  return let;
}

ast::StepDecl build_step(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  ast::StepDecl step;
  if (parts.take(Kind::word_step)) {
    step.name = parts.take_name();
    (void)parts.take(Kind::equal);
    const bool is_approve = parts.is_at(NodeKind::approve_text);
    if (is_approve || parts.is_at(NodeKind::manual_text)) {
      step.form = is_approve ? ast::StepForm::approve : ast::StepForm::manual;
      Parts text(builder, parts.take_node());
      (void)text.take_token();
      step.value = text.take_value();
    } else {
      step.value = parts.take_value();
    }
  } else {
    (void)parts.take(Kind::word_approve);
    step.form = ast::StepForm::approve;
    step.value = parts.take_value();
  }
  step.clauses = build_step_clauses(builder, parts);
  return step;
}

std::vector<ExprId> take_values(Parts& parts) {
  std::vector<ExprId> values{parts.take_value()};
  while (parts.take(Kind::comma)) {
    values.push_back(parts.take_value());
  }
  return values;
}

ast::PhaseDecl build_phase(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_phase);
  ast::PhaseDecl phase;
  phase.title = parts.take_value();
  if (parts.take(Kind::word_after)) {
    phase.after = take_values(parts);
  }
  phase.items = build_declarations(builder, parts);
  return phase;
}

void build_loop_option(AstBuilder& builder, std::uint32_t index, ast::ForDecl& loop) {
  Parts parts(builder, index);
  switch (builder.tree.nodes[index].kind) {
    case NodeKind::one_at_a_time: {
      const Span span = builder.tree.tokens[parts.token()].span();
      loop.at_most = add_expr(builder, span, ast::IntLiteral{.value = 1});
      break;
    }
    case NodeKind::at_most:
      (void)parts.take(Kind::word_at);
      (void)parts.take(Kind::word_most);
      loop.at_most = parts.take_value();
      break;
    case NodeKind::continue_on_failure:
      loop.on_failure = ast::OnFailure::go_on;
      break;
    case NodeKind::loop_after:
      (void)parts.take(Kind::word_after);
      loop.after.push_back(parts.take_value());
      break;
    default:
      break;
  }
}

ast::ForDecl build_for(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::reserved_for);
  ast::ForDecl loop;
  loop.variable = parts.take_name();
  (void)parts.take(Kind::reserved_in);
  loop.list = parts.take_value();
  while (parts.take(Kind::comma)) {
    if (parts.is_at_node()) {
      build_loop_option(builder, parts.take_node(), loop);
    }
  }
  loop.items = build_declarations(builder, parts);
  return loop;
}

ast::WhenDecl build_when(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_when);
  ast::WhenDecl when;
  when.condition = parts.take_value();
  when.items = build_declarations(builder, parts);
  return when;
}

// `require C`, `goal E`, `always E`.
ast::ConditionClause build_condition(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take_token();
  ast::ConditionClause clause = take_condition(builder, parts);
  clause.span = builder.tree.span_of(builder.tree.nodes[index]);
  return clause;
}

// --- of modules

ast::Attribute build_attribute(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  ast::Attribute attribute;
  attribute.span = builder.tree.span_of(builder.tree.nodes[index]);
  attribute.doc = doc_of(builder.tree, parts.token());
  attribute.kind = parts.is_at(Kind::word_state)  ? ast::AttributeKind::state
                   : parts.is_at(Kind::word_fact) ? ast::AttributeKind::fact
                                                  : ast::AttributeKind::query;
  (void)parts.take_token();
  attribute.name = parts.take_name();
  attribute.type = parts.take_type();
  (void)parts.take(Kind::equal);
  attribute.observe = parts.take_value();
  if (parts.take(Kind::word_carried) && parts.take(Kind::word_by)) {
    attribute.carried_by = parts.take_value();
  }
  return attribute;
}

ast::Field build_field(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  ast::Field field;
  field.doc = doc_of(builder.tree, parts.token());
  field.name = parts.take_name();
  field.type = parts.take_type();
  field.default_value = parts.take_default();
  return field;
}

ast::ResourceTypeDecl build_resource_type(AstBuilder& builder, Parts& parts, ast::Identifier name) {
  ast::ResourceTypeDecl type;
  type.name = name;
  if (parts.take(Kind::word_on)) {
    type.on = parts.take_name();
  }
  for (; !parts.is_done(); parts.skip()) {
    while (parts.is_at_node()) {
      const std::uint32_t index = parts.take_node();
      switch (builder.tree.nodes[index].kind) {
        case NodeKind::resource_field:
          type.fields.push_back(build_field(builder, index));
          break;
        case NodeKind::attribute:
          type.attributes.push_back(build_attribute(builder, index));
          break;
        case NodeKind::key: {
          Parts key(builder, index);
          (void)key.take(Kind::word_key);
          type.key = key.take_names();
          break;
        }
        default:
          break;
      }
    }
  }
  return type;
}

ast::DeclarationNode build_resource(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_resource);
  const ast::Identifier name = parts.take_name();
  if (parts.take(Kind::equal)) {
    return ast::ResourceDecl{.name = name, .value = parts.take_value()};
  }
  return build_resource_type(builder, parts, name);
}

ast::Parameter build_parameter(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  ast::Parameter parameter;
  parameter.name = parts.take_name();
  parameter.type = parts.take_type();
  parameter.default_value = parts.take_default();
  return parameter;
}

std::vector<ast::Parameter> take_parameters(AstBuilder& builder, Parts& parts) {
  std::vector<ast::Parameter> parameters;
  if (!parts.is_at(NodeKind::parameters)) {
    return parameters;
  }
  Parts inside(builder, parts.take_node());
  for (; !inside.is_done(); inside.skip()) {
    while (inside.is_at(NodeKind::parameter)) {
      parameters.push_back(build_parameter(builder, inside.take_node()));
    }
  }
  return parameters;
}

ast::OperationDecl build_operation(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_operation);
  ast::OperationDecl operation;
  operation.name = parts.take_name();
  operation.parameters = take_parameters(builder, parts);
  if (parts.take(Kind::word_on)) {
    operation.on = parts.take_value();
  }
  if (parts.take(Kind::reserved_as)) {
    operation.user = parts.take_user();
  }
  operation.clauses = build_clauses(builder, parts);
  return operation;
}

ast::FunctionDecl build_function(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  ast::FunctionDecl function;
  function.is_native = parts.take(Kind::word_native);
  function.is_effect = parts.is_at(Kind::word_effect);
  (void)parts.take_token();
  function.name = parts.take_name();
  function.parameters = take_parameters(builder, parts);
  function.type = parts.take_type();
  function.value = parts.take_default();
  return function;
}

ast::RuleDecl build_rule(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_rule);
  ast::RuleDecl rule;
  rule.name = parts.take_name();
  rule.parameters = take_parameters(builder, parts);
  for (; !parts.is_done(); parts.skip()) {
    while (parts.is_at(NodeKind::rule_requirement)) {
      rule.requires_.push_back(build_condition(builder, parts.take_node()));
    }
  }
  return rule;
}

ast::DeclarationNode build_type(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_type);
  const ast::Identifier name = parts.take_name();
  if (parts.take(Kind::equal)) {
    return ast::EnumDecl{.name = name, .cases = parts.take_names()};
  }
  ast::RecordDecl record{.name = name, .fields = {}};
  for (; !parts.is_done(); parts.skip()) {
    while (parts.is_at(NodeKind::field)) {
      record.fields.push_back(build_field(builder, parts.take_node()));
    }
  }
  return record;
}

// --- all

std::optional<ast::DeclarationNode> build_node(AstBuilder& builder, std::uint32_t index) {
  switch (builder.tree.nodes[index].kind) {
    case NodeKind::step:
    case NodeKind::approve:
      return build_step(builder, index);
    case NodeKind::phase:
      return build_phase(builder, index);
    case NodeKind::for_loop:
      return build_for(builder, index);
    case NodeKind::when_block:
      return build_when(builder, index);
    case NodeKind::let:
      return build_let(builder, index);
    case NodeKind::resource:
      return build_resource(builder, index);
    case NodeKind::input:
      return build_input(builder, index);
    case NodeKind::use:
      return build_use(builder, index);
    case NodeKind::require:
      return ast::RequireDecl{.condition = build_condition(builder, index)};
    case NodeKind::goal:
      return ast::GoalDecl{.condition = build_condition(builder, index).condition};
    case NodeKind::always:
      return ast::AlwaysDecl{.condition = build_condition(builder, index).condition};
    case NodeKind::test:
      return build_test(builder, index);
    case NodeKind::operation:
      return build_operation(builder, index);
    case NodeKind::function:
    case NodeKind::native:
      return build_function(builder, index);
    case NodeKind::rule:
      return build_rule(builder, index);
    case NodeKind::type_declaration:
      return build_type(builder, index);
    default:
      return std::nullopt;
  }
}

std::optional<ast::Declaration> build_declaration(AstBuilder& builder, std::uint32_t index) {
  std::optional<ast::DeclarationNode> node = build_node(builder, index);
  if (!node) {
    return std::nullopt;
  }
  const TreeNode& syntax = builder.tree.nodes[index];
  return ast::Declaration{.span = builder.tree.span_of(syntax),
                          .doc = doc_of(builder.tree, syntax.first_token),
                          .node = std::move(*node)};
}

// Calls made(count) after each.
template <class Made>
ast::Declarations build_each_declaration(AstBuilder& builder, Parts& parts, const Made& made) {
  std::vector<ast::Declaration> declarations;
  declarations.reserve(parts.nodes_left());
  for (; !parts.is_done(); parts.skip()) {
    while (parts.is_at_node()) {
      if (auto declaration = build_declaration(builder, parts.take_node())) {
        declarations.push_back(std::move(*declaration));
        made(declarations.size());
      }
    }
  }
  ast::Declarations result;
  result.splice(std::move(declarations));
  return result;
}

ast::Declarations build_declarations(AstBuilder& builder, Parts& parts) {
  return build_each_declaration(builder, parts, [](std::size_t) {});
}

// Those of the file itself, with its milestones.
void build_file(AstBuilder& builder, Parts& parts) {
  ast::File& file = builder.file;
  file.declarations = build_each_declaration(builder, parts, [&](std::size_t count) {
    if (count % ast::Milestone::distance == 0) {
      file.milestones.push_back(file.milestone(count));
    }
  });
}

void build_header(AstBuilder& builder, std::uint32_t index) {
  constexpr std::int64_t newest_edition = 1;
  Parts parts(builder, index);
  const NodeKind kind = builder.tree.nodes[index].kind;
  (void)parts.take_token();
  ast::File& file = builder.file;
  if (kind == NodeKind::plan_header) {
    file.header = builder.tree.span_of(builder.tree.nodes[index]);
    file.plan_title = parts.take_value();
  } else if (kind == NodeKind::module_header) {
    file.header = builder.tree.span_of(builder.tree.nodes[index]);
    file.module_path = parts.take_path();
  } else if (parts.is_at(Kind::number)) {
    const Token token = builder.tree.tokens[parts.take_token()];
    const Number number =
        parse_number(builder.tree.text_of(token), token.span(), builder.diagnostics);
    const bool is_known =
        number.kind == NumberKind::integer && number.value >= 1 && number.value <= newest_edition;
    if (is_known) {
      file.edition = number.value;
    } else if (number.kind != NumberKind::bad) {
      builder.diagnostics
          .report<Code::unknown_edition>(token.span(), builder.tree.text_of(token), newest_edition)
          .help("leave the line out for the newest edition that the program knows")
          .fix({.span = token.span(),
                .replacement = std::to_string(newest_edition),
                .description = "or write the edition that the plan was written for"});
    }
  }
}

}  // namespace

Span doc_of(const Tree& tree, std::uint32_t token) {
  const std::string_view gap = tree.gap_before(token);
  if (gap.find('#') == std::string_view::npos) {
    return {};
  }
  // Upwards from the declaration as long as lines are comments of their own; what stands before
  // the first newline belongs to another line, unless a newline token or nothing is before it.
  const bool starts_line = token == 0 || tree.tokens[token - 1].kind == Kind::newline;
  std::size_t line_end = gap.rfind('\n');
  std::size_t begin = std::string_view::npos;
  std::size_t end = 0;
  while (line_end != std::string_view::npos) {
    const std::size_t before =
        line_end == 0 ? std::string_view::npos : gap.rfind('\n', line_end - 1);
    if (before == std::string_view::npos && !starts_line) {
      break;
    }
    const std::size_t line_begin = before == std::string_view::npos ? 0 : before + 1;
    const std::string_view line = gap.substr(line_begin, line_end - line_begin);
    const std::size_t mark = line.find_first_not_of(" \t\r");
    if (mark == std::string_view::npos || line[mark] != '#') {
      break;
    }
    end = end == 0 ? line_end : end;
    begin = line_begin + mark;
    line_end = before;
  }
  if (begin == std::string_view::npos) {
    return {};
  }
  const auto offset = static_cast<std::uint32_t>(gap.data() - tree.text.data()) + tree.base;
  return {offset + static_cast<std::uint32_t>(begin), offset + static_cast<std::uint32_t>(end)};
}

ast::File build_ast(const Tree& tree, Diagnostics& diagnostics, std::size_t first_index) {
  ast::File file;
  file.id = tree.file;
  file.start_at(first_index);
  AstBuilder builder{.tree = tree, .diagnostics = diagnostics, .file = file, .children = {}};
  Parts parts(builder, tree.root());
  for (; !parts.is_done(); parts.skip()) {
    const bool is_header = parts.is_at(NodeKind::edition_header) ||
                           parts.is_at(NodeKind::plan_header) ||
                           parts.is_at(NodeKind::module_header);
    if (is_header) {
      build_header(builder, parts.take_node());
    } else if (parts.is_at_node()) {
      break;
    }
  }
  build_file(builder, parts);
  return file;
}

}  // namespace plan
