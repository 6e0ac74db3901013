// Values with their type in the journal's JSON (journal.hpp).
#include <algorithm>

#include "runtime/journal.hpp"

namespace plan {

namespace {

Value text_value(std::string_view words) {
  return Value{std::string(words)};
}

Value tagged(std::string tag, Value value) {
  return Value{Map{{std::move(tag), std::move(value)}}};
}

struct Encoder {
  Value operator()(const Null&) const { return Value{Null{}}; }
  Value operator()(bool value) const { return Value{value}; }
  Value operator()(std::int64_t value) const { return Value{value}; }
  Value operator()(const std::string& value) const { return Value{value}; }
  Value operator()(const Version& value) const {
    return tagged("$version", text_value(value.text));
  }
  Value operator()(const Duration& value) const { return tagged("$duration", Value{value.ms}); }
  Value operator()(const Size& value) const { return tagged("$size", Value{value.bytes}); }
  Value operator()(const EnumValue& value) const {
    return tagged("$case", text_value(value.name.text()));
  }
  Value operator()(const List& value) const {
    List list;
    for (const Value& item : value) {
      list.push_back(encode_value(item));
    }
    return Value{std::move(list)};
  }
  Value operator()(const Map& value) const {
    Map map;
    for (const auto& [key, item] : value) {
      map.emplace_back(key, encode_value(item));
    }
    const bool is_ambiguous = map.size() == 1 && map[0].first.starts_with('$');
    return is_ambiguous ? tagged("$map", Value{std::move(map)}) : Value{std::move(map)};
  }
  Value operator()(const HostId&) const { return Value{Null{}}; }
  Value operator()(const ResourceId&) const { return Value{Null{}}; }
  Value operator()(const Secret&) const { return Value{Null{}}; }
  Value operator()(const Deferred&) const { return Value{Null{}}; }
};

Value decode_map(const Map& map) {
  Map result;
  for (const auto& [key, item] : map) {
    result.emplace_back(key, decode_value(item));
  }
  return Value{std::move(result)};
}

}  // namespace

bool has_encoding(const Value& value) {
  if (const auto* list = value.as<List>()) {
    return std::ranges::all_of(*list, has_encoding);
  }
  if (const auto* map = value.as<Map>()) {
    return std::ranges::all_of(*map, [](const auto& entry) { return has_encoding(entry.second); });
  }
  return value.as<HostId>() == nullptr && value.as<ResourceId>() == nullptr &&
         value.as<Secret>() == nullptr && value.as<Deferred>() == nullptr;
}

Value encode_value(const Value& value) {
  return std::visit(Encoder{}, value.data);
}

Value decode_value(const Value& value) {
  if (const auto* list = value.as<List>()) {
    List result;
    for (const Value& item : *list) {
      result.push_back(decode_value(item));
    }
    return Value{std::move(result)};
  }
  const auto* map = value.as<Map>();
  if (map == nullptr) {
    return value;
  }
  if (map->size() != 1 || !(*map)[0].first.starts_with('$')) {
    return decode_map(*map);
  }
  const auto& [tag, inner] = (*map)[0];
  const auto* words = inner.as<std::string>();
  const auto* number = inner.as<std::int64_t>();
  if (tag == "$version" && words != nullptr) {
    return Value{Version{*words}};
  }
  if (tag == "$case" && words != nullptr) {
    return Value{EnumValue{Name(*words)}};
  }
  if (tag == "$duration" && number != nullptr) {
    return Value{Duration{*number}};
  }
  if (tag == "$size" && number != nullptr) {
    return Value{Size{*number}};
  }
  if (tag == "$map" && inner.as<Map>() != nullptr) {
    return decode_map(*inner.as<Map>());
  }
  return decode_map(*map);
}

}  // namespace plan
