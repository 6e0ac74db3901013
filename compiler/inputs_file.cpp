#include "compiler/inputs_file.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/inputs.hpp"
#include "dsl/parse.hpp"
#include "dsl/spell.hpp"

namespace plan {

namespace {

Evaluated map_literal(const ast::File& file, ast::Range fields) {
  Map map;
  for (std::uint32_t index = fields.begin; index < fields.end; ++index) {
    auto value = literal_value(file, file.arguments[index].value);
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
    auto value = literal_value(file, file.expr_lists[index]);
    if (!value) {
      return value;
    }
    list.push_back(std::move(*value));
  }
  return Value{std::move(list)};
}

std::optional<SecretSource> secret_source(std::string_view kind,
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
    return std::nullopt;
  }
  source.arguments = std::move(arguments);
  return source;
}

// env("NAME"), command(["pass", "show", "x"]), prompt().
std::optional<SecretSource> source_of_call(const ast::File& file, ast::ExprId id) {
  const auto* call = std::get_if<ast::Call>(&file[id].node);
  const auto* callee =
      call == nullptr ? nullptr : std::get_if<ast::NameRef>(&file[call->callee].node);
  if (callee == nullptr) {
    return std::nullopt;
  }
  std::vector<std::string> arguments;
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
  return secret_source(callee->name.text(), std::move(arguments));
}

// { "env": "NAME" }, { "command": ["pass", "show", "x"] }, { "prompt": [] }.
std::optional<SecretSource> source_of_json(const Value& value) {
  const auto* map = value.as<Map>();
  if (map == nullptr || map->size() != 1) {
    return std::nullopt;
  }
  std::vector<std::string> arguments;
  const Value& given = map->front().second;
  if (const auto* text = given.as<std::string>()) {
    arguments.push_back(*text);
  } else if (const auto* list = given.as<List>()) {
    for (const Value& item : *list) {
      arguments.push_back(item.as<std::string>() == nullptr ? "" : *item.as<std::string>());
    }
  }
  return secret_source(map->front().first, std::move(arguments));
}

class FileReading {
 public:
  FileReading(std::string_view path,
              const std::vector<DeclaredInput>& inputs,
              Diagnostics& diagnostics)
      : path_(path), inputs_(inputs), diagnostics_(diagnostics) {}

  InputsFile plan_file(SourceMap& sources, const std::string& text);
  InputsFile json_file(const std::string& text);

 private:
  void secret(std::uint32_t input,
              std::optional<SecretSource> source,
              Span span,
              std::string_view help);

  std::string_view path_;
  const std::vector<DeclaredInput>& inputs_;
  Diagnostics& diagnostics_;
  InputsFile result_;
};

void FileReading::secret(std::uint32_t input,
                         std::optional<SecretSource> source,
                         Span span,
                         std::string_view help) {
  result_.secrets.push_back(input);
  if (source) {
    result_.secret_sources[std::string(inputs_[input].name)] = std::move(*source);
    return;
  }
  diagnostics_.report<Code::secret_in_clear>(span, inputs_[input].name)
      .help(fmt::format("say where it comes from: {}", help));
}

InputsFile FileReading::plan_file(SourceMap& sources, const std::string& text) {
  const FileId id = sources.add(std::string(path_), text);
  const ast::File file = parse_value_file(sources, id, diagnostics_);
  for (const ast::Declaration& declaration : file.declarations) {
    const auto& let = std::get<ast::LetDecl>(declaration.node);
    const auto found =
        find_input(inputs_, let.name.name.text(), let.name.span, path_, diagnostics_);
    if (!found || let.value.is_none()) {
      continue;
    }
    if (inputs_[*found].is_secret) {
      secret(*found, source_of_call(file, let.value), file[let.value].span,
             "env(\"NAME\"), file(\"path\"), command([\"pass\", \"show\", \"x\"]) or prompt()");
      continue;
    }
    result_.values.push_back(
        {.input = *found, .value = literal_value(file, let.value), .span = file[let.value].span});
  }
  return std::move(result_);
}

InputsFile FileReading::json_file(const std::string& text) {
  const auto parsed = parse_json(text);
  const Map* map = parsed ? parsed->as<Map>() : nullptr;
  if (map == nullptr) {
    diagnostics_.report<Code::bad_inputs_file>(
        {}, path_, parsed ? "expected an object with the inputs' values" : parsed.error());
    return {};
  }
  for (const auto& [name, value] : *map) {
    const auto found = find_input(inputs_, name, {}, path_, diagnostics_);
    if (!found) {
      continue;
    }
    if (inputs_[*found].is_secret) {
      secret(*found, source_of_json(value), inputs_[*found].span,
             "{\"env\": \"NAME\"}, {\"file\": \"path\"}, "
             "{\"command\": [\"pass\", \"show\", \"x\"]} or {\"prompt\": []}");
      continue;
    }
    result_.values.push_back({.input = *found, .value = value, .span = {}});
  }
  return std::move(result_);
}

std::string host_text(const Host& host) {
  if (host.is_local) {
    return "this machine";
  }
  const std::string user = host.user.empty() ? "" : host.user + "@";
  const std::string port = host.port == 0 ? "" : fmt::format(":{}", host.port);
  const std::string become = host.become.empty() ? "" : fmt::format(" (becoming {})", host.become);
  return user + host.address + port + become;
}

// As it is said to people; what the value of a type is written as: "5m" for a duration.
std::string text_of(const Plan& plan, const Value& value) {
  if (const auto* host = value.as<HostId>()) {
    return host_text(plan.hosts[host->index]);
  }
  if (const auto* text = value.as<std::string>()) {
    return *text;
  }
  return to_text(value);
}

std::string text_of_given(const Value& given, bool is_host) {
  if (is_host) {
    const auto host = described_host(given, {});
    return host ? host_text(*host) : host.error();
  }
  const auto* text = given.as<std::string>();
  return text != nullptr ? *text : to_text(given);
}

// Whether a value of a file says the same as one that was compiled in. Of a record the file may
// leave fields out.
bool agrees(const Plan& plan, const Value& given, const Value& compiled) {
  const auto* record = compiled.as<Map>();
  const auto* fields = given.as<Map>();
  if (record != nullptr && fields != nullptr) {
    return std::ranges::all_of(*fields, [&](const auto& field) {
      const Value* known = find(*record, field.first);
      return known != nullptr && agrees(plan, field.second, *known);
    });
  }
  const auto* list = compiled.as<List>();
  const auto* items = given.as<List>();
  if (list != nullptr && items != nullptr) {
    return std::ranges::equal(*items, *list, [&](const Value& item, const Value& known) {
      return agrees(plan, item, known);
    });
  }
  std::string wanted = text_of(plan, compiled);
  std::string found = text_of_given(given, compiled.as<HostId>() != nullptr);
  // A version may be written with its letter or without it.
  const auto* version = given.as<std::string>();
  return wanted == found ||
         (compiled.as<Version>() != nullptr && version != nullptr && wanted == "v" + found);
}

}  // namespace

