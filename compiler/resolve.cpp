// Declarations and statements. Expressions and names are resolve_expr.cpp.
#include "compiler/resolve.hpp"

#include <algorithm>
#include <utility>

#include "compiler/declare.hpp"
#include "compiler/resolver.hpp"

namespace plan {

void Resolver::all() {
  module_.symbols.assign_like(module_.file.exprs, Symbol{});
  used_inputs_.assign(module_.inputs.size(), false);
  used_lets_.assign(module_.lets.size(), false);
  items(module_.file.declarations, false);
  is_free_ = false;
  for (std::uint32_t index = 0; index < module_.resource_types.size(); ++index) {
    resource_type(module_.resource_types[index], index);
  }
  for (auto& declared : module_.operations) {
    operation(declared);
  }
  for (auto& declared : module_.functions) {
    function(declared);
  }
  for (auto& declared : module_.rules) {
    rule(declared);
  }
  if (module_.name.empty()) {
    lints();
  }
}

void Resolver::items(const ast::Declarations& declarations, bool is_local) {
  for (const ast::Declaration& item : declarations) {
    std::visit([&](const auto& node) { declaration(node, is_local); }, item.node);
  }
}

void Resolver::declaration(const ast::LetDecl& node, bool is_local) {
  top(node.value);
  const std::uint32_t ordinal = ordinals_.let_value++;
  if (is_local) {
    scope_.push_back({node.name.name, {SymbolKind::let_value, index_, ordinal}});
  }
}

void Resolver::declaration(const ast::ResourceDecl& node, bool is_local) {
  top(node.value);
  const std::uint32_t ordinal = ordinals_.resource++;
  if (is_local) {
    scope_.push_back({node.name.name, {SymbolKind::resource, index_, ordinal}});
  }
}

void Resolver::declaration(const ast::StepDecl& node, bool) {
  wants_operation_ = true;
  top(node.value);
  wants_operation_ = false;
  if (node.clauses.size() == 0) {
    return;
  }
  // The clauses share one frame, for a `let` among them.
  const std::size_t mark = scope_.size();
  next_slot_ = 0;
  is_free_ = false;
  for (std::uint32_t index = node.clauses.begin; index < node.clauses.end; ++index) {
    clause(module_.file.step_clauses[index]);
  }
  is_free_ = true;
  scope_.resize(mark);
}

void Resolver::declaration(const ast::PhaseDecl& node, bool is_local) {
  top(node.title);
  after(node.after);
  items(node.items, is_local);
}

void Resolver::declaration(const ast::ForDecl& node, bool) {
  top(node.list);
  if (!node.at_most.is_none()) {
    top(node.at_most);
  }
  after(node.after);
  const std::size_t mark = scope_.size();
  scope_.push_back({node.variable.name, {SymbolKind::loop_variable, index_, ordinals_.loop++}});
  items(node.items, true);
  scope_.resize(mark);
}

void Resolver::declaration(const ast::WhenDecl& node, bool is_local) {
  top(node.condition);
  items(node.items, is_local);
}

void Resolver::declaration(const ast::TestDecl& node, bool) {
  top(node.title);
  for (const ast::TestClause& test : node.clauses) {
    test_clause(test);
  }
}

void Resolver::test_clause(const ast::TestClause& clause) {
  if (const auto* given = std::get_if<ast::GivenClause>(&clause.node)) {
    top(given->condition);
  } else if (const auto* expect = std::get_if<ast::ExpectClause>(&clause.node)) {
    top(expect->condition);
  } else if (const auto* shuffle = std::get_if<ast::ShuffleClause>(&clause.node)) {
    top(shuffle->count);
  } else if (const auto* set = std::get_if<ast::SetClause>(&clause.node)) {
    top(set->value);
    const Symbol* symbol = module_.names.find(set->input.name);
    if (symbol == nullptr || symbol->kind != SymbolKind::input) {
      unknown("input", set->input.name, set->input.span, module_);
    }
  } else if (const auto* refused = std::get_if<ast::ExpectRefusedClause>(&clause.node)) {
    top(refused->message);
  } else if (const auto* fail = std::get_if<ast::FailStepClause>(&clause.node);
             fail != nullptr && !fail->turn.is_none()) {
    top(fail->turn);
  } else if (fail != nullptr) {
    const Symbol* symbol = module_.names.find(fail->step.name);
    if (symbol == nullptr || symbol->kind != SymbolKind::step) {
      unknown("step", fail->step.name, fail->step.span, module_);
    }
  }
}

void Resolver::fields(const std::vector<ast::Field>& fields) {
  for (const ast::Field& field : fields) {
    top(field.default_value);
  }
}

// Field i of the type is slot i where defaults are computed; in attributes slot 0 is the resource.
void Resolver::resource_type(Declared<ast::ResourceTypeDecl>& declared, std::uint32_t ordinal) {
  self_ = declared.node;
  self_ordinal_ = ordinal;
  next_slot_ = static_cast<std::uint32_t>(self_->fields.size());
  fields(self_->fields);
  next_slot_ = std::max<std::uint32_t>(next_slot_, 1);
  is_self_named_ = true;
  for (const ast::Attribute& attribute : self_->attributes) {
    expr(attribute.observe);
    expr(attribute.carried_by);
  }
  is_self_named_ = false;
  declared.slot_count = next_slot_;
  self_ = nullptr;
}

void Resolver::parameters(const std::vector<ast::Parameter>& parameters) {
  for (const ast::Parameter& parameter : parameters) {
    expr(parameter.default_value);
  }
  for (const ast::Parameter& parameter : parameters) {
    if (local(parameter.name.name)) {
      diagnostics_.report<Code::duplicate_name>(parameter.name.span, parameter.name.name.text());
    }
    bind(parameter.name.name);
  }
}

void Resolver::operation(Declared<ast::OperationDecl>& declared) {
  next_slot_ = 0;
  parameters(declared.node->parameters);
  expr(declared.node->on);
  expr(declared.node->user);
  for (const ast::Clause& item : declared.node->clauses) {
    clause(item);
  }
  declared.slot_count = next_slot_;
  scope_.clear();
}

void Resolver::function(Declared<ast::FunctionDecl>& declared) {
  next_slot_ = 0;
  parameters(declared.node->parameters);
  expr(declared.node->value);
  declared.slot_count = next_slot_;
  scope_.clear();
}

void Resolver::rule(Declared<ast::RuleDecl>& declared) {
  next_slot_ = 0;
  parameters(declared.node->parameters);
  for (const ast::ConditionClause& require : declared.node->requires_) {
    condition(require);
  }
  declared.slot_count = next_slot_;
  scope_.clear();
}

// Clauses of operations and steps. A `let` is seen in the clauses after it.
void Resolver::clause(const ast::Clause& item) {
  struct Visitor {
    Resolver& self;
    void operator()(const ast::RequiresClause& node) const { self.condition(node.condition); }
    void operator()(const ast::AwaitsClause& node) const { self.condition(node.condition); }
    void operator()(const ast::EnsuresClause& node) const { self.top(node.effect); }
    void operator()(const ast::ChangesClause& node) const { self.top(node.state); }
    void operator()(const ast::DestroysClause& node) const { self.top(node.state); }
    void operator()(const ast::IrreversibleClause& node) const { self.top(node.reason); }
    void operator()(const ast::DetachedClause&) const {}
    void operator()(const ast::OnceClause&) const {}
    void operator()(const ast::TimeoutClause& node) const { self.top(node.limit); }
    void operator()(const ast::RetryClause& node) const {
      self.top(node.count);
      self.top(node.every);
    }
    void operator()(const ast::UndoClause& node) const {
      self.wants_operation_ = true;
      self.top(node.call);
      self.wants_operation_ = false;
    }
    void operator()(const ast::AfterClause& node) const { self.after(node.steps); }
    void operator()(const ast::WhenClause& node) const { self.top(node.condition); }
    void operator()(const ast::AllowDestroyClause&) const {}
    void operator()(const ast::NoteClause& node) const { self.top(node.text); }
    void operator()(const ast::OutputClause& node) const { self.top(node.value); }
    void operator()(const ast::LetClause& node) const {
      self.expr(node.value);
      self.bind(node.name);
    }
    void operator()(const ast::ManualClause& node) const { self.top(node.text); }
    void operator()(const ast::DoClause& node) const { self.block(node.body); }
  };
  std::visit(Visitor{*this}, item.node);
}

void Resolver::after(const std::vector<ast::ExprId>& names) {
  for (const ast::ExprId id : names) {
    const auto* name = std::get_if<ast::NameRef>(&module_[id].node);
    if (name == nullptr) {
      if (!std::holds_alternative<ast::Invalid>(module_[id].node)) {
        diagnostics_.report<Code::bad_reference>(module_[id].span,
                                                 "`after` takes names of steps, phases and loops");
      }
      continue;
    }
    const Symbol* symbol = module_.names.find(name->name);
    if (symbol == nullptr || symbol->kind != SymbolKind::step) {
      const Symbol* group = module_.groups.find(name->name);
      if (group == nullptr && symbol != nullptr) {
        diagnostics_.report<Code::wrong_kind_of_name>(module_[id].span, name->name.text(),
                                                      kind_text(symbol->kind), "a step");
        continue;
      }
      symbol = group;
    }
    if (symbol == nullptr) {
      unknown("step", name->name, module_[id].span, module_);
    } else {
      set(id, *symbol);
    }
  }
}

// Whether the name stands for this declaration: not for one that was declared twice, nor for one
// in the body of a loop, whose uses are not counted.
bool Resolver::is_declared(const ast::Identifier& name, SymbolKind kind, std::size_t index) const {
  const Symbol* symbol = module_.names.find(name.name);
  return symbol != nullptr && symbol->kind == kind && symbol->index == index;
}

void Resolver::lints() {
  for (std::size_t index = 0; index < module_.inputs.size(); ++index) {
    const ast::Identifier& name = module_.inputs[index].node->name;
    if (!used_inputs_[index] && is_declared(name, SymbolKind::input, index)) {
      diagnostics_.report<Code::unused_input>(name.span, name.name.text());
    }
  }
  for (std::size_t index = 0; index < module_.lets.size(); ++index) {
    const ast::Identifier& name = module_.lets[index].node->name;
    if (!used_lets_[index] && is_declared(name, SymbolKind::let_value, index)) {
      diagnostics_.report<Code::unused_let>(name.span, name.name.text());
    }
  }
}

// --- statements

void Resolver::block(const ast::Block& block) {
  const std::size_t mark = scope_.size();
  for (const ast::Statement& item : block) {
    statement(item);
  }
  scope_.resize(mark);
}

void Resolver::statement(const ast::Statement& item) {
  struct Visitor {
    Resolver& self;
    void operator()(const ast::LetStatement& node) const {
      self.expr(node.value);
      self.bind(node.name);
    }
    void operator()(const ast::ExprStatement& node) const { self.expr(node.value); }
    void operator()(const ast::IfStatement& node) const {
      self.expr(node.condition);
      self.block(node.then_block);
      self.block(node.else_block);
    }
    void operator()(const ast::ForStatement& node) const {
      self.expr(node.list);
      const std::size_t mark = self.scope_.size();
      self.bind(node.variable);
      // The slot after the variable's holds the position in the list.
      ++self.next_slot_;
      self.block(node.body);
      self.scope_.resize(mark);
    }
    void operator()(const ast::WaitStatement& node) const {
      self.expr(node.condition);
      self.expr(node.every);
      self.expr(node.limit);
    }
    void operator()(const ast::FailStatement& node) const { self.expr(node.message); }
    void operator()(const ast::ReturnStatement& node) const { self.expr(node.value); }
  };
  std::visit(Visitor{*this}, item.node);
}

void resolve(Modules& modules, Diagnostics& diagnostics) {
  NameMap<bool> enum_cases;
  for (Module& module : modules.modules) {
    declare(modules, module, diagnostics);
    for (const auto& declared : module.enum_types) {
      for (const ast::Identifier& enum_case : declared.node->cases) {
        enum_cases.insert(enum_case.name, true);
      }
    }
  }
  for (std::uint32_t index = 0; index < modules.modules.size(); ++index) {
    Resolver(modules, index, enum_cases, diagnostics).all();
  }
}

}  // namespace plan
