#include "runtime/event_json.hpp"

#include <optional>

#include "compiler/operations.hpp"
#include "runtime/redact.hpp"

namespace plan {

namespace {

Value shown_text(std::string_view words) {
  return Value{clean_text(words)};
}

Value texts(const std::vector<std::string>& words) {
  List list;
  for (const std::string& word : words) {
    list.push_back(shown_text(word));
  }
  return Value{std::move(list)};
}

Value diagnostic_value(const Diagnostic& diagnostic) {
  Map map{{"code", shown_text(info(diagnostic.code).code)},
          {"message", shown_text(diagnostic.message)}};
  if (!diagnostic.notes.empty()) {
    map.emplace_back("notes", texts(diagnostic.notes));
  }
  if (!diagnostic.helps.empty()) {
    map.emplace_back("helps", texts(diagnostic.helps));
  }
  return Value{std::move(map)};
}

std::string string_of(const Map& map, std::string_view key) {
  const Value* value = find(map, key);
  const auto* words = value == nullptr ? nullptr : value->as<std::string>();
  return words == nullptr ? std::string() : *words;
}

std::int64_t integer_of(const Map& map, std::string_view key) {
  const Value* value = find(map, key);
  const auto* number = value == nullptr ? nullptr : value->as<std::int64_t>();
  return number == nullptr ? 0 : *number;
}

std::vector<std::string> strings_of(const Map& map, std::string_view key) {
  std::vector<std::string> result;
  const Value* value = find(map, key);
  if (const List* list = value == nullptr ? nullptr : value->as<List>()) {
    for (const Value& item : *list) {
      if (const auto* words = item.as<std::string>()) {
        result.push_back(*words);
      }
    }
  }
  return result;
}

std::optional<RunEventKind> kind_of(std::string_view text_of_kind) {
  for (int index = 0; index <= static_cast<int>(RunEventKind::run_finished); ++index) {
    if (name(static_cast<RunEventKind>(index)) == text_of_kind) {
      return static_cast<RunEventKind>(index);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string to_json(const RunEvent& event) {
  Map map{{"v", Value{std::int64_t{event_format}}},
          {"event", shown_text(name(event.kind))},
          {"at", Value{std::int64_t{event.at.count()}}}};
  const auto put = [&](const char* key, const std::string& words) {
    if (!words.empty()) {
      map.emplace_back(key, shown_text(words));
    }
  };
  put("step", event.step);
  put("phase", event.phase);
  put("host", event.host);
  put("text", event.text);
  put("detail", event.detail);
  if (event.elapsed.count() > 0) {
    map.emplace_back("elapsed_ms", Value{std::int64_t{event.elapsed.count()}});
  }
  if (!event.diagnostics.empty()) {
    List diagnostics;
    for (const Diagnostic& diagnostic : event.diagnostics) {
      diagnostics.push_back(diagnostic_value(diagnostic));
    }
    map.emplace_back("diagnostics", Value{std::move(diagnostics)});
  }
  auto json = to_json(Value{std::move(map)});
  const auto* line = json ? json->as<std::string>() : nullptr;
  return line == nullptr ? "{}" : *line;
}

std::expected<RunEvent, std::string> event_from_json(std::string_view line) {
  auto value = parse_json(line);
  if (!value) {
    return std::unexpected(value.error());
  }
  const Map* map = value->as<Map>();
  if (map == nullptr) {
    return std::unexpected("an event is a JSON object");
  }
  if (integer_of(*map, "v") != event_format) {
    return std::unexpected("this is not an event of version 1");
  }
  const auto kind = kind_of(string_of(*map, "event"));
  if (!kind) {
    return std::unexpected("unknown event `" + string_of(*map, "event") + "`");
  }
  RunEvent event{.kind = *kind,
                 .at = std::chrono::milliseconds(integer_of(*map, "at")),
                 .step = string_of(*map, "step"),
                 .phase = string_of(*map, "phase"),
                 .host = string_of(*map, "host"),
                 .text = string_of(*map, "text"),
                 .detail = string_of(*map, "detail"),
                 .elapsed = std::chrono::milliseconds(integer_of(*map, "elapsed_ms"))};
  const Value* diagnostics = find(*map, "diagnostics");
  if (const List* list = diagnostics == nullptr ? nullptr : diagnostics->as<List>()) {
    for (const Value& item : *list) {
      const Map* fields = item.as<Map>();
      const CodeInfo* code = fields == nullptr ? nullptr : find_code(string_of(*fields, "code"));
      if (code != nullptr) {
        Diagnostic diagnostic;
        diagnostic.code = static_cast<Code>(code - &info(Code{}));
        diagnostic.message = string_of(*fields, "message");
        diagnostic.notes = strings_of(*fields, "notes");
        diagnostic.helps = strings_of(*fields, "helps");
        event.diagnostics.push_back(std::move(diagnostic));
      }
    }
  }
  return event;
}

}  // namespace plan
