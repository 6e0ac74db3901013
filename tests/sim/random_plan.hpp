// Random small plans for the tests that compare what the compiler says with what happens.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/compiler/plan_builder.hpp"

namespace plan::test {

// PLAN_BRUTE_FORCE_COUNT and the like.
inline std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Shape {
  bool has_copies = false;   // copies, and states that are carried by others
  bool has_changes = false;  // to values that nobody knows
  bool has_when = false;
  bool has_inputs = false;  // values that are not given when the plan is compiled
  bool has_waits = false;
  bool has_undo = false;
  bool has_losses = false;  // what is destroyed, and copies that save it
  std::uint32_t most_steps = 8;
};

class RandomPlan {
 public:
  RandomPlan(std::uint64_t seed, Shape shape) : engine_(seed), shape_(shape) {}

  Plan make() {
    const std::uint32_t variable_count = 1 + below(4);
    const std::uint32_t step_count = 1 + below(shape_.most_steps);
    for (std::uint32_t index = 0; index < variable_count; ++index) {
      variables_.push_back(builder_.variable("v" + std::to_string(index)));
    }
    if (shape_.has_when) {
      facts_.push_back(builder_.variable("fact"));
    }
    // A pair of wholes with a part each, so that copies hand something on.
    if (shape_.has_copies && below(2) == 0) {
      wholes_ = {builder_.variable("w0"), builder_.variable("w1")};
      variables_.push_back(builder_.part("p0", "part", wholes_[0]));
      variables_.push_back(builder_.part("p1", "part", wholes_[1]));
    }
    if (shape_.has_losses && below(4) == 0) {
      builder_.make_expendable(any());
    }
    if (shape_.has_inputs) {
      builder_.plan.inputs.push_back({.name = "given", .value = {}});
    }
    for (std::uint32_t index = 0; index < step_count; ++index) {
      add_step("s" + std::to_string(index));
    }
    add_written_order(step_count);
    for (std::uint32_t goals = below(3); goals-- > 1;) {
      builder_.goal(any(), below(2) == 0);
    }
    if (below(3) == 0 && variables_.size() > 1) {
      const VariableId left = any();
      const VariableId right = any();
      if (left != right) {
        builder_.never_both(left, right);
      }
    }
    return std::move(builder_.plan);
  }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(engine_() % bound); }
  VariableId any() { return variables_[below(static_cast<std::uint32_t>(variables_.size()))]; }

  void add_step(const std::string& name) {
    const StepId step = builder_.step(name);
    std::set<VariableId> required;
    for (std::uint32_t count = below(3); count-- > 0;) {
      const VariableId variable = any();
      if (required.insert(variable).second) {
        add_requirement(step, variable);
      }
    }
    std::set<VariableId> written;
    sources_.clear();
    for (std::uint32_t count = below(3); count-- > 0;) {
      const VariableId variable = any();
      if (written.insert(variable).second) {
        add_effect(step, variable, written);
      }
    }
    // A step that writes what it copies leaves open which comes first; see effects.cpp. The copy of
    // the whole reads the part p0 and writes p1.
    const VariableId read =
        variables_[variables_.size() - std::min<std::size_t>(2, variables_.size())];
    if (!wholes_.empty() && below(3) == 0 && !written.contains(read) &&
        !sources_.contains(variables_.back())) {
      builder_.copies(step, wholes_[1], wholes_[0]);
      written.insert(variables_.back());
    }
    if (shape_.has_when && below(3) == 0) {
      builder_[step].when = builder_.holds(below(3) == 0 ? any() : facts_[0], below(2) == 0);
    }
    // Whether a step waits before or after it writes is left open as well.
    if (const VariableId waited = any();
        shape_.has_waits && below(4) == 0 && !written.contains(waited)) {
      builder_.awaits(step, waited, below(2) == 0);
    }
    if (shape_.has_undo) {
      add_way_back(step);
    }
  }

  ExprId given() { return builder_.expr({.op = Op::input, .a = 0}); }

  void add_requirement(StepId step, VariableId variable) {
    if (shape_.has_inputs && below(4) == 0) {
      builder_[step].requires_.push_back(
          builder_.condition(builder_.equality(builder_.state(variable), given()), {variable},
                             builder_.name_of(variable) + " == given"));
    } else {
      builder_.requires_(step, variable, below(2) == 0);
    }
  }

  void add_effect(StepId step, VariableId variable, std::set<VariableId>& used) {
    if (shape_.has_losses && below(3) == 0) {
      builder_.destroys(step, variable);
      if (below(3) == 0) {
        builder_[step].effects.push_back(builder_.set(variable, true));
      }
      builder_[step].allows_destroy = below(8) == 0;
      return;
    }
    if (const VariableId source = any();
        shape_.has_losses && below(2) == 0 && variable != source && used.insert(source).second) {
      builder_.copies(step, variable, source);
      sources_.insert(source);
      return;
    }
    const std::uint32_t kind = below(6);
    if (kind == 0 && shape_.has_changes) {
      builder_.changes(step, variable);
    } else if (kind == 1 && shape_.has_copies) {
      const VariableId source = any();
      if (!used.insert(source).second) {
        builder_.ensures(step, variable);
        return;
      }
      builder_.copies(step, variable, source);
      sources_.insert(source);
    } else if (kind == 2 && shape_.has_inputs) {
      Effect effect = builder_.set(variable, true);
      effect.value = given();
      builder_[step].effects.push_back(effect);
    } else {
      builder_.ensures(step, variable, below(2) == 0);
    }
  }

  void add_way_back(StepId step) {
    const std::uint32_t kind = below(5);
    if (kind == 0) {
      builder_[step].undo_none = false;  // cannot be taken back, if it has effects
      return;
    }
    if (kind == 1) {
      return;
    }
    builder_[step].undo_none = false;
    builder_[step].undo_operation = 1;
    if (below(2) == 0) {
      builder_[step].undo_requires.push_back(builder_.holds(any(), below(2) == 0));
    }
    if (below(3) != 0) {
      builder_[step].undo_effects.push_back(builder_.set(any(), below(2) == 0));
    }
  }

  // `after` along a random permutation, from none to nearly all.
  void add_written_order(std::uint32_t step_count) {
    std::vector<std::uint32_t> permutation(step_count);
    for (std::uint32_t index = 0; index < step_count; ++index) {
      permutation[index] = index;
    }
    std::ranges::shuffle(permutation, engine_);
    const std::uint32_t density = below(5);
    for (std::uint32_t one = 0; one < step_count; ++one) {
      for (std::uint32_t two = one + 1; two < step_count; ++two) {
        if (below(4) < density) {
          builder_.after(StepId{permutation[two]}, StepId{permutation[one]});
        }
      }
    }
  }

  std::mt19937_64 engine_;
  Shape shape_;
  PlanBuilder builder_;
  std::vector<VariableId> variables_;
  std::vector<VariableId> facts_;
  std::vector<VariableId> wholes_;
  std::set<VariableId> sources_;  // of the present step's copies
};

}  // namespace plan::test
