// The v2 compile reports: pages by request time, newest first unless asked otherwise.

#include <fmt/format.h>

#include "tests/orchestrator/compile_routes.hpp"
#include "tests/orchestrator/core.hpp"
#include "tests/orchestrator/environment.hpp"

namespace orchestrator {
namespace {

constexpr int max_limit = 1000;

// A page of the list: `limit` entries that follow a position, or precede it.
struct Page {
  int limit = max_limit;
  bool has_limit = false;
  bool is_descending = true;
  bool is_backwards = false;  // the entries before the position, counted from it
  Parameter time;
  Parameter id;
};

std::string filter_sql(const Json& arguments) {
  const auto wants = [&](const char* name, const char* value) {
    const auto found = arguments.find(fmt::format("filter.{}", name));
    return found != arguments.end() && found->is_string() &&
           Json(*found).get<std::string>().starts_with(value);
  };
  std::string sql;
  for (const auto& [name, condition] :
       {std::pair{"success", "success"}, std::pair{"started", "started is not null"},
        std::pair{"completed", "completed is not null"}}) {
    for (const auto& [lower, upper, negation] :
         {std::tuple{"true", "True", ""}, std::tuple{"false", "False", "not "}}) {
      if (wants(name, lower) || wants(name, upper)) {
        sql += fmt::format(" and {}({})", negation, condition);
      }
    }
  }
  return sql;
}

Page page_of(const Json& arguments) {
  Page page;
  page.has_limit = arguments.contains("limit");
  page.limit = arguments.value("limit", max_limit);
  if (page.limit > max_limit) {
    throw bad_request(
        fmt::format("limit parameter can not exceed {}, got {}.", max_limit, page.limit));
  }
  if (page.limit <= 0) {
    throw bad_request(fmt::format("the page size must be greater than zero"));
  }
  const std::string sort = arguments.value("sort", "requested.desc");
  if (sort != "requested.desc" && sort != "requested.DESC" && sort != "requested.asc" &&
      sort != "requested.ASC") {
    throw bad_request(
        fmt::format("Invalid sort specification: {} is not a valid sort parameter", sort));
  }
  page.is_descending = sort.ends_with("desc") || sort.ends_with("DESC");
  const auto argument = [&](const char* name) -> Parameter {
    return arguments.contains(name) ? Parameter{arguments[name].get<std::string>()} : Parameter{};
  };
  const bool has_end = arguments.contains("end");
  page.time = has_end ? argument("end") : argument("start");
  page.id = has_end ? argument("last_id") : argument("first_id");
  // In descending order the next page lies below `end`, in ascending order above `start`.
  page.is_backwards = page.time && has_end != page.is_descending;
  return page;
}

std::string quoted_time(const std::string& stamp) {
  std::string out;
  for (const char letter : stamp) {
    out += letter == ':' ? "%3A" : std::string(1, letter);
  }
  return out;
}

int count(Call& call, const std::string& condition, const Json& edge, char comparison) {
  return std::stoi(call.core.pool
                       .run(fmt::format("select count(*) as n from compile where environment = $1{}"
                                        " and (requested, id) {} ($2::timestamptz, $3::uuid)",
                                        condition, comparison),
                            {call.environment, edge["requested"].get<std::string>(),
                             edge["id"].get<std::string>()})
                       .text(0, "n"));
}

Json entries(Call& call, const Page& page, const std::string& condition) {
  const bool goes_down = page.is_descending != page.is_backwards;
  const std::string position =
      page.time ? fmt::format(
                      " and (requested, id) {} ($3::timestamptz, coalesce($4::uuid,"
                      " '00000000-0000-0000-0000-000000000000'))",
                      goes_down ? '<' : '>')
                : "";
  Parameters parameters{call.environment, std::to_string(page.limit)};
  if (page.time) {
    parameters.insert(parameters.end(), {page.time, page.id});
  }
  const Result result =
      call.core.pool.run(fmt::format("select {} as object from compile where environment = $1{}{}"
                                     " order by requested {}, id {} limit $2",
                                     compile_sql(""), condition, position,
                                     goes_down ? "desc" : "asc", goes_down ? "desc" : "asc"),
                         parameters);
  Json list = Json::array();
  for (int row = 0; row < result.rows(); ++row) {
    const int from = page.is_backwards ? result.rows() - 1 - row : row;
    list.push_back(Json::parse(result.text(from, "object")));
  }
  return list;
}

Json links(Call& call, const Page& page, const Json& list, int before, int after) {
  const std::string base =
      fmt::format("/api/v2/compilereport?limit={}&sort=requested.{}", page.limit,
                  page.is_descending ? call.core.release.descending
                                     : (call.core.release.descending == "DESC" ? "ASC" : "asc"));
  const auto at = [&](const char* time, const char* id, const Json& edge) {
    return fmt::format("{}&{}={}&{}={}", base, time,
                       quoted_time(edge["requested"].get<std::string>()), id,
                       edge["id"].get<std::string>());
  };
  const bool down = page.is_descending;
  Json result = Json::object();
  if (before > 0) {
    result["first"] = base;
    result["prev"] = at(down ? "start" : "end", down ? "first_id" : "last_id", list.front());
  }
  if (after > 0) {
    result["next"] = at(down ? "end" : "start", down ? "last_id" : "first_id", list.back());
  }
  result["self"] = base;
  for (const char* name : {"start", "end"}) {
    if (call.arguments.contains(name)) {
      const char* id = name[0] == 's' ? "first_id" : "last_id";
      result["self"] = fmt::format("{}&{}={}&{}={}", base, name,
                                   quoted_time(call.arguments[name].get<std::string>()), id,
                                   call.arguments.value(id, ""));
    }
  }
  return result;
}

Response list_reports(Call& call) {
  const Page page = page_of(call.arguments);
  const std::string condition = filter_sql(call.arguments);
  const Json list = entries(call, page, condition);
  const int total =
      std::stoi(call.core.pool
                    .run("select count(*) as n from compile where environment = $1" + condition,
                         {call.environment})
                    .text(0, "n"));
  int before = 0;
  int after = 0;
  if (!list.empty()) {
    before = count(call, condition, list.front(), page.is_descending ? '>' : '<');
    after = count(call, condition, list.back(), page.is_descending ? '<' : '>');
  }
  const Json metadata{
      {"total", total}, {"before", before}, {"after", after}, {"page_size", page.limit}};
  return json_response(
      {{"data", list}, {"links", links(call, page, list, before, after)}, {"metadata", metadata}});
}

Response report_details(Call& call) {
  const std::string id = call.arguments["id"].get<std::string>();
  const Result found =
      call.core.pool.run("select " + compile_sql(", 'compile_data', compile_data") +
                             " as object from compile where environment = $1"
                             " and id = $2",
                         {call.environment, id});
  if (found.empty()) {
    throw not_found("The compile with the given id does not exist.");
  }
  Json report = Json::parse(found.text(0, "object"));
  report["reports"] = stages_json(call.core, id);
  return data_response(report);
}

}  // namespace

std::vector<Route> report_routes() {
  return {
      {.method = "GET",
       .path = "/api/v2/compilereport",
       .operation = "get_compile_reports",
       .scope = Scope::header,
       .fields = {{"limit", FieldType::integer},
                  {"sort"},
                  {"start"},
                  {"end"},
                  {"first_id", FieldType::uuid},
                  {"last_id", FieldType::uuid}},
       .handle = list_reports,
       .takes_filters = true},
      {"GET", "/api/v2/compilereport/<id>", "compile_details", Scope::header, {}, report_details}};
}

}  // namespace orchestrator
