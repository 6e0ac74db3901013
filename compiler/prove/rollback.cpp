// From every state that a run can stop in, up to the first step that cannot be undone, the way
// back is possible: when a step is undone, what its undo requires holds, whichever later steps
// had run and were undone before it.
//
// Steps are taken back one at a time, the last one first. So when `s` is taken back, a variable
// has the value that the undo of the earliest later step left that writes it, else what the last
// step that ran left. Which steps ran differs between prefixes: each step that matters is looked
// at in the shortest runs that hold it, before and after `s` where it may be either.

#include <algorithm>
#include <ranges>
#include <unordered_map>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/proof.hpp"

namespace plan {

namespace {

bool is_irreversible(const Plan& plan, const Step& step) {
  if (step.operation < plan.operations.size() &&
      !plan.operations[step.operation].irreversible.empty()) {
    return true;
  }
  return !step.effects.empty() && step.undo_operation == UINT32_MAX && !step.undo_none;
}

class Rollback {
 public:
  explicit Rollback(Proof& proof) : proof_(proof), is_past_(proof.plan.steps.size()) {}

  void find_point_of_no_return() {
    for (const StepId step : proof_.plan.topological) {
      bool is_past = false;
      proof_.graph.for_each_predecessor(
          step.index, [&](std::uint32_t before) { is_past = is_past || is_past_[before]; });
      if (!is_past && is_irreversible(proof_.plan, proof_.plan.steps[step.index])) {
        proof_.plan.point_of_no_return.push_back(step);
        is_past = true;
      }
      is_past_[step.index] = is_past;
    }
    std::ranges::sort(proof_.plan.point_of_no_return);
  }

  void check() {
    for (std::uint32_t index = 0; index < proof_.plan.steps.size(); ++index) {
      const Step& step = proof_.plan.steps[index];
      if (is_past_[index] || step.undo_operation == UINT32_MAX ||
          proof_.is_misplaced(StepId{index})) {
        continue;
      }
      for (const Condition& clause : step.undo_requires) {
        runs_ = 0;
        for (const TermId part : proof_.terms.conjuncts(proof_.terms.of(clause.expr))) {
          if (!check_condition(StepId{index}, clause, part)) {
            break;
          }
        }
        if (proof_.record != nullptr) {
          proof_.record->undos.push_back(
              {.of = index,
               .clause = static_cast<std::uint32_t>(&clause - step.undo_requires.data()),
               .count = runs_});
        }
      }
    }
  }

 private:
  // A run that stops somewhere, with the step done: what ran before the step without having to,
  // and what ran after it and was taken back since. In order.
  struct Prefix {
    std::vector<StepId> before;
    std::vector<StepId> after;
  };

  const std::vector<Write>& undo_writes(StepId step) {
    const auto [place, is_new] = undo_writes_.try_emplace(step.index);
    if (is_new) {
      place->second = expand(proof_.plan, proof_.terms, proof_.effects.carriers(), step,
                             proof_.plan.steps[step.index].undo_effects);
    }
    return place->second;
  }

  const Write* undo_write(StepId step, VariableId variable) {
    const auto& writes = undo_writes(step);
    const auto found = std::ranges::find(writes, variable, &Write::variable);
    return found == writes.end() ? nullptr : &*found;
  }

  // Everyone before the point of no return who writes the variable, in order.
  const std::vector<StepId>& writers(VariableId variable) {
    const auto [place, is_new] = writers_.try_emplace(variable.index);
    if (is_new) {
      for (const std::uint32_t index : proof_.effects.of(variable)) {
        const StepId step = proof_.effects.all()[index].step;
        if (!is_past_[step.index]) {
          place->second.push_back(step);
        }
      }
      sort_in_order(place->second);
    }
    return place->second;
  }

