// Agents in the API: the list, and pausing with its rules for halted environments.

#include <fmt/format.h>

#include "tests/orchestrator/core.hpp"
#include "tests/orchestrator/environment.hpp"

namespace orchestrator {
namespace {

Response list_agents(Call& call) {
  const Result result = call.core.pool.run(
      "select json_build_object('environment', agent.environment, 'name', agent.name,"
      " 'last_failover', " +
          stamp_sql("agent.last_failover") +
          ", 'paused', agent.paused, 'process_id', agentinstance.process,"
          " 'process_name', agentprocess.hostname,"
          " 'unpause_on_resume', agent.unpause_on_resume,"
          " 'status', case when agent.paused then 'paused'"
          " when agent.id_primary is not null then 'up' else 'down' end) as object"
          " from agent left join agentinstance on agentinstance.id = agent.id_primary"
          " left join agentprocess on agentprocess.sid = agentinstance.process"
          " where agent.environment = $1 order by agent.name",
      {call.environment});
  Json agents = Json::array();
  for (int row = 0; row < result.rows(); ++row) {
    agents.push_back(Json::parse(result.text(row, "object")));
  }
  const Json metadata{
      {"total", agents.size()}, {"before", 0}, {"after", 0}, {"page_size", agents.size()}};
  return json_response({{"data", agents},
                        {"links", {{"self", "/api/v2/agents?limit=1000&sort=name.asc"}}},
                        {"metadata", metadata}});
}

void set_paused(Call& call, const Parameter& name, const std::string& paused) {
  call.core.pool.run(
      "update agent set paused = $3, id_primary = case when $3 then null else id_primary end"
      " where environment = $1 and ($2::text is null or name = $2)",
      {call.environment, name, paused});
  if (paused == "false") {
    call.core.agents.start(call.environment);
    call.core.agents.deploy(call.environment);
  }
}

void set_unpause_on_resume(Call& call, const Parameter& name, const std::string& unpause) {
  call.core.pool.run(
      "update agent set unpause_on_resume = $3"
      " where environment = $1 and ($2::text is null or name = $2)",
      {call.environment, name, unpause});
}

Response act(Call& call, const Parameter& name) {
  const std::string action = call.arguments["action"].get<std::string>();
  const bool is_halted =
      load_environment(call.core.pool, call.core.release, call.environment).is_halted;
  if (action == "pause" || action == "unpause") {
    if (is_halted) {
      throw forbidden("Can not pause or unpause agents when the environment has been halted.");
    }
    set_paused(call, name, action == "pause" ? "true" : "false");
    return empty_response();
  }
  if (action == "keep_paused_on_resume" || action == "unpause_on_resume") {
    if (!is_halted) {
      throw forbidden("Cannot set on_resume state of agents when the environment is not halted.");
    }
    set_unpause_on_resume(call, name, action == "unpause_on_resume" ? "true" : "false");
    return empty_response();
  }
  throw bad_request(fmt::format(
      "Failed to validate argument\n1 validation error for agent_action_arguments\naction\n"
      "  value is not a valid enumeration member; permitted: 'pause', 'unpause',"
      " 'keep_paused_on_resume', 'unpause_on_resume' (type=type_error.enum)"));
}

}  // namespace

std::vector<Route> agent_routes() {
  const std::vector<Field> paging{
      {"limit", FieldType::integer}, {"sort"}, {"start"}, {"end"}, {"first_id"}, {"last_id"}};
  return {
      {.method = "GET",
       .path = "/api/v2/agents",
       .operation = "get_agents",
       .scope = Scope::header,
       .fields = paging,
       .handle = list_agents,
       .takes_filters = true},
      {"POST",
       "/api/v2/agents/<action>",
       "all_agents_action",
       Scope::header,
       {},
       [](Call& call) { return act(call, std::nullopt); }},
      {"POST", "/api/v2/agent/<name>/<action>", "agent_action", Scope::header, {}, [](Call& call) {
         return act(call, call.arguments["name"].get<std::string>());
       }}};
}

}  // namespace orchestrator
