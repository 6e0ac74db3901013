// Loops: over lists that are known, turn by turn; over queries, once for an arbitrary element.

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/describe.hpp"
#include "compiler/elaborator.hpp"

namespace plan {

void Elaborator::item(const ast::ForDecl& node, const ast::Declaration& declaration) {
  const std::uint32_t ordinal = ordinals_.loop++;
  const Value list = evaluate(modules_.entry(), node.list);
  const std::size_t first = loop_groups_[ordinal].steps.size();
  open_groups_.emplace_back(false, ordinal);
  ++local_depth_;
  if (const auto items = known_items(list)) {
    unrolled_loop(node, ordinal, *items);
  } else {
    deferred_loop(node, ordinal, list, declaration);
  }
  --local_depth_;
  open_groups_.pop_back();
  const auto& steps = loop_groups_[ordinal].steps;
  after_group(node.after, {steps.begin() + static_cast<std::ptrdiff_t>(first), steps.end()});
}

std::optional<List> Elaborator::known_items(const Value& list) {
  if (const auto* known = list.as<List>()) {
    return *known;
  }
  const auto* deferred = list.as<Deferred>();
  if (deferred == nullptr || assembly_.core()[deferred->expr].op != Op::list) {
    return std::nullopt;
  }
  const Expr made = assembly_.core()[deferred->expr];
  List items;
  for (std::uint32_t child = made.children_begin; child < made.children_end; ++child) {
    const ExprId id = assembly_.core().child(child);
    const Expr item = assembly_.core()[id];
    items.push_back(item.op == Op::constant ? assembly_.core().constant_value(item.a)
                                            : Value{Deferred{id}});
  }
  return items;
}

std::string Elaborator::label_of(const Value& item, std::size_t index) {
  if (const auto* text = item.as<std::string>(); text != nullptr && !text->empty()) {
    return *text;
  }
  if (item.as<std::int64_t>() != nullptr || item.as<Version>() != nullptr ||
      item.as<EnumValue>() != nullptr || item.as<ResourceId>() != nullptr ||
      item.as<HostId>() != nullptr) {
    return describe(assembly_, item);
  }
  if (const auto* record = item.as<Map>()) {
    const Value* name = find(*record, "name");
    if (const auto* text = name == nullptr ? nullptr : name->as<std::string>();
        text != nullptr && !text->empty()) {
      return *text;
    }
  }
  return std::to_string(index + 1);
}

void Elaborator::unrolled_loop(const ast::ForDecl& node, std::uint32_t ordinal, const List& items) {
  std::uint32_t at_most = 0;
  if (!node.at_most.is_none()) {
    const auto bound = known_number(evaluate(modules_.entry(), node.at_most), span(node.at_most),
                                    "a loop's bound");
    at_most = static_cast<std::uint32_t>(std::max<std::int64_t>(bound.value_or(0), 0));
  }
  const Ordinals before = ordinals_;
  const std::uint32_t outer = turn_;
  std::set<std::string> labels;
  std::vector<std::vector<StepId>> steps_of_turns;
  for (std::size_t index = 0; index < items.size(); ++index) {
    std::string label = label_of(items[index], index);
    if (!labels.insert(label).second) {
      label = fmt::format("{}#{}", label, index + 1);
    }
    ordinals_ = before;
    turn_ = static_cast<std::uint32_t>(turns_.size());
    turns_.push_back({.outer = outer,
                      .loop = ordinal,
                      .index = static_cast<std::uint32_t>(index),
                      .label = std::move(label)});
    loop_values_[ordinal] = items[index];
    const auto first = static_cast<std::uint32_t>(plan_.steps.size());
    this->items(node.items);
    auto& steps = steps_of_turns.emplace_back();
    for (std::uint32_t step = first; step < plan_.steps.size(); ++step) {
      // Steps inside of a deferred loop are held by its two ends.
      if (plan_.steps[step].loop == loop_) {
        steps.push_back({step});
      }
    }
    if (at_most > 0 && index >= at_most) {
      for (const StepId step : steps) {
        auto& after = plan_.steps[step.index].after;
        const auto& earlier = steps_of_turns[index - at_most];
        after.insert(after.end(), earlier.begin(), earlier.end());
      }
    }
  }
  turn_ = outer;
  if (items.empty()) {
    skip(node.items);
  }
}

StepId Elaborator::loop_step(const ast::ForDecl& node, StepKind kind, Span at) {
  const StepId id{static_cast<std::uint32_t>(plan_.steps.size())};
  Step& step = plan_.steps.emplace_back();
  step.kind = kind;
  step.name = step_name(fmt::format("for {}#{}", node.variable.name.text(),
                                    kind == StepKind::loop_begin ? "begin" : "end"));
  step.span = at;
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
  set_when(id);
  return id;
}

void Elaborator::deferred_loop(const ast::ForDecl& node,
                               std::uint32_t ordinal,
                               const Value& list,
                               const ast::Declaration& declaration) {
  const auto* deferred = list.as<Deferred>();
  const Expr expr = deferred == nullptr ? Expr{} : assembly_.core()[deferred->expr];
  const auto element = deferred == nullptr || expr.op != Op::state
                           ? std::nullopt
                           : partial_.element_of(deferred->expr);
  if (!element) {
    known_too_late(list, span(node.list), "what a loop goes over");
    skip(node.items);
    return;
  }
  const Variable query = plan_.variables[expr.a];
  Loop loop;
  loop.variable = std::string(node.variable.name.text());
  loop.element = *element;
  loop.owner = query.resource;
  loop.query = query.attribute;
  loop.stops_on_failure = node.on_failure == ast::OnFailure::stop;
  loop.parent = loop_;
  loop.span = join(node.variable.span, span(node.list));
  if (!node.at_most.is_none()) {
    const auto bound = known_number(evaluate(modules_.entry(), node.at_most), span(node.at_most),
                                    "a loop's bound");
    loop.at_most = static_cast<std::uint32_t>(std::max<std::int64_t>(bound.value_or(0), 0));
  }
  const Span at = loop.span.is_none() ? declaration.span : loop.span;
  loop.begin = loop_step(node, StepKind::loop_begin, at);
  const auto index = static_cast<std::uint32_t>(plan_.loops.size());
  plan_.loops.push_back(std::move(loop));
  const std::uint32_t outer = std::exchange(loop_, index);
  loop_values_[ordinal] = Value{*element};
  items(node.items);
  loop_ = outer;
  plan_.loops[index].end = loop_step(node, StepKind::loop_end, at);
}

}  // namespace plan
