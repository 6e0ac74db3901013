// Types of the declarations of a plan, of operations and rules, and of their clauses.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/checker.hpp"
#include "compiler/declare.hpp"
#include "dsl/spell.hpp"

namespace plan {

void Checker::items(const ast::Declarations& declarations) {
  for (const ast::Declaration& declaration : declarations) {
    std::visit([this](const auto& node) { item(node); }, declaration.node);
  }
}

void Checker::item(const ast::InputDecl& node) {
  const Symbol* symbol = module().names.find(node.name.name);
  if (symbol == nullptr || symbol->kind != SymbolKind::input) {
    return;
  }
  const std::uint32_t type = module().input_types[symbol->index];
  expect_pure(node.default_value, type, "a default");
  if (types_.kind(type) == TypeKind::resource) {
    diagnostics_.report<Code::bad_reference>(
        node.type.span,
        "an input cannot be a resource: take its key as inputs and declare it here");
  }
}

void Checker::item(const ast::LetDecl& node) {
  static_cast<void>(let_type(module_, next_let_++, node.name.span));
}

void Checker::item(const ast::ResourceDecl& node) {
  static_cast<void>(resource_type_of(module_, next_resource_++, node.name.span));
}

std::uint32_t Checker::let_type(std::uint32_t where, std::uint32_t ordinal, Span user) {
  Progress& progress = lets_[where][ordinal];
  const ast::LetDecl& node = *modules_[where].lets[ordinal].node;
  if (progress == Progress::running) {
    diagnostics_.report<Code::declared_through_itself>(user, node.name.name.text(),
                                                       "its value needs its value");
    return any_type;
  }
  if (progress == Progress::untouched) {
    progress = Progress::running;
    const CheckFrame frame(*this, where);
    const std::uint32_t wanted = node.type ? type_of(*node.type) : no_type;
    std::uint32_t type = wanted;
    if (node.type) {
      expect_pure(node.value, wanted, "a plan's `let`");
    } else {
      type = infer_pure(node.value, no_type, "a plan's `let`");
      known_type(node.value, type, node.name);
    }
    module().let_types[ordinal] = type;
    lets_[where][ordinal] = Progress::done;
  }
  return modules_[where].let_types[ordinal];
}

// Of a `let` without a type. After another mistake an open type is most likely its consequence.
void Checker::known_type(ast::ExprId value, std::uint32_t type, const ast::Identifier& name) {
  std::uint32_t inner = type;
  while (types_[inner].element != UINT32_MAX) {
    inner = types_[inner].element;
  }
  if (types_.kind(inner) != TypeKind::any || diagnostics_.has_errors()) {
    return;
  }
  const TypeKind kind = types_.kind(type);
  const std::string_view example = kind == TypeKind::list  ? "list<string>"
                                   : kind == TypeKind::map ? "map<string>"
                                                           : "string";
  diagnostics_.report<Code::type_unknown>(span(value))
      .help(fmt::format("say it: `let {}: {} = {}`", name.name.text(), example, source(value)));
}

std::uint32_t Checker::resource_type_of(std::uint32_t where, std::uint32_t ordinal, Span user) {
  Progress& progress = resources_[where][ordinal];
  const ast::ResourceDecl& node = *modules_[where].resources[ordinal].node;
  if (progress == Progress::running) {
    diagnostics_.report<Code::declared_through_itself>(user, node.name.name.text(),
                                                       "one of its fields needs it");
    return any_type;
  }
  if (progress == Progress::untouched) {
    progress = Progress::running;
    const CheckFrame frame(*this, where);
    const std::uint32_t type = infer_pure(node.value, no_type, "a resource");
    if (types_.kind(type) != TypeKind::resource && types_.kind(type) != TypeKind::any) {
      diagnostics_.report<Code::type_mismatch>(span(node.value), "a resource", types_.text(type));
    }
    module().resource_decl_types[ordinal] = type;
    resources_[where][ordinal] = Progress::done;
  }
  return modules_[where].resource_decl_types[ordinal];
}

void Checker::item(const ast::StepDecl& node) {
  ++next_step_;
  traits_ = 0;
  if (node.form == ast::StepForm::operation) {
    const auto* call =
        node.value.is_none() ? nullptr : std::get_if<ast::Call>(&expr(node.value).node);
    allows_operation_ = true;
    static_cast<void>(infer(node.value));
    allows_operation_ = false;
    const bool is_use = call != nullptr && (symbol(call->callee).kind == SymbolKind::operation ||
                                            symbol(call->callee).kind == SymbolKind::none);
    if (!is_use && !node.value.is_none() &&
        !std::holds_alternative<ast::Invalid>(expr(node.value).node)) {
      diagnostics_.report<Code::wrong_kind_of_name>(span(node.value), source(node.value), "a value",
                                                    "the use of an operation");
    }
  } else {
    expect_pure(node.value, string_type, "a plan");
  }
  if (node.clauses.size() > 0) {
    slot_types_.clear();
    for (std::uint32_t index = node.clauses.begin; index < node.clauses.end; ++index) {
      clause(module().file.step_clauses[index]);
    }
  }
}

void Checker::item(const ast::PhaseDecl& node) {
  expect_pure(node.title, string_type, "a title");
  items(node.items);
}

void Checker::item(const ast::ForDecl& node) {
  const std::uint32_t ordinal = next_loop_++;
  const std::uint32_t type = element_of_list(node.list);
  module().loop_types[ordinal] = type;
  if (!node.at_most.is_none()) {
    expect_pure(node.at_most, int_type, "a loop's bound");
  }
  items(node.items);
}

void Checker::item(const ast::WhenDecl& node) {
  expect_pure(node.condition, bool_type, "a condition");
  items(node.items);
}

void Checker::item(const ast::RequireDecl& node) {
  require(node.condition);
}

void Checker::require(const ast::ConditionClause& node) {
  allows_rule_ = std::holds_alternative<ast::Call>(expr(node.condition).node);
  expect_pure(node.condition, bool_type, "a rule");
  allows_rule_ = false;
  if (!node.message.is_none()) {
    secret_place_ = "a message";
    expect_pure(node.message, string_type, "a message");
  }
}

void Checker::item(const ast::GoalDecl& node) {
  expect_pure(node.condition, bool_type, "a goal");
}

void Checker::item(const ast::AlwaysDecl& node) {
  expect_pure(node.condition, bool_type, "an invariant");
}

void Checker::item(const ast::TestDecl& node) {
  for (const ast::TestClause& each : node.clauses) {
    test_clause(each);
  }
}

void Checker::test_clause(const ast::TestClause& clause) {
  if (const auto* given = std::get_if<ast::GivenClause>(&clause.node)) {
    is_given_ = true;
    expect_pure(given->condition, bool_type, "a test");
    is_given_ = false;
  } else if (const auto* expected = std::get_if<ast::ExpectClause>(&clause.node)) {
    expect_pure(expected->condition, bool_type, "a test");
  } else if (const auto* shuffle = std::get_if<ast::ShuffleClause>(&clause.node)) {
    expect_pure(shuffle->count, int_type, "a test");
  } else if (const auto* set = std::get_if<ast::SetClause>(&clause.node)) {
    const Symbol* symbol = module().names.find(set->input.name);
    if (symbol != nullptr && symbol->kind == SymbolKind::input) {
      expect_pure(set->value, module().input_types[symbol->index], "a test");
    }
  } else if (const auto* refused = std::get_if<ast::ExpectRefusedClause>(&clause.node)) {
    if (find_code(refused->code.name.text()) == nullptr) {
      diagnostics_.report<Code::unknown_name>(refused->code.span, "diagnostic",
                                              refused->code.name.text());
    }
    if (!refused->message.is_none()) {
      expect_pure(refused->message, string_type, "a test");
    }
  } else if (const auto* fail = std::get_if<ast::FailStepClause>(&clause.node);
             fail != nullptr && !fail->turn.is_none()) {
    expect_pure(fail->turn, string_type, "a test");
  }
}

// What a test gives of a query's element: some of its fields, and what its states are.
void Checker::element_literal(ast::Range fields, std::uint32_t resource) {
  for (std::uint32_t index = fields.begin; index < fields.end; ++index) {
    const ast::Argument argument = module().file.arguments[index];
    const ResourceType& type = plan_.resource_types[resource];
    const std::string_view name = argument.name.text();
    const auto field = std::ranges::find(type.field_names, name);
    const auto state = std::ranges::find(type.attributes, name, &Attribute::name);
    if (field != type.field_names.end()) {
      expect(argument.value,
             type.field_types[static_cast<std::size_t>(field - type.field_names.begin())]);
    } else if (state != type.attributes.end() && !state->is_derived) {
      expect(argument.value, state->type);
    } else {
      std::vector<std::string_view> names(type.field_names.begin(), type.field_names.end());
      for (const Attribute& attribute : type.attributes) {
        names.push_back(attribute.name);
      }
      auto& diagnostic = diagnostics_.report<Code::unknown_member>(
          argument.name_span, fmt::format("`{}`", type.name), "field or state", name);
      if (const auto near = nearest(name, names); !near.empty()) {
        diagnostic.did_you_mean(argument.name_span, near);
      }
      static_cast<void>(infer(argument.value));
    }
  }
}

// --- operations and rules

void Checker::operation(std::uint32_t ordinal) {
  const CheckFrame frame(*this, module_);
  const ast::OperationDecl& node = *module().operations[ordinal].node;
  const Signature& signature = module().operation_signatures[ordinal];
  defaults(node.parameters, signature.formals);
  for (std::uint32_t slot = 0; slot < signature.formals.size(); ++slot) {
    set_slot(slot, signature.formals[slot].type);
  }
  expect_pure(node.on, scalar(TypeKind::host), "the operation's head");
  expect_pure(node.user, string_type, "the operation's head");
  for (const ast::Clause& each : node.clauses) {
    clause(each);
  }
}

void Checker::rule_uses(std::uint32_t where, std::uint32_t ordinal, Span caller) {
  Progress& progress = rules_[where][ordinal];
  const ast::RuleDecl& node = *modules_[where].rules[ordinal].node;
  const Symbol symbol{SymbolKind::rule, static_cast<std::uint16_t>(where), ordinal};
  if (progress == Progress::running) {
    diagnostics_.report<Code::recursion>(caller, node.name.name.text(), name_of(symbol));
  }
  if (progress != Progress::untouched) {
    return;
  }
  progress = Progress::running;
  {
    const CheckFrame frame(*this, where);
    const Signature& signature = module().rule_signatures[ordinal];
    defaults(node.parameters, signature.formals);
    for (std::uint32_t slot = 0; slot < signature.formals.size(); ++slot) {
      set_slot(slot, signature.formals[slot].type);
    }
    for (const ast::ConditionClause& each : node.requires_) {
      require(each);
    }
  }
  rules_[where][ordinal] = Progress::done;
}

// --- clauses

void Checker::condition(const ast::ConditionClause& node, std::string_view place) {
  expect_pure(node.condition, bool_type, place);
  if (!node.message.is_none()) {
    const std::string_view outer = std::exchange(secret_place_, "a message");
    expect_pure(node.message, string_type, "a message");
    secret_place_ = outer;
  }
}

void Checker::clause(const ast::Clause& item) {
  struct Visitor {
    Checker& self;
    void operator()(const ast::RequiresClause& node) const {
      self.condition(node.condition, "a requirement");
    }
    void operator()(const ast::AwaitsClause& node) const {
      self.condition(node.condition, "a requirement");
    }
    void operator()(const ast::EnsuresClause& node) const {
      self.expect_pure(node.effect, bool_type, "an effect");
      self.effect_form(node.effect);
    }
    void operator()(const ast::ChangesClause& node) const {
      self.state_clause(node.state, "`changes`");
      self.keeping(node);
    }
    void operator()(const ast::DestroysClause& node) const {
      self.state_clause(node.state, "`destroys`");
    }
    void operator()(const ast::IrreversibleClause& node) const { text(node.reason); }
    void operator()(const ast::DetachedClause&) const {}
    void operator()(const ast::OnceClause&) const {}
    void operator()(const ast::TimeoutClause& node) const {
      self.expect_pure(node.limit, duration_type, "a timeout");
    }
    void operator()(const ast::RetryClause& node) const {
      self.expect_pure(node.count, int_type, "a retry");
      self.expect_pure(node.every, duration_type, "a retry");
    }
    void operator()(const ast::UndoClause& node) const { self.undo(node); }
    void operator()(const ast::AfterClause&) const {}
    void operator()(const ast::WhenClause& node) const {
      self.expect_pure(node.condition, bool_type, "a condition");
    }
    void operator()(const ast::AllowDestroyClause&) const {}
    void operator()(const ast::NoteClause& node) const { text(node.text); }
    void operator()(const ast::OutputClause& node) const {
      self.expect_pure(node.value, self.type_of(*node.type), "an output");
    }
    void operator()(const ast::LetClause& node) const {
      const std::uint32_t wanted = node.type ? self.type_of(*node.type) : no_type;
      const std::uint32_t found = self.infer_pure(node.value, wanted, "a clause");
      if (wanted != no_type && !self.types_.fits(found, wanted)) {
        self.mismatch(node.value, wanted, found);
      }
      if (wanted == no_type) {
        self.known_type(node.value, found, node.name);
      }
      self.set_slot(self.module().slots.at(&node.name), wanted == no_type ? found : wanted);
    }
    void operator()(const ast::ManualClause& node) const { text(node.text); }
    void operator()(const ast::DoClause& node) const { self.block(node.body); }
    void text(ast::ExprId id) const {
      const std::string_view outer = std::exchange(self.secret_place_, "a text for people");
      self.expect_pure(id, string_type, "a text");
      self.secret_place_ = outer;
    }
  };
  std::visit(Visitor{*this}, item.node);
}

void Checker::state_clause(ast::ExprId state, std::string_view clause) {
  if (state.is_none() || infer_pure(state, no_type, "an effect") == any_type) {
    return;
  }
  if (!is_settable(state)) {
    diagnostics_.report<Code::not_a_state>(span(state), clause, source(state));
  }
}

void Checker::keeping(const ast::ChangesClause& node) {
  if (node.keeping.empty() || node.state.is_none() ||
      symbol(node.state).kind != SymbolKind::attribute) {
    return;
  }
  const auto* member = std::get_if<ast::Member>(&expr(node.state).node);
  const std::uint32_t base = member == nullptr ? types_.named(TypeKind::resource, self_type_)
                                               : module().types[member->base.index];
  const AttributeRef state{types_[base].detail, symbol(node.state).index};
  for (const ast::Identifier& name : node.keeping) {
    if (carried(plan_, state, name.name.text()).empty()) {
      diagnostics_.report<Code::unknown_name>(
          name.span, fmt::format("state carried by `{}`:", source(node.state)), name.name.text());
    }
  }
}

void Checker::undo(const ast::UndoClause& node) {
  if (node.call.is_none()) {
    return;
  }
  allows_operation_ = true;
  static_cast<void>(infer_pure(node.call, no_type, "`undo`"));
  allows_operation_ = false;
  const auto* call = std::get_if<ast::Call>(&expr(node.call).node);
  if (call == nullptr) {
    diagnostics_.report<Code::wrong_kind_of_name>(span(node.call), source(node.call), "a value",
                                                  "the use of an operation");
  }
}

bool Checker::is_settable(ast::ExprId id) {
  const Symbol state = symbol(id);
  if (state.kind != SymbolKind::attribute) {
    return false;
  }
  const auto* member = std::get_if<ast::Member>(&expr(id).node);
  const std::uint32_t type =
      member == nullptr ? self_type_ : types_[module().types[member->base.index]].detail;
  return type < plan_.resource_types.size() &&
         plan_.resource_types[type].attributes[state.index].kind == AttributeKind::state;
}

void Checker::effect_form(ast::ExprId id) {
  const auto refuse = [this](ast::ExprId where, std::string_view why) {
    diagnostics_.report<Code::bad_effect>(span(where), why)
        .help("write a state, `not` a state, a state `==` a value, or `for x in query: …`");
  };
  const auto& node = expr(id).node;
  if (module().types[id.index] == any_type) {
    return;
  }
  if (const auto* binary = std::get_if<ast::Binary>(&node)) {
    if (binary->op == ast::BinaryOp::logical_and) {
      effect_form(binary->left);
      effect_form(binary->right);
    } else if (binary->op != ast::BinaryOp::equal) {
      refuse(id, "the state's value is not said");
    } else if (!is_settable(binary->left)) {
      refuse(binary->left, "on the left of `==` there is no state");
    }
    return;
  }
  if (const auto* unary = std::get_if<ast::Unary>(&node)) {
    if (!is_settable(unary->operand)) {
      refuse(unary->operand, "`not` must stand before a state");
    }
    return;
  }
  if (const auto* for_all = std::get_if<ast::ForAll>(&node)) {
    effect_form(for_all->condition);
    return;
  }
  if (!is_settable(id)) {
    refuse(id, "it is not a state");
  }
}

// --- statements

void Checker::block(const ast::Block& block) {
  for (const ast::Statement& each : block) {
    statement(each);
  }
}

void Checker::statement(const ast::Statement& item) {
  struct Visitor {
    Checker& self;
    void operator()(const ast::LetStatement& node) const {
      const std::uint32_t wanted = node.type ? self.type_of(*node.type) : no_type;
      const std::uint32_t found = self.infer(node.value, wanted);
      if (wanted != no_type && !self.types_.fits(found, wanted)) {
        self.mismatch(node.value, wanted, found);
      }
      if (wanted == no_type) {
        self.known_type(node.value, found, node.name);
      }
      self.set_slot(self.module().slots.at(&node.name), wanted == no_type ? found : wanted);
    }
    void operator()(const ast::ExprStatement& node) const {
      static_cast<void>(self.infer(node.value));
    }
    void operator()(const ast::IfStatement& node) const {
      self.expect(node.condition, bool_type);
      self.block(node.then_block);
      self.block(node.else_block);
    }
    void operator()(const ast::ForStatement& node) const {
      const std::uint32_t element = self.element_of_list(node.list);
      self.set_slot(self.module().slots.at(&node.variable), element);
      self.block(node.body);
    }
    void operator()(const ast::WaitStatement& node) const {
      self.expect(node.condition, bool_type);
      self.expect(node.every, duration_type);
      self.expect(node.limit, duration_type);
    }
    void operator()(const ast::FailStatement& node) const {
      const std::string_view outer = std::exchange(self.secret_place_, "a message");
      self.expect(node.message, string_type);
      self.secret_place_ = outer;
    }
    void operator()(const ast::ReturnStatement& node) const {
      static_cast<void>(self.infer(node.value));
    }
  };
  std::visit(Visitor{*this}, item.node);
}

void check_types(const SourceMap& sources,
                 Modules& modules,
                 Plan& plan,
                 Types& types,
                 Diagnostics& diagnostics) {
  Checker(sources, modules, plan, types, diagnostics).all();
}

}  // namespace plan
