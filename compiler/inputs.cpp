#include "compiler/inputs.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "compiler/inputs_file.hpp"
#include "compiler/value_text.hpp"
#include "dsl/parse.hpp"
#include "dsl/spell.hpp"

namespace plan {

namespace {

// --- texts

using DescribedHost = std::expected<Host, std::string>;

DescribedHost bad_host(std::string text) {
  return std::unexpected(std::move(text));
}

// An address is handed to OpenSSH, and shown: what no host name has is a mistake.
bool is_address(std::string_view text) {
  return !text.starts_with('-') && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c != '\x7f' &&
           std::string_view("{}\"'`$;&|<>()").find(c) == std::string_view::npos;
  });
}

DescribedHost host_of_fields(const Map& fields, std::string_view name) {
  Host host;
  host.name = std::string(name);
  for (const auto& [key, value] : fields) {
    const auto* text = value.as<std::string>();
    const auto* number = value.as<std::int64_t>();
    const bool* flag = value.as<bool>();
    if (key == "address" && text != nullptr && is_address(*text)) {
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
      return bad_host(fmt::format("`{}` of a host must be known when the plan is compiled", key));
    } else {
      static const std::map<std::string_view, std::string_view> wanted = {
          {"address", "a name or an address"},
          {"user", "a text"},
          {"become", "a text"},
          {"port", "a number from 1 to 65535"},
          {"local", "true or false"},
          {"become_password", "a secret input"}};
      const auto known = wanted.find(key);
      return bad_host(
          known == wanted.end()
              ? fmt::format("a host has no field `{}`; it has address, user, become, port, local "
                            "and become_password",
                            key)
              : fmt::format("`{}` of a host is {}, not {}", key, known->second, to_text(value)));
    }
  }
  return !host.is_local && host.address.empty()
             ? bad_host("a host needs an address, or `local: true`")
             : DescribedHost(std::move(host));
}

// "local", "ops@10.0.0.5:22", "10.0.0.5".
DescribedHost host_of_text(std::string_view text, std::string_view name) {
  Map fields;
  if (text == "local" || text == "localhost") {
    fields.emplace_back("local", Value{true});
    return host_of_fields(fields, name);
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
      return bad_host(fmt::format("`{}` is not a port", digits));
    }
    fields.emplace_back("port", Value{port});
    text = text.substr(0, colon);
  }
  if (text.empty() || !is_address(text)) {
    return bad_host("expected a host: an address, user@address:port, or `local`");
  }
  fields.emplace_back("address", Value{std::string(text)});
  return host_of_fields(fields, name);
}

// Where a path begins, and whom a request goes to, must not depend on who reads it.
Evaluated text_of_kind(std::string_view text, TypeKind kind) {
  if (kind == TypeKind::path && !text.starts_with('/')) {
    return failure(fmt::format("expected a path from the root, like /srv/data, found `{}`", text));
  }
  if (kind == TypeKind::url) {
    const std::string_view rest = text.starts_with("http://")    ? text.substr(7)
                                  : text.starts_with("https://") ? text.substr(8)
                                                                 : "";
    if (rest.empty() || rest.starts_with('/') || rest.find_first_of(" \t\n") != rest.npos) {
      return failure(fmt::format("expected a URL like http://localhost:8888, found `{}`", text));
    }
  }
  return Value{std::string(text)};
}

