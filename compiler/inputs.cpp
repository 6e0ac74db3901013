#include "compiler/inputs.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "compiler/value_text.hpp"
#include "dsl/parse.hpp"
#include "dsl/spell.hpp"

namespace plan {

namespace {

Evaluated failure(std::string text) {
  return std::unexpected(std::move(text));
}

// --- literals without types

Evaluated literal(const ast::File& file, ast::ExprId id);

Evaluated map_literal(const ast::File& file, ast::Range fields) {
  Map map;
  for (std::uint32_t index = fields.begin; index < fields.end; ++index) {
    auto value = literal(file, file.arguments[index].value);
    if (!value) {
      return value;
    }
    map.emplace_back(file.arguments[index].name.text(), std::move(*value));
  }
  return Value{std::move(map)};
}

Evaluated list_literal(const ast::File& file, ast::Range items) {
  List list;
  for (std::uint32_t index = items.begin; index < items.end; ++index) {
    auto value = literal(file, file.expr_lists[index]);
    if (!value) {
      return value;
    }
    list.push_back(std::move(*value));
  }
  return Value{std::move(list)};
}

Evaluated literal(const ast::File& file, ast::ExprId id) {
  const auto& node = file[id].node;
  if (const auto* flag = std::get_if<ast::BoolLiteral>(&node)) {
    return Value{flag->value};
  }
  if (const auto* number = std::get_if<ast::IntLiteral>(&node)) {
    return Value{number->value};
  }
  if (const auto* duration = std::get_if<ast::DurationLiteral>(&node)) {
    return Value{Duration{duration->value_ms}};
  }
  if (const auto* size = std::get_if<ast::SizeLiteral>(&node)) {
    return Value{Size{size->value_bytes}};
  }
  if (const auto* version = std::get_if<ast::VersionLiteral>(&node)) {
    return Value{Version{std::string(version->text.text())}};
  }
  if (const auto* text = std::get_if<ast::StringLiteral>(&node)) {
    for (std::uint32_t index = text->parts.begin; index < text->parts.end; ++index) {
      if (file.string_parts[index].text == UINT32_MAX) {
        return failure("a given value cannot hold ${…}");
      }
    }
    return Value{literal_text(file, id)};
  }
  if (const auto* list = std::get_if<ast::ListLiteral>(&node)) {
    return list_literal(file, list->items);
  }
  if (const auto* record = std::get_if<ast::RecordLiteral>(&node)) {
    return map_literal(file, record->fields);
  }
  if (const auto* name = std::get_if<ast::NameRef>(&node)) {
    return name->name.text() == "null" ? Value{} : Value{EnumValue{name->name}};
  }
  if (const auto* unary = std::get_if<ast::Unary>(&node)) {
    auto operand = literal(file, unary->operand);
    return operand && unary->op == ast::UnaryOp::negate ? apply(Op::negate, *operand) : operand;
  }
  return failure("only literal values can be given");
}

// --- texts

// "local", "ops@10.0.0.5:22", "10.0.0.5".
Evaluated host_of_text(std::string_view text, std::string_view name, Assembly& assembly) {
  Map fields;
  if (text == "local" || text == "localhost") {
    fields.emplace_back("local", Value{true});
    return host_value(fields, name, assembly);
  }
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) {
    fields.emplace_back("user", Value{std::string(text.substr(0, at))});
    text.remove_prefix(at + 1);
  }
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && text.find(':') == colon;
  if (has_port) {
    std::int64_t port = 0;
    const std::string_view digits = text.substr(colon + 1);
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (result.ec != std::errc{} || result.ptr != digits.data() + digits.size()) {
      return failure(fmt::format("`{}` is not a port", digits));
    }
    fields.emplace_back("port", Value{port});
    text = text.substr(0, colon);
  }
  if (text.empty() || text.find_first_of(" \t\n{}") != std::string_view::npos) {
    return failure("expected a host: an address, user@address:port, or `local`");
  }
  fields.emplace_back("address", Value{std::string(text)});
  return host_value(fields, name, assembly);
}

Evaluated scalar_of_text(std::string_view text, const Type& type, const Plan& plan) {
  switch (type.kind) {
    case TypeKind::string:
    case TypeKind::path:
    case TypeKind::url:
      return Value{std::string(text)};
    case TypeKind::boolean:
      return text == "true" || text == "false"
                 ? Evaluated(Value{text == "true"})
                 : failure(fmt::format("expected true or false, found `{}`", text));
    case TypeKind::integer: {
      std::int64_t number = 0;
      const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
      return result.ec == std::errc{} && result.ptr == text.data() + text.size()
                 ? Evaluated(Value{number})
                 : failure(fmt::format("expected an int, found `{}`", text));
    }
    case TypeKind::version: {
      if (text.starts_with('v')) {
        text.remove_prefix(1);
      }
      return !text.empty() && text[0] >= '0' && text[0] <= '9'
                 ? Evaluated(Value{Version{std::string(text)}})
                 : failure(fmt::format("expected a version like 8.7.6, found `{}`", text));
    }
    case TypeKind::duration: {
      const auto duration = parse_duration(text);
      return duration ? Evaluated(Value{*duration})
                      : failure(fmt::format("expected a duration like 30s, found `{}`", text));
    }
    case TypeKind::size: {
      const auto size = parse_size(text);
      return size ? Evaluated(Value{*size})
                  : failure(fmt::format("expected a size like 10GiB, found `{}`", text));
    }
    case TypeKind::enumeration: {
      const auto& cases = plan.enum_types[type.detail].cases;
      return std::ranges::find(cases, text) != cases.end()
                 ? Evaluated(Value{EnumValue{Name(text)}})
                 : failure(
                       fmt::format("expected one of {}, found `{}`", fmt::join(cases, ", "), text));
    }
    case TypeKind::json:
      return parse_json(text);
    case TypeKind::any:
    case TypeKind::secret:
    case TypeKind::host:
    case TypeKind::list:
    case TypeKind::map:
    case TypeKind::record:
    case TypeKind::resource:
    case TypeKind::null:
      return failure("this type cannot be given as a text");
  }
  return failure("this type cannot be given as a text");
}

}  // namespace

