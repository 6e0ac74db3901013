// Settings of environments, as far as the procedure reads them.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "tests/orchestrator/core.hpp"
#include "tests/orchestrator/environment.hpp"

namespace orchestrator {
namespace {

struct Setting {
  std::string_view name;
  std::string_view documentation;
};

constexpr std::array settings{
    Setting{"auto_deploy",
            "When this boolean is set to true, the orchestrator will automatically release a new"
            " version that was compiled by the orchestrator itself."},
    Setting{"server_compile", "Allow the server to compile the configuration model."},
    Setting{"push_on_auto_deploy", "Push a new version when it has been autodeployed."}};

Json definition_of(const Setting& setting) {
  return {{std::string(setting.name),
           {{"name", setting.name},
            {"type", "bool"},
            {"default", true},
            {"doc", setting.documentation},
            {"recompile", false},
            {"update_model", false},
            {"agent_restart", false},
            {"allowed_values", nullptr}}}};
}

const Setting& find_setting(Call& call) {
  const std::string name = call.arguments["key"].get<std::string>();
  const auto found = std::ranges::find(settings, name, &Setting::name);
  if (found == settings.end()) {
    throw not_found("There is no setting defined with that name");
  }
  return *found;
}

Response get_setting(Call& call) {
  const Setting& setting = find_setting(call);
  const Environment environment =
      load_environment(call.core.pool, call.core.release, call.environment);
  return data_response(
      {{"settings", {{std::string(setting.name), is_enabled(environment, setting.name)}}},
       {"definition", definition_of(setting)}});
}

Response list_settings(Call& call) {
  const Environment environment =
      load_environment(call.core.pool, call.core.release, call.environment);
  Json definitions = Json::object();
  for (const Setting& setting : settings) {
    definitions.update(definition_of(setting));
  }
  return data_response({{"settings", environment.settings}, {"definition", definitions}});
}

Response set_setting(Call& call) {
  const Setting& setting = find_setting(call);
  if (!call.arguments["value"].is_boolean()) {
    throw ApiError(500,
                   "Error setting setting: unable to convert value to the type of the setting");
  }
  call.core.pool.run(
      "update environment set settings = settings || jsonb_build_object($2::text, $3::boolean)"
      " where id = $1",
      {call.environment, std::string(setting.name),
       call.arguments["value"].get<bool>() ? "true" : "false"});
  return empty_response();
}

}  // namespace

std::vector<Route> setting_routes() {
  const std::string path = "/api/v2/environment_settings/<key>";
  return {{"GET", path, "environment_setting_get", Scope::header, {}, get_setting},
          {"POST",
           path,
           "environment_settings_set",
           Scope::header,
           {{"value", FieldType::any, true}},
           set_setting},
          {"GET",
           "/api/v2/environment_settings",
           "environment_settings_list",
           Scope::header,
           {},
           list_settings}};
}

}  // namespace orchestrator
