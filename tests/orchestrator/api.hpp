#pragma once

// The shape of an API call: routes, arguments, answers and errors, free of transport.
//
// Handlers live with their topic (environments, agents, compiles, …), each offering its routes;
// this file finds the route of a request, checks token and arguments in the order of the real
// server, and turns what a handler throws into the real server's answers. Exceptions are used
// throughout the double, as in the server it stands for: nothing here can be answered by a retry.

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/orchestrator/json.hpp"

namespace orchestrator {

struct Core;

struct Request {
  std::string method;
  std::string path;  // without the query
  std::string query;
  std::string body;
  std::optional<std::string> tid;
  std::optional<std::string> authorization;
};

struct Response {
  int status = 200;
  std::string body;  // empty for none
  std::string content_type = "application/json";
  std::map<std::string, std::string> headers;
};

// An answer other than 200; `what()` is the message, with the real server's prefix for its status.
class ApiError : public std::runtime_error {
 public:
  ApiError(int status_value, const std::string& message, Json details_value = nullptr);
  int status;
  Json details;  // error_details, null for none
};

[[nodiscard]] ApiError bad_request(std::string_view text);
[[nodiscard]] ApiError forbidden(std::string_view text);
[[nodiscard]] ApiError not_found(std::string_view text);

enum class FieldType { text, uuid, boolean, integer, object, any };

struct Field {
  std::string name;
  FieldType type = FieldType::text;
  bool is_required = false;
};

struct Call {
  Core& core;
  const Request& request;
  std::string environment;  // set for routes with an environment, which then exists
  Json arguments;           // object: path, query and body together, types checked
};

// Whether, and where, a call names its environment.
enum class Scope { none, header, path };

struct Route {
  std::string method;
  std::string path;       // "/api/v2/environment/<id>"
  std::string operation;  // the real server's name of the method, seen in validation errors
  Scope scope = Scope::none;
  std::vector<Field> fields;  // allowed in query or body
  std::function<Response(Call&)> handle;
  bool needs_token = true;
  bool takes_filters = false;  // `filter.…` in the query is allowed
};

// Answers `request`; never throws.
[[nodiscard]] Response answer(Core& core, const std::vector<Route>& routes, const Request& request);

// 200 with `{"data": value}`.
[[nodiscard]] Response data_response(const Json& value);
// 200 with `value` itself.
[[nodiscard]] Response json_response(const Json& value);
// 200 without a body, as halt and resume answer.
[[nodiscard]] Response empty_response();

}  // namespace orchestrator
