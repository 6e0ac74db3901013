#include "compiler/print_expr.hpp"

#include <array>
#include <string_view>

#include <fmt/core.h>

#include "compiler/operations.hpp"
#include "compiler/print_known.hpp"

namespace plan {

namespace {

// How tightly an expression binds, loosest first, as in the grammar.
enum Binding : int {
  conditional,
  disjunction,
  conjunction,
  negation,
  comparison,
  sum,
  product,
  sign,
  postfix
};

struct Operator {
  std::string_view text;
  int binding = postfix;
};

// nullptr-like (empty text) for what is not a binary operator.
Operator binary_operator(Op op) {
  switch (op) {
    case Op::logical_or:
      return {" or ", disjunction};
    case Op::logical_and:
      return {" and ", conjunction};
    case Op::equal:
      return {" == ", comparison};
    case Op::not_equal:
      return {" != ", comparison};
    case Op::less:
      return {" < ", comparison};
    case Op::less_equal:
      return {" <= ", comparison};
    case Op::in:
      return {" in ", comparison};
    case Op::add:
      return {" + ", sum};
    case Op::subtract:
      return {" - ", sum};
    case Op::multiply:
      return {" * ", product};
    case Op::divide:
      return {" / ", product};
    case Op::remainder:
      return {" % ", product};
    case Op::constant:
    case Op::local:
    case Op::input:
    case Op::state:
    case Op::state_of:
    case Op::token:
    case Op::field:
    case Op::index:
    case Op::list:
    case Op::record:
    case Op::concat:
    case Op::resource:
    case Op::logical_not:
    case Op::negate:
    case Op::conditional:
    case Op::call:
    case Op::native:
    case Op::for_all:
    case Op::map:
    case Op::cast:
      return {};
  }
  return {};
}

class Printer {
 public:
  Printer(const Plan& plan, const PrintFrame& frame) : plan_(plan), frame_(frame) {}

  // The expression, in parentheses if it binds more loosely than `binding`.
  std::string print(ExprId id, int binding) {
    if (id.is_none()) {
      return "";
    }
    if (const std::optional<Value> value = known_value(plan_, id, frame_)) {
      return print_value(plan_, *value);
    }
    const Expr& expr = plan_[id];
    if (const Operator found = binary_operator(expr.op); !found.text.empty()) {
      return wrap(print({expr.a}, found.binding) + std::string(found.text) +
                      print({expr.b}, found.binding + 1),
                  found.binding < binding);
    }
    return compound(expr, binding);
  }

 private:
  static std::string wrap(std::string text, bool needs_parentheses) {
    return needs_parentheses ? "(" + text + ")" : text;
  }

  std::string slot_name(std::uint32_t slot) const {
    if (slot < frame_.names.size() && !frame_.names[slot].empty()) {
      return frame_.names[slot];
    }
    return fmt::format("v{}", slot);
  }

  std::string children(const Expr& expr) {
    std::string text;
    for (std::uint32_t child = expr.children_begin; child < expr.children_end; ++child) {
      text += (text.empty() ? "" : ", ") + print(plan_.expr_children[child], conditional);
    }
    return text;
  }

  std::string record(const Expr& expr) {
    const auto& keys = plan_.record_shapes[expr.b];
    std::string text;
    for (std::uint32_t child = expr.children_begin; child < expr.children_end; ++child) {
      const std::size_t position = child - expr.children_begin;
      text += fmt::format("{}{}: {}", text.empty() ? "" : ", ",
                          position < keys.size() ? keys[position] : "?",
                          print(plan_.expr_children[child], conditional));
    }
    return text.empty() ? "{}" : "{ " + text + " }";
  }

  // "…${x}…": literal parts as they are, the rest as interpolations.
  std::string concatenation(const Expr& expr) {
    std::string text = "\"";
    for (std::uint32_t child = expr.children_begin; child < expr.children_end; ++child) {
      const ExprId part = plan_.expr_children[child];
      const std::optional<Value> value = known_value(plan_, part, frame_);
      if (value && value->as<std::string>() != nullptr) {
        text += escaped(*value->as<std::string>());
      } else if (plan_[part].op == Op::concat) {
        const std::string inner = concatenation(plan_[part]);  // a text in a text is that text
        text += inner.substr(1, inner.size() - 2);
      } else {
        text += "${" + print(part, conditional) + "}";
      }
    }
    return text + "\"";
  }

  std::string native(const Expr& expr) {
    const auto names = pure_natives();
    const std::string_view name = expr.b < names.size() ? names[expr.b] : "?";
    if (name == "shell_quote!") {
      return children(expr);
    }
    return fmt::format("{}({})", name, children(expr));
  }

