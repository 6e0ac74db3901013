#include "compiler/emit/view.hpp"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "compiler/graph.hpp"
#include "compiler/print_expr.hpp"

namespace plan::emit {

namespace {

std::string host_name(const Plan& plan, const Step& step) {
  return step.host == UINT32_MAX ? "controller" : plan.hosts[step.host].name;
}

std::string operation_name(const Plan& plan, const Step& step) {
  switch (step.kind) {
    case StepKind::approve:
      return "approve";
    case StepKind::manual:
      return "by hand";
    case StepKind::loop_begin:
      return "asks for the elements";
    case StepKind::loop_end:
      return "all elements are done";
    case StepKind::operation:
      break;
  }
  return step.operation == UINT32_MAX ? "" : plan.operations[step.operation].name;
}

std::string title_of(const Plan& plan, StepId id) {
  const Step& step = plan.steps[id.index];
  const std::uint32_t loop = loop_of(plan, id);
  if (step.kind == StepKind::loop_begin && loop != UINT32_MAX) {
    return "for each " + plan.loops[loop].variable;
  }
  if (step.kind == StepKind::loop_end && loop != UINT32_MAX) {
    return "after each " + plan.loops[loop].variable;
  }
  return step.name;
}

// "env.halted" within its loop: the element goes by the name that the author gave it.
std::string state_text(const Plan& plan, VariableId id) {
  if (id.index >= plan.variables.size()) {
    return "";
  }
  const Variable& variable = plan.variables[id.index];
  const Resource& resource = plan.resources[variable.resource.index];
  const auto loop = std::ranges::find(plan.loops, variable.resource, &Loop::element);
  return loop == plan.loops.end()
             ? print_variable(plan, id)
             : fmt::format("{}.{}", loop->variable,
                           plan.resource_types[resource.type].attributes[variable.attribute].name);
}

std::string label_of(const Plan& plan, const Edge& edge) {
  switch (edge.reason) {
    case EdgeReason::written:
      return "after";
    case EdgeReason::data:
      return "uses its output";
    case EdgeReason::provides:
      return state_text(plan, edge.variable);
    case EdgeReason::protects:
      return "protects " + state_text(plan, edge.variable);
    case EdgeReason::loop:
      return "";
    case EdgeReason::one_at_a_time:
      return "one at a time";
  }
  return "";
}

std::vector<Arrow> arrows_of(const Plan& plan, const DependencyGraph& graph) {
  std::map<std::pair<std::uint32_t, std::uint32_t>, Arrow> grouped;
  for (const Edge& edge : plan.edges) {
    Arrow& arrow = grouped[{edge.from.index, edge.to.index}];
    arrow.from = edge.from;
    arrow.to = edge.to;
    const std::string label = label_of(plan, edge);
    if (!label.empty() && std::ranges::find(arrow.labels, label) == arrow.labels.end()) {
      arrow.labels.push_back(label);
    }
  }
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> needed = graph.reduction();
  std::vector<Arrow> arrows;
  for (auto& [ends, arrow] : grouped) {
    arrow.is_implied = !std::ranges::binary_search(needed, ends);
    arrows.push_back(std::move(arrow));
  }
  return arrows;
}

std::string bound_text(const Loop& loop) {
  if (loop.at_most == 0) {
    return "";
  }
  return loop.at_most == 1 ? ", one at a time"
                           : fmt::format(", at most {} at a time", loop.at_most);
}

class Grouping {
 public:
  Grouping(const Plan& plan, View& view) : plan_(plan), view_(view) {}

  void add(StepId id) {
    const Step& step = plan_.steps[id.index];
    const std::uint32_t group = group_of(step.phase, loop_of(plan_, id));
    (group == UINT32_MAX ? view_.ungrouped : view_.groups[group].steps).push_back(id);
  }