Evaluated host_value(const Map& fields, std::string_view name, Assembly& assembly) {
  Host host;
  host.name = std::string(name);
  for (const auto& [key, value] : fields) {
    const auto* text = value.as<std::string>();
    const auto* number = value.as<std::int64_t>();
    const bool* flag = value.as<bool>();
    if (key == "address" && text != nullptr) {
      host.address = *text;
    } else if (key == "user" && text != nullptr) {
      host.user = *text;
    } else if (key == "become" && text != nullptr) {
      host.become = *text;
    } else if (key == "port" && number != nullptr && *number > 0 && *number < 65536) {
      host.port = static_cast<int>(*number);
    } else if (key == "local" && flag != nullptr) {
      host.is_local = *flag;
    } else if (key == "become_password" && value.as<Deferred>() != nullptr) {
      host.become_password = value.as<Deferred>()->expr;
    } else if (value.as<Deferred>() != nullptr) {
      return failure(fmt::format("`{}` of a host must be known when the plan is compiled", key));
    } else {
      static constexpr std::string_view names[] = {"address", "user",  "become",
                                                   "port",    "local", "become_password"};
      return std::ranges::find(names, key) == std::ranges::end(names)
                 ? failure(fmt::format("a host has no field `{}`; it has address, user, become, "
                                       "port, local and become_password",
                                       key))
                 : failure(fmt::format("wrong value for `{}` of a host: {}", key, to_text(value)));
    }
  }
  if (!host.is_local && host.address.empty()) {
    return failure("a host needs an address, or `local: true`");
  }
  return Value{assembly.host(std::move(host))};
}

// The fields that are given, in the type's order. One that has a default may be left out.
static Evaluated record_of_map(const Map& map,
                               std::uint32_t record,
                               std::string_view name,
                               const Types& types,
                               Assembly& assembly) {
  const RecordType declared = assembly.plan().record_types[record];
  for (const auto& [key, value] : map) {
    if (std::ranges::find(declared.field_names, key) == declared.field_names.end()) {
      const std::vector<std::string_view> names(declared.field_names.begin(),
                                                declared.field_names.end());
      const auto near = nearest(key, names);
      return failure(fmt::format("{} has no field `{}`{}", declared.name, key,
                                 near.empty() ? "" : fmt::format("; did you mean `{}`?", near)));
    }
  }
  Map result;
  for (std::size_t field = 0; field < declared.field_names.size(); ++field) {
    const std::string& key = declared.field_names[field];
    const auto given = std::ranges::find(map, key, &Map::value_type::first);
    if (given == map.end()) {
      if (declared.defaults[field].is_none()) {
        return failure(fmt::format("there is no `{}`", key));
      }
      continue;
    }
    auto item = typed_value(given->second, declared.field_types[field],
                            fmt::format("{}.{}", name, key), types, assembly);
    if (!item) {
      return failure(fmt::format("at .{}: {}", key, item.error()));
    }
    result.emplace_back(key, std::move(*item));
  }
  return Value{std::move(result)};
}

