// The state of type checking; used by the check_*.cpp files only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/check_types.hpp"

namespace plan {

inline constexpr std::uint32_t no_type = UINT32_MAX;

enum class Progress : std::uint8_t { untouched, running, done };

class Checker {
 public:
  Checker(const SourceMap& sources,
          Modules& modules,
          Plan& plan,
          Types& types,
          Diagnostics& diagnostics);

  void all();

 private:
  // --- check_declarations.cpp
  void declare_types(Module& module);
  void declare_fields(Module& module);
  void different(std::span<const ast::Identifier> names);
  void declare_signatures(Module& module);
  std::uint32_t type_of(const ast::TypeRef& type);
  std::uint32_t named_type(const ast::TypeRef& type);
  std::vector<Formal> formals(const std::vector<ast::Parameter>& parameters);
  void bodies();
  void resource_type(std::uint32_t ordinal);
  void attribute(const ast::ResourceTypeDecl& node, std::uint32_t resource, std::uint32_t index);
  void carried_by(const ast::Attribute& node, Attribute& attribute);
  void operation(std::uint32_t ordinal);
  // Checks the function's body, unless that is done, and returns what it does.
  std::uint8_t function(std::uint32_t module, std::uint32_t ordinal, Span caller);
  void rule_uses(std::uint32_t module, std::uint32_t ordinal, Span caller);
  void defaults(const std::vector<ast::Parameter>& parameters, std::span<const Formal> formals);

  // --- check_plan.cpp
  void items(const ast::Declarations& declarations);
  void item(const ast::Use&) {}
  void item(const ast::InputDecl& node);
  void item(const ast::LetDecl& node);
  void item(const ast::ResourceDecl& node);
  void item(const ast::StepDecl& node);
  void item(const ast::PhaseDecl& node);
  void item(const ast::ForDecl& node);
  void item(const ast::WhenDecl& node);
  void item(const ast::RequireDecl& node);
  void item(const ast::GoalDecl& node);
  void item(const ast::AlwaysDecl& node);
  void item(const ast::TestDecl& node);
  void item(const ast::ResourceTypeDecl&) {}
  void item(const ast::OperationDecl&) {}
  void item(const ast::FunctionDecl&) {}
  void item(const ast::RuleDecl&) {}
  void item(const ast::EnumDecl&) {}
  void item(const ast::RecordDecl&) {}
  std::uint32_t let_type(std::uint32_t module, std::uint32_t ordinal, Span user);
  void known_type(ast::ExprId value, std::uint32_t type, const ast::Identifier& name);
  std::uint32_t resource_type_of(std::uint32_t module, std::uint32_t ordinal, Span user);
  void clause(const ast::Clause& clause);
  void state_clause(ast::ExprId state, std::string_view clause);
  void keeping(const ast::ChangesClause& node);
  void undo(const ast::UndoClause& node);
  void require(const ast::ConditionClause& node);
  void condition(const ast::ConditionClause& node, std::string_view place);
  void test_clause(const ast::TestClause& clause);
  void element_literal(ast::Range fields, std::uint32_t resource);
  // Whether `id` has the form of something a step can bring about; reports E0208.
  void effect_form(ast::ExprId id);
  bool is_settable(ast::ExprId id);
  void block(const ast::Block& block);
  void statement(const ast::Statement& statement);

  // --- check_expr.cpp: `hint` is the type that is expected, or no_type.
  std::uint32_t infer(ast::ExprId id, std::uint32_t hint = no_type);
  void expect(ast::ExprId id, std::uint32_t type);
  // An expression where no host may be touched.
  void expect_pure(ast::ExprId id, std::uint32_t type, std::string_view place);
  std::uint32_t infer_pure(ast::ExprId id, std::uint32_t hint, std::string_view place);
  void mismatch(ast::ExprId id, std::uint32_t expected, std::uint32_t found);
  void write_instead(Diagnostic& diagnostic,
                     ast::ExprId id,
                     const std::string& text,
                     std::string_view remark = "");
  [[nodiscard]] std::string operand(ast::ExprId id) const;
  std::uint32_t of(const ast::StringLiteral& node, ast::ExprId id);
  std::uint32_t of(const ast::ShellTemplate& node, ast::ExprId id);
  std::uint32_t of(const ast::ListLiteral& node, std::uint32_t hint);
  std::uint32_t of(const ast::RecordLiteral& node, ast::ExprId id, std::uint32_t hint);
  std::uint32_t of(const ast::NameRef& node, ast::ExprId id, std::uint32_t hint);
  std::uint32_t of(const ast::Member& node, ast::ExprId id, std::uint32_t hint);
  std::uint32_t member_of(const ast::Member& node, ast::ExprId id, std::uint32_t base);
  void unknown_member(const ast::Member& node,
                      std::uint32_t base,
                      std::span<const std::string_view> candidates);
  std::uint32_t output(const ast::Member& node, ast::ExprId id, Symbol step);
  std::uint32_t of(const ast::Index& node);
  std::uint32_t of(const ast::Unary& node);
  std::uint32_t of(const ast::Binary& node, ast::ExprId id);
  std::uint32_t of(const ast::Conditional& node, ast::ExprId id, std::uint32_t hint);
  std::uint32_t of(const ast::Cast& node, ast::ExprId id);
  std::uint32_t of(const ast::ForAll& node, ast::ExprId id);
  std::uint32_t of(const ast::Comprehension& node, ast::ExprId id, std::uint32_t hint);
  std::uint32_t of(const ast::Run& node, ast::ExprId id);
  std::uint32_t of(const ast::Pipe& node);
  std::uint32_t of(const ast::WithOptions& node, ast::ExprId id);
  std::uint32_t map_literal(ast::Range fields, std::uint32_t hint);
  void record_literal(ast::Range fields, std::uint32_t record, Span span);
  std::uint32_t host_literal(ast::Range fields);
  [[nodiscard]] std::uint32_t arithmetic(ast::BinaryOp op,
                                         std::uint32_t left,
                                         std::uint32_t right) const;
  std::uint32_t comparison(const ast::Binary& node, ast::ExprId id);
  void part(ast::ExprId id, bool& is_secret);
  std::uint32_t element_of_list(ast::ExprId list);
  std::uint32_t enum_case(Name name, ast::ExprId id, std::uint32_t hint);
  std::uint32_t value_of(Symbol symbol, ast::ExprId id, Name name);
  [[nodiscard]] bool is_case_of(std::uint32_t type, Name name) const;
  void command(ast::ExprId id);
  [[nodiscard]] std::uint32_t slot_type(std::uint32_t slot) const;
  void set_slot(std::uint32_t slot, std::uint32_t type);