Evaluated scalar_of_text(std::string_view text, const Type& type, const Plan& plan) {
  switch (type.kind) {
    case TypeKind::string:
    case TypeKind::path:
    case TypeKind::url:
      return text_of_kind(text, type.kind);
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

std::expected<Host, std::string> described_host(const Value& given, std::string_view name) {
  if (const auto* fields = given.as<Map>()) {
    return host_of_fields(*fields, name);
  }
  if (const auto* text = given.as<std::string>()) {
    return host_of_text(*text, name);
  }
  return bad_host("expected a host, found " + to_text(given));
}

Evaluated host_value(const Value& given, std::string_view name, Assembly& assembly) {
  DescribedHost host = described_host(given, name);
  return host ? Evaluated(Value{assembly.host(std::move(*host))}) : failure(host.error());
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
    return host_value(raw, name, assembly);
  }
  const bool is_checked_text = wanted.kind == TypeKind::path || wanted.kind == TypeKind::url;
  if (const auto* text = raw.as<std::string>(); text != nullptr && is_checked_text) {
    return text_of_kind(*text, wanted.kind);
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

class InputReading {
 public:
  InputReading(SourceMap& sources,
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
    for (std::uint32_t index = 0; index < entry.inputs.size(); ++index) {
      declared_.push_back({.name = entry.inputs[index].node->name.name.text(),
                           .is_secret = types.kind(entry.input_types[index]) == TypeKind::secret,
                           .span = entry.inputs[index].node->name.span});
    }
  }

  void given(std::string_view name, const GivenInput& input);
  // Whether there is an input of that name which is no secret.
  [[nodiscard]] bool takes(std::string_view name) const;
  void file(std::string_view path, const std::string& text);
  void missing(const CompileOptions& options);
  InputValues take() { return std::move(result_); }

 private:
  void set(std::uint32_t ordinal, Evaluated value, Span span, std::string_view origin);

  SourceMap& sources_;
  const Module& entry_;
  const Types& types_;
  Assembly& assembly_;
  Diagnostics& diagnostics_;
  InputValues result_;
  std::vector<DeclaredInput> declared_;
  std::vector<bool> is_given_;  // though perhaps not as a value of its type
};

void InputReading::set(std::uint32_t ordinal, Evaluated value, Span span, std::string_view origin) {
  if (!value) {
    diagnostics_
        .report<Code::bad_input_value>(span.is_none() ? declared_[ordinal].span : span,
                                       declared_[ordinal].name, value.error())
        .note(fmt::format("given by {}; its type is {}", origin,
                          types_.text(entry_.input_types[ordinal])));
    return;
  }
  if (!result_.values[ordinal]) {
    result_.values[ordinal] = std::move(*value);
  }
}

bool InputReading::takes(std::string_view name) const {
  const auto found = std::ranges::find(declared_, name, &DeclaredInput::name);
  return found != declared_.end() && !found->is_secret;
}

void InputReading::given(std::string_view name, const GivenInput& input) {
  const auto found = find_input(declared_, name, {}, input.origin, diagnostics_);
  if (!found) {
    return;
  }
  is_given_[*found] = true;
  if (declared_[*found].is_secret) {
    diagnostics_.report<Code::secret_in_clear>(declared_[*found].span, name)
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
                          ? host_value(Value{input.text}, name, assembly_)
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
  auto raw = literal_value(file, std::get<ast::LetDecl>(file.declarations[0].node).value);
  set(*found, raw ? typed_value(*raw, type, name, types_, assembly_) : raw, {}, input.origin);
}

void InputReading::file(std::string_view path, const std::string& text) {
  InputsFile file = read_inputs_file(sources_, path, text, declared_, diagnostics_);
  for (const std::uint32_t secret : file.secrets) {
    is_given_[secret] = true;
  }
  for (FileValue& given : file.values) {
    is_given_[given.input] = true;
    set(given.input,
        given.value ? typed_value(*given.value, entry_.input_types[given.input],
                                  declared_[given.input].name, types_, assembly_)
                    : std::move(given.value),
        given.span, path);
  }
  result_.secret_sources = std::move(file.secret_sources);
}

void InputReading::missing(const CompileOptions& options) {
  for (std::uint32_t index = 0; index < entry_.inputs.size(); ++index) {
    const DeclaredInput& input = declared_[index];
    // One with a bad value was reported as that.
    const bool is_there = is_given_[index] || !entry_.inputs[index].node->default_value.is_none();
    if (!is_there && options.require_inputs && !input.is_secret) {
      diagnostics_.report<Code::missing_input>(input.span, input.name)
          .help(fmt::format("give it with --set {}=… or in an inputs file", input.name));
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
  InputReading reading(sources, entry, types, assembly, diagnostics);
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
