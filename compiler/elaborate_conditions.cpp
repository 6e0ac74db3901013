// Conditions and effects of contracts, for given arguments.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/describe.hpp"
#include "compiler/elaborator.hpp"
#include "compiler/print_expr.hpp"

namespace plan {

namespace {

// Whether print_condition() says of a value what describe() does.
bool is_printed_whole(const Value& value) {
  constexpr std::size_t longest = 80;
  const auto is_escaped = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
  };
  const auto* text = value.as<std::string>();
  return value.as<bool>() != nullptr || value.as<std::int64_t>() != nullptr ||
         (text != nullptr && text->size() <= longest && std::ranges::none_of(*text, is_escaped));
}

}  // namespace

// --- plain ones: by far the commonest, so they are made without evaluating anything

// The variable that `x.state` of a parameter or constant is, if the state is not a derived one.
std::optional<VariableId> Elaborator::plain_state(const Core& core,
                                                  const Expr& expr,
                                                  const std::vector<Value>& slots) {
  if (expr.op != Op::state_of || !templates_.states().derivations[expr.d][expr.b].is_none()) {
    return std::nullopt;
  }
  const Value* base = plain_value(core, core[{expr.a}], slots);
  const auto* resource = base == nullptr ? nullptr : base->as<ResourceId>();
  if (resource == nullptr) {
    return std::nullopt;
  }
  // Named now, by what is known of it so far, and not by what is declared further down.
  static_cast<void>(assembly_.name_of(*resource));
  return assembly_.variable(*resource, expr.b);
}

// `x.state`, `not x.state`, `x.state == y` with a known y.
std::optional<Condition> Elaborator::plain_condition(const Core& core,
                                                     ExprId id,
                                                     const std::vector<Value>& slots) {
  const Expr outer = core[id];
  const bool is_equality = outer.op == Op::equal;
  const bool is_compound = is_equality || outer.op == Op::logical_not;
  const Value* right = is_equality ? plain_value(core, core[{outer.b}], slots) : nullptr;
  if (is_equality && (right == nullptr || right->as<Deferred>() != nullptr)) {
    return std::nullopt;
  }
  const auto variable = plain_state(core, is_compound ? core[{outer.a}] : outer, slots);
  if (!variable) {
    return std::nullopt;
  }
  Condition made;
  made.expr = assembly_.state(*variable);
  if (is_equality) {
    made.expr = assembly_.core().add(
        {.op = Op::equal, .a = made.expr.index, .b = partial_.reify(*right).index});
  } else if (is_compound) {
    made.expr = assembly_.core().add({.op = Op::logical_not, .a = made.expr.index});
  }
  if (is_equality && (outer.c == 1 || !is_printed_whole(*right))) {
    made.text = describe(assembly_, core, id, slots);
  }
  made.reads = {*variable};
  return made;
}

// `requires x.state` and `requires not x.state` of a resource of the plan, as it is written.
std::optional<Condition> Elaborator::written_state(const ast::ConditionClause& node) {
  const Module& where = entry();
  ast::ExprId inner = node.condition;
  const auto* negation = std::get_if<ast::Unary>(&where[inner].node);
  inner =
      negation != nullptr && negation->op == ast::UnaryOp::logical_not ? negation->operand : inner;
  const auto* member = std::get_if<ast::Member>(&where[inner].node);
  if (member == nullptr || !node.message.is_none() ||
      where.symbols[inner.index].kind != SymbolKind::attribute ||
      where.symbols[member->base.index].kind != SymbolKind::resource) {
    return std::nullopt;
  }
  const Symbol base = where.symbols[member->base.index];
  const Value* known = known_value(base);
  const Value made_now = known == nullptr ? value_of(base, span(member->base)) : Value{};
  const auto* resource = (known == nullptr ? made_now : *known).as<ResourceId>();
  const std::uint32_t attribute = where.symbols[inner.index].index;
  if (resource == nullptr || !templates_.states()
                                  .derivations[plan_.resources[resource->index].type][attribute]
                                  .is_none()) {
    return std::nullopt;
  }
  const VariableId variable = assembly_.variable(*resource, attribute);
  Condition made;
  made.expr = assembly_.state(variable);
  if (negation != nullptr) {
    made.expr = assembly_.core().add({.op = Op::logical_not, .a = made.expr.index});
  }
  made.span = node.span;
  made.reads = {variable};
  return made;
}

