#include "tests/orchestrator/api.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "tests/orchestrator/auth.hpp"
#include "tests/orchestrator/core.hpp"
#include "tests/orchestrator/environment.hpp"
#include "tests/orchestrator/log.hpp"

namespace orchestrator {
namespace {

using Arguments = std::map<std::string, std::string>;

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const auto end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '%' && index + 2 < text.size()) {
      const std::string digits(text.substr(index + 1, 2));
      out += static_cast<char>(std::strtol(digits.c_str(), nullptr, 16));
      index += 2;
    } else {
      out += text[index] == '+' ? ' ' : text[index];
    }
  }
  return out;
}

std::optional<Arguments> matched(const Route& route, std::string_view path) {
  const auto pattern = segments(route.path);
  const auto parts = segments(path);
  if (pattern.size() != parts.size()) {
    return std::nullopt;
  }
  Arguments found;
  for (std::size_t index = 0; index < parts.size(); ++index) {
    if (pattern[index].starts_with('<')) {
      found[std::string(pattern[index].substr(1, pattern[index].size() - 2))] =
          percent_decoded(parts[index]);
    } else if (pattern[index] != parts[index]) {
      return std::nullopt;
    }
  }
  return found;
}

Response html_error(int status, std::string_view reason) {
  return {.status = status,
          .body = fmt::format("<html><title>{0}: {1}</title><body>{0}: {1}</body></html>", status,
                              reason),
          .content_type = "text/html; charset=UTF-8",
          .headers = {}};
}

Response error_response(int status, std::string_view message, const Json& details) {
  Json body{{"message", message}};
  if (!details.is_null()) {
    body["error_details"] = details;
  }
  return {.status = status, .body = python_json(body), .headers = {}};
}

Json body_arguments(const Request& request) {
  if (request.body.empty()) {
    return Json::object();
  }
  Json body = Json::parse(request.body, nullptr, false);
  if (body.is_discarded()) {
    throw ApiError(
        400, "The request body couldn't be decoded as a JSON: " + decode_complaint(request.body));
  }
  if (body.is_null()) {
    return Json::object();
  }
  if (!body.is_object()) {
    throw bad_request("the request body should be a JSON object");
  }
  return body;
}

Json query_arguments(std::string_view query) {
  Json arguments = Json::object();
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const auto equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(pair.size(), equals + 1));
    arguments[percent_decoded(pair.substr(0, equals))] = percent_decoded(value);
  }
  return arguments;
}

ApiError invalid_argument(const Route& route,
                          std::string_view field,
                          std::string_view message,
                          std::string_view type) {
  const Json error{{"loc", {field}}, {"msg", message}, {"type", type}};
  return {400,
          fmt::format("Invalid request: Failed to validate argument\n"
                      "1 validation error for {}_arguments\n{}\n  {} (type={})",
                      route.operation, field, message, type),
          {{"validation_errors", Json::array({error})}}};
}

// Brings `value` to the type of its field; a query gives everything as text.
void coerce(const Route& route, const Field& field, Json& value) {
  switch (field.type) {
    case FieldType::text:
      if (!value.is_string()) {
        throw invalid_argument(route, field.name, "str type expected", "type_error.str");
      }
      return;
    case FieldType::uuid:
      if (!value.is_string() || !is_uuid(value.get<std::string>())) {
        throw invalid_argument(route, field.name, "value is not a valid uuid", "type_error.uuid");
      }
      return;
    case FieldType::boolean:
      if (value == "true" || value == "True" || value == "1") {
        value = true;
      } else if (value == "false" || value == "False" || value == "0") {
        value = false;
      }
      if (!value.is_boolean()) {
        throw invalid_argument(route, field.name, "value could not be parsed to a boolean",
                               "type_error.bool");
      }
      return;
    case FieldType::integer:
      try {
        value = value.is_string() ? std::stoi(value.get<std::string>()) : value.get<int>();
      } catch (const std::exception&) {
        throw invalid_argument(route, field.name, "value is not a valid integer",
                               "type_error.integer");
      }
      return;
    case FieldType::object:
      if (!value.is_object()) {
        throw invalid_argument(route, field.name, "value is not a valid dict", "type_error.dict");
      }
      return;
    case FieldType::any:
      return;
  }
}

