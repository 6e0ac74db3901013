#include "compiler/plan_json_validate.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "compiler/operations.hpp"

namespace plan {

namespace {

constexpr std::uint32_t slot_limit = 65'536;
constexpr std::uint32_t depth_limit = 5000;

// What the operands a, b, c, d of each Op are: E an expression, e one or none, C constant,
// L slot, I input, V variable, S step or none, H record shape, R resource type, F function, N
// native, T type, '.' nothing that is an index.
constexpr std::array<std::string_view, 32> operand_kinds = {
    "C",  "L",  "I",  "V",  "E",   "S",  "E",  "EE",  "",     ".H", "",
    ".R", "E",  "E",  "EE", "EE",  "EE", "EE", "EE",  "EE",   "EE", "EE",
    "EE", "EE", "EE", "EE", "EEE", ".F", ".N", "EEL", "EELe", "ET"};

class Validator {
 public:
  explicit Validator(const Plan& plan) : plan_(plan) {}

  std::string run() {
    check_types();
    check_things();
    check_exprs();
    check_steps();
    check_order();
    if (fault_.empty()) {
      check_depth();
    }
    return std::move(fault_);
  }

 private:
  template <class... Parts>
  void fail(fmt::format_string<Parts...> format, Parts&&... parts) {
    if (fault_.empty()) {
      fault_ = fmt::format(format, std::forward<Parts>(parts)...);
    }
  }

  void need(std::uint32_t index, std::size_t count, std::string_view what) {
    if (index >= count) {
      fail("{}: there is no {}", what, index);
    }
  }
  void may(std::uint32_t index, std::size_t count, std::string_view what) {
    if (index != no_index) {
      need(index, count, what);
    }
  }
  void expr(ExprId id, std::string_view what) { may(id.index, plan_.exprs.size(), what); }
  void exprs(const std::vector<ExprId>& ids, std::string_view what) {
    for (const ExprId id : ids) {
      expr(id, what);
    }
  }
  void step(StepId id, std::string_view what) { need(id.index, plan_.steps.size(), what); }
  void type(std::uint32_t index, std::string_view what) { need(index, plan_.types.size(), what); }
  void types(const std::vector<std::uint32_t>& indexes, std::size_t count, std::string_view what) {
    if (indexes.size() != count) {
      fail("{}: {} types for {} names", what, indexes.size(), count);
    }
    for (const std::uint32_t index : indexes) {
      type(index, what);
    }
  }

  void value(const Value& checked, std::string_view what) {
    if (const auto* host = checked.as<HostId>()) {
      need(host->index, plan_.hosts.size(), what);
    } else if (const auto* resource = checked.as<ResourceId>()) {
      need(resource->index, plan_.resources.size(), what);
    } else if (const auto* deferred = checked.as<Deferred>()) {
      need(deferred->expr.index, plan_.exprs.size(), what);
    } else if (const auto* list = checked.as<List>()) {
      for (const Value& item : *list) {
        value(item, what);
      }
    } else if (const auto* map = checked.as<Map>()) {
      for (const auto& [key, item] : *map) {
        value(item, what);
      }
    }
  }

  void check_types() {
    for (const Type& checked : plan_.types) {
      may(checked.element, plan_.types.size(), "types");
      const std::size_t count = checked.kind == TypeKind::record        ? plan_.record_types.size()
                                : checked.kind == TypeKind::enumeration ? plan_.enum_types.size()
                                : checked.kind == TypeKind::resource ? plan_.resource_types.size()
                                                                     : 0;
      if (checked.kind == TypeKind::record || checked.kind == TypeKind::enumeration ||
          checked.kind == TypeKind::resource) {
        may(checked.detail, count, "types");
      }
    }
    for (const RecordType& checked : plan_.record_types) {
      types(checked.field_types, checked.field_names.size(), "record_types");
      exprs(checked.defaults, "record_types");
    }
    for (const ResourceType& checked : plan_.resource_types) {
      types(checked.field_types, checked.field_names.size(), "resource_types");
      exprs(checked.defaults, "resource_types");
      may(checked.host_field, checked.field_names.size(), "resource_types");
      for (const std::uint32_t field : checked.key) {
        need(field, checked.field_names.size(), "resource_types");
      }
      for (const Attribute& attribute : checked.attributes) {
        type(attribute.type, "resource_types");
        program(attribute.observe, "resource_types");
        expr(attribute.derivation, "resource_types");
        if (attribute.is_derived && attribute.derivation.is_none()) {
          fail("resource_types: a derived state without derivation");
        }
      }
    }
  }

