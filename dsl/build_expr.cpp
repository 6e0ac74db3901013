#include <memory>
#include <span>
#include <utility>

#include "dsl/ast_builder.hpp"
#include "dsl/lexer.hpp"

namespace plan {

namespace {

using ast::ExprId;
using Kind = TokenKind;

class Deeper {
 public:
  Deeper(AstBuilder& builder, std::size_t levels) : builder_(builder), levels_(levels) {
    builder_.depth += levels_;
  }
  ~Deeper() { builder_.depth -= levels_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  AstBuilder& builder_;
  std::size_t levels_;
};

// Expressions are read by functions that call themselves, here and in the compiler.
bool is_too_deep(AstBuilder& builder, const TreeNode& node, std::size_t levels) {
  if (builder.depth + levels <= max_nesting) {
    return false;
  }
  builder.diagnostics.report<Code::nesting_too_deep>(builder.tree.span_of(node), max_nesting)
      .help("give a part of it a name with `let`");
  return true;
}

Span span_of(const AstBuilder& builder, ExprId expr) {
  return builder.file.exprs[expr.index].span;
}

template <typename Table, typename Items>
ast::Range append(Table& table, const Items& items) {
  const auto begin = static_cast<std::uint32_t>(table.size());
  for (const auto& item : items) {
    table.push_back(item);
  }
  return {.begin = begin, .end = static_cast<std::uint32_t>(table.size())};
}

// --- operators

ast::BinaryOp take_operator(Parts& parts, const Tree& tree) {
  const Kind kind = tree.tokens[parts.take_token()].kind;
  switch (kind) {
    case Kind::equal_equal:
      return ast::BinaryOp::equal;
    case Kind::not_equal:
      return ast::BinaryOp::not_equal;
    case Kind::less:
      return ast::BinaryOp::less;
    case Kind::less_equal:
      return ast::BinaryOp::less_equal;
    case Kind::greater:
      return ast::BinaryOp::greater;
    case Kind::greater_equal:
      return ast::BinaryOp::greater_equal;
    case Kind::reserved_in:
      return ast::BinaryOp::in;
    case Kind::plus:
      return ast::BinaryOp::add;
    case Kind::minus:
      return ast::BinaryOp::subtract;
    case Kind::star:
      return ast::BinaryOp::multiply;
    case Kind::slash:
      return ast::BinaryOp::divide;
    case Kind::percent:
      return ast::BinaryOp::remainder;
    default:
      // `not in` is the only operator of two words.
      (void)parts.take(Kind::reserved_in);
      return ast::BinaryOp::not_in;
  }
}

ExprId add_binary(AstBuilder& builder, ast::BinaryOp op, ExprId left, ExprId right) {
  const Span span = join(span_of(builder, left), span_of(builder, right));
  return add_expr(builder, span, ast::Binary{.op = op, .left = left, .right = right});
}

// a op b op c  →  ((a op b) op c)
ExprId build_left(AstBuilder& builder, std::uint32_t index) {
  const TreeNode node = builder.tree.nodes[index];
  Parts count(builder, index);
  std::size_t elements = 0;
  for (; !count.is_done(); count.skip()) {
    ++elements;
  }
  const std::size_t operators = elements / 2;
  if (is_too_deep(builder, node, operators)) {
    return add_expr(builder, builder.tree.span_of(node), ast::Invalid{});
  }
  const Deeper deeper(builder, operators);
  Parts parts(builder, index);
  ExprId left = parts.take_value();
  while (!parts.is_done()) {
    const ast::BinaryOp op = take_operator(parts, builder.tree);
    left = add_binary(builder, op, left, parts.take_value());
  }
  return left;
}

// The operators associate, so the tree is balanced: a rule of a thousand lines stays shallow.
ExprId join_balanced(AstBuilder& builder,
                     ast::BinaryOp op,
                     const ExprId* begin,
                     const ExprId* end) {
  if (end - begin == 1) {
    return *begin;
  }
  const ExprId* middle = begin + (end - begin + 1) / 2;
  const ExprId left = join_balanced(builder, op, begin, middle);
  return add_binary(builder, op, left, join_balanced(builder, op, middle, end));
}

ExprId build_logical(AstBuilder& builder, std::uint32_t index, ast::BinaryOp op) {
  const TreeNode node = builder.tree.nodes[index];
  std::size_t levels = 0;
  for (std::uint32_t operands = node.end_token - node.first_token; operands > 1; operands /= 2) {
    ++levels;
  }
  if (is_too_deep(builder, node, levels)) {
    return add_expr(builder, builder.tree.span_of(node), ast::Invalid{});
  }
  const Deeper deeper(builder, levels);
  Parts parts(builder, index);
  std::vector<ExprId> operands{parts.take_value()};
  while (!parts.is_done()) {
    (void)parts.take_token();
    operands.push_back(parts.take_value());
  }
  return join_balanced(builder, op, operands.data(), operands.data() + operands.size());
}

// --- what follows a value

ast::Range build_arguments(AstBuilder& builder, std::uint32_t index) {
  // What calls among the arguments put there, they have taken away again.
  std::vector<ast::Argument>& arguments = builder.arguments;
  const std::size_t first = arguments.size();
  Parts parts(builder, index);
  while (!parts.is_done()) {
    if (parts.is_at(NodeKind::argument)) {
      Parts named(builder, parts.take_node());
      const ast::Identifier name = named.take_name();
      (void)named.take(Kind::colon);
      const ExprId value = named.take_value();
      arguments.push_back({.name = name.name, .name_span = name.span, .value = value});
    } else if (parts.is_at(NodeKind::error) || parts.is_at(Kind::left_paren) ||
               parts.is_at(Kind::right_paren) || parts.is_at(Kind::comma)) {
      parts.skip();
    } else {
      const ExprId value = parts.take_value();
      arguments.push_back({.name = {}, .name_span = {}, .value = value});
    }
  }
  const ast::Range range = append(builder.file.arguments, std::span(arguments).subspan(first));
  arguments.resize(first);
  return range;
}

ExprId build_suffix(AstBuilder& builder, Parts& parts, ExprId base) {
  const Tree& tree = builder.tree;
  if (parts.take(Kind::dot)) {
    const ast::Identifier field = parts.take_name();
    return add_expr(builder, join(span_of(builder, base), field.span),
                    ast::Member{.base = base, .field = field.name, .field_span = field.span});
  }
  if (!parts.is_at_node()) {
    parts.skip();
    return base;
  }
  const std::uint32_t index = parts.take_node();
  const Span span = join(span_of(builder, base), tree.span_of(tree.nodes[index]));
  switch (tree.nodes[index].kind) {
    case NodeKind::arguments: {
      const ast::Range arguments = build_arguments(builder, index);
      return add_expr(builder, span, ast::Call{.callee = base, .arguments = arguments});
    }
    case NodeKind::index: {
      Parts inside(builder, index);
      (void)inside.take(Kind::left_bracket);
      const ExprId at = inside.take_value();
      return add_expr(builder, span, ast::Index{.base = base, .index = at});
    }
    case NodeKind::cast: {
      Parts inside(builder, index);
      (void)inside.take(Kind::reserved_as);
      const auto type = static_cast<std::uint32_t>(builder.file.types.size());
      builder.file.types.push_back(inside.take_type());
      return add_expr(builder, span, ast::Cast{.value = base, .type = type});
    }
    default:
      return base;
  }
}

ExprId build_postfix(AstBuilder& builder, std::uint32_t index) {
  const TreeNode node = builder.tree.nodes[index];
  Parts count(builder, index);
  std::size_t suffixes = 0;
  for (; !count.is_done(); count.skip()) {
    suffixes += count.is_at_node() || count.is_at(Kind::dot) ? 1 : 0;
  }
  if (is_too_deep(builder, node, suffixes)) {
    return add_expr(builder, builder.tree.span_of(node), ast::Invalid{});
  }
  const Deeper deeper(builder, suffixes);
  Parts parts(builder, index);
  ExprId value = parts.take_value();
  while (!parts.is_done()) {
    value = build_suffix(builder, parts, value);
  }
  return value;
}

// --- texts

ExprId add_text(AstBuilder& builder,
                Span span,
                Kind kind,
                const std::vector<ast::StringPart>& parts) {
  const ast::Range range = append(builder.file.string_parts, parts);
  const bool is_shell = kind == Kind::shell || kind == Kind::shell_begin;
  return is_shell ? add_expr(builder, span, ast::ShellTemplate{.parts = range})
                  : add_expr(builder, span, ast::StringLiteral{.parts = range});
}

std::string_view own(AstBuilder& builder, std::string text) {
  auto& owned = builder.file.owned_texts;
  owned.push_back(std::make_unique<const std::string>(std::move(text)));
  return *owned.back();
}

template <typename Table>
void push_text(AstBuilder& builder, std::string_view text, Table& parts) {
  if (!text.empty()) {
    parts.push_back({.text = static_cast<std::uint32_t>(builder.file.texts.size()), .value = {}});
    builder.file.texts.push_back(text);
  }
}

ExprId build_plain_text(AstBuilder& builder, std::uint32_t index) {
  const Token token = builder.tree.tokens[index];
  auto& parts = builder.file.string_parts;
  const auto begin = static_cast<std::uint32_t>(parts.size());
  push_text(builder, plain_text(builder, index), parts);
  const ast::Range range{.begin = begin, .end = static_cast<std::uint32_t>(parts.size())};
  return token.kind == Kind::shell
             ? add_expr(builder, token.span(), ast::ShellTemplate{.parts = range})
             : add_expr(builder, token.span(), ast::StringLiteral{.parts = range});
}

ExprId build_template(AstBuilder& builder, std::uint32_t index) {
  const Tree& tree = builder.tree;
  const TreeNode node = tree.nodes[index];
  std::vector<RawPiece> pieces{{}};
  std::vector<ExprId> values;
  Parts parts(builder, index);
  const Token begin = tree.tokens[parts.take_token()];
  while (!parts.is_done()) {
    if (parts.is_at(Kind::string_text)) {
      const Token token = tree.tokens[parts.take_token()];
      RawPiece& piece = pieces.back();
      const bool is_first = piece.text.empty();
      piece.begin = is_first ? token.begin : piece.begin;
      // Tokens of text that touch are one piece.
      piece.text = tree.text.substr(piece.begin - tree.base, token.end() - piece.begin);
    } else if (parts.take(Kind::interpolation_begin)) {
      values.push_back(parts.take_value());
      pieces.emplace_back();
    } else {
      parts.skip();
    }
  }
  const bool is_block = tree.text_of(begin).ends_with(R"(""")");
  std::vector<std::string> texts =
      resolve_text(pieces, is_block ? TextForm::block : TextForm::line, builder.diagnostics);
  std::vector<ast::StringPart> result;
  for (std::size_t piece = 0; piece < texts.size(); ++piece) {
    const bool is_slice = texts[piece] == pieces[piece].text;
    push_text(builder, is_slice ? pieces[piece].text : own(builder, std::move(texts[piece])),
              result);
    if (piece < values.size()) {
      result.push_back({.text = UINT32_MAX, .value = values[piece]});
    }
  }
  return add_text(builder, tree.span_of(node), begin.kind, result);
}

// --- what stands alone

ExprId build_list(AstBuilder& builder, std::uint32_t index) {
  const Span span = builder.tree.span_of(builder.tree.nodes[index]);
  Parts parts(builder, index);
  (void)parts.take(Kind::left_bracket);
  std::vector<ExprId> items;
  while (!parts.is_done() && !parts.is_at(Kind::right_bracket)) {
    if (parts.is_at(Kind::comma) || parts.is_at(NodeKind::error)) {
      parts.skip();
      continue;
    }
    items.push_back(parts.take_value());
    if (!parts.take(Kind::reserved_for)) {
      continue;
    }
    const ast::Identifier variable = parts.take_name();
    (void)parts.take(Kind::reserved_in);
    ast::Comprehension comprehension{.value = items.front(),
                                     .variable = variable.name,
                                     .variable_begin = variable.span.begin,
                                     .list = parts.take_value(),
                                     .condition = {}};
    if (parts.take(Kind::reserved_if)) {
      comprehension.condition = parts.take_value();
    }
    return add_expr(builder, span, comprehension);
  }
  const ast::Range range = append(builder.file.expr_lists, items);
  return add_expr(builder, span, ast::ListLiteral{.items = range});
}

ast::Argument build_entry(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  ast::Argument entry;
  entry.name_span = builder.tree.tokens[parts.token()].span();
  if (parts.is_at_name()) {
    entry.name = parts.take_name().name;
  } else {
    entry.name = Name(plain_text(builder, parts.take_token()));
  }
  (void)parts.take(Kind::colon);
  entry.value = parts.take_value();
  return entry;
}

ExprId build_record(AstBuilder& builder, std::uint32_t index) {
  const Span span = builder.tree.span_of(builder.tree.nodes[index]);
  Parts parts(builder, index);
  std::vector<ast::Identifier> path;
  if (parts.is_at_name()) {
    path = parts.take_path();
  }
  std::vector<ast::Argument> entries;
  while (!parts.is_done()) {
    if (parts.is_at(NodeKind::entry)) {
      entries.push_back(build_entry(builder, parts.take_node()));
    } else {
      parts.skip();
    }
  }
  const ast::Range type_path = append(builder.file.paths, path);
  const ast::Range fields = append(builder.file.arguments, entries);
  return add_expr(builder, span, ast::RecordLiteral{.type_path = type_path, .fields = fields});
}

ExprId build_conditional(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::reserved_if);
  ast::Conditional conditional;
  conditional.condition = parts.take_value();
  (void)parts.take(Kind::reserved_then);
  conditional.then_value = parts.take_value();
  (void)parts.take(Kind::reserved_else);
  conditional.else_value = parts.take_value();
  return add_expr(builder, builder.tree.span_of(builder.tree.nodes[index]), conditional);
}

ExprId build_for_all(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::reserved_for);
  const ast::Identifier variable = parts.take_name();
  (void)parts.take(Kind::reserved_in);
  ast::ForAll for_all{
      .variable = variable.name, .variable_span = variable.span, .list = {}, .condition = {}};
  for_all.list = parts.take_value();
  (void)parts.take(Kind::colon);
  for_all.condition = parts.take_value();
  return add_expr(builder, builder.tree.span_of(builder.tree.nodes[index]), for_all);
}

// A sign or a word, and one value.
ExprId build_after_token(AstBuilder& builder, std::uint32_t index) {
  const TreeNode node = builder.tree.nodes[index];
  const Span span = builder.tree.span_of(node);
  Parts parts(builder, index);
  (void)parts.take_token();
  const ExprId value = parts.take_value();
  switch (node.kind) {
    case NodeKind::group:
      return value;
    case NodeKind::minus:
      return add_expr(builder, span, ast::Unary{.op = ast::UnaryOp::negate, .operand = value});
    case NodeKind::negation:
      return add_expr(builder, span, ast::Unary{.op = ast::UnaryOp::logical_not, .operand = value});
    default:
      return add_expr(builder, span, ast::Run{.command = value});
  }
}

// --- commands

ast::CommandOptions build_options(AstBuilder& builder, std::uint32_t index) {
  ast::CommandOptions options;
  Parts parts(builder, index);
  while (!parts.is_done()) {
    if (parts.take(Kind::word_on)) {
      options.host = parts.take_value();
    } else if (parts.take(Kind::reserved_as)) {
      options.user = parts.take_user();
    } else if (parts.is_at_node()) {
      const std::uint32_t option = parts.take_node();
      Parts inside(builder, option);
      (void)inside.take_token();
      const ExprId value = inside.take_value();
      const NodeKind kind = builder.tree.nodes[option].kind;
      (kind == NodeKind::option_env     ? options.env
       : kind == NodeKind::option_stdin ? options.standard_input
                                        : options.timeout) = value;
    } else {
      parts.skip();
    }
  }
  return options;
}

ExprId build_command(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  const ExprId command = parts.take_value();
  if (!parts.is_at(NodeKind::command_options)) {
    return command;
  }
  const ast::CommandOptions built = build_options(builder, parts.take_node());
  const auto options = static_cast<std::uint32_t>(builder.file.command_options.size());
  builder.file.command_options.push_back(built);
  return add_expr(builder, builder.tree.span_of(builder.tree.nodes[index]),
                  ast::WithOptions{.command = command, .options = options});
}

ExprId build_pipe(AstBuilder& builder, std::uint32_t index) {
  Parts parts(builder, index);
  (void)parts.take(Kind::word_pipe);
  const ExprId source = parts.take_value();
  (void)parts.take(Kind::bar);
  const ExprId sink = parts.take_value();
  return add_expr(builder, builder.tree.span_of(builder.tree.nodes[index]),
                  ast::Pipe{.source = source, .sink = sink});
}

ExprId build_by_kind(AstBuilder& builder, std::uint32_t index) {
  const TreeNode node = builder.tree.nodes[index];
  switch (node.kind) {
    case NodeKind::disjunction:
      return build_logical(builder, index, ast::BinaryOp::logical_or);
    case NodeKind::conjunction:
      return build_logical(builder, index, ast::BinaryOp::logical_and);
    case NodeKind::comparison:
    case NodeKind::sum:
    case NodeKind::product:
      return build_left(builder, index);
    case NodeKind::postfix:
      return build_postfix(builder, index);
    case NodeKind::conditional:
      return build_conditional(builder, index);
    case NodeKind::for_all:
      return build_for_all(builder, index);
    case NodeKind::negation:
    case NodeKind::minus:
    case NodeKind::group:
    case NodeKind::run:
      return build_after_token(builder, index);
    case NodeKind::list:
      return build_list(builder, index);
    case NodeKind::map:
    case NodeKind::record:
      return build_record(builder, index);
    case NodeKind::text_template:
    case NodeKind::shell_template:
      return build_template(builder, index);
    case NodeKind::command:
      return build_command(builder, index);
    case NodeKind::pipe:
      return build_pipe(builder, index);
    default:
      return add_expr(builder, builder.tree.span_of(node), ast::Invalid{});
  }
}

}  // namespace

