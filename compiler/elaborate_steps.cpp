// Steps: the hot path. A plan may have hundreds of thousands.

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "compiler/arguments.hpp"
#include "compiler/describe.hpp"
#include "compiler/elaborator.hpp"
#include "compiler/print_expr.hpp"

namespace plan {

void Elaborator::item(const ast::StepDecl& node, const ast::Declaration& declaration) {
  const std::uint32_t ordinal = ordinals_.step++;
  const Span place = node.name.name.is_empty() ? declaration.span : node.name.span;
  outputs_used_.clear();
  const StepId id = add_step(node, place);
  if (first_instance_[ordinal].is_none()) {
    first_instance_[ordinal] = id;
  } else {
    further_instances_[ordinal].push_back(id);
  }
  partial_.set_step(id);
  if (node.form == ast::StepForm::operation) {
    operation_step(node, id);
  } else {
    text_step(node, id);
  }
  set_when(id);
  if (!outputs_used_.empty()) {
    auto& after = plan_.steps[id.index].after;
    after.insert(after.end(), outputs_used_.begin(), outputs_used_.end());
  }
}

std::string Elaborator::step_name(std::string_view name) {
  std::string result(name);
  if (turn_ == UINT32_MAX) {
    return result;
  }
  // Outer turns first: copy[a][2].
  std::vector<std::string_view> labels;
  for (std::uint32_t turn = turn_; turn != UINT32_MAX; turn = turns_[turn].outer) {
    labels.push_back(turns_[turn].label);
  }
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    result += fmt::format("[{}]", *label);
  }
  return result;
}

StepId Elaborator::add_step(const ast::StepDecl& node, Span span) {
  const StepId id{static_cast<std::uint32_t>(plan_.steps.size())};
  Step& step = plan_.steps.emplace_back();
  if (node.name.name.is_empty()) {
    ++approvals_;
    step.name = step_name(approvals_ == 1 ? "approve" : fmt::format("approve_{}", approvals_));
  } else {
    step.name = step_name(node.name.name.text());
  }
  step.span = span;
  step.phase = phase_;
  step.loop = loop_;
  turn_of_step_.push_back(turn_);
  if (phase_ != UINT32_MAX) {
    plan_.phases[phase_].steps.push_back(id);
  }
  if (loop_ != UINT32_MAX) {
    plan_.loops[loop_].body.push_back(id);
  }
  note_in_groups(id);
  return id;
}

void Elaborator::note_in_groups(StepId id) {
  for (const auto& [is_phase, ordinal] : open_groups_) {
    (is_phase ? phase_groups_ : loop_groups_)[ordinal].steps.push_back(id);
  }
}

void Elaborator::operation_step(const ast::StepDecl& node, StepId id) {
  const Module& where = entry();
  const auto& call = std::get<ast::Call>(where[node.value].node);
  const Symbol callee = where.symbols[call.callee.index];
  const Signature& signature = modules_[callee.module].operation_signatures[callee.index];
  const OperationTemplate& made = templates_.operation(callee);
  // Taken away while it is in use: an argument may be a resource that is evaluated now.
  std::vector<ast::ExprId> matched = std::move(matched_);
  match_arguments(where.file, call.arguments, signature.formals, matched);
  std::vector<Value> frame;
  frame.reserve(matched.size());
  for (std::size_t index = 0; index < matched.size(); ++index) {
    frame.push_back(matched[index].is_none()
                        ? evaluate(callee.module, signature.formals[index].default_value)
                        : evaluate(modules_.entry(), matched[index]));
  }
  matched_ = std::move(matched);
  const std::size_t argument_count = frame.size();
  plan_.steps[id.index].operation = made.index;
  const Span place = plan_.steps[id.index].span;
  if (!made.host.is_none()) {
    const Value host = partial_.evaluate(templates_.core(), made.host, frame, place);
    plan_.steps[id.index].host =
        host.as<HostId>() == nullptr ? UINT32_MAX : host.as<HostId>()->index;
  }
  if (!made.user.is_none()) {
    const Value user = partial_.evaluate(templates_.core(), made.user, frame, place);
    plan_.steps[id.index].user = partial_.reify(user);
  }
  settings(templates_.core(), made.contract, frame, id, place);
  if (!made.contract.manual.is_none()) {
    Step& step = plan_.steps[id.index];
    step.kind = StepKind::manual;
    const Value text = partial_.evaluate(templates_.core(), made.contract.manual, frame, place);
    step.text = text.as<std::string>() != nullptr
                    ? *text.as<std::string>()
                    : describe(assembly_, templates_.core(), made.contract.manual, frame);
  }
  bool has_own_undo = false;
  for (std::uint32_t index = node.clauses.begin; index < node.clauses.end; ++index) {
    has_own_undo |= std::holds_alternative<ast::UndoClause>(where.file.step_clauses[index].node);
  }
  if (!has_own_undo) {
    undo(templates_.core(), made.contract.undo, frame, id);
  }
  // What evaluation has bound stands behind the parameters.
  frame.resize(argument_count);
  plan_.steps[id.index].arguments = std::move(frame);
  step_clauses(node, id);
}