  // --- check_calls.cpp
  std::uint32_t of(const ast::Call& node, ast::ExprId id, std::uint32_t hint);
  std::uint32_t native_call(const ast::Call& node, Symbol symbol, const Signature& signature);
  void arguments(const ast::Call& node, std::span<const Formal> formals);
  void check_names(const ast::Call& node, std::string_view name, std::span<const Formal> formals);
  [[nodiscard]] const Signature* signature(Symbol symbol) const;
  [[nodiscard]] std::string name_of(Symbol symbol) const;
  void not_callable(const ast::Call& node, Symbol symbol);

  [[nodiscard]] Module& module() { return modules_[module_]; }
  [[nodiscard]] const Module& module() const { return modules_[module_]; }
  [[nodiscard]] const ast::Expr& expr(ast::ExprId id) const { return modules_[module_][id]; }
  [[nodiscard]] Span span(ast::ExprId id) const { return expr(id).span; }
  void set(ast::ExprId id, Symbol symbol) { module().symbols[id.index] = symbol; }
  [[nodiscard]] Symbol symbol(ast::ExprId id) const { return module().symbols[id.index]; }
  [[nodiscard]] std::string_view source(ast::ExprId id) const { return sources_.text(span(id)); }

  const SourceMap& sources_;
  Modules& modules_;
  Plan& plan_;
  Types& types_;
  Diagnostics& diagnostics_;

  std::uint32_t module_ = 0;
  std::uint8_t traits_ = 0;                // of the expression being checked, so far
  std::vector<std::uint32_t> slot_types_;  // of the frame of the declaration being checked
  std::uint32_t self_type_ = UINT32_MAX;   // Plan::resource_types, inside of its declaration
  bool allows_operation_ = false;          // the value of a step or of `undo`
  bool allows_rule_ = false;               // a `require`
  bool is_given_ = false;                  // a test's `given`: elements are `{ id: … }`
  std::string_view secret_place_ = "a value that is not one";
  std::vector<std::vector<Progress>> functions_;
  std::vector<std::vector<Progress>> rules_;
  std::vector<std::vector<Progress>> lets_;
  std::vector<std::vector<Progress>> resources_;
  std::vector<std::pair<Symbol, std::string>> stack_;  // functions, rules, values being checked
  std::uint32_t exec_result_ = scalar(TypeKind::any);
  std::uint32_t strings_ = 0;  // list<string>
  // By Plan::resource_types: where it is declared.
  std::vector<Symbol> declarations_of_types_;
  std::uint32_t next_let_ = 0;
  std::uint32_t next_resource_ = 0;
  std::uint32_t next_loop_ = 0;
  std::uint32_t next_step_ = 0;
  std::vector<ast::ExprId> matched_;  // scratch of arguments()

  friend class CheckFrame;
};

// A declaration is checked in a frame of its own; what was being checked goes on afterwards.
class CheckFrame {
 public:
  CheckFrame(Checker& checker, std::uint32_t module);
  ~CheckFrame();
  CheckFrame(const CheckFrame&) = delete;
  CheckFrame& operator=(const CheckFrame&) = delete;

 private:
  Checker& checker_;
  std::uint32_t module_;
  std::uint8_t traits_;
  std::uint32_t self_type_;
  bool allows_operation_;
  bool allows_rule_;
  std::string_view secret_place_;
  std::vector<std::uint32_t> slot_types_;
};

}  // namespace plan