ExprId add_expr(AstBuilder& builder, Span span, ast::ExprNode node) {
  const ExprId id{static_cast<std::uint32_t>(builder.file.exprs.size())};
  builder.file.exprs.push_back({.span = span, .node = node});
  return id;
}

ExprId build_node_value(AstBuilder& builder, std::uint32_t node) {
  // Parentheses are no level of the result; those of the text are bounded by the parser.
  const std::size_t levels = builder.tree.nodes[node].kind == NodeKind::group ? 0 : 1;
  if (is_too_deep(builder, builder.tree.nodes[node], levels)) {
    return add_expr(builder, builder.tree.span_of(builder.tree.nodes[node]), ast::Invalid{});
  }
  const Deeper deeper(builder, levels);
  return build_by_kind(builder, node);
}

std::string_view plain_text(AstBuilder& builder, std::uint32_t index) {
  const Token token = builder.tree.tokens[index];
  std::string_view text = builder.tree.text_of(token);
  std::uint32_t begin = token.begin;
  const bool is_raw = token.kind == Kind::raw_string;
  const std::size_t prefix = is_raw ? 1 : token.kind == Kind::shell ? 2 : 0;
  const bool is_block = text.substr(prefix).starts_with(R"(""")");
  const std::size_t opening = prefix + (is_block ? 3 : 1);
  const std::string_view closing = text.substr(prefix, opening - prefix);
  text.remove_prefix(opening);
  begin += static_cast<std::uint32_t>(opening);
  if (text.ends_with(closing)) {  // always, but in a raw string that is not closed
    text.remove_suffix(closing.size());
  }
  const bool is_simple = !is_block && text.find('\\') == std::string_view::npos;
  if (is_simple || (is_raw && !is_block)) {
    return text;
  }
  const TextForm form = is_raw ? TextForm::raw_block : is_block ? TextForm::block : TextForm::line;
  return own(builder,
             resolve_text({{.text = text, .begin = begin}}, form, builder.diagnostics).front());
}

