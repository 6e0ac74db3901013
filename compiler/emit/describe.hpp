// Everything a person may want to know about one step, in words: for the graph's side panel, the
// JSON form and the runbook.
#pragma once

#include <string>
#include <vector>

#include "compiler/plan.hpp"

namespace plan::emit {

struct Requirement {
  std::string condition;  // "not new_orch.service.active"
  std::string provider;   // name of a step; empty: found in preflight or known when compiled
  bool is_preflight = false;
  bool is_awaited = false;  // may become true while the step waits for it
};

struct Description {
  std::string name;
  std::string kind;  // "operation", "approve", "manual", "loop_begin", "loop_end"
  std::string operation;
  std::string documentation;  // of the operation
  std::string phase;
  std::string host;     // "controller" for the controller itself
  std::string address;  // of the host, where it is known
  std::string user;     // empty: the login user
  std::string text;     // what is asked, or what the person has to do
  std::string note;
  std::string when;
  std::vector<Requirement> requirements;
  std::vector<std::string> ensures;
  std::vector<std::string> changes;  // to a value that only run time knows
  std::vector<std::string> destroys;
  std::vector<std::string> commands;  // lines of the program
  std::string undo;  // "systemd.enable", "nothing needs to be taken back", "none: why"
  std::vector<std::string> undo_requires;
  std::vector<std::string> undo_commands;
  std::string timeout;  // "10m"
  std::string retry;    // "3 times, every 10s"; empty: not
  bool is_detached = false;
};

[[nodiscard]] Description describe(const Plan& plan, StepId step);
[[nodiscard]] std::string kind_name(StepKind kind);
[[nodiscard]] std::string reason_name(EdgeReason reason);

}  // namespace plan::emit
