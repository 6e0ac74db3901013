#include "compiler/partial.hpp"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace plan {

namespace {

constexpr std::uint64_t work_limit = 50'000'000;

}  // namespace

bool any_deferred(const std::vector<Value>& values) {
  return std::ranges::any_of(values, is_deferred);
}

void set_slot(std::vector<Value>& slots, std::uint32_t slot, Value value) {
  if (slot >= slots.size()) {
    slots.resize(slot + 1);
  }
  slots[slot] = std::move(value);
}

Value Partial::evaluate(Core& from, ExprId expr, std::vector<Value>& slots, Span span) {
  span_ = span;
  work_ = 0;
  Context context{from, slots};
  return value(context, expr);
}

Value Partial::substitute(ExprId expr, std::uint32_t slot, const Value& value, Span span) {
  std::vector<Value> slots;
  set_slot(slots, slot, value);
  return evaluate(assembly_.core(), expr, slots, span);
}

ExprId Partial::reify(const Value& value) {
  if (const auto* deferred = value.as<Deferred>()) {
    return deferred->expr;
  }
  if (const auto* resource = value.as<ResourceId>()) {
    return assembly_.resource_constant(*resource);
  }
  if (const bool* flag = value.as<bool>()) {
    return assembly_.truth(*flag);
  }
  return assembly_.core().constant(value);
}

Value Partial::mistake(const std::string& why, Value otherwise) {
  if (speculation_ == 0) {
    diagnostics_.report<Code::cannot_compute>(span_, why);
    return poison();
  }
  return otherwise;
}

// Nothing follows from a value that could not be computed, so that one mistake is one diagnostic.
Value Partial::poison() {
  return deferred(assembly_.core().add({.op = Op::token}));
}

bool Partial::is_closed(const Value& value) const {
  const auto* deferred = value.as<Deferred>();
  return deferred == nullptr || assembly_.core().free_slots(deferred->expr) == 0;
}

Value Partial::known(ExprId expr) const {
  const Expr made = assembly_.core()[expr];
  return made.op == Op::constant ? assembly_.core().constant_value(made.a) : deferred(expr);
}

Value Partial::residual(Expr expr, const std::vector<Value>& children) {
  std::vector<ExprId> ids;
  ids.reserve(children.size());
  for (const Value& child : children) {
    ids.push_back(reify(child));
  }
  expr.children_begin = expr.children_end = 0;
  return deferred(assembly_.core().add(expr, ids));
}

Value Partial::residual(Op op, const Value& left, const Value& right) {
  const ExprId one = reify(left);
  return deferred(assembly_.core().add({.op = op, .a = one.index, .b = reify(right).index}));
}

Value Partial::value(Context& in, ExprId id) {
  if (id.is_none() || ++work_ > work_limit) {
    if (work_ == work_limit + 1) {
      diagnostics_.report<Code::computation_too_long>(span_, work_limit);
    }
    return {};
  }
  const Expr expr = in.core[id];
  switch (expr.op) {
    case Op::constant:
      return in.core.constant_value(expr.a);
    case Op::local:
      return expr.a < in.slots.size() ? in.slots[expr.a] : Value{};
    case Op::input:
    case Op::state:
      return deferred(id);  // of the plan's own expressions only
    case Op::state_of:
      return state_of(in, expr);
    case Op::token:
      return deferred(assembly_.core().add(
          {.op = Op::token, .a = expr.a == UINT32_MAX ? step_.index : expr.a}));
    case Op::field:
      return field(in, expr);
    case Op::index:
      return index(in, expr);
    case Op::list:
      return list(in, expr);
    case Op::record:
      return record(in, expr);
    case Op::concat:
      return concat(in, expr);
    case Op::resource:
      return resource(in, expr);
    case Op::logical_not:
    case Op::negate:
      return unary(in, expr);
    case Op::logical_and:
    case Op::logical_or:
      return connective(in, expr);
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
      return binary(in, expr);
    case Op::conditional:
      return conditional(in, expr);
    case Op::call:
      return call(in, expr);
    case Op::native:
      return native(in, expr);
    case Op::for_all:
      return for_all(in, expr);
    case Op::map:
      return map(in, expr);
    case Op::cast:
      return cast(in, expr);
  }
  return {};
}

std::vector<Value> Partial::children(Context& in, const Expr& expr) {
  std::vector<Value> values;
  values.reserve(expr.children_end - expr.children_begin);
  for (std::uint32_t child = expr.children_begin; child < expr.children_end; ++child) {
    // Evaluation may make the plan's vectors grow, so no span is kept.
    values.push_back(value(in, in.core.child(child)));
  }
  return values;
}

// --- resources and their states

Value Partial::state_of(Context& in, const Expr& expr) {
  const Value base = value(in, {expr.a});
  if (is_deferred(base) || base.as<ResourceId>() != nullptr) {
    const ExprId derivation = states_.derivations[expr.d][expr.b];
    if (!derivation.is_none()) {
      if (nesting_ >= nesting_limit) {
        return mistake("a state is derived from itself", {});
      }
      ++nesting_;
      std::vector<Value> frame{base};
      Context inner{templates_, frame};
      Value result = value(inner, derivation);
      --nesting_;
      return result;
    }
  }
  if (const auto* resource = base.as<ResourceId>()) {
    return assembly_.state_value(*resource, expr.b);
  }
  if (is_deferred(base)) {
    return deferred(assembly_.core().add(
        {.op = Op::state_of, .a = reify(base).index, .b = expr.b, .d = expr.d}));
  }
  return mistake("a state of something that is not a resource", {});
}

