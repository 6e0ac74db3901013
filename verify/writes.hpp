// What steps and their undos write, with everything that follows from `carried by`; which step is
// inside of which deferred loop. Written apart from the prover's effects on purpose.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "compiler/plan.hpp"
#include "verify/nodes.hpp"

namespace plan::verify {

enum class WriteKind : std::uint8_t {
  set,     // to `value`, over what variables hold when the step acts
  change,  // to a value that nobody knows
  part     // something that this one carries was written
};

struct Write {
  StepId step;
  VariableId variable;
  WriteKind kind = WriteKind::set;
  bool destroys = false;
  NodeId value;
};

class Writes {
 public:
  Writes(const Plan& plan, Nodes& nodes);

  [[nodiscard]] const std::vector<Write>& all() const { return all_; }
  [[nodiscard]] std::span<const Write> of(StepId step) const;
  // Indexes of all(), by step until sort() puts them into the given order.
  [[nodiscard]] std::span<const std::uint32_t> of(VariableId variable) const;
  void sort(std::span<const std::uint32_t> position);
  [[nodiscard]] bool is_written(VariableId variable) const { return !of(variable).empty(); }
  // At most one write for each variable.
  [[nodiscard]] std::vector<Write> expand(StepId step, std::span<const Effect> effects) const;

 private:
  [[nodiscard]] VariableId carrier_of(VariableId variable) const;
  [[nodiscard]] VariableId counterpart(VariableId variable, VariableId source) const;
  void add_carried(const Effect& effect, const Write& own, std::vector<Write>& writes) const;
  void settle(std::vector<Write>& writes) const;

  const Plan& plan_;
  Nodes& nodes_;
  std::vector<VariableId> carrier_;               // by variable
  std::vector<std::vector<VariableId>> carried_;  // by index of a carrier in carriers_
  std::vector<std::uint32_t> carried_at_;         // by variable: index of carried_, or none
  std::vector<Write> all_;
  std::vector<std::uint32_t> step_begin_;
  std::vector<std::uint32_t> by_variable_;
  std::vector<std::uint32_t> variable_begin_;
};

class LoopNest {
 public:
  LoopNest(const Plan& plan, Nodes& nodes);
  [[nodiscard]] std::uint32_t of(StepId step) const { return of_[step.index]; }
  [[nodiscard]] bool holds(std::uint32_t loop, StepId step) const;
  // The two steps between which an order of `before` and `after` is kept: a loop stands for a step
  // inside of it that the other one is not inside of.
  [[nodiscard]] std::pair<StepId, StepId> attach(StepId before, StepId after) const;
  // Whether the variable belongs to the one element that the body works on.
  [[nodiscard]] bool is_private(VariableId variable, std::uint32_t loop) const;

 private:
  [[nodiscard]] bool is_of_element(ResourceId resource, std::uint32_t loop) const;
  [[nodiscard]] bool mentions(const Value& value, std::uint32_t loop) const;
  [[nodiscard]] bool mentions(NodeId node, std::uint32_t loop) const;

  const Plan& plan_;
  Nodes& nodes_;
  std::vector<std::uint32_t> of_;
};

}  // namespace plan::verify