std::optional<std::uint32_t> find_input(const std::vector<DeclaredInput>& inputs,
                                        std::string_view name,
                                        Span span,
                                        std::string_view origin,
                                        Diagnostics& diagnostics) {
  const auto found = std::ranges::find(inputs, name, &DeclaredInput::name);
  if (found != inputs.end()) {
    return static_cast<std::uint32_t>(found - inputs.begin());
  }
  std::vector<std::string_view> names;
  for (const DeclaredInput& input : inputs) {
    names.push_back(input.name);
  }
  auto& diagnostic = diagnostics.report<Code::unknown_input>(span, name);
  diagnostic.note(fmt::format("given by {}", origin));
  if (const auto near = nearest(name, names); !near.empty()) {
    span.is_none() ? diagnostic.help(fmt::format("did you mean `{}`?", near))
                   : diagnostic.did_you_mean(span, near);
  }
  return std::nullopt;
}

InputsFile read_inputs_file(SourceMap& sources,
                            std::string_view path,
                            const std::string& text,
                            const std::vector<DeclaredInput>& inputs,
                            Diagnostics& diagnostics) {
  FileReading reading(path, inputs, diagnostics);
  return path.ends_with(".json") ? reading.json_file(text) : reading.plan_file(sources, text);
}

std::map<std::string, SecretSource> read_secret_sources(SourceMap& sources,
                                                        std::string_view path,
                                                        const std::string& text,
                                                        const Plan& plan,
                                                        Diagnostics& diagnostics) {
  std::vector<DeclaredInput> inputs;
  for (const Input& input : plan.inputs) {
    inputs.push_back({.name = input.name, .is_secret = input.is_secret, .span = {}});
  }
  InputsFile file = read_inputs_file(sources, path, text, inputs, diagnostics);
  for (const FileValue& value : file.values) {
    const Input& input = plan.inputs[value.input];
    if (!value.value) {
      diagnostics.report<Code::bad_input_value>(value.span, input.name, value.value.error());
    } else if (!input.value || !agrees(plan, *value.value, *input.value)) {
      diagnostics
          .report<Code::input_compiled_otherwise>(
              value.span, input.name,
              input.value ? "with " + text_of(plan, *input.value) : "without a value of it")
          .help("leave it out here, or compile the plan again with this file");
    }
  }
  return std::move(file.secret_sources);
}

Evaluated literal_value(const ast::File& file, ast::ExprId id) {
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
    auto operand = literal_value(file, unary->operand);
    return operand && unary->op == ast::UnaryOp::negate ? apply(Op::negate, *operand) : operand;
  }
  return failure("only literal values can be given");
}

}  // namespace plan
