#include "compiler/templates.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace plan {

namespace {

// Whether `expr` reads `slot`.
bool reads_slot(const Core& core, ExprId id, std::uint32_t slot) {
  if (id.is_none()) {
    return false;
  }
  const Expr expr = core[id];
  if (expr.op == Op::local) {
    return expr.a == slot;
  }
  const auto reads = [&](ExprId part) { return reads_slot(core, part, slot); };
  return std::ranges::any_of(core.children(expr), reads) ||
         std::ranges::any_of(operands(expr), reads);
}

}  // namespace

Templates::Templates(LowerContext& context, Assembly& assembly)
    : context_(context), assembly_(assembly), core_(Core::of_templates()) {
  for (const Module& module : context.modules.modules) {
    operations_.emplace_back(module.operations.size());
  }
}

std::string Templates::qualified(std::uint32_t module, Name name) const {
  const std::string& prefix = context_.modules[module].name;
  return prefix.empty() ? std::string(name.text()) : fmt::format("{}.{}", prefix, name.text());
}

// --- resource types

void Templates::resource_types() {
  for (std::uint32_t module = 0; module < context_.modules.modules.size(); ++module) {
    record_types(module);
  }
  states_.derivations.resize(context_.plan.resource_types.size());
  defaults_.resize(context_.plan.resource_types.size());
  for (std::uint32_t module = 0; module < context_.modules.modules.size(); ++module) {
    for (std::uint32_t index = 0; index < context_.modules[module].resource_types.size(); ++index) {
      resource_type(module, index);
    }
  }
}

void Templates::record_types(std::uint32_t module) {
  const Module& where = context_.modules[module];
  for (std::size_t ordinal = 0; ordinal < where.record_types.size(); ++ordinal) {
    const auto& fields = where.record_types[ordinal].node->fields;
    for (std::size_t field = 0; field < fields.size(); ++field) {
      Lowering lowering(context_, assembly_.core(), module);
      context_.plan.record_types[where.record_type_indexes[ordinal]].defaults[field] =
          lowering.optional(fields[field].default_value);
    }
  }
}

void Templates::resource_type(std::uint32_t module, std::uint32_t ordinal) {
  const Module& where = context_.modules[module];
  const auto& declared = where.resource_types[ordinal];
  const std::uint32_t type = where.resource_type_indexes[ordinal];
  const auto count = static_cast<std::uint32_t>(declared.node->fields.size());
  Lowering in_plan(context_, assembly_.core(), module);
  in_plan.set_fields(count);
  Lowering in_templates(context_, core_, module);
  in_templates.set_fields(count);
  defaults_[type].resize(count);
  for (std::uint32_t field = 0; field < count; ++field) {
    const ast::ExprId value = declared.node->fields[field].default_value;
    context_.plan.resource_types[type].defaults[field] = in_plan.optional(value);
    defaults_[type][field] = in_templates.optional(value);
  }
  const auto attributes = static_cast<std::uint32_t>(declared.node->attributes.size());
  states_.derivations[type].resize(attributes);
  for (std::uint32_t index = 0; index < attributes; ++index) {
    attribute(module, ordinal, index, declared.slot_count);
  }
}

void Templates::attribute(std::uint32_t module,
                          std::uint32_t ordinal,
                          std::uint32_t index,
                          std::uint32_t slot_count) {
  const Module& where = context_.modules[module];
  const std::uint32_t type = where.resource_type_indexes[ordinal];
  const ast::ExprId observe = where.resource_types[ordinal].node->attributes[index].observe;
  if (observe.is_none()) {
    return;
  }
  Program program;
  program.parameter_count = 1;
  program.slot_count = std::max<std::uint32_t>(slot_count, 1);
  Lowering lowering(context_, assembly_.core(), module, &program);
  lowering.set_self(assembly_.core().local(0), type);
  lowering.finish(lowering.expr(observe));
  Attribute& made = context_.plan.resource_types[type].attributes[index];
  made.observe = std::move(program);
  if (made.is_derived) {
    Lowering in_plan(context_, assembly_.core(), module);
    in_plan.set_self(assembly_.core().local(0), type);
    made.derivation = in_plan.expr(observe);
    Lowering in_templates(context_, core_, module);
    in_templates.set_self(core_.local(0), type);
    states_.derivations[type][index] = in_templates.expr(observe);
  } else if (made.kind == AttributeKind::query) {
    query(module, type, index, observe);
  }
}

// A field of an element is known to the compiler if it depends on the resource that is asked only.
void Templates::query(std::uint32_t module,
                      std::uint32_t type,
                      std::uint32_t index,
                      ast::ExprId observe) {
  const Module& where = context_.modules[module];
  const auto& list = std::get<ast::Comprehension>(where[observe].node);
  const auto& call = std::get<ast::Call>(where[list.value].node);
  const Symbol element = where.symbols[call.callee.index];
  const std::uint32_t variable = where.symbols[observe.index].index;
  QueryTemplate made;
  made.element_type = context_.modules[element.module].resource_type_indexes[element.index];
  Lowering lowering(context_, core_, module);
  lowering.set_self(core_.local(0), type);
  if ((where.traits[list.value.index] & Traits::acts) != 0) {
    made.fields.resize(context_.plan.resource_types[made.element_type].field_names.size());
  } else {
    made.fields = lowering.fields(call, element);
    for (ExprId& field : made.fields) {
      field = reads_slot(core_, field, variable) ? ExprId{} : field;
    }
  }
  queries_[{type, index}] = std::move(made);
}

