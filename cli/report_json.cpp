#include <nlohmann/json.hpp>

#include "cli/report_text.hpp"

namespace plan {

namespace {

using Json = nlohmann::ordered_json;

Json step_json(const StepResult& step) {
  Json json = {{"name", step.name}, {"status", name(step.status)}, {"attempts", step.attempts}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) {
      json[key] = value;
    }
  };
  put("phase", step.phase);
  put("host", step.host);
  put("detail", step.detail);
  if (step.is_undecided) {
    json["undecided"] = true;
  }
  if (step.started.count() > 0) {
    json["started"] = step.started.count();
    json["elapsed_ms"] = step.elapsed.count();
  }
  return json;
}

Json steps_json(const std::vector<StepResult>& steps) {
  Json list = Json::array();
  for (const StepResult& step : steps) {
    list.push_back(step_json(step));
  }
  return list;
}

Json conditions_json(const std::vector<ConditionResult>& conditions) {
  Json list = Json::array();
  for (const ConditionResult& condition : conditions) {
    Json entry = {{"condition", condition.text}};
    entry["holds"] = condition.is_known ? Json(condition.holds) : Json(nullptr);
    if (!condition.detail.empty()) {
      entry["detail"] = condition.detail;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

Json loops_json(const std::vector<LoopResult>& loops) {
  Json list = Json::array();
  for (const LoopResult& loop : loops) {
    Json entry = {{"list", loop.list}, {"elements", loop.elements}};
    if (!loop.known_after.empty()) {
      entry["known_after"] = loop.known_after;
    }
    if (!loop.brought_from.empty()) {
      entry["brought_from"] = loop.brought_from;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

Json hosts_json(const std::vector<HostResult>& hosts) {
  Json list = Json::array();
  for (const HostResult& host : hosts) {
    list.push_back({{"name", host.name},
                    {"address", host.address},
                    {"os", host.os},
                    {"connected", host.is_connected},
                    {"detail", host.detail}});
  }
  return list;
}

std::string one_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string report_json(const Report& report, std::string_view diagnostics) {
  Json destructions = Json::array();
  for (const Destruction& destruction : report.destructions) {
    Json facts = Json::array();
    for (const ObservedFact& fact : destruction.facts) {
      facts.push_back(fact.is_known
                          ? Json{{"fact", fact.name}, {"value", fact.value}}
                          : Json{{"fact", fact.name}, {"value", nullptr}, {"detail", fact.value}});
    }
    destructions.push_back(
        {{"what", destruction.what}, {"step", destruction.step}, {"facts", std::move(facts)}});
  }
  const Json json = {{"format", "plan-report/1"},
                     {"outcome", name(report.outcome)},
                     {"run", report.run_id},
                     {"resumed", report.is_resumed},
                     {"elapsed_ms", report.elapsed.count()},
                     {"hosts", hosts_json(report.hosts)},
                     {"steps", steps_json(report.steps)},
                     {"rules", conditions_json(report.rules)},
                     {"goals", conditions_json(report.goals)},
                     {"loops", loops_json(report.loops)},
                     {"destroys", std::move(destructions)},
                     {"point_of_no_return", report.point_of_no_return},
                     {"past_point_of_no_return", report.is_past_point_of_no_return},
                     {"diagnostics", Json::parse(diagnostics)}};
  return one_line(json);
}

std::string status_json(const RunStatus& status,
                        const JournalPlace& place,
                        std::string_view diagnostics) {
  Json json = {{"format", "plan-status/1"},
               {"journal", place.path},
               {"has_run", status.has_run},
               {"worked_on_by", place.owner ? Json(*place.owner) : Json(nullptr)}};
  if (status.has_run) {
    json["run"] = status.run_id;
    json["title"] = status.title;
    json["digest"] = status.plan_digest;
    json["same_plan"] = status.is_same_plan;
    json["finished"] = status.is_finished;
    json["rolled_back"] = status.is_rolled_back;
    json["ended"] = status.ended ? Json(name(*status.ended)) : Json(nullptr);
    if (status.is_plan_known) {
      json["past_point_of_no_return"] = !status.past_return.empty();
    }
    json["started"] = status.started.count();
    json["last_record"] = status.last_record.count();
    json["attempts"] = status.attempts;
    json["steps"] = steps_json(status.steps);
  }
  json["diagnostics"] = Json::parse(diagnostics);
  return one_line(json);
}

}  // namespace plan
