// The real effector on a line: reads requests from standard input, prints one line per answer.
// For tests/live/transport.sh and for trying things by hand.
//
//   effector_probe [-F SSH_CONFIG] [-p BECOME_PASSWORD]
//
//   exec HOST USER TIMEOUT_MS SCRIPT…      a change: runs once at most
//   observe HOST USER TIMEOUT_MS SCRIPT…   may be repeated
//   job NAME HOST USER TIMEOUT_MS SCRIPT…  outlives the connection
//   connect HOST USERS TIMEOUT_MS          USERS separated by commas
//   pipe HOST HOST TIMEOUT_MS SCRIPT… | SCRIPT…
//   write HOST USER TIMEOUT_MS PATH MODE OWNER TEXT…
//   http HOST TIMEOUT_MS METHOD URL
//   sql HOST TIMEOUT_MS ADDRESS PORT DATABASE USER PASSWORD STATEMENT…
//   forget                                 removes what finished jobs left
//
// HOST: [USER@]ADDRESS[:PORT], or "local". USER "-": the login user. A line that begins with "&"
// is not waited for; "wait" waits for all, "next" for one. Answers: "N ok CODE OUT", "N failed KIND
// CODE MESSAGE"; line ends in them are written as "\n".
#include <algorithm>
#include <chrono>
#include <iostream>
#include <sstream>
#include <string>

#include "dsl/diagnostic.hpp"
#include "runtime/real/effector.hpp"

