// Types of names and of what is reached through them: members, outputs, enum cases, elements.

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "compiler/checker.hpp"
#include "compiler/declare.hpp"
#include "dsl/spell.hpp"

namespace plan {

std::uint32_t Checker::of(const ast::NameRef& node, ast::ExprId id, std::uint32_t hint) {
  const Symbol found = symbol(id);
  const bool may_be_case =
      hint != no_type && types_.kind(hint) == TypeKind::enumeration && is_case_of(hint, node.name);
  if (found.kind == SymbolKind::enum_case) {
    return enum_case(node.name, id, hint);
  }
  if (may_be_case) {
    // A name of that very type wins over the case.
    const std::size_t mark = diagnostics_.size();
    const std::uint32_t type = value_of(found, id, node.name);
    if (diagnostics_.size() == mark && type == hint) {
      return type;
    }
    diagnostics_.truncate(mark);
    set(id, {SymbolKind::enum_case, 0, node.name.id()});
    return hint;
  }
  return value_of(found, id, node.name);
}

std::uint32_t Checker::value_of(Symbol found, ast::ExprId id, Name name) {
  switch (found.kind) {
    case SymbolKind::none:
      return any_type;
    case SymbolKind::local:
      return slot_type(found.index);
    case SymbolKind::self:
      return types_.named(TypeKind::resource, self_type_);
    case SymbolKind::field:
      return plan_.resource_types[self_type_].field_types[found.index];
    case SymbolKind::attribute:
      traits_ |= Traits::reads_state;
      return plan_.resource_types[self_type_].attributes[found.index].type;
    case SymbolKind::input:
      return modules_[found.module].input_types[found.index];
    case SymbolKind::let_value:
      return let_type(found.module, found.index, span(id));
    case SymbolKind::resource:
      return resource_type_of(found.module, found.index, span(id));
    case SymbolKind::loop_variable:
      return modules_[found.module].loop_types[found.index];
    case SymbolKind::null_value:
      return scalar(TypeKind::null);
    case SymbolKind::enum_case:
      return any_type;
    case SymbolKind::output:
    case SymbolKind::module:
    case SymbolKind::step:
    case SymbolKind::phase:
    case SymbolKind::operation:
    case SymbolKind::function:
    case SymbolKind::rule:
    case SymbolKind::resource_type:
    case SymbolKind::record_type:
    case SymbolKind::enum_type:
      break;
  }
  auto& diagnostic = diagnostics_.report<Code::wrong_kind_of_name>(
      span(id), name.text(), kind_text(found.kind), "a value");
  if (found.kind == SymbolKind::step) {
    diagnostic.help("the outputs of a step are written step.output");
  } else if (found.kind == SymbolKind::function || found.kind == SymbolKind::resource_type) {
    diagnostic.help(fmt::format("it is used as `{}(…)`", name.text()));
  }
  return any_type;
}

bool Checker::is_case_of(std::uint32_t type, Name name) const {
  return std::ranges::count(plan_.enum_types[types_[type].detail].cases, name.text()) > 0;
}

std::uint32_t Checker::enum_case(Name name, ast::ExprId id, std::uint32_t hint) {
  if (hint != no_type && types_.kind(hint) == TypeKind::enumeration) {
    if (is_case_of(hint, name)) {
      return hint;
    }
    const EnumType& type = plan_.enum_types[types_[hint].detail];
    const std::vector<std::string_view> cases(type.cases.begin(), type.cases.end());
    auto& diagnostic =
        diagnostics_.report<Code::unknown_name>(span(id), "case of " + type.name, name.text());
    if (const auto near = nearest(name.text(), cases); !near.empty()) {
      diagnostic.did_you_mean(span(id), near);
    }
    diagnostic.help(fmt::format("the cases are {}", fmt::join(cases, ", ")));
    return any_type;
  }
  diagnostics_.report<Code::unknown_name>(span(id), "name", name.text())
      .note("it is a case of an enum, but no value of that enum is expected here");
  return any_type;
}

std::uint32_t Checker::of(const ast::Member& node, ast::ExprId id, std::uint32_t hint) {
  const Symbol known = symbol(id);
  if (known.kind == SymbolKind::enum_case) {
    return enum_case(node.field, id, hint);
  }
  if (known.kind != SymbolKind::none && known.kind != SymbolKind::field &&
      known.kind != SymbolKind::attribute && known.kind != SymbolKind::output) {
    return value_of(known, id, node.field);
  }
  const Symbol base_symbol = symbol(node.base);
  if (base_symbol.kind == SymbolKind::module) {
    return any_type;  // reported by resolve
  }
  if (base_symbol.kind == SymbolKind::step) {
    return output(node, id, base_symbol);
  }
  return member_of(node, id, infer(node.base));
}

// A field or state of a value.
std::uint32_t Checker::member_of(const ast::Member& node, ast::ExprId id, std::uint32_t base) {
  const Type type = types_[base];
  const std::string_view name = node.field.text();
  std::vector<std::string_view> candidates;
  if (type.kind == TypeKind::resource) {
    const ResourceType& resource = plan_.resource_types[type.detail];
    const auto field = std::ranges::find(resource.field_names, name);
    if (field != resource.field_names.end()) {
      const auto index = static_cast<std::uint32_t>(field - resource.field_names.begin());
      set(id, {SymbolKind::field, 0, index});
      return resource.field_types[index];
    }
    const auto attribute = std::ranges::find(resource.attributes, name, &Attribute::name);
    if (attribute != resource.attributes.end()) {
      set(id, {SymbolKind::attribute, 0,
               static_cast<std::uint32_t>(attribute - resource.attributes.begin())});
      traits_ |= Traits::reads_state;
      return attribute->type;
    }
    candidates.assign(resource.field_names.begin(), resource.field_names.end());
    std::ranges::transform(resource.attributes, std::back_inserter(candidates), &Attribute::name);
  } else if (type.kind == TypeKind::record) {
    const RecordType& record = plan_.record_types[type.detail];
    const auto field = std::ranges::find(record.field_names, name);
    if (field != record.field_names.end()) {
      return record.field_types[static_cast<std::size_t>(field - record.field_names.begin())];
    }
    candidates.assign(record.field_names.begin(), record.field_names.end());
  } else if (type.kind == TypeKind::json || type.kind == TypeKind::any) {
    return base;
  }
  unknown_member(node, base, candidates);
  return any_type;
}

void Checker::unknown_member(const ast::Member& node,
                             std::uint32_t base,
                             std::span<const std::string_view> candidates) {
  const Type type = types_[base];
  auto& diagnostic = diagnostics_.report<Code::unknown_member>(
      node.field_span,
      type.kind == TypeKind::resource || type.kind == TypeKind::record
          ? fmt::format("`{}`", types_.text(base))
          : "a value of type " + types_.text(base),
      type.kind == TypeKind::resource ? "field or state" : "field", node.field.text());
  if (const auto near = nearest(node.field.text(), candidates); !near.empty()) {
    diagnostic.did_you_mean(node.field_span, near);
  } else if (type.kind == TypeKind::map) {
    diagnostic.help(fmt::format("an entry of a map is written [\"{}\"]", node.field.text()));
  } else if (type.kind == TypeKind::host) {
    diagnostic.help("the address of a host is `address(host)`");
  }
}

std::uint32_t Checker::output(const ast::Member& node, ast::ExprId id, Symbol step) {
  const Symbol operation = modules_[step.module].step_operations[step.index];
  traits_ |= Traits::uses_token;
  if (operation.kind != SymbolKind::operation) {
    return any_type;
  }
  const auto& outputs = modules_[operation.module].operation_signatures[operation.index].outputs;
  const auto found = std::ranges::find(outputs, node.field, &Formal::name);
  if (found == outputs.end()) {
    diagnostics_.report<Code::unknown_member>(
        node.field_span, fmt::format("`{}`", name_of(operation)), "output", node.field.text());
    return any_type;
  }
  set(id,
      {SymbolKind::output, operation.module, static_cast<std::uint32_t>(found - outputs.begin())});
  return found->type;
}

std::uint32_t Checker::of(const ast::Index& node) {
  const std::uint32_t base = infer(node.base);
  const Type type = types_[base];
  if (type.kind == TypeKind::list) {
    expect(node.index, int_type);
    return type.element;
  }
  if (type.kind == TypeKind::map) {
    expect(node.index, string_type);
    return type.element;
  }
  const std::uint32_t index = infer(node.index);
  if (type.kind == TypeKind::json || type.kind == TypeKind::any) {
    if (types_.kind(index) != TypeKind::integer && !types_.fits(index, string_type)) {
      mismatch(node.index, string_type, index);
    }
    return base;
  }
  diagnostics_.report<Code::type_mismatch>(span(node.base), "a list, a map or json",
                                           types_.text(base));
  return any_type;
}

// --- commands

}  // namespace plan
