#include "tests/orchestrator/environment.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "tests/orchestrator/core.hpp"

namespace orchestrator {
namespace {

bool knows_column(const Release& release, const std::string& name) {
  static const std::vector<std::string> columns{
      "id",       "name",         "project", "repo_url",    "repo_branch",
      "settings", "last_version", "halted",  "description", "icon"};
  return std::ranges::find(columns, name) != columns.end() ||
         (release.marks_deletion && name == "is_marked_for_deletion");
}

// SQL for an environment as an object. `project_name` is the key that v1 and v2 spell differently.
std::string environment_sql(const Release& release, std::string_view project_name) {
  return fmt::format(
      "json_build_object('id', id, 'name', name, '{}', project, 'repo_url', repo_url,"
      " 'repo_branch', repo_branch, 'settings', settings, 'halted', halted{},"
      " 'description', coalesce(description, ''), 'icon', coalesce(icon, ''))",
      project_name,
      release.marks_deletion ? ", 'is_marked_for_deletion', is_marked_for_deletion" : "");
}

Json list_of(Pool& pool,
             const std::string& object,
             const std::string& rest,
             const Parameters& parameters = {}) {
  const Result result = pool.run("select " + object + " as object " + rest, parameters);
  Json list = Json::array();
  for (int row = 0; row < result.rows(); ++row) {
    list.push_back(Json::parse(result.text(row, "object")));
  }
  return list;
}

Json environments(Call& call, std::string_view project_name) {
  return list_of(call.core.pool, environment_sql(call.core.release, project_name),
                 "from environment order by name, id");
}

Json one_environment(Call& call, const std::string& id, std::string_view project_name) {
  static_cast<void>(load_environment(call.core.pool, call.core.release, id));
  return list_of(call.core.pool, environment_sql(call.core.release, project_name),
                 "from environment where id = $1", {id})
      .at(0);
}

Response list_projects(Call& call) {
  Json projects = list_of(call.core.pool,
                          "json_build_object('id', id, 'name', name, 'environments', '[]'::json)",
                          "from project order by name, id");
  for (const Json& environment : environments(call, "project_id")) {
    for (Json& project : projects) {
      if (project["id"] == environment["project_id"]) {
        project["environments"].push_back(environment);
      }
    }
  }
  return data_response(projects);
}

Response create_project(Call& call) {
  const std::string id = call.arguments.value("project_id", new_uuid());
  const std::string name = call.arguments["name"].get<std::string>();
  try {
    call.core.pool.run("insert into project (id, name) values ($1, $2)", {id, name});
  } catch (const DatabaseError& error) {
    if (error.state != "23505") {
      throw;
    }
    throw ApiError(500,
                   fmt::format("An unexpected error occurred in the server while processing the"
                               " request: A project with name {} already exists.",
                               name));
  }
  return data_response({{"id", id}, {"name", name}, {"environments", Json::array()}});
}

Response create_environment(Call& call) {
  const std::string project = call.arguments["project_id"].get<std::string>();
  const std::string id = call.arguments.value("environment_id", new_uuid());
  const std::string name = call.arguments["name"].get<std::string>();
  Pool& pool = call.core.pool;
  const Result found = pool.run("select name from project where id = $1", {project});
  if (found.empty()) {
    throw not_found("The project id for the environment does not exist.");
  }
  if (!pool.run("select 1 from environment where project = $1 and name = $2", {project, name})
           .empty()) {
    throw ApiError(500,
                   fmt::format("An unexpected error occurred in the server while processing the"
                               " request: Project {} (id={}) already has an environment with"
                               " name {}",
                               found.text(0, "name"), project, name));
  }
  pool.run(
      "insert into environment (id, name, project, repo_url, repo_branch, settings, last_version,"
      " halted, description, icon) values ($1, $2, $3, $4, $5, '{}', 0, false, $6, $7)",
      {id, name, project, call.arguments.value("repository", ""),
       call.arguments.value("branch", ""), call.arguments.value("description", ""),
       call.arguments.value("icon", "")});
  call.core.agents.start(id);
  return data_response(one_environment(call, id, "project_id"));
}

Response modify_environment(Call& call) {
  const Json& arguments = call.arguments;
  const auto optional = [&](const char* name) -> Parameter {
    return arguments.contains(name) ? Parameter{arguments[name].get<std::string>()} : Parameter{};
  };
  const std::string id = arguments["id"].get<std::string>();
  static_cast<void>(load_environment(call.core.pool, call.core.release, id));
  call.core.pool.run(
      "update environment set name = coalesce($2, name), repo_url = coalesce($3, repo_url),"
      " repo_branch = coalesce($4, repo_branch), description = coalesce($5, description)"
      " where id = $1",
      {id, optional("name"), optional("repository"), optional("branch"), optional("description")});
  return data_response(one_environment(call, id, "project_id"));
}

void spend(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

Response halt(Call& call) {
  Core& core = call.core;
  spend(core.settings.behaviour.halt_seconds);
  core.pool.transaction([&](Connection& connection) {
    const Result changed = connection.run(
        "update environment set halted = true where id = $1 and not halted returning id",
        {call.environment});
    if (!changed.empty()) {
      connection.run(
          "update agent set unpause_on_resume = not paused, paused = true where environment = $1",
          {call.environment});
    }
  });
  core.agents.stop(call.environment);
  return empty_response();
}

Response resume(Call& call) {
  Core& core = call.core;
  const Environment environment = load_environment(core.pool, core.release, call.environment);
  if (environment.is_marked_for_deletion) {
    throw bad_request("Cannot resume an environment that is marked for deletion.");
  }
  spend(core.settings.behaviour.resume_seconds);
  core.pool.transaction([&](Connection& connection) {
    const Result changed = connection.run(
        "update environment set halted = false where id = $1 and halted returning id",
        {call.environment});
    if (!changed.empty()) {
      connection.run("update agent set paused = false where environment = $1 and unpause_on_resume",
                     {call.environment});
      connection.run("update agent set unpause_on_resume = null where environment = $1",
                     {call.environment});
    }
  });
  if (!environment.is_halted) {
    return empty_response();
  }
  core.agents.start(call.environment);
  core.agents.deploy(call.environment);
  const bool has_checkout =
      std::filesystem::exists(core.compiler.project_directory(call.environment) / "main.cf");
  if (core.settings.behaviour.extra_compile_on_resume && !has_checkout) {
    core.compiler.request(
        {.environment = call.environment,
         .update = true,
         .metadata = {{"type", "api"},
                      {"message", "Recompile: the project on disk is not that of the database"}}});
  }
  core.compiler.start_next(call.environment);
  return empty_response();
}

}  // namespace

Environment load_environment(Pool& pool, const Release& release, std::string_view id) {
  const Result result = pool.run("select * from environment where id = $1", {std::string(id)});
  if (result.empty()) {
    throw not_found("The given environment id does not exist!");
  }
  for (const std::string& name : result.column_names()) {
    if (!knows_column(release, name)) {
      throw DatabaseError(
          fmt::format("{} field is not defined for this document environment", name), "");
    }
  }
  return {.id = result.text(0, "id"),
          .repo_url = result.text(0, "repo_url"),
          .repo_branch = result.text(0, "repo_branch"),
          .settings = Json::parse(result.text(0, "settings")),
          .is_halted = result.is_true(0, "halted"),
          .is_marked_for_deletion = result.has_column("is_marked_for_deletion") &&
                                    result.is_true(0, "is_marked_for_deletion")};
}

bool is_enabled(const Environment& environment, std::string_view setting) {
  const auto found = environment.settings.find(setting);
  return found == environment.settings.end() || *found == true;
}

std::vector<Route> environment_routes() {
  const Field project{"project_id", FieldType::uuid, true};
  const std::vector<Field> details{{"include_environments", FieldType::boolean},
                                   {"environment_details", FieldType::boolean}};
  const std::vector<Field> detail{{"details", FieldType::boolean}};
  std::vector<Field> creation{project,
                              {"name", FieldType::text, true},
                              {"environment_id", FieldType::uuid},
                              {"repository"},
                              {"branch"},
                              {"description"},
                              {"icon"}};
  return {
      {"GET", "/api/v2/project", "project_list", Scope::none, detail, list_projects},
      {"PUT",
       "/api/v2/project",
       "project_create",
       Scope::none,
       {{"name", FieldType::text, true}, {"project_id", FieldType::uuid}},
       create_project},
      {"GET",
       "/api/v1/project",
       "list_projects",
       Scope::none,
       {},
       [](Call& call) {
         return json_response(
             {{"projects", list_of(call.core.pool, "json_build_object('id', id, 'name', name)",
                                   "from project order by name, id")}});
       }},
      {"GET", "/api/v2/environment", "environment_list", Scope::none, detail,
       [](Call& call) { return data_response(environments(call, "project_id")); }},
      {"PUT", "/api/v2/environment", "environment_create", Scope::none, creation,
       create_environment},
      {"GET", "/api/v2/environment/<id>", "environment_get", Scope::none, detail,
       [](Call& call) {
         return data_response(
             one_environment(call, call.arguments["id"].get<std::string>(), "project_id"));
       }},
      {"POST",
       "/api/v2/environment/<id>",
       "environment_modify",
       Scope::none,
       {{"name", FieldType::text, true}, {"repository"}, {"branch"}, {"description"}},
       modify_environment},
      {"GET", "/api/v1/environment", "list_environments", Scope::none, details,
       [](Call& call) { return json_response({{"environments", environments(call, "project")}}); }},
      {"GET",
       "/api/v1/environment/<id>",
       "get_environment",
       Scope::none,
       {},
       [](Call& call) {
         return json_response(
             {{"environment",
               one_environment(call, call.arguments["id"].get<std::string>(), "project")}});
       }},
      {"POST", "/api/v2/actions/environment/halt", "halt_environment", Scope::header, {}, halt},
      {"POST",
       "/api/v2/actions/environment/resume",
       "resume_environment",
       Scope::header,
       {},
       resume},
  };
}

}  // namespace orchestrator
