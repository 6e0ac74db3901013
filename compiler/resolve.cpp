#include "compiler/resolve.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "compiler/declare.hpp"
#include "dsl/spell.hpp"

namespace plan {

namespace {

struct Scoped {
  Name name;
  Symbol symbol;
};

// Ordinals of the declarations of a file, counted in the order in which declare.cpp saw them.
struct Ordinals {
  std::uint32_t let_value = 0;
  std::uint32_t resource = 0;
  std::uint32_t loop = 0;
};

class Resolving {
 public:
  Resolving(Modules& modules,
            std::uint32_t index,
            const NameMap<bool>& enum_cases,
            Diagnostics& diagnostics)
      : modules_(modules),
        index_(static_cast<std::uint16_t>(index)),
        module_(modules[index]),
        enum_cases_(enum_cases),
        diagnostics_(diagnostics) {}

  void all();

 private:
  // --- declarations
  void items(const std::vector<ast::Declaration>& declarations, bool is_local);
  void declaration(const ast::Use&, bool) {}
  void declaration(const ast::InputDecl& node, bool) { top(node.default_value); }
  void declaration(const ast::LetDecl& node, bool is_local);
  void declaration(const ast::ResourceDecl& node, bool is_local);
  void declaration(const ast::StepDecl& node, bool);
  void declaration(const ast::PhaseDecl& node, bool is_local);
  void declaration(const ast::ForDecl& node, bool);
  void declaration(const ast::WhenDecl& node, bool is_local);
  void declaration(const ast::RequireDecl& node, bool) { condition(node.condition); }
  void declaration(const ast::GoalDecl& node, bool) { top(node.condition); }
  void declaration(const ast::AlwaysDecl& node, bool) { top(node.condition); }
  void declaration(const ast::TestDecl& node, bool);
  void declaration(const ast::ResourceTypeDecl&, bool) {}
  void declaration(const ast::OperationDecl&, bool) {}
  void declaration(const ast::FunctionDecl&, bool) {}
  void declaration(const ast::RuleDecl&, bool) {}
  void declaration(const ast::EnumDecl&, bool) {}
  void declaration(const ast::RecordDecl& node, bool) { fields(node.fields); }

  void resource_type(Declared<ast::ResourceTypeDecl>& declared, std::uint32_t ordinal);
  void operation(Declared<ast::OperationDecl>& declared);
  void function(Declared<ast::FunctionDecl>& declared);
  void rule(Declared<ast::RuleDecl>& declared);
  void fields(const std::vector<ast::Field>& fields);
  void parameters(const std::vector<ast::Parameter>& parameters);
  void clause(const ast::Clause& clause);
  void condition(const ast::ConditionClause& clause) {
    top(clause.condition);
    top(clause.message);
  }
  void test_clause(const ast::TestClause& clause);
  void after(const std::vector<ast::ExprId>& names);
  void lints();

  // --- statements and expressions
  void block(const ast::Block& block);
  void statement(const ast::Statement& statement);
  // An expression with a frame of its own, outside of operations and functions.
  void top(ast::ExprId id) {
    if (is_free_) {
      next_slot_ = 0;
    }
    expr(id);
  }
  void expr(ast::ExprId id);
  void node(const ast::Call& call, ast::ExprId id);
  void node(const ast::Member& member, ast::ExprId id);
  void node(const ast::NameRef& name, ast::ExprId id);
  void node(const ast::ForAll& node, ast::ExprId id);
  void node(const ast::Comprehension& node, ast::ExprId id);
  void node(const ast::WithOptions& node, ast::ExprId id);
  void parts(ast::Range parts);
  void arguments(ast::Range arguments);
  void callee(ast::ExprId id);

  // --- names
  void bind(Name name) { scope_.push_back({name, {SymbolKind::local, index_, next_slot_++}}); }
  void bind(const ast::Identifier& name) {
    module_.slots[&name] = next_slot_;
    bind(name.name);
  }
  std::optional<Symbol> local(Name name) const;
  std::optional<Symbol> member_of_self(Name name) const;
  std::optional<Symbol> global(Name name);
  std::optional<Symbol> callable(Name name);
  void member_of_module(const ast::Member& member, ast::ExprId id, std::uint32_t used);
  void unknown(std::string_view what, Name name, Span span, const Module& where);
  void set(ast::ExprId id, Symbol symbol) { module_.symbols[id.index] = symbol; }

