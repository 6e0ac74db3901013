#include "compiler/emit/json.hpp"

#include <nlohmann/json.hpp>

#include "compiler/digest.hpp"
#include "compiler/emit/describe.hpp"
#include "compiler/print_expr.hpp"

namespace plan {

namespace {

using Json = nlohmann::ordered_json;

Json way_back_json(emit::WayBack way_back) {
  switch (way_back) {
    case emit::WayBack::yes:
      return "yes";
    case emit::WayBack::ends:
      return "ends_here";
    case emit::WayBack::no:
      return "no";
  }
  return nullptr;
}

Json requirements_json(const emit::Description& description) {
  Json list = Json::array();
  for (const emit::Requirement& requirement : description.requirements) {
    Json entry = {{"condition", requirement.condition}, {"awaited", requirement.is_awaited}};
    if (!requirement.provider.empty()) {
      entry["provided_by"] = requirement.provider;
    }
    entry["preflight"] = requirement.is_preflight;
    list.push_back(std::move(entry));
  }
  return list;
}

Json node_json(const Plan& plan, const emit::Node& node) {
  const emit::Description description = emit::describe(plan, node.step);
  Json json = {{"id", emit::node_id(node.step)},
               {"name", description.name},
               {"title", node.title},
               {"kind", description.kind},
               {"operation", description.operation},
               {"documentation", description.documentation},
               {"phase", description.phase},
               {"host", description.host},
               {"address", description.address},
               {"user", description.user},
               {"way_back", way_back_json(node.way_back)},
               {"requires", requirements_json(description)},
               {"ensures", description.ensures},
               {"changes", description.changes},
               {"destroys", description.destroys},
               {"commands", description.commands},
               {"undo", description.undo},
               {"undo_requires", description.undo_requires},
               {"undo_commands", description.undo_commands},
               {"timeout", description.timeout},
               {"retry", description.retry},
               {"detached", description.is_detached},
               {"when", description.when},
               {"text", description.text},
               {"note", description.note}};
  return json;
}

Json edges_json(const Plan& plan, const emit::View& view, const emit::GraphOptions& options) {
  Json list = Json::array();
  for (const emit::Arrow& arrow : view.arrows) {
    if (arrow.is_implied && !options.shows_implied_edges) {
      continue;
    }
    Json reasons = Json::array();
    for (const Edge& edge : plan.edges) {
      if (edge.from != arrow.from || edge.to != arrow.to) {
        continue;
      }
      Json reason = {{"reason", emit::reason_name(edge.reason)}};
      if (edge.variable.index < plan.variables.size()) {
        reason["state"] = print_variable(plan, edge.variable);
      }
      reasons.push_back(std::move(reason));
    }
    list.push_back({{"from", emit::node_id(arrow.from)},
                    {"to", emit::node_id(arrow.to)},
                    {"implied", arrow.is_implied},
                    {"reasons", std::move(reasons)}});
  }
  return list;
}

Json groups_json(const emit::View& view) {
  Json list = Json::array();
  for (std::size_t index = 0; index < view.groups.size(); ++index) {
    const emit::Group& group = view.groups[index];
    Json steps = Json::array();
    for (const StepId step : group.steps) {
      steps.push_back(emit::node_id(step));
    }
    Json entry = {{"id", "group" + std::to_string(index)},
                  {"kind", group.is_loop ? "loop" : "phase"},
                  {"title", group.title},
                  {"steps", std::move(steps)}};
    if (group.parent != UINT32_MAX) {
      entry["parent"] = "group" + std::to_string(group.parent);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

std::string emit_graph_json(const Plan& plan, const emit::GraphOptions& options) {
  const emit::View view = emit::view_of(plan);
  Json nodes = Json::array();
  for (const emit::Node& node : view.nodes) {
    nodes.push_back(node_json(plan, node));
  }
  Json hosts = Json::array();
  for (const Host& host : plan.hosts) {
    hosts.push_back({{"name", host.name},
                     {"address", host.is_local ? "localhost" : host.address},
                     {"local", host.is_local}});
  }
  Json ends = Json::array();
  for (const StepId step : plan.point_of_no_return) {
    ends.push_back(emit::node_id(step));
  }
  Json json = {{"format", "plan-graph/1"},
               {"title", plan.title},
               {"digest", to_hex(plan.digest)},
               {"hosts", std::move(hosts)},
               {"groups", groups_json(view)},
               {"nodes", std::move(nodes)},
               {"edges", edges_json(plan, view, options)},
               {"point_of_no_return", std::move(ends)}};
  if (!options.schedule.is_empty()) {
    Json steps = Json::array();
    for (const Moment& moment : options.schedule.moments) {
      Json entry = {{"step", moment.step}, {"then", moment.then}};
      if (moment.node < plan.steps.size()) {
        entry["node"] = emit::node_id(StepId{moment.node});
      }
      steps.push_back(std::move(entry));
    }
    json["schedule"] = {{"steps", std::move(steps)}, {"violated", options.schedule.violated}};
  }
  // Bytes that are not UTF-8 can only come from a value found at run time; they become U+FFFD.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace plan
