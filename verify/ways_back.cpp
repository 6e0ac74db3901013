// Steps are taken back one at a time, the last one first. What a step's undo requires is not known
// to be false then, in any run that stops before the point of no return.
#include <algorithm>

#include "verify/checker.hpp"

namespace plan::verify {

namespace {

// What ran besides what had to come before the step: before it, or after it and taken back since.
struct Run {
  std::vector<StepId> before;
  std::vector<StepId> after;
};

struct WaysBack {
  explicit WaysBack(Checker& the_checker) : checker(the_checker) {
    const Plan& plan = checker.plan;
    for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
      const Step& step = plan.steps[index];
      if (checker.is_past[index]) {
        continue;
      }
      if (!step.undo_effects.empty()) {
        undo[index] = checker.writes.expand(StepId{index}, step.undo_effects);
      }
      for (const Write& write : checker.writes.of(StepId{index})) {
        writers[write.variable.index].push_back(StepId{index});
      }
      for (const Write& write : undo[index]) {
        const auto own = checker.writes.of(StepId{index});
        if (std::ranges::find(own, write.variable, &Write::variable) == own.end()) {
          undo_writers[write.variable.index].push_back(StepId{index});
        }
      }
    }
    for (auto& [variable, steps] : writers) {
      sort(steps);
    }
  }

  std::uint32_t place(StepId step) const { return checker.ordering.position(step); }

  void sort(std::vector<StepId>& steps) const {
    std::ranges::sort(steps, {}, [&](StepId step) { return place(step); });
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  }

  const Write* undo_write(StepId step, VariableId variable) const {
    const auto at = undo.find(step.index);
    if (at == undo.end()) {
      return nullptr;
    }
    const auto write = std::ranges::find(at->second, variable, &Write::variable);
    return write == at->second.end() ? nullptr : &*write;
  }

  // Those of whom the variable's value may depend when the step is taken back.
  void add_relevant(VariableId variable, StepId step, std::vector<StepId>& relevant) {
    const std::vector<StepId>& all = writers[variable.index];
    const auto middle =
        std::ranges::lower_bound(all, place(step), {}, [&](StepId other) { return place(other); });
    for (auto at = middle; at != all.begin() && !checker.ordering.before(*std::prev(at), step);) {
      relevant.push_back(*--at);
    }
    for (auto at = middle; at != all.end(); ++at) {
      if (*at == step) {
        continue;
      }
      relevant.push_back(*at);
      if (undo_write(*at, variable) != nullptr && checker.ordering.before(step, *at)) {
        break;
      }
    }
    for (const StepId other : undo_writers[variable.index]) {
      if (other != step && !checker.ordering.before(other, step)) {
        relevant.push_back(other);
      }
    }
  }

  NodeId value_of(VariableId variable, StepId step, const Run& run) {
    for (const StepId later : run.after) {
      if (const Write* write = undo_write(later, variable)) {
        const bool is_known =
            write->kind == WriteKind::set && checker.nodes.constant_of(write->value) != nullptr;
        return is_known ? write->value : checker.nodes.unknown();
      }
    }
    const Write* last = nullptr;
    const auto consider = [&](StepId writer) {
      for (const Write& write : checker.writes.of(writer)) {
        if (write.variable == variable && (last == nullptr || place(writer) > place(last->step))) {
          last = &write;
        }
      }
    };
    consider(step);
    std::ranges::for_each(run.before, consider);
    std::ranges::for_each(run.after, consider);
    const std::vector<StepId>& all = writers[variable.index];
    auto at =
        std::ranges::lower_bound(all, place(step), {}, [&](StepId other) { return place(other); });
    while (last == nullptr && at != all.begin()) {
      if (checker.ordering.before(*--at, step)) {
        consider(*at);
      }
    }
    return last == nullptr
               ? checker.nodes.found(variable)
               : checker.after[static_cast<std::size_t>(last - checker.writes.all().data())];
  }

  void judge(StepId step, const Condition& clause, NodeId part, const Run& run) {
    ++cases;
    const std::vector<VariableId> variables = checker.nodes.variables(part);
    for (const VariableId variable : variables) {
      checker.found[variable.index] = value_of(variable, step, run);
    }
    const NodeId value = checker.nodes.in(part, checker.found);
    for (const VariableId variable : variables) {
      checker.found[variable.index] = checker.nodes.found(variable);
    }
    if (checker.nodes.is_false(value)) {
      checker.fault("the undo of `{}` requires `{}`, which a run can stop without",
                    checker.name(step), clause.text.text());
    }
  }

  void check(StepId step, const Condition& clause) {
    for (const NodeId part : checker.nodes.parts(checker.nodes.of(clause.expr))) {
      std::vector<StepId> relevant;
      for (const VariableId variable : checker.nodes.variables(part)) {
        add_relevant(variable, step, relevant);
      }
      sort(relevant);
      judge(step, clause, part, {});
      for (const StepId with : relevant) {
        std::vector<StepId> needed;
        Run early;  // whoever need not come after the step comes before it
        for (const StepId other : relevant) {
          if (other == with || checker.ordering.before(other, with)) {
            needed.push_back(other);
            const bool is_late = other == with || checker.ordering.before(step, other);
            (is_late ? early.after : early.before).push_back(other);
          }
        }
        judge(step, clause, part, {.before = {}, .after = needed});
        if (!early.before.empty()) {
          judge(step, clause, part, early);
        }
        if (!checker.ordering.before(step, with)) {
          judge(step, clause, part, {.before = needed, .after = {}});
        }
      }
    }
  }

  Checker& checker;
  std::map<std::uint32_t, std::vector<Write>> undo;      // by step
  std::map<std::uint32_t, std::vector<StepId>> writers;  // by variable, in order
  std::map<std::uint32_t, std::vector<StepId>>
      undo_writers;  // by variable: only its undo writes it
  std::size_t cases = 0;
};

}  // namespace

void Checker::check_ways_back() {
  WaysBack ways(*this);
  std::size_t at = 0;
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    const Step& step = plan.steps[index];
    if (is_past[index] || step.undo_operation == UINT32_MAX) {
      continue;
    }
    for (std::uint32_t clause = 0; clause < step.undo_requires.size(); ++clause) {
      ways.cases = 0;
      ways.check(StepId{index}, step.undo_requires[clause]);
      cases += ways.cases;
      take(certificate.undos, at,
           Cases{.of = index, .clause = clause, .count = static_cast<std::uint32_t>(ways.cases)},
           fmt::format("the way back of `{}`", step.name));
    }
  }
  if (certificate.undos.size() > at) {
    fault("the certificate has more ways back than the plan");
  }
}

}  // namespace plan::verify
