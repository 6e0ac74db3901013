// Calls: of functions, natives, operations, rules, and of resource types, which make resources.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/arguments.hpp"
#include "compiler/checker.hpp"
#include "compiler/declare.hpp"
#include "dsl/spell.hpp"

namespace plan {

const Signature* Checker::signature(Symbol symbol) const {
  const Module& where = modules_[symbol.module];
  switch (symbol.kind) {
    case SymbolKind::function:
      return &where.function_signatures[symbol.index];
    case SymbolKind::operation:
      return &where.operation_signatures[symbol.index];
    case SymbolKind::rule:
      return &where.rule_signatures[symbol.index];
    case SymbolKind::resource_type:
      return &where.resource_signatures[symbol.index];
    case SymbolKind::none:
    case SymbolKind::local:
    case SymbolKind::self:
    case SymbolKind::field:
    case SymbolKind::attribute:
    case SymbolKind::module:
    case SymbolKind::input:
    case SymbolKind::let_value:
    case SymbolKind::resource:
    case SymbolKind::loop_variable:
    case SymbolKind::step:
    case SymbolKind::phase:
    case SymbolKind::record_type:
    case SymbolKind::enum_type:
    case SymbolKind::output:
    case SymbolKind::enum_case:
    case SymbolKind::null_value:
      return nullptr;
  }
  return nullptr;
}

std::string Checker::name_of(Symbol symbol) const {
  const Module& where = modules_[symbol.module];
  std::string_view name;
  if (symbol.kind == SymbolKind::function) {
    name = where.functions[symbol.index].node->name.name.text();
  } else if (symbol.kind == SymbolKind::operation) {
    name = where.operations[symbol.index].node->name.name.text();
  } else if (symbol.kind == SymbolKind::rule) {
    name = where.rules[symbol.index].node->name.name.text();
  } else if (symbol.kind == SymbolKind::resource_type) {
    name = where.resource_types[symbol.index].node->name.name.text();
  }
  return where.name.empty() || where.is_native ? std::string(name)
                                               : fmt::format("{}.{}", where.name, name);
}

std::uint32_t Checker::of(const ast::Call& node, ast::ExprId id, std::uint32_t) {
  const Symbol callee = symbol(node.callee);
  const Signature* found = signature(callee);
  const bool is_allowed = (callee.kind != SymbolKind::operation || allows_operation_) &&
                          (callee.kind != SymbolKind::rule || allows_rule_);
  if (found == nullptr || !is_allowed) {
    not_callable(node, callee);
    for (std::uint32_t index = node.arguments.begin; index < node.arguments.end; ++index) {
      // Of which enum a case is, nobody can tell here.
      const ast::ExprId value = module().file.arguments[index].value;
      if (symbol(value).kind != SymbolKind::enum_case) {
        static_cast<void>(infer(value));
      }
    }
    return scalar(TypeKind::any);
  }
  const bool operation = std::exchange(allows_operation_, false);
  const bool rule = std::exchange(allows_rule_, false);
  std::uint32_t type = found->result;
  if (callee.kind == SymbolKind::function && callee.module == Modules::native) {
    type = native_call(node, callee, *found);
  } else {
    arguments(node, found->formals);
    if (callee.kind == SymbolKind::function) {
      traits_ |= function(callee.module, callee.index, span(id));
    } else if (callee.kind == SymbolKind::rule) {
      rule_uses(callee.module, callee.index, span(id));
    }
  }
  allows_operation_ = operation;
  allows_rule_ = rule;
  return type;
}

void Checker::not_callable(const ast::Call& node, Symbol symbol) {
  if (symbol.kind == SymbolKind::none) {
    if (std::holds_alternative<ast::NameRef>(expr(node.callee).node)) {
      return;  // reported by resolve
    }
    const auto* member = std::get_if<ast::Member>(&expr(node.callee).node);
    const bool is_unknown_base = member != nullptr &&
                                 this->symbol(member->base).kind == SymbolKind::none &&
                                 std::holds_alternative<ast::NameRef>(expr(member->base).node);
    if (member != nullptr &&
        (is_unknown_base || this->symbol(member->base).kind == SymbolKind::module)) {
      return;  // reported by resolve
    }
    diagnostics_.report<Code::bad_reference>(
        span(node.callee), "only functions, operations and resource types can be called");
    return;
  }
  const std::string wanted = allows_operation_ ? "an operation" : "a function";
  auto& diagnostic = diagnostics_.report<Code::wrong_kind_of_name>(
      span(node.callee), source(node.callee), kind_text(symbol.kind), wanted);
  if (symbol.kind == SymbolKind::operation) {
    diagnostic.help(
        fmt::format("an operation is used by a step: step name = {}(…)", source(node.callee)));
  } else if (symbol.kind == SymbolKind::rule) {
    diagnostic.help(fmt::format("a rule is used by `require {}(…)`", source(node.callee)));
  }
}

void Checker::arguments(const ast::Call& node, std::span<const Formal> formals) {
  const ast::File& file = module().file;
  std::vector<ast::ExprId> matched = std::move(matched_);
  match_arguments(file, node.arguments, formals, matched);
  std::size_t used = 0;
  bool is_complete = true;
  for (std::size_t index = 0; index < formals.size(); ++index) {
    if (matched[index].is_none()) {
      is_complete = is_complete && !formals[index].default_value.is_none();
      continue;
    }
    ++used;
    expect(matched[index], formals[index].type);
  }
  matched_ = std::move(matched);
  if (used != node.arguments.size() || !is_complete) {
    check_names(node, source(node.callee), formals);
  }
}

// Says what is wrong with the arguments: only called where something is.
void Checker::check_names(const ast::Call& node,
                          std::string_view name,
                          std::span<const Formal> formals) {
  const ast::File& file = module().file;
  std::vector<std::string_view> names;
  for (const Formal& formal : formals) {
    names.push_back(formal.name.text());
  }
  std::vector<bool> given(formals.size(), false);
  std::size_t position = 0;
  bool is_wrong = false;
  for (std::uint32_t index = node.arguments.begin; index < node.arguments.end; ++index) {
    const ast::Argument argument = file.arguments[index];
    const auto found = std::ranges::find(names, argument.name.text());
    const std::size_t place =
        argument.name.is_empty() ? position++ : static_cast<std::size_t>(found - names.begin());
    if (place < formals.size() && !given[place]) {
      given[place] = true;
      continue;
    }
    is_wrong = true;
    static_cast<void>(infer(argument.value));
    if (argument.name.is_empty()) {
      diagnostics_.report<Code::wrong_arguments>(
          span(argument.value), name,
          place < formals.size() ? fmt::format("gets `{}` twice", names[place])
                                 : fmt::format("takes {} argument{} at most", formals.size(),
                                               formals.size() == 1 ? "" : "s"));
      continue;
    }
    auto& diagnostic = diagnostics_.report<Code::wrong_arguments>(
        argument.name_span, name,
        place < formals.size() ? fmt::format("gets `{}` twice", names[place])
                               : fmt::format("has no parameter `{}`", argument.name.text()));
    const auto near = nearest(argument.name.text(), names);
    if (place >= formals.size() && !near.empty()) {
      diagnostic.did_you_mean(argument.name_span, near);
    }
  }
  for (std::size_t index = 0; index < formals.size() && !is_wrong; ++index) {
    if (!given[index] && formals[index].default_value.is_none()) {
      diagnostics_.report<Code::wrong_arguments>(
          span(node.callee), name, fmt::format("needs a value for `{}`", names[index]));
    }
  }
}

// Type variables are bound from left to right.
std::uint32_t Checker::native_call(const ast::Call& node,
                                   Symbol symbol,
                                   const Signature& signature) {
  static const Name token_name("token");
  static const Name source_text_name("source_text");
  static const Name exec_name("exec");
  static const Name run_name("run");
  const ast::FunctionDecl& native = *modules_[symbol.module].functions[symbol.index].node;
  const Name name = native.name.name;
  std::vector<ast::ExprId> matched;
  match_arguments(module().file, node.arguments, signature.formals, matched);
  Bindings bindings;
  bindings.fill(no_type);
  std::size_t used = 0;
  bool is_complete = true;
  for (std::size_t index = 0; index < signature.formals.size(); ++index) {
    const Formal& formal = signature.formals[index];
    if (matched[index].is_none()) {
      is_complete = is_complete && !formal.default_value.is_none();
      continue;
    }
    ++used;
    if (name == exec_name || name == run_name) {
      command(matched[index]);
    } else if (!types_.has_variable(formal.type)) {
      expect(matched[index], formal.type);
    } else {
      const std::uint32_t wanted = types_.substitute(formal.type, bindings);
      const std::uint32_t found =
          infer(matched[index], wanted == scalar(TypeKind::any) ? no_type : wanted);
      if (types_.kind(found) == TypeKind::secret || !types_.unify(formal.type, found, bindings)) {
        mismatch(matched[index], wanted, found);
      }
    }
  }
  if (used != node.arguments.size() || !is_complete) {
    check_names(node, name.text(), signature.formals);
  }
  if (native.is_effect) {
    traits_ |= Traits::acts;
  } else if (name == token_name) {
    traits_ |= Traits::uses_token;
  } else if (name == source_text_name) {
    traits_ |= Traits::reads_file;
  }
  return types_.substitute(signature.result, bindings);
}

}  // namespace plan