const QueryTemplate& Templates::query(std::uint32_t type, std::uint32_t attribute) {
  return queries_[{type, attribute}];
}

ExprId Templates::field_default(std::uint32_t type, std::uint32_t field) const {
  return defaults_[type][field];
}

// --- rules

const RuleTemplate& Templates::rule(Symbol symbol) {
  const auto [entry, is_new] = rules_.try_emplace({symbol.module, symbol.index});
  if (!is_new) {
    return entry->second;
  }
  const Module& where = context_.modules[symbol.module];
  const auto& declared = where.rules[symbol.index];
  RuleTemplate made;
  made.slot_count = declared.slot_count;
  Lowering lowering(context_, core_, symbol.module);
  for (const ast::ConditionClause& require : declared.node->requires_) {
    const auto* call = std::get_if<ast::Call>(&where[require.condition].node);
    const Symbol callee = call == nullptr ? Symbol{} : where.symbols[call->callee.index];
    if (callee.kind != SymbolKind::rule) {
      made.conditions.push_back(condition(lowering, require));
      made.uses.emplace_back();
      continue;
    }
    const std::vector<ExprId> arguments = lowering.arguments(
        *call, context_.modules[callee.module].rule_signatures[callee.index].formals,
        callee.module);
    made.conditions.push_back(
        {.condition = core_.add({.op = Op::list}, arguments), .message = {}, .span = require.span});
    made.uses.push_back(callee);
  }
  return rules_[{symbol.module, symbol.index}] = std::move(made);
}

// --- clauses

ConditionTemplate Templates::condition(Lowering& lowering, const ast::ConditionClause& node) {
  return {.condition = lowering.expr(node.condition),
          .message = lowering.optional(node.message),
          .span = node.span};
}

void Templates::clause(Lowering& lowering,
                       std::uint32_t module,
                       const ast::Clause& item,
                       ContractTemplate& contract) {
  struct Visitor {
    Templates& self;
    Lowering& lowering;
    std::uint32_t module;
    Span span;
    ContractTemplate& made;
    void operator()(const ast::RequiresClause& node) const {
      made.requires_.push_back(self.condition(lowering, node.condition));
    }
    void operator()(const ast::AwaitsClause& node) const {
      made.awaits.push_back(self.condition(lowering, node.condition));
    }
    void operator()(const ast::EnsuresClause& node) const {
      effect(EffectKind::set, node.effect, {});
    }
    void operator()(const ast::ChangesClause& node) const {
      effect(EffectKind::change, node.state, self.keeping(module, node));
    }
    void operator()(const ast::DestroysClause& node) const {
      effect(EffectKind::destroy, node.state, {});
    }
    void effect(EffectKind kind, ast::ExprId expr, std::vector<AttributeRef> keeping) const {
      made.effects.push_back(
          {.kind = kind, .expr = lowering.expr(expr), .keeping = std::move(keeping), .span = span});
    }
    void operator()(const ast::IrreversibleClause& node) const {
      made.irreversible = lowering.optional(node.reason);
    }
    void operator()(const ast::DetachedClause&) const {}
    void operator()(const ast::OnceClause&) const {}
    void operator()(const ast::TimeoutClause& node) const {
      made.timeout = lowering.optional(node.limit);
    }
    void operator()(const ast::RetryClause& node) const {
      made.retry_count = lowering.optional(node.count);
      made.retry_every = lowering.optional(node.every);
    }
    void operator()(const ast::UndoClause& node) const {
      made.undo.is_given = true;
      made.undo.is_none = node.call.is_none();
      made.undo.span = span;
      if (node.call.is_none()) {
        return;
      }
      const Module& where = self.context_.modules[module];
      const auto& call = std::get<ast::Call>(where[node.call].node);
      made.undo.operation = where.symbols[call.callee.index];
      const Symbol callee = made.undo.operation;
      made.undo.arguments = lowering.arguments(
          call, self.context_.modules[callee.module].operation_signatures[callee.index].formals,
          callee.module);
    }
    void operator()(const ast::AfterClause&) const {}
    void operator()(const ast::WhenClause& node) const {
      made.when = lowering.optional(node.condition);
    }
    void operator()(const ast::AllowDestroyClause&) const { made.allows_destroy = true; }
    void operator()(const ast::NoteClause& node) const { made.note = lowering.optional(node.text); }
    void operator()(const ast::OutputClause& node) const {
      made.outputs.push_back(lowering.expr(node.value));
    }
    void operator()(const ast::LetClause& node) const {
      const ExprId value = lowering.expr(node.value);
      lowering.alias(self.context_.modules[module].slots.at(&node.name), value);
    }
    void operator()(const ast::ManualClause& node) const {
      made.manual = lowering.optional(node.text);
    }
    void operator()(const ast::DoClause&) const {}
  };
  std::visit(Visitor{*this, lowering, module, item.span, contract}, item.node);
}

