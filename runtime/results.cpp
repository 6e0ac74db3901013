#include "runtime/results.hpp"

#include <algorithm>

namespace plan {

namespace {

EvaluationResult not_observed(ResourceId, std::uint32_t) {
  return std::unexpected(EvaluationError{.message = "not observed", .is_unknown = true});
}

// A loop's step as long as the loop is not unfolded.
std::string template_name(const Plan& plan, StepId step) {
  return plan.steps[step.index].name + (loops_around(plan, step).empty() ? "" : "[…]");
}

// The step stands in a loop that is not unfolded.
bool is_folded(const Plan& plan, const RunGraph& graph, StepId step) {
  return std::ranges::any_of(loops_around(plan, step), [&](std::uint32_t loop) {
    return std::ranges::any_of(graph.nodes, [&](const Node& node) {
      return node.step == plan.loops[loop].begin && !is_finished(node.status);
    });
  });
}

// The steps of the graph that are still to be done, and those of loops that are not unfolded.
std::vector<std::pair<StepId, const Node*>> open_steps(const Plan& plan, const RunGraph& graph) {
  std::vector<std::vector<const Node*>> nodes(plan.steps.size());
  for (const Node& node : graph.nodes) {
    nodes[node.step.index].push_back(&node);
  }
  std::vector<std::pair<StepId, const Node*>> result;
  for (std::uint32_t index = 0; index < nodes.size(); ++index) {
    for (const Node* node : nodes[index]) {
      if (!is_finished(node->status)) {
        result.emplace_back(StepId{index}, node);
      }
    }
    if (nodes[index].empty() && is_folded(plan, graph, StepId{index})) {
      result.emplace_back(StepId{index}, nullptr);
    }
  }
  return result;
}

std::vector<std::string> labels_of(RunContext& context,
                                   Programs& programs,
                                   Observations& observations,
                                   ResourceId owner,
                                   std::uint32_t query) {
  std::vector<std::string> labels;
  bool is_done = false;
  observations.request(owner, query, observations.recent(),
                       [&](const std::expected<Value, Failure>& value) {
                         const auto* list = value ? value->as<List>() : nullptr;
                         for (const Value& item : list != nullptr ? *list : List{}) {
                           if (const auto* element = item.as<ResourceId>()) {
                             labels.push_back(context.resources.label(*element));
                           }
                         }
                         is_done = true;
                       });
  while (!is_done && programs.pump()) {
  }
  return labels;
}

}  // namespace

void list_destructions(RunContext& context,
                       const RunGraph& graph,
                       const History& history,
                       Report& report) {
  const Plan& plan = context.plan;
  const AttributeSource none = not_observed;
  for (const auto& [step, node] : open_steps(plan, graph)) {
    const std::string name = node != nullptr ? node->name : template_name(plan, step);
    const Binding binding = node != nullptr ? node->binding : Binding{};
    RunEnvironment environment(context.resources, binding, context.run_id, none);
    for (const Effect& effect : plan.steps[step.index].effects) {
      if (effect.kind == EffectKind::destroy) {
        const Variable& variable = plan.variables[effect.variable.index];
        const ResourceId resource = environment.resolve(variable.resource);
        report.destructions.push_back({name, context.resources.name(resource, variable.attribute)});
      }
    }
    if (std::ranges::find(plan.point_of_no_return, step) != plan.point_of_no_return.end()) {
      report.point_of_no_return.push_back(name);
    }
  }
  for (const Node& node : graph.nodes) {
    const auto before = history.steps.find(node.name);
    const auto& line = plan.point_of_no_return;
    report.is_past_point_of_no_return =
        report.is_past_point_of_no_return ||
        (std::ranges::find(line, node.step) != line.end() && before != history.steps.end() &&
         History::has_acted(before->second));
  }
}

std::vector<LoopResult> loop_results(RunContext& context,
                                     Programs& programs,
                                     Observations& observations,
                                     Forecast& forecast,
                                     const RunGraph& graph) {
  const AttributeSource none = not_observed;
  std::vector<LoopResult> results;
  for (const Node& node : graph.nodes) {
    const auto loop = std::ranges::find(context.plan.loops, node.step, &Loop::begin);
    if (loop == context.plan.loops.end()) {
      continue;
    }
    RunEnvironment environment(context.resources, node.binding, context.run_id, none);
    const ResourceId owner = environment.resolve(loop->owner);
    LoopResult result{.begin = node.step, .list = context.resources.name(owner, loop->query)};
    if (is_finished(node.status)) {
      for (const LoopRun::Element& element : graph.loops[node.opens].elements) {
        result.elements.push_back(context.resources.label(element.binding.elements.back().second));
      }
    } else {
      const Foreseen foreseen = forecast.of(owner, loop->query);
      result.known_after = foreseen.step;
      if (foreseen.kind == Foreseen::Kind::seen) {
        result.brought_from = context.resources.name(foreseen.resource, foreseen.attribute);
        result.elements =
            labels_of(context, programs, observations, foreseen.resource, foreseen.attribute);
      }
    }
    results.push_back(std::move(result));
  }
  return results;
}

std::vector<StepResult> step_results(const RunContext& context,
                                     const RunGraph& graph,
                                     const History& history) {
  const Plan& plan = context.plan;
  const auto place = [&](StepResult result) {
    const Step& step = plan.steps[result.step.index];
    result.phase = step.phase == UINT32_MAX ? "" : plan.phases[step.phase].title;
    result.host = step.host == UINT32_MAX ? "" : plan.hosts[step.host].name;
    return result;
  };
  std::vector<std::vector<StepResult>> by_step(plan.steps.size());
  for (const Node& node : graph.nodes) {
    const StepKind kind = plan.steps[node.step.index].kind;
    if (kind == StepKind::loop_begin || kind == StepKind::loop_end) {
      continue;
    }
    StepResult result = place({.name = node.name,
                               .step = node.step,
                               .status = node.status,
                               .attempts = node.attempts,
                               .elapsed = node.elapsed,
                               .detail = node.detail,
                               .is_undecided = node.is_undecided});
    if (const auto before = history.steps.find(node.name); before != history.steps.end()) {
      result.started = before->second.started;
      if (result.elapsed.count() == 0) {
        result.elapsed = before->second.elapsed;
      }
    }
    by_step[node.step.index].push_back(std::move(result));
  }
  std::vector<StepResult> results;
  for (std::uint32_t index = 0; index < by_step.size(); ++index) {
    const StepKind kind = plan.steps[index].kind;
    const bool is_step = kind != StepKind::loop_begin && kind != StepKind::loop_end;
    if (by_step[index].empty() && is_step && is_folded(plan, graph, StepId{index})) {
      results.push_back(place({.name = template_name(plan, StepId{index}),
                               .step = StepId{index},
                               .is_undecided = true}));
    }
    std::ranges::move(by_step[index], std::back_inserter(results));
  }
  return results;
}

}  // namespace plan
