// What the proofs share: the order as a graph, and one symbolic execution of the plan in
// topological order. Where no two steps race, every variable has the same last writer in every
// schedule, so this one execution stands for all of them. Each property has a file of its own.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/graph.hpp"
#include "compiler/plan.hpp"
#include "compiler/print_expr.hpp"
#include "compiler/prove.hpp"
#include "compiler/prove/certificate.hpp"
#include "compiler/prove/effects.hpp"
#include "compiler/prove/groundwork.hpp"
#include "compiler/prove/schedule.hpp"
#include "compiler/prove/terms.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

// Where a variable's present value comes from.
struct Definition {
  std::uint32_t write = UINT32_MAX;   // of Effects::all(); none: the world as found
  std::uint32_t source = UINT32_MAX;  // of a copy: the definition of what was copied
};

struct Proof {
  Proof(Plan& plan, Diagnostics& diagnostics, OrderFaults faults);

  // The step acts: what it writes gets its new values.
  void act(StepId step);

  [[nodiscard]] bool is_before(StepId one, StepId two) const;
  // The same, for a question whose answer the certificate need not show.
  [[nodiscard]] bool is_surely_before(StepId one, StepId two) const;
  // The value of a condition now, in the case that the step runs at all.
  [[nodiscard]] TermId value_now(TermId term, StepId step);
  // The same, of what the condition's value is now in all cases.
  [[nodiscard]] TermId if_it_runs(TermId value, StepId step);
  // The condition under which the step runs, over the world as found; true if there is none.
  [[nodiscard]] TermId when(StepId step);
  [[nodiscard]] std::string variable(VariableId id) const { return variable_text(plan, id); }
  [[nodiscard]] const std::string& name(StepId step) const { return plan.steps[step.index].name; }
  [[nodiscard]] std::string text(const Condition& condition) const {
    return print_condition(plan, condition);
  }
  [[nodiscard]] std::vector<VariableId> variables_of(TermId term) const;
  // A term over the world as found, simplified by what preflight makes sure of about `of`.
  [[nodiscard]] TermId given(TermId term, TermId of);
  void assume_found(TermId condition, StepId step, std::uint32_t requirement);
  // Until it is written again, nothing is said about what this condition depends on.
  void silence(TermId condition);
  // Nothing is ever said about this variable: its value is not the same in all schedules.
  void silence(VariableId variable);
  [[nodiscard]] bool is_silent(VariableId id) const { return is_silent_[id.index]; }
  // Something is wrong with the step's place in the order; that has been told.
  [[nodiscard]] bool is_misplaced(StepId step) const { return is_misplaced_[step.index]; }
  // The value before the plan begins.
  [[nodiscard]] TermId as_found(VariableId id) const {
    return is_silent(id) ? terms.poison() : terms.initial(id);
  }
  [[nodiscard]] ScheduleSource schedules() const { return {plan, terms, effects, graph}; }
  // Whether the variable belongs to the one element that the loop's body works on.
  [[nodiscard]] bool is_private(VariableId variable, std::uint32_t loop);

  // The condition over the world as found; one that the proof has looked at already.
  [[nodiscard]] TermId term_of(const Condition& condition) const {
    return terms.known(condition.expr);
  }

  Plan& plan;
  Diagnostics& diagnostics;
  ProofRecord* record = nullptr;  // where a certificate is wanted: what the proof rests on
  std::unique_ptr<Groundwork, GroundworkDeleter> groundwork;
  Terms& terms;
  Effects& effects;
  Loops loops;
  DependencyGraph graph;
  std::vector<TermId> state;           // now, by variable
  std::vector<TermId> found;           // the world as found, by variable
  std::vector<std::uint32_t> defined;  // by variable: index of `definitions`; none: as found
  std::vector<Definition> definitions;
  std::vector<TermId> after;                       // by write: the value that it leaves behind
  std::unordered_map<std::uint32_t, TermId> runs;  // by step with `when`, as seen at its turn
  std::vector<VariableId> copies;  // variables that are copied, or hold a copy, at some time
  // What preflight makes sure of, with the step and its requirement that ask for it.
  std::map<TermId, std::pair<StepId, std::uint32_t>> assumed;
  std::vector<std::vector<TermId>> assumed_of;  // the same by variable
  std::vector<TermId> unknowns;                 // for bearing()
  // What steps wait for and others write beside them.
  struct PendingWait {
    StepId step;
    std::uint32_t clause = 0;  // of Step::awaits
    std::uint32_t number = 0;  // of the clause's conjuncts
    TermId part{};
    std::vector<StepId> before{};  // those who write it before the wait starts, in order
    std::vector<StepId> beside{};
    bool is_late = false;                  // somebody would make it true, but comes after the wait
    std::vector<std::uint32_t> defined{};  // as above, of its variables, when the wait starts
    const char* by = "plan";               // why it ends: see docs/certificate.md
    std::vector<StepId> providers{};       // one of them has to end so that the wait can
    bool needs_all = false;                // each of them
    std::size_t entry = 0;                 // of the record
  };
  std::vector<PendingWait> pending_waits;
  // What is destroyed and is not held by one other variable beside the step.
  struct PendingLoss {
    StepId step;
    const Write* write = nullptr;
    TermId value;
  };
  std::vector<PendingLoss> pending_losses;

 private:
  struct SharedValue {
    VariableId variable;
    TermId at_entry;
  };
  void enter_loop(std::uint32_t loop);
  void leave_loop(std::uint32_t loop);
  bool mentions(const Value& value, std::uint32_t loop);
  bool mentions(TermId term, std::uint32_t loop);
  bool is_of_element(ResourceId resource, std::uint32_t loop);

  std::vector<bool> is_silent_;                               // by variable
  std::vector<bool> is_misplaced_;                            // by step
  std::vector<std::vector<SharedValue>> shared_;              // by loop
  std::vector<std::vector<std::uint32_t>> written_in_;        // by loop: writes in its body
  std::unordered_map<std::uint32_t, std::uint32_t> loop_at_;  // begin or end step → loop
};

// Explains why `condition`, a conjunct, is not known to hold when `step` starts (none: at the end):
// labels for its last writers and what they copied, notes for steps that come too late, the
// schedule (without what it violates). Returns whether some step would make it true.
bool explain_failure(Proof& proof, TermId condition, StepId step, Diagnostic& diagnostic);

// One property each. The first three are called at each step of the execution, before it acts.
void check_requirements(Proof& proof, StepId step);
void check_waits(Proof& proof, StepId step);
void check_data_loss(Proof& proof, StepId step);
void check_resumable(Proof& proof);
void check_aliases(Proof& proof);
void check_element_aliases(Proof& proof);
// The `destroys` of a step that is given one resource as source and target; nullptr if there is
// none.
[[nodiscard]] const Effect* find_own_source(const Plan& plan, const Step& step);
// What is raced for is silenced: without races, and only then, one execution stands for all.
void check_races(Proof& proof);
// Of waits for what others write beside them: whether each can end, and all of them together. After
// the execution.
void check_waits_beside(Proof& proof);
// Of what no single variable holds beside the step that destroys it: whether at every moment some
// variable does. After the execution.
void check_pending_losses(Proof& proof);
void check_goals(Proof& proof);
void check_invariants(Proof& proof);
void check_rollback(Proof& proof);

}  // namespace plan
