// One effect on the outside and its result, as data.
// Built by primitives.cpp, carried out by an Effector (real or simulated), never executed twice
// by anything but a new start(). Secret texts are marked: an Effector unwraps them, everything
// else prints them as "(secret)".
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/plan.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

// Text that may be secret. Exactly one of the two is used.
struct Text {
  std::string plain{};
  std::optional<Secret> secret{};
  Text() = default;
  Text(std::string text) : plain(std::move(text)) {}  // NOLINT(google-explicit-constructor)
  Text(Secret text) : secret(std::move(text)) {}      // NOLINT(google-explicit-constructor)
  [[nodiscard]] const std::string& reveal() const { return secret ? secret->reveal() : plain; }
};

// How a host is reached; resolved from Plan::hosts with all inputs known.
struct HostAddress {
  std::string name{};  // for people and for the connection's key
  bool is_local = false;
  std::string address{};                    // what ssh is told
  std::string user{};                       // login user; empty: OpenSSH's choice
  int port = 0;                             // 0: OpenSSH's choice
  std::optional<Secret> become_password{};  // for sudo, where it asks
};

// A command on a host, in its own process, standard input closed unless given.
struct Exec {
  HostAddress host{};
  std::string user{};               // run as; empty: the login user
  std::vector<std::string> argv{};  // or
  std::string script{};             // POSIX sh text, already quoted; used when argv is empty
  std::vector<std::pair<std::string, Text>> env{};
  std::optional<Text> standard_input{};
  // Not empty: runs under a supervisor of its own on the host, found again by this name after a
  // lost connection: a job that runs already is waited for, one that ended is answered from its
  // status file, and only one that is unknown to the host is started.
  std::string job{};
  std::size_t output_limit_bytes = 1 << 20;  // of each stream; the rest is dropped, and said
};

struct ExecResult {
  int code = 0;  // exit status; 128 + n when signal n ended it
  std::string out{};
  std::string err{};
  bool truncated = false;
};

// Two commands, the first's output into the second's input, on any two hosts, through the
// controller's memory. Fails unless both exit with 0.
struct Pipe {
  Exec source{};
  Exec sink{};
};

struct PipeResult {
  ExecResult source;  // its `out` is empty
  ExecResult sink;
  std::uint64_t size_bytes = 0;
};

// Writes a file atomically: temporary name, fsync, rename.
struct WriteFile {
  HostAddress host{};
  std::string user{};
  std::string path{};
  Text content{};
  std::string mode{};   // "0644"; empty: as it is, or 0644
  std::string owner{};  // "user:group"; empty: as it is
};

struct Sql {
  HostAddress via{};      // the host on which `address` is meant; its ssh session is used
                          // unless the host is local
  std::string address{};  // "localhost", an address, or a directory of a Unix socket
  int port = 5432;
  std::string database{};
  std::string user{};
  Text password{};
  std::string statement{};  // $1, $2 … are the parameters
  std::vector<std::optional<Text>> parameters{};
};

// Rows as maps of column name to value: bool, int (all integer types), null, json, else text.
struct SqlResult {
  List rows{};
  std::int64_t affected = 0;
};

struct HttpCall {
  HostAddress via{};  // the host from which the URL is meant
  std::string method{};
  std::string url{};
  std::vector<std::pair<std::string, Text>> headers{};
  std::optional<Text> body{};
  std::string ca_file{};  // on the controller; empty: the system's
};

struct HttpResult {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers{};  // names in lower case
  std::string body{};
};

// Makes sure the host can be reached, commands run, and `users` can be become.
struct Connect {
  HostAddress host{};
  std::vector<std::string> users{};
};

struct ConnectResult {
  std::string machine_id{};
  std::string boot_id{};
  std::string kernel{};  // uname -sr
  std::string os{};      // PRETTY_NAME
};

using ActionBody = std::variant<Exec, Pipe, WriteFile, Sql, HttpCall, Connect>;

// Which step (instance) and which place asks; for events and messages.
struct Origin {
  std::string step{};  // empty: preflight
  std::string what{};  // "observe old_orch.live", "do"
  Span span{};
};

struct Action {
  ActionBody body;
  Origin origin{};
  std::chrono::milliseconds timeout{60'000};  // counted from the start of the action
  // True: changes nothing, so that it may be sent ahead of answers and repeated after a lost
  // connection. False: it is begun once at most, and an outcome that is not known is said.
  bool is_observation = false;
};

enum class FailureKind : std::uint8_t {
  refused,  // did not happen: could not connect, was refused, tool missing
  failed,   // happened and failed
  unknown,  // may or may not have happened: connection lost, deadline passed
  cancelled
};

// What could not be done, for a person. `code` is one of E06/E07.
struct Failure {
  FailureKind kind = FailureKind::failed;
  Code code{};
  std::string message{};  // already redacted
  std::vector<std::string> notes{};
  std::vector<std::string> helps{};
  int system_error = 0;  // errno, HTTP status
  std::string sqlstate{};
  bool is_retryable = false;
};

// `Value` is the answer of a simulated observation only.
using ActionResult = std::variant<ExecResult,
                                  PipeResult,
                                  std::monostate,
                                  SqlResult,
                                  HttpResult,
                                  ConnectResult,
                                  Failure,
                                  Value>;

class Resources;
struct Binding;

// What a simulated Effector is asked in place of programs (Effector::is_simulated). It answers from
// declared effects. The references are good during the call only.
struct DeclaredObservation {
  Resources& resources;
  ResourceId resource;
  std::uint32_t attribute = 0;
  Origin origin{};
};

struct DeclaredBody {
  Resources& resources;
  const Binding& binding;  // which elements the step is about
  std::string run_id{};
  StepId step;
  std::string name{};  // of the step instance
  bool is_undo = false;
  Origin origin{};
};

}  // namespace plan