  Modules& modules_;
  std::uint16_t index_;
  Module& module_;
  const NameMap<bool>& enum_cases_;
  Diagnostics& diagnostics_;
  std::vector<Scoped> scope_;
  std::uint32_t next_slot_ = 0;
  bool is_free_ = true;  // outside of a declaration with a frame
  const ast::ResourceTypeDecl* self_ = nullptr;
  std::uint32_t self_ordinal_ = 0;
  bool wants_operation_ = false;  // the value of a step or of `undo`
  bool is_self_named_ = false;  // `self` has a meaning: in attributes, not in defaults of fields
  Ordinals ordinals_;
  std::vector<bool> used_inputs_;
  std::vector<bool> used_lets_;
};

void Resolving::all() {
  module_.symbols.assign(module_.file.exprs.size(), Symbol{});
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

void Resolving::items(const std::vector<ast::Declaration>& declarations, bool is_local) {
  for (const ast::Declaration& item : declarations) {
    std::visit([&](const auto& node) { declaration(node, is_local); }, item.node);
  }
}

void Resolving::declaration(const ast::LetDecl& node, bool is_local) {
  top(node.value);
  const std::uint32_t ordinal = ordinals_.let_value++;
  if (is_local) {
    scope_.push_back({node.name.name, {SymbolKind::let_value, index_, ordinal}});
  }
}

void Resolving::declaration(const ast::ResourceDecl& node, bool is_local) {
  top(node.value);
  const std::uint32_t ordinal = ordinals_.resource++;
  if (is_local) {
    scope_.push_back({node.name.name, {SymbolKind::resource, index_, ordinal}});
  }
}

void Resolving::declaration(const ast::StepDecl& node, bool) {
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

void Resolving::declaration(const ast::PhaseDecl& node, bool is_local) {
  top(node.title);
  after(node.after);
  items(node.items, is_local);
}

void Resolving::declaration(const ast::ForDecl& node, bool) {
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

void Resolving::declaration(const ast::WhenDecl& node, bool is_local) {
  top(node.condition);
  items(node.items, is_local);
}

void Resolving::declaration(const ast::TestDecl& node, bool) {
  top(node.title);
  for (const ast::TestClause& test : node.clauses) {
    test_clause(test);
  }
}

void Resolving::test_clause(const ast::TestClause& clause) {
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
  } else if (const auto* fail = std::get_if<ast::FailStepClause>(&clause.node)) {
    const Symbol* symbol = module_.names.find(fail->step.name);
    if (symbol == nullptr || symbol->kind != SymbolKind::step) {
      unknown("step", fail->step.name, fail->step.span, module_);
    }
  }
}

void Resolving::fields(const std::vector<ast::Field>& fields) {
  for (const ast::Field& field : fields) {
    top(field.default_value);
  }
}

// Field i of the type is slot i where defaults are computed; in attributes slot 0 is the resource.
void Resolving::resource_type(Declared<ast::ResourceTypeDecl>& declared, std::uint32_t ordinal) {
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

void Resolving::parameters(const std::vector<ast::Parameter>& parameters) {
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

void Resolving::operation(Declared<ast::OperationDecl>& declared) {
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

void Resolving::function(Declared<ast::FunctionDecl>& declared) {
  next_slot_ = 0;
  parameters(declared.node->parameters);
  expr(declared.node->value);
  declared.slot_count = next_slot_;
  scope_.clear();
}

void Resolving::rule(Declared<ast::RuleDecl>& declared) {
  next_slot_ = 0;
  parameters(declared.node->parameters);
  for (const ast::ConditionClause& require : declared.node->requires_) {
    condition(require);
  }
  declared.slot_count = next_slot_;
  scope_.clear();
}

// Clauses of operations and steps. A `let` is seen in the clauses after it.
void Resolving::clause(const ast::Clause& item) {
  struct Visitor {
    Resolving& self;
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

void Resolving::after(const std::vector<ast::ExprId>& names) {
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

void Resolving::lints() {
  for (std::size_t index = 0; index < module_.inputs.size(); ++index) {
    const ast::Identifier& name = module_.inputs[index].node->name;
    if (!used_inputs_[index]) {
      diagnostics_.report<Code::unused_input>(name.span, name.name.text());
    }
  }
  for (std::size_t index = 0; index < module_.lets.size(); ++index) {
    const ast::Identifier& name = module_.lets[index].node->name;
    if (!used_lets_[index]) {
      diagnostics_.report<Code::unused_let>(name.span, name.name.text());
    }
  }
}

// --- statements

void Resolving::block(const ast::Block& block) {
  const std::size_t mark = scope_.size();
  for (const ast::Statement& item : block) {
    statement(item);
  }
  scope_.resize(mark);
}

void Resolving::statement(const ast::Statement& item) {
  struct Visitor {
    Resolving& self;
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

// --- expressions

void Resolving::expr(ast::ExprId id) {
  if (id.is_none()) {
    return;
  }
  struct Visitor {
    Resolving& self;
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

void Resolving::parts(ast::Range parts) {
  for (std::uint32_t index = parts.begin; index < parts.end; ++index) {
    expr(module_.file.string_parts[index].value);
  }
}

void Resolving::arguments(ast::Range arguments) {
  for (std::uint32_t index = arguments.begin; index < arguments.end; ++index) {
    expr(module_.file.arguments[index].value);
  }
}

void Resolving::node(const ast::Call& call, ast::ExprId) {
  callee(call.callee);
  wants_operation_ = false;
  arguments(call.arguments);
}

// The file's own declaration wins over a native if it can be called where it stands.
std::optional<Symbol> Resolving::callable(Name name) {
  const auto own = global(name);
  const bool is_operation = own && own->kind == SymbolKind::operation;
  const bool is_other = own && (own->kind == SymbolKind::function ||
                                own->kind == SymbolKind::rule ||
                                own->kind == SymbolKind::resource_type);
  if (is_operation ? wants_operation_ : is_other) {
    return own;
  }
  const Symbol* native = modules_[Modules::native].names.find(name);
  return native != nullptr && native->kind == SymbolKind::function ? std::optional(*native) : own;
}

void Resolving::callee(ast::ExprId id) {
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

void Resolving::node(const ast::Member& member, ast::ExprId id) {
  expr(member.base);
  const Symbol base = module_.symbols[member.base.index];
  if (base.kind == SymbolKind::module) {
    member_of_module(member, id, base.index);
  }
}

void Resolving::member_of_module(const ast::Member& member, ast::ExprId id, std::uint32_t used) {
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

void Resolving::node(const ast::NameRef& name, ast::ExprId id) {
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

void Resolving::node(const ast::ForAll& node, ast::ExprId id) {
  expr(node.list);
  set(id, {SymbolKind::local, index_, next_slot_});
  bind(node.variable);
  ++next_slot_;
  expr(node.condition);
  scope_.pop_back();
}

// A comprehension whose body acts becomes a loop, which keeps its position in the next slot and
// its result in the one after that.
void Resolving::node(const ast::Comprehension& node, ast::ExprId id) {
  expr(node.list);
  set(id, {SymbolKind::local, index_, next_slot_});
  bind(node.variable);
  ++next_slot_;
  expr(node.value);
  expr(node.condition);
  scope_.pop_back();
}

void Resolving::node(const ast::WithOptions& node, ast::ExprId) {
  expr(node.command);
  const ast::CommandOptions& options = module_.file.command_options[node.options];
  for (const ast::ExprId option :
       {options.host, options.user, options.env, options.standard_input, options.timeout}) {
    expr(option);
  }
}

// --- names

std::optional<Symbol> Resolving::local(Name name) const {
  for (auto scoped = scope_.rbegin(); scoped != scope_.rend(); ++scoped) {
    if (scoped->name == name) {
      return scoped->symbol;
    }
  }
  return std::nullopt;
}

std::optional<Symbol> Resolving::member_of_self(Name name) const {
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

std::optional<Symbol> Resolving::global(Name name) {
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

void Resolving::unknown(std::string_view what, Name name, Span span, const Module& where) {
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
  auto& diagnostic = diagnostics_.report<Code::unknown_name>(span, what, name.text());
  if (const auto near = nearest(name.text(), candidates); !near.empty()) {
    diagnostic.help(fmt::format("did you mean `{}`?", near));
    diagnostic.fix({.span = span,
                    .replacement = std::string(near),
                    .description = fmt::format("write `{}`", near)});
  }
}

}  // namespace

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
    Resolving(modules, index, enum_cases, diagnostics).all();
  }
}

}  // namespace plan