  // Those who do not, but whose undo does; they need not be ordered among each other.
  const std::vector<StepId>& undo_writers(VariableId variable) {
    if (!has_undo_writers_) {
      has_undo_writers_ = true;
      for (std::uint32_t index = 0; index < proof_.plan.steps.size(); ++index) {
        if (is_past_[index] || proof_.plan.steps[index].undo_effects.empty()) {
          continue;
        }
        for (const Write& write : undo_writes(StepId{index})) {
          if (proof_.effects.find(StepId{index}, write.variable) == nullptr) {
            undo_writers_[write.variable.index].push_back(StepId{index});
          }
        }
      }
    }
    return undo_writers_[variable.index];
  }

  void sort_in_order(std::vector<StepId>& steps) const {
    std::ranges::sort(steps, {}, [&](StepId step) { return proof_.graph.position(step.index); });
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  }

  // Who matters to the variable when the step is taken back: those who may run before or after it,
  // but nobody behind a later writer whose undo writes the variable, too: that is undone last.
  void add_relevant(VariableId variable, StepId step, std::vector<StepId>& relevant) {
    const std::vector<StepId>& all = writers(variable);
    const auto middle = std::ranges::lower_bound(
        all, proof_.graph.position(step.index), {},
        [&](StepId writer) { return proof_.graph.position(writer.index); });
    for (auto at = middle; at != all.begin() && !proof_.is_before(*std::prev(at), step); --at) {
      relevant.push_back(*std::prev(at));
    }
    for (auto at = middle; at != all.end(); ++at) {
      if (*at == step) {
        continue;
      }
      relevant.push_back(*at);
      if (undo_write(*at, variable) != nullptr && proof_.is_before(step, *at)) {
        break;
      }
    }
    for (const StepId other : undo_writers(variable)) {
      if (other != step && !proof_.is_before(other, step)) {
        relevant.push_back(other);
      }
    }
  }

  // The last write of the variable among what ran; nullptr: as found. Those who write it are
  // ordered among each other, so the place in the order decides.
  const Write* last_write(VariableId variable, StepId step, const Prefix& prefix) {
    const auto position = [&](StepId of) { return proof_.graph.position(of.index); };
    const Write* last = proof_.effects.find(step, variable);
    const auto take = [&](StepId writer) {
      const Write* write = proof_.effects.find(writer, variable);
      if (write != nullptr && (last == nullptr || position(writer) > position(last->step))) {
        last = write;
      }
    };
    std::ranges::for_each(prefix.before, take);
    std::ranges::for_each(prefix.after, take);
    const std::vector<StepId>& all = writers(variable);
    auto at = std::ranges::lower_bound(all, position(step), {}, position);
    while (last == nullptr && at != all.begin()) {
      --at;
      if (proof_.is_before(*at, step)) {
        take(*at);
      }
    }
    return last;
  }

  // The variable's value when the step is taken back, everything after it having been so.
  TermId value_at(VariableId variable, StepId step, const Prefix& prefix, const Write*& by) {
    for (const StepId later : prefix.after) {
      if (const Write* undo = undo_write(later, variable)) {
        by = undo;
        const bool is_known =
            undo->kind == WriteKind::set && proof_.terms.value(undo->value) != nullptr;
        return is_known ? undo->value : proof_.terms.unknown();
      }
    }
    by = last_write(variable, step, prefix);
    return by == nullptr ? proof_.as_found(variable)
                         : proof_.after[static_cast<std::size_t>(by - proof_.effects.all().data())];
  }

  // The shortest runs that hold `with`, a step that may come before or after `step`.
  std::vector<Prefix> prefixes(StepId step, StepId with, const std::vector<StepId>& relevant) {
    std::vector<StepId> needed;
    Prefix early;  // whoever need not come after the step comes before it
    for (const StepId other : relevant) {
      if (other == with || proof_.is_before(other, with)) {
        needed.push_back(other);
        const bool is_late = other == with || proof_.is_before(step, other);
        (is_late ? early.after : early.before).push_back(other);
      }
    }
    std::vector<Prefix> result{{.before = {}, .after = needed}};
    if (!early.before.empty()) {
      result.push_back(std::move(early));
    }
    if (!proof_.is_before(step, with)) {
      result.push_back({.before = needed, .after = {}});
    }
    return result;
  }

