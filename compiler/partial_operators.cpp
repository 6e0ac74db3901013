// Partial evaluation of operators, calls and quantifiers.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/partial.hpp"

namespace plan {

Value Partial::unary(Context& in, const Expr& expr) {
  const Value operand = value(in, {expr.a});
  const auto left = [&] {
    return deferred(assembly_.core().add({.op = expr.op, .a = reify(operand).index}));
  };
  if (is_deferred(operand)) {
    const Expr inner = assembly_.core()[operand.as<Deferred>()->expr];
    // not not a
    return inner.op == Op::logical_not && expr.op == Op::logical_not ? deferred({inner.a}) : left();
  }
  auto result = apply(expr.op, operand);
  return result ? std::move(*result) : mistake(result.error(), left());
}

Value Partial::connective(Context& in, const Expr& expr) {
  const bool is_and = expr.op == Op::logical_and;
  const Value left = value(in, {expr.a});
  if (const bool* known = left.as<bool>()) {
    return *known == is_and ? value(in, {expr.b}) : left;
  }
  ++speculation_;
  const Value right = value(in, {expr.b});
  --speculation_;
  if (const bool* known = right.as<bool>()) {
    return *known == is_and ? left : right;
  }
  return left == right ? left : residual(expr.op, left, right);
}

Value Partial::binary(Context& in, const Expr& expr) {
  const Value left = value(in, {expr.a});
  const Value right = value(in, {expr.b});
  const bool is_equality = expr.op == Op::equal || expr.op == Op::not_equal;
  if (is_deferred(left) || is_deferred(right)) {
    return is_equality && left == right ? Value{expr.op == Op::equal}
                                        : residual(expr.op, left, right);
  }
  auto result = apply(expr.op, left, right);
  return result ? std::move(*result) : mistake(result.error(), residual(expr.op, left, right));
}

Value Partial::conditional(Context& in, const Expr& expr) {
  const Value condition = value(in, {expr.a});
  if (const bool* known = condition.as<bool>()) {
    return value(in, {*known ? expr.b : expr.c});
  }
  ++speculation_;
  const Value one = value(in, {expr.b});
  const Value two = value(in, {expr.c});
  --speculation_;
  if (one == two) {
    return one;
  }
  const ExprId test = reify(condition);
  const ExprId then_value = reify(one);
  return deferred(assembly_.core().add(
      {.op = Op::conditional, .a = test.index, .b = then_value.index, .c = reify(two).index}));
}

Value Partial::call(Context& in, const Expr& expr) {
  std::vector<Value> frame = children(in, expr);
  if (nesting_ >= nesting_limit) {
    return mistake("functions call each other too deeply", {});
  }
  ++nesting_;
  Core& home = in.core.functions_home();
  const ExprId body = home.function(expr.b).body;
  Context inner{home, frame};
  Value result = value(inner, body);
  --nesting_;
  return result;
}

Value Partial::native(Context& in, const Expr& expr) {
  const std::vector<Value> arguments = children(in, expr);
  const auto left = [&] { return residual({.op = Op::native, .b = expr.b}, arguments); };
  const bool is_internal = expr.b == native_host || expr.b == native_source_text;
  if (any_deferred(arguments) && !is_internal) {
    return left();
  }
  if (expr.b == native_host) {
    const auto* unknown = arguments[0].as<Deferred>();
    if (unknown == nullptr) {
      return outside_.make_host(*arguments[0].as<Map>(), span_);
    }
    // Fields that are not known yet stay deferred, one by one.
    const Expr made = assembly_.core()[unknown->expr];
    Map fields;
    const auto& keys = assembly_.plan().record_shapes[made.b];
    for (std::uint32_t index = 0; index < keys.size(); ++index) {
      fields.emplace_back(keys[index], known(assembly_.core().child(made.children_begin + index)));
    }
    return outside_.make_host(fields, span_);
  }
  if (expr.b == native_source_text) {
    const auto* file = arguments[0].as<std::string>();
    if (file == nullptr) {
      diagnostics_.report<Code::known_too_late>(span_, "the name of a file",
                                                "a value that only run time knows");
      return Value{std::string()};
    }
    auto text = outside_.source_text(*file, span_);
    return text ? Value{std::move(*text)} : poison();
  }
  // The address of a host that was not given stays open.
  if (arguments.size() == 1 && arguments[0].as<HostId>() != nullptr) {
    const Host& host = assembly_.plan().hosts[arguments[0].as<HostId>()->index];
    if (host.address.empty() && !host.is_local) {
      return left();
    }
  }
  auto result = apply_native(assembly_.plan(), expr.b, arguments);
  if (result) {
    return std::move(*result);
  }
  const bool is_path = pure_natives()[expr.b].ends_with("upgrade_hops");
  return is_path && speculation_ == 0 ? no_path(result.error()) : mistake(result.error(), left());
}

// The first line says that there is no way, the others what stands in it.
Value Partial::no_path(std::string_view why) {
  why.remove_prefix(why.find(": ") + 2);  // the function's name
  const std::size_t first = why.find('\n');
  Diagnostic& diagnostic = diagnostics_.report<Code::no_upgrade_path>(span_, why.substr(0, first));
  while (why.contains('\n')) {
    why.remove_prefix(why.find('\n') + 1);
    diagnostic.note(std::string(why.substr(0, why.find('\n'))));
  }
  return poison();
}

Value Partial::cast(Context& in, const Expr& expr) {
  const Value operand = value(in, {expr.a});
  const auto left = [&] {
    return deferred(assembly_.core().add({.op = Op::cast, .a = reify(operand).index, .b = expr.b}));
  };
  if (is_deferred(operand)) {
    return left();
  }
  auto result = plan::cast(assembly_.plan(), operand, expr.b);
  return result ? std::move(*result) : mistake(result.error(), left());
}

// --- quantifiers

Value Partial::for_all(Context& in, const Expr& expr) {
  const Value list = value(in, {expr.a});
  const auto known = items(list);
  if (!known) {
    return binder(in, expr, list);
  }
  Value result{true};
  std::uint32_t speculations = 0;
  for (const Value& item : *known) {
    set_slot(in.slots, expr.c, item);
    Value holds = value(in, {expr.b});
    const bool* decided = holds.as<bool>();
    if (decided != nullptr && !*decided) {
      result = Value{false};
      break;
    }
    if (decided == nullptr) {
      result = is_deferred(result) ? residual(Op::logical_and, result, holds) : holds;
      // What follows is asked for only if this holds.
      ++speculations;
      ++speculation_;
    }
  }
  speculation_ -= speculations;
  return result;
}

Value Partial::map(Context& in, const Expr& expr) {
  const Value list = value(in, {expr.a});
  const auto known = items(list);
  if (!known) {
    return binder(in, expr, list);
  }
  std::vector<Value> results;
  for (const Value& item : *known) {
    set_slot(in.slots, expr.c, item);
    if (expr.d != UINT32_MAX) {
      const Value wanted = value(in, {expr.d});
      const bool* decided = wanted.as<bool>();
      if (decided == nullptr) {
        return binder(in, expr, list);
      }
      if (!*decided) {
        continue;
      }
    }
    results.push_back(value(in, {expr.b}));
  }
  return any_deferred(results) ? residual({.op = Op::list}, results)
                               : Value{List(std::move(results))};
}

std::optional<ResourceId> Partial::element_of(ExprId list) {
  const Expr expr = assembly_.core()[list];
  if (expr.op == Op::state) {
    const Variable variable = assembly_.plan().variables[expr.a];
    const std::uint32_t type = assembly_.plan().resources[variable.resource.index].type;
    const bool is_query =
        assembly_.plan().resource_types[type].attributes[variable.attribute].kind ==
        AttributeKind::query;
    return is_query ? std::optional(outside_.element(variable.resource, variable.attribute))
                    : std::nullopt;
  }
  // [x for x in query if …]
  const bool is_filter = expr.op == Op::map && assembly_.core()[{expr.b}].op == Op::local &&
                         assembly_.core()[{expr.b}].a == expr.c;
  return is_filter ? element_of({expr.a}) : std::nullopt;
}

// Over a list that only run time knows. The slot is the number of those bound around it, unless
// the body brings an expression from elsewhere that binds that slot itself.
Value Partial::binder(Context& in, const Expr& expr, const Value& list) {
  const ExprId list_expr = reify(list);
  const auto element = element_of(list_expr);
  const std::uint32_t outer_depth = depth_;
  std::uint32_t slot = outer_depth;
  ExprId body;
  ExprId condition;
  for (bool is_free = false; !is_free && slot < 62;) {
    depth_ = slot + 1;
    ++speculation_;
    if (element) {
      elements_.emplace_back(slot, *element);
    }
    set_slot(in.slots, expr.c, deferred(assembly_.core().local(slot)));
    condition = expr.op == Op::map && expr.d != UINT32_MAX ? reify(value(in, {expr.d})) : ExprId{};
    body = reify(value(in, {expr.b}));
    if (element) {
      elements_.pop_back();
    }
    --speculation_;
    depth_ = outer_depth;
    std::uint64_t bound = assembly_.core().bound_slots(body);
    bound |= condition.is_none() ? 0 : assembly_.core().bound_slots(condition);
    is_free = (bound >> slot & 1) == 0;
    while (!is_free && (bound >> slot & 1) != 0 && slot < 62) {
      ++slot;
    }
  }
  const Expr decided = assembly_.core()[body];
  if (expr.op == Op::for_all && decided.op == Op::constant &&
      assembly_.core().constant_value(decided.a) == Value{true}) {
    return Value{true};
  }
  return deferred(assembly_.core().add(
      {.op = expr.op, .a = list_expr.index, .b = body.index, .c = slot, .d = condition.index}));
}

}  // namespace plan
