#include "runtime/primitives.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "dsl/diagnostic.hpp"

namespace plan {

namespace {

constexpr std::array<PrimitiveInfo, 7> table{{
    {"exec", 1},
    {"run", 1},
    {"http_request", 7},
    {"sql", 3},
    {"write", 4},
    {"write_secret", 4},
    {"machine_identity", 0},
}};

const Value* argument(const PrimitiveCall& call, std::size_t position) {
  return position < call.arguments.size() && call.arguments[position] ? &*call.arguments[position]
                                                                      : nullptr;
}

// Text of an argument: strings and secrets as they are, others as in an interpolation.
Text text_of(const Value& value) {
  if (const auto* secret = value.as<Secret>()) {
    return Text(*secret);
  }
  if (const auto* text = value.as<std::string>()) {
    return Text(*text);
  }
  auto shown = interpolate(value);
  const std::string* text = shown ? shown->as<std::string>() : nullptr;
  return Text(text != nullptr ? *text : to_text(value));
}

Text text_argument(const PrimitiveCall& call, std::size_t position, std::string otherwise) {
  const Value* value = argument(call, position);
  return value == nullptr ? Text(std::move(otherwise)) : text_of(*value);
}

std::expected<Exec, Failure> build_exec(const PrimitiveCall& call) {
  Exec exec{.host = call.host,
            .user = call.user,
            .argv = {},
            .script = {},
            .env = call.env,
            .standard_input = call.standard_input,
            .job = call.job};
  const Value* what = argument(call, 0);
  if (what == nullptr) {
    return std::unexpected(value_failure("a command without words"));
  }
  if (call.is_shell) {
    exec.script = text_of(*what).plain;
    return exec;
  }
  const auto* words = what->as<List>();
  if (words == nullptr || words->empty()) {
    return std::unexpected(value_failure("a command is a list of words, not " + to_text(*what)));
  }
  for (const Value& word : *words) {
    if (word.as<Secret>() != nullptr) {
      return std::unexpected(value_failure("a secret cannot be a word of a command"));
    }
    exec.argv.push_back(text_of(word).plain);
  }
  return exec;
}

std::expected<ActionBody, Failure> build_http(const PrimitiveCall& call) {
  HttpCall http{.via = call.host,
                .method = text_argument(call, 0, "GET").plain,
                .url = text_argument(call, 1, "").plain,
                .headers = {},
                .body = {},
                .ca_file = text_argument(call, 5, "").plain};
  if (const Value* headers = argument(call, 2); headers != nullptr && headers->as<Map>()) {
    for (const auto& [name, value] : *headers->as<Map>()) {
      if (const auto* text = value.as<std::string>(); text == nullptr || !text->empty()) {
        http.headers.emplace_back(name, text_of(value));
      }
    }
  }
  const Value* body = argument(call, 3);
  if (body != nullptr && body->as<Null>() == nullptr) {
    auto json = to_json(*body);
    if (!json) {
      return std::unexpected(value_failure(json.error()));
    }
    http.body = text_of(*json);
    http.headers.emplace_back("Content-Type", Text(std::string("application/json")));
  }
  const Text token = text_argument(call, 4, "");
  if (!token.reveal().empty()) {
    http.headers.emplace_back("Authorization", Text(Secret("Bearer " + token.reveal())));
  }
  return http;
}

std::optional<Text> sql_parameter(const Value& value) {
  if (value.as<Null>() != nullptr) {
    return std::nullopt;
  }
  if (value.as<List>() != nullptr || value.as<Map>() != nullptr) {
    auto json = to_json(value);
    return json ? text_of(*json) : Text(to_text(value));
  }
  return text_of(value);
}

std::expected<ActionBody, Failure> build_sql(const PrimitiveCall& call) {
  const Value* target = argument(call, 0);
  const Map* fields = target == nullptr ? nullptr : target->as<Map>();
  if (fields == nullptr || !call.database_host) {
    return std::unexpected(value_failure("sql needs a sql_target"));
  }
  const auto text = [&](std::string_view name, std::string otherwise) {
    const Value* value = find(*fields, name);
    return value == nullptr ? Text(std::move(otherwise)) : text_of(*value);
  };
  Sql sql{.via = *call.database_host,
          .address = text("address", "localhost").plain,
          .database = text("database", "").plain,
          .user = text("user", "").plain,
          .password = text("password", ""),
          .statement = text_argument(call, 1, "").plain,
          .parameters = {}};
  if (const Value* port = find(*fields, "port"); port != nullptr && port->as<std::int64_t>()) {
    sql.port = static_cast<int>(*port->as<std::int64_t>());
  }
  if (const Value* args = argument(call, 2); args != nullptr && args->as<List>() != nullptr) {
    for (const Value& value : *args->as<List>()) {
      sql.parameters.push_back(sql_parameter(value));
    }
  }
  return sql;
}

ActionBody build_write(const PrimitiveCall& call, bool is_secret) {
  return WriteFile{.host = call.host,
                   .user = call.user,
                   .path = text_argument(call, 0, "").plain,
                   .content = text_argument(call, 1, ""),
                   .mode = text_argument(call, 2, is_secret ? "0600" : "").plain,
                   .owner = text_argument(call, 3, "").plain};
}

Value exec_value(const ExecResult& result) {
  return Value{Map{{"ok", Value{result.code == 0}},
                   {"code", Value{std::int64_t{result.code}}},
                   {"stdout", Value{result.out}},
                   {"stderr", Value{result.err}}}};
}

// The last lines of what a command said: where the reason stands.
std::string tail_of(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  std::size_t begin = text.size();
  for (int line = 0; line < 12 && begin > 0 && begin != std::string_view::npos; ++line) {
    const std::size_t found = text.rfind('\n', begin - 1);
    begin = found == std::string_view::npos ? 0 : found;
  }
  text.remove_prefix(begin);
  while (!text.empty() && text.front() == '\n') {
    text.remove_prefix(1);
  }
  return std::string(text.size() > 2000 ? text.substr(text.size() - 2000) : text);
}

Failure exit_failure(const std::string& command, const ExecResult& result) {
  Failure failure{
      .kind = FailureKind::failed,
      .code = Code::command_failed,
      .message = "`" + command + "` ended with exit status " + std::to_string(result.code)};
  const std::string said = tail_of(result.err.empty() ? result.out : result.err);
  if (!said.empty()) {
    failure.notes.push_back("it said: " + said);
  }
  if (result.code == 127) {
    failure.notes.emplace_back("127 means that the command was not found");
  }
  return failure;
}

Value http_value(const HttpResult& result) {
  Map headers;
  for (const auto& [name, value] : result.headers) {
    headers.emplace_back(name, Value{value});
  }
  auto json = parse_json(result.body);
  return Value{Map{{"ok", Value{result.status >= 200 && result.status < 300}},
                   {"status", Value{std::int64_t{result.status}}},
                   {"body", Value{result.body}},
                   {"json", json ? std::move(*json) : Value{Null{}}},
                   {"headers", Value{std::move(headers)}}}};
}

bool must_succeed(const PrimitiveCall& call) {
  const Value* flag = argument(call, 6);
  return flag != nullptr && flag->as<bool>() != nullptr && *flag->as<bool>();
}

std::expected<Value, Failure> decode_http(const PrimitiveCall& call, const HttpResult& result) {
  if (must_succeed(call) && (result.status < 200 || result.status >= 300)) {
    Failure failure{.kind = FailureKind::failed,
                    .code = Code::request_failed,
                    .message = text_argument(call, 0, "GET").plain + " " +
                               text_argument(call, 1, "").plain + " was answered with status " +
                               std::to_string(result.status),
                    .system_error = result.status};
    if (!result.body.empty()) {
      failure.notes.push_back("the answer: " + result.body.substr(0, 2000));
    }
    failure.is_retryable = result.status == 429 || result.status == 503;
    return std::unexpected(std::move(failure));
  }
  return http_value(result);
}

// The boot belongs to it: machines made of one image may share a machine id, but not a boot.
std::expected<Value, Failure> machine_value(const PrimitiveCall& call,
                                            const ConnectResult& result) {
  // systemd writes the word into images whose machines are to get an id of their own.
  if (result.machine_id.empty() || result.machine_id == "uninitialized") {
    Failure failure{.kind = FailureKind::failed,
                    .code = Code::machine_without_id,
                    .message = fmt::format(fmt::runtime(info(Code::machine_without_id).format),
                                           call.host.is_local ? "this machine" : call.host.name)};
    failure.helps.emplace_back(
        "as root there: `systemd-machine-id-setup`, or "
        "`tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id`");
    return std::unexpected(std::move(failure));
  }
  return Value{result.machine_id + "/" + result.boot_id};
}

struct Decoder {
  const PrimitiveCall& call;