std::optional<Condition> Elaborator::condition(Core& core,
                                               const ConditionTemplate& from,
                                               std::vector<Value>& slots) {
  if (auto plain = plain_condition(core, from.condition, slots)) {
    plain->span = from.span;
    set_message(core, from.message, slots, *plain);
    return plain;
  }
  const Value value = partial_.evaluate(core, from.condition, slots, from.span);
  if (const bool* known = value.as<bool>(); known != nullptr && *known) {
    return std::nullopt;
  }
  Condition made;
  made.expr = partial_.reify(value);
  made.text = describe(assembly_, core, from.condition, slots);
  made.span = from.span;
  set_message(core, from.message, slots, made);
  find_reads(made);
  return made;
}

void Elaborator::set_message(Core& core,
                             ExprId message,
                             std::vector<Value>& slots,
                             Condition& condition) {
  if (message.is_none()) {
    return;
  }
  const Value text = partial_.evaluate(core, message, slots, condition.span);
  if (const auto* known = text.as<std::string>()) {
    condition.message = *known;
  } else {
    condition.message_value = partial_.reify(text);
    condition.message = describe(assembly_, core, message, slots);
  }
}

std::optional<Condition> Elaborator::condition(ast::ExprId expr, ast::ExprId message, Span span) {
  const Core::Mark mark = scratch_.mark();
  Lowering lowering(context_, scratch_, modules_.entry());
  const ConditionTemplate from{
      .condition = lowering.expr(expr), .message = lowering.optional(message), .span = span};
  std::vector<Value> slots;
  auto result = condition(scratch_, from, slots);
  scratch_.release(mark);
  return result;
}

// --- reads

void Elaborator::find_reads(Condition& condition) {
  const Expr expr = assembly_.core()[condition.expr];
  // Most conditions are a state, or `not` a state.
  const Expr inner = expr.op == Op::logical_not ? assembly_.core()[{expr.a}] : expr;
  if (inner.op == Op::state) {
    condition.reads = {{inner.a}};
    return;
  }
  ++search_;
  std::vector<VariableId> reads;
  collect_reads(condition.expr, reads);
  std::ranges::sort(reads);
  reads.erase(std::unique(reads.begin(), reads.end()), reads.end());
  condition.reads = reads;
}

void Elaborator::collect_reads(ExprId id, std::vector<VariableId>& reads) {
  if (id.is_none()) {
    return;
  }
  if (id.index >= visited_.size()) {
    visited_.resize(plan_.exprs.size() + 64, 0);
  }
  if (visited_[id.index] == search_) {
    return;
  }
  visited_[id.index] = search_;
  const Expr expr = assembly_.core()[id];
  if (expr.op == Op::state) {
    reads.push_back({expr.a});
    return;
  }
  for (std::uint32_t child = expr.children_begin; child < expr.children_end; ++child) {
    collect_reads(assembly_.core().child(child), reads);
  }
  const std::array<ExprId, 3> parts = operands(expr);
  const bool is_quantifier = expr.op == Op::for_all || expr.op == Op::map;
  const auto element = is_quantifier ? partial_.element_of(parts[0]) : std::nullopt;
  collect_reads(parts[0], reads);
  for (const ExprId part : {parts[1], parts[2]}) {
    if (element && !part.is_none()) {
      // What is read of an arbitrary element.
      const Value read = partial_.substitute(part, expr.c, Value{*element}, {});
      collect_reads(partial_.reify(read), reads);
    } else {
      collect_reads(part, reads);
    }
  }
}

// --- effects