// `approve "…"`, `manual "…"`.
void Elaborator::text_step(const ast::StepDecl& node, StepId id) {
  auto text = known_text(node.value);
  Step& step = plan_.steps[id.index];
  step.kind = node.form == ast::StepForm::approve ? StepKind::approve : StepKind::manual;
  step.text = text.value_or(std::string());
  step_clauses(node, id);
}

// Contract and settings of an operation, or of a step's block.
void Elaborator::settings(
    Core& core, const ContractTemplate& from, std::vector<Value>& slots, StepId id, Span place) {
  {
    Step& step = plan_.steps[id.index];
    instantiate(core, from, slots,
                {.requires_ = &step.requires_,
                 .awaits = &step.awaits,
                 .effects = &step.effects,
                 .ensures = &step.ensures});
  }
  const auto number = [&](ExprId expr, std::string_view what) -> std::optional<std::int64_t> {
    return expr.is_none() ? std::nullopt
                          : known_number(partial_.evaluate(core, expr, slots, place), place, what);
  };
  if (const auto timeout = number(from.timeout, "a timeout")) {
    plan_.steps[id.index].timeout_ms = *timeout;
  }
  if (const auto count = number(from.retry_count, "a retry")) {
    plan_.steps[id.index].retry_count =
        static_cast<std::uint32_t>(std::max<std::int64_t>(*count, 0));
  }
  if (const auto every = number(from.retry_every, "a retry")) {
    plan_.steps[id.index].retry_every_ms = *every;
  }
  if (!from.note.is_none()) {
    const Value note = partial_.evaluate(core, from.note, slots, place);
    plan_.steps[id.index].note = note.as<std::string>() != nullptr
                                     ? *note.as<std::string>()
                                     : describe(assembly_, core, from.note, slots);
  }
  if (!from.when.is_none()) {
    if (auto when =
            condition(core, {.condition = from.when, .message = {}, .span = place}, slots)) {
      plan_.steps[id.index].when = std::move(*when);
    }
  }
  plan_.steps[id.index].allows_destroy |= from.allows_destroy;
}

// The commonest blocks hold nothing but steps to come after, states that are required, and notes:
// those are taken as they are written. False, and nothing is done, for any other.
bool Elaborator::plain_clauses(const ast::StepDecl& node, StepId id) {
  const auto& clauses = entry().file.step_clauses;
  std::vector<Condition> made;
  std::optional<std::string> note;
  for (std::uint32_t index = node.clauses.begin; index < node.clauses.end; ++index) {
    if (std::holds_alternative<ast::AfterClause>(clauses[index].node)) {
      continue;
    }
    const auto* required = std::get_if<ast::RequiresClause>(&clauses[index].node);
    auto condition = required == nullptr ? std::nullopt : written_state(required->condition);
    if (condition) {
      made.reserve(node.clauses.end - index);
      made.push_back(std::move(*condition));
      continue;
    }
    const auto* noted = std::get_if<ast::NoteClause>(&clauses[index].node);
    auto text = noted == nullptr ? std::nullopt : simple_value(modules_.entry(), noted->text);
    auto* known = text ? std::get_if<std::string>(&text->data) : nullptr;
    if (known == nullptr) {
      return false;
    }
    note = std::move(*known);
  }
  Step& step = plan_.steps[id.index];
  if (step.requires_.empty()) {
    step.requires_ = std::move(made);
  } else {
    std::ranges::move(made, std::back_inserter(step.requires_));
  }
  if (note) {
    step.note = std::move(*note);
  }
  written_after(node, id);
  return true;
}

