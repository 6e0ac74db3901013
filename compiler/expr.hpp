// Core expressions and programs: what names, types and sugar of the language are lowered to.
// Both live in arenas of Plan and are plain data: they are evaluated (evaluate.hpp), printed,
// compared, stored in the compiled plan. An expression has no effect; whatever touches a host is
// an Instruction of a Program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/value.hpp"
#include "dsl/source.hpp"

namespace plan {

// clang-format off
enum class Op : std::uint8_t {
  constant,     // a: index of Plan::constants
  local,        // a: slot of the frame
  input,        // a: index of Plan::inputs; a secret, or an input that was not given
  state,        // a: variable id of Plan::variables (closed form)
  state_of,     // a: resource expression, b: attribute index of the resource's type (open form),
                // d: the resource's type
  token,        // a: step id; the step instance's own token, a UUID in text form
  field,        // a: base expression, b: name id (a record's field, or a resource's field); of a
                // resource, c: field index, d: resource type
  index,        // a: base, b: index expression
  list,         // children
  record,       // children: values; b: index of Plan::record_shapes (the keys, in order)
  concat,       // children: strings to join; secret if one of them is
  resource,     // children: key values; b: resource type index (a resource made on the spot)
  logical_not, negate,                      // a
  logical_and, logical_or,                  // a, b (short-circuit)
  equal, not_equal, less, less_equal, add, subtract, multiply, divide, remainder, in,  // a, b
  conditional,  // a: condition, b: then, c: else
  call,         // children: arguments; b: function index of Plan::functions
  native,       // children: arguments; b: index of pure natives (natives.hpp)
  for_all,      // a: list, b: condition, c: slot of the element
  map,          // a: list, b: value, c: slot, d: condition or none
  cast,         // a: value, b: type index of Plan::types
};
// clang-format on

struct Expr {
  Op op = Op::constant;
  std::uint32_t a = UINT32_MAX;
  std::uint32_t b = UINT32_MAX;
  std::uint32_t c = UINT32_MAX;
  std::uint32_t d = UINT32_MAX;
  std::uint32_t children_begin = 0;  // of Plan::expr_children
  std::uint32_t children_end = 0;
};

// An instruction that touches the outside. `effect` names the primitive (native.plan: "exec",
// "run", "http.get", "sql", "write", …); its arguments are expressions by parameter position.
struct EffectCall {
  std::string effect;
  std::vector<ExprId> arguments;  // by position of the native's parameters; none: not given
  ExprId host;                    // none: the operation's host
  ExprId user;                    // none: the operation's user
  ExprId env;                     // a map
  ExprId standard_input;
  ExprId timeout;         // a duration
  bool is_shell = false;  // argument 0 is one script text, already quoted, not an argv
  std::uint32_t pipe_into =
      UINT32_MAX;  // index of Program::effects: this one's output is its input
};

// clang-format off
enum class InstructionKind : std::uint8_t {
  assign,       // slot = value
  act,          // slot = result of effects[effect]
  observe,      // slot = observed state or fact: value is a resource expression, attribute its index
  jump,         // to target
  jump_unless,  // to target unless value
  for_begin,    // slot = next element of `value` (a list); to target when there is none left.
                // The position is kept in slot + 1, which starts as null.
  sleep,        // for `value` (a duration); used by waits
  deadline,     // slot = point in time `value` from now
  jump_after,   // to target when the deadline in `slot` has passed
  fail,         // ends the program with the message `value`
  finish,       // ends the program; value: result, or none
};
// clang-format on

struct Instruction {
  InstructionKind kind = InstructionKind::finish;
  std::uint32_t slot = UINT32_MAX;
  ExprId value{};
  std::uint32_t target = UINT32_MAX;
  std::uint32_t effect = UINT32_MAX;
  std::uint32_t attribute = UINT32_MAX;
  Span span{};
};

// Slots 0 to parameter_count-1 hold the arguments (an observation has one: the resource itself).
struct Program {
  std::uint32_t parameter_count = 0;
  std::uint32_t slot_count = 0;
  std::vector<Instruction> code;
  std::vector<EffectCall> effects;

  [[nodiscard]] bool is_empty() const { return code.empty(); }
};

}  // namespace plan
