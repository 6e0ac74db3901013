// The native effects: what each makes of its arguments, and of what comes back. The table has the
// names of stdlib/native.plan; a test compares both.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/evaluate.hpp"
#include "runtime/action.hpp"

namespace plan {

// A call whose expressions are evaluated. Arguments are by position; absent: not given.
struct PrimitiveCall {
  std::string effect{};
  std::vector<std::optional<Value>> arguments{};
  HostAddress host{};
  std::string user{};
  std::vector<std::pair<std::string, Text>> env{};
  std::optional<Text> standard_input{};
  bool is_shell = false;
  std::string job{};                           // not empty: detached, under this name
  std::optional<HostAddress> database_host{};  // of `sql`: the host in its first argument
};

struct PrimitiveInfo {
  std::string_view name;
  std::size_t parameter_count = 0;
};

[[nodiscard]] std::span<const PrimitiveInfo> primitives();

// The action of a call. The failure is about arguments that are no such thing at run time.
[[nodiscard]] std::expected<ActionBody, Failure> build(const PrimitiveCall& call);
[[nodiscard]] std::expected<ActionBody, Failure> build_pipe(const PrimitiveCall& source,
                                                            const PrimitiveCall& sink);
// The value of a call: an exec_result, an http_response, rows … A Failure stays one, but an
// http_request that need not succeed has status 0 where nothing listens.
[[nodiscard]] std::expected<Value, Failure> decode(const PrimitiveCall& call, ActionResult result);

// The address of a host of the plan; the failure says which input is missing.
[[nodiscard]] std::expected<HostAddress, Failure> address_of(const Plan& plan,
                                                             HostId host,
                                                             Environment& environment);
// The controller itself.
[[nodiscard]] HostAddress local_address();

// "systemctl stop x", shortened, for messages.
[[nodiscard]] std::string command_text(const PrimitiveCall& call);
[[nodiscard]] Failure value_failure(std::string message);

}  // namespace plan
