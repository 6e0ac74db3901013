// The reasons behind a refusal: last writers, copies, steps that come too late.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/proof.hpp"
#include "compiler/prove/sites.hpp"

namespace plan {

namespace {

// Longest counter-example that is shown whole; of a longer one the end.
constexpr std::size_t schedule_limit = 16;
// Copies of copies that are followed.
constexpr int copy_limit = 8;
// Steps that come too late that are named.
constexpr std::size_t late_limit = 3;

std::string what_it_does(const Proof& proof, const Write& write) {
  const std::string step = step_text(proof.plan, write.step);
  const std::string variable = proof.variable(write.variable);
  switch (write.kind) {
    case WriteKind::part:
      return fmt::format("{} changes a part of `{}`", step, variable);
    case WriteKind::change:
      return fmt::format("{} leaves `{}` with a value that nobody can know", step, variable);
    case WriteKind::set:
      if (write.copied_from.index != UINT32_MAX ||
          proof.terms[write.value].kind == TermKind::initial) {
        return fmt::format("{} copies `{}` from `{}`", step, variable,
                           proof.variable(VariableId{proof.terms[write.value].a}));
      }
      if (const Value* value = proof.terms.value(write.value)) {
        return fmt::format("{} makes `{}` {}", step, variable, to_text(*value));
      }
      return fmt::format("{} sets `{}`", step, variable);
  }
  return {};
}

// Follows one variable back over copies. Returns the variable and the step before which it would
// have to be different; the step is none if the trace ends at the step that asked.
struct Origin {
  VariableId variable;
  StepId copied_by;
};

Origin trace(Proof& proof, VariableId variable, Diagnostic& diagnostic) {
  Origin origin{.variable = variable, .copied_by = {}};
  std::uint32_t at = proof.defined[variable.index];
  for (int count = 0; count < copy_limit && at != UINT32_MAX; ++count) {
    const Definition& definition = proof.definitions[at];
    const Write& write = proof.effects.all()[definition.write];
    diagnostic.label(write.span, what_it_does(proof, write));
    const bool is_copy =
        write.kind == WriteKind::set && proof.terms[write.value].kind == TermKind::initial;
    if (!is_copy) {
      return origin;
    }
    origin = {.variable = VariableId{proof.terms[write.value].a}, .copied_by = write.step};
    at = definition.source;
  }
  if (!origin.copied_by.is_none()) {
    diagnostic.note(
        fmt::format("`{}` is as it was found when {} copies it: no step before it "
                    "makes sure of it",
                    proof.variable(origin.variable), step_text(proof.plan, origin.copied_by)));
  }
  return origin;
}

// Notes on a step that would make it true but comes after `step`.
void explain_late(Proof& proof, StepId late, StepId step, Diagnostic& diagnostic) {
  const auto [before, after] = proof.loops.attach(step, late);
  const auto path = proof.graph.shortest_path(before.index, after.index);
  std::vector<std::string> reasons;
  for (const Edge& edge : edges_of_path(proof.plan.edges, path)) {
    if (edge.reason != EdgeReason::loop) {
      reasons.push_back(describe_edge(proof.plan, edge));
    }
  }
  diagnostic.label(proof.plan.steps[late.index].span,
                   fmt::format("{} would make it true, but comes after {}",
                               step_text(proof.plan, late), step_text(proof.plan, step)));
  if (!reasons.empty()) {
    diagnostic.note(list_text(reasons));
  }
}

}  // namespace

bool explain_failure(Proof& proof, TermId condition, StepId step, Diagnostic& diagnostic) {
  std::vector<StepId> providers;
  StepId copied_by;
  for (const VariableId variable : proof.variables_of(condition)) {
    const Origin origin = trace(proof, variable, diagnostic);
    for (const std::uint32_t index : proof.effects.of(variable)) {
      const StepId writer = proof.effects.all()[index].step;
      const auto found =
          bearing(proof.terms, condition, proof.effects.of(writer), proof.found, proof.unknowns);
      if (found && found->bearing == Bearing::provides && writer != step) {
        providers.push_back(writer);
      }
    }
    copied_by = origin.copied_by.is_none() ? copied_by : origin.copied_by;
  }
  std::ranges::sort(providers);
  providers.erase(std::unique(providers.begin(), providers.end()), providers.end());
  if (providers.empty() && !copied_by.is_none()) {
    diagnostic.help(fmt::format("add a step that makes sure of it before {}",
                                step_text(proof.plan, copied_by)));
  }
  std::size_t told = 0;
  for (const StepId provider : providers) {
    if (!step.is_none() && proof.is_before(step, provider) && told++ < late_limit) {
      explain_late(proof, provider, step, diagnostic);
    }
  }
  if (!step.is_none()) {
    diagnostic.schedule = schedule_to(proof, {step});
  }
  return !providers.empty();
}

std::vector<std::string> schedule_to(const Proof& proof, std::vector<StepId> steps) {
  std::vector<std::uint32_t> last;
  for (const StepId step : steps) {
    last.push_back(step.index);
  }
  std::vector<std::uint32_t> all = proof.graph.ancestors(last);
  std::erase_if(all,
                [&](std::uint32_t node) { return std::ranges::find(last, node) != last.end(); });
  std::ranges::sort(all, {}, [&](std::uint32_t node) { return proof.graph.position(node); });
  std::vector<std::string> names;
  for (const std::uint32_t node : all) {
    const StepKind kind = proof.plan.steps[node].kind;
    if (kind != StepKind::loop_begin && kind != StepKind::loop_end) {
      names.push_back(proof.plan.steps[node].name);
    }
  }
  if (names.size() > schedule_limit) {
    const std::size_t cut = names.size() - schedule_limit;
    names.erase(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(cut));
    names.insert(names.begin(), fmt::format("… ({} steps)", cut));
  }
  for (const StepId step : steps) {
    names.push_back(proof.plan.steps[step.index].name);
  }
  return names;
}

}  // namespace plan