Value Partial::field_of(const Resource& resource, const Expr& expr) {
  return expr.c < resource.fields.size() ? resource.fields[expr.c] : Value{};
}

Value Partial::field(Context& in, const Expr& expr) {
  const Value base = value(in, {expr.a});
  const Name name = std::bit_cast<Name>(expr.b);
  if (const auto* resource = base.as<ResourceId>()) {
    return field_of(assembly_.plan().resources[resource->index], expr);
  }
  if (const auto* map = base.as<Map>()) {
    const Value* found = find(*map, name.text());
    return found != nullptr ? *found
                            : mistake(fmt::format("there is no entry `{}`", name.text()),
                                      residual({.op = Op::field,
                                                .a = reify(base).index,
                                                .b = expr.b,
                                                .c = expr.c,
                                                .d = expr.d},
                                               {}));
  }
  const auto* unknown = base.as<Deferred>();
  if (unknown == nullptr) {
    return mistake(fmt::format("{} has no field `{}`", to_text(base), name.text()), {});
  }
  const Expr made = assembly_.core()[unknown->expr];
  if (made.op == Op::record) {
    const auto& keys = assembly_.plan().record_shapes[made.b];
    const auto found = std::ranges::find(keys, name.text()) - keys.begin();
    if (static_cast<std::size_t>(found) < keys.size()) {
      return known(assembly_.core().child(made.children_begin + static_cast<std::uint32_t>(found)));
    }
  }
  if (made.op == Op::local) {
    // What is known of every element is known of this one.
    const auto element =
        std::ranges::find(elements_, made.a, &std::pair<std::uint32_t, ResourceId>::first);
    if (element != elements_.end()) {
      const Value known = field_of(assembly_.plan().resources[element->second.index], expr);
      const auto* own = known.as<Deferred>();
      const bool is_own =
          own != nullptr && assembly_.core()[own->expr].op == Op::field &&
          assembly_.core()[own->expr].a == assembly_.resource_constant(element->second).index;
      if (!is_own) {
        return known;
      }
    }
  }
  if (made.op == Op::resource && expr.c != UINT32_MAX) {
    return known(assembly_.core().child(made.children_begin + expr.c));
  }
  return deferred(assembly_.core().add(
      {.op = Op::field, .a = unknown->expr.index, .b = expr.b, .c = expr.c, .d = expr.d}));
}

// A resource that depends on a bound slot is many resources: it stays an expression.
Value Partial::resource(Context& in, const Expr& expr) {
  std::vector<Value> fields = children(in, expr);
  const bool is_one =
      std::ranges::all_of(fields, [this](const Value& field) { return is_closed(field); });
  if (!is_one) {
    return residual({.op = Op::resource, .b = expr.b}, fields);
  }
  bool is_new = false;
  return Value{assembly_.resource(expr.b, fields, span_, is_new)};
}

// --- values made of others

Value Partial::list(Context& in, const Expr& expr) {
  std::vector<Value> items = children(in, expr);
  return any_deferred(items) ? residual({.op = Op::list}, items) : Value{List(std::move(items))};
}

Value Partial::record(Context& in, const Expr& expr) {
  std::vector<Value> values = children(in, expr);
  if (any_deferred(values)) {
    return residual({.op = Op::record, .b = expr.b}, values);
  }
  Map map;
  map.reserve(values.size());
  for (std::size_t index = 0; index < values.size(); ++index) {
    map.emplace_back(assembly_.plan().record_shapes[expr.b][index], std::move(values[index]));
  }
  return Value{std::move(map)};
}

Value Partial::concat(Context& in, const Expr& expr) {
  std::vector<Value> parts;
  for (Value& part : children(in, expr)) {
    if (is_deferred(part)) {
      parts.push_back(std::move(part));
      continue;
    }
    auto text = interpolate(part);
    if (!text) {
      return mistake(text.error(), {});
    }
    if (!parts.empty() && !is_deferred(parts.back())) {
      std::get<std::string>(parts.back().data) += *text->as<std::string>();
    } else {
      parts.push_back(std::move(*text));
    }
  }
  if (parts.empty()) {
    return Value{std::string()};
  }
  return parts.size() == 1 && !is_deferred(parts[0]) ? parts[0]
                                                     : residual({.op = Op::concat}, parts);
}

std::optional<List> Partial::items(const Value& list) {
  if (const auto* known = list.as<List>()) {
    return *known;
  }
  const auto* unknown = list.as<Deferred>();
  if (unknown == nullptr || assembly_.core()[unknown->expr].op != Op::list) {
    return std::nullopt;
  }
  const Expr made = assembly_.core()[unknown->expr];
  List items;
  for (std::uint32_t child = made.children_begin; child < made.children_end; ++child) {
    items.push_back(known(assembly_.core().child(child)));
  }
  return items;
}

Value Partial::index(Context& in, const Expr& expr) {
  const Value base = value(in, {expr.a});
  const Value position = value(in, {expr.b});
  const auto* number = position.as<std::int64_t>();
  if (is_deferred(base) && number != nullptr) {
    const auto known = items(base);
    if (known && *number >= 0 && *number < static_cast<std::int64_t>(known->size())) {
      return (*known)[static_cast<std::size_t>(*number)];
    }
  }
  if (is_deferred(base) || is_deferred(position)) {
    return residual(Op::index, base, position);
  }
  auto result = apply(Op::index, base, position);
  return result ? std::move(*result) : mistake(result.error(), residual(Op::index, base, position));
}

}  // namespace plan
