#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "compiler/operation_details.hpp"
#include "compiler/operations.hpp"
#include "compiler/value_text.hpp"

namespace plan {

namespace {

std::string shortened(const Value& value) {
  constexpr std::size_t limit = 80;
  std::string text = to_text(value);
  if (text.size() > limit) {
    text.resize(limit);
    text += "…";
  }
  return text;
}

// Casts one value at `path`, which is extended on the way down and restored on the way up.
struct Caster {
  const Plan& plan;
  std::string path;

  Evaluated mismatch(std::string_view wanted, const Value& value) const {
    return std::unexpected(fmt::format("{}expected {}, found {}",
                                       path.empty() ? "" : "at " + path + ": ", wanted,
                                       shortened(value)));
  }

  Evaluated at(const std::string& step, const Value& value, std::uint32_t type) {
    const std::size_t size = path.size();
    path += step;
    Evaluated result = cast(value, type);
    path.resize(size);
    return result;
  }

  Evaluated list(const Value& value, const Type& type) {
    const auto* items = value.as<List>();
    if (items == nullptr) {
      return mismatch("a list", value);
    }
    List result;
    for (std::size_t index = 0; index < items->size(); ++index) {
      Evaluated item = at(fmt::format("[{}]", index), (*items)[index], type.element);
      if (!item) {
        return item;
      }
      result.push_back(std::move(*item));
    }
    return Value{std::move(result)};
  }

  Evaluated map(const Value& value, const Type& type) {
    const auto* entries = value.as<Map>();
    if (entries == nullptr) {
      return mismatch("a map", value);
    }
    Map result;
    for (const auto& [key, entry] : *entries) {
      Evaluated item = at("." + key, entry, type.element);
      if (!item) {
        return item;
      }
      result.emplace_back(key, std::move(*item));
    }
    return Value{std::move(result)};
  }

  // What the type does not name is left out: an answer may always say more.
  Evaluated record(const Value& value, const Type& type) {
    const auto* entries = value.as<Map>();
    if (entries == nullptr || type.detail >= plan.record_types.size()) {
      return mismatch("a record", value);
    }
    const RecordType& record_type = plan.record_types[type.detail];
    Map result;
    for (std::size_t index = 0; index < record_type.field_names.size(); ++index) {
      const std::string& name = record_type.field_names[index];
      const Value* field = find(*entries, name);
      if (field == nullptr) {
        field = constant_default(record_type, index);
      }
      if (field == nullptr) {
        return std::unexpected(
            fmt::format("{}there is no `{}`", path.empty() ? "" : "at " + path + ": ", name));
      }
      Evaluated item = at("." + name, *field, record_type.field_types[index]);
      if (!item) {
        return item;
      }
      result.emplace_back(name, std::move(*item));
    }
    return Value{std::move(result)};
  }

  const Value* constant_default(const RecordType& type, std::size_t index) const {
    if (index >= type.defaults.size() || type.defaults[index].index >= plan.exprs.size()) {
      return nullptr;
    }
    const Expr& expr = plan[type.defaults[index]];
    return expr.op == Op::constant && expr.a < plan.constants.size() ? &plan.constants[expr.a]
                                                                     : nullptr;
  }

  Evaluated enumeration(const Value& value, const Type& type) const {
    const auto* text = value.as<std::string>();
    std::string wanted = "one of";
    if (type.detail < plan.enum_types.size()) {
      for (const std::string& name : plan.enum_types[type.detail].cases) {
        if (text != nullptr && *text == name) {
          return Value{EnumValue{Name(name)}};
        }
        wanted += " " + name;
      }
    }
    return value.as<EnumValue>() != nullptr ? Evaluated(value) : mismatch(wanted, value);
  }

  Evaluated scalar(const Value& value, TypeKind kind) const;

  Evaluated cast(const Value& value, std::uint32_t type_index) {
    if (type_index >= plan.types.size()) {
      return value;
    }
    const Type& type = plan.types[type_index];
    switch (type.kind) {
      case TypeKind::any:
      case TypeKind::json:
        return value;
      case TypeKind::list:
        return list(value, type);
      case TypeKind::map:
        return map(value, type);
      case TypeKind::record:
        return record(value, type);
      case TypeKind::enumeration:
        return enumeration(value, type);
      case TypeKind::boolean:
      case TypeKind::integer:
      case TypeKind::string:
      case TypeKind::version:
      case TypeKind::duration:
      case TypeKind::size:
      case TypeKind::path:
      case TypeKind::url:
      case TypeKind::secret:
      case TypeKind::host:
      case TypeKind::resource:
      case TypeKind::null:
        return scalar(value, type.kind);
    }
    return value;
  }
};

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc{} && result.ptr == text.data() + text.size() ? std::optional(number)
                                                                             : std::nullopt;
}

bool is_version_text(std::string_view text) {
  return !text.empty() && text[0] >= '0' && text[0] <= '9' && text.size() <= 200;
}

// One row for each kind: what is taken as it is, and which texts are converted.
Evaluated Caster::scalar(const Value& value, TypeKind kind) const {
  const auto* text = value.as<std::string>();
  if (kind == TypeKind::boolean) {
    if (text != nullptr && (*text == "true" || *text == "false")) {
      return Value{*text == "true"};
    }
    return value.as<bool>() != nullptr ? Evaluated(value) : mismatch("a bool", value);
  }
  if (kind == TypeKind::integer) {
    const auto number = text != nullptr ? whole_number(*text) : std::nullopt;
    if (number) {
      return Value{*number};
    }
    return value.as<std::int64_t>() != nullptr ? Evaluated(value) : mismatch("an int", value);
  }
  if (kind == TypeKind::version) {
    if (text != nullptr && is_version_text(*text)) {
      return Value{Version{*text}};
    }
    return value.as<Version>() != nullptr ? Evaluated(value) : mismatch("a version", value);
  }
  if (kind == TypeKind::duration) {
    if (const auto duration = text != nullptr ? parse_duration(*text) : std::nullopt) {
      return Value{*duration};
    }
    return value.as<Duration>() != nullptr ? Evaluated(value) : mismatch("a duration", value);
  }
  if (kind == TypeKind::size) {
    if (const auto size = text != nullptr ? parse_size(*text) : std::nullopt) {
      return Value{*size};
    }
    return value.as<Size>() != nullptr ? Evaluated(value) : mismatch("a size", value);
  }
  if (kind == TypeKind::secret) {
    if (text != nullptr) {
      return Value{Secret(*text)};
    }
    return value.as<Secret>() != nullptr ? Evaluated(value) : mismatch("a secret", value);
  }
  if (kind == TypeKind::host) {
    return value.as<HostId>() != nullptr ? Evaluated(value) : mismatch("a host", value);
  }
  if (kind == TypeKind::resource) {
    return value.as<ResourceId>() != nullptr ? Evaluated(value) : mismatch("a resource", value);
  }
  if (kind == TypeKind::null) {
    return value.as<Null>() != nullptr ? Evaluated(value) : mismatch("null", value);
  }
  if (const auto* version = value.as<Version>(); version != nullptr && kind == TypeKind::string) {
    return Value{version->text};
  }
  return text != nullptr ? Evaluated(value) : mismatch("a string", value);
}

}  // namespace

Evaluated cast(const Plan& plan, const Value& value, std::uint32_t type) {
  return Caster{plan, ""}.cast(value, type);
}

}  // namespace plan
