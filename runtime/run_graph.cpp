#include "runtime/run_graph.hpp"

#include <algorithm>

namespace plan {

namespace {

bool is_loop_node(const Step& step) {
  return step.kind == StepKind::loop_begin || step.kind == StepKind::loop_end;
}

// The loop that begins with this step.
std::uint32_t loop_begun_by(const Plan& plan, StepId step) {
  const auto found = std::ranges::find(plan.loops, step, &Loop::begin);
  return found == plan.loops.end() ? no_index
                                   : static_cast<std::uint32_t>(found - plan.loops.begin());
}

void add_level_edge(const Plan& plan, RunGraph& graph, StepId from, StepId to) {
  const std::vector<std::uint32_t> from_loops = loops_around(plan, from);
  const std::vector<std::uint32_t> to_loops = loops_around(plan, to);
  std::size_t common = 0;
  while (common < from_loops.size() && common < to_loops.size() &&
         from_loops[common] == to_loops[common]) {
    ++common;
  }
  if (from_loops.size() > common) {
    from = plan.loops[from_loops[common]].end;
  }
  if (to_loops.size() > common) {
    to = plan.loops[to_loops[common]].begin;
  }
  if (from != to) {
    graph.edges[common == 0 ? no_index : from_loops[common - 1]].push_back({from, to});
  }
}

NodeId add_node(const Plan& plan, RunGraph& graph, StepId step, const std::string& suffix) {
  const auto id = static_cast<NodeId>(graph.nodes.size());
  Node node{.step = step, .name = plan.steps[step.index].name + suffix};
  const auto prior = graph.priors.find(node.name);
  // Loops are unfolded again in each attempt, from the journal.
  if (prior != graph.priors.end() && !is_loop_node(plan.steps[step.index])) {
    node.is_open = prior->second.is_open;
    node.attempts = prior->second.attempts;
    node.failures = prior->second.failures;
    if (is_finished(prior->second.status) && !node.is_open) {
      node.status = prior->second.status;
      node.is_settled = true;
    }
  }
  graph.nodes.push_back(std::move(node));
  return id;
}

void connect(RunGraph& graph, NodeId from, NodeId to) {
  graph.nodes[from].successors.push_back(to);
  if (!graph.nodes[from].is_settled) {
    ++graph.nodes[to].blockers;
  }
}

// Adds the steps of one level and the edges among them. A loop's begin and end are connected even
// if nothing else is.
std::map<StepId, NodeId> add_level(const Plan& plan,
                                   RunGraph& graph,
                                   std::uint32_t level,
                                   const std::string& suffix) {
  std::map<StepId, NodeId> ids;
  for (const StepId step : graph.members[level]) {
    ids[step] = add_node(plan, graph, step, suffix);
  }
  for (const LevelEdge& edge : graph.edges[level]) {
    connect(graph, ids.at(edge.from), ids.at(edge.to));
  }
  for (const auto& [step, id] : ids) {
    if (is_loop_node(plan.steps[step.index]) && loop_begun_by(plan, step) != no_index) {
      const std::uint32_t loop = loop_begun_by(plan, step);
      const NodeId end = ids.at(plan.loops[loop].end);
      graph.nodes[id].opens = graph.nodes[end].opens =
          static_cast<std::uint32_t>(graph.loops.size());
      graph.loops.push_back({.loop = loop, .begin = id, .end = end});
      connect(graph, id, end);
    }
  }
  return ids;
}

}  // namespace

RunGraph make_graph(const Plan& plan, std::map<std::string, Prior> priors) {
  RunGraph graph{.priors = std::move(priors)};
  for (const Edge& edge : plan.edges) {
    add_level_edge(plan, graph, edge.from, edge.to);
  }
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    for (const StepId before : plan.steps[index].after) {
      add_level_edge(plan, graph, before, StepId{index});
    }
  }
  for (auto& [level, edges] : graph.edges) {
    std::ranges::sort(edges);
    edges.erase(std::ranges::unique(edges).begin(), edges.end());
  }
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    const std::vector<std::uint32_t> loops = loops_around(plan, StepId{index});
    graph.members[loops.empty() ? no_index : loops.back()].push_back(StepId{index});
  }
  add_level(plan, graph, no_index, "");
  return graph;
}

void unfold(const Plan& plan,
            RunGraph& graph,
            NodeId begin,
            const std::vector<FoundElement>& found) {
  const std::uint32_t run = graph.nodes[begin].opens;
  const NodeId end = graph.loops[run].end;
  for (const FoundElement& element : found) {
    const auto position = static_cast<std::uint32_t>(graph.loops[run].elements.size());
    LoopRun::Element added{.binding = element.binding};
    const auto ids = add_level(plan, graph, graph.loops[run].loop, element.suffix);
    for (const auto& [step, id] : ids) {
      Node& node = graph.nodes[id];
      node.binding = element.binding;
      node.loop_run = run;
      node.element = position;
      added.nodes.push_back(id);
      connect(graph, id, end);
    }
    std::ranges::sort(added.nodes);
    graph.loops[run].elements.push_back(std::move(added));
  }
}

RunGraph make_undo_graph(const std::vector<UndoItem>& items) {
  RunGraph graph;
  for (const UndoItem& item : items) {
    const auto id = static_cast<NodeId>(graph.nodes.size());
    graph.nodes.push_back({.step = item.step,
                           .binding = item.binding,
                           .name = item.name,
                           .is_undo = true,
                           .is_open = item.is_open});
    if (id > 0) {
      connect(graph, id - 1, id);
    }
  }
  return graph;
}

}  // namespace plan
