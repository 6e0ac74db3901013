#include "compiler/emit/describe.hpp"

#include <algorithm>

#include <fmt/core.h>

#include "compiler/print_expr.hpp"

namespace plan::emit {

namespace {

constexpr std::int64_t default_timeout_ms = 600'000;

// The step that an edge into `step` names as provider of something that the condition reads.
std::string provider_of(const Plan& plan, StepId step, const Condition& condition) {
  for (const Edge& edge : plan.edges) {
    if (edge.to == step && edge.reason == EdgeReason::provides &&
        std::ranges::find(condition.reads, edge.variable) != condition.reads.end()) {
      return plan.steps[edge.from.index].name;
    }
  }
  return "";
}

bool is_preflight(const Plan& plan, StepId step, std::uint32_t requirement) {
  return std::ranges::find(plan.preflight_requirements, std::pair{step, requirement}) !=
         plan.preflight_requirements.end();
}

void describe_place(const Plan& plan, const Step& step, Description& description) {
  description.phase = step.phase == UINT32_MAX ? "" : plan.phases[step.phase].title;
  description.host = "controller";
  if (step.host != UINT32_MAX) {
    const Host& host = plan.hosts[step.host];
    description.host = host.name;
    description.address = host.is_local ? "localhost" : host.address;
    description.user = host.become.empty() ? host.user : host.become;
  }
  if (!step.user.is_none()) {
    description.user = print_expr(plan, step.user);
    std::erase(description.user, '"');
  }
}

void describe_contract(const Plan& plan, StepId id, Description& description) {
  const Step& step = plan.steps[id.index];
  for (std::uint32_t index = 0; index < step.requires_.size(); ++index) {
    const Condition& condition = step.requires_[index];
    description.requirements.push_back({.condition = print_condition(plan, condition),
                                        .provider = provider_of(plan, id, condition),
                                        .is_preflight = is_preflight(plan, id, index),
                                        .is_awaited = false});
  }
  for (const Condition& condition : step.awaits) {
    description.requirements.push_back({.condition = print_condition(plan, condition),
                                        .provider = provider_of(plan, id, condition),
                                        .is_preflight = false,
                                        .is_awaited = true});
  }
  for (const Condition& condition : step.ensures) {
    description.ensures.push_back(print_condition(plan, condition));
  }
  for (const Effect& effect : step.effects) {
    if (effect.kind == EffectKind::change) {
      description.changes.push_back(print_variable(plan, effect.variable));
    } else if (effect.kind == EffectKind::destroy) {
      description.destroys.push_back(print_variable(plan, effect.variable));
    }
  }
}

void describe_way_back(const Plan& plan, const Step& step, Description& description) {
  if (step.undo_operation != UINT32_MAX) {
    description.undo = plan.operations[step.undo_operation].name;
    for (const Condition& condition : step.undo_requires) {
      description.undo_requires.push_back(print_condition(plan, condition));
    }
    description.undo_commands = print_undo_commands(plan, step);
    return;
  }
  const std::string reason =
      step.operation == UINT32_MAX ? "" : plan.operations[step.operation].irreversible;
  if (!reason.empty()) {
    description.undo = "impossible: " + reason;
  } else if (step.undo_none || step.effects.empty()) {
    description.undo = "nothing needs to be taken back";
  } else {
    description.undo = "impossible: no undo is given";
  }
}

// In a loop its element goes by the name that the author gave it: `env`, not
// `new_orch.environments[]`.
void name_elements(const Plan& plan, StepId id, Description& description) {
  std::vector<std::pair<std::string, std::string>> names;
  for (std::uint32_t loop = plan.steps[id.index].loop; loop != UINT32_MAX;
       loop = plan.loops[loop].parent) {
    const std::uint32_t element = plan.loops[loop].element.index;
    if (element < plan.resources.size()) {
      names.emplace_back(plan.resources[element].name, plan.loops[loop].variable);
    }
  }
  const auto rename = [&](std::string& text) {
    for (const auto& [long_name, name] : names) {
      for (std::size_t at = text.find(long_name); at != std::string::npos;
           at = text.find(long_name, at + name.size())) {
        text.replace(at, long_name.size(), name);
      }
    }
  };
  for (Requirement& requirement : description.requirements) {
    rename(requirement.condition);
  }
  for (auto* lines :
       {&description.ensures, &description.changes, &description.destroys, &description.commands,
        &description.undo_requires, &description.undo_commands}) {
    std::ranges::for_each(*lines, rename);
  }
  rename(description.when);
}

}  // namespace

std::string kind_name(StepKind kind) {
  switch (kind) {
    case StepKind::operation:
      return "operation";
    case StepKind::approve:
      return "approve";
    case StepKind::manual:
      return "manual";
    case StepKind::loop_begin:
      return "loop_begin";
    case StepKind::loop_end:
      return "loop_end";
  }
  return "";
}

std::string reason_name(EdgeReason reason) {
  switch (reason) {
    case EdgeReason::written:
      return "written";
    case EdgeReason::data:
      return "data";
    case EdgeReason::provides:
      return "provides";
    case EdgeReason::protects:
      return "protects";
    case EdgeReason::loop:
      return "loop";
    case EdgeReason::one_at_a_time:
      return "one_at_a_time";
  }
  return "";
}

Description describe(const Plan& plan, StepId id) {
  const Step& step = plan.steps[id.index];
  Description description;
  description.name = step.name;
  description.kind = kind_name(step.kind);
  if (step.operation != UINT32_MAX) {
    const Operation& operation = plan.operations[step.operation];
    description.operation = operation.name;
    description.documentation = operation.documentation;
    description.is_detached = operation.is_detached;
    description.text = operation.manual;
  }
  if (!step.text.empty()) {
    description.text = step.text;
  }
  description.note = step.note;
  description.when = step.when ? print_condition(plan, *step.when) : "";
  describe_place(plan, step, description);
  describe_contract(plan, id, description);
  description.commands = print_commands(plan, step);
  describe_way_back(plan, step, description);
  name_elements(plan, id, description);
  const bool is_default = step.timeout_ms == 0;
  description.timeout = to_text(Value{Duration{is_default ? default_timeout_ms : step.timeout_ms}});
  if (step.retry_count > 0) {
    description.retry = fmt::format("{} times, every {}", step.retry_count,
                                    to_text(Value{Duration{step.retry_every_ms}}));
  }
  return description;
}

}  // namespace plan::emit
