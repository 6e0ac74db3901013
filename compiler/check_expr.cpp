// Types of expressions.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/checker.hpp"
#include "compiler/declare.hpp"
#include "dsl/spell.hpp"

namespace plan {

namespace {

bool is_text(TypeKind kind) {
  return kind == TypeKind::string || kind == TypeKind::path || kind == TypeKind::url;
}

bool is_written_as_text(TypeKind kind) {
  return is_text(kind) || kind == TypeKind::integer || kind == TypeKind::version ||
         kind == TypeKind::duration || kind == TypeKind::size;
}

}  // namespace

std::uint32_t Checker::infer(ast::ExprId id, std::uint32_t hint) {
  if (id.is_none()) {
    return any_type;
  }
  const std::uint8_t outer = traits_;
  traits_ = 0;
  struct Visitor {
    Checker& self;
    ast::ExprId id;
    std::uint32_t hint;
    std::uint32_t operator()(const ast::Invalid&) const { return any_type; }
    std::uint32_t operator()(const ast::BoolLiteral&) const { return bool_type; }
    std::uint32_t operator()(const ast::IntLiteral&) const { return int_type; }
    std::uint32_t operator()(const ast::DurationLiteral&) const { return duration_type; }
    std::uint32_t operator()(const ast::SizeLiteral&) const { return size_type; }
    std::uint32_t operator()(const ast::VersionLiteral&) const { return scalar(TypeKind::version); }
    std::uint32_t operator()(const ast::StringLiteral& node) const { return self.of(node, id); }
    std::uint32_t operator()(const ast::ShellTemplate& node) const { return self.of(node, id); }
    std::uint32_t operator()(const ast::ListLiteral& node) const { return self.of(node, hint); }
    std::uint32_t operator()(const ast::RecordLiteral& node) const {
      return self.of(node, id, hint);
    }
    std::uint32_t operator()(const ast::NameRef& node) const { return self.of(node, id, hint); }
    std::uint32_t operator()(const ast::Member& node) const { return self.of(node, id, hint); }
    std::uint32_t operator()(const ast::Index& node) const { return self.of(node); }
    std::uint32_t operator()(const ast::Call& node) const { return self.of(node, id, hint); }
    std::uint32_t operator()(const ast::Unary& node) const { return self.of(node); }
    std::uint32_t operator()(const ast::Binary& node) const { return self.of(node, id); }
    std::uint32_t operator()(const ast::Conditional& node) const { return self.of(node, id, hint); }
    std::uint32_t operator()(const ast::Cast& node) const { return self.of(node, id); }
    std::uint32_t operator()(const ast::ForAll& node) const { return self.of(node, id); }
    std::uint32_t operator()(const ast::Comprehension& node) const {
      return self.of(node, id, hint);
    }
    std::uint32_t operator()(const ast::Run& node) const { return self.of(node, id); }
    std::uint32_t operator()(const ast::Pipe& node) const { return self.of(node); }
    std::uint32_t operator()(const ast::WithOptions& node) const { return self.of(node, id); }
  };
  const std::uint32_t type = std::visit(Visitor{*this, id, hint}, expr(id).node);
  module().types[id.index] = type;
  module().traits[id.index] = traits_;
  traits_ |= outer;
  return type;
}

void Checker::expect(ast::ExprId id, std::uint32_t type) {
  if (id.is_none()) {
    return;
  }
  const std::uint32_t found = infer(id, type);
  if (!types_.fits(found, type)) {
    mismatch(id, type, found);
  }
}

std::uint32_t Checker::infer_pure(ast::ExprId id, std::uint32_t hint, std::string_view place) {
  if (id.is_none()) {
    return any_type;
  }
  const std::uint32_t type = infer(id, hint);
  if ((module().traits[id.index] & Traits::acts) != 0) {
    diagnostics_.report<Code::effect_not_allowed>(span(id), "this", place)
        .help("what is observed belongs into a state or a fact, what acts into a body: do { … }");
  }
  return type;
}

void Checker::expect_pure(ast::ExprId id, std::uint32_t type, std::string_view place) {
  if (id.is_none()) {
    return;
  }
  const std::uint32_t found = infer_pure(id, type, place);
  if (!types_.fits(found, type)) {
    mismatch(id, type, found);
  }
}

void Checker::mismatch(ast::ExprId id, std::uint32_t expected, std::uint32_t found) {
  if (types_.kind(found) == TypeKind::secret) {
    diagnostics_.report<Code::secret_leak>(span(id), secret_place_)
        .help(
            "give it to the command with `with env { NAME: secret }` or `with stdin secret`, or "
            "to a field or parameter of type secret");
    return;
  }
  auto& diagnostic =
      diagnostics_.report<Code::type_mismatch>(span(id), types_.text(expected), types_.text(found));
  if (types_.kind(found) == TypeKind::json) {
    write_instead(diagnostic, id, fmt::format("{} as {}", operand(id), types_.text(expected)),
                  ": it fails at run time if the value is something else");
  } else if (types_.kind(found) == TypeKind::string && types_.kind(expected) == TypeKind::version) {
    write_instead(diagnostic, id, fmt::format("version({})", source(id)));
  } else if (types_.kind(expected) == TypeKind::string && is_written_as_text(types_.kind(found))) {
    write_instead(diagnostic, id, fmt::format("\"${{{}}}\"", source(id)));
  }
}

// The only text that has the wanted type and says the same.
void Checker::write_instead(Diagnostic& diagnostic,
                            ast::ExprId id,
                            const std::string& text,
                            std::string_view remark) {
  diagnostic.fix({.span = span(id),
                  .replacement = text,
                  .description = fmt::format("write `{}`{}", text, remark),
                  .is_safe = true});
}

// The text of an expression as the operand of `as`.
std::string Checker::operand(ast::ExprId id) const {
  const auto& node = expr(id).node;
  const bool is_open = std::holds_alternative<ast::Binary>(node) ||
                       std::holds_alternative<ast::Unary>(node) ||
                       std::holds_alternative<ast::Conditional>(node);
  return is_open ? fmt::format("({})", source(id)) : std::string(source(id));
}

std::uint32_t Checker::slot_type(std::uint32_t slot) const {
  return slot < slot_types_.size() ? slot_types_[slot] : any_type;
}

void Checker::set_slot(std::uint32_t slot, std::uint32_t type) {
  if (slot >= slot_types_.size()) {
    slot_types_.resize(slot + 1, any_type);
  }
  slot_types_[slot] = type;
}

// --- literals

void Checker::part(ast::ExprId id, bool& is_secret) {
  if (id.is_none()) {
    return;
  }
  const std::uint32_t type = infer(id);
  const TypeKind kind = types_.kind(type);
  is_secret = is_secret || kind == TypeKind::secret;
  const bool is_plain = is_written_as_text(kind) || kind == TypeKind::boolean ||
                        kind == TypeKind::any || kind == TypeKind::secret ||
                        kind == TypeKind::enumeration;
  if (!is_plain) {
    auto& diagnostic = diagnostics_.report<Code::type_mismatch>(
        span(id), "something that can stand in a text", types_.text(type));
    if (kind == TypeKind::host) {
      write_instead(diagnostic, id, fmt::format("address({})", source(id)));
    } else if (kind == TypeKind::json) {
      write_instead(diagnostic, id, fmt::format("text({})", source(id)),
                    fmt::format(", or `{} as string`", operand(id)));
    }
  }
}

std::uint32_t Checker::of(const ast::StringLiteral& node, ast::ExprId) {
  bool is_secret = false;
  for (std::uint32_t index = node.parts.begin; index < node.parts.end; ++index) {
    part(module().file.string_parts[index].value, is_secret);
  }
  return is_secret ? secret_type : string_type;
}

// Interpolations are quoted when the script is made: texts, and lists of texts.
std::uint32_t Checker::of(const ast::ShellTemplate& node, ast::ExprId) {
  for (std::uint32_t index = node.parts.begin; index < node.parts.end; ++index) {
    const ast::ExprId value = module().file.string_parts[index].value;
    if (value.is_none()) {
      continue;
    }
    const std::uint8_t outer = traits_;
    const std::uint32_t type = infer(value, strings_);
    traits_ |= outer;
    bool is_secret = types_.kind(type) == TypeKind::secret;
    if (is_secret) {
      diagnostics_.report<Code::secret_leak>(span(value), "a command")
          .help("give it to the command with `with env { NAME: secret }` or `with stdin secret`");
    } else if (!types_.fits(type, strings_)) {
      part(value, is_secret);
    }
  }
  traits_ |= Traits::acts;
  return exec_result_;
}

std::uint32_t Checker::of(const ast::ListLiteral& node, std::uint32_t hint) {
  const bool is_hinted =
      hint != no_type && types_.kind(hint) == TypeKind::list && !types_.has_variable(hint);
  std::uint32_t element = is_hinted ? types_[hint].element : any_type;
  if (hint == json_type) {
    element = json_type;
  }
  const bool is_known = element != any_type;
  for (std::uint32_t index = node.items.begin; index < node.items.end; ++index) {
    const ast::ExprId item = module().file.expr_lists[index];
    if (is_known) {
      expect(item, element);
      continue;
    }
    const std::uint32_t found = infer(item, element == any_type ? no_type : element);
    bool matches = true;
    const std::uint32_t both = types_.common(element, found, matches);
    if (!matches) {
      mismatch(item, element, found);
    }
    element = matches ? both : element;
  }
  return types_.list_of(element);
}

std::uint32_t Checker::of(const ast::RecordLiteral& node, ast::ExprId id, std::uint32_t hint) {
  if (node.type_path.size() == 0) {
    if (hint != no_type && types_.kind(hint) == TypeKind::record) {
      record_literal(node.fields, types_[hint].detail, span(id));
      return hint;
    }
    if (is_given_ && hint != no_type && types_.kind(hint) == TypeKind::resource) {
      element_literal(node.fields, types_[hint].detail);
      return hint;
    }
    return map_literal(node.fields, hint);
  }
  ast::TypeRef type;
  for (std::uint32_t index = node.type_path.begin; index < node.type_path.end; ++index) {
    type.path.push_back(module().file.paths[index]);
    type.span = join(type.span, type.path.back().span);
  }
  const std::uint32_t found = type_of(type);
  if (found == host_type) {
    return host_literal(node.fields);
  }
  if (types_.kind(found) == TypeKind::record) {
    record_literal(node.fields, types_[found].detail, span(id));
    return found;
  }
  if (found != any_type) {
    auto& diagnostic = diagnostics_.report<Code::wrong_kind_of_name>(
        type.span, types_.text(found), "not written with braces", "a record type");
    if (types_.kind(found) == TypeKind::resource) {
      diagnostic.help("a resource is written with parentheses: name(field: value)");
    }
  }
  static_cast<void>(map_literal(node.fields, no_type));
  return any_type;
}

std::uint32_t Checker::map_literal(ast::Range fields, std::uint32_t hint) {
  std::uint32_t element = any_type;
  if (hint == json_type) {
    element = json_type;
  } else if (hint != no_type && types_.kind(hint) == TypeKind::map && !types_.has_variable(hint)) {
    element = types_[hint].element;
  }
  const bool is_known = element != any_type;
  for (std::uint32_t index = fields.begin; index < fields.end; ++index) {
    const ast::ExprId value = module().file.arguments[index].value;
    const auto& all = module().file.arguments;
    bool is_twice = false;
    for (std::uint32_t other = fields.begin; other < index; ++other) {
      is_twice = is_twice || all[other].name == all[index].name;
    }
    if (is_twice) {
      diagnostics_.report<Code::duplicate_name>(all[index].name_span, all[index].name.text());
    }
    if (is_known) {
      expect(value, element);
      continue;
    }
    bool matches = true;
    const std::uint32_t both = types_.common(element, infer(value), matches);
    element = matches ? both : json_type;
  }
  return hint == json_type ? json_type : types_.map_of(element);
}

void Checker::record_literal(ast::Range fields, std::uint32_t record, Span place) {
  const RecordType& type = plan_.record_types[record];
  std::vector<bool> given(type.field_names.size(), false);
  for (std::uint32_t index = fields.begin; index < fields.end; ++index) {
    const ast::Argument argument = module().file.arguments[index];
    const auto found = std::ranges::find(type.field_names, argument.name.text());
    if (found == type.field_names.end()) {
      const std::vector<std::string_view> names(type.field_names.begin(), type.field_names.end());
      auto& diagnostic = diagnostics_.report<Code::unknown_member>(
          argument.name_span, fmt::format("`{}`", type.name), "field", argument.name.text());
      if (const auto near = nearest(argument.name.text(), names); !near.empty()) {
        diagnostic.did_you_mean(argument.name_span, near);
      }
      static_cast<void>(infer(argument.value));
      continue;
    }
    const auto position = static_cast<std::size_t>(found - type.field_names.begin());
    if (given[position]) {
      diagnostics_.report<Code::wrong_arguments>(
          argument.name_span, type.name, fmt::format("gets `{}` twice", argument.name.text()));
    }
    given[position] = true;
    expect(argument.value, plan_.record_types[record].field_types[position]);
  }
  for (std::size_t index = 0; index < given.size(); ++index) {
    const RecordType& now = plan_.record_types[record];
    if (!given[index] && now.defaults[index].is_none()) {
      diagnostics_.report<Code::wrong_arguments>(
          place, now.name, fmt::format("needs a value for `{}`", now.field_names[index]));
    }
  }
}

std::uint32_t Checker::host_literal(ast::Range fields) {
  struct HostField {
    std::string_view name;
    std::uint32_t type;
  };
  static constexpr std::array host_fields{
      HostField{"address", string_type}, HostField{"user", string_type},
      HostField{"become", string_type},  HostField{"port", int_type},
      HostField{"local", bool_type},     HostField{"become_password", secret_type}};
  for (std::uint32_t index = fields.begin; index < fields.end; ++index) {
    const ast::Argument argument = module().file.arguments[index];
    const auto found = std::ranges::find(host_fields, argument.name.text(), &HostField::name);
    if (found == host_fields.end()) {
      diagnostics_
          .report<Code::unknown_member>(argument.name_span, "a host", "field", argument.name.text())
          .help("a host has address, user, port, become, become_password and local");
      continue;
    }
    expect(argument.value, found->type);
  }
  return host_type;
}

// --- names and members

void Checker::command(ast::ExprId id) {
  const auto* list = std::get_if<ast::ListLiteral>(&expr(id).node);
  const auto* script = std::get_if<ast::ShellTemplate>(&expr(id).node);
  if (script != nullptr) {
    static_cast<void>(infer(id));
    return;
  }
  const std::string_view place = secret_place_;
  secret_place_ = "the arguments of a command";
  expect(id, strings_);
  secret_place_ = place;
  if (list != nullptr && list->items.size() == 0) {
    diagnostics_.report<Code::type_mismatch>(span(id), "a command", "an empty list");
  }
}

std::uint32_t Checker::of(const ast::Run& node, ast::ExprId) {
  command(node.command);
  traits_ |= Traits::acts;
  return exec_result_;
}

std::uint32_t Checker::of(const ast::Pipe& node) {
  for (const ast::ExprId side : {node.source, node.sink}) {
    const auto* list = std::get_if<ast::ListLiteral>(&expr(side).node);
    if (list != nullptr) {
      command(side);
      continue;
    }
    const std::uint32_t type = infer(side);
    if (!types_.fits(type, exec_result_)) {
      diagnostics_.report<Code::type_mismatch>(span(side), "a command", types_.text(type));
    }
  }
  traits_ |= Traits::acts;
  return exec_result_;
}

std::uint32_t Checker::of(const ast::WithOptions& node, ast::ExprId) {
  const std::uint32_t type = infer(node.command);
  const ast::CommandOptions options = module().file.command_options[node.options];
  const auto* call = std::get_if<ast::Call>(&expr(node.command).node);
  const bool is_native_call = call != nullptr &&
                              symbol(call->callee).kind == SymbolKind::function &&
                              symbol(call->callee).module == Modules::native;
  const bool is_command = std::holds_alternative<ast::Run>(expr(node.command).node) ||
                          std::holds_alternative<ast::ShellTemplate>(expr(node.command).node) ||
                          is_native_call || types_.kind(type) == TypeKind::any;
  if (!is_command) {
    diagnostics_.report<Code::type_mismatch>(span(node.command), "a command", types_.text(type));
  }
  expect(options.host, host_type);
  expect(options.user, string_type);
  expect(options.timeout, duration_type);
  if (!options.standard_input.is_none()) {
    expect(options.standard_input, secret_type);
  }
  if (!options.env.is_none()) {
    expect(options.env, types_.map_of(secret_type));
  }
  return type;
}

}  // namespace plan
