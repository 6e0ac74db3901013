#include "compiler/prove/describe_edge.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/prove/effects.hpp"

namespace plan {

namespace {

// Reasons from the one that explains most to the one that explains least.
int rank(EdgeReason reason) {
  switch (reason) {
    case EdgeReason::written:
      return 0;
    case EdgeReason::data:
      return 1;
    case EdgeReason::provides:
      return 2;
    case EdgeReason::protects:
      return 3;
    case EdgeReason::one_at_a_time:
      return 4;
    case EdgeReason::loop:
      return 5;
  }
  return 6;
}

}  // namespace

std::string describe_edge(const Plan& plan, const Edge& edge) {
  const std::string from = step_text(plan, edge.from);
  const std::string to = step_text(plan, edge.to);
  const std::string variable =
      edge.variable.index < plan.variables.size() ? variable_text(plan, edge.variable) : "";
  switch (edge.reason) {
    case EdgeReason::written:
      return fmt::format("{} is written to come after {}", to, from);
    case EdgeReason::data:
      return fmt::format("{} uses an output of {}", to, from);
    case EdgeReason::provides:
      return fmt::format("{} needs `{}` as {} leaves it", to, variable, from);
    case EdgeReason::protects:
      return fmt::format("{} changes `{}`, so it comes after {}", to, variable, from);
    case EdgeReason::loop:
      return fmt::format("{} and {} belong to one loop", from, to);
    case EdgeReason::one_at_a_time:
      return fmt::format("{} is of a later element than {}, one at a time", to, from);
  }
  return {};
}

std::vector<Edge> edges_of_path(std::span<const Edge> edges, std::span<const std::uint32_t> path) {
  std::vector<Edge> result;
  for (std::size_t index = 0; index + 1 < path.size(); ++index) {
    const Edge* best = nullptr;
    for (const Edge& edge : edges) {
      if (edge.from.index == path[index] && edge.to.index == path[index + 1] &&
          (best == nullptr || rank(edge.reason) < rank(best->reason))) {
        best = &edge;
      }
    }
    if (best != nullptr) {
      result.push_back(*best);
    }
  }
  return result;
}

std::string step_text(const Plan& plan, StepId step) {
  const Step& found = plan.steps[step.index];
  if (found.kind == StepKind::loop_begin || found.kind == StepKind::loop_end) {
    for (const Loop& loop : plan.loops) {
      if (loop.begin == step || loop.end == step) {
        return fmt::format("the loop over `{}`", loop.variable);
      }
    }
  }
  return "`" + found.name + "`";
}

void suggest_after(Diagnostic& diagnostic, const Plan& plan, StepId step, StepId other) {
  const auto can_be_named = [&](StepId id) {
    const StepKind kind = plan.steps[id.index].kind;
    return kind == StepKind::operation || kind == StepKind::manual || kind == StepKind::approve;
  };
  // In a turn of an unrolled loop a name means the step of that turn, outside of it all of them.
  const auto named = [&](StepId id) {
    const std::string& name = plan.steps[id.index].name;
    return name.substr(0, name.find('['));
  };
  if (step == other || !can_be_named(step) || !can_be_named(other) || named(step) == named(other)) {
    return;
  }
  const bool is_first = diagnostic.fixes.empty();
  diagnostic.fix({.span = plan.steps[step.index].span,
                  .replacement = "after " + named(other),
                  .description = fmt::format("{} `after {}` in the block of `{}`",
                                             is_first ? "write" : "or", named(other), named(step)),
                  .place = FixPlace::step});
}

std::string list_text(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t index = 0; index < names.size(); ++index) {
    text += index == 0 ? "" : index + 1 == names.size() ? " and " : ", ";
    text += names[index];
  }
  return text;
}

}  // namespace plan
