#include "compiler/prove/planner.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <tuple>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"

namespace plan {

namespace {

// Steps whose outputs the arguments of `step` use.
std::vector<StepId> data_sources(const Terms& terms, Terms& mutable_terms, const Step& step) {
  std::vector<StepId> result;
  for (const Value& argument : step.arguments) {
    if (const auto* deferred = argument.as<Deferred>()) {
      terms.for_each_leaf(mutable_terms.of(deferred->expr), [&](TermId leaf) {
        if (terms[leaf].kind == TermKind::token) {
          result.push_back(StepId{terms[leaf].a});
        }
      });
    }
  }
  return result;
}

bool is_providing(const Bearer& bearer) {
  return bearer.bearing == Bearing::provides || bearer.bearing == Bearing::conveys;
}

}  // namespace

Planner::Planner(Plan& plan, Diagnostics& diagnostics)
    : plan_(plan),
      diagnostics_(diagnostics),
      groundwork_(new Groundwork(plan)),
      terms_(groundwork_->terms),
      effects_(groundwork_->effects),
      loops_(plan),
      sites_(plan, terms_, effects_),
      graph_(plan.steps.size()),
      is_failed_(sites_.all().size()) {}

Edge Planner::edge(
    StepId from, StepId to, EdgeReason reason, VariableId variable, Span span) const {
  const auto [before, after] = loops_.attach(from, to);
  return {.from = before, .to = after, .reason = reason, .variable = variable, .span = span};
}

Edge Planner::provides_edge(const Bearer& bearer, const Site& site) const {
  return edge(bearer.step, site.consumer, EdgeReason::provides, bearer.variable, site.span);
}

bool Planner::is_before(StepId one, StepId two) const {
  const auto [before, after] = loops_.attach(one, two);
  return graph_.reaches(before.index, after.index);
}

bool Planner::can_be_before(StepId one, StepId two) const {
  const auto [before, after] = loops_.attach(one, two);
  return before != after && !graph_.reaches(after.index, before.index);
}

bool Planner::insert(const Edge& new_edge) {
  if (!graph_.insert(new_edge.from.index, new_edge.to.index)) {
    return false;
  }
  edges_.push_back(new_edge);
  return true;
}

Planner::WrittenOrder Planner::written_order(const Plan& plan) {
  const Loops loops(plan);
  WrittenOrder result{.edges = {}, .graph = DependencyGraph(plan.steps.size())};
  std::vector<Edge>& edges = result.edges;
  const auto add_loop_edge = [&](StepId from, StepId to, const Loop& loop) {
    edges.push_back(
        {.from = from, .to = to, .reason = EdgeReason::loop, .variable = {}, .span = loop.span});
  };
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    const StepId id{index};
    const Step& step = plan.steps[index];
    const bool may_use_outputs = std::ranges::any_of(
        step.arguments, [](const Value& value) { return value.as<Deferred>() != nullptr; });
    if (may_use_outputs && !step.after.empty()) {
      result.data_edges.emplace_back(id, edges.size());
    }
    for (const StepId earlier : step.after) {
      const auto [before, after] = loops.attach(earlier, id);
      edges.push_back({.from = before,
                       .to = after,
                       .reason = EdgeReason::written,
                       .variable = {},
                       .span = step.span});
    }
    if (loops.of(id) != UINT32_MAX) {
      const Loop& loop = plan.loops[loops.of(id)];
      add_loop_edge(loop.begin, id, loop);
      add_loop_edge(id, loop.end, loop);
    }
  }
  for (const Loop& loop : plan.loops) {
    add_loop_edge(loop.begin, loop.end, loop);
  }
  for (const Edge& written : edges) {
    result.graph.add(written.from.index, written.to.index);
  }
  result.is_acyclic = result.graph.sort();
  return result;
}

