#include "compiler/elaborate.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/describe.hpp"
#include "compiler/elaborator.hpp"
#include "compiler/lint.hpp"
#include "compiler/print_expr.hpp"

namespace plan {

Elaborator::Elaborator(const SourceMap& sources,
                       SourceLoader& loader,
                       const CompileOptions& options,
                       Modules& modules,
                       const Types& types,
                       const InputValues& inputs,
                       Assembly& assembly,
                       Diagnostics& diagnostics)
    : sources_(sources),
      loader_(loader),
      options_(options),
      modules_(modules),
      types_(types),
      given_(inputs),
      assembly_(assembly),
      plan_(assembly.plan()),
      diagnostics_(diagnostics),
      context_{.sources = sources,
               .modules = modules,
               .plan = plan_,
               .types = types,
               .shapes = assembly.shapes(),
               .names = *this,
               .diagnostics = diagnostics},
      templates_(context_, assembly),
      scratch_(Core::of_templates(&templates_.core())),
      partial_(
          assembly,
          templates_.core(),
          templates_.states(),
          {.make_host = [this](const Map& fields, Span at) { return make_host(fields, at); },
           .source_text = [this](std::string_view file, Span at) { return source_text(file, at); },
           .element = [this](ResourceId owner,
                             std::uint32_t query) { return element(owner, query); }},
          diagnostics) {
  for (const Module& module : modules.modules) {
    lets_.emplace_back(module.lets.size());
    resources_.emplace_back(module.resources.size());
  }
  const Module& plan = entry();
  loop_values_.resize(plan.loops.size());
  first_instance_.resize(plan.steps.size());
  phase_groups_.resize(plan.phases.size());
  loop_groups_.resize(plan.loops.size());
}

void Elaborator::run() {
  const Module& plan = entry();
  plan_.title = plan.file.plan_title ? literal_text(plan.file, *plan.file.plan_title) : "";
  plan_.source_name = plan.path;
  plan_.steps.reserve(plan.steps.size());
  turn_of_step_.reserve(plan.steps.size());
  plan_.resources.reserve(plan.resources.size());
  plan_.variables.reserve(2 * plan.resources.size());
  // About what a contract comes to. Room that is not used costs no memory, growing would.
  plan_.exprs.reserve(5 * plan.steps.size());
  plan_.constants.reserve(2 * plan.steps.size());
  inputs();
  templates_.resource_types();
  record_defaults();
  plan_items();
  resolve_after();
  resolve_group_after();
  for (std::uint32_t index = 0; index < plan_.resources.size(); ++index) {
    static_cast<void>(assembly_.name_of({index}));
  }
}

// --- what an evaluation asks for

Value Elaborator::make_host(const Map& fields, Span at) {
  auto host = host_value(Value{fields}, host_name_.text(), assembly_);
  if (!host) {
    diagnostics_.report<Code::cannot_compute>(at, host.error());
    return Value{assembly_.host({})};
  }
  return std::move(*host);
}

// Files are looked for beside the plan, whichever module reads them.
std::optional<std::string> Elaborator::source_text(std::string_view file, Span at) {
  std::string path(file);
  const std::size_t slash = options_.entry.rfind('/');
  if (!file.starts_with('/') && slash != std::string::npos) {
    path = options_.entry.substr(0, slash + 1) + path;
  }
  std::string why;
  auto text = loader_.read(path, why);
  if (!text) {
    diagnostics_.report<Code::cannot_read>(at, path, why);
  }
  return text;
}

// --- names

Value Elaborator::value_of(Symbol symbol, Span user) {
  switch (symbol.kind) {
    case SymbolKind::input:
      return symbol.module == modules_.entry() ? input_values_[symbol.index] : Value{};
    case SymbolKind::let_value:
      return named(lets_, symbol, user);
    case SymbolKind::resource:
      return named(resources_, symbol, user);
    case SymbolKind::loop_variable:
      return loop_values_[symbol.index];
    case SymbolKind::none:
    case SymbolKind::local:
    case SymbolKind::self:
    case SymbolKind::field:
    case SymbolKind::attribute:
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
    case SymbolKind::enum_case:
    case SymbolKind::null_value:
      break;
  }
  return {};
}

// A declaration is evaluated when it is first needed: their order in the file does not matter.
Value Elaborator::named(std::vector<std::vector<Named>>& table, Symbol symbol, Span user) {
  Named& entry = table[symbol.module][symbol.index];
  if (entry.progress == Progress::running) {
    diagnostics_.report<Code::declared_through_itself>(user, sources_.text(user),
                                                       "its value needs its value");
    return {};
  }
  if (entry.progress == Progress::untouched) {
    entry.progress = Progress::running;
    Value value;
    if (&table == &lets_) {
      const ast::LetDecl& node = *modules_[symbol.module].lets[symbol.index].node;
      host_name_ = node.name.name;
      value = evaluate(symbol.module, node.value);
    } else {
      value = declared_resource(symbol.module, symbol.index);
    }
    Named& done = table[symbol.module][symbol.index];
    done = {.progress = Progress::done, .value = std::move(value)};
  }
  return table[symbol.module][symbol.index].value;
}

Value Elaborator::output_of(Symbol step, std::uint32_t output, Span user) {
  std::vector<StepId> targets;
  instances(step.index, turn_, targets);
  const std::string_view name = entry().steps[step.index].node->name.name.text();
  if (targets.size() != 1) {
    diagnostics_.report<Code::bad_reference>(
        user, targets.empty()
                  ? fmt::format("step `{}` is declared further down: its outputs can be used "
                                "after it only",
                                name)
                  : fmt::format("`{}` stands for {} steps here", name, targets.size()));
    return {};
  }
  const StepId target = targets.front();
  outputs_used_.push_back(target);
  const Symbol operation = entry().step_operations[step.index];
  const OperationTemplate& made = templates_.operation(operation);
  std::vector<Value> frame = plan_.steps[target.index].arguments;
  partial_.set_step(target);
  Value value = partial_.evaluate(templates_.core(), made.contract.outputs[output], frame, user);
  partial_.set_step({static_cast<std::uint32_t>(plan_.steps.size()) - 1});
  return value;
}

// --- values

std::optional<Value> Elaborator::simple_value(std::uint32_t module, ast::ExprId id) {
  const Module& where = modules_[module];
  const auto& node = where[id].node;
  if (std::holds_alternative<ast::NameRef>(node)) {
    const Symbol symbol = where.symbols[id.index];
    const bool is_named =
        symbol.kind == SymbolKind::resource || symbol.kind == SymbolKind::let_value ||
        symbol.kind == SymbolKind::input || symbol.kind == SymbolKind::loop_variable;
    return is_named ? std::optional(value_of(symbol, where[id].span)) : std::nullopt;
  }
  if (const auto* number = std::get_if<ast::IntLiteral>(&node)) {
    return Value{number->value};
  }
  if (const auto* text = std::get_if<ast::StringLiteral>(&node)) {
    const bool is_plain =
        text->parts.size() == 1 && where.file.string_parts[text->parts.begin].text != UINT32_MAX;
    return is_plain ? std::optional(Value{std::string(
                          where.file.texts[where.file.string_parts[text->parts.begin].text])})
                    : std::nullopt;
  }
  return std::nullopt;
}

Value Elaborator::evaluate(std::uint32_t module, ast::ExprId id) {
  if (auto simple = simple_value(module, id)) {
    return std::move(*simple);
  }
  const Core::Mark mark = scratch_.mark();
  Lowering lowering(context_, scratch_, module);
  const ExprId lowered = lowering.expr(id);
  std::vector<Value> slots;
  Value value = partial_.evaluate(scratch_, lowered, slots, modules_[module][id].span);
  scratch_.release(mark);
  return value;
}

// What a value depends on that would have to be known: an input that was not given, by preference.
void Elaborator::known_too_late(const Value& value, Span at, std::string_view what) {
  const auto* deferred = value.as<Deferred>();
  if (deferred == nullptr) {
    return;  // a mistake that was reported
  }
  std::vector<ExprId> open{deferred->expr};
  for (std::size_t index = 0; index < open.size() && index < 1000; ++index) {
    const Expr expr = assembly_.core()[open[index]];
    if (expr.op == Op::input) {
      diagnostics_.report<Code::missing_input>(at, plan_.inputs[expr.a].name)
          .note(fmt::format("{} depends on it, so the plan cannot be compiled without", what));
      return;
    }
    if (expr.op == Op::token && expr.a == UINT32_MAX) {
      return;  // a mistake that was reported
    }
    for (const ExprId child : assembly_.core().children(expr)) {
      open.push_back(child);
    }
    std::ranges::copy_if(operands(expr), std::back_inserter(open),
                         [](ExprId part) { return !part.is_none(); });
  }
  diagnostics_.report<Code::known_too_late>(at, what, describe(assembly_, value));
}

std::optional<std::int64_t> Elaborator::known_number(const Value& value,
                                                     Span at,
                                                     std::string_view what) {
  if (const auto* number = value.as<std::int64_t>()) {
    return *number;
  }
  if (const auto* duration = value.as<Duration>()) {
    return duration->ms;
  }
  known_too_late(value, at, what);
  return std::nullopt;
}

std::optional<std::string> Elaborator::known_text(ast::ExprId id) {
  if (id.is_none()) {
    return std::nullopt;
  }
  const Value value = evaluate(modules_.entry(), id);
  if (const auto* text = value.as<std::string>()) {
    return *text;
  }
  return describe(assembly_, value);
}

ResourceId Elaborator::element(ResourceId owner, std::uint32_t query) {
  const std::uint32_t owner_type = plan_.resources[owner.index].type;
  const QueryTemplate& made = templates_.query(owner_type, query);
  bool is_new = false;
  const ResourceId id = assembly_.element(owner, query, made.element_type, is_new);
  if (!is_new) {
    return id;
  }
  const ExprId itself = assembly_.resource_constant(id);
  const auto count = static_cast<std::uint32_t>(made.fields.size());
  for (std::uint32_t field = 0; field < count; ++field) {
    if (!made.fields[field].is_none()) {
      std::vector<Value> slots{Value{owner}};
      Value value = partial_.evaluate(templates_.core(), made.fields[field], slots, {});
      plan_.resources[id.index].fields[field] = std::move(value);
      continue;
    }
    const ResourceType& type = plan_.resource_types[made.element_type];
    const ExprId read = assembly_.core().add({.op = Op::field,
                                              .a = itself.index,
                                              .b = Name(type.field_names[field]).id(),
                                              .c = field,
                                              .d = made.element_type});
    plan_.resources[id.index].fields[field] = Value{Deferred{read}};
  }
  return id;
}

// --- declarations

// A large plan is steps and resources. What they were written as is given back on the way: without
// that the syntax and the plan made of it would be in memory as a whole at the same time.
void Elaborator::plan_items() {
  Module& where = modules_[modules_.entry()];
  ast::Milestone from;  // since which nothing is needed again
  auto milestone = where.file.milestones.begin();
  bool is_done = true;  // since the last milestone
  std::uint32_t count = 0;
  for (const ast::Declaration& declaration : where.file.declarations) {
    std::visit([&](const auto& node) { item(node, declaration); }, declaration.node);
    is_done = is_done && (std::holds_alternative<ast::StepDecl>(declaration.node) ||
                          std::holds_alternative<ast::ResourceDecl>(declaration.node));
    if (milestone != where.file.milestones.end() && ++count == milestone->declarations) {
      if (is_done) {
        where.give_back(from, *milestone);
      } else {
        from = *milestone;
      }
      ++milestone;
      is_done = true;
    }
  }
}

void Elaborator::items(const ast::Declarations& declarations) {
  for (const ast::Declaration& declaration : declarations) {
    std::visit([&](const auto& node) { item(node, declaration); }, declaration.node);
  }
}

void Elaborator::item(const ast::LetDecl& node, const ast::Declaration&) {
  const std::uint32_t ordinal = ordinals_.let_value++;
  const auto module = static_cast<std::uint16_t>(modules_.entry());
  if (local_depth_ > 0) {
    host_name_ = node.name.name;
    lets_[module][ordinal] = {.progress = Progress::done, .value = evaluate(module, node.value)};
  } else {
    static_cast<void>(named(lets_, {SymbolKind::let_value, module, ordinal}, node.name.span));
  }
}

void Elaborator::item(const ast::ResourceDecl& node, const ast::Declaration&) {
  const std::uint32_t ordinal = ordinals_.resource++;
  const auto module = static_cast<std::uint16_t>(modules_.entry());
  if (local_depth_ > 0) {
    resources_[module][ordinal] = {.progress = Progress::done,
                                   .value = declared_resource(module, ordinal)};
  } else {
    static_cast<void>(named(resources_, {SymbolKind::resource, module, ordinal}, node.name.span));
  }
}

void Elaborator::item(const ast::PhaseDecl& node, const ast::Declaration& declaration) {
  const std::uint32_t ordinal = ordinals_.phase++;
  const std::uint32_t outer = phase_;
  const auto title = known_text(node.title);
  phase_ = static_cast<std::uint32_t>(plan_.phases.size());
  plan_.phases.push_back(
      {.title = title.value_or(std::string()), .steps = {}, .span = declaration.span});
  const std::size_t first = phase_groups_[ordinal].steps.size();
  open_groups_.emplace_back(true, ordinal);
  items(node.items);
  open_groups_.pop_back();
  const auto& steps = phase_groups_[ordinal].steps;
  after_group(node.after, {steps.begin() + static_cast<std::ptrdiff_t>(first), steps.end()});
  phase_ = outer;
}

void Elaborator::item(const ast::WhenDecl& node, const ast::Declaration& declaration) {
  const Value condition = evaluate(modules_.entry(), node.condition);
  const bool* known = condition.as<bool>();
  if (known != nullptr && options_.is_lint &&
      is_the_same_for_all_inputs(modules_, modules_.entry(), node.condition)) {
    diagnostics_.report<Code::constant_when>(span(node.condition), *known ? "true" : "false");
  }
  if (known != nullptr && !*known) {
    // Nothing of this will ever run; ordinals go on behind it.
    skip(node.items);
    return;
  }
  const Value outer = when_;
  const std::string outer_text = when_text_;
  const Span outer_span = when_span_;
  if (known == nullptr) {
    const std::string text(sources_.text(span(node.condition)));
    if (when_.as<bool>() != nullptr) {
      when_ = condition;
      when_text_ = text;
    } else {
      const ExprId left = partial_.reify(when_);
      when_ = Value{Deferred{assembly_.core().add(
          {.op = Op::logical_and, .a = left.index, .b = partial_.reify(condition).index})}};
      when_text_ += " and " + text;
    }
    when_span_ = span(node.condition);
  }
  static_cast<void>(declaration);
  items(node.items);
  when_ = outer;
  when_text_ = outer_text;
  when_span_ = outer_span;
}

void Elaborator::skip(const ast::Declarations& declarations) {
  for (const ast::Declaration& declaration : declarations) {
    const auto& node = declaration.node;
    ordinals_.let_value += std::holds_alternative<ast::LetDecl>(node) ? 1 : 0;
    ordinals_.resource += std::holds_alternative<ast::ResourceDecl>(node) ? 1 : 0;
    ordinals_.step += std::holds_alternative<ast::StepDecl>(node) ? 1 : 0;
    if (const auto* phase = std::get_if<ast::PhaseDecl>(&node)) {
      ++ordinals_.phase;
      skip(phase->items);
    } else if (const auto* loop = std::get_if<ast::ForDecl>(&node)) {
      ++ordinals_.loop;
      skip(loop->items);
    } else if (const auto* when = std::get_if<ast::WhenDecl>(&node)) {
      skip(when->items);
    }
  }
}

void Elaborator::item(const ast::GoalDecl& node, const ast::Declaration&) {
  if (auto goal = condition(node.condition, {}, span(node.condition))) {
    plan_.goals.push_back(std::move(*goal));
  }
}

void Elaborator::item(const ast::AlwaysDecl& node, const ast::Declaration&) {
  if (auto invariant = condition(node.condition, {}, span(node.condition))) {
    plan_.invariants.push_back(std::move(*invariant));
  }
}

// --- rules

void Elaborator::item(const ast::RequireDecl& node, const ast::Declaration& declaration) {
  const RuleUse use{.span = declaration.span, .depth = 0};
  const auto* call = std::get_if<ast::Call>(&entry()[node.condition.condition].node);
  const Symbol callee = call == nullptr ? Symbol{} : entry().symbols[call->callee.index];
  if (callee.kind != SymbolKind::rule) {
    if (auto made = condition(node.condition.condition, node.condition.message,
                              span(node.condition.condition))) {
      add_rule(std::move(*made), {}, use);
    }
    return;
  }
  const Core::Mark mark = scratch_.mark();
  std::vector<Value> arguments;
  {
    Lowering lowering(context_, scratch_, modules_.entry());
    std::vector<Value> slots;
    const auto& formals = modules_[callee.module].rule_signatures[callee.index].formals;
    for (const ExprId argument : lowering.arguments(*call, formals, callee.module)) {
      arguments.push_back(partial_.evaluate(scratch_, argument, slots, declaration.span));
    }
  }
  scratch_.release(mark);
  use_rule(callee, std::move(arguments), use);
}

void Elaborator::use_rule(Symbol symbol, std::vector<Value> arguments, RuleUse use) {
  const RuleTemplate& rule = templates_.rule(symbol);
  for (std::size_t index = 0; index < rule.conditions.size(); ++index) {
    const ConditionTemplate& from = rule.conditions[index];
    if (rule.uses[index].kind != SymbolKind::rule) {
      if (auto made = condition(templates_.core(), from, arguments)) {
        add_rule(std::move(*made), from.span, use);
      }
      continue;
    }
    std::vector<Value> inner;
    const std::vector<ExprId> children = [&] {
      const auto found = templates_.core().children(templates_.core()[from.condition]);
      return std::vector<ExprId>(found.begin(), found.end());
    }();
    for (const ExprId child : children) {
      inner.push_back(partial_.evaluate(templates_.core(), child, arguments, from.span));
    }
    use_rule(rule.uses[index], std::move(inner), {.span = use.span, .depth = use.depth + 1});
  }
}

// Broken now, or to be looked at in preflight.
void Elaborator::add_rule(Condition condition, Span where, RuleUse use) {
  const Expr expr = assembly_.core()[condition.expr];
  condition.span = use.span;
  if (expr.op != Op::constant) {
    plan_.rules.push_back({std::move(condition)});
    return;
  }
  const std::string why =
      condition.message.empty() ? print_condition(plan_, condition) : condition.message.text();
  auto& diagnostic = diagnostics_.report<Code::rule_broken>(use.span, why);
  if (!where.is_none()) {
    diagnostic.label(where, "this does not hold");
  }
  diagnostic.note("not so: " + print_condition(plan_, condition));
}

void elaborate(const SourceMap& sources,
               SourceLoader& loader,
               const CompileOptions& options,
               Modules& modules,
               const Types& types,
               const InputValues& inputs,
               Assembly& assembly,
               Diagnostics& diagnostics) {
  Elaborator(sources, loader, options, modules, types, inputs, assembly, diagnostics).run();
}

}  // namespace plan