std::vector<AttributeRef> Templates::keeping(std::uint32_t module, const ast::ChangesClause& node) {
  const Module& where = context_.modules[module];
  const auto* member = std::get_if<ast::Member>(&where[node.state].node);
  std::vector<AttributeRef> result;
  if (member == nullptr) {
    return result;
  }
  const AttributeRef state{context_.types[where.types[member->base.index]].detail,
                           where.symbols[node.state.index].index};
  for (const ast::Identifier& name : node.keeping) {
    for (const AttributeRef& kept : carried(context_.plan, state, name.name.text())) {
      result.push_back(kept);
    }
  }
  return result;
}

// --- operations

const OperationTemplate& Templates::operation(Symbol symbol) {
  auto& entry = operations_[symbol.module][symbol.index];
  if (entry == nullptr) {
    entry = std::make_unique<OperationTemplate>();
    lower_operation(symbol.module, symbol.index, *entry);
  }
  return *entry;
}

void Templates::lower_operation(std::uint32_t module,
                                std::uint32_t ordinal,
                                OperationTemplate& made) {
  const Module& where = context_.modules[module];
  const auto& declared = where.operations[ordinal];
  made.index = static_cast<std::uint32_t>(context_.plan.operations.size());
  made.parameter_count = static_cast<std::uint32_t>(declared.node->parameters.size());
  made.slot_count = declared.slot_count;
  Operation operation;
  operation.name = qualified(module, declared.node->name.name);
  operation.documentation = documentation(context_.sources, declared.doc);
  operation.span = declared.node->name.span;
  for (const Formal& formal : where.operation_signatures[ordinal].formals) {
    operation.parameter_names.emplace_back(formal.name.text());
    operation.parameter_types.push_back(formal.type);
  }
  context_.plan.operations.push_back(operation);
  Lowering lowering(context_, core_, module);
  made.host = lowering.optional(declared.node->on);
  made.user = lowering.optional(declared.node->user);
  for (const ast::Clause& each : declared.node->clauses) {
    clause(lowering, module, each, made.contract);
  }
  body(module, ordinal, operation);
  context_.plan.operations[made.index] = std::move(operation);
}

// A text that holds for all uses of an operation: interpolations as they are written.
std::string Templates::text_of(std::uint32_t module, ast::ExprId text) const {
  const Module& where = context_.modules[module];
  std::string literal = literal_text(where.file, text);
  if (!literal.empty() || text.is_none()) {
    return literal;
  }
  std::string_view written = context_.sources.text(where[text].span);
  while (written.starts_with('"') && written.ends_with('"') && written.size() > 1) {
    written = written.substr(1, written.size() - 2);
  }
  return std::string(written);
}

// What the runtime needs of an operation, as expressions of the plan.
void Templates::body(std::uint32_t module, std::uint32_t ordinal, Operation& operation) {
  const Module& where = context_.modules[module];
  const auto& declared = where.operations[ordinal];
  const ast::Block* block = nullptr;
  Lowering head(context_, assembly_.core(), module);
  operation.host = head.optional(declared.node->on);
  operation.user = head.optional(declared.node->user);
  for (const ast::Clause& each : declared.node->clauses) {
    if (const auto* output = std::get_if<ast::OutputClause>(&each.node)) {
      operation.output_names.emplace_back(output->name.name.text());
      operation.outputs.push_back(head.expr(output->value));
    } else if (const auto* let = std::get_if<ast::LetClause>(&each.node)) {
      const ExprId value = head.expr(let->value);
      head.alias(where.slots.at(&let->name), value);
    } else if (const auto* manual = std::get_if<ast::ManualClause>(&each.node)) {
      operation.manual = text_of(module, manual->text);
    } else if (const auto* reason = std::get_if<ast::IrreversibleClause>(&each.node)) {
      operation.irreversible = text_of(module, reason->reason);
    } else if (const auto* action = std::get_if<ast::DoClause>(&each.node)) {
      block = &action->body;
    }
    operation.is_detached |= std::holds_alternative<ast::DetachedClause>(each.node);
    operation.is_once |= std::holds_alternative<ast::OnceClause>(each.node);
  }
  if (block == nullptr) {
    return;
  }
  Program& program = operation.body;
  program.parameter_count = static_cast<std::uint32_t>(declared.node->parameters.size());
  program.slot_count = declared.slot_count;
  Lowering lowering(context_, assembly_.core(), module, &program);
  for (const ast::Clause& each : declared.node->clauses) {
    if (const auto* let = std::get_if<ast::LetClause>(&each.node)) {
      const ExprId value = lowering.expr(let->value);
      lowering.assign(where.slots.at(&let->name), value, each.span);
    }
  }
  lowering.block(*block);
  lowering.finish({});
}

}  // namespace plan