  void program(const Program& checked, std::string_view what) {
    if (checked.slot_count > slot_limit || checked.parameter_count > checked.slot_count) {
      fail("{}: a frame of {} slots", what, checked.slot_count);
    }
    const std::size_t size = checked.code.size();
    for (const Instruction& instruction : checked.code) {
      const InstructionKind kind = instruction.kind;
      const bool jumps = kind == InstructionKind::jump || kind == InstructionKind::jump_unless ||
                         kind == InstructionKind::for_begin || kind == InstructionKind::jump_after;
      if (jumps) {
        need(instruction.target, size, what);
      }
      if (kind == InstructionKind::act) {
        need(instruction.effect, checked.effects.size(), what);
      }
      may(instruction.effect, checked.effects.size(), what);
      may(instruction.slot, checked.slot_count, what);
      if (kind == InstructionKind::for_begin) {
        need(instruction.slot == no_index ? no_index : instruction.slot + 1, checked.slot_count,
             what);
      }
      expr(instruction.value, what);
    }
    for (std::uint32_t index = 0; index < checked.effects.size(); ++index) {
      const EffectCall& call = checked.effects[index];
      exprs(call.arguments, what);
      exprs({call.host, call.user, call.env, call.standard_input, call.timeout}, what);
      may(call.pipe_into, checked.effects.size(), what);
      std::uint32_t at = index;
      for (std::size_t count = 0; at < checked.effects.size(); ++count) {
        at = checked.effects[at].pipe_into;
        if (count > checked.effects.size()) {
          fail("{}: a pipe into itself", what);
          break;
        }
      }
    }
  }

  void check_things() {
    for (const Input& input : plan_.inputs) {
      type(input.type, "inputs");
      if (input.value) {
        value(*input.value, "inputs");
      }
    }
    for (const Host& host : plan_.hosts) {
      expr(host.become_password, "hosts");
    }
    for (const Resource& resource : plan_.resources) {
      need(resource.type, plan_.resource_types.size(), "resources");
      may(resource.element_of.index, plan_.resources.size(), "resources");
      if (resource.type < plan_.resource_types.size() &&
          resource.fields.size() != plan_.resource_types[resource.type].field_names.size()) {
        fail("resources: `{}` has {} fields", resource.name, resource.fields.size());
      }
      for (const Value& field : resource.fields) {
        value(field, "resources");
      }
    }
    for (const Variable& variable : plan_.variables) {
      need(variable.resource.index, plan_.resources.size(), "variables");
      if (fault_.empty()) {
        const std::uint32_t of_type = plan_.resources[variable.resource.index].type;
        need(variable.attribute, plan_.resource_types[of_type].attributes.size(), "variables");
      }
    }
    for (const Value& constant : plan_.constants) {
      value(constant, "constants");
    }
    for (const PureFunction& function : plan_.functions) {
      need(function.body.index, plan_.exprs.size(), "functions");
      if (function.slot_count > slot_limit || function.parameter_count > slot_limit) {
        fail("functions: `{}` has too many slots", function.name);
      }
    }
    for (const Operation& operation : plan_.operations) {
      types(operation.parameter_types, operation.parameter_names.size(), "operations");
      exprs({operation.host, operation.user}, "operations");
      exprs(operation.outputs, "operations");
      program(operation.body, "operations");
    }
  }

  void operand(char kind, std::uint32_t index, std::size_t at) {
    switch (kind) {
      case 'E':
        return need(index, plan_.exprs.size(), fmt::format("exprs[{}]", at));
      case 'e':
        return may(index, plan_.exprs.size(), fmt::format("exprs[{}]", at));
      case 'C':
        return need(index, plan_.constants.size(), fmt::format("exprs[{}]", at));
      case 'L':
        return need(index, slot_limit, fmt::format("exprs[{}]", at));
      case 'I':
        return need(index, plan_.inputs.size(), fmt::format("exprs[{}]", at));
      case 'V':
        return need(index, plan_.variables.size(), fmt::format("exprs[{}]", at));
      case 'S':
        return may(index, plan_.steps.size(), fmt::format("exprs[{}]", at));
      case 'H':
        return need(index, plan_.record_shapes.size(), fmt::format("exprs[{}]", at));
      case 'R':
        return need(index, plan_.resource_types.size(), fmt::format("exprs[{}]", at));
      case 'F':
        return need(index, plan_.functions.size(), fmt::format("exprs[{}]", at));
      case 'N':
        return need(index, pure_natives().size(), fmt::format("exprs[{}]", at));
      case 'T':
        return type(index, fmt::format("exprs[{}]", at));
      default:
        return;
    }
  }

