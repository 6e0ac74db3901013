// The state of name resolution; used by the resolve*.cpp files only.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "compiler/resolve.hpp"

namespace plan {

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

class Resolver {
 public:
  Resolver(Modules& modules,
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
  void items(const ast::Declarations& declarations, bool is_local);
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
  [[nodiscard]] bool is_declared(const ast::Identifier& name,
                                 SymbolKind kind,
                                 std::size_t index) const;

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
  bool is_self_named_ = false;    // `self` has a meaning: in attributes, not in defaults of fields
  std::vector<Name> missing_uses_;  // modules of the standard library that were named
  Ordinals ordinals_;
  std::vector<bool> used_inputs_;
  std::vector<bool> used_lets_;
};

}  // namespace plan
