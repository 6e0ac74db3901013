// Core expressions and programs as text for people, close to the language they came from.
// Used by previews, graphs, runbooks and messages; nothing reads it back. What is known is filled
// in (fields of resources, arguments, inputs), a secret is always "(secret)".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/plan.hpp"

namespace plan {

// What the slots of a frame hold, by slot: a known value, or nothing and then a name. Each vector
// may be shorter than the frame.
struct PrintFrame {
  std::vector<std::optional<Value>> values;
  std::vector<std::string> names;
  std::vector<std::uint32_t> types;  // of Plan::types, where known; for names of attributes
  std::string host;                  // where a program runs: not said again at each of its commands
};

// "old_orch.service.active".
[[nodiscard]] std::string print_variable(const Plan& plan, VariableId variable);
// Like to_text, but resources and hosts by name and deferred values as their expression.
[[nodiscard]] std::string print_value(const Plan& plan, const Value& value);
// One line; `frame` gives meaning to Op::local.
[[nodiscard]] std::string print_expr(const Plan& plan, ExprId expr, const PrintFrame& frame = {});
// What was written, or what it is: "not new_orch.service.active".
[[nodiscard]] std::string print_condition(const Plan& plan, const Condition& condition);
// One line for each effect or decision, indented by two spaces inside of branches and loops:
// "run systemctl disable --now inmanta-server.service". Parameters are slots 0, 1, … of `frame`.
[[nodiscard]] std::vector<std::string> print_program(const Plan& plan,
                                                     const Program& program,
                                                     PrintFrame frame);
// What a step does, and what its undo does; empty where there is no program.
[[nodiscard]] std::vector<std::string> print_commands(const Plan& plan, const Step& step);
[[nodiscard]] std::vector<std::string> print_undo_commands(const Plan& plan, const Step& step);

}  // namespace plan