 private:
  std::uint32_t group_of(std::uint32_t phase, std::uint32_t loop) {
    if (phase == UINT32_MAX && loop == UINT32_MAX) {
      return UINT32_MAX;
    }
    const auto found = known_.find({phase, loop});
    if (found != known_.end()) {
      return found->second;
    }
    Group group;
    if (loop == UINT32_MAX) {
      group.title = plan_.phases[phase].title;
    } else {
      const Loop& described = plan_.loops[loop];
      group.parent = group_of(phase, described.parent);
      group.is_loop = true;
      group.title = "for each " + described.variable + bound_text(described);
    }
    const auto index = static_cast<std::uint32_t>(view_.groups.size());
    view_.groups.push_back(std::move(group));
    known_[{phase, loop}] = index;
    return index;
  }

  const Plan& plan_;
  View& view_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> known_;
};

std::uint32_t colour_of(View& view, const std::string& host) {
  const auto found = std::ranges::find(view.legend, host, &HostColour::host);
  if (found != view.legend.end()) {
    return found->colour;
  }
  const auto colour = static_cast<std::uint32_t>(view.legend.size() % palette().size());
  view.legend.push_back({host, colour});
  return colour;
}

}  // namespace

std::uint32_t loop_of(const Plan& plan, StepId step) {
  for (std::uint32_t loop = 0; loop < plan.loops.size(); ++loop) {
    if (plan.loops[loop].begin == step || plan.loops[loop].end == step) {
      return loop;
    }
  }
  return plan.steps[step.index].loop;
}

const std::vector<Colour>& palette() {
  static const std::vector<Colour> colours = {{"#0072B2", "#DCEBF5"}, {"#E69F00", "#FBEBCB"},
                                              {"#009E73", "#D3F0E6"}, {"#CC79A7", "#F6E1ED"},
                                              {"#56B4E9", "#E3F3FC"}, {"#D55E00", "#FADFCC"},
                                              {"#A59B00", "#F8F5CC"}, {"#666666", "#EAEAEA"}};
  return colours;
}

ScheduleMark mark_of(const GraphOptions& options, StepId step) {
  ScheduleMark mark;
  const auto& moments = options.schedule.moments;
  for (std::size_t index = 0; index < moments.size(); ++index) {
    if (moments[index].node == step.index) {
      mark.numbers += (mark.numbers.empty() ? "" : ", ") + std::to_string(index + 1);
      mark.then += (mark.then.empty() || moments[index].then.empty() ? "" : "; ");
      mark.then += moments[index].then;
    }
  }
  return mark;
}

std::string node_id(StepId step) {
  return fmt::format("step{}", step.index);
}

std::vector<WayBack> ways_back(const Plan& plan) {
  const DependencyGraph graph = graph_of(plan);
  std::vector<WayBack> result(plan.steps.size(), WayBack::yes);
  for (const StepId end : plan.point_of_no_return) {
    result[end.index] = WayBack::ends;
  }
  for (const std::uint32_t step : graph.order()) {
    if (result[step] == WayBack::yes) {
      continue;
    }
    graph.for_each_successor(step, [&](std::uint32_t next) {
      result[next] = result[next] == WayBack::yes ? WayBack::no : result[next];
    });
  }
  return result;
}

View view_of(const Plan& plan) {
  View view;
  view.title = plan.title;
  const DependencyGraph graph = graph_of(plan);
  const std::vector<WayBack> way_back = ways_back(plan);
  Grouping grouping(plan, view);
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    const Step& step = plan.steps[index];
    Node node;
    node.step = {index};
    node.title = title_of(plan, {index});
    node.operation = operation_name(plan, step);
    node.host = host_name(plan, step);
    node.colour = colour_of(view, node.host);
    node.way_back = way_back[index];
    if (node.way_back == WayBack::ends && step.operation != UINT32_MAX) {
      node.irreversible = plan.operations[step.operation].irreversible;
    }
    node.destroys = std::ranges::any_of(
        step.effects, [](const Effect& effect) { return effect.kind == EffectKind::destroy; });
    node.is_conditional = step.when.has_value();
    node.asks = step.kind == StepKind::approve || step.kind == StepKind::manual;
    view.nodes.push_back(std::move(node));
    grouping.add({index});
  }
  view.arrows = arrows_of(plan, graph);
  return view;
}

}  // namespace plan::emit
