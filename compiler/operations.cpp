#include "compiler/operations.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/operation_details.hpp"
#include "compiler/value_text.hpp"

namespace plan {

namespace {

Evaluated no_meaning(std::string_view what, const Value& left, const Value& right) {
  return failure(fmt::format("cannot {} {} {} {}", what, kind_text(left),
                             what == "divide" || what == "multiply" ? "by" : "and",
                             kind_text(right)));
}

// One checked 64-bit operation.
Evaluated arithmetic(Op op, std::int64_t left, std::int64_t right, Value (*wrap)(std::int64_t)) {
  std::int64_t result = 0;
  bool overflows = false;
  if ((op == Op::divide || op == Op::remainder) && right == 0) {
    return failure("division by zero");
  }
  if (op == Op::add) {
    overflows = __builtin_add_overflow(left, right, &result);
  } else if (op == Op::subtract) {
    overflows = __builtin_sub_overflow(left, right, &result);
  } else if (op == Op::multiply) {
    overflows = __builtin_mul_overflow(left, right, &result);
  } else if (left == INT64_MIN && right == -1) {
    overflows = op == Op::divide;
  } else {
    result = op == Op::divide ? left / right : left % right;
  }
  return overflows ? failure("the number does not fit into 64 bits") : wrap(result);
}

Value wrap_int(std::int64_t number) {
  return Value{number};
}
Value wrap_duration(std::int64_t ms) {
  return Value{Duration{ms}};
}
Value wrap_size(std::int64_t bytes) {
  return Value{Size{bytes}};
}

bool is_text(const Value& value) {
  return value.as<std::string>() != nullptr || value.as<Secret>() != nullptr;
}

const std::string& text_of(const Value& value) {
  const auto* text = value.as<std::string>();
  return text != nullptr ? *text : value.as<Secret>()->reveal();
}

// Texts, and lists; a text that a secret is part of is a secret.
Evaluated joined(const Value& left, const Value& right) {
  if (is_text(left) && is_text(right)) {
    std::string text = text_of(left) + text_of(right);
    if (left.as<Secret>() != nullptr || right.as<Secret>() != nullptr) {
      return Value{Secret(std::move(text))};
    }
    return Value{std::move(text)};
  }
  const auto* left_list = left.as<List>();
  const auto* right_list = right.as<List>();
  if (left_list != nullptr && right_list != nullptr) {
    List list = *left_list;
    list.insert(list.end(), right_list->begin(), right_list->end());
    return Value{std::move(list)};
  }
  return no_meaning("add", left, right);
}

Evaluated add_or_subtract(Op op, const Value& left, const Value& right) {
  if (left.data.index() == right.data.index()) {
    if (const auto* number = left.as<std::int64_t>()) {
      return arithmetic(op, *number, *right.as<std::int64_t>(), wrap_int);
    }
    if (const auto* duration = left.as<Duration>()) {
      return arithmetic(op, duration->ms, right.as<Duration>()->ms, wrap_duration);
    }
    if (const auto* size = left.as<Size>()) {
      return arithmetic(op, size->bytes, right.as<Size>()->bytes, wrap_size);
    }
  }
  return op == Op::add ? joined(left, right) : no_meaning("subtract", left, right);
}

Evaluated scale(Op op, const Value& left, const Value& right) {
  const std::string_view verb = op == Op::multiply ? "multiply" : "divide";
  const auto* right_number = right.as<std::int64_t>();
  if (const auto* number = left.as<std::int64_t>()) {
    if (right_number != nullptr) {
      return arithmetic(op, *number, *right_number, wrap_int);
    }
    // 3 * 10s is 10s * 3.
    return op == Op::multiply && (right.as<Duration>() != nullptr || right.as<Size>() != nullptr)
               ? scale(op, right, left)
               : no_meaning(verb, left, right);
  }
  if (const auto* duration = left.as<Duration>()) {
    const auto* other = right.as<Duration>();
    if (op != Op::multiply && other != nullptr) {
      return arithmetic(op, duration->ms, other->ms, op == Op::divide ? wrap_int : wrap_duration);
    }
    return right_number != nullptr ? arithmetic(op, duration->ms, *right_number, wrap_duration)
                                   : no_meaning(verb, left, right);
  }
  if (const auto* size = left.as<Size>()) {
    const auto* other = right.as<Size>();
    if (op != Op::multiply && other != nullptr) {
      return arithmetic(op, size->bytes, other->bytes, op == Op::divide ? wrap_int : wrap_size);
    }
    return right_number != nullptr ? arithmetic(op, size->bytes, *right_number, wrap_size)
                                   : no_meaning(verb, left, right);
  }
  return no_meaning(verb, left, right);
}

Evaluated contains(const Value& needle, const Value& hay) {
  if (const auto* list = hay.as<List>()) {
    return Value{std::ranges::any_of(*list, [&](const Value& item) { return same(item, needle); })};
  }
  const auto* text = needle.as<std::string>();
  if (const auto* map = hay.as<Map>(); map != nullptr && text != nullptr) {
    return Value{find(*map, *text) != nullptr};
  }
  if (const auto* whole = hay.as<std::string>(); whole != nullptr && text != nullptr) {
    return Value{whole->find(*text) != std::string::npos};
  }
  return failure(fmt::format("cannot look for {} in {}", kind_text(needle), kind_text(hay)));
}

Evaluated element(const Value& base, const Value& index) {
  const auto* list = base.as<List>();
  const auto* position = index.as<std::int64_t>();
  if (list != nullptr && position != nullptr) {
    if (*position < 0 || *position >= static_cast<std::int64_t>(list->size())) {
      return failure(
          fmt::format("there is no element {}: the list has {}", *position, list->size()));
    }
    return (*list)[static_cast<std::size_t>(*position)];
  }
  const auto* map = base.as<Map>();
  const auto* key = index.as<std::string>();
  if (map != nullptr && key != nullptr) {
    const Value* value = find(*map, *key);
    return value != nullptr ? Evaluated(*value) : failure("there is no entry " + quote(*key));
  }
  return failure(fmt::format("cannot look up {} in {}", kind_text(index), kind_text(base)));
}

Evaluated ordered(Op op, const Value& left, const Value& right) {
  const auto order = compare(left, right);
  if (!order) {
    return failure(order.error());
  }
  return Value{op == Op::less ? *order < 0 : *order <= 0};
}

}  // namespace

std::string_view kind_text(const Value& value) {
  static constexpr std::string_view texts[] = {"null",      "a bool",
                                               "an int",    "a string",
                                               "a version", "a duration",
                                               "a size",    "an enum value",
                                               "a list",    "a map or record",
                                               "a host",    "a resource",
                                               "a secret",  "a value known at run time only"};
  return texts[value.data.index()];
}

bool same(const Value& left, const Value& right) {
  if (left.data.index() != right.data.index()) {
    return false;
  }
  if (const auto* version = left.as<Version>()) {
    return compare_versions(version->text, right.as<Version>()->text) == 0;
  }
  if (const auto* list = left.as<List>()) {
    return std::ranges::equal(*list, *right.as<List>(), same);
  }
  if (const auto* map = left.as<Map>()) {
    const Map& other = *right.as<Map>();
    // Small records are the rule; objects of any size must not cost their square.
    if (map->size() != other.size()) {
      return false;
    }
    bool is_same_order = true;
    for (std::size_t index = 0; index < map->size() && is_same_order; ++index) {
      is_same_order = (*map)[index].first == other[index].first;
    }
    if (is_same_order) {
      return std::ranges::equal(*map, other, [](const auto& one, const auto& two) {
        return same(one.second, two.second);
      });
    }
    Map one = *map;
    Map two = other;
    std::ranges::sort(one, {}, [](const auto& entry) { return entry.first; });
    std::ranges::sort(two, {}, [](const auto& entry) { return entry.first; });
    return std::ranges::equal(one, two, [](const auto& a, const auto& b) {
      return a.first == b.first && same(a.second, b.second);
    });
  }
  return left == right;
}

std::expected<std::strong_ordering, std::string> compare(const Value& left, const Value& right) {
  if (left.data.index() == right.data.index()) {
    if (const auto* number = left.as<std::int64_t>()) {
      return *number <=> *right.as<std::int64_t>();
    }
    if (const auto* text = left.as<std::string>()) {
      return text->compare(*right.as<std::string>()) <=> 0;
    }
    if (const auto* version = left.as<Version>()) {
      return compare_versions(version->text, right.as<Version>()->text);
    }
    if (const auto* duration = left.as<Duration>()) {
      return *duration <=> *right.as<Duration>();
    }
    if (const auto* size = left.as<Size>()) {
      return *size <=> *right.as<Size>();
    }
  }
  return std::unexpected(
      fmt::format("cannot compare {} with {}", kind_text(left), kind_text(right)));
}

Evaluated apply(Op op, const Value& operand) {
  if (op == Op::logical_not) {
    const bool* value = operand.as<bool>();
    return value != nullptr
               ? Evaluated(Value{!*value})
               : failure(fmt::format("`not` needs a bool, found {}", kind_text(operand)));
  }
  if (op == Op::negate) {
    if (const auto* number = operand.as<std::int64_t>()) {
      return arithmetic(Op::subtract, 0, *number, wrap_int);
    }
    if (const auto* duration = operand.as<Duration>()) {
      return arithmetic(Op::subtract, 0, duration->ms, wrap_duration);
    }
    return failure(fmt::format("cannot negate {}", kind_text(operand)));
  }
  return failure("this operator does not take one value");
}

Evaluated apply(Op op, const Value& left, const Value& right) {
  // Not exhaustive by intent: the other Ops are not binary operators on values.
  switch (op) {  // NOLINT
    case Op::equal:
      return Value{same(left, right)};
    case Op::not_equal:
      return Value{!same(left, right)};
    case Op::less:
    case Op::less_equal:
      return ordered(op, left, right);
    case Op::add:
    case Op::subtract:
      return add_or_subtract(op, left, right);
    case Op::multiply:
    case Op::divide:
    case Op::remainder:
      return scale(op, left, right);
    case Op::in:
      return contains(left, right);
    case Op::index:
      return element(left, right);
    default:
      return failure("this operator does not take two values");
  }
}

Evaluated interpolate(const Value& value) {
  if (value.as<std::string>() != nullptr) {
    return value;
  }
  if (const auto* version = value.as<Version>()) {
    return Value{version->text};
  }
  if (value.as<List>() != nullptr || value.as<Map>() != nullptr) {
    return to_json(value);
  }
  if (value.as<HostId>() != nullptr || value.as<ResourceId>() != nullptr ||
      value.as<Secret>() != nullptr || value.as<Deferred>() != nullptr) {
    return failure(fmt::format("{} cannot stand in a text", kind_text(value)));
  }
  return Value{to_text(value)};
}

}  // namespace plan