namespace {

using namespace plan;

std::string password;

HostAddress host_of(std::string text) {
  HostAddress host;
  host.name = text;
  if (!password.empty()) {
    host.become_password = Secret(password);
  }
  if (text == "local") {
    host.is_local = true;
    return host;
  }
  if (const std::size_t at = text.find('@'); at != std::string::npos) {
    host.user = text.substr(0, at);
    text.erase(0, at + 1);
  }
  if (const std::size_t colon = text.find(':'); colon != std::string::npos) {
    host.port = std::stoi(text.substr(colon + 1));
    text.resize(colon);
  }
  host.address = text;
  return host;
}

std::string word(std::istringstream& line) {
  std::string text;
  line >> text;
  return text == "-" ? std::string() : text;
}

std::string rest(std::istringstream& line) {
  std::string text;
  std::getline(line >> std::ws, text);
  return text;
}

std::chrono::milliseconds time_of(std::istringstream& line) {
  return std::chrono::milliseconds(std::stol(word(line)));
}

Exec exec_of(std::istringstream& line, Action& action) {
  Exec exec;
  exec.host = host_of(word(line));
  exec.user = word(line);
  action.timeout = time_of(line);
  exec.script = rest(line);
  return exec;
}

Action action_of(const std::string& verb, std::istringstream& line) {
  Action action;
  if (verb == "exec" || verb == "observe") {
    action.body = exec_of(line, action);
    action.is_observation = verb == "observe";
  } else if (verb == "job") {
    const std::string name = word(line);
    Exec exec = exec_of(line, action);
    exec.job = name;
    action.body = std::move(exec);
  } else if (verb == "connect") {
    Connect connect{.host = host_of(word(line)), .users = {}};
    std::istringstream users(word(line));
    for (std::string user; std::getline(users, user, ',');) {
      connect.users.push_back(user);
    }
    action.timeout = time_of(line);
    action.body = std::move(connect);
  } else if (verb == "pipe") {
    Pipe pipe;
    pipe.source.host = host_of(word(line));
    pipe.sink.host = host_of(word(line));
    action.timeout = time_of(line);
    const std::string scripts = rest(line);
    const std::size_t bar = scripts.find(" | ");
    pipe.source.script = scripts.substr(0, bar);
    pipe.sink.script = scripts.substr(bar + 3);
    action.body = std::move(pipe);
  } else if (verb == "write") {
    WriteFile file;
    file.host = host_of(word(line));
    file.user = word(line);
    action.timeout = time_of(line);
    file.path = word(line);
    file.mode = word(line);
    file.owner = word(line);
    file.content = Text(rest(line));
    action.body = std::move(file);
  } else if (verb == "http") {
    HttpCall call;
    call.via = host_of(word(line));
    action.timeout = time_of(line);
    call.method = word(line);
    call.url = word(line);
    action.body = std::move(call);
  } else if (verb == "sql") {
    Sql sql;
    sql.via = host_of(word(line));
    action.timeout = time_of(line);
    sql.address = word(line);
    sql.port = std::stoi(word(line));
    sql.database = word(line);
    sql.user = word(line);
    sql.password = Text(Secret(word(line)));
    sql.statement = rest(line);
    action.body = std::move(sql);
  }
  return action;
}

std::string one_line(const std::string& text) {
  std::string out;
  for (const char letter : text) {
    out += letter == '\n' ? "\\n" : std::string(1, letter);
  }
  return out;
}

std::string text_of(const ActionResult& result) {
  constexpr std::string_view kinds[] = {"refused", "failed", "unknown", "cancelled"};
  if (const auto* why = std::get_if<Failure>(&result)) {
    std::string text = "failed " + std::string(kinds[static_cast<std::size_t>(why->kind)]) + " " +
                       std::string(info(why->code).code) + " " + why->message;
    for (const std::string& note : why->notes) {
      text += " [" + note + "]";
    }
    return text;
  }
  if (const auto* exec = std::get_if<ExecResult>(&result)) {
    return "ok " + std::to_string(exec->code) + " " + exec->out +
           (exec->err.empty() ? "" : " err: " + exec->err);
  }
  if (const auto* pipe = std::get_if<PipeResult>(&result)) {
    return "ok " + std::to_string(pipe->size_bytes) + " " + pipe->sink.out;
  }
  if (const auto* sql = std::get_if<SqlResult>(&result)) {
    return "ok " + std::to_string(sql->rows.size()) + " " + to_text(Value{sql->rows});
  }
  if (const auto* http = std::get_if<HttpResult>(&result)) {
    return "ok " + std::to_string(http->status) + " " + http->body;
  }
  if (const auto* connected = std::get_if<ConnectResult>(&result)) {
    return "ok 0 " + connected->boot_id + " " + connected->machine_id + " " + connected->kernel +
           ", " + connected->os;
  }
  return "ok 0";
}

// Prints answers until only so many are to come.
void collect(RealEffector& effector, std::size_t& open, std::size_t left) {
  while (open > left) {
    const auto until = std::chrono::steady_clock::now().time_since_epoch() + std::chrono::hours(1);
    if (const std::optional<Completion> completion =
            effector.wait(std::chrono::duration_cast<MonotonicTime>(until))) {
      std::cout << completion->id << ' ' << one_line(text_of(completion->result)) << std::endl;
      --open;
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  EffectorOptions options;
  for (int index = 1; index + 1 < count; index += 2) {
    const std::string option = arguments[index];
    (option == "-F" ? options.ssh_config : password) = arguments[index + 1];
  }
  auto effector = make_effector(options);
  if (!effector) {
    std::cerr << effector.error().message << '\n';
    return 1;
  }
  ActionId id = 0;
  std::size_t open = 0;
  for (std::string text; std::getline(std::cin, text);) {
    const bool is_waited_for = !text.starts_with("&");
    std::istringstream line(is_waited_for ? text : text.substr(1));
    const std::string verb = word(line);
    if (verb == "forget") {
      (*effector)->forget_jobs();
    } else if (verb == "next") {
      collect(**effector, open, open - std::min<std::size_t>(open, 1));
      continue;
    } else if (!verb.empty() && verb != "wait") {
      (*effector)->start(++id, action_of(verb, line));
      ++open;
    }
    if (is_waited_for) {
      collect(**effector, open, 0);
    }
  }
  collect(**effector, open, 0);
  return 0;
}
