// Expressions, and what the names in them stand for.

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "compiler/declare.hpp"
#include "compiler/resolver.hpp"
#include "dsl/spell.hpp"

namespace plan {

// --- expressions

void Resolver::expr(ast::ExprId id) {
  if (id.is_none()) {
    return;
  }
  struct Visitor {
    Resolver& self;
    ast::ExprId id;
    void operator()(const ast::Invalid&) const {}
    void operator()(const ast::BoolLiteral&) const {}
    void operator()(const ast::IntLiteral&) const {}
    void operator()(const ast::DurationLiteral&) const {}
    void operator()(const ast::SizeLiteral&) const {}
    void operator()(const ast::VersionLiteral&) const {}
    void operator()(const ast::StringLiteral& node) const { self.parts(node.parts); }
    void operator()(const ast::ShellTemplate& node) const { self.parts(node.parts); }
    void operator()(const ast::ListLiteral& node) const {
      for (std::uint32_t index = node.items.begin; index < node.items.end; ++index) {
        self.expr(self.module_.file.expr_lists[index]);
      }
    }
    void operator()(const ast::RecordLiteral& node) const { self.arguments(node.fields); }
    void operator()(const ast::NameRef& node) const { self.node(node, id); }
    void operator()(const ast::Member& node) const { self.node(node, id); }
    void operator()(const ast::Index& node) const {
      self.expr(node.base);
      self.expr(node.index);
    }
    void operator()(const ast::Call& node) const { self.node(node, id); }
    void operator()(const ast::Unary& node) const { self.expr(node.operand); }
    void operator()(const ast::Binary& node) const {
      self.expr(node.left);
      self.expr(node.right);
    }
    void operator()(const ast::Conditional& node) const {
      self.expr(node.condition);
      self.expr(node.then_value);
      self.expr(node.else_value);
    }
    void operator()(const ast::Cast& node) const { self.expr(node.value); }
    void operator()(const ast::ForAll& node) const { self.node(node, id); }
    void operator()(const ast::Comprehension& node) const { self.node(node, id); }
    void operator()(const ast::Run& node) const { self.expr(node.command); }
    void operator()(const ast::Pipe& node) const {
      self.expr(node.source);
      self.expr(node.sink);
    }
    void operator()(const ast::WithOptions& node) const { self.node(node, id); }
  };
  std::visit(Visitor{*this, id}, module_[id].node);
}

void Resolver::parts(ast::Range parts) {
  for (std::uint32_t index = parts.begin; index < parts.end; ++index) {
    expr(module_.file.string_parts[index].value);
  }
}

void Resolver::arguments(ast::Range arguments) {
  for (std::uint32_t index = arguments.begin; index < arguments.end; ++index) {
    expr(module_.file.arguments[index].value);
  }
}

void Resolver::node(const ast::Call& call, ast::ExprId) {
  callee(call.callee);
  wants_operation_ = false;
  arguments(call.arguments);
}

// The file's own declaration wins over a native if it can be called where it stands.
std::optional<Symbol> Resolver::callable(Name name) {
  const auto own = global(name);
  const bool is_operation = own && own->kind == SymbolKind::operation;
  const bool is_other =
      own && (own->kind == SymbolKind::function || own->kind == SymbolKind::rule ||
              own->kind == SymbolKind::resource_type);
  if (is_operation ? wants_operation_ : is_other) {
    return own;
  }
  const Symbol* native = modules_[Modules::native].names.find(name);
  return native != nullptr && native->kind == SymbolKind::function ? std::optional(*native) : own;
}

void Resolver::callee(ast::ExprId id) {
  if (const auto* name = std::get_if<ast::NameRef>(&module_[id].node)) {
    if (const auto symbol = callable(name->name)) {
      set(id, *symbol);
    } else if (const auto hidden = local(name->name)) {
      set(id, *hidden);
    } else {
      unknown("function", name->name, module_[id].span, module_);
    }
    return;
  }
  const auto* member = std::get_if<ast::Member>(&module_[id].node);
  const auto* base =
      member == nullptr ? nullptr : std::get_if<ast::NameRef>(&module_[member->base].node);
  const Symbol* symbol = base == nullptr ? nullptr : module_.names.find(base->name);
  if (symbol != nullptr && symbol->kind == SymbolKind::module) {
    set(member->base, *symbol);
    member_of_module(*member, id, symbol->index);
    return;
  }
  expr(id);
}

void Resolver::node(const ast::Member& member, ast::ExprId id) {
  expr(member.base);
  const Symbol base = module_.symbols[member.base.index];
  if (base.kind == SymbolKind::module) {
    member_of_module(member, id, base.index);
  }
}

void Resolver::member_of_module(const ast::Member& member, ast::ExprId id, std::uint32_t used) {
  const Symbol* symbol = modules_[used].names.find(member.field);
  if (symbol == nullptr || symbol->kind == SymbolKind::module) {
    if (enum_cases_.find(member.field) != nullptr) {
      set(id, {SymbolKind::enum_case, index_, member.field.id()});
      return;
    }
    unknown(fmt::format("name in `{}`:", modules_[used].name), member.field, member.field_span,
            modules_[used]);
    return;
  }
  set(id, *symbol);
}

void Resolver::node(const ast::NameRef& name, ast::ExprId id) {
  static const Name self_name("self");
  static const Name null_name("null");
  if (const auto symbol = local(name.name)) {
    set(id, *symbol);
  } else if (is_self_named_ && name.name == self_name) {
    set(id, {SymbolKind::self, index_, self_ordinal_});
  } else if (const auto member = member_of_self(name.name)) {
    set(id, *member);
  } else if (const auto found = global(name.name)) {
    set(id, *found);
  } else if (name.name == null_name) {
    set(id, {SymbolKind::null_value, index_, 0});
  } else if (enum_cases_.find(name.name) != nullptr) {
    set(id, {SymbolKind::enum_case, index_, name.name.id()});
  } else {
    unknown("name", name.name, module_[id].span, module_);
  }
}

void Resolver::node(const ast::ForAll& node, ast::ExprId id) {
  expr(node.list);
  set(id, {SymbolKind::local, index_, next_slot_});
  bind(node.variable);
  ++next_slot_;
  expr(node.condition);
  scope_.pop_back();
}

// A comprehension whose body acts becomes a loop, which keeps its position in the next slot and
// its result in the one after that.
void Resolver::node(const ast::Comprehension& node, ast::ExprId id) {
  expr(node.list);
  set(id, {SymbolKind::local, index_, next_slot_});
  bind(node.variable);
  ++next_slot_;
  expr(node.value);
  expr(node.condition);
  scope_.pop_back();
}

void Resolver::node(const ast::WithOptions& node, ast::ExprId) {
  expr(node.command);
  const ast::CommandOptions& options = module_.file.command_options[node.options];
  for (const ast::ExprId option :
       {options.host, options.user, options.env, options.standard_input, options.timeout}) {
    expr(option);
  }
}

// --- names

std::optional<Symbol> Resolver::local(Name name) const {
  for (auto scoped = scope_.rbegin(); scoped != scope_.rend(); ++scoped) {
    if (scoped->name == name) {
      return scoped->symbol;
    }
  }
  return std::nullopt;
}

std::optional<Symbol> Resolver::member_of_self(Name name) const {
  if (self_ == nullptr) {
    return std::nullopt;
  }
  const auto named = [name](const auto& member) { return member.name.name == name; };
  const auto field = std::ranges::find_if(self_->fields, named);
  if (field != self_->fields.end()) {
    return Symbol{SymbolKind::field, index_,
                  static_cast<std::uint32_t>(field - self_->fields.begin())};
  }
  const auto attribute = std::ranges::find_if(self_->attributes, named);
  if (attribute != self_->attributes.end()) {
    return Symbol{SymbolKind::attribute, index_,
                  static_cast<std::uint32_t>(attribute - self_->attributes.begin())};
  }
  return std::nullopt;
}

std::optional<Symbol> Resolver::global(Name name) {
  const Symbol* symbol = module_.names.find(name);
  if (symbol == nullptr) {
    symbol = modules_[Modules::native].names.find(name);
    return symbol == nullptr ? std::nullopt : std::optional(*symbol);
  }
  if (symbol->kind == SymbolKind::input) {
    used_inputs_[symbol->index] = true;
  } else if (symbol->kind == SymbolKind::let_value) {
    used_lets_[symbol->index] = true;
  }
  return *symbol;
}

void Resolver::unknown(std::string_view what, Name name, Span span, const Module& where) {
  // A module that is not used is named at each of its uses: the first one says it.
  if (std::ranges::find(missing_uses_, name) != missing_uses_.end()) {
    return;
  }
  std::vector<std::string_view> candidates;
  for (const Scoped& scoped : scope_) {
    candidates.push_back(scoped.name.text());
  }
  if (self_ != nullptr) {
    for (const ast::Field& field : self_->fields) {
      candidates.push_back(field.name.name.text());
    }
    for (const ast::Attribute& attribute : self_->attributes) {
      candidates.push_back(attribute.name.name.text());
    }
  }
  const auto take = [&candidates](const auto& table) {
    for (const auto& declared : table) {
      candidates.push_back(declared.node->name.name.text());
    }
  };
  const auto take_module = [&](const Module& module) {
    for (const Used& used : module.uses) {
      candidates.push_back(used.alias.text());
    }
    take(module.inputs), take(module.lets), take(module.resources), take(module.steps);
    take(module.operations), take(module.functions), take(module.rules);
    take(module.resource_types), take(module.record_types), take(module.enum_types);
  };
  take_module(where);
  take_module(modules_[Modules::native]);
  for (const Module& each : modules_.modules) {
    for (const auto& declared : each.enum_types) {
      for (const ast::Identifier& enum_case : declared.node->cases) {
        candidates.push_back(enum_case.name.text());
      }
    }
  }
  const bool is_hidden = std::erase(candidates, name.text()) > 0;
  auto& diagnostic = diagnostics_.report<Code::unknown_name>(span, what, name.text());
  if (is_hidden) {
    diagnostic.note("there is a declaration of that name, but it is not seen here");
    return;
  }
  if (&where == &module_ && add_missing_use(diagnostic, name.text(), span)) {
    missing_uses_.push_back(name);
    return;
  }
  if (const auto near = nearest(name.text(), candidates); !near.empty()) {
    diagnostic.did_you_mean(span, near);
  }
}

}  // namespace plan