Evaluated typed_value(const Value& raw,
                      std::uint32_t type,
                      std::string_view name,
                      const Types& types,
                      Assembly& assembly) {
  const Type wanted = types[type];
  const auto* map = raw.as<Map>();
  const auto* list = raw.as<List>();
  const auto* word = raw.as<EnumValue>();
  if (wanted.kind == TypeKind::host) {
    if (map != nullptr) {
      return host_value(*map, name, assembly);
    }
    if (const auto* text = raw.as<std::string>()) {
      return host_of_text(*text, name, assembly);
    }
    return failure("expected a host, found " + to_text(raw));
  }
  if (wanted.kind == TypeKind::enumeration && word != nullptr) {
    return scalar_of_text(word->name.text(), wanted, assembly.plan());
  }
  if (wanted.kind == TypeKind::list && list != nullptr) {
    List result;
    for (std::size_t index = 0; index < list->size(); ++index) {
      auto item = typed_value((*list)[index], wanted.element, fmt::format("{}[{}]", name, index),
                              types, assembly);
      if (!item) {
        return failure(fmt::format("at [{}]: {}", index, item.error()));
      }
      result.push_back(std::move(*item));
    }
    return Value{std::move(result)};
  }
  if (wanted.kind == TypeKind::map && map != nullptr) {
    Map result;
    for (const auto& [key, value] : *map) {
      auto item =
          typed_value(value, wanted.element, fmt::format("{}.{}", name, key), types, assembly);
      if (!item) {
        return failure(fmt::format("at .{}: {}", key, item.error()));
      }
      result.emplace_back(key, std::move(*item));
    }
    return Value{std::move(result)};
  }
  if (wanted.kind == TypeKind::record && map != nullptr) {
    return record_of_map(*map, wanted.detail, name, types, assembly);
  }
  return word != nullptr ? failure(fmt::format("`{}` is not a value of type {}", word->name.text(),
                                               types.text(type)))
                         : cast(assembly.plan(), raw, type);
}

namespace {

class Reading {
 public:
  Reading(SourceMap& sources,
          const Module& entry,
          const Types& types,
          Assembly& assembly,
          Diagnostics& diagnostics)
      : sources_(sources),
        entry_(entry),
        types_(types),
        assembly_(assembly),
        diagnostics_(diagnostics) {
    result_.values.resize(entry.inputs.size());
    is_given_.resize(entry.inputs.size(), false);
  }

  void given(std::string_view name, const GivenInput& input);
  // Whether there is an input of that name which is no secret.
  [[nodiscard]] bool takes(std::string_view name) const;
  void file(std::string_view path, const std::string& text);
  void missing(const CompileOptions& options);
  InputValues take() { return std::move(result_); }

 private:
  std::optional<std::uint32_t> ordinal(std::string_view name, Span span, std::string_view origin);
  [[nodiscard]] Span place(std::uint32_t ordinal) const {
    return entry_.inputs[ordinal].node->name.span;
  }
  [[nodiscard]] bool is_secret(std::uint32_t ordinal) const {
    return types_.kind(entry_.input_types[ordinal]) == TypeKind::secret;
  }
  void set(std::uint32_t ordinal, Evaluated value, Span span, std::string_view origin);
  void plan_file(std::string_view path, const std::string& text);
  void json_file(std::string_view path, const std::string& text);
  void secret(std::uint32_t ordinal, std::string_view name, const ast::File& file, ast::ExprId id);
  void secret_of_json(std::uint32_t ordinal, std::string_view name, const Value& value);
  bool secret_source(std::string_view name,
                     std::string_view kind,
                     std::vector<std::string> arguments);

