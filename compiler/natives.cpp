// The pure natives of stdlib/native.plan: the table, numbers, lists.

#include "compiler/natives.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "compiler/value_text.hpp"

namespace plan {

namespace natives {

namespace {

// The largest list that `range` makes: a mistyped number must not eat the machine's memory.
constexpr std::int64_t range_limit = 1'000'000;

template <class Function>
Evaluated over_list(Arguments arguments, Function function) {
  std::string why;
  std::array<const List*, 2> lists{};
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    lists[index] = want<List>(arguments, index, "a list", why);
  }
  return why.empty() ? function(lists) : failure(why);
}

using Lists = std::array<const List*, 2>;

bool contains(const List& list, const Value& value) {
  return std::ranges::any_of(list, [&](const Value& item) { return same(item, value); });
}

// --- numbers

Evaluated to_int(Arguments arguments) {
  return over_text(arguments, [](const Texts& texts) -> Evaluated {
    std::int64_t number = 0;
    const std::string& text = *texts[0];
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size()) {
      return failure(quote(text) + " is not a whole number");
    }
    return Value{number};
  });
}

Evaluated extreme(Arguments arguments, bool wants_less) {
  const auto order = compare(arguments[0], arguments[1]);
  if (!order) {
    return failure(order.error());
  }
  return (*order <= 0) == wants_less ? arguments[0] : arguments[1];
}

Evaluated min(Arguments arguments) {
  return extreme(arguments, true);
}
Evaluated max(Arguments arguments) {
  return extreme(arguments, false);
}

Evaluated milliseconds(Arguments arguments) {
  std::string why;
  const auto* duration = want<Duration>(arguments, 0, "a duration", why);
  return why.empty() ? Evaluated(Value{duration->ms}) : failure(why);
}

Evaluated bytes(Arguments arguments) {
  std::string why;
  const auto* size = want<Size>(arguments, 0, "a size", why);
  return why.empty() ? Evaluated(Value{size->bytes}) : failure(why);
}

// --- lists and maps

Evaluated length(Arguments arguments) {
  std::size_t size = 0;
  if (const auto* list = arguments[0].as<List>()) {
    size = list->size();
  } else if (const auto* map = arguments[0].as<Map>()) {
    size = map->size();
  } else if (const auto* text = arguments[0].as<std::string>()) {
    // Characters, not bytes: UTF-8 continuation bytes do not count.
    size = static_cast<std::size_t>(std::ranges::count_if(
        *text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
  } else {
    return failure(fmt::format("{} has no length", kind_text(arguments[0])));
  }
  return Value{static_cast<std::int64_t>(size)};
}

Evaluated is_null(Arguments arguments) {
  return Value{arguments[0].as<Null>() != nullptr};
}

Evaluated first(Arguments arguments) {
  return over_list(arguments, [](const Lists& lists) -> Evaluated {
    return lists[0]->empty() ? failure("the list is empty") : lists[0]->front();
  });
}

Evaluated last(Arguments arguments) {
  return over_list(arguments, [](const Lists& lists) -> Evaluated {
    return lists[0]->empty() ? failure("the list is empty") : lists[0]->back();
  });
}

Evaluated sort(Arguments arguments) {
  return over_list(arguments, [](const Lists& lists) -> Evaluated {
    List list = *lists[0];
    for (const Value& item : list) {
      const auto order = compare(list.front(), item);
      if (!order) {
        return failure(order.error());
      }
    }
    std::ranges::stable_sort(
        list, [](const Value& left, const Value& right) { return *compare(left, right) < 0; });
    return Value{std::move(list)};
  });
}

Evaluated unique(Arguments arguments) {
  return over_list(arguments, [](const Lists& lists) -> Evaluated {
    List list;
    for (const Value& item : *lists[0]) {
      if (!contains(list, item)) {
        list.push_back(item);
      }
    }
    return Value{std::move(list)};
  });
}

Evaluated reverse(Arguments arguments) {
  return over_list(arguments, [](const Lists& lists) -> Evaluated {
    return Value{List(lists[0]->rbegin(), lists[0]->rend())};
  });
}

Evaluated range(Arguments arguments) {
  std::string why;
  const auto* count = want<std::int64_t>(arguments, 0, "an int", why);
  if (!why.empty()) {
    return failure(why);
  }
  if (*count < 0 || *count > range_limit) {
    return failure(fmt::format("a range has 0 to {} elements, not {}", range_limit, *count));
  }
  List list;
  for (std::int64_t number = 0; number < *count; ++number) {
    list.push_back(Value{number});
  }
  return Value{std::move(list)};
}

Evaluated union_of(Arguments arguments) {
  return over_list(arguments, [](const Lists& lists) -> Evaluated {
    List list = *lists[0];
    for (const Value& item : *lists[1]) {
      if (!contains(list, item)) {
        list.push_back(item);
      }
    }
    return Value{std::move(list)};
  });
}

Evaluated minus(Arguments arguments) {
  return over_list(arguments, [](const Lists& lists) -> Evaluated {
    List list;
    for (const Value& item : *lists[0]) {
      if (!contains(*lists[1], item)) {
        list.push_back(item);
      }
    }
    return Value{std::move(list)};
  });
}

Evaluated subset(Arguments arguments) {
  return over_list(arguments, [](const Lists& lists) -> Evaluated {
    return Value{std::ranges::all_of(*lists[0],
                                     [&](const Value& item) { return contains(*lists[1], item); })};
  });
}

Evaluated keys(Arguments arguments) {
  std::string why;
  const auto* map = want<Map>(arguments, 0, "a map", why);
  if (!why.empty()) {
    return failure(why);
  }
  List list;
  for (const auto& [key, value] : *map) {
    list.push_back(Value{key});
  }
  return Value{std::move(list)};
}

Evaluated lookup(Arguments arguments) {
  std::string why;
  const auto* map = want<Map>(arguments, 0, "a map", why);
  const auto* key = want<std::string>(arguments, 1, "a string", why);
  if (!why.empty()) {
    return failure(why);
  }
  const Value* value = find(*map, *key);
  return value != nullptr ? *value : arguments[2];
}

Evaluated address(Arguments) {
  return failure("the address of a host is known inside of a plan only");
}

struct Native {
  std::string_view name;
  std::size_t parameter_count;
  Evaluated (*function)(Arguments);
};

// The order is part of saved plans: append only.
constexpr Native table[] = {
    {"version", 1, version},
    {"version_component", 2, version_component},
    {"length", 1, length},
    {"is_null", 1, is_null},
    {"first", 1, first},
    {"last", 1, last},
    {"sort", 1, sort},
    {"unique", 1, unique},
    {"reverse", 1, reverse},
    {"range", 1, range},
    {"union", 2, union_of},
    {"minus", 2, minus},
    {"subset", 2, subset},
    {"keys", 1, keys},
    {"lookup", 3, lookup},
    {"min", 2, min},
    {"max", 2, max},
    {"text", 1, text},
    {"lines", 1, lines},
    {"split", 2, split},
    {"join", 2, join},
    {"trim", 1, trim},
    {"lower", 1, lower},
    {"replace", 3, replace},
    {"starts_with", 2, starts_with},
    {"ends_with", 2, ends_with},
    {"matches", 2, matches},
    {"capture", 2, capture},
    {"to_int", 1, to_int},
    {"json_parse", 1, json_parse},
    {"json_text", 1, json_text},
    {"sha256", 1, sha256_text},
    {"sql_identifier", 1, sql_identifier},
    {"sql_literal", 1, sql_literal},
    {"address", 1, address},
    {"milliseconds", 1, milliseconds},
    {"bytes", 1, bytes},
    {"shell_quote!", 1, shell_quote},
    {"checked_catalogue", 1, checked_catalogue},
    {"catalogue_releases", 1, catalogue_releases},
    {"upgrade_objections", 3, upgrade_objections},
    {"upgrade_hops", 3, upgrade_hops},
    {"joint_upgrade_objections", 3, upgrade_objections},
    {"joint_upgrade_hops", 3, upgrade_hops},
};

constexpr auto native_names = [] {
  std::array<std::string_view, std::size(table)> result{};
  for (std::size_t index = 0; index < result.size(); ++index) {
    result[index] = table[index].name;
  }
  return result;
}();

}  // namespace

}  // namespace natives

using natives::native_names;
using natives::table;

std::span<const std::string_view> pure_natives() {
  return native_names;
}

Evaluated apply_native(std::uint32_t index, std::span<const Value> arguments) {
  if (index >= std::size(table)) {
    return failure(fmt::format("there is no native function {}", index));
  }
  const natives::Native& native = table[index];
  if (arguments.size() != native.parameter_count) {
    return failure(fmt::format("`{}` takes {} arguments, not {}", native.name,
                               native.parameter_count, arguments.size()));
  }
  for (const Value& argument : arguments) {
    if (argument.as<Deferred>() != nullptr) {
      return failure("a value known at run time only");
    }
  }
  Evaluated result = native.function(arguments);
  return result ? std::move(result) : failure(fmt::format("`{}`: {}", native.name, result.error()));
}

Evaluated apply_native(const Plan& plan, std::uint32_t index, std::span<const Value> arguments) {
  const bool is_address = index < std::size(table) && table[index].function == natives::address;
  if (!is_address || arguments.size() != 1) {
    return apply_native(index, arguments);
  }
  const auto* host = arguments[0].as<HostId>();
  if (host == nullptr || host->index >= plan.hosts.size()) {
    return failure(fmt::format("`address`: expected a host, found {}", kind_text(arguments[0])));
  }
  const Host& found = plan.hosts[host->index];
  if (found.address.empty() && !found.is_local) {
    return failure(fmt::format("the address of `{}` was not given", found.name));
  }
  return Value{found.is_local ? std::string("localhost") : found.address};
}

}  // namespace plan
