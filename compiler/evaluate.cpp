#include "compiler/evaluate.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <utility>

namespace plan {

namespace {

std::unexpected<EvaluationError> mistake(std::string message) {
  return std::unexpected(EvaluationError{.message = std::move(message)});
}

EvaluationResult lifted(Evaluated value) {
  if (!value) {
    return mistake(std::move(value.error()));
  }
  return std::move(*value);
}

class Evaluator {
 public:
  Evaluator(const Plan& plan, std::vector<Value>& slots, Environment& environment)
      : plan_(plan), slots_(slots), environment_(environment) {}

  EvaluationResult value(ExprId id);
  EvaluationResult known(Value value);

 private:
  EvaluationResult read_slot(std::uint32_t slot);
  EvaluationResult read_state(VariableId id);
  EvaluationResult read_state_of(const Expr& expr);
  EvaluationResult field(const Expr& expr);
  EvaluationResult index(const Expr& expr);
  EvaluationResult record(const Expr& expr);
  EvaluationResult concat(const Expr& expr);
  EvaluationResult binary(const Expr& expr);
  EvaluationResult connective(const Expr& expr);
  EvaluationResult conditional(const Expr& expr);
  EvaluationResult call(const Expr& expr);
  EvaluationResult for_all(const Expr& expr);
  EvaluationResult map(const Expr& expr);
  std::expected<std::vector<Value>, EvaluationError> children(const Expr& expr);
  std::expected<bool, EvaluationError> truth(ExprId id);
  std::expected<List, EvaluationError> list_of(std::uint32_t id);
  Value& slot(std::uint32_t index);

