#include <nlohmann/json.hpp>

#include "compiler/emit/json.hpp"
#include "compiler/emit/runbook.hpp"

namespace plan {

namespace {

using Json = nlohmann::ordered_json;

Json items_json(const std::vector<emit::RunbookItem>& items) {
  Json list = Json::array();
  for (const emit::RunbookItem& item : items) {
    Json json = {{"number", item.step.number},
                 {"id", emit::node_id(item.step.id)},
                 {"name", item.step.description.name},
                 {"after", item.step.after}};
    if (!item.loop.empty()) {
      json["loop"] = item.loop;
      json["items"] = items_json(item.items);
    }
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

// The steps themselves are told in the graph's JSON: here stands how they are put in order.
std::string emit_runbook_json(const Plan& plan) {
  const emit::Runbook book = emit::runbook_of(plan);
  Json inputs = Json::array();
  for (const emit::RunbookInput& input : book.inputs) {
    inputs.push_back({{"name", input.name},
                      {"type", input.type},
                      {"secret", input.is_secret},
                      {"value", input.value},
                      {"documentation", input.documentation}});
  }
  Json sections = Json::array();
  for (const emit::RunbookSection& section : book.sections) {
    sections.push_back({{"number", section.number},
                        {"title", section.title},
                        {"items", items_json(section.items)}});
  }
  Json way_back = Json::array();
  for (const emit::RunbookWayBack& step : book.way_back) {
    way_back.push_back({{"number", step.number}, {"step", step.step}, {"undo", step.undo}});
  }
  Json preflight = Json::array();
  for (const emit::RunbookCheck& check : book.preflight) {
    preflight.push_back({{"condition", check.condition}, {"otherwise", check.otherwise}});
  }
  Json states = Json::array();
  for (const emit::RunbookState& state : book.states) {
    states.push_back({{"name", state.name},
                      {"meaning", state.meaning},
                      {"host", state.host},
                      {"commands", state.commands}});
  }
  const Json json = {{"format", "plan-runbook/1"},
                     {"title", book.title},
                     {"digest", book.digest},
                     {"inputs", std::move(inputs)},
                     {"preflight", std::move(preflight)},
                     {"sections", std::move(sections)},
                     {"invariants", book.invariants},
                     {"goals", book.goals},
                     {"destroys", book.destroyed},
                     {"point_of_no_return", book.no_return},
                     {"way_back", std::move(way_back)},
                     {"states", std::move(states)},
                     {"graph", Json::parse(emit_graph_json(plan))}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace plan
