// The real effector on the controller itself: persistent local shells.
#include <chrono>
#include <map>
#include <string>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "tests/unit/runtime/effector_case.hpp"

using namespace plan;
using namespace plan::test;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<RealEffector> effector() {
  auto made = make_effector({});
  REQUIRE(made);
  return std::move(*made);
}

Action command(std::vector<std::string> argv, bool is_observation = false) {
  Action action;
  Exec exec;
  exec.host = here();
  exec.argv = std::move(argv);
  action.body = std::move(exec);
  action.is_observation = is_observation;
  action.timeout = 10s;
  return action;
}

Action script(std::string text) {
  Action action = command({});
  std::get<Exec>(action.body).script = std::move(text);
  return action;
}

}  // namespace

TEST_CASE("a command's output, errors and exit status come back byte for byte") {
  const auto real = effector();
  const ExecResult result =
      answer(*real, script("printf 'a\\000b\\377\\n\\036'; printf 'no newline' >&2; exit 7"));
  CHECK(result.code == 7);
  CHECK(result.out == std::string("a\0b\xff\n\036", 6));
  CHECK(result.err == "no newline");
}

TEST_CASE("arguments are not interpreted") {
  const auto real = effector();
  const std::string hard = "it's $HOME `id` \"x\" \\ * ~ ;&|<>\n#é";
  CHECK(answer(*real, command({"printf", "%s", hard})).out == hard);
  CHECK(answer(*real, command({"printf", "%s|", "", "-n", "A=b"})).out == "|-n|A=b|");
}

TEST_CASE("standard input is closed unless given, and binary-safe when given") {
  const auto real = effector();
  CHECK(answer(*real, command({"cat"})).out.empty());
  std::string data;
  for (int byte = 0; byte < 256; ++byte) {
    data += static_cast<char>(byte);
  }
  for (int doubling = 0; doubling < 10; ++doubling) {
    data += data;
  }
  Action action = command({"cat"});
  std::get<Exec>(action.body).standard_input = Text(Secret(data));
  CHECK(answer(*real, std::move(action)).out == data);
}

TEST_CASE("secrets of environment and input are in no argument of a process") {
  const auto real = effector();
  Action action = script("cat >/dev/null; ps -ef; printf '\\n%s' \"$TOKEN\"");
  auto& exec = std::get<Exec>(action.body);
  exec.env = {{"TOKEN", Text(Secret("hush-env"))}};
  exec.standard_input = Text(Secret("hush-input"));
  const ExecResult result = answer(*real, std::move(action));
  CHECK(result.out.ends_with("\nhush-env"));
  CHECK(result.out.find("hush-env") == result.out.size() - 8);
  CHECK(result.out.find("hush-input") == std::string::npos);
}

TEST_CASE("a command cannot change the shell of those after it") {
  const auto real = effector();
  CHECK(answer(*real, script("cd /tmp; X=1; export X; exec >/dev/null; exit 3")).code == 3);
  CHECK(answer(*real, script("if then fi (")).code == 2);
  CHECK(answer(*real, script("pwd; printf %s \"${X-unset}\"")).out == "/\nunset");
  CHECK(answer(*real, command({"exit", "5"})).code == 127);
  CHECK(answer(*real, command({"if"})).code == 127);
}

TEST_CASE("a signal's number is in the exit status") {
  const auto real = effector();
  CHECK(answer(*real, script("exec sh -c 'kill -9 $$'")).code == 137);
}

TEST_CASE("output beyond the limit is dropped, and said") {
  const auto real = effector();
  Action action = script("head -c 3000000 /dev/zero");
  std::get<Exec>(action.body).output_limit_bytes = 1000;
  const ExecResult result = answer(*real, std::move(action));
  CHECK(result.out.size() == 1000);
  CHECK(result.truncated);
  CHECK(result.code == 0);
}

TEST_CASE("a command over its deadline is ended, its outcome unknown, and the next one works") {
  const auto real = effector();
  // The shell is open before the time begins.
  CHECK(answer(*real, command({"true"})).code == 0);
  Action action = script("echo begun >&2; sleep 60");
  action.timeout = 1s;
  const auto begun = std::chrono::steady_clock::now();
  const Failure why = failure_of(*real, std::move(action));
  CHECK(why.kind == FailureKind::unknown);
  CHECK(why.code == Code::action_timed_out);
  REQUIRE(why.notes.size() == 1);
  CHECK(why.notes[0].find("begun") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - begun < 20s);
  CHECK(answer(*real, command({"true"})).code == 0);
}

TEST_CASE("a cancelled command ends") {
  const auto real = effector();
  real->start(7, script("sleep 60"));
  CHECK_FALSE(real->wait(in(100ms)));
  real->cancel(7);
  const std::optional<Completion> completion = real->wait(in(10s));
  REQUIRE(completion);
  CHECK(std::get<Failure>(completion->result).kind == FailureKind::cancelled);
  CHECK(std::get<Failure>(completion->result).code == Code::action_cancelled);
}