  const Plan& plan_;
  std::vector<Value>& slots_;
  Environment& environment_;
};

ExprId at(std::uint32_t index) {
  return ExprId{index};
}

Value& Evaluator::slot(std::uint32_t index) {
  if (index >= slots_.size()) {
    slots_.resize(index + 1);
  }
  return slots_[index];
}

// Constants and arguments may hold what only run time knows: arbitrary elements and deferred
// expressions, at any depth.
EvaluationResult Evaluator::known(Value value) {
  if (const auto* deferred = value.as<Deferred>()) {
    std::vector<Value> frame;  // closed: it has nothing to do with this frame
    return evaluate(plan_, deferred->expr, frame, environment_);
  }
  if (const auto* resource = value.as<ResourceId>()) {
    return Value{environment_.resolve(*resource)};
  }
  if (auto* list = std::get_if<List>(&value.data)) {
    for (Value& item : *list) {
      auto result = known(std::move(item));
      if (!result) {
        return result;
      }
      item = std::move(*result);
    }
  }
  if (auto* entries = std::get_if<Map>(&value.data)) {
    for (auto& entry : *entries) {
      auto result = known(std::move(entry.second));
      if (!result) {
        return result;
      }
      entry.second = std::move(*result);
    }
  }
  return value;
}

EvaluationResult Evaluator::value(ExprId id) {
  const Expr& expr = plan_[id];
  switch (expr.op) {
    case Op::constant:
      return known(plan_.constants[expr.a]);
    case Op::local:
      return read_slot(expr.a);
    case Op::input:
      return environment_.input(expr.a);
    case Op::state:
      return read_state(VariableId{expr.a});
    case Op::state_of:
      return read_state_of(expr);
    case Op::token:
      return environment_.token(StepId{expr.a});
    case Op::field:
      return field(expr);
    case Op::index:
      return index(expr);
    case Op::list: {
      auto items = children(expr);
      return items ? EvaluationResult(Value{List(std::move(*items))})
                   : std::unexpected(items.error());
    }
    case Op::record:
      return record(expr);
    case Op::concat:
      return concat(expr);
    case Op::resource: {
      auto fields = children(expr);
      return fields ? environment_.make_resource(expr.b, std::move(*fields))
                    : std::unexpected(fields.error());
    }
    case Op::logical_not:
    case Op::negate: {
      auto operand = value(at(expr.a));
      return operand ? lifted(apply(expr.op, *operand)) : operand;
    }
    case Op::logical_and:
    case Op::logical_or:
      return connective(expr);
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
      return binary(expr);
    case Op::conditional:
      return conditional(expr);
    case Op::call:
      return call(expr);
    case Op::native: {
      auto arguments = children(expr);
      return arguments ? lifted(apply_native(plan_, expr.b, *arguments))
                       : std::unexpected(arguments.error());
    }
    case Op::for_all:
      return for_all(expr);
    case Op::map:
      return map(expr);
    case Op::cast: {
      auto operand = value(at(expr.a));
      return operand ? lifted(cast(plan_, *operand, expr.b)) : operand;
    }
  }
  return mistake("an expression of unknown kind");
}

EvaluationResult Evaluator::read_slot(std::uint32_t index) {
  return slot(index);
}

EvaluationResult Evaluator::read_state(VariableId id) {
  const Variable& variable = plan_.variables[id.index];
  return environment_.attribute(environment_.resolve(variable.resource), variable.attribute);
}

EvaluationResult Evaluator::read_state_of(const Expr& expr) {
  auto base = value(at(expr.a));
  if (!base) {
    return base;
  }
  const auto* resource = base->as<ResourceId>();
  if (resource == nullptr) {
    return mistake("expected a resource, found " + to_text(*base));
  }
  return environment_.attribute(environment_.resolve(*resource), expr.b);
}

EvaluationResult Evaluator::field(const Expr& expr) {
  auto base = value(at(expr.a));
  if (!base) {
    return base;
  }
  const std::string_view name = std::bit_cast<Name>(expr.b).text();
  if (const auto* resource = base->as<ResourceId>()) {
    const ResourceId actual = environment_.resolve(*resource);
    const std::uint32_t kind = environment_.type_of(actual);
    if (expr.c != UINT32_MAX && expr.d == kind) {
      return environment_.field(actual, expr.c);
    }
    const ResourceType& type = plan_.resource_types[kind];
    for (std::uint32_t position = 0; position < type.field_names.size(); ++position) {
      if (type.field_names[position] == name) {
        return environment_.field(actual, position);
      }
    }
    return mistake("a " + type.name + " has no field `" + std::string(name) + "`");
  }
  if (const auto* entries = base->as<Map>()) {
    const Value* found = find(*entries, name);
    if (found == nullptr) {
      return mistake("there is no `" + std::string(name) + "` in " + to_text(*base));
    }
    return *found;
  }
  return mistake("expected a record with `" + std::string(name) + "`, found " + to_text(*base));
}

EvaluationResult Evaluator::index(const Expr& expr) {
  auto base = value(at(expr.a));
  if (!base) {
    return base;
  }
  auto position = value(at(expr.b));
  if (!position) {
    return position;
  }
  if (const auto* list = base->as<List>()) {
    const auto* number = position->as<std::int64_t>();
    if (number == nullptr || *number < 0 || static_cast<std::size_t>(*number) >= list->size()) {
      return mistake("there is no element " + to_text(*position) + " in a list of " +
                     std::to_string(list->size()));
    }
    return (*list)[static_cast<std::size_t>(*number)];
  }
  const auto* entries = base->as<Map>();
  const auto* key = position->as<std::string>();
  if (entries == nullptr || key == nullptr) {
    return mistake("there is no " + to_text(*position) + " in " + to_text(*base));
  }
  const Value* found = find(*entries, *key);
  if (found == nullptr) {
    return mistake("there is no entry " + to_text(*position) + " in " + to_text(*base));
  }
  return *found;
}

EvaluationResult Evaluator::record(const Expr& expr) {
  auto values = children(expr);
  if (!values) {
    return std::unexpected(values.error());
  }
  const std::vector<std::string>& keys = plan_.record_shapes[expr.b];
  Map entries;
  for (std::size_t position = 0; position < values->size(); ++position) {
    entries.emplace_back(keys[position], std::move((*values)[position]));
  }
  return Value{std::move(entries)};
}

EvaluationResult Evaluator::concat(const Expr& expr) {
  auto parts = children(expr);
  if (!parts) {
    return std::unexpected(parts.error());
  }
  std::string text;
  bool is_secret = false;
  for (const Value& part : *parts) {
    if (const auto* secret = part.as<Secret>()) {
      text += secret->reveal();
      is_secret = true;
      continue;
    }
    auto shown = lifted(interpolate(part));
    if (!shown) {
      return shown;
    }
    const auto* words = shown->as<std::string>();
    text += words != nullptr ? *words : to_text(*shown);
  }
  return is_secret ? Value{Secret(std::move(text))} : Value{std::move(text)};
}

EvaluationResult Evaluator::binary(const Expr& expr) {
  auto left = value(at(expr.a));
  if (!left) {
    return left;
  }
  auto right = value(at(expr.b));
  if (!right) {
    return right;
  }
  return lifted(apply(expr.op, *left, *right));
}

std::expected<bool, EvaluationError> Evaluator::truth(ExprId id) {
  auto result = value(id);
  if (!result) {
    return std::unexpected(result.error());
  }
  if (const auto* truth = result->as<bool>()) {
    return *truth;
  }
  return mistake("expected true or false, found " + to_text(*result));
}

EvaluationResult Evaluator::connective(const Expr& expr) {
  const bool deciding = expr.op == Op::logical_or;
  auto left = truth(at(expr.a));
  if (left && *left == deciding) {
    return Value{deciding};
  }
  if (!left && (!left.error().is_unknown || left.error().is_missing)) {
    return std::unexpected(left.error());
  }
  auto right = truth(at(expr.b));
  if (right && *right == deciding) {
    return Value{deciding};
  }
  if (!left) {
    return std::unexpected(!right && right.error().is_missing ? right.error() : left.error());
  }
  return right ? EvaluationResult(Value{*right}) : std::unexpected(right.error());
}

EvaluationResult Evaluator::conditional(const Expr& expr) {
  auto condition = truth(at(expr.a));
  if (!condition) {
    return std::unexpected(condition.error());
  }
  return value(at(*condition ? expr.b : expr.c));
}

EvaluationResult Evaluator::call(const Expr& expr) {
  auto arguments = children(expr);
  if (!arguments) {
    return std::unexpected(arguments.error());
  }
  const PureFunction& function = plan_.functions[expr.b];
  std::vector<Value> frame = std::move(*arguments);
  frame.resize(std::max<std::size_t>(frame.size(), function.slot_count));
  return evaluate(plan_, function.body, frame, environment_);
}

std::expected<List, EvaluationError> Evaluator::list_of(std::uint32_t id) {
  auto result = value(at(id));
  if (!result) {
    return std::unexpected(result.error());
  }
  if (auto* list = std::get_if<List>(&result->data)) {
    return std::move(*list);
  }
  return mistake("expected a list, found " + to_text(*result));
}

// False if one element is; else unknown if one is; missing before unknown.
EvaluationResult Evaluator::for_all(const Expr& expr) {
  auto list = list_of(expr.a);
  if (!list) {
    return std::unexpected(list.error());
  }
  std::optional<EvaluationError> open;
  for (Value& element : *list) {
    slot(expr.c) = std::move(element);
    auto holds = truth(at(expr.b));
    if (holds && !*holds) {
      return Value{false};
    }
    if (!holds && !holds.error().is_unknown) {
      return std::unexpected(holds.error());
    }
    if (!holds && (!open || holds.error().is_missing)) {
      open = holds.error();
    }
  }
  return open ? EvaluationResult(std::unexpected(*open)) : EvaluationResult(Value{true});
}

EvaluationResult Evaluator::map(const Expr& expr) {
  auto list = list_of(expr.a);
  if (!list) {
    return std::unexpected(list.error());
  }
  List mapped;
  for (Value& element : *list) {
    slot(expr.c) = std::move(element);
    if (expr.d != UINT32_MAX) {
      auto kept = truth(at(expr.d));
      if (!kept) {
        return std::unexpected(kept.error());
      }
      if (!*kept) {
        continue;
      }
    }
    auto result = value(at(expr.b));
    if (!result) {
      return result;
    }
    mapped.push_back(std::move(*result));
  }
  return Value{std::move(mapped)};
}

std::expected<std::vector<Value>, EvaluationError> Evaluator::children(const Expr& expr) {
  std::vector<Value> values;
  values.reserve(expr.children_end - expr.children_begin);
  for (std::uint32_t child = expr.children_begin; child < expr.children_end; ++child) {
    auto result = value(plan_.expr_children[child]);
    if (!result) {
      return std::unexpected(result.error());
    }
    values.push_back(std::move(*result));
  }
  return values;
}

}  // namespace

EvaluationResult evaluate(const Plan& plan,
                          ExprId expr,
                          std::vector<Value>& slots,
                          Environment& environment) {
  return Evaluator(plan, slots, environment).value(expr);
}

EvaluationResult evaluate(const Plan& plan, Value value, Environment& environment) {
  std::vector<Value> slots;
  return Evaluator(plan, slots, environment).known(std::move(value));
}

}  // namespace plan
