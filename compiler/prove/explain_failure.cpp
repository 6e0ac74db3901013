// The reasons behind a refusal: last writers, copies, steps that come too late.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/proof.hpp"
#include "compiler/prove/sites.hpp"

namespace plan {

namespace {

// Copies of copies that are followed.
constexpr int copy_limit = 8;
// Steps that come too late that are named.
constexpr std::size_t late_limit = 3;

// Follows one variable back over copies. Returns the variable and the step before which it would
// have to be different; the step is none if the trace ends at the step that asked.
struct Origin {
  VariableId variable;
  StepId copied_by;
};

Origin trace(Proof& proof,
             VariableId variable,
             Diagnostic& diagnostic,
             std::vector<VariableId>& about) {
  Origin origin{.variable = variable, .copied_by = {}};
  about.push_back(variable);
  std::uint32_t at = proof.defined[variable.index];
  for (int count = 0; count < copy_limit && at != UINT32_MAX; ++count) {
    const Definition& definition = proof.definitions[at];
    const Write& write = proof.effects.all()[definition.write];
    diagnostic.label(write.span, what_it_does(proof.plan, proof.terms, write));
    const bool is_copy =
        write.kind == WriteKind::set && proof.terms[write.value].kind == TermKind::initial;
    if (!is_copy) {
      return origin;
    }
    origin = {.variable = VariableId{proof.terms[write.value].a}, .copied_by = write.step};
    about.push_back(origin.variable);
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

// Everyone who writes one of `about`, in order.
std::vector<StepId> writers_of(const Proof& proof, std::span<const VariableId> about) {
  std::vector<StepId> writers;
  for (const VariableId variable : about) {
    for (const std::uint32_t index : proof.effects.of(variable)) {
      writers.push_back(proof.effects.all()[index].step);
    }
  }
  std::ranges::sort(writers, {}, [&](StepId step) { return proof.graph.position(step.index); });
  writers.erase(std::unique(writers.begin(), writers.end()), writers.end());
  return writers;
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
  std::vector<VariableId> about;
  for (const VariableId variable : proof.variables_of(condition)) {
    const Origin origin = trace(proof, variable, diagnostic, about);
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
  diagnostic.schedule = step.is_none()
                            ? schedule_to(proof.schedules(), writers_of(proof, about), about)
                            : schedule_to(proof.schedules(), std::array{step}, about);
  return !providers.empty();
}

}  // namespace plan
