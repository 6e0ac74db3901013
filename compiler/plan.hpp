// The compiled plan: hosts, resources, steps and their order as plain values.
// Made by elaborate.cpp (no order yet), completed by order.cpp and prove.cpp, never changed after
// that. It is all that the runtime needs: no source text, no AST. Ids are indexes of the vectors
// below and follow the order of declaration, so iterating in id order is deterministic.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/compact.hpp"
#include "compiler/expr.hpp"
#include "compiler/value.hpp"
#include "dsl/source.hpp"

namespace plan {

// Where an index stands for nothing.
inline constexpr std::uint32_t no_index = UINT32_MAX;

struct StepId {
  std::uint32_t index = UINT32_MAX;
  [[nodiscard]] bool is_none() const { return index == UINT32_MAX; }
  auto operator<=>(const StepId&) const = default;
};

// A (resource, state) pair: what conditions read and steps write.
struct VariableId {
  std::uint32_t index = UINT32_MAX;
  auto operator<=>(const VariableId&) const = default;
};

// A state, fact or query and the resource type it belongs to.
struct AttributeRef {
  std::uint32_t type = UINT32_MAX;  // Plan::resource_types
  std::uint32_t attribute = UINT32_MAX;
  auto operator<=>(const AttributeRef&) const = default;
};

enum class TypeKind : std::uint8_t {
  any,
  boolean,
  integer,
  string,
  version,
  duration,
  size,
  path,
  url,
  secret,
  json,
  host,
  list,
  map,
  record,
  enumeration,
  resource,
  null
};

// A type, structural; element/record/enum details by index.
struct Type {
  TypeKind kind = TypeKind::any;
  std::uint32_t element = UINT32_MAX;  // list, map: index of Plan::types
  std::uint32_t detail = UINT32_MAX;   // record: Plan::record_types, enumeration: Plan::enum_types,
                                       // resource: Plan::resource_types
  auto operator<=>(const Type&) const = default;
};

struct RecordType {
  std::string name;
  std::vector<std::string> field_names;
  std::vector<std::uint32_t> field_types;  // Plan::types
  std::vector<ExprId> defaults;            // none: required
};

struct EnumType {
  std::string name;
  std::vector<std::string> cases;
};

enum class AttributeKind : std::uint8_t { state, fact, query };

struct Attribute {
  AttributeKind kind = AttributeKind::state;
  std::string name;
  std::uint32_t type = 0;  // Plan::types
  Program observe;         // one parameter: the resource
  // `carried by`: the path from the resource to the carrying state, as names of resource fields,
  // the last one the state ("server", "database", "content"). Empty: not carried.
  std::vector<std::string> carried_by;
  // True if `observe` reads nothing but other states: conditions are expanded to those.
  bool is_derived = false;
  ExprId derivation;  // of a derived one: expression over slot 0, the resource
  std::string documentation;
};

struct ResourceType {
  std::string name;  // "systemd.service"
  std::vector<std::string> field_names;
  std::vector<std::uint32_t> field_types;  // Plan::types
  std::vector<ExprId> defaults;    // over the other fields (slot i = field i); none: required
  std::vector<std::uint32_t> key;  // field indexes
  std::uint32_t host_field = UINT32_MAX;  // `resource x on FIELD`
  std::vector<Attribute> attributes;
  std::string documentation;
};

struct Input {
  std::string name;
  std::uint32_t type = 0;
  std::optional<Value> value;  // absent for secrets, and for inputs that were not given
  bool is_secret = false;
  std::string documentation;
  Span span;
};

// A place where commands run. Hosts with equal connection data are one host.
struct Host {
  std::string name;  // the input or let that holds it: "old"
  bool is_local = false;
  std::string address;  // empty: known at run time only (the input was not given)
  std::string user;     // login user; empty: what OpenSSH says
  std::string become;   // user that operations run as unless they say otherwise; empty: login user
  int port = 0;         // 0: what OpenSSH says
  ExprId become_password;  // a secret; none: sudo must not ask
};

struct Resource {
  std::string name;        // "old_db"; "old_orch.service"; "new_orch.environments[]" for elements
  std::uint32_t type = 0;  // Plan::resource_types
  std::vector<Value> fields;  // by field index
  // An arbitrary element of a query: the resource that is asked and the query's attribute index.
  ResourceId element_of;
  std::uint32_t query = UINT32_MAX;
  Span span;

