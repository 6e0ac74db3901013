// What steps need when they start, what waits need to end, what is destroyed, what holds at the
// end.
#include <algorithm>

#include "verify/checker.hpp"

namespace plan::verify {

std::vector<Reading> Checker::readings(const std::vector<VariableId>& read, StepId step) const {
  std::vector<Reading> result;
  for (const VariableId variable : read) {
    const auto all = writes.of(variable);
    if (all.empty()) {
      continue;
    }
    const std::uint32_t here = step.is_none() ? none : ordering.position(step);
    const auto next = std::ranges::lower_bound(all, here, {}, [&](std::uint32_t index) {
      return ordering.position(writes.all()[index].step);
    });
    // What the step writes itself comes after what it reads.
    result.push_back(
        {.variable = variable.index,
         .writer = next == all.begin() ? none : writes.all()[*std::prev(next)].step.index,
         .next = next == all.end() ? none : writes.all()[*next].step.index});
  }
  return result;
}

void Checker::check_requirements(StepId step) {
  const auto& clauses = plan.steps[step.index].requires_;
  for (std::uint32_t index = 0; index < clauses.size(); ++index) {
    const NodeId condition = nodes.of(clauses[index].expr);
    bool is_found = false;
    for (const NodeId part : nodes.parts(condition)) {
      if (nodes.is_true(now(part, step))) {
        continue;
      }
      if (nodes.in(part, state) != part) {
        fault("`{}` requires `{}`: nothing makes sure of it", name(step),
              clauses[index].text.text());
        continue;
      }
      is_found = true;
      if (!plan.steps[step.index].when) {
        if (assumed.contains(nodes.make(Op::logical_not, 0, {part}))) {
          fault("`{}` requires `{}`, and another step requires the opposite of the world as found",
                name(step), clauses[index].text.text());
        }
        if (assumed.insert(part).second) {
          for (const VariableId variable : nodes.variables(part)) {
            assumed_of[variable.index].push_back(part);
          }
        }
      }
    }
    if (is_found && !preflight.contains({step.index, index})) {
      fault("`{}` requires `{}` of the world as found, and preflight does not look at it",
            name(step), clauses[index].text.text());
    }
    take(certificate.requirements, at_requirement,
         Requirement{.step = step.index,
                     .clause = index,
                     .by = is_found ? "preflight" : "plan",
                     .readings = readings(nodes.variables(condition), step)},
         fmt::format("what `{}` requires (`{}`)", name(step), clauses[index].text.text()));
  }
}

void Checker::check_goals() {
  std::size_t at = 0;
  for (std::uint32_t index = 0; index < plan.goals.size(); ++index) {
    const Condition& goal = plan.goals[index];
    const NodeId condition = nodes.of(goal.expr);
    for (const NodeId part : nodes.parts(condition)) {
      NodeId value = given(nodes.in(part, state), part);
      for (const Condition& invariant : plan.invariants) {
        for (const NodeId known : nodes.parts(nodes.of(invariant.expr))) {
          value = nodes.under(value, given(known, known), true);
        }
      }
      // Goals over facts and inputs are observed at the end; no step has to do with them.
      const auto read = nodes.variables(part);
      const bool speaks_of_states = std::ranges::any_of(read, [&](VariableId id) {
        const Variable& variable = plan.variables[id.index];
        const auto& attributes =
            plan.resource_types[plan.resources[variable.resource.index].type].attributes;
        return variable.attribute >= attributes.size() ||
               attributes[variable.attribute].kind == AttributeKind::state;
      });
      if (!nodes.is_true(value) && speaks_of_states) {
        fault("the goal `{}` is not reached in every schedule", goal.text.text());
      }
    }
    take(certificate.goals, at,
         Requirement{
             .clause = index, .by = "plan", .readings = readings(nodes.variables(condition), {})},
         fmt::format("the goal `{}`", goal.text.text()));
  }
  if (certificate.goals.size() > at) {
    fault("the certificate has more goals than the plan");
  }
}

// Whether it is false if the conditions of those who write it turn out in some way.
bool Checker::may_be_false(NodeId value, std::span<const NodeId> conditions) {
  constexpr std::size_t condition_limit = 10;
  if (nodes.is_false(value) || conditions.size() > condition_limit) {
    return true;
  }
  return !conditions.empty() &&
         (may_be_false(nodes.under(value, conditions.front(), true), conditions.subspan(1)) ||
          may_be_false(nodes.under(value, conditions.front(), false), conditions.subspan(1)));
}

void Checker::check_waits(StepId step) {
  const auto& clauses = plan.steps[step.index].awaits;
  for (std::uint32_t index = 0; index < clauses.size(); ++index) {
    const std::vector<NodeId> parts = nodes.parts(nodes.of(clauses[index].expr));
    for (std::uint32_t number = 0; number < parts.size(); ++number) {
      const NodeId value = given(now(parts[number], step), parts[number]);
      Wait wait{.step = step.index, .clause = index, .part = number, .by = "plan", .providers = {}};
      if (!nodes.is_true(value)) {
        bool is_late = false;
        Pending beside{.step = step, .providers = {}};
        for (const VariableId variable : nodes.variables(parts[number])) {
          for (const std::uint32_t at : writes.of(variable)) {
            const StepId writer = writes.all()[at].step;
            if (writer == step || bearing(writer, parts[number]) != Bearing::provides) {
              continue;
            }
            if (ordering.before(step, writer)) {
              is_late = true;
            } else if (!ordering.before(writer, step)) {
              beside.providers.push_back(writer);
              wait.providers.push_back(writer.index);
            }
          }
        }
        std::vector<NodeId> conditions;
        for (const VariableId variable : nodes.variables(parts[number])) {
          for (const std::uint32_t at : writes.of(variable)) {
            if (const auto ran = runs.find(writes.all()[at].step.index); ran != runs.end()) {
              conditions.push_back(ran->second);
            }
          }
        }
        const bool may_hold =
            !may_be_false(value, conditions) && (nodes.has_unknown(value) || !is_late);
        wait.by = may_hold ? "world" : "beside";
        if (may_hold) {
          wait.providers.clear();
        } else if (beside.providers.empty()) {
          fault("the wait `{}` for `{}` never ends", name(step), clauses[index].text.text());
        } else {
          pending.push_back(std::move(beside));
        }
      }
      take(certificate.waits, at_wait, wait,
           fmt::format("what `{}` waits for (`{}`)", name(step), clauses[index].text.text()));
    }
  }
}

// Everything comes to its end, where a wait needs one of its providers to have done so.
void Checker::check_waits_end() {
  std::vector<std::uint32_t> missing(plan.steps.size());
  std::vector<std::vector<std::uint32_t>> arrows(plan.steps.size());
  std::multimap<std::uint32_t, std::size_t> ended_by;
  for (const Edge& edge : plan.edges) {
    ++missing[edge.to.index];
    arrows[edge.from.index].push_back(edge.to.index);
  }
  for (std::size_t index = 0; index < pending.size(); ++index) {
    ++missing[pending[index].step.index];
    for (const StepId provider : pending[index].providers) {
      ended_by.emplace(provider.index, index);
    }
  }
  std::vector<std::uint32_t> ready;
  for (std::uint32_t step = 0; step < missing.size(); ++step) {
    if (missing[step] == 0) {
      ready.push_back(step);
    }
  }
  std::vector<bool> is_met(pending.size());
  std::size_t ended = 0;
  const auto release = [&](std::uint32_t step) {
    if (--missing[step] == 0) {
      ready.push_back(step);
    }
  };
  for (; ended < ready.size(); ++ended) {
    const std::uint32_t step = ready[ended];
    std::ranges::for_each(arrows[step], release);
    const auto [first, last] = ended_by.equal_range(step);
    for (auto at = first; at != last; ++at) {
      if (!is_met[at->second]) {
        is_met[at->second] = true;
        release(pending[at->second].step.index);
      }
    }
  }
  if (ended < plan.steps.size()) {
    fault("{} steps can never end: waits need each other", plan.steps.size() - ended);
  }
}

}  // namespace plan::verify