  // False if a diagnostic was reported. What is not known then is observed before the undo acts.
  bool check_condition(StepId step, const Condition& clause, TermId condition) {
    const std::vector<VariableId> variables = proof_.variables_of(condition);
    std::vector<StepId> relevant;
    for (const VariableId variable : variables) {
      add_relevant(variable, step, relevant);
    }
    sort_in_order(relevant);
    if (!check_prefix(step, clause, condition, {})) {
      return false;
    }
    for (const StepId with : relevant) {
      for (const Prefix& prefix : prefixes(step, with, relevant)) {
        if (!check_prefix(step, clause, condition, prefix)) {
          return false;
        }
      }
    }
    return true;
  }

  bool check_prefix(StepId step, const Condition& clause, TermId condition, const Prefix& prefix) {
    ++runs_;
    const std::vector<VariableId> variables = proof_.variables_of(condition);
    std::vector<const Write*> writes;
    for (const VariableId variable : variables) {
      const Write* by = nullptr;
      proof_.found[variable.index] = value_at(variable, step, prefix, by);
      if (by != nullptr) {
        writes.push_back(by);
      }
    }
    const bool is_refuted =
        proof_.terms.is_refuted(proof_.terms.substitute(condition, proof_.found));
    for (const VariableId variable : variables) {
      proof_.found[variable.index] = proof_.as_found(variable);
    }
    if (is_refuted) {
      report(step, clause, prefix, writes, variables);
    }
    return !is_refuted;
  }

  void report(StepId step,
              const Condition& clause,
              const Prefix& prefix,
              const std::vector<const Write*>& writes,
              const std::vector<VariableId>& variables) {
    const Step& found = proof_.plan.steps[step.index];
    Diagnostic& diagnostic = proof_.diagnostics.report<Code::undo_impossible>(
        found.span, found.name, proof_.text(clause));
    const std::string& undo = proof_.plan.operations[found.undo_operation].name;
    diagnostic.at_primary(fmt::format("is taken back by `{}`", undo));
    diagnostic.label(clause.span, fmt::format("what `{}` requires", undo));
    for (const Write* write : writes) {
      const std::string& name = proof_.name(write->step);
      const bool is_undo = undo_write(write->step, write->variable) == write;
      diagnostic.label(write->span, write->step == step ? "the step itself makes it false"
                                    : is_undo
                                        ? fmt::format("the undo of `{}` makes it false", name)
                                        : fmt::format("`{}` makes it false, and its own undo does "
                                                      "not bring it back",
                                                      name));
      if (write->step != step) {
        diagnostic.help(fmt::format("let the undo of `{}` ensure it", name));
      }
    }
    std::vector<StepId> ran = prefix.before;
    ran.push_back(step);
    ran.insert(ran.end(), prefix.after.begin(), prefix.after.end());
    diagnostic.schedule = schedule_to(proof_.schedules(), ran, variables);
    for (const StepId later : std::views::reverse(prefix.after)) {
      if (proof_.plan.steps[later.index].undo_operation != UINT32_MAX) {
        add_moment(diagnostic.schedule, "undo of " + proof_.name(later));
      }
    }
    add_moment(diagnostic.schedule, "undo of " + found.name, "starts");
    diagnostic.schedule.violated = fmt::format("`{}` requires `{}`", undo, proof_.text(clause));
    diagnostic.help("or declare what cannot be taken back `irreversible`");
  }

  Proof& proof_;
  std::vector<bool> is_past_;
  std::unordered_map<std::uint32_t, std::vector<Write>> undo_writes_;
  bool has_undo_writers_ = false;
  std::size_t runs_ = 0;  // looked at for the present clause
  std::unordered_map<std::uint32_t, std::vector<StepId>> undo_writers_;  // by variable
  std::unordered_map<std::uint32_t, std::vector<StepId>> writers_;       // by variable
};

}  // namespace

void check_rollback(Proof& proof) {
  Rollback rollback(proof);
  rollback.find_point_of_no_return();
  rollback.check();
}

}  // namespace plan