void Planner::take(WrittenOrder written) {
  edges_ = std::move(written.edges);
  graph_ = std::move(written.graph);
  for (const auto& [id, first] : written.data_edges) {
    const Step& step = plan_.steps[id.index];
    const std::vector<StepId> sources = data_sources(terms_, terms_, step);
    for (std::size_t index = 0; index < step.after.size(); ++index) {
      if (std::ranges::find(sources, step.after[index]) != sources.end()) {
        edges_[first + index].reason = EdgeReason::data;
      }
    }
  }
  if (!written.is_acyclic) {
    leave_out_cycles();
  }
}

void Planner::leave_out_cycles() {
  for (const auto& cycle : graph_.cycles()) {
    std::vector<std::uint32_t> path(cycle);
    path.push_back(cycle.front());
    report_cycle(edges_of_path(edges_, path), "take one of these `after` away");
  }
  const std::vector<std::uint32_t> component = graph_.components();
  std::vector<std::uint32_t> size(component.size());
  for (const std::uint32_t number : component) {
    ++size[number];
  }
  const auto is_inside = [&](const Edge& item) {
    return component[item.from.index] == component[item.to.index];
  };
  for (std::uint32_t node = 0; node < component.size(); ++node) {
    if (size[component[node]] > 1) {
      faults_.steps.push_back(StepId{node});
    }
  }
  for (const Edge& item : edges_) {
    if (item.from == item.to) {
      faults_.steps.push_back(item.from);
    }
  }
  std::erase_if(edges_, is_inside);
  for (const StepId step : faults_.steps) {
    for (const Write& write : effects_.of(step)) {
      faults_.variables.push_back(write.variable);
    }
  }
  graph_ = DependencyGraph(plan_.steps.size());
  for (const Edge& item : edges_) {
    graph_.add(item.from.index, item.to.index);
  }
  graph_.sort();
}

void Planner::give_up(const Site& site) {
  for (const Bearer& bearer : sites_.bearers(site)) {
    faults_.variables.push_back(bearer.variable);
  }
  terms_.for_each_leaf(site.atom, [&](TermId leaf) {
    if (terms_[leaf].kind == TermKind::initial) {
      faults_.variables.push_back(terms_.variable_of(leaf));
    }
  });
}

bool Planner::is_given_up(const Site& site) const {
  const auto has = [](const auto& list, auto item) {
    return std::ranges::find(list, item) != list.end();
  };
  bool result = !site.consumer.is_none() && has(faults_.steps, site.consumer);
  terms_.for_each_leaf(site.atom, [&](TermId leaf) {
    result = result || (terms_[leaf].kind == TermKind::initial &&
                        has(faults_.variables, terms_.variable_of(leaf)));
  });
  return result;
}

void Planner::commit_link(const Link& link) {
  const auto index = static_cast<std::uint32_t>(links_.size());
  const Site& site = site_of(link);
  links_.push_back(link);
  // A site may have several links at once (contributing steps, branches of `when`): a step that is
  // linked itself is no threat to the others.
  for (const Bearer& bearer : sites_.bearers(site)) {
    if (bearer.step == link.provider || bearer.bearing == Bearing::provides) {
      continue;
    }
    threats_.push_back({.link = index, .step = bearer.step, .variable = bearer.variable});
  }
}

void Planner::link_single_providers() {
  // Tentative, most often for good: their edges stand at the end of edges_ from `first` on.
  const std::size_t first = edges_.size();
  std::vector<Link> links;
  links.reserve(sites_.all().size());
  edges_.reserve(first + sites_.all().size());
  for (std::uint32_t index = 0; index < sites_.all().size(); ++index) {
    const Site& site = sites_.all()[index];
    if (site.need == Need::wait) {
      waits_.push_back(index);
      continue;
    }
    const auto bearers = sites_.bearers(site);
    const auto count = std::ranges::count_if(bearers, is_providing);
    const auto single = std::ranges::find_if(bearers, is_providing);
    const bool has_part = std::ranges::any_of(
        bearers, [](const Bearer& bearer) { return bearer.bearing == Bearing::contributes; });
    if (count > 1 || (count == 0 && has_part)) {
      several_.push_back(index);
    } else if (count == 0) {
      commit_link({.provider = {}, .site = index});
    } else if (site.need == Need::end) {
      commit_link({.provider = single->step, .site = index});
    } else {
      edges_.push_back(provides_edge(*single, site));
      links.push_back({.provider = single->step, .site = index});
    }
  }
  for (std::size_t index = first; index < edges_.size(); ++index) {
    graph_.add(edges_[index].from.index, edges_[index].to.index);
  }
  if (graph_.sort()) {
    links_.reserve(links_.size() + links.size());
    std::ranges::for_each(links, [this](const Link& link) { commit_link(link); });
    return;
  }
  std::vector<Tentative> tangled;
  for (std::size_t index = 0; index < links.size(); ++index) {
    tangled.push_back({.edge = edges_[first + index], .link = links[index]});
  }
  edges_.resize(first);
  untangle(tangled);
}