  void check_exprs() {
    for (std::size_t at = 0; at < plan_.exprs.size() && fault_.empty(); ++at) {
      const Expr& checked = plan_.exprs[at];
      const std::array operands = {checked.a, checked.b, checked.c, checked.d};
      const std::string_view kinds = operand_kinds[static_cast<std::size_t>(checked.op)];
      for (std::size_t index = 0; index < kinds.size(); ++index) {
        operand(kinds[index], operands[index], at);
      }
      for (std::uint32_t child = checked.children_begin; child < checked.children_end; ++child) {
        need(plan_.expr_children[child].index, plan_.exprs.size(), "exprs");
      }
      if (checked.op == Op::record && fault_.empty() &&
          plan_.record_shapes[checked.b].size() != checked.children_end - checked.children_begin) {
        fail("exprs[{}]: a record of another shape", at);
      }
      if (checked.op == Op::state_of && checked.d != no_index) {
        need(checked.d, plan_.resource_types.size(), "exprs");
        if (fault_.empty()) {
          need(checked.b, plan_.resource_types[checked.d].attributes.size(), "exprs");
        }
      }
    }
  }

  void condition(const Condition& checked, std::string_view what) {
    need(checked.expr.index, plan_.exprs.size(), what);
    expr(checked.message_value, what);
    for (const VariableId read : checked.reads) {
      need(read.index, plan_.variables.size(), what);
    }
  }
  void conditions(const std::vector<Condition>& list, std::string_view what) {
    for (const Condition& checked : list) {
      condition(checked, what);
    }
  }
  void effects(const std::vector<Effect>& list, std::string_view what) {
    for (const Effect& effect : list) {
      need(effect.variable.index, plan_.variables.size(), what);
      expr(effect.value, what);
      if (effect.kind == EffectKind::set && effect.value.is_none()) {
        fail("{}: an effect without value", what);
      }
    }
  }
  void arguments(const std::vector<Value>& list, std::uint32_t operation, std::string_view what) {
    for (const Value& argument : list) {
      value(argument, what);
    }
    if (operation != no_index && fault_.empty() &&
        list.size() != plan_.operations[operation].parameter_names.size()) {
      fail("{}: {} arguments", what, list.size());
    }
  }

  void check_steps() {
    for (std::size_t index = 0; index < plan_.steps.size() && fault_.empty(); ++index) {
      const Step& checked = plan_.steps[index];
      const std::string what = fmt::format("steps[{}]", index);
      may(checked.operation, plan_.operations.size(), what);
      may(checked.undo_operation, plan_.operations.size(), what);
      may(checked.phase, plan_.phases.size(), what);
      may(checked.loop, plan_.loops.size(), what);
      may(checked.host, plan_.hosts.size(), what);
      expr(checked.user, what);
      arguments(checked.arguments, checked.operation, what);
      arguments(checked.undo_arguments, checked.undo_operation, what);
      conditions(checked.requires_, what);
      conditions(checked.awaits, what);
      conditions(checked.ensures, what);
      conditions(checked.undo_requires, what);
      conditions(checked.undo_ensures, what);
      effects(checked.effects, what);
      effects(checked.undo_effects, what);
      if (checked.when) {
        condition(*checked.when, what);
      }
      for (const StepId before : checked.after) {
        step(before, what);
      }
    }
    conditions(plan_.goals, "goals");
    conditions(plan_.invariants, "invariants");
    for (const DeferredRule& rule : plan_.rules) {
      condition(rule.condition, "rules");
    }
    for (const Phase& phase : plan_.phases) {
      for (const StepId id : phase.steps) {
        step(id, "phases");
      }
    }
    for (std::uint32_t index = 0; index < plan_.loops.size(); ++index) {
      check_loop(index);
    }
    for (const Test& test : plan_.tests) {
      effects(test.given, "tests");
      conditions(test.expected, "tests");
      for (const auto& [name, input] : test.inputs) {
        value(input, "tests");
      }
    }
  }

