#include "compiler/emit/view.hpp"

#include <algorithm>
#include <map>

#include <fmt/core.h>

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

std::string title_of(const Plan& plan, const Step& step) {
  if (step.kind == StepKind::loop_begin && step.loop != UINT32_MAX) {
    return "for each " + plan.loops[step.loop].variable;
  }
  if (step.kind == StepKind::loop_end && step.loop != UINT32_MAX) {
    return "after each " + plan.loops[step.loop].variable;
  }
  return step.name;
}

// Steps that a step leads to, as one bit set per step.
class Reachability {
 public:
  explicit Reachability(const Plan& plan)
      : words_((plan.steps.size() + 63) / 64), bits_(plan.steps.size() * words_) {
    std::vector<std::vector<std::uint32_t>> next(plan.steps.size());
    for (const Edge& edge : plan.edges) {
      next[edge.from.index].push_back(edge.to.index);
    }
    for (auto step = plan.topological.rbegin(); step != plan.topological.rend(); ++step) {
      for (const std::uint32_t successor : next[step->index]) {
        for (std::size_t word = 0; word < words_; ++word) {
          bits_[step->index * words_ + word] |= bits_[successor * words_ + word];
        }
        bits_[step->index * words_ + successor / 64] |= std::uint64_t{1} << (successor % 64);
      }
    }
  }

  [[nodiscard]] bool reaches(std::uint32_t from, std::uint32_t to) const {
    return ((bits_[from * words_ + to / 64] >> (to % 64)) & 1U) != 0;
  }

 private:
  std::size_t words_;
  std::vector<std::uint64_t> bits_;
};

std::string label_of(const Plan& plan, const Edge& edge) {
  switch (edge.reason) {
    case EdgeReason::written:
      return "written";
    case EdgeReason::data:
      return "uses its output";
    case EdgeReason::provides:
      return edge.variable.index < plan.variables.size() ? print_variable(plan, edge.variable) : "";
    case EdgeReason::protects:
      return edge.variable.index < plan.variables.size()
                 ? "protects " + print_variable(plan, edge.variable)
                 : "protects";
    case EdgeReason::loop:
      return "";
    case EdgeReason::one_at_a_time:
      return "one at a time";
  }
  return "";
}

std::vector<Arrow> arrows_of(const Plan& plan, const Reachability& reachability) {
  std::map<std::pair<StepId, StepId>, Arrow> grouped;
  std::vector<std::vector<std::uint32_t>> next(plan.steps.size());
  for (const Edge& edge : plan.edges) {
    Arrow& arrow = grouped[{edge.from, edge.to}];
    if (arrow.from.is_none()) {
      next[edge.from.index].push_back(edge.to.index);
    }
    arrow.from = edge.from;
    arrow.to = edge.to;
    const std::string label = label_of(plan, edge);
    if (!label.empty() && std::ranges::find(arrow.labels, label) == arrow.labels.end()) {
      arrow.labels.push_back(label);
    }
  }
  std::vector<Arrow> arrows;
  for (auto& [ends, arrow] : grouped) {
    arrow.is_implied = std::ranges::any_of(next[ends.first.index], [&](std::uint32_t other) {
      return other != ends.second.index && reachability.reaches(other, ends.second.index);
    });
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

// The loop that a step is drawn in: its nodes of begin and end stand inside too.
std::uint32_t loop_of(const Step& step) {
  return step.loop;
}

class Grouping {
 public:
  Grouping(const Plan& plan, View& view) : plan_(plan), view_(view) {}

  void add(StepId id) {
    const Step& step = plan_.steps[id.index];
    const std::uint32_t group = group_of(step.phase, loop_of(step));
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

WayBack way_back_of(const Plan& plan, const Reachability& reachability, StepId step) {
  if (std::ranges::find(plan.point_of_no_return, step) != plan.point_of_no_return.end()) {
    return WayBack::ends;
  }
  const bool is_after = std::ranges::any_of(plan.point_of_no_return, [&](StepId end) {
    return reachability.reaches(end.index, step.index);
  });
  return is_after ? WayBack::no : WayBack::yes;
}

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

const std::vector<Colour>& palette() {
  static const std::vector<Colour> colours = {{"#0072B2", "#DCEBF5"}, {"#E69F00", "#FBEBCB"},
                                              {"#009E73", "#D3F0E6"}, {"#CC79A7", "#F6E1ED"},
                                              {"#56B4E9", "#E3F3FC"}, {"#D55E00", "#FADFCC"},
                                              {"#A59B00", "#F8F5CC"}, {"#666666", "#EAEAEA"}};
  return colours;
}

std::string node_id(StepId step) {
  return fmt::format("step{}", step.index);
}

View view_of(const Plan& plan) {
  View view;
  view.title = plan.title;
  const Reachability reachability(plan);
  Grouping grouping(plan, view);
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    const Step& step = plan.steps[index];
    Node node;
    node.step = {index};
    node.title = title_of(plan, step);
    node.operation = operation_name(plan, step);
    node.host = host_name(plan, step);
    node.colour = colour_of(view, node.host);
    node.way_back = way_back_of(plan, reachability, {index});
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
  view.arrows = arrows_of(plan, reachability);
  return view;
}

}  // namespace plan::emit
