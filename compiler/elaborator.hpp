// The state of elaboration; used by the elaborate*.cpp files only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/elaborate.hpp"
#include "compiler/lower.hpp"
#include "compiler/partial.hpp"
#include "compiler/templates.hpp"

namespace plan {

// Where conditions and effects of a contract go: a step's, or those of its undo.
struct Contract {
  std::vector<Condition>* requires_ = nullptr;
  std::vector<Condition>* awaits = nullptr;
  std::vector<Effect>* effects = nullptr;
  std::vector<Condition>* ensures = nullptr;
};

class Elaborator final : public NamedValues {
 public:
  Elaborator(const SourceMap& sources,
             SourceLoader& loader,
             const CompileOptions& options,
             Modules& modules,
             const Types& types,
             const InputValues& inputs,
             Assembly& assembly,
             Diagnostics& diagnostics);

  void run();

  [[nodiscard]] Value value_of(Symbol symbol, Span user) override;
  [[nodiscard]] Value output_of(Symbol step, std::uint32_t output, Span user) override;

 private:
  enum class Progress : std::uint8_t { untouched, running, done };
  struct Named {
    Progress progress = Progress::untouched;
    Value value;
  };
  // One turn of a loop that is unrolled.
  struct Turn {
    std::uint32_t outer = UINT32_MAX;  // the turn around it
    std::uint32_t loop = 0;            // ordinal of the loop
    std::uint32_t index = 0;
    std::string label;
  };
  struct Ordinals {
    std::uint32_t let_value = 0;
    std::uint32_t resource = 0;
    std::uint32_t loop = 0;
    std::uint32_t step = 0;
    std::uint32_t phase = 0;
  };
  // The steps of a phase or loop, with everything inside.
  struct Group {
    std::vector<StepId> steps;
  };
  struct PendingAfter {
    StepId step;
    Symbol name;
    Span span;
    std::uint32_t turn = UINT32_MAX;
  };
  struct PendingGroup {
    std::vector<StepId> steps;
    Symbol name;
    std::uint32_t turn = UINT32_MAX;
  };
  // A rule that is used, on behalf of the `require` in the plan.
  struct RuleUse {
    Span span;
    std::uint32_t depth = 0;
  };

  // --- elaborate_inputs.cpp
  void inputs();
  Value completed(const Value& value, std::uint32_t type, std::uint32_t input);
  void record_defaults();
  Value default_of(std::uint32_t record, std::size_t field);

  // --- elaborate.cpp
  void plan_items();
  void items(const ast::Declarations& declarations);
  void item(const ast::Use&, const ast::Declaration&) {}
  void item(const ast::InputDecl&, const ast::Declaration&) {}
  void item(const ast::LetDecl& node, const ast::Declaration&);
  void item(const ast::ResourceDecl& node, const ast::Declaration&);
  void item(const ast::StepDecl& node, const ast::Declaration& declaration);
  void item(const ast::PhaseDecl& node, const ast::Declaration& declaration);
  void item(const ast::ForDecl& node, const ast::Declaration& declaration);
  void item(const ast::WhenDecl& node, const ast::Declaration& declaration);
  void item(const ast::RequireDecl& node, const ast::Declaration& declaration);
  void item(const ast::GoalDecl& node, const ast::Declaration& declaration);
  void item(const ast::AlwaysDecl& node, const ast::Declaration& declaration);
  void item(const ast::TestDecl& node, const ast::Declaration& declaration);
  void item(const ast::ResourceTypeDecl&, const ast::Declaration&) {}
  void item(const ast::OperationDecl&, const ast::Declaration&) {}
  void item(const ast::FunctionDecl&, const ast::Declaration&) {}
  void item(const ast::RuleDecl&, const ast::Declaration&) {}
  void item(const ast::EnumDecl&, const ast::Declaration&) {}
  void item(const ast::RecordDecl&, const ast::Declaration&) {}
  Value named(std::vector<std::vector<Named>>& table, Symbol symbol, Span user);
  // Of a resource that was evaluated already; nullptr for any other symbol.
  [[nodiscard]] const Value* known_value(Symbol symbol) const {
    const Named* entry =
        symbol.kind == SymbolKind::resource ? &resources_[symbol.module][symbol.index] : nullptr;
    return entry != nullptr && entry->progress == Progress::done ? &entry->value : nullptr;
  }
  // A value of an expression of a file, outside of all declarations with frames.
  Value evaluate(std::uint32_t module, ast::ExprId id);
  std::optional<Value> simple_value(std::uint32_t module, ast::ExprId id);
  std::optional<std::string> known_text(ast::ExprId id);
  std::optional<std::int64_t> known_number(const Value& value, Span span, std::string_view what);
  void known_too_late(const Value& value, Span span, std::string_view what);
  ResourceId element(ResourceId owner, std::uint32_t query);
  Value make_host(const Map& fields, Span span);
  std::optional<std::string> source_text(std::string_view file, Span span);
  void skip(const ast::Declarations& declarations);
  void add_rule(Condition condition, Span where, RuleUse use);
  void use_rule(Symbol rule, std::vector<Value> arguments, RuleUse use);

  // --- elaborate_resources.cpp
  Value declared_resource(std::uint32_t module, std::uint32_t ordinal);
  std::vector<Value> field_values(std::uint32_t module,
                                  const ast::Call& call,
                                  Symbol type,
                                  Span span);
  void check_same(ResourceId known, const std::vector<Value>& fields, Name name, Span span);
  [[nodiscard]] static std::string key_text(const ResourceType& type);