  void check_loop(std::uint32_t index) {
    const Loop& loop = plan_.loops[index];
    need(loop.element.index, plan_.resources.size(), "loops");
    need(loop.owner.index, plan_.resources.size(), "loops");
    step(loop.begin, "loops");
    step(loop.end, "loops");
    for (const StepId id : loop.body) {
      step(id, "loops");
    }
    // A loop stands behind the one around it, so that no loop is inside of itself.
    if (loop.parent != no_index && loop.parent >= index) {
      fail("loops[{}].parent: {} is not before it", index, loop.parent);
    }
  }

  void check_order() {
    std::vector<std::uint32_t> position(plan_.steps.size(), no_index);
    if (plan_.topological.size() != plan_.steps.size()) {
      fail("topological: {} of {} steps", plan_.topological.size(), plan_.steps.size());
    }
    for (std::uint32_t index = 0; index < plan_.topological.size() && fault_.empty(); ++index) {
      step(plan_.topological[index], "topological");
      if (fault_.empty() && position[plan_.topological[index].index] != no_index) {
        fail("topological: step {} twice", plan_.topological[index].index);
      } else if (fault_.empty()) {
        position[plan_.topological[index].index] = index;
      }
    }
    for (const Edge& edge : plan_.edges) {
      step(edge.from, "edges");
      step(edge.to, "edges");
      may(edge.variable.index, plan_.variables.size(), "edges");
      if (fault_.empty() && position[edge.from.index] >= position[edge.to.index]) {
        fail("edges: {} does not come before {}", edge.from.index, edge.to.index);
      }
    }
    for (const StepId id : plan_.point_of_no_return) {
      step(id, "point_of_no_return");
    }
    for (const auto& [id, requirement] : plan_.preflight_requirements) {
      step(id, "preflight_requirements");
      if (fault_.empty()) {
        need(requirement, plan_.steps[id.index].requires_.size(), "preflight_requirements");
      }
    }
  }

  // What an expression is made of; a call is made of the function's body, too.
  std::vector<std::uint32_t> parts_of(std::uint32_t at) const {
    const Expr& checked = plan_.exprs[at];
    const std::array operands = {checked.a, checked.b, checked.c, checked.d};
    const std::string_view kinds = operand_kinds[static_cast<std::size_t>(checked.op)];
    std::vector<std::uint32_t> parts;
    for (std::size_t index = 0; index < kinds.size(); ++index) {
      const bool is_expr =
          kinds[index] == 'E' || (kinds[index] == 'e' && operands[index] != no_index);
      if (is_expr) {
        parts.push_back(operands[index]);
      } else if (kinds[index] == 'F') {
        parts.push_back(plan_.functions[operands[index]].body.index);
      } else if (kinds[index] == 'C') {
        if (const auto* deferred = plan_.constants[operands[index]].as<Deferred>()) {
          parts.push_back(deferred->expr.index);
        }
      }
    }
    for (std::uint32_t child = checked.children_begin; child < checked.children_end; ++child) {
      parts.push_back(plan_.expr_children[child].index);
    }
    return parts;
  }

  // Depth first without recursion; a part that is still open contains itself.
  void check_depth() {
    enum class Mark : std::uint8_t { fresh, open, closed };
    std::vector<Mark> marks(plan_.exprs.size(), Mark::fresh);
    std::vector<std::uint32_t> depth(plan_.exprs.size());
    std::vector<std::uint32_t> stack;
    for (std::uint32_t start = 0; start < plan_.exprs.size() && fault_.empty(); ++start) {
      stack.push_back(start);
      while (!stack.empty()) {
        const std::uint32_t at = stack.back();
        const std::vector<std::uint32_t> parts = parts_of(at);
        if (marks[at] == Mark::fresh) {
          marks[at] = Mark::open;
          for (const std::uint32_t part : parts) {
            if (marks[part] == Mark::open) {
              fail("exprs[{}]: contains itself", at);
              return;
            }
            if (marks[part] == Mark::fresh) {
              stack.push_back(part);
            }
          }
          continue;
        }
        stack.pop_back();
        if (marks[at] == Mark::closed) {
          continue;
        }
        marks[at] = Mark::closed;
        for (const std::uint32_t part : parts) {
          depth[at] = std::max(depth[at], depth[part] + 1);
        }
        if (depth[at] > depth_limit) {
          fail("exprs[{}]: nested deeper than {} levels", at, depth_limit);
          return;
        }
      }
    }
  }

  const Plan& plan_;
  std::string fault_;
};

}  // namespace

std::string find_fault(const Plan& plan) {
  return Validator(plan).run();
}

}  // namespace plan
