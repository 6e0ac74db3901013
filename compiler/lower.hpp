// From typed syntax to core expressions and programs.
//
// An expression is lowered in one of two ways. As a formula: states are read where they stand, and
// nothing may touch a host. Or inside of a program: whatever touches a host, and every state that
// is read, becomes an instruction whose result is kept in a slot, in the order in which it would
// be evaluated, so that what is left is a plain expression over slots (A-normal form, Flanagan and
// others 1993). Functions that touch hosts or read states are inlined in programs; all others are
// called.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "compiler/core.hpp"
#include "compiler/module.hpp"
#include "compiler/types.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

// What a plan's own names stand for while it is elaborated.
class NamedValues {
 public:
  virtual ~NamedValues() = default;
  // Of an input, let, resource or loop variable.
  [[nodiscard]] virtual Value value_of(Symbol symbol, Span user) = 0;
  [[nodiscard]] virtual Value output_of(Symbol step, std::uint32_t output, Span user) = 0;
};

struct LowerContext {
  const SourceMap& sources;
  const Modules& modules;
  Plan& plan;
  const Types& types;
  Shapes& shapes;
  NamedValues& names;
  Diagnostics& diagnostics;
};

class Lowering {
 public:
  // Expressions go to `core`; with `program`, which belongs to the plan, as part of it.
  Lowering(LowerContext& context, Core& core, std::uint32_t module, Program* program = nullptr);

  // --- what the names of the declaration stand for
  // Slot `slot` of the declaration is this expression rather than a slot of the frame.
  void alias(std::uint32_t slot, ExprId expr);
  // `self`, and bare fields and attributes, speak of this resource of that type.
  void set_self(ExprId self, std::uint32_t type);
  // Bare fields are slots 0, 1, … (defaults of fields).
  void set_fields(std::uint32_t count);

  [[nodiscard]] ExprId expr(ast::ExprId id);
  // An absent one stays absent.
  [[nodiscard]] ExprId optional(ast::ExprId id) { return id.is_none() ? ExprId{} : expr(id); }
  // The arguments of a call by parameter, defaults included.
  [[nodiscard]] std::vector<ExprId> arguments(const ast::Call& call,
                                              std::span<const Formal> formals,
                                              std::uint32_t callee_module);
  // All fields of a resource made by `call`.
  [[nodiscard]] std::vector<ExprId> fields(const ast::Call& call, Symbol type);

  // --- programs only
  void block(const ast::Block& block);
  void assign(std::uint32_t slot, ExprId value, Span span);
  void finish(ExprId value);

 private:
  struct Scope {
    std::uint32_t module = 0;
    std::uint32_t slot_base = 0;
    std::vector<ExprId> aliases;  // by slot; none: the slot itself
    ExprId self;
    std::uint32_t self_type = UINT32_MAX;
    bool has_fields = false;
    std::vector<ExprId> fields;         // of the resource being made, by field
    std::vector<std::uint8_t> pending;  // fields whose defaults are being lowered
    const ast::ResourceTypeDecl* type = nullptr;
  };

  // --- lower.cpp
  ExprId of(const ast::StringLiteral& node);
  ExprId of(const ast::ListLiteral& node);
  ExprId of(const ast::RecordLiteral& node, ast::ExprId id);
  ExprId of(const ast::NameRef& node, ast::ExprId id);
  ExprId of(const ast::Member& node, ast::ExprId id);
  ExprId of(const ast::Call& node, ast::ExprId id);
  ExprId of(const ast::Binary& node);
  ExprId of(const ast::Unary& node);
  ExprId of(const ast::Conditional& node, ast::ExprId id);
  ExprId of(const ast::ForAll& node, ast::ExprId id);
  ExprId of(const ast::Comprehension& node, ast::ExprId id);
  ExprId named(Symbol symbol, ast::ExprId id);
  ExprId field_of_self(std::uint32_t field);
  ExprId field(ExprId base, std::uint32_t type, std::uint32_t field);
  ExprId state(ExprId resource, std::uint32_t type, std::uint32_t attribute, Span span);
  ExprId record(ast::Range fields, const RecordType& type);
  ExprId connective(const ast::Binary& node);
  ExprId conjunction_by_jumps(const ast::Binary& node);
  ExprId native(const ast::Call& node, ast::ExprId id, Symbol symbol);
  ExprId distinct(const ast::Call& node, Span span);
  ExprId function(const ast::Call& node, Symbol symbol);
  std::uint32_t function_index(Symbol symbol);
  [[nodiscard]] Scope scope_of_defaults(std::uint32_t module);
  ExprId binary(Op op, ExprId left, ExprId right);
  ExprId turned(Op op, ExprId left, ExprId right);
  ExprId constant(Value value) { return core_.constant(std::move(value)); }
  ExprId default_of_record(const RecordType& type, std::size_t field);

  // --- lower_program.cpp
  std::uint32_t effect(ast::ExprId id, bool must_succeed);
  std::uint32_t effect_call(const ast::Call& call);
  void command(EffectCall& call, ast::ExprId command);
  ExprId script(const ast::ShellTemplate& node);
  ExprId act(ast::ExprId id, bool must_succeed);
  ExprId loop_of(const ast::ForAll& node, ast::ExprId id);
  ExprId loop_of(const ast::Comprehension& node, ast::ExprId id);
  void statement(const ast::Statement& statement);
  void wait(const ast::WaitStatement& node, Span span);
  std::uint32_t begin_loop(std::uint32_t slot, ExprId list, Span span);
  std::uint32_t emit(Instruction instruction);
  void land(std::uint32_t jump);
  [[nodiscard]] std::uint32_t new_slot();
  [[nodiscard]] std::uint32_t here() const {
    return static_cast<std::uint32_t>(program_->code.size());
  }

  [[nodiscard]] const Module& module() const { return context_.modules[scope_.module]; }
  [[nodiscard]] const ast::Expr& node_of(ast::ExprId id) const { return module()[id]; }
  [[nodiscard]] Symbol symbol(ast::ExprId id) const { return module().symbols[id.index]; }
  [[nodiscard]] std::uint32_t type(ast::ExprId id) const { return module().types[id.index]; }
  [[nodiscard]] bool needs_instructions(ast::ExprId id) const {
    return program_ != nullptr && !id.is_none() &&
           (module().traits[id.index] & (Traits::acts | Traits::reads_state)) != 0;
  }

  LowerContext& context_;
  Core& core_;
  Program* program_;
  Scope scope_;

  friend class EnterScope;
};

}  // namespace plan