// Links that are on no cycle are kept; each component is then looked at by itself.
void Planner::untangle(const std::vector<Tentative>& tentative) {
  const std::vector<std::uint32_t> component = graph_.components();
  std::map<std::uint32_t, std::vector<Tentative>> tangled;
  for (const Tentative& item : tentative) {
    if (component[item.edge.from.index] == component[item.edge.to.index]) {
      tangled[component[item.edge.from.index]].push_back(item);
      continue;
    }
    edges_.push_back(item.edge);
    commit_link(item.link);
  }
  graph_ = DependencyGraph(plan_.steps.size());
  for (const Edge& known : edges_) {
    graph_.add(known.from.index, known.to.index);
  }
  graph_.sort();
  std::map<std::uint32_t, std::vector<std::uint32_t>> members;
  for (std::uint32_t node = 0; node < component.size(); ++node) {
    if (tangled.contains(component[node])) {
      members[component[node]].push_back(node);
    }
  }
  for (auto& [number, items] : tangled) {
    untangle_component(members[number], std::move(items));
  }
}

void Planner::untangle_component(std::span<const std::uint32_t> nodes,
                                 const std::vector<Tentative>& tangled) {
  // The most links of one component that are tried one by one.
  constexpr std::size_t try_limit = 256;
  std::vector<Tentative> left;
  std::vector<Tentative> fallen;
  for (const Tentative& item : tangled) {
    const bool is_possible =
        item.edge.from != item.edge.to && !graph_.reaches(item.edge.to.index, item.edge.from.index);
    (is_possible ? left : fallen).push_back(item);
  }
  std::vector<Edge> extra;
  for (const Tentative& item : left) {
    extra.push_back(item.edge);
  }
  if (!is_acyclic(nodes, extra, SIZE_MAX)) {
    std::vector<std::size_t> openers;
    for (std::size_t index = 0; index < left.size() && left.size() <= try_limit; ++index) {
      std::vector<Edge> with_fallback = extra;
      const std::vector<Edge> protecting = fallback_edges(left[index]);
      with_fallback.insert(with_fallback.end(), protecting.begin(), protecting.end());
      if (is_acyclic(nodes, with_fallback, index)) {
        openers.push_back(index);
      }
    }
    if (openers.size() != 1) {
      report_cycle(nodes, left);
      for (const Tentative& item : left) {
        is_failed_[item.link.site] = true;
        give_up(site_of(item.link));
      }
      return;
    }
    fallen.push_back(left[openers.front()]);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(openers.front()));
  }
  for (const Tentative& item : left) {
    insert(item.edge);
    commit_link(item.link);
  }
  for (const Tentative& item : fallen) {
    commit_link({.provider = {}, .site = item.link.site});
  }
}

// What has to be added when the condition is left to the world as found: whoever bears on it
// comes later.
std::vector<Edge> Planner::fallback_edges(const Tentative& tentative) const {
  const Site& site = site_of(tentative.link);
  std::vector<Edge> result;
  for (const Bearer& bearer : sites_.bearers(site)) {
    if (bearer.bearing != Bearing::provides) {
      result.push_back(
          edge(site.consumer, bearer.step, EdgeReason::protects, bearer.variable, site.span));
    }
  }
  return result;
}

