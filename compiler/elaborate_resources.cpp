// Resources as they are declared: `resource old_db = postgres.database(…)`.

#include <utility>

#include <fmt/format.h>

#include "compiler/arguments.hpp"
#include "compiler/elaborator.hpp"

namespace plan {

Value Elaborator::declared_resource(std::uint32_t module, std::uint32_t ordinal) {
  const Module& where = modules_[module];
  const ast::ResourceDecl& node = *where.resources[ordinal].node;
  const auto* call = std::get_if<ast::Call>(&where[node.value].node);
  const Symbol callee = call == nullptr ? Symbol{} : where.symbols[call->callee.index];
  if (callee.kind != SymbolKind::resource_type) {
    return evaluate(module, node.value);
  }
  const std::uint32_t type = modules_[callee.module].resource_type_indexes[callee.index];
  std::vector<Value> fields = field_values(module, *call, callee, node.name.span);
  bool is_new = false;
  const ResourceId id = assembly_.resource(type, fields, node.name.span, is_new);
  const bool was_declared = !plan_.resources[id.index].name.empty();
  if (!is_new && was_declared) {
    check_same(id, fields, node.name.name, node.name.span);
  } else if (!is_new) {
    plan_.resources[id.index].fields = std::move(fields);
    plan_.resources[id.index].span = node.name.span;
  }
  assembly_.name(
      id, local_depth_ > 0 ? step_name(node.name.name.text()) : std::string(node.name.name.text()));
  return Value{id};
}

std::vector<Value> Elaborator::field_values(std::uint32_t module,
                                            const ast::Call& call,
                                            Symbol type,
                                            Span span) {
  const auto& formals = modules_[type.module].resource_signatures[type.index].formals;
  std::vector<Value> fields;
  fields.reserve(formals.size());
  // Taken away while it is in use: a value may be that of another declaration.
  std::vector<ast::ExprId> matched = std::move(matched_);
  match_arguments(modules_[module].file, call.arguments, formals, matched);
  for (const ast::ExprId argument : matched) {
    auto simple = argument.is_none() ? std::nullopt : simple_value(module, argument);
    if (!simple) {
      break;
    }
    fields.push_back(std::move(*simple));
  }
  matched_ = std::move(matched);
  if (fields.size() == formals.size()) {
    return fields;
  }
  fields.clear();
  const Core::Mark mark = scratch_.mark();
  {
    Lowering lowering(context_, scratch_, module);
    std::vector<Value> slots;
    for (const ExprId field : lowering.fields(call, type)) {
      fields.push_back(partial_.evaluate(scratch_, field, slots, span));
    }
  }
  scratch_.release(mark);
  return fields;
}

// Two declarations of one thing must say the same of it.
void Elaborator::check_same(ResourceId known,
                            const std::vector<Value>& fields,
                            Name name,
                            Span at) {
  const Resource& resource = plan_.resources[known.index];
  for (std::size_t field = 0; field < fields.size(); ++field) {
    if (resource.fields[field] != fields[field]) {
      const ResourceType& type = plan_.resource_types[resource.type];
      diagnostics_
          .report<Code::conflicting_resources>(at, resource.name, name.text(), type.name,
                                               type.field_names[field])
          .label(resource.span, fmt::format("`{}` is declared here", resource.name))
          .help(
              fmt::format("if they are two things, one of {} is wrong in one of them; if they are "
                          "one, declare it once",
                          key_text(type)));
      return;
    }
  }
}

// "`host`, `port` and `name`".
std::string Elaborator::key_text(const ResourceType& type) {
  std::string text;
  for (std::size_t index = 0; index < type.key.size(); ++index) {
    const bool is_last = index + 1 == type.key.size();
    text += index == 0 ? "" : is_last ? " and " : ", ";
    text += fmt::format("`{}`", type.field_names[type.key[index]]);
  }
  return text;
}

}  // namespace plan
