#include "runtime/results.hpp"

#include <algorithm>
#include <map>
#include <string_view>

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

// A value in a line of its own.
std::string short_text(const RunContext& context, const Value& value) {
  constexpr std::size_t longest = 80;
  const auto* words = value.as<std::string>();
  std::string text = context.shown(words == nullptr || words->empty() ? to_text(value) : *words);
  std::ranges::replace(text, '\n', ' ');
  if (text.size() <= longest) {
    return text;
  }
  std::size_t end = longest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;  // not inside of a character
  }
  return text.substr(0, end) + "…";
}

// All facts of each thing that will be destroyed, whether or not the plan reads them. That one
// cannot be observed is said, and keeps nobody from anything.
void observe_destroyed(RunContext& context,
                       Programs& programs,
                       Observations& observations,
                       const std::vector<ResourceId>& destroyed,
                       Report& report) {
  std::size_t outstanding = 0;
  bool is_done = true;
  for (std::size_t index = 0; index < destroyed.size(); ++index) {
    const ResourceId resource = destroyed[index];
    if (context.resources.is_dependent(resource)) {
      continue;  // which one it is shows when its loop is unfolded
    }
    const std::vector<Attribute>& attributes = context.resources.type(resource).attributes;
    for (std::uint32_t attribute = 0; attribute < attributes.size(); ++attribute) {
      if (attributes[attribute].kind != AttributeKind::fact) {
        continue;
      }
      std::vector<ObservedFact>& facts = report.destructions[index].facts;
      facts.push_back({.name = attributes[attribute].name});
      ++outstanding;
      is_done = false;
      observations.request(resource, attribute, observations.recent(),
                           [&, index, place = facts.size() - 1](const auto& value) {
                             ObservedFact& fact = report.destructions[index].facts[place];
                             fact.is_known = value.has_value();
                             fact.value = value ? short_text(context, *value)
                                                : context.shown(value.error().message);
                             is_done = --outstanding == 0;
                           });
    }
  }
  while (!is_done && programs.pump()) {
  }
}

}  // namespace

void list_destructions(RunContext& context,
                       Programs& programs,
                       Observations& observations,
                       const RunGraph& graph,
                       const History& history,
                       Report& report) {
  const Plan& plan = context.plan;
  const AttributeSource none = not_observed;
  std::vector<ResourceId> destroyed;
  for (const auto& [step, node] : open_steps(plan, graph)) {
    const std::string name = node != nullptr ? node->name : template_name(plan, step);
    const Binding binding = node != nullptr ? node->binding : Binding{};
    RunEnvironment environment(context.resources, binding, context.run_id, none);
    for (const Effect& effect : plan.steps[step.index].effects) {
      if (effect.kind == EffectKind::destroy) {
        const Variable& variable = plan.variables[effect.variable.index];
        const ResourceId resource = environment.resolve(variable.resource);
        report.destructions.push_back(
            {.step = name, .what = context.resources.name(resource, variable.attribute)});
        destroyed.push_back(resource);
      }
    }
    if (std::ranges::find(plan.point_of_no_return, step) != plan.point_of_no_return.end()) {
      report.point_of_no_return.push_back(name);
    }
  }
  observe_destroyed(context, programs, observations, destroyed, report);
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

void tell_left_behind(const RunGraph& graph,
                      const History& history,
                      std::vector<StepResult>& steps) {
  std::map<std::string_view, const Node*> nodes;
  for (const Node& node : graph.nodes) {
    nodes.emplace(node.name, &node);
  }
  for (StepResult& step : steps) {
    const auto node = nodes.find(step.name);
    const auto before = history.steps.find(step.name);
    if (step.status != StepStatus::waiting || node == nodes.end() ||
        before == history.steps.end()) {
      continue;
    }
    if (node->second->is_open) {
      step.status = StepStatus::interrupted;
    } else if (before->second.status == StepStatus::failed ||
               before->second.status == StepStatus::undone) {
      step.status = before->second.status;
    }
  }
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