  [[nodiscard]] bool is_element() const { return element_of.index != UINT32_MAX; }
};

struct Variable {
  ResourceId resource;
  std::uint32_t attribute = 0;  // of its type
};

// A closed boolean expression over variables, inputs and constants.
struct Condition {
  ExprId expr;
  ExprId message_value;     // a message that only run time can make; none: `message`
  FewOf<VariableId> reads;  // sorted, unique
  RareText message;         // `else "…"`, or empty
  RareText text;            // as written, for people; empty: as print_condition() says it
  Span span;
};

enum class EffectKind : std::uint8_t { set, change, destroy };

struct Effect {
  VariableId variable;
  EffectKind kind = EffectKind::set;
  ExprId value;  // of `set`: closed expression (constant, another variable, token …)
  std::vector<AttributeRef> keeping;  // of `change`: the carried states that survive
  Span span;
};

struct Operation {
  std::string name;  // "inmanta.halt_all"
  std::vector<std::string> parameter_names;
  std::vector<std::uint32_t> parameter_types;
  ExprId host;   // over the parameters; none: the controller itself
  ExprId user;   // over the parameters; none: the host's `become`
  Program body;  // empty: nothing to do but to observe (or manual)
  std::vector<std::string> output_names;
  std::vector<ExprId> outputs;  // over the parameters, may use Op::token
  bool is_detached = false;
  bool is_once = false;
  std::string manual;        // `manual "…"`: a person does it
  std::string irreversible;  // the reason; empty: it is not
  std::string documentation;
  Span span;
};

enum class StepKind : std::uint8_t {
  operation,
  approve,     // a person says yes
  manual,      // a person does it
  loop_begin,  // a deferred loop's query is read here and its body unfolded
  loop_end     // all elements are done
};

struct Step {
  std::string name;  // "halt"; unrolled: "copy[2]"; loop nodes: "for env#begin"
  StepKind kind = StepKind::operation;
  std::uint32_t operation = UINT32_MAX;  // Plan::operations
  std::vector<Value> arguments;          // by parameter; Deferred where only run time knows
  std::vector<Condition> requires_;
  std::vector<Condition> awaits;
  std::vector<Effect> effects;
  std::vector<Condition> ensures;  // what is observed to tell done from not done
  Rare<Condition> when;
  std::vector<StepId> after;  // written order and data flow (outputs used), not yet causal links
  std::uint32_t phase = UINT32_MAX;
  std::uint32_t loop = UINT32_MAX;  // Plan::loops: the innermost deferred loop around it
  std::uint32_t host = UINT32_MAX;  // Plan::hosts; none: the controller
  ExprId user;
  std::int64_t timeout_ms = 0;  // 0: the default
  std::uint32_t retry_count = 0;
  std::int64_t retry_every_ms = 0;
  // The way back: an operation and its arguments, with its own contract, or none.
  std::uint32_t undo_operation = UINT32_MAX;
  std::vector<Value> undo_arguments;
  std::vector<Condition> undo_requires;
  std::vector<Effect> undo_effects;
  std::vector<Condition> undo_ensures;
  bool undo_none = false;  // `undo none`: nothing needs to be taken back
  bool allows_destroy = false;
  RareText text;  // of approve and manual
  std::string note;
  Span span;
};

// `for x in resource.query`: its body is a template, unfolded at run time.
struct Loop {
  std::string variable;
  ResourceId element;  // the arbitrary element that the body speaks of
  ResourceId owner;
  std::uint32_t query = 0;
  std::uint32_t at_most = 0;  // 0: no bound
  bool stops_on_failure = true;
  StepId begin;
  StepId end;
  std::vector<StepId> body;
  std::uint32_t parent = UINT32_MAX;
  Span span;
};

struct Phase {
  std::string title;
  std::vector<StepId> steps;
  Span span;
};

enum class EdgeReason : std::uint8_t {
  written,       // `after`, a phase's `after`
  data,          // uses an output of the other
  provides,      // the first ensures what the second requires
  protects,      // the second would undo what the first needs
  loop,          // inside of a deferred loop
  one_at_a_time  // between elements of an unrolled loop
};

struct Edge {
  StepId from;
  StepId to;
  EdgeReason reason = EdgeReason::written;
  VariableId variable;  // of provides and protects
  Span span;            // of the clause that asks for it
};

// A rule over values that could not be decided at compile time.
struct DeferredRule {
  Condition condition;
};

struct Test {
  std::string title;
  Span span;
  // Interpreted by runtime/sim: the AST of a test is lowered to these closed pieces.
  std::vector<Effect> given;
  std::vector<std::pair<std::string, Value>> inputs;
  bool crashes_everywhere = false;
  std::vector<std::string> failing_steps;
  std::uint32_t shuffles = 0;
  std::vector<Condition> expected;
  std::string refused_code;
  std::string refused_message;  // a part of the message; empty: any
};

struct PureFunction {
  std::string name;
  std::uint32_t parameter_count = 0;
  std::uint32_t slot_count = 0;
  ExprId body;
};

struct Plan {
  std::string title;
  std::string source_name;  // for people; not part of the digest
  std::vector<Input> inputs;
  std::vector<Host> hosts;
  std::vector<Resource> resources;
  std::vector<Variable> variables;
  std::vector<Operation> operations;
  std::vector<Step> steps;
  std::vector<Phase> phases;
  std::vector<Loop> loops;
  std::vector<DeferredRule> rules;
  std::vector<Condition> goals;
  std::vector<Condition> invariants;
  std::vector<Test> tests;

  // Filled by order.cpp: every edge with its reason, sorted by (from, to).
  std::vector<Edge> edges;
  // One admissible order of all steps; by order.cpp.
  std::vector<StepId> topological;
  // Filled by prove.cpp. A step is past the point of no return when it, or a step that must come
  // before it, cannot be undone. `point_of_no_return`: the first irreversible steps.
  std::vector<StepId> point_of_no_return;
  // Conditions that no step provides: observed in preflight, by step.
  std::vector<std::pair<StepId, std::uint32_t>> preflight_requirements;

  // Types and arenas.
  std::vector<Type> types;
  std::vector<RecordType> record_types;
  std::vector<EnumType> enum_types;
  std::vector<ResourceType> resource_types;
  std::vector<PureFunction> functions;
  std::vector<Value> constants;
  std::vector<std::vector<std::string>> record_shapes;
  std::vector<Expr> exprs;
  std::vector<ExprId> expr_children;

  std::array<std::uint8_t, 32> digest{};  // SHA-256 of the canonical form (digest.hpp)

  [[nodiscard]] const Expr& operator[](ExprId expr) const { return exprs[expr.index]; }
};

}  // namespace plan