  // --- elaborate_conditions.cpp
  std::optional<VariableId> plain_state(const Core& core,
                                        const Expr& expr,
                                        const std::vector<Value>& slots);
  std::optional<Condition> plain_condition(const Core& core,
                                           ExprId id,
                                           const std::vector<Value>& slots);
  std::optional<Condition> written_state(const ast::ConditionClause& node);
  // Absent if it holds in any case.
  std::optional<Condition> condition(Core& core,
                                     const ConditionTemplate& from,
                                     std::vector<Value>& slots);
  std::optional<Condition> condition(ast::ExprId expr, ast::ExprId message, Span span);
  void set_message(Core& core, ExprId message, std::vector<Value>& slots, Condition& condition);
  void find_reads(Condition& condition);
  void collect_reads(ExprId expr, std::vector<VariableId>& reads);
  void instantiate(Core& core,
                   const ContractTemplate& from,
                   std::vector<Value>& slots,
                   const Contract& to);
  void effect(Core& core,
              const EffectTemplate& from,
              std::vector<Value>& slots,
              const Contract& to);
  void ensure(const Condition& condition, std::vector<Effect>& effects);
  // What makes the closed expression `expr` true, as effects; false if it is not of that form.
  bool decompose(ExprId expr, Span span, std::vector<Effect>& effects);
  bool set_state(ExprId state, ExprId value, Span span, std::vector<Effect>& effects);

  // --- elaborate_steps.cpp
  StepId add_step(const ast::StepDecl& node, Span span);
  void operation_step(const ast::StepDecl& node, StepId id);
  void text_step(const ast::StepDecl& node, StepId id);
  void settings(
      Core& core, const ContractTemplate& from, std::vector<Value>& slots, StepId id, Span span);
  void step_clauses(const ast::StepDecl& node, StepId id);
  bool plain_clauses(const ast::StepDecl& node, StepId id);
  void written_after(const ast::StepDecl& node, StepId id);
  void irreversible(ExprId reason, std::vector<Value>& slots, StepId id);
  void undo(Core& core, const UndoTemplate& from, std::vector<Value>& slots, StepId id);
  void set_when(StepId id);
  std::string step_name(std::string_view name);
  void resolve_after();
  void resolve_group_after();
  void instances(std::uint32_t ordinal, std::uint32_t turn, std::vector<StepId>& found);
  void targets_of(Symbol symbol, std::uint32_t turn, std::vector<StepId>& targets);
  bool is_visible_from(std::uint32_t target, std::uint32_t turn) const;
  void note_in_groups(StepId id);
  void after_group(const std::vector<ast::ExprId>& names, const std::vector<StepId>& steps);

  // --- elaborate_loops.cpp
  void deferred_loop(const ast::ForDecl& node,
                     std::uint32_t ordinal,
                     const Value& list,
                     const ast::Declaration& declaration);
  void unrolled_loop(const ast::ForDecl& node, std::uint32_t ordinal, const List& items);
  StepId loop_step(const ast::ForDecl& node, StepKind kind, Span span);
  std::optional<List> known_items(const Value& list);
  std::string label_of(const Value& item, std::size_t index);

  // --- elaborate_tests.cpp
  void given(const ast::GivenClause& node, Test& test);
  void fail_step(const ast::FailStepClause& node, Test& test);

  [[nodiscard]] const Module& entry() const { return modules_[modules_.entry()]; }
  [[nodiscard]] Span span(ast::ExprId id) const { return entry()[id].span; }

  const SourceMap& sources_;
  SourceLoader& loader_;
  const CompileOptions& options_;
  Modules& modules_;
  const Types& types_;
  const InputValues& given_;
  Assembly& assembly_;
  Plan& plan_;
  Diagnostics& diagnostics_;
  LowerContext context_;
  Templates templates_;
  Core scratch_;
  Partial partial_;

  std::vector<Value> input_values_;       // of the entry, by ordinal
  std::vector<std::vector<Named>> lets_;  // by module and ordinal
  std::vector<std::vector<Named>> resources_;
  std::vector<Value> loop_values_;  // of the entry, by ordinal of the loop
  Name host_name_;                  // what a host that is made now is called

  Ordinals ordinals_;
  std::uint32_t phase_ = UINT32_MAX;
  std::uint32_t loop_ = UINT32_MAX;  // Plan::loops
  std::uint32_t turn_ = UINT32_MAX;
  std::vector<Turn> turns_;
  Value when_{true};  // conjunction of the `when` blocks around
  std::string when_text_;
  Span when_span_;
  std::uint32_t local_depth_ = 0;  // loops around what is being elaborated
  bool is_given_ = false;          // a test's `given` may say what facts are

  // The steps that a written step has become, by ordinal: most become one.
  std::vector<StepId> first_instance_;
  std::map<std::uint32_t, std::vector<StepId>> further_instances_;
  std::vector<std::uint32_t> turn_of_step_;  // by step
  std::vector<Group> phase_groups_;          // by ordinal
  std::vector<Group> loop_groups_;
  std::vector<std::pair<bool, std::uint32_t>> open_groups_;  // (is a phase, ordinal)
  std::vector<PendingAfter> after_;
  std::vector<PendingGroup> group_after_;
  std::vector<StepId> outputs_used_;  // by the step that is being elaborated
  std::uint32_t approvals_ = 0;

  std::vector<std::uint32_t> visited_;  // by expression of the plan: the last search
  std::uint32_t search_ = 0;
  std::vector<ast::ExprId> matched_;  // room for match_arguments(); empty while it is in use
};

}  // namespace plan