// Whether the graph among `nodes`, with all but one of the extra edges, has no cycle.
bool Planner::is_acyclic(std::span<const std::uint32_t> nodes,
                         std::span<const Edge> extra,
                         std::size_t left_out) const {
  std::map<std::uint32_t, std::uint32_t> local;
  for (const std::uint32_t node : nodes) {
    local.emplace(node, static_cast<std::uint32_t>(local.size()));
  }
  DependencyGraph small(nodes.size());
  for (const std::uint32_t node : nodes) {
    graph_.for_each_successor(node, [&](std::uint32_t next) {
      if (local.contains(next)) {
        small.add(local.at(node), local.at(next));
      }
    });
  }
  for (std::size_t index = 0; index < extra.size(); ++index) {
    const Edge& added = extra[index];
    if (index != left_out && local.contains(added.from.index) && local.contains(added.to.index)) {
      small.add(local.at(added.from.index), local.at(added.to.index));
    }
  }
  return small.sort();
}

void Planner::link_chosen_providers() {
  bool has_progress = true;
  while (has_progress && !several_.empty()) {
    has_progress = false;
    std::vector<std::uint32_t> open;
    for (const std::uint32_t site : several_) {
      const Choice choice = choose(site);
      has_progress = has_progress || choice != Choice::open;
      if (choice == Choice::open) {
        open.push_back(site);
      }
    }
    several_ = std::move(open);
    resolve_threats();
  }
}

// Whether the consumer could also run after `first` and before something that takes the condition
// away again, on the way to `last`.
bool Planner::may_stop_between(const Site& site, StepId first, StepId last) const {
  if (site.need == Need::end || is_before(last, site.consumer)) {
    return false;
  }
  return std::ranges::any_of(sites_.bearers(site), [&](const Bearer& bearer) {
    return bearer.bearing == Bearing::threatens && is_before(first, bearer.step) &&
           is_before(bearer.step, last) && !is_before(bearer.step, site.consumer);
  });
}

Planner::Choice Planner::choose(std::uint32_t index) {
  const Site& site = sites_.all()[index];
  const bool is_goal = site.need == Need::end;
  std::vector<Bearer> possible;
  std::vector<Bearer> parts;
  for (const Bearer& bearer : sites_.bearers(site)) {
    if (is_goal || can_be_before(bearer.step, site.consumer)) {
      if (is_providing(bearer)) {
        possible.push_back(bearer);
      } else if (bearer.bearing == Bearing::contributes) {
        parts.push_back(bearer);
      }
    }
  }
  if (possible.empty() && !parts.empty()) {
    return link_all(index, parts) ? Choice::made : Choice::none;
  }
  if (possible.empty()) {
    commit_link({.provider = {}, .site = index});
    return Choice::made;
  }
  std::ranges::sort(possible, {}, [&](const Bearer& bearer) {
    return graph_.position(loops_.attach(bearer.step, bearer.step).first.index);
  });
  const auto conditional = std::ranges::count_if(possible, [&](const Bearer& bearer) {
    return plan_.steps[bearer.step.index].when.has_value();
  });
  bool is_chain = true;
  for (std::size_t at = 0; at + 1 < possible.size(); ++at) {
    is_chain = is_chain && is_before(possible[at].step, possible[at + 1].step) &&
               !may_stop_between(site, possible[at].step, possible.back().step);
  }
  if (is_chain) {
    return link_all(index, std::span(possible).last(1)) ? Choice::made : Choice::none;
  }
  if (conditional + 1 >= static_cast<std::ptrdiff_t>(possible.size())) {
    return link_all(index, possible) ? Choice::made : Choice::none;
  }
  return Choice::open;
}

bool Planner::link_all(std::uint32_t index, std::span<const Bearer> bearers) {
  const Site& site = sites_.all()[index];
  bool is_linked = false;
  for (const Bearer& bearer : bearers) {
    if (site.need != Need::end && !is_before(bearer.step, site.consumer) &&
        !insert(provides_edge(bearer, site))) {
      continue;
    }
    is_linked = true;
    commit_link({.provider = bearer.step, .site = index});
  }
  // Links of one site do not threaten each other.
  std::erase_if(threats_, [&](const Threat& threat) {
    return links_[threat.link].site == index &&
           std::ranges::any_of(bearers,
                               [&](const Bearer& bearer) { return bearer.step == threat.step; });
  });
  return is_linked;
}