void Elaborator::instantiate(Core& core,
                             const ContractTemplate& from,
                             std::vector<Value>& slots,
                             const Contract& to) {
  to.requires_->reserve(to.requires_->size() + from.requires_.size());
  to.effects->reserve(to.effects->size() + from.effects.size());
  const auto is_set = [](const EffectTemplate& each) { return each.kind == EffectKind::set; };
  to.ensures->reserve(to.ensures->size() +
                      static_cast<std::size_t>(std::ranges::count_if(from.effects, is_set)));
  for (const ConditionTemplate& each : from.requires_) {
    if (auto made = condition(core, each, slots)) {
      to.requires_->push_back(std::move(*made));
    }
  }
  for (const ConditionTemplate& each : from.awaits) {
    auto made = condition(core, each, slots);
    if (made && to.awaits != nullptr) {
      to.awaits->push_back(std::move(*made));
    }
  }
  for (const EffectTemplate& each : from.effects) {
    effect(core, each, slots, to);
  }
}

void Elaborator::effect(Core& core,
                        const EffectTemplate& from,
                        std::vector<Value>& slots,
                        const Contract& to) {
  if (from.kind == EffectKind::set) {
    auto made = condition(core, {.condition = from.expr, .message = {}, .span = from.span}, slots);
    if (made) {
      ensure(*made, *to.effects);
      to.ensures->push_back(std::move(*made));
    }
    return;
  }
  std::optional<VariableId> variable = plain_state(core, core[from.expr], slots);
  if (!variable) {
    const Value state = partial_.evaluate(core, from.expr, slots, from.span);
    const auto* deferred = state.as<Deferred>();
    if (deferred == nullptr || assembly_.core()[deferred->expr].op != Op::state) {
      diagnostics_.report<Code::bad_effect>(
          from.span, describe(assembly_, core, from.expr, slots) + " is derived from other states");
      return;
    }
    variable = VariableId{assembly_.core()[deferred->expr].a};
  }
  to.effects->push_back({.variable = *variable,
                         .kind = from.kind,
                         .value = {},
                         .keeping = from.keeping,
                         .span = from.span});
}

void Elaborator::ensure(const Condition& condition, std::vector<Effect>& effects) {
  if (!decompose(condition.expr, condition.span, effects)) {
    diagnostics_.report<Code::bad_effect>(condition.span, print_condition(plan_, condition))
        .help("write a state, `not` a state, a state `==` a value, or `for x in query: …`");
  }
}

bool Elaborator::set_state(ExprId state, ExprId value, Span span, std::vector<Effect>& effects) {
  const Expr expr = assembly_.core()[state];
  if (expr.op != Op::state) {
    return false;
  }
  const VariableId id{expr.a};
  const Variable variable = plan_.variables[id.index];
  const std::uint32_t type = plan_.resources[variable.resource.index].type;
  const Attribute& attribute = plan_.resource_types[type].attributes[variable.attribute];
  if (attribute.kind != AttributeKind::state && !is_given_) {
    return false;
  }
  effects.push_back(
      {.variable = id, .kind = EffectKind::set, .value = value, .keeping = {}, .span = span});
  return true;
}

bool Elaborator::decompose(ExprId id, Span span, std::vector<Effect>& effects) {
  const Expr expr = assembly_.core()[id];
  switch (expr.op) {
    case Op::constant:
      return assembly_.core().constant_value(expr.a) == Value{true};
    case Op::state:
      return set_state(id, assembly_.truth(true), span, effects);
    case Op::logical_not:
      return set_state({expr.a}, assembly_.truth(false), span, effects);
    case Op::equal:
      return set_state({expr.a}, {expr.b}, span, effects);
    case Op::logical_and:
      return decompose({expr.a}, span, effects) && decompose({expr.b}, span, effects);
    case Op::for_all: {
      const auto element = partial_.element_of({expr.a});
      if (!element) {
        return false;
      }
      const Value body = partial_.substitute({expr.b}, expr.c, Value{*element}, span);
      return decompose(partial_.reify(body), span, effects);
    }
    case Op::local:
    case Op::input:
    case Op::state_of:
    case Op::token:
    case Op::field:
    case Op::index:
    case Op::list:
    case Op::record:
    case Op::concat:
    case Op::resource:
    case Op::negate:
    case Op::logical_or:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::remainder:
    case Op::in:
    case Op::conditional:
    case Op::call:
    case Op::native:
    case Op::map:
    case Op::cast:
      return false;
  }
  return false;
}

}  // namespace plan
