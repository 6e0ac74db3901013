#include "verify/ordering.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace plan::verify {

namespace {

std::uint64_t ends_of(std::uint32_t from, std::uint32_t to) {
  return (std::uint64_t{from} << 32U) | to;
}

}  // namespace

Ordering::Ordering(const Plan& plan,
                   const LoopNest& loops,
                   const Certificate& certificate,
                   std::vector<std::string>& faults)
    : plan_(plan), loops_(loops), position_(plan.steps.size(), none) {
  if (certificate.order.size() != plan.steps.size()) {
    faults.push_back("the order does not hold every step once");
    return;
  }
  for (std::uint32_t index = 0; index < certificate.order.size(); ++index) {
    const std::uint32_t step = certificate.order[index];
    if (step >= position_.size() || position_[step] != none) {
      faults.push_back("the order does not hold every step once");
      return;
    }
    if (plan.topological.size() <= index || plan.topological[index].index != step) {
      faults.push_back(fmt::format("place {} of the order is `{}`; the plan has another step there",
                                   index, plan.steps[step].name));
      return;
    }
    position_[step] = index;
  }
  arrows_begin_.assign(plan.steps.size() + 1, 0);
  for (std::size_t index = 0; index < plan.edges.size(); ++index) {
    const Edge& edge = plan.edges[index];
    if (position_[edge.from.index] >= position_[edge.to.index] ||
        (index > 0 && std::pair(edge.from, edge.to) <
                          std::pair(plan.edges[index - 1].from, plan.edges[index - 1].to))) {
      faults.push_back(fmt::format("`{}` → `{}` goes against the order",
                                   plan.steps[edge.from.index].name,
                                   plan.steps[edge.to.index].name));
      return;
    }
    ++arrows_begin_[edge.from.index + 1];
  }
  for (std::size_t index = 1; index < arrows_begin_.size(); ++index) {
    arrows_begin_[index] += arrows_begin_[index - 1];
  }
  make_chains();
  for (const auto& path : certificate.paths) {
    check_path(path, faults);
  }
  const auto ends = [](const auto& path) {
    return path.empty() ? 0 : ends_of(path.front(), path.back());
  };
  if (!std::ranges::is_sorted(certificate.paths, {}, ends)) {
    faults.emplace_back("the paths are not in the order of their ends");
  }
}

// Every step continues the chain of its first predecessor that nothing continues yet.
void Ordering::make_chains() {
  chain_.assign(plan_.steps.size(), none);
  std::vector<std::uint32_t> chosen(plan_.steps.size(), none);  // predecessor
  std::vector<bool> is_continued(plan_.steps.size());
  std::vector<std::uint32_t> into_begin(plan_.steps.size() + 1);
  for (const Edge& edge : plan_.edges) {
    ++into_begin[edge.to.index + 1];
  }
  for (std::size_t index = 1; index < into_begin.size(); ++index) {
    into_begin[index] += into_begin[index - 1];
  }
  std::vector<std::uint32_t> next = into_begin;
  std::vector<std::uint32_t> into(plan_.edges.size());
  for (const Edge& edge : plan_.edges) {
    into[next[edge.to.index]++] = edge.from.index;
  }
  std::uint32_t count = 0;
  for (const StepId step : plan_.topological) {
    for (std::uint32_t at = into_begin[step.index]; at < into_begin[step.index + 1]; ++at) {
      if (chain_[step.index] == none && !is_continued[into[at]]) {
        is_continued[into[at]] = true;
        chain_[step.index] = chain_[into[at]];
      }
    }
    if (chain_[step.index] == none) {
      chain_[step.index] = count++;
    }
  }
}

bool Ordering::is_arrow(std::uint32_t from, std::uint32_t to) const {
  const auto begin = plan_.edges.begin() + arrows_begin_[from];
  const auto end = plan_.edges.begin() + arrows_begin_[from + 1];
  const auto at = std::lower_bound(begin, end, to, [](const Edge& edge, std::uint32_t wanted) {
    return edge.to.index < wanted;
  });
  return at != end && at->to.index == to;
}

bool Ordering::is_hop(std::uint32_t from, std::uint32_t to) const {
  return position_[from] < position_[to] && (chain_[from] == chain_[to] || is_arrow(from, to));
}

// The path must be as short as its hops allow, so that there is one way to write it.
void Ordering::check_path(const std::vector<std::uint32_t>& path,
                          std::vector<std::string>& faults) {
  const bool is_known =
      std::ranges::all_of(path, [&](std::uint32_t step) { return step < plan_.steps.size(); });
  if (!is_known || path.size() < 3) {
    faults.push_back("a path is too short, or names a step that the plan does not have");
    return;
  }
  const std::string& first = plan_.steps[path.front()].name;
  const std::string& last = plan_.steps[path.back()].name;
  for (std::size_t index = 0; index + 1 < path.size(); ++index) {
    if (!is_hop(path[index], path[index + 1])) {
      faults.push_back(fmt::format(
          "the path from `{}` to `{}` is broken: nothing orders `{}` "
          "before `{}`",
          first, last, plan_.steps[path[index]].name, plan_.steps[path[index + 1]].name));
      return;
    }
    if (index + 2 < path.size() && is_hop(path[index], path[index + 2])) {
      faults.push_back(fmt::format("the path from `{}` to `{}` goes a long way round `{}`", first,
                                   last, plan_.steps[path[index + 1]].name));
      return;
    }
  }
  if (!paths_.emplace(ends_of(path.front(), path.back()), false).second) {
    faults.push_back(fmt::format("the path from `{}` to `{}` is there twice", first, last));
  }
}

bool Ordering::before(StepId one, StepId two) {
  const auto [from, to] = loops_.attach(one, two);
  if (position_[from.index] >= position_[to.index]) {
    return false;
  }
  if (is_hop(from.index, to.index)) {
    return true;
  }
  const auto path = paths_.find(ends_of(from.index, to.index));
  if (path == paths_.end()) {
    return false;
  }
  path->second = true;
  return true;
}

std::size_t Ordering::unused() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(paths_, [](const auto& path) { return !path.second; }));
}

}  // namespace plan::verify
