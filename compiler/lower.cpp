// Expressions. Programs are lower_program.cpp.
#include "compiler/lower.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/arguments.hpp"
#include "compiler/operations.hpp"

namespace plan {

// Another declaration's names for as long as this lives.
class EnterScope {
 public:
  EnterScope(Lowering& lowering, Lowering::Scope scope)
      : lowering_(lowering), outer_(std::exchange(lowering.scope_, std::move(scope))) {}
  ~EnterScope() { lowering_.scope_ = std::move(outer_); }
  EnterScope(const EnterScope&) = delete;
  EnterScope& operator=(const EnterScope&) = delete;
  // What the other declaration's scope has become.
  [[nodiscard]] Lowering::Scope& scope() { return lowering_.scope_; }

 private:
  Lowering& lowering_;
  Lowering::Scope outer_;
};

Lowering::Lowering(LowerContext& context, Core& core, std::uint32_t module, Program* program)
    : context_(context), core_(core), program_(program) {
  scope_.module = module;
}

void Lowering::alias(std::uint32_t slot, ExprId expr) {
  if (slot >= scope_.aliases.size()) {
    scope_.aliases.resize(slot + 1);
  }
  scope_.aliases[slot] = expr;
}

void Lowering::set_self(ExprId self, std::uint32_t type) {
  scope_.self = self;
  scope_.self_type = type;
}

void Lowering::set_fields(std::uint32_t count) {
  scope_.has_fields = true;
  for (std::uint32_t slot = 0; slot < count; ++slot) {
    scope_.fields.push_back(core_.local(slot));
  }
}

ExprId Lowering::expr(ast::ExprId id) {
  struct Visitor {
    Lowering& self;
    ast::ExprId id;
    ExprId operator()(const ast::Invalid&) const { return self.constant({}); }
    ExprId operator()(const ast::BoolLiteral& node) const { return self.constant({node.value}); }
    ExprId operator()(const ast::IntLiteral& node) const { return self.constant({node.value}); }
    ExprId operator()(const ast::DurationLiteral& node) const {
      return self.constant({Duration{node.value_ms}});
    }
    ExprId operator()(const ast::SizeLiteral& node) const {
      return self.constant({Size{node.value_bytes}});
    }
    ExprId operator()(const ast::VersionLiteral& node) const {
      return self.constant({Version{std::string(node.text.text())}});
    }
    ExprId operator()(const ast::StringLiteral& node) const { return self.of(node); }
    ExprId operator()(const ast::ShellTemplate&) const { return self.act(id, false); }
    ExprId operator()(const ast::ListLiteral& node) const { return self.of(node); }
    ExprId operator()(const ast::RecordLiteral& node) const { return self.of(node, id); }
    ExprId operator()(const ast::NameRef& node) const { return self.of(node, id); }
    ExprId operator()(const ast::Member& node) const { return self.of(node, id); }
    ExprId operator()(const ast::Index& node) const {
      const ExprId base = self.expr(node.base);
      return self.binary(Op::index, base, self.expr(node.index));
    }
    ExprId operator()(const ast::Call& node) const { return self.of(node, id); }
    ExprId operator()(const ast::Unary& node) const { return self.of(node); }
    ExprId operator()(const ast::Binary& node) const { return self.of(node); }
    ExprId operator()(const ast::Conditional& node) const { return self.of(node, id); }
    ExprId operator()(const ast::Cast& node) const {
      return self.core_.add({.op = Op::cast, .a = self.expr(node.value).index, .b = self.type(id)});
    }
    ExprId operator()(const ast::ForAll& node) const { return self.of(node, id); }
    ExprId operator()(const ast::Comprehension& node) const { return self.of(node, id); }
    ExprId operator()(const ast::Run&) const { return self.act(id, true); }
    ExprId operator()(const ast::Pipe&) const { return self.act(id, true); }
    ExprId operator()(const ast::WithOptions&) const { return self.act(id, false); }
  };
  return std::visit(Visitor{*this, id}, node_of(id).node);
}

ExprId Lowering::binary(Op op, ExprId left, ExprId right) {
  return core_.add({.op = op, .a = left.index, .b = right.index});
}

// Slots that a default binds must not be those of the frame it is lowered into.
Lowering::Scope Lowering::scope_of_defaults(std::uint32_t module) {
  constexpr std::uint32_t slots = 64;
  Scope scope;
  scope.module = module;
  scope.slot_base = scope_.slot_base + slots;
  if (program_ != nullptr) {
    scope.slot_base = program_->slot_count;
    program_->slot_count += slots;
  }
  return scope;
}

// --- literals

ExprId Lowering::of(const ast::StringLiteral& node) {
  const ast::File& file = module().file;
  std::vector<ExprId> parts;
  for (std::uint32_t index = node.parts.begin; index < node.parts.end; ++index) {
    const ast::StringPart& part = file.string_parts[index];
    parts.push_back(part.text == UINT32_MAX ? expr(part.value)
                                            : constant({std::string(file.texts[part.text])}));
  }
  if (parts.empty()) {
    return constant({std::string()});
  }
  const bool is_literal =
      parts.size() == 1 && file.string_parts[node.parts.begin].text != UINT32_MAX;
  return is_literal ? parts[0] : core_.add({.op = Op::concat}, parts);
}

ExprId Lowering::of(const ast::ListLiteral& node) {
  std::vector<ExprId> items;
  items.reserve(node.items.size());
  for (std::uint32_t index = node.items.begin; index < node.items.end; ++index) {
    items.push_back(expr(module().file.expr_lists[index]));
  }
  return core_.add({.op = Op::list}, items);
}

ExprId Lowering::of(const ast::RecordLiteral& node, ast::ExprId id) {
  const Type found = context_.types[type(id)];
  if (found.kind == TypeKind::record) {
    return record(node.fields, context_.plan.record_types[found.detail]);
  }
  std::vector<ExprId> values;
  std::vector<std::string> keys;
  for (std::uint32_t index = node.fields.begin; index < node.fields.end; ++index) {
    const ast::Argument argument = module().file.arguments[index];
    keys.emplace_back(argument.name.text());
    values.push_back(expr(argument.value));
  }
  const ExprId made = core_.add({.op = Op::record, .b = context_.shapes.index_of(keys)}, values);
  if (found.kind != TypeKind::host) {
    return made;
  }
  return core_.add({.op = Op::native, .b = native_host}, std::vector{made});
}

// Fields in the type's order, defaults filled in.
ExprId Lowering::record(ast::Range fields, const RecordType& type) {
  const ast::File& file = module().file;
  std::vector<ExprId> values(type.field_names.size());
  for (std::uint32_t index = fields.begin; index < fields.end; ++index) {
    const ast::Argument argument = file.arguments[index];
    const auto field = std::ranges::find(type.field_names, argument.name.text());
    values[static_cast<std::size_t>(field - type.field_names.begin())] = expr(argument.value);
  }
  for (std::size_t index = 0; index < values.size(); ++index) {
    if (values[index].is_none()) {
      values[index] = default_of_record(type, index);
    }
  }
  return core_.add({.op = Op::record, .b = context_.shapes.index_of(type.field_names)}, values);
}

ExprId Lowering::default_of_record(const RecordType& type, std::size_t field) {
  for (std::uint32_t index = 0; index < context_.modules.modules.size(); ++index) {
    const Module& where = context_.modules[index];
    for (std::size_t ordinal = 0; ordinal < where.record_types.size(); ++ordinal) {
      if (&context_.plan.record_types[where.record_type_indexes[ordinal]] == &type) {
        const EnterScope other(*this, scope_of_defaults(index));
        return expr(where.record_types[ordinal].node->fields[field].default_value);
      }
    }
  }
  return constant({});
}

// --- names and members

ExprId Lowering::of(const ast::NameRef&, ast::ExprId id) {
  return named(symbol(id), id);
}

ExprId Lowering::named(Symbol found, ast::ExprId id) {
  switch (found.kind) {
    case SymbolKind::local:
      if (found.index < scope_.aliases.size() && !scope_.aliases[found.index].is_none()) {
        return scope_.aliases[found.index];
      }
      return core_.local(scope_.slot_base + found.index);
    case SymbolKind::self:
      return scope_.self;
    case SymbolKind::field:
      return field_of_self(found.index);
    case SymbolKind::attribute:
      return state(scope_.self, scope_.self_type, found.index, node_of(id).span);
    case SymbolKind::input:
    case SymbolKind::let_value:
    case SymbolKind::resource:
    case SymbolKind::loop_variable:
      return constant(context_.names.value_of(found, node_of(id).span));
    case SymbolKind::enum_case: {
      const auto* name = std::get_if<ast::NameRef>(&node_of(id).node);
      const auto* member = std::get_if<ast::Member>(&node_of(id).node);
      return constant({EnumValue{name != nullptr ? name->name : member->field}});
    }
    case SymbolKind::none:
    case SymbolKind::null_value:
    case SymbolKind::module:
    case SymbolKind::step:
    case SymbolKind::phase:
    case SymbolKind::operation:
    case SymbolKind::function:
    case SymbolKind::rule:
    case SymbolKind::resource_type:
    case SymbolKind::record_type:
    case SymbolKind::enum_type:
    case SymbolKind::output:
      break;
  }
  return constant({});
}

ExprId Lowering::field_of_self(std::uint32_t index) {
  if (!scope_.has_fields) {
    return field(scope_.self, scope_.self_type, index);
  }
  // A default that uses another field that has its default, too.
  if (scope_.fields[index].is_none() && scope_.type != nullptr) {
    if (scope_.pending[index] != 0) {
      const ast::Identifier& name = scope_.type->fields[index].name;
      context_.diagnostics.report<Code::declared_through_itself>(name.span, name.name.text(),
                                                                 "its default needs its value");
      return constant({});
    }
    scope_.pending[index] = 1;
    scope_.fields[index] = expr(scope_.type->fields[index].default_value);
  }
  return scope_.fields[index];
}

ExprId Lowering::field(ExprId base, std::uint32_t type, std::uint32_t field) {
  const Name name(context_.plan.resource_types[type].field_names[field]);
  return core_.add({.op = Op::field, .a = base.index, .b = name.id(), .c = field, .d = type});
}

ExprId Lowering::state(ExprId resource, std::uint32_t type, std::uint32_t attribute, Span span) {
  if (program_ == nullptr) {
    return core_.add({.op = Op::state_of, .a = resource.index, .b = attribute, .d = type});
  }
  const std::uint32_t slot = new_slot();
  emit({.kind = InstructionKind::observe,
        .slot = slot,
        .value = resource,
        .attribute = attribute,
        .span = span});
  return core_.local(slot);
}

ExprId Lowering::of(const ast::Member& node, ast::ExprId id) {
  const Symbol found = symbol(id);
  switch (found.kind) {
    case SymbolKind::output:
      return constant(context_.names.output_of(symbol(node.base), found.index, node_of(id).span));
    case SymbolKind::field: {
      const ExprId base = expr(node.base);
      return field(base, context_.types[type(node.base)].detail, found.index);
    }
    case SymbolKind::attribute: {
      const ExprId base = expr(node.base);
      return state(base, context_.types[type(node.base)].detail, found.index, node_of(id).span);
    }
    case SymbolKind::none:
      return core_.add({.op = Op::field, .a = expr(node.base).index, .b = node.field.id()});
    case SymbolKind::local:
    case SymbolKind::self:
    case SymbolKind::module:
    case SymbolKind::input:
    case SymbolKind::let_value:
    case SymbolKind::resource:
    case SymbolKind::loop_variable:
    case SymbolKind::step:
    case SymbolKind::phase:
    case SymbolKind::operation:
    case SymbolKind::function:
    case SymbolKind::rule:
    case SymbolKind::resource_type:
    case SymbolKind::record_type:
    case SymbolKind::enum_type:
    case SymbolKind::enum_case:
    case SymbolKind::null_value:
      break;
  }
  return named(found, id);
}

// --- operators

ExprId Lowering::of(const ast::Unary& node) {
  const Op op = node.op == ast::UnaryOp::negate ? Op::negate : Op::logical_not;
  return core_.add({.op = op, .a = expr(node.operand).index});
}

ExprId Lowering::of(const ast::Binary& node) {
  if (node.op == ast::BinaryOp::logical_and || node.op == ast::BinaryOp::logical_or) {
    return connective(node);
  }
  const ExprId left = expr(node.left);
  const ExprId right = expr(node.right);
  switch (node.op) {
    case ast::BinaryOp::equal:
      return binary(Op::equal, left, right);
    case ast::BinaryOp::not_equal:
      return binary(Op::not_equal, left, right);
    case ast::BinaryOp::less:
      return binary(Op::less, left, right);
    case ast::BinaryOp::less_equal:
      return binary(Op::less_equal, left, right);
    case ast::BinaryOp::greater:
      return turned(Op::less, right, left);
    case ast::BinaryOp::greater_equal:
      return turned(Op::less_equal, right, left);
    case ast::BinaryOp::in:
      return binary(Op::in, left, right);
    case ast::BinaryOp::not_in:
      return core_.add({.op = Op::logical_not, .a = binary(Op::in, left, right).index});
    case ast::BinaryOp::add:
      return binary(Op::add, left, right);
    case ast::BinaryOp::subtract:
      return binary(Op::subtract, left, right);
    case ast::BinaryOp::multiply:
      return binary(Op::multiply, left, right);
    case ast::BinaryOp::divide:
      return binary(Op::divide, left, right);
    case ast::BinaryOp::remainder:
      return binary(Op::remainder, left, right);
    case ast::BinaryOp::logical_and:
    case ast::BinaryOp::logical_or:
      break;
  }
  return left;
}

// a > b as b < a; templates remember how it was written.
ExprId Lowering::turned(Op op, ExprId left, ExprId right) {
  return core_.add(
      {.op = op, .a = left.index, .b = right.index, .c = core_.is_shared() ? UINT32_MAX : 1});
}

// The right side runs only if the left one does not decide: with instructions in it, by jumps.
ExprId Lowering::connective(const ast::Binary& node) {
  const bool is_and = node.op == ast::BinaryOp::logical_and;
  const ExprId left = expr(node.left);
  if (!needs_instructions(node.right)) {
    return binary(is_and ? Op::logical_and : Op::logical_or, left, expr(node.right));
  }
  const std::uint32_t slot = new_slot();
  assign(slot, left, node_of(node.left).span);
  const ExprId decided = core_.local(slot);
  const ExprId go_on = is_and ? decided : core_.add({.op = Op::logical_not, .a = decided.index});
  const std::uint32_t skip = emit({.kind = InstructionKind::jump_unless, .value = go_on});
  assign(slot, expr(node.right), node_of(node.right).span);
  land(skip);
  return decided;
}

ExprId Lowering::of(const ast::Conditional& node, ast::ExprId) {
  const ExprId condition = expr(node.condition);
  if (!needs_instructions(node.then_value) && !needs_instructions(node.else_value)) {
    const ExprId then_value = expr(node.then_value);
    const ExprId else_value = expr(node.else_value);
    return core_.add({.op = Op::conditional,
                      .a = condition.index,
                      .b = then_value.index,
                      .c = else_value.index});
  }
  const std::uint32_t slot = new_slot();
  const std::uint32_t to_else = emit({.kind = InstructionKind::jump_unless, .value = condition});
  assign(slot, expr(node.then_value), node_of(node.then_value).span);
  const std::uint32_t to_end = emit({.kind = InstructionKind::jump});
  land(to_else);
  assign(slot, expr(node.else_value), node_of(node.else_value).span);
  land(to_end);
  return core_.local(slot);
}

ExprId Lowering::of(const ast::ForAll& node, ast::ExprId id) {
  if (needs_instructions(node.condition)) {
    return loop_of(node, id);
  }
  const ExprId list = expr(node.list);
  const std::uint32_t slot = scope_.slot_base + symbol(id).index;
  const ExprId condition = expr(node.condition);
  // The variable's name is kept for messages, in templates only.
  return core_.add({.op = Op::for_all,
                    .a = list.index,
                    .b = condition.index,
                    .c = slot,
                    .d = core_.is_shared() ? UINT32_MAX : node.variable.id()});
}

ExprId Lowering::of(const ast::Comprehension& node, ast::ExprId id) {
  if (needs_instructions(node.value) || needs_instructions(node.condition)) {
    return loop_of(node, id);
  }
  const ExprId list = expr(node.list);
  const std::uint32_t slot = scope_.slot_base + symbol(id).index;
  const ExprId value = expr(node.value);
  const ExprId condition = optional(node.condition);
  return core_.add(
      {.op = Op::map, .a = list.index, .b = value.index, .c = slot, .d = condition.index});
}

// --- calls

std::vector<ExprId> Lowering::arguments(const ast::Call& call,
                                        std::span<const Formal> formals,
                                        std::uint32_t callee_module) {
  std::vector<ast::ExprId> matched;
  match_arguments(module().file, call.arguments, formals, matched);
  std::vector<ExprId> result(formals.size());
  for (std::size_t index = 0; index < formals.size(); ++index) {
    if (!matched[index].is_none()) {
      result[index] = expr(matched[index]);
    } else if (!formals[index].default_value.is_none()) {
      const EnterScope other(*this, scope_of_defaults(callee_module));
      result[index] = expr(formals[index].default_value);
    } else {
      result[index] = constant({});
    }
  }
  return result;
}

std::vector<ExprId> Lowering::fields(const ast::Call& call, Symbol type) {
  const Module& where = context_.modules[type.module];
  const Signature& signature = where.resource_signatures[type.index];
  std::vector<ast::ExprId> matched;
  match_arguments(module().file, call.arguments, signature.formals, matched);
  std::vector<ExprId> given(matched.size());
  for (std::size_t index = 0; index < matched.size(); ++index) {
    given[index] = optional(matched[index]);
  }
  Scope scope = scope_of_defaults(type.module);
  scope.has_fields = true;
  scope.fields = std::move(given);
  scope.pending.assign(matched.size(), 0);
  scope.type = where.resource_types[type.index].node;
  EnterScope other(*this, std::move(scope));
  for (std::uint32_t index = 0; index < matched.size(); ++index) {
    if (other.scope().fields[index].is_none() && signature.formals[index].default_value.is_none()) {
      other.scope().fields[index] = constant({});
    }
    static_cast<void>(field_of_self(index));
  }
  return other.scope().fields;
}

ExprId Lowering::of(const ast::Call& node, ast::ExprId id) {
  const Symbol callee = symbol(node.callee);
  if (callee.kind == SymbolKind::resource_type) {
    const std::uint32_t type = context_.modules[callee.module].resource_type_indexes[callee.index];
    const std::vector<ExprId> values = fields(node, callee);
    return core_.add({.op = Op::resource, .b = type}, values);
  }
  if (callee.kind == SymbolKind::function) {
    return callee.module == Modules::native ? native(node, id, callee) : function(node, callee);
  }
  return constant({});
}

ExprId Lowering::native(const ast::Call& node, ast::ExprId id, Symbol callee) {
  const Module& where = context_.modules[callee.module];
  const ast::FunctionDecl& declared = *where.functions[callee.index].node;
  const std::string_view name = declared.name.name.text();
  if (declared.is_effect) {
    return act(id, false);
  }
  if (name == "token") {
    return core_.add({.op = Op::token});
  }
  if (name == "distinct") {
    return distinct(node, node_of(id).span);
  }
  const std::vector<ExprId> values =
      arguments(node, where.function_signatures[callee.index].formals, callee.module);
  if (name == "source_text") {
    if (program_ != nullptr) {
      context_.diagnostics.report<Code::known_too_late>(node_of(id).span, "the text of a file",
                                                        "what happens when the plan runs");
    }
    return core_.add({.op = Op::native, .b = native_source_text}, values);
  }
  const auto natives = pure_natives();
  const auto index = std::ranges::find(natives, name) - natives.begin();
  return core_.add({.op = Op::native, .b = static_cast<std::uint32_t>(index)}, values);
}

// Two resources are different things if their keys differ, and, where the type has a fact
// `identity`, what the hosts report differs, too. Two hosts are what their machines are.
ExprId Lowering::distinct(const ast::Call& node, Span span) {
  const ast::ExprId left_node = module().file.arguments[node.arguments.begin].value;
  const std::uint32_t kind = type(left_node);
  const ExprId left = expr(left_node);
  const ExprId right = expr(module().file.arguments[node.arguments.begin + 1].value);
  const ExprId by_key = binary(Op::not_equal, left, right);
  const Type found = context_.types[kind];
  std::uint32_t of = found.detail;
  ExprId first = left;
  ExprId second = right;
  if (found.kind == TypeKind::host) {
    const Module& natives = context_.modules[Modules::native];
    of = natives.resource_type_indexes[natives.names.find(Name("host_machine"))->index];
    first = core_.add({.op = Op::resource, .b = of}, std::vector{left});
    second = core_.add({.op = Op::resource, .b = of}, std::vector{right});
  } else if (found.kind != TypeKind::resource) {
    return by_key;
  }
  const auto& attributes = context_.plan.resource_types[of].attributes;
  const auto identity = std::ranges::find(attributes, "identity", &Attribute::name);
  if (identity == attributes.end()) {
    return by_key;
  }
  const auto attribute = static_cast<std::uint32_t>(identity - attributes.begin());
  const ExprId one = state(first, of, attribute, span);
  const ExprId two = state(second, of, attribute, span);
  return binary(Op::logical_and, by_key, binary(Op::not_equal, one, two));
}

ExprId Lowering::function(const ast::Call& node, Symbol callee) {
  const Module& where = context_.modules[callee.module];
  const Signature& signature = where.function_signatures[callee.index];
  std::vector<ExprId> values = arguments(node, signature.formals, callee.module);
  const bool is_inlined = program_ != nullptr && (where.function_traits[callee.index] &
                                                  (Traits::acts | Traits::reads_state)) != 0;
  if (!is_inlined) {
    return core_.add({.op = Op::call, .b = function_index(callee)}, values);
  }
  Scope scope;
  scope.module = callee.module;
  scope.slot_base = program_->slot_count;
  scope.aliases = std::move(values);
  program_->slot_count += where.functions[callee.index].slot_count;
  const EnterScope other(*this, std::move(scope));
  return expr(where.functions[callee.index].node->value);
}

std::uint32_t Lowering::function_index(Symbol callee) {
  Core& home = core_.functions_home();
  const std::uint32_t known = home.function_index(callee.module, callee.index);
  if (known != UINT32_MAX) {
    return known;
  }
  const Module& where = context_.modules[callee.module];
  const auto& declared = where.functions[callee.index];
  Lowering body(context_, home, callee.module);
  PureFunction made;
  made.name = where.name.empty()
                  ? std::string(declared.node->name.name.text())
                  : fmt::format("{}.{}", where.name, declared.node->name.name.text());
  made.parameter_count = static_cast<std::uint32_t>(declared.node->parameters.size());
  made.slot_count = declared.slot_count;
  made.body = body.expr(declared.node->value);
  return home.add_function(callee.module, callee.index, std::move(made));
}

}  // namespace plan
