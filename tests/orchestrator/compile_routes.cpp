#include "tests/orchestrator/compile_routes.hpp"

#include "tests/orchestrator/core.hpp"
#include "tests/orchestrator/environment.hpp"

namespace orchestrator {
namespace {

Json objects(const Result& result) {
  Json list = Json::array();
  for (int row = 0; row < result.rows(); ++row) {
    list.push_back(Json::parse(result.text(row, "object")));
  }
  return list;
}

Response request_compile(Call& call, Json metadata) {
  const Environment environment =
      load_environment(call.core.pool, call.core.release, call.environment);
  if (!is_enabled(environment, "server_compile")) {
    const Json warnings =
        Json::array({"Skipping compile because server compile not enabled for this environment."});
    return json_response({{"metadata", {{"warnings", warnings}}}});
  }
  if (!metadata.contains("type")) {
    metadata["type"] = "api";
  }
  if (!metadata.contains("message")) {
    metadata["message"] = "Recompile trigger through API call";
  }
  call.core.compiler.request({.environment = call.environment,
                              .update = call.arguments.value("update", true),
                              .metadata = metadata});
  return json_response(Json::object());
}

Response is_compiling(Call& call) {
  Response response;
  response.status = call.core.compiler.is_running(call.environment) ? 200 : 204;
  return response;
}

Response compile_queue(Call& call) {
  const Result result = call.core.pool.run("select " + compile_sql("") +
                                               " as object from compile where environment = $1"
                                               " and completed is null order by requested, id",
                                           {call.environment});
  return json_response({{"queue", objects(result)}});
}

std::string v1_members() {
  return ", 'handled', handled, 'substitute_compile_id', substitute_compile_id,"
         " 'compile_data', compile_data";
}

Response v1_reports(Call& call) {
  const int limit = call.arguments.value("limit", 100);
  const Result result = call.core.pool.run(
      "select " + compile_sql(v1_members()) +
          " as object from compile where environment = $1 order by started desc nulls first"
          " limit $2",
      {call.environment, std::to_string(limit)});
  return json_response({{"reports", objects(result)}});
}

Response v1_report(Call& call) {
  const std::string id = call.arguments["id"].get<std::string>();
  const Json found = objects(call.core.pool.run(
      "select " + compile_sql(v1_members()) + " as object from compile where id = $1", {id}));
  if (found.empty()) {
    throw not_found("The compile with the given id does not exist.");
  }
  Json report = found.at(0);
  report["reports"] = stages_json(call.core, id);
  return json_response({{"report", report}});
}

}  // namespace

std::string compile_sql(std::string_view more) {
  return "json_build_object('id', id, 'remote_id', remote_id, 'environment', environment,"
         " 'requested', " +
         stamp_sql("requested") + ", 'started', " + stamp_sql("started") +
         ", 'do_export', do_export, 'force_update', force_update, 'metadata', metadata,"
         " 'environment_variables', environment_variables, 'partial', partial,"
         " 'removed_resource_sets', removed_resource_sets, 'exporter_plugin', exporter_plugin,"
         " 'notify_failed_compile', notify_failed_compile,"
         " 'failed_compile_message', failed_compile_message, 'completed', " +
         stamp_sql("completed") + ", 'success', success, 'version', version" + std::string(more) +
         ")";
}

Json stages_json(Core& core, const std::string& compile) {
  return objects(core.pool.run(
      "select json_build_object('id', id, 'started', " + stamp_sql("started") + ", 'completed', " +
          stamp_sql("completed") +
          ", 'command', command, 'name', name, 'errstream', errstream, 'outstream', outstream,"
          " 'returncode', returncode) as object from report where compile ="
          " (select coalesce(substitute_compile_id, id) from compile where id = $1)"
          " order by started, id",
      {compile}));
}

std::vector<Route> compile_routes() {
  const std::string notify = "/api/v1/notify/<id>";
  return {{"GET",
           notify,
           "notify_change_get",
           Scope::path,
           {{"update", FieldType::boolean}},
           [](Call& call) { return request_compile(call, Json::object()); }},
          {"POST",
           notify,
           "notify_change",
           Scope::path,
           {{"update", FieldType::boolean}, {"metadata", FieldType::object}},
           [](Call& call) {
             return request_compile(call, call.arguments.value("metadata", Json::object()));
           }},
          {"HEAD", notify, "is_compiling", Scope::path, {}, is_compiling},
          {"GET", "/api/v1/compilequeue", "get_compile_queue", Scope::header, {}, compile_queue},
          {"GET",
           "/api/v1/compilereport",
           "get_reports",
           Scope::header,
           {{"start"}, {"end"}, {"limit", FieldType::integer}},
           v1_reports},
          {"GET", "/api/v1/compilereport/<id>", "get_report", Scope::none, {}, v1_report}};
}

}  // namespace orchestrator
