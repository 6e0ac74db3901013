// Operations, rules and resource types in the form that elaboration instantiates: their clauses as
// expressions over the parameters. Each declaration is lowered once, when it is first used.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/assembly.hpp"
#include "compiler/lower.hpp"
#include "compiler/partial.hpp"

namespace plan {

struct ConditionTemplate {
  ExprId condition;
  ExprId message;  // none: no `else`
  Span span;
};

struct EffectTemplate {
  EffectKind kind = EffectKind::set;
  ExprId expr;  // of `set`: what is ensured; else the state
  std::vector<AttributeRef> keeping;
  Span span;
};

struct UndoTemplate {
  bool is_given = false;
  bool is_none = false;  // `undo none`
  Symbol operation;
  std::vector<ExprId> arguments;
  Span span;
};

// The clauses of an operation or of a step's block.
struct ContractTemplate {
  std::vector<ConditionTemplate> requires_;
  std::vector<ConditionTemplate> awaits;
  std::vector<EffectTemplate> effects;
  ExprId when;
  ExprId timeout;
  ExprId retry_count;
  ExprId retry_every;
  ExprId note;
  ExprId manual;
  ExprId irreversible;
  std::vector<ExprId> outputs;
  UndoTemplate undo;
  bool allows_destroy = false;
};

struct OperationTemplate {
  std::uint32_t index = 0;  // Plan::operations
  std::uint32_t parameter_count = 0;
  std::uint32_t slot_count = 0;
  ExprId host;
  ExprId user;
  ContractTemplate contract;
};

struct RuleTemplate {
  std::uint32_t slot_count = 0;
  std::vector<ConditionTemplate> conditions;
  // By condition: the rule that it uses, with the arguments as children of Op::list.
  std::vector<Symbol> uses;
};

// How the fields of a query's elements are known: none where only run time knows.
struct QueryTemplate {
  std::uint32_t element_type = 0;
  std::vector<ExprId> fields;  // over slot 0, the resource that is asked
};

class Templates {
 public:
  Templates(LowerContext& context, Assembly& assembly);

  [[nodiscard]] Core& core() { return core_; }
  [[nodiscard]] const StateTemplates& states() const { return states_; }
  // Defaults, observations and derivations of all record and resource types. Call once, first.
  void resource_types();

  [[nodiscard]] const OperationTemplate& operation(Symbol symbol);
  [[nodiscard]] const RuleTemplate& rule(Symbol symbol);
  [[nodiscard]] const QueryTemplate& query(std::uint32_t type, std::uint32_t attribute);
  // The default of a field over the other fields; none if it has none.
  [[nodiscard]] ExprId field_default(std::uint32_t type, std::uint32_t field) const;

  // Adds a clause of an operation or of a step's block to `contract`.
  void clause(Lowering& lowering,
              std::uint32_t module,
              const ast::Clause& clause,
              ContractTemplate& contract);

 private:
  [[nodiscard]] ConditionTemplate condition(Lowering& lowering, const ast::ConditionClause& node);
  void record_types(std::uint32_t module);
  void resource_type(std::uint32_t module, std::uint32_t ordinal);
  void attribute(std::uint32_t module,
                 std::uint32_t ordinal,
                 std::uint32_t index,
                 std::uint32_t slot_count);
  void query(std::uint32_t module, std::uint32_t type, std::uint32_t index, ast::ExprId observe);
  void lower_operation(std::uint32_t module, std::uint32_t ordinal, OperationTemplate& made);
  void body(std::uint32_t module, std::uint32_t ordinal, Operation& operation);
  [[nodiscard]] std::vector<AttributeRef> keeping(std::uint32_t module,
                                                  const ast::ChangesClause& node);
  [[nodiscard]] std::string text_of(std::uint32_t module, ast::ExprId text) const;
  [[nodiscard]] std::string qualified(std::uint32_t module, Name name) const;

  LowerContext& context_;
  Assembly& assembly_;
  Core core_;
  StateTemplates states_;
  std::vector<std::vector<ExprId>> defaults_;  // by resource type and field
  std::map<std::pair<std::uint32_t, std::uint32_t>, QueryTemplate> queries_;
  std::vector<std::vector<std::unique_ptr<OperationTemplate>>> operations_;  // by module, ordinal
  std::map<std::pair<std::uint32_t, std::uint32_t>, RuleTemplate> rules_;
};

}  // namespace plan
