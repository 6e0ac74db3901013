#include "compiler/describe.hpp"

#include <bit>
#include <string_view>

#include <fmt/format.h>

#include "compiler/operations.hpp"
#include "compiler/print_expr.hpp"
#include "compiler/value_text.hpp"

namespace plan {

namespace {

// How strongly the operators bind, weakest first.
constexpr int weakest = 0;
constexpr int disjunction = 1;
constexpr int conjunction = 2;
constexpr int negation = 3;
constexpr int comparison = 4;
constexpr int sum = 5;
constexpr int product = 6;
constexpr int postfix = 7;

struct Operator {
  std::string_view text;
  int binding;
};

Operator operator_of(Op op) {
  // Not exhaustive by intent: the other Ops are no infix operators.
  switch (op) {  // NOLINT
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
    default:
      return {"", postfix};
  }
}

class Describing {
 public:
  Describing(Assembly& assembly, const Core& core, const std::vector<Value>& slots)
      : assembly_(assembly), core_(core), slots_(&slots) {}

  std::string text(ExprId id, int binding);

 private:
  std::string other(const Expr& expr, int binding);
  std::string children(const Expr& expr);
  std::string quantifier(const Expr& expr);
  [[nodiscard]] bool is_distinct(const Expr& expr) const;
  [[nodiscard]] std::uint32_t thing(ExprId id) const;
  // The value of a path of fields from a slot or constant; null where it is not known.
  Value path(ExprId id);