// True if an edge was added. `is_open`: two ways are left.
bool Planner::try_resolve(const Threat& threat, bool& is_open) {
  const Link& link = links_[threat.link];
  const Site& site = site_of(link);
  is_open = false;
  const bool has_provider = !link.provider.is_none();
  const bool has_consumer = site.need != Need::end;
  if ((has_provider && is_before(threat.step, link.provider)) ||
      (has_consumer && is_before(site.consumer, threat.step))) {
    return false;
  }
  const bool can_demote = has_provider && can_be_before(threat.step, link.provider);
  const bool can_promote = has_consumer && can_be_before(site.consumer, threat.step);
  is_open = can_demote && can_promote;
  if (can_demote == can_promote) {
    return false;
  }
  return insert(
      can_promote
          ? edge(site.consumer, threat.step, EdgeReason::protects, threat.variable, site.span)
          : edge(threat.step, link.provider, EdgeReason::protects, threat.variable, site.span));
}

void Planner::resolve_threats() {
  bool has_progress = true;
  while (has_progress) {
    has_progress = false;
    std::vector<Threat> open;
    for (const Threat& threat : threats_) {
      bool is_open = false;
      has_progress = try_resolve(threat, is_open) || has_progress;
      if (is_open) {
        open.push_back(threat);
      }
    }
    threats_ = std::move(open);
  }
}

void Planner::link_waits() {
  for (const std::uint32_t index : waits_) {
    const Site& site = sites_.all()[index];
    const Bearer* single = nullptr;
    std::size_t count = 0;
    for (const Bearer& bearer : sites_.bearers(site)) {
      if (bearer.bearing == Bearing::provides && can_be_before(bearer.step, site.consumer)) {
        single = &bearer;
        ++count;
      }
    }
    if (count == 1 &&
        (is_before(single->step, site.consumer) || insert(provides_edge(*single, site)))) {
      commit_link({.provider = single->step, .site = index});
    }
  }
}

// By both ends, then by reason and variable, each once: a counting sort by the first end, and the
// few edges of each are then sorted by themselves.
std::vector<Edge> Planner::sorted_edges() const {
  const auto key = [](const Edge& item) {
    return std::tuple(item.from, item.to, item.reason, item.variable.index);
  };
  std::vector<std::uint32_t> begin(plan_.steps.size() + 2);
  for (const Edge& item : edges_) {
    ++begin[item.from.index + std::size_t{2}];
  }
  for (std::size_t index = 1; index < begin.size(); ++index) {
    begin[index] += begin[index - 1];
  }
  std::vector<Edge> result(edges_.size());
  for (const Edge& item : edges_) {
    result[begin[item.from.index + std::size_t{1}]++] = item;
  }
  for (std::size_t step = 0; step < plan_.steps.size(); ++step) {
    std::ranges::sort(std::span(result).subspan(begin[step], begin[step + 1] - begin[step]), {},
                      [&](const Edge& item) { return std::pair(key(item), item.span); });
  }
  const auto repeated = std::ranges::unique(result, {}, key);
  result.erase(repeated.begin(), repeated.end());
  return result;
}

OrderFaults Planner::finish() {
  plan_.edges = sorted_edges();
  graph_.sort();
  plan_.topological.clear();
  for (const std::uint32_t node : graph_.order()) {
    plan_.topological.push_back(StepId{node});
  }
  std::ranges::sort(faults_.steps);
  faults_.steps.erase(std::unique(faults_.steps.begin(), faults_.steps.end()), faults_.steps.end());
  std::ranges::sort(faults_.variables);
  faults_.variables.erase(std::unique(faults_.variables.begin(), faults_.variables.end()),
                          faults_.variables.end());
  groundwork_->graph = std::move(graph_);
  faults_.groundwork = std::move(groundwork_);
  return std::move(faults_);
}

}  // namespace plan