  // The element of a quantifier or comprehension gets a name, unless the frame has one.
  std::string quantified(const Expr& expr, bool is_map) {
    if (expr.c >= frame_.names.size()) {
      frame_.names.resize(expr.c + 1);
    }
    if (frame_.names[expr.c].empty()) {
      frame_.names[expr.c] = next_element_ == 0 ? "each" : fmt::format("each{}", next_element_ + 1);
      ++next_element_;
    }
    const std::string name = frame_.names[expr.c];
    const std::string list = print({expr.a}, disjunction);
    const std::string body = print({expr.b}, conditional);
    if (!is_map) {
      return fmt::format("for {} in {}: {}", name, list, body);
    }
    const std::string condition = expr.d == UINT32_MAX ? "" : " if " + print({expr.d}, conditional);
    return fmt::format("[{} for {} in {}{}]", body, name, list, condition);
  }

  std::string compound(const Expr& expr, int binding) {
    switch (expr.op) {
      case Op::local:
        return slot_name(expr.a);
      case Op::input:
        return plan_.inputs[expr.a].is_secret ? "(secret)" : plan_.inputs[expr.a].name;
      case Op::state:
        return print_variable(plan_, {expr.a});
      case Op::state_of:
        return print({expr.a}, postfix) + "." + attribute_text(plan_, expr, frame_);
      case Op::token:
        // In an operation: of the step that it is used by.
        return expr.a == UINT32_MAX ? "token()" : plan_.steps[expr.a].name + ".token";
      case Op::field:
        return print({expr.a}, postfix) + "." + field_text(plan_, expr);
      case Op::index:
        return print({expr.a}, postfix) + "[" + print({expr.b}, conditional) + "]";
      case Op::list:
        return "[" + children(expr) + "]";
      case Op::record:
        return record(expr);
      case Op::concat:
        return concatenation(expr);
      case Op::resource:
        return plan_.resource_types[expr.b].name + "(" + children(expr) + ")";
      case Op::logical_not:
        return wrap("not " + print({expr.a}, negation), negation < binding);
      case Op::negate:
        return wrap("-" + print({expr.a}, sign), sign < binding);
      case Op::conditional:
        return wrap(fmt::format("if {} then {} else {}", print({expr.a}, disjunction),
                                print({expr.b}, disjunction), print({expr.c}, conditional)),
                    conditional < binding);
      case Op::call:
        return plan_.functions[expr.b].name + "(" + children(expr) + ")";
      case Op::native:
        return native(expr);
      case Op::for_all:
        return wrap(quantified(expr, false), conditional < binding);
      case Op::map:
        return quantified(expr, true);
      case Op::cast:
        return wrap(print({expr.a}, sign) + " as " + type_text(plan_, expr.b), sign < binding);
      case Op::constant:
      case Op::logical_and:
      case Op::logical_or:
      case Op::equal:
      case Op::not_equal:
      case Op::less:
      case Op::less_equal:
      case Op::add:
      case Op::subtract:
      case Op::multiply:
      case Op::divide:
      case Op::remainder:
      case Op::in:
        break;  // constants are known; the others were printed by print()
    }
    return "?";
  }

  const Plan& plan_;
  PrintFrame frame_;
  std::size_t next_element_ = 0;
};

std::string print_map(const Plan& plan, const Map& map) {
  std::string text;
  for (const auto& [key, value] : map) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", key, print_value(plan, value));
  }
  return text.empty() ? "{}" : "{ " + text + " }";
}

}  // namespace

std::string print_variable(const Plan& plan, VariableId variable) {
  const Variable& found = plan.variables[variable.index];
  const Resource& resource = plan.resources[found.resource.index];
  return resource.name + "." + plan.resource_types[resource.type].attributes[found.attribute].name;
}

std::string print_value(const Plan& plan, const Value& value) {
  if (const auto* resource = value.as<ResourceId>()) {
    return plan.resources[resource->index].name;
  }
  if (const auto* host = value.as<HostId>()) {
    return plan.hosts[host->index].name;
  }
  if (const auto* deferred = value.as<Deferred>()) {
    return print_expr(plan, deferred->expr);
  }
  if (value.as<Secret>() != nullptr) {
    return "(secret)";
  }
  if (const auto* text = value.as<std::string>()) {
    return "\"" + escaped(*text) + "\"";
  }
  if (const auto* map = value.as<Map>()) {
    return print_map(plan, *map);
  }
  if (const auto* list = value.as<List>()) {
    std::string text;
    for (const Value& item : *list) {
      text += (text.empty() ? "" : ", ") + print_value(plan, item);
    }
    return "[" + text + "]";
  }
  return to_text(value);
}

std::string print_expr(const Plan& plan, ExprId expr, const PrintFrame& frame) {
  return Printer(plan, frame).print(expr, conditional);
}

std::string print_condition(const Plan& plan, const Condition& condition) {
  return condition.text.empty() ? print_expr(plan, condition.expr) : condition.text.text();
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '\n':
        result += "\\n";
        break;
      case '\t':
        result += "\\t";
        break;
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20
                      ? fmt::format("\\u{{{:x}}}", static_cast<unsigned char>(c))
                      : std::string(1, c);
    }
  }
  return result;
}

}  // namespace plan
