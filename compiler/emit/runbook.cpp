// The plan as a procedure, before any output format.
#include "compiler/emit/runbook.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "compiler/digest.hpp"
#include "compiler/emit/view.hpp"
#include "compiler/print_expr.hpp"
#include "compiler/print_known.hpp"

namespace plan::emit {

namespace {

// An order that the edges allow, which stays in a loop and in a phase as long as it can.
std::vector<StepId> reading_order(const Plan& plan) {
  std::vector<std::uint32_t> open(plan.steps.size(), 0);
  std::vector<std::vector<std::uint32_t>> successors(plan.steps.size());
  for (const Edge& edge : plan.edges) {
    ++open[edge.to.index];
    successors[edge.from.index].push_back(edge.to.index);
  }
  std::vector<std::uint32_t> loops;
  for (std::uint32_t step = 0; step < plan.steps.size(); ++step) {
    loops.push_back(loop_of(plan, {step}));
  }
  std::set<std::uint32_t> ready;
  for (std::uint32_t step = 0; step < open.size(); ++step) {
    if (open[step] == 0) {
      ready.insert(step);
    }
  }
  std::vector<StepId> order;
  std::uint32_t loop = UINT32_MAX;
  std::uint32_t phase = UINT32_MAX;
  while (!ready.empty()) {
    const auto best = std::ranges::min_element(ready, {}, [&](std::uint32_t step) {
      const Step& candidate = plan.steps[step];
      return std::tuple(loops[step] != loop, candidate.phase != phase, candidate.phase, step);
    });
    const std::uint32_t step = *best;
    ready.erase(best);
    order.push_back({step});
    phase = plan.steps[step].phase;
    loop = plan.steps[step].kind == StepKind::loop_end ? plan.steps[step].loop : loops[step];
    for (const std::uint32_t next : successors[step]) {
      if (--open[next] == 0) {
        ready.insert(next);
      }
    }
  }
  return order;
}

std::string loop_title(const Plan& plan, const Loop& loop) {
  const Resource& owner = plan.resources[loop.owner.index];
  const Attribute& query = plan.resource_types[owner.type].attributes[loop.query];
  std::string title = fmt::format("for each {} of {}.{}", loop.variable, owner.name, query.name);
  if (loop.at_most == 1) {
    title += ", one at a time";
  } else if (loop.at_most > 1) {
    title += fmt::format(", at most {} at a time", loop.at_most);
  }
  return title + (loop.stops_on_failure ? "" : ", going on after a failure");
}

class Maker {
 public:
  explicit Maker(const Plan& plan) : plan_(plan), view_(view_of(plan)) {}

  Runbook make();

 private:
  void inputs();
  void preflight();
  void sections();
  RunbookItem& place(StepId id, std::vector<RunbookItem>& items, const std::string& prefix);
  void number_after(std::vector<RunbookItem>& items);
  void way_back(const std::vector<RunbookItem>& items);
  void states();
  void add_state(VariableId variable);
  void add_states(const std::vector<Condition>& conditions);