  std::expected<Value, Failure> operator()(ExecResult& result) const {
    if (call.effect == "run" && result.code != 0) {
      return std::unexpected(exit_failure(command_text(call), result));
    }
    return exec_value(result);
  }
  std::expected<Value, Failure> operator()(PipeResult& result) const {
    if (result.source.code != 0) {
      return std::unexpected(exit_failure(command_text(call), result.source));
    }
    if (result.sink.code != 0) {
      return std::unexpected(exit_failure("… | what it is piped into", result.sink));
    }
    return exec_value(result.sink);
  }
  std::expected<Value, Failure> operator()(std::monostate) const { return Value{true}; }
  std::expected<Value, Failure> operator()(SqlResult& result) const {
    return Value{std::move(result.rows)};
  }
  std::expected<Value, Failure> operator()(HttpResult& result) const {
    return decode_http(call, result);
  }
  std::expected<Value, Failure> operator()(ConnectResult& result) const {
    return machine_value(call, result);
  }
  std::expected<Value, Failure> operator()(Failure& failure) const {
    const bool is_answered = call.effect == "http_request" && !must_succeed(call) &&
                             failure.kind == FailureKind::refused;
    if (is_answered) {
      return http_value(HttpResult{});
    }
    return std::unexpected(std::move(failure));
  }
  std::expected<Value, Failure> operator()(Value& value) const { return std::move(value); }
};

}  // namespace

std::span<const PrimitiveInfo> primitives() {
  return table;
}

std::expected<ActionBody, Failure> build(const PrimitiveCall& call) {
  if (call.effect == "exec" || call.effect == "run") {
    return build_exec(call);
  }
  if (call.effect == "http_request") {
    return build_http(call);
  }
  if (call.effect == "sql") {
    return build_sql(call);
  }
  if (call.effect == "write" || call.effect == "write_secret") {
    return build_write(call, call.effect == "write_secret");
  }
  if (call.effect == "machine_identity") {
    return Connect{.host = call.host};
  }
  return std::unexpected(value_failure("there is no native effect `" + call.effect + "`"));
}

std::expected<ActionBody, Failure> build_pipe(const PrimitiveCall& source,
                                              const PrimitiveCall& sink) {
  auto first = build_exec(source);
  if (!first) {
    return std::unexpected(first.error());
  }
  auto second = build_exec(sink);
  if (!second) {
    return std::unexpected(second.error());
  }
  return Pipe{.source = std::move(*first), .sink = std::move(*second)};
}

std::expected<Value, Failure> decode(const PrimitiveCall& call, ActionResult result) {
  return std::visit(Decoder{call}, result);
}

std::expected<HostAddress, Failure> address_of(const Plan& plan,
                                               HostId id,
                                               Environment& environment) {
  const Host& host = plan.hosts[id.index];
  HostAddress address{.name = host.name,
                      .is_local = host.is_local,
                      .address = host.address,
                      .user = host.user,
                      .port = host.port};
  if (!host.is_local && host.address.empty()) {
    return std::unexpected(value_failure("host input `" + host.name + "` has no value"));
  }
  if (!host.become_password.is_none()) {
    std::vector<Value> slots;
    auto password = evaluate(plan, host.become_password, slots, environment);
    if (!password) {
      return std::unexpected(value_failure(password.error().message));
    }
    address.become_password = Secret(text_of(*password).reveal());
  }
  return address;
}

HostAddress local_address() {
  return {.name = "", .is_local = true};
}

std::string command_text(const PrimitiveCall& call) {
  const Value* what = argument(call, 0);
  std::string text;
  if (what != nullptr && what->as<List>() != nullptr) {
    for (const Value& word : *what->as<List>()) {
      text += (text.empty() ? "" : " ") + text_of(word).plain;
    }
  } else if (what != nullptr) {
    text = text_of(*what).plain;
  }
  std::ranges::replace(text, '\n', ' ');
  constexpr std::size_t longest = 160;
  if (text.size() > longest) {
    text.resize(longest - 3);
    text += "…";
  }
  return text;
}

Failure value_failure(std::string message) {
  return {.kind = FailureKind::failed,
          .code = Code::run_time_value,
          .message = "a value cannot be computed: " + std::move(message)};
}

}  // namespace plan
