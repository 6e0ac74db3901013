#include "runtime/elements.hpp"

namespace plan {

namespace {

const AttributeSource& no_attributes() {
  static const AttributeSource none = [](ResourceId, std::uint32_t) -> EvaluationResult {
    return std::unexpected(EvaluationError{.message = "a state is read where none can be"});
  };
  return none;
}

}  // namespace

EvaluationResult remake_element(RunContext& context,
                                const RunGraph& graph,
                                NodeId begin,
                                const Value& fields) {
  const Node& node = graph.nodes[begin];
  const Loop& loop = context.plan.loops[graph.loops[node.opens].loop];
  RunEnvironment environment(context.resources, node.binding, context.run_id, no_attributes());
  const Map* own = fields.as<Map>();
  return context.resources.make_element(loop.element, own == nullptr ? Map{} : *own, environment);
}

std::vector<FoundElement> found_elements(const RunContext& context,
                                         const RunGraph& graph,
                                         NodeId begin,
                                         const std::vector<ResourceId>& elements) {
  const Node& node = graph.nodes[begin];
  const Loop& loop = context.plan.loops[graph.loops[node.opens].loop];
  const std::string& plain = context.plan.steps[node.step.index].name;
  const std::string around = node.name.substr(plain.size());
  std::vector<FoundElement> found;
  for (const ResourceId element : elements) {
    FoundElement next{.binding = node.binding,
                      .suffix = around + "[" + context.resources.label(element) + "]"};
    next.binding.elements.emplace_back(loop.element, element);
    found.push_back(std::move(next));
  }
  return found;
}

void unfold_journaled(RunContext& context, RunGraph& graph, const History& history) {
  for (NodeId id = 0; id < graph.nodes.size(); ++id) {
    const bool is_begin =
        graph.nodes[id].opens != no_index && graph.loops[graph.nodes[id].opens].begin == id;
    const auto known = history.unfolded.find(graph.nodes[id].name);
    if (!is_begin || known == history.unfolded.end()) {
      continue;
    }
    std::vector<ResourceId> elements;
    for (const Value& fields : known->second) {
      if (const auto made = remake_element(context, graph, id, fields)) {
        elements.push_back(*made->as<ResourceId>());
      }
    }
    unfold(context.plan, graph, id, found_elements(context, graph, id, elements));
  }
}

}  // namespace plan
