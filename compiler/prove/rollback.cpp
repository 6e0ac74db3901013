// From every state that a run can stop in, up to the first step that cannot be undone, the way
// back is possible: when a step is undone, what its undo requires holds, whichever later steps
// had run and were undone before it.

#include <algorithm>
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
      if (is_past_[index] || step.undo_operation == UINT32_MAX) {
        continue;
      }
      for (const Condition& clause : step.undo_requires) {
        for (const TermId part : proof_.terms.conjuncts(proof_.terms.of(clause.expr))) {
          if (!check_condition(StepId{index}, clause, part)) {
            break;
          }
        }
      }
    }
  }

 private:
  // A value that a variable may have when the step is undone, and who is to blame for it.
  struct Possible {
    TermId value;
    StepId by;
    Span span;
  };

  const std::vector<Write>& undo_writes(StepId step) {
    const auto [place, is_new] = undo_writes_.try_emplace(step.index);
    if (is_new) {
      place->second = expand(proof_.plan, proof_.terms, proof_.effects.carriers(), step,
                             proof_.plan.steps[step.index].undo_effects);
    }
    return place->second;
  }

  std::vector<Possible> possible_values(VariableId variable, StepId step) {
    std::vector<std::uint32_t> later;
    Possible own{.value = proof_.terms.initial(variable), .by = {}, .span = {}};
    std::uint32_t best = UINT32_MAX;
    for (const std::uint32_t index : proof_.effects.of(variable)) {
      const Write& write = proof_.effects.all()[index];
      const std::uint32_t position = proof_.graph.position(write.step.index);
      const bool is_earlier = write.step == step || proof_.is_before(write.step, step);
      if (is_earlier && (best == UINT32_MAX || position > best)) {
        best = position;
        own = {.value = proof_.after[index], .by = write.step, .span = write.span};
      } else if (!is_earlier && !is_past_[write.step.index]) {
        later.push_back(index);
      }
    }
    std::ranges::sort(later, {}, [&](std::uint32_t index) {
      return proof_.graph.position(proof_.effects.all()[index].step.index);
    });
    std::vector<Possible> result{own};
    for (const std::uint32_t index : later) {
      const Write& write = proof_.effects.all()[index];
      const auto& undo = undo_writes(write.step);
      const auto found = std::ranges::find(undo, variable, &Write::variable);
      if (found != undo.end()) {
        // Undone last of the later ones: whatever came behind it does not matter any more.
        const bool is_known =
            found->kind == WriteKind::set && proof_.terms.value(found->value) != nullptr;
        result.push_back({.value = is_known ? found->value : proof_.terms.unknown(),
                          .by = write.step,
                          .span = found->span});
        break;
      }
      result.push_back({.value = proof_.after[index], .by = write.step, .span = write.span});
    }
    return result;
  }

  // False if a diagnostic was reported. Each variable is varied alone; what is not known then is
  // observed before the undo acts.
  bool check_condition(StepId step, const Condition& clause, TermId condition) {
    const std::vector<VariableId> variables = proof_.variables_of(condition);
    std::vector<std::vector<Possible>> possible;
    for (const VariableId variable : variables) {
      possible.push_back(possible_values(variable, step));
      proof_.found[variable.index] = possible.back().front().value;
    }
    const Possible* culprit = nullptr;
    for (std::size_t index = 0; index < variables.size() && culprit == nullptr; ++index) {
      for (const Possible& value : possible[index]) {
        proof_.found[variables[index].index] = value.value;
        if (proof_.terms.is_refuted(proof_.terms.substitute(condition, proof_.found))) {
          culprit = &value;
          break;
        }
      }
      proof_.found[variables[index].index] = possible[index].front().value;
    }
    for (const VariableId variable : variables) {
      proof_.found[variable.index] = proof_.terms.initial(variable);
    }
    if (culprit != nullptr) {
      report(step, clause, *culprit);
    }
    return culprit == nullptr;
  }

  void report(StepId step, const Condition& clause, const Possible& culprit) {
    const Step& found = proof_.plan.steps[step.index];
    Diagnostic& diagnostic =
        proof_.diagnostics.report<Code::undo_impossible>(found.span, found.name, clause.text);
    const std::string& undo = proof_.plan.operations[found.undo_operation].name;
    diagnostic.at_primary(fmt::format("is taken back by `{}`", undo));
    diagnostic.label(clause.span, fmt::format("what `{}` requires", undo));
    if (!culprit.by.is_none()) {
      diagnostic.label(culprit.span, culprit.by == step
                                         ? "the step itself makes it false"
                                         : fmt::format("`{}` makes it false, and its own undo does "
                                                       "not bring it back",
                                                       proof_.name(culprit.by)));
      if (culprit.by != step) {
        diagnostic.help(fmt::format("let the undo of `{}` ensure it", proof_.name(culprit.by)));
      }
      diagnostic.schedule = schedule_to(proof_, {culprit.by});
    }
    diagnostic.help("or declare what cannot be taken back `irreversible`");
  }

  Proof& proof_;
  std::vector<bool> is_past_;
  std::unordered_map<std::uint32_t, std::vector<Write>> undo_writes_;
};

}  // namespace

void check_rollback(Proof& proof) {
  Rollback rollback(proof);
  rollback.find_point_of_no_return();
  rollback.check();
}

}  // namespace plan