  SourceMap& sources_;
  const Module& entry_;
  const Types& types_;
  Assembly& assembly_;
  Diagnostics& diagnostics_;
  InputValues result_;
  std::vector<bool> is_given_;  // though perhaps not as a value of its type
};

std::optional<std::uint32_t> Reading::ordinal(std::string_view name,
                                              Span span,
                                              std::string_view origin) {
  std::vector<std::string_view> names;
  for (std::uint32_t index = 0; index < entry_.inputs.size(); ++index) {
    names.push_back(entry_.inputs[index].node->name.name.text());
    if (names.back() == name) {
      is_given_[index] = true;
      return index;
    }
  }
  auto& diagnostic = diagnostics_.report<Code::unknown_input>(span, name);
  diagnostic.note(fmt::format("given by {}", origin));
  if (const auto near = nearest(name, names); !near.empty()) {
    span.is_none() ? diagnostic.help(fmt::format("did you mean `{}`?", near))
                   : diagnostic.did_you_mean(span, near);
  }
  return std::nullopt;
}

void Reading::set(std::uint32_t ordinal, Evaluated value, Span span, std::string_view origin) {
  if (!value) {
    diagnostics_
        .report<Code::bad_input_value>(span.is_none() ? place(ordinal) : span,
                                       entry_.inputs[ordinal].node->name.name.text(), value.error())
        .note(fmt::format("given by {}; its type is {}", origin,
                          types_.text(entry_.input_types[ordinal])));
    return;
  }
  if (!result_.values[ordinal]) {
    result_.values[ordinal] = std::move(*value);
  }
}

bool Reading::takes(std::string_view name) const {
  const auto found = std::ranges::find_if(
      entry_.inputs, [name](const auto& input) { return input.node->name.name.text() == name; });
  return found != entry_.inputs.end() &&
         !is_secret(static_cast<std::uint32_t>(found - entry_.inputs.begin()));
}

void Reading::given(std::string_view name, const GivenInput& input) {
  const auto found = ordinal(name, {}, input.origin);
  if (!found) {
    return;
  }
  if (is_secret(*found)) {
    diagnostics_.report<Code::secret_in_clear>(place(*found), name)
        .note(fmt::format("given by {}", input.origin))
        .help(
            "say in the inputs file where it comes from: env(\"NAME\"), file(\"path\"), "
            "command([\"pass\", \"show\", \"x\"]) or prompt()");
    return;
  }
  const std::uint32_t type = entry_.input_types[*found];
  const Type wanted = types_[type];
  const bool is_record_text =
      wanted.kind == TypeKind::list || wanted.kind == TypeKind::map ||
      wanted.kind == TypeKind::record ||
      (wanted.kind == TypeKind::host && input.text.find('{') != std::string::npos);
  if (!is_record_text) {
    Evaluated value = wanted.kind == TypeKind::host
                          ? host_of_text(input.text, name, assembly_)
                          : scalar_of_text(input.text, wanted, assembly_.plan());
    set(*found, std::move(value), {}, input.origin);
    return;
  }
  const std::size_t errors = diagnostics_.error_count();
  const FileId id = sources_.add(input.origin, fmt::format("{} = {}\n", name, input.text));
  const ast::File file = parse_value_file(sources_, id, diagnostics_);
  if (diagnostics_.error_count() > errors || file.declarations.size() != 1) {
    return;
  }
  auto raw = literal(file, std::get<ast::LetDecl>(file.declarations[0].node).value);
  set(*found, raw ? typed_value(*raw, type, name, types_, assembly_) : raw, {}, input.origin);
}

void Reading::file(std::string_view path, const std::string& text) {
  if (path.ends_with(".json")) {
    json_file(path, text);
  } else {
    plan_file(path, text);
  }
}

void Reading::plan_file(std::string_view path, const std::string& text) {
  const FileId id = sources_.add(std::string(path), text);
  const ast::File file = parse_value_file(sources_, id, diagnostics_);
  for (const ast::Declaration& declaration : file.declarations) {
    const auto& let = std::get<ast::LetDecl>(declaration.node);
    const std::string_view name = let.name.name.text();
    const auto found = ordinal(name, let.name.span, path);
    if (!found || let.value.is_none()) {
      continue;
    }
    if (is_secret(*found)) {
      secret(*found, name, file, let.value);
      continue;
    }
    auto raw = literal(file, let.value);
    set(*found, raw ? typed_value(*raw, entry_.input_types[*found], name, types_, assembly_) : raw,
        file[let.value].span, path);
  }
}

void Reading::json_file(std::string_view path, const std::string& text) {
  const auto parsed = parse_json(text);
  const Map* map = parsed ? parsed->as<Map>() : nullptr;
  if (map == nullptr) {
    diagnostics_.report<Code::bad_inputs_file>(
        {}, path, parsed ? "expected an object with the inputs' values" : parsed.error());
    return;
  }
  for (const auto& [name, value] : *map) {
    const auto found = ordinal(name, {}, path);
    if (!found) {
      continue;
    }
    if (is_secret(*found)) {
      secret_of_json(*found, name, value);
      continue;
    }
    set(*found, typed_value(value, entry_.input_types[*found], name, types_, assembly_), {}, path);
  }
}

bool Reading::secret_source(std::string_view name,
                            std::string_view kind,
                            std::vector<std::string> arguments) {
  SecretSource source;
  if (kind == "env" && arguments.size() == 1) {
    source.kind = SecretSource::Kind::environment;
  } else if (kind == "file" && arguments.size() == 1) {
    source.kind = SecretSource::Kind::file;
  } else if (kind == "command" && !arguments.empty()) {
    source.kind = SecretSource::Kind::command;
  } else if (kind == "prompt" && arguments.empty()) {
    source.kind = SecretSource::Kind::prompt;
  } else {
    return false;
  }
  source.arguments = std::move(arguments);
  result_.secret_sources[std::string(name)] = std::move(source);
  return true;
}

void Reading::secret(std::uint32_t, std::string_view name, const ast::File& file, ast::ExprId id) {
  const auto* call = std::get_if<ast::Call>(&file[id].node);
  const auto* callee =
      call == nullptr ? nullptr : std::get_if<ast::NameRef>(&file[call->callee].node);
  std::vector<std::string> arguments;
  if (callee != nullptr) {
    for (std::uint32_t index = call->arguments.begin; index < call->arguments.end; ++index) {
      const ast::ExprId value = file.arguments[index].value;
      if (const auto* list = std::get_if<ast::ListLiteral>(&file[value].node)) {
        for (std::uint32_t item = list->items.begin; item < list->items.end; ++item) {
          arguments.push_back(literal_text(file, file.expr_lists[item]));
        }
      } else {
        arguments.push_back(literal_text(file, value));
      }
    }
  }
  if (callee == nullptr || !secret_source(name, callee->name.text(), std::move(arguments))) {
    diagnostics_.report<Code::secret_in_clear>(file[id].span, name)
        .help(
            "say where it comes from: env(\"NAME\"), file(\"path\"), "
            "command([\"pass\", \"show\", \"x\"]) or prompt()");
  }
}

// { "db_password": { "env": "NAME" } }, { "command": ["pass", "show", "x"] }, { "prompt": [] }.
void Reading::secret_of_json(std::uint32_t ordinal, std::string_view name, const Value& value) {
  const auto* map = value.as<Map>();
  std::vector<std::string> arguments;
  if (map != nullptr && map->size() == 1) {
    const Value& given = map->front().second;
    if (const auto* text = given.as<std::string>()) {
      arguments.push_back(*text);
    } else if (const auto* list = given.as<List>()) {
      for (const Value& item : *list) {
        arguments.push_back(item.as<std::string>() == nullptr ? "" : *item.as<std::string>());
      }
    }
  }
  if (map == nullptr || map->size() != 1 ||
      !secret_source(name, map->front().first, std::move(arguments))) {
    diagnostics_.report<Code::secret_in_clear>(place(ordinal), name)
        .help(
            "say where it comes from: {\"env\": \"NAME\"}, {\"file\": \"path\"}, "
            "{\"command\": [\"pass\", \"show\", \"x\"]} or {\"prompt\": []}");
  }
}

void Reading::missing(const CompileOptions& options) {
  for (std::uint32_t index = 0; index < entry_.inputs.size(); ++index) {
    const ast::InputDecl& node = *entry_.inputs[index].node;
    // One with a bad value was reported as that.
    const bool is_there = is_given_[index] || !node.default_value.is_none();
    if (!is_there && options.require_inputs && !is_secret(index)) {
      diagnostics_.report<Code::missing_input>(place(index), node.name.name.text())
          .help(fmt::format("give it with --set {}=… or in an inputs file", node.name.name.text()));
    }
  }
}

}  // namespace

InputValues read_inputs(SourceMap& sources,
                        SourceLoader& loader,
                        const CompileOptions& options,
                        const Module& entry,
                        const Types& types,
                        Assembly& assembly,
                        Diagnostics& diagnostics) {
  Reading reading(sources, entry, types, assembly, diagnostics);
  for (const auto& [name, input] : options.set) {
    reading.given(name, input);
  }
  for (const auto& [name, input] : options.environment) {
    if (!options.set.contains(name) && reading.takes(name)) {
      reading.given(name, input);
    }
  }
  if (options.inputs_file) {
    std::string why;
    const auto text = loader.read(*options.inputs_file, why);
    if (text) {
      reading.file(*options.inputs_file, *text);
    } else {
      diagnostics.report<Code::cannot_read>({}, *options.inputs_file, why);
    }
  }
  reading.missing(options);
  return reading.take();
}

}  // namespace plan
