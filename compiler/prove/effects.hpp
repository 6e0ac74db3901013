// What steps read and write, with everything that follows from `carried by` written out: who
// replaces the content of a database writes each state that is read from it. Used by order.cpp
// and prove/*.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/plan.hpp"
#include "compiler/prove/terms.hpp"

namespace plan {

enum class WriteKind : std::uint8_t {
  set,     // to `value`, a term over the values that variables have when the step acts
  change,  // to a value that nobody knows
  part     // a state carried by this one was written: the whole is not what it was
};

struct Write {
  StepId step;
  VariableId variable;
  WriteKind kind = WriteKind::set;
  bool destroys = false;  // what was there is lost
  TermId value;           // of `set`
  // Of a carried state that came with its carrier: the state that it is a copy of, or none.
  VariableId copied_from;
  Span span;       // of the effect clause
  Span loss_span;  // of the `destroys`, if there is one
};

// Which state is carried by which.
class Carriers {
 public:
  explicit Carriers(const Plan& plan, const Terms& terms);
  // The variable that carries `variable`, or none.
  [[nodiscard]] VariableId carrier(VariableId variable) const { return carrier_[variable.index]; }
  [[nodiscard]] std::span<const VariableId> carried(VariableId variable) const;
  // The state on `source`'s side that becomes `variable` when its carrier is copied, or none.
  [[nodiscard]] VariableId counterpart(const Plan& plan,
                                       VariableId variable,
                                       VariableId source) const;

 private:
  std::vector<VariableId> carrier_;
  std::vector<VariableId> carried_;
  std::vector<std::uint32_t> begin_;
};

// The writes of a list of effects: at most one for each variable, in the order of the effects,
// what follows from carriers behind what is written explicitly.
[[nodiscard]] std::vector<Write> expand(const Plan& plan,
                                        Terms& terms,
                                        const Carriers& carriers,
                                        StepId step,
                                        std::span<const Effect> effects);

class Effects {
 public:
  Effects(const Plan& plan, Terms& terms);

  [[nodiscard]] const Carriers& carriers() const { return carriers_; }
  [[nodiscard]] std::span<const Write> of(StepId step) const;
  // Indexes of all() by variable, by step.
  [[nodiscard]] std::span<const std::uint32_t> of(VariableId variable) const;
  [[nodiscard]] const std::vector<Write>& all() const { return writes_; }
  // nullptr if the step does not write it.
  [[nodiscard]] const Write* find(StepId step, VariableId variable) const;
  [[nodiscard]] bool is_written(VariableId variable) const { return !of(variable).empty(); }

 private:
  Carriers carriers_;
  std::vector<Write> writes_;
  std::vector<std::uint32_t> step_begin_;
  std::vector<std::uint32_t> by_variable_;
  std::vector<std::uint32_t> variable_begin_;
};

// Deferred loops: which steps are inside of which.
class Loops {
 public:
  explicit Loops(const Plan& plan);
  // The innermost loop around the step; a loop's begin and end are outside of it.
  [[nodiscard]] std::uint32_t of(StepId step) const { return of_[step.index]; }
  // The ends of the arrow that orders `before` before `after`: a step in a loop that the other one
  // is not in is replaced by the loop's end, or begin.
  [[nodiscard]] std::pair<StepId, StepId> attach(StepId before, StepId after) const;
  [[nodiscard]] bool is_inside(StepId step, std::uint32_t loop) const;

 private:
  const Plan& plan_;
  std::vector<std::uint32_t> of_;
};

// "old_orch.service.active".
[[nodiscard]] std::string variable_text(const Plan& plan, VariableId variable);

}  // namespace plan