ExprId build_name_as_text(AstBuilder& builder, std::uint32_t index) {
  const Token token = builder.tree.tokens[index];
  std::vector<ast::StringPart> parts;
  push_text(builder, builder.tree.text_of(token), parts);
  return add_text(builder, token.span(), Kind::string, parts);
}

ExprId build_token_value(AstBuilder& builder, std::uint32_t index) {
  const Token token = builder.tree.tokens[index];
  const std::string_view text = builder.tree.text_of(token);
  const Span span = token.span();
  switch (token.kind) {
    case Kind::string:
    case Kind::raw_string:
    case Kind::shell:
      return build_plain_text(builder, index);
    case Kind::number: {
      const Number number = parse_number(text, span, builder.diagnostics);
      switch (number.kind) {
        case NumberKind::integer:
          return add_expr(builder, span, ast::IntLiteral{.value = number.value});
        case NumberKind::duration_ms:
          return add_expr(builder, span, ast::DurationLiteral{.value_ms = number.value});
        case NumberKind::size_bytes:
          return add_expr(builder, span, ast::SizeLiteral{.value_bytes = number.value});
        case NumberKind::bad:
          return add_expr(builder, span, ast::Invalid{});
      }
      return add_expr(builder, span, ast::Invalid{});
    }
    case Kind::version:
      return add_expr(builder, span, ast::VersionLiteral{.text = Name(text.substr(1))});
    case Kind::reserved_true:
      return add_expr(builder, span, ast::BoolLiteral{.value = true});
    case Kind::reserved_false:
      return add_expr(builder, span, ast::BoolLiteral{.value = false});
    default:
      return is_name(token.kind) ? add_expr(builder, span, ast::NameRef{.name = Name(text)})
                                 : add_expr(builder, span, ast::Invalid{});
  }
}

}  // namespace plan
