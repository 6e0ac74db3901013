// What order.cpp has to say to the plan's author.

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/planner.hpp"
#include "compiler/prove/schedule.hpp"

namespace plan {

namespace {

Span span_of(const Plan& plan, StepId step) {
  return plan.steps[step.index].span;
}

std::vector<VariableId> variables_of(std::span<const Bearer> bearers) {
  std::vector<VariableId> variables;
  for (const Bearer& bearer : bearers) {
    variables.push_back(bearer.variable);
  }
  return variables;
}

}  // namespace

// `path`: the edges around the cycle.
void Planner::report_cycle(std::span<const Edge> path, std::string_view help) {
  if (path.empty()) {
    return;
  }
  std::string names;
  for (const Edge& edge : path) {
    names += step_text(plan_, edge.from) + " → ";
  }
  names += step_text(plan_, path.front().from);
  const Span primary =
      path.front().span.is_none() ? span_of(plan_, path.front().to) : path.front().span;
  Diagnostic& diagnostic = diagnostics_.report<Code::order_cycle>(primary, names);
  diagnostic.at_primary(describe_edge(plan_, path.front()));
  for (const Edge& edge : path.subspan(1)) {
    diagnostic.label(edge.span.is_none() ? span_of(plan_, edge.to) : edge.span,
                     describe_edge(plan_, edge));
  }
  diagnostic.help(std::string(help));
  for (const Edge& edge : path) {
    diagnostic.schedule.moments.push_back({.step = plan_.steps[edge.to.index].name,
                                           .then = "waits for " + step_text(plan_, edge.from),
                                           .node = edge.to.index});
  }
  diagnostic.schedule.violated = "none of them can ever start";
}

void Planner::report_cycle(std::span<const std::uint32_t> nodes,
                           std::span<const Tentative> tangled) {
  std::vector<Edge> all;
  for (const Edge& edge : edges_) {
    if (std::ranges::binary_search(nodes, edge.from.index) &&
        std::ranges::binary_search(nodes, edge.to.index)) {
      all.push_back(edge);
    }
  }
  for (const Tentative& item : tangled) {
    all.push_back(item.edge);
  }
  std::map<std::uint32_t, std::uint32_t> local;
  for (const std::uint32_t node : nodes) {
    local.emplace(node, static_cast<std::uint32_t>(local.size()));
  }
  DependencyGraph small(nodes.size());
  for (const Edge& edge : all) {
    small.add(local.at(edge.from.index), local.at(edge.to.index));
  }
  for (const auto& cycle : small.cycles()) {
    std::vector<std::uint32_t> path;
    for (const std::uint32_t node : cycle) {
      path.push_back(nodes[node]);
    }
    const bool is_told = std::ranges::any_of(path, [&](std::uint32_t node) {
      return std::ranges::find(faults_.steps, StepId{node}) != faults_.steps.end();
    });
    if (is_told) {
      continue;
    }
    path.push_back(path.front());
    report_cycle(edges_of_path(all, path),
                 "if one of them can rely on the world as found, say which of the two steps comes "
                 "first: `after NAME` at the other one");
  }
}

void Planner::report_ambiguities() {
  for (const std::uint32_t index : several_) {
    const Site& site = sites_.all()[index];
    if (site.need != Need::start || is_failed_[index] || is_given_up(site)) {
      continue;
    }
    std::vector<std::string> names;
    std::vector<StepId> providers;
    for (const Bearer& bearer : sites_.bearers(site)) {
      if ((bearer.bearing == Bearing::provides || bearer.bearing == Bearing::conveys) &&
          can_be_before(bearer.step, site.consumer)) {
        names.push_back(step_text(plan_, bearer.step));
        providers.push_back(bearer.step);
      }
    }
    const std::string& consumer = plan_.steps[site.consumer.index].name;
    const auto bearers = sites_.bearers(site);
    Diagnostic& diagnostic = diagnostics_.report<Code::ambiguous_provider>(
        site.span, variable_text(plan_, bearers.empty() ? VariableId{0} : bearers.front().variable),
        consumer, list_text(names));
    diagnostic.at_primary(fmt::format("`{}` needs it", consumer));
    for (const Bearer& bearer : bearers) {
      diagnostic.label(effects_.find(bearer.step, bearer.variable)->span,
                       fmt::format("{} changes it", step_text(plan_, bearer.step)));
    }
    diagnostic.help(
        fmt::format("say which one `{}` comes after: `after NAME` in its block", consumer));
    for (const StepId one : providers) {
      suggest_after(diagnostic, plan_, site.consumer, one);
    }
    diagnostic.schedule = schedule_to({plan_, terms_, effects_, graph_}, std::array{site.consumer},
                                      variables_of(bearers));
    add_to_last(diagnostic.schedule, "starts");
    diagnostic.schedule.violated = fmt::format(
        "nothing has provided it: `{}` need not come after {}", consumer, list_text(names));
    is_failed_[index] = true;
    give_up(site);
  }
  while (!threats_.empty()) {
    const Threat threat = threats_.front();
    const Link link = links_[threat.link];
    const Site& site = site_of(link);
    if (is_given_up(site)) {
      threats_.erase(threats_.begin());
      continue;
    }
    const std::string& name = plan_.steps[threat.step.index].name;
    const std::string& provider = plan_.steps[link.provider.index].name;
    const std::string& consumer = plan_.steps[site.consumer.index].name;
    const std::string variable = variable_text(plan_, threat.variable);
    Diagnostic& diagnostic = diagnostics_.report<Code::ambiguous_order>(span_of(plan_, threat.step),
                                                                        name, provider, consumer);
    diagnostic.at_primary(fmt::format("changes `{}`", variable));
    diagnostic.label(
        effects_.find(link.provider, threat.variable) != nullptr
            ? effects_.find(link.provider, threat.variable)->span
            : span_of(plan_, link.provider),
        fmt::format("`{}` gives `{}` the value that `{}` needs", provider, variable, consumer));
    diagnostic.label(site.span, fmt::format("`{}` needs it here", consumer));
    suggest_after(diagnostic, plan_, threat.step, site.consumer);
    suggest_after(diagnostic, plan_, link.provider, threat.step);
    if (diagnostic.fixes.empty()) {
      diagnostic.help(
          fmt::format("write `after {}` in the block of `{}`, or `after {}` in the block "
                      "of `{}`",
                      consumer, name, name, provider));
    }
    diagnostic.schedule = schedule_to({plan_, terms_, effects_, graph_},
                                      std::array{link.provider, threat.step, site.consumer},
                                      std::array{threat.variable});
    add_to_last(diagnostic.schedule, "starts");
    diagnostic.schedule.violated =
        fmt::format("`{}` needs `{}` as `{}` leaves it", consumer, variable, provider);
    give_up(site);
    // One of the two is taken, so that what follows from it is not reported, too.
    insert(edge(site.consumer, threat.step, EdgeReason::protects, threat.variable, site.span));
    threats_.erase(threats_.begin());
    resolve_threats();
  }
}

}  // namespace plan