// Notes the steps that `after` clauses name; they may be declared further down.
void Elaborator::written_after(const ast::StepDecl& node, StepId id) {
  for (std::uint32_t index = node.clauses.begin; index < node.clauses.end; ++index) {
    const auto* after = std::get_if<ast::AfterClause>(&entry().file.step_clauses[index].node);
    if (after == nullptr) {
      continue;
    }
    for (const ast::ExprId name : after->steps) {
      after_.push_back(
          {.step = id, .name = entry().symbols[name.index], .span = span(name), .turn = turn_});
    }
  }
}

void Elaborator::step_clauses(const ast::StepDecl& node, StepId id) {
  if (node.clauses.size() == 0 || plain_clauses(node, id)) {
    return;
  }
  written_after(node, id);
  const auto& clauses = entry().file.step_clauses;
  const Core::Mark mark = scratch_.mark();
  std::vector<Value> slots;
  {
    Lowering lowering(context_, scratch_, modules_.entry());
    ContractTemplate made;
    for (std::uint32_t index = node.clauses.begin; index < node.clauses.end; ++index) {
      templates_.clause(lowering, modules_.entry(), clauses[index], made);
    }
    settings(scratch_, made, slots, id, plan_.steps[id.index].span);
    undo(scratch_, made.undo, slots, id);
    if (!made.irreversible.is_none()) {
      irreversible(made.irreversible, slots, id);
    }
  }
  scratch_.release(mark);
}

// Only operations can be irreversible; a manual step gets one of its own.
void Elaborator::irreversible(ExprId reason, std::vector<Value>& slots, StepId id) {
  Step& step = plan_.steps[id.index];
  const Value text = partial_.evaluate(scratch_, reason, slots, step.span);
  if (step.operation != UINT32_MAX) {
    diagnostics_.report<Code::misplaced_declaration>(
        step.span, "`irreversible`", "in the block of a step: it belongs to the operation");
    return;
  }
  Operation operation;
  operation.name = step.name;
  operation.manual = step.text;
  operation.irreversible = text.as<std::string>() == nullptr ? "" : *text.as<std::string>();
  operation.span = step.span;
  step.operation = static_cast<std::uint32_t>(plan_.operations.size());
  plan_.operations.push_back(std::move(operation));
}

void Elaborator::undo(Core& core, const UndoTemplate& from, std::vector<Value>& slots, StepId id) {
  if (!from.is_given) {
    return;
  }
  plan_.steps[id.index].undo_none = from.is_none;
  if (from.is_none) {
    return;
  }
  const OperationTemplate& made = templates_.operation(from.operation);
  std::vector<Value> frame;
  frame.reserve(from.arguments.size());
  for (const ExprId argument : from.arguments) {
    frame.push_back(partial_.evaluate(core, argument, slots, from.span));
  }
  Step& step = plan_.steps[id.index];
  step.undo_operation = made.index;
  step.undo_arguments = frame;
  instantiate(templates_.core(), made.contract, frame,
              {.requires_ = &step.undo_requires,
               .awaits = nullptr,
               .effects = &step.undo_effects,
               .ensures = &step.undo_ensures});
}

