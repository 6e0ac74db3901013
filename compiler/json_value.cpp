// JSON text to Value and back.

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/operation_details.hpp"
#include "compiler/operations.hpp"

namespace plan {

namespace {

using nlohmann::json;

// Nesting that is read; deeper texts are refused, because values are destroyed recursively.
constexpr std::size_t depth_limit = 500;

// Builds a Value from the events of the reader. `open` holds the containers that are not complete
// yet, outermost first; `keys` the key that each open object is at.
struct Builder : nlohmann::json_sax<json> {
  std::vector<Value> open;
  std::vector<std::string> keys;
  Value result;
  std::string why;
  std::string_view source;

  bool put(Value value) {
    if (open.empty()) {
      result = std::move(value);
      return true;
    }
    if (auto* list = std::get_if<List>(&open.back().data)) {
      list->push_back(std::move(value));
      return true;
    }
    std::get<Map>(open.back().data).emplace_back(keys.back(), std::move(value));
    return true;
  }

  bool null() override { return put(Value{Null{}}); }
  bool boolean(bool value) override { return put(Value{value}); }
  bool number_integer(std::int64_t value) override { return put(Value{value}); }
  bool number_unsigned(std::uint64_t value) override {
    return value <= INT64_MAX ? put(Value{static_cast<std::int64_t>(value)})
                              : put(Value{fmt::format("{}", value)});
  }
  bool number_float(double, const std::string& text) override { return put(Value{text}); }
  bool string(std::string& value) override { return put(Value{std::move(value)}); }
  bool binary(json::binary_t&) override { return false; }

  bool begin(Value value) {
    if (open.size() >= depth_limit) {
      why = fmt::format("nested more than {} levels deep", depth_limit);
      return false;
    }
    open.push_back(std::move(value));
    keys.emplace_back();
    return true;
  }
  bool end() {
    Value value = std::move(open.back());
    open.pop_back();
    keys.pop_back();
    return put(std::move(value));
  }
  bool start_object(std::size_t) override { return begin(Value{Map{}}); }
  bool key(std::string& value) override {
    keys.back() = std::move(value);
    return true;
  }
  bool end_object() override {
    // Of equal keys the last one counts, as in every common reader.
    auto& map = std::get<Map>(open.back().data);
    std::vector<std::pair<std::string_view, std::size_t>> places;
    for (std::size_t index = 0; index < map.size(); ++index) {
      places.emplace_back(map[index].first, index);
    }
    std::ranges::sort(places);
    Map unique;
    std::vector<bool> is_dropped(map.size());
    bool has_repetition = false;
    for (std::size_t index = 0; index + 1 < places.size(); ++index) {
      if (places[index].first == places[index + 1].first) {
        is_dropped[places[index].second] = true;
        has_repetition = true;
      }
    }
    if (has_repetition) {
      for (std::size_t index = 0; index < map.size(); ++index) {
        if (!is_dropped[index]) {
          unique.push_back(std::move(map[index]));
        }
      }
      map = std::move(unique);
    }
    return end();
  }
  bool start_array(std::size_t) override { return begin(Value{List{}}); }
  bool end_array() override { return end(); }
  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    const std::string_view before = source.substr(0, position == 0 ? 0 : position - 1);
    const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
    why = fmt::format("not JSON: {} at line {}, column {}",
                      position > source.size() ? "it ends too early" : "wrong",
                      std::ranges::count(before, '\n') + 1, before.size() - line_begin + 1);
    return false;
  }
};

// An empty error text means that the value was converted.
std::string convert(const Value& value, std::string& out) {
  if (const auto* list = value.as<List>()) {
    out += '[';
    for (std::size_t index = 0; index < list->size(); ++index) {
      out += index > 0 ? "," : "";
      if (std::string why = convert((*list)[index], out); !why.empty()) {
        return why;
      }
    }
    out += ']';
    return {};
  }
  if (const auto* map = value.as<Map>()) {
    out += '{';
    for (std::size_t index = 0; index < map->size(); ++index) {
      out += index > 0 ? "," : "";
      out += json((*map)[index].first).dump(-1, ' ', false, json::error_handler_t::replace);
      out += ':';
      if (std::string why = convert((*map)[index].second, out); !why.empty()) {
        return why;
      }
    }
    out += '}';
    return {};
  }
  if (value.as<Null>() != nullptr || value.as<bool>() != nullptr ||
      value.as<std::int64_t>() != nullptr) {
    out += to_text(value);
    return {};
  }
  const Evaluated text = interpolate(value);
  if (!text) {
    return fmt::format("{} cannot be written as JSON", kind_text(value));
  }
  out += json(*text->as<std::string>()).dump(-1, ' ', false, json::error_handler_t::replace);
  return {};
}

}  // namespace

Evaluated parse_json(std::string_view text) {
  Builder builder;
  builder.source = text;
  if (!json::sax_parse(text, &builder)) {
    return std::unexpected(builder.why.empty() ? "not JSON" : builder.why);
  }
  return std::move(builder.result);
}

Evaluated to_json(const Value& value) {
  std::string out;
  if (std::string why = convert(value, out); !why.empty()) {
    return std::unexpected(why);
  }
  return Value{std::move(out)};
}

}  // namespace plan