  Assembly& assembly_;
  const Core& core_;
  const std::vector<Value>* slots_;
  std::vector<Value> bound_;  // the slots, once a quantifier has bound one
};

std::string wrapped(std::string text, bool is_wrapped) {
  return is_wrapped ? fmt::format("({})", text) : text;
}

// A value inside of a condition, by its beginning: it may be the text of a whole file.
std::string brief(std::string text) {
  constexpr std::size_t room = 100;
  if (text.size() > room) {
    std::size_t end = room;
    while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
      --end;
    }
    text.replace(end, std::string::npos, "…");
  }
  return text;
}

Value Describing::path(ExprId id) {
  const Expr expr = core_[id];
  if (expr.op == Op::constant) {
    return core_.constant_value(expr.a);
  }
  if (expr.op == Op::local) {
    return expr.a < slots_->size() ? (*slots_)[expr.a] : Value{};
  }
  if (expr.op == Op::field && expr.c != UINT32_MAX) {
    const Value base = path({expr.a});
    const auto* resource = base.as<ResourceId>();
    return resource == nullptr ? Value{}
                               : assembly_.plan().resources[resource->index].fields[expr.c];
  }
  return {};
}

// What `distinct(a, b)` was lowered to: neither the keys nor the facts `identity` are equal.
bool Describing::is_distinct(const Expr& expr) const {
  if (expr.op != Op::logical_and) {
    return false;
  }
  const Expr keys = core_[{expr.a}];
  const Expr facts = core_[{expr.b}];
  if (keys.op != Op::not_equal || facts.op != Op::not_equal) {
    return false;
  }
  const Expr left = core_[{facts.a}];
  const Expr right = core_[{facts.b}];
  return left.op == Op::state_of && right.op == Op::state_of && thing({left.a}) == keys.a &&
         thing({right.a}) == keys.b;
}

// Whose fact is asked for: of a resource made of one thing, a host's machine, that thing.
std::uint32_t Describing::thing(ExprId id) const {
  const Expr expr = core_[id];
  const bool is_made_of_one =
      expr.op == Op::resource && expr.children_end == expr.children_begin + 1;
  return is_made_of_one ? core_.child(expr.children_begin).index : id.index;
}

std::string Describing::text(ExprId id, int binding) {
  if (id.is_none()) {
    return {};
  }
  const Expr expr = core_[id];
  const Operator found = operator_of(expr.op);
  if (!found.text.empty() && found.binding == comparison && expr.c == 1) {
    const std::string left = text({expr.b}, comparison + 1);
    return wrapped(fmt::format("{} {} {}", left,
                               expr.op == Op::less ? ">" : ">=", text({expr.a}, comparison + 1)),
                   comparison < binding);
  }
  if (is_distinct(expr)) {
    const Expr keys = core_[{expr.a}];
    return fmt::format("distinct({}, {})", text({keys.a}, weakest), text({keys.b}, weakest));
  }
  if (!found.text.empty()) {
    const std::string left = text({expr.a}, found.binding);
    return wrapped(left + std::string(found.text) + text({expr.b}, found.binding + 1),
                   found.binding < binding);
  }
  if (expr.op == Op::logical_not) {
    return wrapped("not " + text({expr.a}, negation), negation < binding);
  }
  const Value known = path(id);
  if (known.as<Null>() == nullptr) {
    return brief(describe(assembly_, known));
  }
  return other(expr, binding);
}

std::string Describing::children(const Expr& expr) {
  std::string result;
  for (const ExprId child : core_.children(expr)) {
    result += result.empty() ? "" : ", ";
    result += text(child, weakest);
  }
  return result;
}

std::string Describing::quantifier(const Expr& expr) {
  const std::string list = text({expr.a}, disjunction);
  const Name name =
      expr.op == Op::for_all && expr.d != UINT32_MAX ? std::bit_cast<Name>(expr.d) : Name("each");
  if (slots_ != &bound_) {
    bound_ = *slots_;
    slots_ = &bound_;
  }
  if (expr.c >= bound_.size()) {
    bound_.resize(expr.c + 1);
  }
  bound_[expr.c] = Value{EnumValue{name}};
  if (expr.op == Op::for_all) {
    return fmt::format("for {} in {}: {}", name.text(), list, text({expr.b}, weakest));
  }
  const std::string value = text({expr.b}, weakest);
  const std::string condition =
      expr.d == UINT32_MAX ? "" : fmt::format(" if {}", text({expr.d}, weakest));
  return fmt::format("[{} for {} in {}{}]", value, name.text(), list, condition);
}

std::string Describing::other(const Expr& expr, int binding) {
  // Not exhaustive by intent: the operators are dealt with in text().
  switch (expr.op) {  // NOLINT
    case Op::constant:
      return brief(describe(assembly_, core_.constant_value(expr.a)));
    case Op::state_of:
      return fmt::format("{}.{}", text({expr.a}, postfix),
                         assembly_.plan().resource_types[expr.d].attributes[expr.b].name);
    case Op::field:
      return fmt::format("{}.{}", text({expr.a}, postfix), std::bit_cast<Name>(expr.b).text());
    case Op::index:
      return fmt::format("{}[{}]", text({expr.a}, postfix), text({expr.b}, weakest));
    case Op::list:
      return fmt::format("[{}]", children(expr));
    case Op::record:
      return fmt::format("{{{}}}", children(expr));
    case Op::resource:
      return fmt::format("{}({})", assembly_.plan().resource_types[expr.b].name, children(expr));
    case Op::concat: {
      std::string result;
      for (const ExprId child : core_.children(expr)) {
        const Value known = path(child);
        if (const auto* literal = known.as<std::string>()) {
          const std::string shown = quote(*literal);
          result += std::string_view(shown).substr(1, shown.size() - 2);
        } else {
          result += fmt::format("${{{}}}", text(child, weakest));
        }
      }
      return fmt::format("\"{}\"", result);
    }
    case Op::negate:
      return wrapped("-" + text({expr.a}, postfix), product < binding);
    case Op::conditional:
      return wrapped(fmt::format("if {} then {} else {}", text({expr.a}, weakest),
                                 text({expr.b}, weakest), text({expr.c}, weakest)),
                     weakest < binding);
    case Op::call: {
      // Functions of templates are kept with them; their home is found by the core.
      return fmt::format("{}({})", core_.function_name(expr.b), children(expr));
    }
    case Op::native:
      return fmt::format("{}({})",
                         expr.b < pure_natives().size() ? pure_natives()[expr.b] : "source_text",
                         children(expr));
    case Op::for_all:
      return wrapped(quantifier(expr), weakest < binding);
    case Op::map:
      return quantifier(expr);
    case Op::cast:
      return text({expr.a}, binding);
    case Op::token:
      return "token()";
    default:
      return "?";
  }
}

}  // namespace

std::string describe(Assembly& assembly, const Value& value) {
  if (const auto* resource = value.as<ResourceId>()) {
    return assembly.name_of(*resource);
  }
  if (const bool* flag = value.as<bool>()) {
    return *flag ? "true" : "false";
  }
  return print_value(assembly.plan(), value);
}

std::string describe(Assembly& assembly,
                     const Core& core,
                     ExprId expr,
                     const std::vector<Value>& slots) {
  return Describing(assembly, core, slots).text(expr, weakest);
}

}  // namespace plan