  const Plan& plan_;
  View view_;
  Runbook made_;
  std::map<std::uint32_t, std::string> numbers_;    // by step
  std::map<std::uint32_t, RunbookItem*> in_loops_;  // by loop
  std::set<std::uint32_t> variables_;
};

void Maker::inputs() {
  for (const Input& input : plan_.inputs) {
    RunbookInput made{.name = input.name,
                      .type = type_text(plan_, input.type),
                      .value = "",
                      .documentation = input.documentation,
                      .is_secret = input.is_secret};
    if (input.value && !input.is_secret) {
      made.value = print_value(plan_, *input.value);
    }
    made_.inputs.push_back(std::move(made));
  }
  made_.hosts = plan_.hosts;
}

void Maker::preflight() {
  const auto add = [&](const Condition& condition) {
    // A message that only run time can make says nothing yet.
    RunbookCheck check{print_condition(plan_, condition),
                       condition.message_value.is_none() ? condition.message : ""};
    if (std::ranges::find(made_.preflight, check.condition, &RunbookCheck::condition) ==
        made_.preflight.end()) {
      made_.preflight.push_back(std::move(check));
    }
  };
  for (const DeferredRule& rule : plan_.rules) {
    add(rule.condition);
  }
  for (const auto& [step, requirement] : plan_.preflight_requirements) {
    add(plan_.steps[step.index].requires_[requirement]);
  }
  for (const Condition& goal : plan_.goals) {
    made_.goals.push_back(print_condition(plan_, goal));
  }
  for (const Condition& invariant : plan_.invariants) {
    made_.invariants.push_back(print_condition(plan_, invariant));
  }
}

RunbookItem& Maker::place(StepId id, std::vector<RunbookItem>& items, const std::string& prefix) {
  RunbookItem& item = items.emplace_back();
  const Node& node = view_.nodes[id.index];
  item.step.number = prefix + std::to_string(items.size());
  item.step.id = id;
  item.step.description = describe(plan_, id);
  item.step.way_back = node.way_back;
  item.step.irreversible = node.irreversible;
  item.step.asks = node.asks;
  numbers_[id.index] = item.step.number;
  if (node.way_back == WayBack::ends) {
    made_.no_return.push_back(fmt::format("{} {}{}{}", item.step.number, node.title,
                                          node.irreversible.empty() ? "" : ": ",
                                          node.irreversible));
  }
  for (const std::string& what : item.step.description.destroys) {
    made_.destroyed.push_back(fmt::format("{} (step {})", what, item.step.number));
  }
  return item;
}

void Maker::sections() {
  const std::vector<StepId> order = reading_order(plan_);
  const bool has_phases = !plan_.phases.empty();
  std::set<std::uint32_t> seen;
  std::uint32_t phase = UINT32_MAX;
  made_.sections.reserve(order.size());  // items are pointed to while they are made
  for (const StepId id : order) {
    const Step& step = plan_.steps[id.index];
    const bool is_inner = step.loop != UINT32_MAX || step.kind == StepKind::loop_end;
    if (made_.sections.empty() || (step.phase != phase && !is_inner)) {
      phase = step.phase;
      RunbookSection& section = made_.sections.emplace_back();
      section.number = has_phases ? std::to_string(made_.sections.size()) : "";
      section.title = !has_phases           ? "Steps"
                      : phase == UINT32_MAX ? "Further steps"
                                            : plan_.phases[phase].title;
      section.title += seen.insert(phase).second ? "" : " (continued)";
    }
    if (step.kind == StepKind::loop_end) {
      numbers_[id.index] = numbers_[plan_.loops[loop_of(plan_, id)].begin.index];
      continue;
    }
    RunbookSection& section = made_.sections.back();
    RunbookItem* outer = step.loop == UINT32_MAX ? nullptr : in_loops_[step.loop];
    const std::string prefix = outer != nullptr         ? outer->step.number + "."
                               : section.number.empty() ? ""
                                                        : section.number + ".";
    std::vector<RunbookItem>& items = outer != nullptr ? outer->items : section.items;
    items.reserve(plan_.steps.size());
    RunbookItem& item = place(id, items, prefix);
    if (step.kind == StepKind::loop_begin) {
      const std::uint32_t loop = loop_of(plan_, id);
      item.loop = loop_title(plan_, plan_.loops[loop]);
      in_loops_[loop] = &item;
    }
  }
}

void Maker::number_after(std::vector<RunbookItem>& items) {
  for (RunbookItem& item : items) {
    for (const Arrow& arrow : view_.arrows) {
      if (arrow.to != item.step.id || arrow.is_implied) {
        continue;
      }
      const std::string& number = numbers_[arrow.from.index];
      const bool is_around = plan_.steps[arrow.from.index].kind == StepKind::loop_begin &&
                             item.step.number.starts_with(number + ".");
      if (!is_around) {
        item.step.after.push_back(number);
      }
    }
    number_after(item.items);
  }
}

// The last step first; the same order within a loop.
void Maker::way_back(const std::vector<RunbookItem>& items) {
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    way_back(item->items);
    const RunbookStep& step = item->step;
    if (item->loop.empty() && step.way_back == WayBack::yes &&
        !step.description.undo_commands.empty()) {
      made_.way_back.push_back({step.number, step.description.name, step.description.undo});
    }
  }
}

void Maker::add_state(VariableId variable) {
  if (variable.index >= plan_.variables.size() || !variables_.insert(variable.index).second) {
    return;
  }
  const Variable& found = plan_.variables[variable.index];
  const Resource& resource = plan_.resources[found.resource.index];
  const ResourceType& type = plan_.resource_types[resource.type];
  const Attribute& attribute = type.attributes[found.attribute];
  const auto loop = std::ranges::find(plan_.loops, found.resource, &Loop::element);
  RunbookState state{.name = loop == plan_.loops.end() ? print_variable(plan_, variable)
                                                       : loop->variable + "." + attribute.name,
                     .meaning = attribute.documentation,
                     .host = "",
                     .commands = {}};
  PrintFrame frame;
  frame.values = {Value{found.resource}};
  frame.names = {"self"};
  if (type.host_field < resource.fields.size()) {
    const auto* host = resource.fields[type.host_field].as<HostId>();
    if (host != nullptr && host->index < plan_.hosts.size()) {
      state.host = frame.host = plan_.hosts[host->index].name;
    }
  }
  state.commands = print_program(plan_, attribute.observe, frame);
  made_.states.push_back(std::move(state));
}

void Maker::add_states(const std::vector<Condition>& conditions) {
  for (const Condition& condition : conditions) {
    std::ranges::for_each(condition.reads, [&](VariableId variable) { add_state(variable); });
  }
}

void Maker::states() {
  for (const DeferredRule& rule : plan_.rules) {
    add_states({rule.condition});
  }
  for (const Step& step : plan_.steps) {
    add_states(step.requires_);
    add_states(step.awaits);
    add_states(step.ensures);
  }
  add_states(plan_.goals);
  add_states(plan_.invariants);
}

Runbook Maker::make() {
  made_.title = plan_.title;
  made_.digest = to_hex(plan_.digest);
  inputs();
  preflight();
  sections();
  for (RunbookSection& section : made_.sections) {
    number_after(section.items);
  }
  for (auto section = made_.sections.rbegin(); section != made_.sections.rend(); ++section) {
    way_back(section->items);
  }
  states();
  return std::move(made_);
}

}  // namespace

Runbook runbook_of(const Plan& plan) {
  return Maker(plan).make();
}

}  // namespace plan::emit