// The `when` blocks around a step and its own `when`, as one condition.
void Elaborator::set_when(StepId id) {
  const auto* around = when_.as<Deferred>();
  if (around == nullptr) {
    return;
  }
  Step& step = plan_.steps[id.index];
  Condition made;
  made.expr = around->expr;
  made.text = when_text_;
  made.span = when_span_;
  if (step.when) {
    made.expr = assembly_.core().add(
        {.op = Op::logical_and, .a = around->expr.index, .b = step.when->expr.index});
    made.text = when_text_ + " and " + print_condition(plan_, *step.when);
    made.span = step.when->span;
  }
  find_reads(made);
  plan_.steps[id.index].when = std::move(made);
}

// --- after

// Whether a step of `target`'s turn is meant by a name that is used in `turn`: in a loop that both
// stand in, it is the step of the same turn.
bool Elaborator::is_visible_from(std::uint32_t target, std::uint32_t turn) const {
  for (; target != UINT32_MAX; target = turns_[target].outer) {
    for (std::uint32_t own = turn; own != UINT32_MAX; own = turns_[own].outer) {
      if (turns_[own].loop == turns_[target].loop && turns_[own].index != turns_[target].index) {
        return false;
      }
    }
  }
  return true;
}

// The steps that the written step `ordinal` has become, as far as they are meant in `turn`.
void Elaborator::instances(std::uint32_t ordinal, std::uint32_t turn, std::vector<StepId>& found) {
  const StepId first = first_instance_[ordinal];
  if (!first.is_none() && is_visible_from(turn_of_step_[first.index], turn)) {
    found.push_back(first);
  }
  const auto further =
      further_instances_.empty() ? further_instances_.end() : further_instances_.find(ordinal);
  if (further != further_instances_.end()) {
    std::ranges::copy_if(further->second, std::back_inserter(found),
                         [&](StepId id) { return is_visible_from(turn_of_step_[id.index], turn); });
  }
}

void Elaborator::targets_of(Symbol symbol, std::uint32_t turn, std::vector<StepId>& targets) {
  const auto take = [&](const std::vector<StepId>& steps) {
    for (const StepId id : steps) {
      if (is_visible_from(turn_of_step_[id.index], turn)) {
        targets.push_back(id);
      }
    }
  };
  if (symbol.kind == SymbolKind::step) {
    instances(symbol.index, turn, targets);
  } else if (symbol.kind == SymbolKind::phase) {
    take(phase_groups_[symbol.index].steps);
  } else if (symbol.kind == SymbolKind::loop_variable) {
    take(loop_groups_[symbol.index].steps);
  }
}

void Elaborator::resolve_after() {
  std::vector<StepId> targets;
  for (std::size_t index = 0; index < after_.size(); ++index) {
    const PendingAfter& pending = after_[index];
    targets.clear();
    targets_of(pending.name, pending.turn, targets);
    if (index == 0 || after_[index - 1].step != pending.step) {
      std::size_t count = 1;
      while (index + count < after_.size() && after_[index + count].step == pending.step) {
        ++count;
      }
      auto& after = plan_.steps[pending.step.index].after;
      after.reserve(after.size() + count);
    }
    for (const StepId target : targets) {
      if (target != pending.step) {
        plan_.steps[pending.step.index].after.push_back(target);
      } else {
        diagnostics_.report<Code::bad_reference>(
            pending.span,
            fmt::format("step `{}` cannot be after itself", plan_.steps[target.index].name));
      }
    }
  }
}

void Elaborator::after_group(const std::vector<ast::ExprId>& names,
                             const std::vector<StepId>& steps) {
  for (const ast::ExprId name : names) {
    group_after_.push_back({.steps = steps, .name = entry().symbols[name.index], .turn = turn_});
  }
}

void Elaborator::resolve_group_after() {
  std::vector<StepId> targets;
  for (const PendingGroup& pending : group_after_) {
    targets.clear();
    targets_of(pending.name, pending.turn, targets);
    for (const StepId id : pending.steps) {
      auto& after = plan_.steps[id.index].after;
      std::ranges::copy_if(targets, std::back_inserter(after),
                           [id](StepId target) { return target != id; });
    }
  }
}

}  // namespace plan