void check_arguments(const Route& route, const Arguments& path, Json& arguments) {
  std::string unknown;
  for (const auto& [name, value] : arguments.items()) {
    const bool is_filter = route.takes_filters && name.starts_with("filter.");
    if (!is_filter && !path.contains(name) &&
        std::ranges::find(route.fields, name, &Field::name) == route.fields.end()) {
      unknown += (unknown.empty() ? "" : ", ") + python_repr(name);
    }
  }
  if (!unknown.empty()) {
    throw bad_request(fmt::format(
        "request contains fields {{{}}} that are not declared in method and no kwargs argument is"
        " provided.",
        unknown));
  }
  for (const Field& field : route.fields) {
    if (arguments.contains(field.name)) {
      coerce(route, field, arguments[field.name]);
    } else if (field.is_required) {
      throw bad_request(fmt::format("Field '{}' is required.", field.name));
    }
  }
}

std::string environment_of(const Route& route, const Request& request, const Arguments& path) {
  if (route.scope == Scope::header && !request.tid) {
    throw bad_request("Field 'tid' is required.");
  }
  const std::string name = route.scope == Scope::header ? "tid" : path.begin()->first;
  std::string id = route.scope == Scope::header ? *request.tid : path.begin()->second;
  if (!is_uuid(id)) {
    throw invalid_argument(route, name, "value is not a valid uuid", "type_error.uuid");
  }
  std::ranges::transform(
      id, id.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return id;
}

Response handle(Core& core, const Route& route, const Arguments& path, const Request& request) {
  Json arguments = query_arguments(request.query);
  const Json body = body_arguments(request);
  arguments.update(body);
  check_arguments(route, path, arguments);
  Call call{.core = core, .request = request, .environment = {}, .arguments = arguments};
  for (const auto& [name, value] : path) {
    call.arguments[name] = value;
    if (name == "id" && !is_uuid(value)) {
      throw invalid_argument(route, name, "value is not a valid uuid", "type_error.uuid");
    }
  }
  if (route.scope != Scope::none) {
    call.environment = environment_of(route, request, path);
  }
  if (route.needs_token && core.settings.server.auth) {
    check_token(core.settings.token, request.authorization, call.environment);
  }
  if (route.scope != Scope::none) {
    static_cast<void>(load_environment(core.pool, core.release, call.environment));
  }
  return route.handle(call);
}

}  // namespace

ApiError::ApiError(int status_value, const std::string& message, Json details_value)
    : std::runtime_error(message), status(status_value), details(std::move(details_value)) {}

ApiError bad_request(std::string_view text) {
  return {400, fmt::format("Invalid request: {}", text)};
}

ApiError forbidden(std::string_view text) {
  return {403, fmt::format("Access denied: {}", text)};
}

ApiError not_found(std::string_view text) {
  return {404, fmt::format("Request or referenced resource does not exist: {}", text)};
}

Response answer(Core& core, const std::vector<Route>& routes, const Request& request) {
  bool path_exists = false;
  for (const Route& route : routes) {
    const auto path = matched(route, request.path);
    path_exists = path_exists || path.has_value();
    if (!path || route.method != request.method) {
      continue;
    }
    try {
      return handle(core, route, *path, request);
    } catch (const ApiError& error) {
      return error_response(error.status, error.what(), error.details);
    } catch (const std::exception& error) {
      log(Level::error, "inmanta.protocol", error.what());
      return error_response(
          500,
          fmt::format("An unexpected error occurred in the server while processing the request:"
                      " ({},)",
                      python_repr(error.what())),
          nullptr);
    }
  }
  return path_exists ? html_error(405, "Method Not Allowed") : html_error(404, "Not Found");
}

Response data_response(const Json& value) {
  return json_response({{"data", value}});
}

Response json_response(const Json& value) {
  return {.status = 200, .body = python_json(value), .headers = {}};
}

Response empty_response() {
  return {};
}

}  // namespace orchestrator
