// Who needs what, and which steps bear on it: the open conditions of partial-order planning.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "compiler/prove/effects.hpp"
#include "compiler/prove/terms.hpp"

namespace plan {

// What one step's effects do to a condition that held, or did not, before.
enum class Bearing : std::uint8_t {
  provides,     // makes it true
  conveys,      // makes it what another condition was before the step: a copy
  contributes,  // sets one side of it
  threatens     // makes it false, or nobody knows what
};

struct Bearer {
  StepId step;
  Bearing bearing = Bearing::provides;
  VariableId variable;  // the one that matters most
  TermId before;        // of `conveys`: what must hold before the step
};

enum class Need : std::uint8_t { start, wait, end };

// One conjunct that somebody needs.
struct Site {
  StepId consumer;  // none: the end of the plan (a goal)
  Need need = Need::start;
  TermId atom;
  Span span;                             // of the clause
  std::uint32_t condition = UINT32_MAX;  // index among the consumer's; none: handed on by a copy
  std::uint32_t bearers_begin = 0;
  std::uint32_t bearers_end = 0;
};

class Sites {
 public:
  // Every requirement, wait and goal whose outcome depends on a step.
  Sites(const Plan& plan, Terms& terms, const Effects& effects);

  [[nodiscard]] const std::vector<Site>& all() const { return sites_; }
  [[nodiscard]] std::span<const Bearer> bearers(const Site& site) const;

 private:
  void add(Site site);
  bool add_plain_bearers(const Site& site);
  void add_bearers(const Site& site);

  Terms& terms_;
  const Effects& effects_;
  std::vector<Site> sites_;
  std::vector<Bearer> bearers_;
  std::vector<TermId> state_;          // every variable as it is found; changed and restored
  std::vector<TermId> unknowns_;       // one for each changed variable of the step looked at
  std::vector<VariableId> variables_;  // of the atom looked at
  std::vector<StepId> steps_;
};

// The bearing of the writes in `writes` on `atom`; `state` holds initial(v) for every variable and
// is left so. nullopt if they do not touch it.
[[nodiscard]] std::optional<Bearer> bearing(Terms& terms,
                                            TermId atom,
                                            std::span<const Write> writes,
                                            std::vector<TermId>& state,
                                            std::vector<TermId>& unknowns);

}  // namespace plan