TEST_CASE("a command that kills its shell is unknown, those behind it are not harmed") {
  const auto real = effector();
  real->start(1, script("echo last words >&2; kill -9 $$"));
  for (ActionId id = 2; id < 20; ++id) {
    real->start(id, command({"test", "-d", "/"}, true));
  }
  for (int count = 1; count < 20; ++count) {
    const std::optional<Completion> completion = real->wait(in(10s));
    REQUIRE(completion);
    if (completion->id == 1) {
      CHECK(std::get<Failure>(completion->result).kind == FailureKind::unknown);
      CHECK(std::get<Failure>(completion->result).code == Code::connection_lost);
    } else {
      CHECK(std::get<ExecResult>(completion->result).code == 0);
    }
  }
}

TEST_CASE("a long command does not hold up the others") {
  const auto real = effector();
  real->start(1, command({"sleep", "5"}));
  const auto begun = std::chrono::steady_clock::now();
  for (ActionId id = 2; id < 4; ++id) {
    real->start(id, command({"true"}));
  }
  for (ActionId id = 4; id < 8; ++id) {
    real->start(id, command({"test", "-d", "/"}, true));
  }
  for (int count = 0; count < 6; ++count) {
    REQUIRE(real->wait(in(4s)));
  }
  CHECK(std::chrono::steady_clock::now() - begun < 3s);
}

TEST_CASE("a slow observation gives those behind it to another shell") {
  const auto real = effector();
  CHECK(answer(*real, command({"test", "-d", "/"}, true)).code == 0);
  const auto begun = std::chrono::steady_clock::now();
  real->start(100, command({"sleep", "4"}, true));
  for (ActionId id = 1; id < 50; ++id) {
    real->start(id, command({"test", "-d", id % 2 == 0 ? "/" : "/none"}, true));
  }
  std::map<ActionId, int> codes;
  for (int count = 1; count < 50; ++count) {
    const std::optional<Completion> completion = real->wait(in(3s));
    REQUIRE(completion);
    codes[completion->id] = std::get<ExecResult>(completion->result).code;
  }
  CHECK(std::chrono::steady_clock::now() - begun < 3s);
  CHECK(codes.size() == 49);
  for (const auto& [id, code] : codes) {
    CHECK(code == (id % 2 == 0 ? 0 : 1));
  }
}

TEST_CASE("a thousand observations keep their answers") {
  const auto real = effector();
  for (ActionId id = 0; id < 1000; ++id) {
    real->start(id, id % 3 == 0 ? command({"sh", "-c", "exit " + std::to_string(id % 100)}, true)
                                : command({"test", "-e", id % 3 == 1 ? "/" : "/none"}, true));
  }
  std::map<ActionId, int> codes;
  while (codes.size() < 1000) {
    const std::optional<Completion> completion = real->wait(in(30s));
    REQUIRE(completion);
    codes[completion->id] = std::get<ExecResult>(completion->result).code;
  }
  for (const auto& [id, code] : codes) {
    const int expected = id % 3 == 0 ? static_cast<int>(id % 100) : id % 3 == 1 ? 0 : 1;
    REQUIRE(code == expected);
  }
}

TEST_CASE("wait returns at its deadline and when interrupted") {
  const auto real = effector();
  CHECK_FALSE(real->wait(in(10ms)));
  real->interrupt();
  CHECK_FALSE(real->wait(in(10s)));
}

TEST_CASE("a host tells what it is") {
  const auto real = effector();
  Action action;
  action.timeout = 10s;
  action.body = Connect{.host = here(), .users = {}};
  const ActionResult result = only(*real, std::move(action));
  REQUIRE(std::holds_alternative<ConnectResult>(result));
  CHECK(std::get<ConnectResult>(result).kernel.starts_with("Linux "));
  CHECK(std::get<ConnectResult>(result).boot_id.size() == 36);
  CHECK_FALSE(std::get<ConnectResult>(result).os.empty());
}

TEST_CASE("root becomes another user") {
  if (::getuid() != 0) {
    WARN("skipped: not root");
    return;
  }
  const auto real = effector();
  Action action = script("id -un; printf '%s %s' \"$HOME\" \"$(pwd)\"");
  std::get<Exec>(action.body).user = "nobody";
  CHECK(answer(*real, std::move(action)).out == "nobody\n/nonexistent /");
  Action unknown = command({"true"});
  std::get<Exec>(unknown.body).user = "nobody-at-all";
  const Failure why = failure_of(*real, std::move(unknown));
  CHECK(why.code == Code::user_unknown);
  CHECK(why.kind == FailureKind::refused);
}
