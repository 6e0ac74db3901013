// What a server tells about itself, and the lists of versions and notifications.

#include "tests/orchestrator/status_routes.hpp"

#include <fmt/format.h>

#include "tests/orchestrator/core.hpp"

namespace orchestrator {
namespace {

Json slices(Core& core) {
  const bool is_connected = core.pool.is_connected();
  const std::string socket =
      fmt::format("{}:{}", core.settings.server.bind_address, core.settings.server.bind_port);
  Json list = Json::array();
  const auto add = [&](std::string_view name, const Json& status) {
    list.push_back({{"name", name}, {"status", status}});
  };
  add("core.transport", {{"inflight", 1}, {"running", true}, {"sockets", Json::array({socket})}});
  add("core.autostarted_agent_manager", {{"processes", core.agents.process_count()}});
  add("core.database", {{"connected", is_connected},
                        {"database", core.settings.database.name},
                        {"host", core.settings.database.host},
                        {"max_pool", std::stoi(std::string(core.release.max_pool))},
                        {"open_connections", core.pool.open_connections()},
                        {"free_connections", core.pool.free_connections()}});
  add("core.compiler", {{"task_queue", core.compiler.running_count()}, {"listeners", 1}});
  for (const std::string_view name :
       {"core.server", "core.session", "core.agentmanager", "core.environment", "core.project",
        "core.parameters", "core.resource", "core.orchestration", "core.dryrun", "core.file",
        "core.code", "core.metrics", "core.notification"}) {
    add(name, Json::object());
  }
  if (core.release.has_users) {
    add("core.user", Json::object());
    add("core.environment-metrics", Json::object());
  }
  return list;
}

Response server_status(Call& call) {
  const Release& release = call.core.release;
  Json features = Json::array();
  if (release.has_dashboard_feature) {
    features.push_back({{"slice", "core.server"}, {"name", "dashboard"}, {"value", true}});
  }
  Json extensions =
      Json::array({Json{{"name", "core"}, {"version", release.version}, {"package", "core"}}});
  for (const std::string& name : call.core.settings.behaviour.extensions) {
    extensions.push_back({{"name", name}, {"version", release.version}, {"package", name}});
  }
  return data_response({{"product", "Inmanta Service Orchestrator"},
                        {"edition", "Open Source Edition"},
                        {"version", release.version},
                        {"license", "Apache Software License 2"},
                        {"extensions", extensions},
                        {"slices", slices(call.core)},
                        {"features", features}});
}

// A list answered whole: `sql` selects `object`, for the environment $1 and at most $2 rows.
Response listed(Call& call, const std::string& sql, std::string_view path) {
  const int limit = call.arguments.value("limit", 1000);
  if (limit > 1000) {
    throw bad_request(fmt::format("limit parameter can not exceed 1000, got {}.", limit));
  }
  const Result result = call.core.pool.run(sql, {call.environment, std::to_string(limit)});
  Json list = Json::array();
  for (int row = 0; row < result.rows(); ++row) {
    list.push_back(Json::parse(result.text(row, "object")));
  }
  const int total = result.empty() ? 0 : std::stoi(result.text(0, "total"));
  const Json metadata{{"total", total},
                      {"before", 0},
                      {"after", total - static_cast<int>(list.size())},
                      {"page_size", limit}};
  const Json links{{"self", fmt::format("{}?limit={}", path, limit)}};
  return json_response({{"data", list}, {"links", links}, {"metadata", metadata}});
}

Response desired_states(Call& call) {
  return listed(
      call,
      "select json_build_object('version', version, 'date', " + stamp_sql("date") +
          ", 'total', total, 'labels', json_build_array(json_build_object('name',"
          " coalesce(version_info->'export_metadata'->>'type', 'api'), 'message',"
          " coalesce(version_info->'export_metadata'->>'message', ''))),"
          " 'status', case when not released and version > coalesce(active, 0) then 'candidate'"
          " when not released then 'skipped_candidate'"
          " when version = active then 'active' else 'retired' end) as object,"
          " count(*) over () as total from configurationmodel,"
          " (select max(version) as active from configurationmodel"
          " where environment = $1 and released) as newest"
          " where environment = $1 order by version desc limit $2",
      "/api/v2/desiredstate");
}

Response notifications(Call& call) {
  return listed(call,
                "select json_build_object('id', id, 'environment', environment, 'created', " +
                    stamp_sql("created") +
                    ", 'title', title, 'message', message, 'severity', severity, 'uri', uri,"
                    " 'read', read, 'cleared', cleared) as object, count(*) over () as total"
                    " from notification where environment = $1 order by created desc, id"
                    " limit $2",
                "/api/v2/notification");
}

}  // namespace

std::vector<Route> status_routes(const Release& release) {
  const std::vector<Field> paging{
      {"limit", FieldType::integer}, {"sort"}, {"start"}, {"end"}, {"first_id"}, {"last_id"}};
  std::vector<Route> routes{
      {"GET", "/api/v1/serverstatus", "get_server_status", Scope::none, {}, server_status},
      {.method = "GET",
       .path = "/api/v2/desiredstate",
       .operation = "list_desired_state_versions",
       .scope = Scope::header,
       .fields = paging,
       .handle = desired_states,
       .takes_filters = true},
      {.method = "GET",
       .path = "/api/v2/notification",
       .operation = "list_notifications",
       .scope = Scope::header,
       .fields = paging,
       .handle = notifications,
       .takes_filters = true}};
  if (release.major >= 16) {
    routes.push_back({.method = "GET",
                      .path = "/api/v2/health",
                      .operation = "health",
                      .fields = {},
                      .handle = [](Call&) { return empty_response(); },
                      .needs_token = false});
  }
  return routes;
}

}  // namespace orchestrator
