// Topological order: Kahn 1962, with the smallest number first. Online order: Pearce & Kelly,
// "A dynamic topological sort algorithm for directed acyclic graphs", 2006. Strong components:
// Tarjan 1972, by Boost.Graph. Transitive reduction: Aho, Garey & Ullman 1972, by searching
// between positions of the order instead of by a closure.

#include "compiler/graph.hpp"

#include <algorithm>
#include <bit>

#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>

#include "compiler/plan.hpp"

namespace plan {

namespace {

// A set of numbers below a bound with a fast "take the smallest": a tree of 64-way bit sets.
class SmallestFirst {
 public:
  explicit SmallestFirst(std::size_t bound) {
    do {
      bound = (bound + 63) / 64;
      levels_.emplace_back(bound);
    } while (bound > 1);
  }

  void insert(std::uint32_t number) {
    for (auto& level : levels_) {
      level[number / 64] |= std::uint64_t{1} << (number % 64);
      number /= 64;
    }
  }

  [[nodiscard]] bool is_empty() const { return levels_.back()[0] == 0; }

  std::uint32_t take() {
    std::uint32_t number = 0;
    for (std::size_t level = levels_.size(); level-- > 0;) {
      number = number * 64 + static_cast<std::uint32_t>(std::countr_zero(levels_[level][number]));
    }
    std::uint32_t rest = number;
    for (auto& level : levels_) {
      level[rest / 64] &= ~(std::uint64_t{1} << (rest % 64));
      if (level[rest / 64] != 0) {
        break;
      }
      rest /= 64;
    }
    return number;
  }

 private:
  std::vector<std::vector<std::uint64_t>> levels_;
};

}  // namespace

DependencyGraph::DependencyGraph(std::size_t node_count)
    : head_out_(node_count, none),
      head_in_(node_count, none),
      seen_forward_(node_count),
      seen_backward_(node_count) {}

void DependencyGraph::add(std::uint32_t from, std::uint32_t to) {
  is_by_number_ = false;
  const auto edge = static_cast<std::uint32_t>(to_.size());
  from_.push_back(from);
  to_.push_back(to);
  next_out_.push_back(head_out_[from]);
  head_out_[from] = edge;
  next_in_.push_back(head_in_[to]);
  head_in_[to] = edge;
}

bool DependencyGraph::sort() {
  if (node_count() == 0 || is_by_number_) {
    return true;
  }
  std::vector<std::uint32_t> waiting(node_count());
  for (const std::uint32_t to : to_) {
    ++waiting[to];
  }
  SmallestFirst ready(node_count());
  for (std::uint32_t node = 0; node < node_count(); ++node) {
    if (waiting[node] == 0) {
      ready.insert(node);
    }
  }
  order_.clear();
  order_.reserve(node_count());
  position_.assign(node_count(), 0);
  while (!ready.is_empty()) {
    const std::uint32_t node = ready.take();
    position_[node] = static_cast<std::uint32_t>(order_.size());
    order_.push_back(node);
    for_each_successor(node, [&](std::uint32_t next) {
      if (--waiting[next] == 0) {
        ready.insert(next);
      }
    });
  }
  is_by_number_ = order_.size() == node_count();
  return is_by_number_;
}

bool DependencyGraph::insert(std::uint32_t from, std::uint32_t to) {
  if (from == to || reaches(to, from)) {
    return false;
  }
  add(from, to);
  const std::uint32_t upper = position_[from];
  const std::uint32_t lower = position_[to];
  if (upper < lower) {
    return true;
  }
  // What `to` reaches and what reaches `from`, both inside of the affected part of the order.
  ++stamp_;
  forward_.assign(1, to);
  seen_forward_[to] = stamp_;
  for (std::size_t index = 0; index < forward_.size(); ++index) {
    for_each_successor(forward_[index], [&](std::uint32_t next) {
      if (position_[next] <= upper && seen_forward_[next] != stamp_) {
        seen_forward_[next] = stamp_;
        forward_.push_back(next);
      }
    });
  }
  backward_.assign(1, from);
  seen_backward_[from] = stamp_;
  for (std::size_t index = 0; index < backward_.size(); ++index) {
    for_each_predecessor(backward_[index], [&](std::uint32_t next) {
      if (position_[next] >= lower && seen_backward_[next] != stamp_) {
        seen_backward_[next] = stamp_;
        backward_.push_back(next);
      }
    });
  }
  const auto by_position = [&](std::uint32_t one, std::uint32_t two) {
    return position_[one] < position_[two];
  };
  std::ranges::sort(forward_, by_position);
  std::ranges::sort(backward_, by_position);
  backward_.insert(backward_.end(), forward_.begin(), forward_.end());
  std::vector<std::uint32_t> places;
  for (const std::uint32_t node : backward_) {
    places.push_back(position_[node]);
  }
  std::ranges::sort(places);
  for (std::size_t index = 0; index < backward_.size(); ++index) {
    position_[backward_[index]] = places[index];
    order_[places[index]] = backward_[index];
  }
  return true;
}

bool DependencyGraph::has_edge(std::uint32_t from, std::uint32_t to) const {
  // Both lists are walked at once, so that the shorter one decides the cost.
  std::uint32_t out = head_out_[from];
  std::uint32_t in = head_in_[to];
  while (out != none && in != none) {
    if (to_[out] == to || from_[in] == from) {
      return true;
    }
    out = next_out_[out];
    in = next_in_[in];
  }
  return false;
}

bool DependencyGraph::reaches(std::uint32_t from, std::uint32_t to) const {
  if (position_[from] >= position_[to]) {
    return false;
  }
  if (has_edge(from, to)) {
    return true;
  }
  // Searches from both ends in turn; the side with the fewer nodes between bounds the cost.
  ++stamp_;
  forward_.assign(1, from);
  backward_.assign(1, to);
  seen_forward_[from] = stamp_;
  seen_backward_[to] = stamp_;
  const std::uint32_t lower = position_[from];
  const std::uint32_t upper = position_[to];
  std::size_t ahead = 0;
  std::size_t behind = 0;
  bool is_met = false;
  while (ahead < forward_.size() && behind < backward_.size()) {
    for_each_successor(forward_[ahead++], [&](std::uint32_t next) {
      is_met = is_met || seen_backward_[next] == stamp_;
      if (position_[next] < upper && seen_forward_[next] != stamp_) {
        seen_forward_[next] = stamp_;
        forward_.push_back(next);
      }
    });
    if (is_met) {
      return true;
    }
    for_each_predecessor(backward_[behind++], [&](std::uint32_t next) {
      is_met = is_met || seen_forward_[next] == stamp_;
      if (position_[next] > lower && seen_backward_[next] != stamp_) {
        seen_backward_[next] = stamp_;
        backward_.push_back(next);
      }
    });
    if (is_met) {
      return true;
    }
  }
  return false;
}

std::vector<std::uint32_t> DependencyGraph::shortest_path(std::uint32_t from,
                                                          std::uint32_t to) const {
  std::vector<std::uint32_t> parent(node_count(), none);
  std::vector<std::uint32_t> queue{from};
  for (std::size_t index = 0; index < queue.size() && parent[to] == none; ++index) {
    for_each_successor(queue[index], [&](std::uint32_t next) {
      if (parent[next] == none) {
        parent[next] = queue[index];
        queue.push_back(next);
      }
    });
  }
  if (parent[to] == none) {
    return {};
  }
  std::vector<std::uint32_t> path{to};
  do {
    path.push_back(parent[path.back()]);
  } while (path.back() != from);
  std::ranges::reverse(path);
  return path;
}

std::vector<std::uint32_t> DependencyGraph::components() const {
  using Graph = boost::compressed_sparse_row_graph<boost::directedS>;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
  edges.reserve(edge_count());
  for (std::size_t edge = 0; edge < edge_count(); ++edge) {
    edges.emplace_back(from_[edge], to_[edge]);
  }
  const Graph graph(boost::edges_are_unsorted_multi_pass, edges.begin(), edges.end(), node_count());
  std::vector<std::uint32_t> component(node_count());
  if (node_count() > 0) {
    boost::strong_components(graph, boost::make_iterator_property_map(
                                        component.begin(), get(boost::vertex_index, graph)));
  }
  return component;
}

// Breadth first inside of the node's component, back to the node.
std::vector<std::uint32_t> DependencyGraph::cycle_through(
    std::uint32_t start, const std::vector<std::uint32_t>& components) const {
  std::vector<std::uint32_t> parent(node_count(), none);
  std::vector<std::uint32_t> queue{start};
  for (std::size_t index = 0; index < queue.size() && parent[start] == none; ++index) {
    for_each_successor(queue[index], [&](std::uint32_t next) {
      if (components[next] == components[start] && parent[next] == none) {
        parent[next] = queue[index];
        queue.push_back(next);
      }
    });
  }
  std::vector<std::uint32_t> cycle;
  for (std::uint32_t node = parent[start]; node != start; node = parent[node]) {
    cycle.push_back(node);
  }
  cycle.push_back(start);
  std::ranges::reverse(cycle);
  return cycle;
}

std::vector<std::vector<std::uint32_t>> DependencyGraph::cycles() const {
  // The shortest cycle is searched from at most this many nodes of a component.
  constexpr std::size_t start_limit = 64;
  const std::vector<std::uint32_t> component = components();
  std::vector<std::vector<std::uint32_t>> members(node_count());
  for (std::uint32_t node = 0; node < node_count(); ++node) {
    members[component[node]].push_back(node);
  }
  std::vector<std::vector<std::uint32_t>> result;
  for (std::uint32_t node = 0; node < node_count(); ++node) {
    const auto& nodes = members[component[node]];
    if (nodes.front() != node || (nodes.size() == 1 && !has_edge(node, node))) {
      continue;
    }
    std::vector<std::uint32_t> best;
    for (std::size_t index = 0; index < nodes.size() && index < start_limit; ++index) {
      std::vector<std::uint32_t> cycle = cycle_through(nodes[index], component);
      if (best.empty() || cycle.size() < best.size()) {
        best = std::move(cycle);
      }
    }
    std::ranges::rotate(best, std::ranges::min_element(best));
    result.push_back(std::move(best));
  }
  return result;
}

std::vector<std::uint32_t> DependencyGraph::ancestors(std::span<const std::uint32_t> nodes) const {
  ++stamp_;
  std::vector<std::uint32_t> result;
  for (const std::uint32_t node : nodes) {
    if (seen_backward_[node] != stamp_) {
      seen_backward_[node] = stamp_;
      result.push_back(node);
    }
  }
  for (std::size_t index = 0; index < result.size(); ++index) {
    for_each_predecessor(result[index], [&](std::uint32_t next) {
      if (seen_backward_[next] != stamp_) {
        seen_backward_[next] = stamp_;
        result.push_back(next);
      }
    });
  }
  std::ranges::sort(result);
  return result;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> DependencyGraph::reduction() const {
  // Successors are tried in topological order: those that an earlier one reaches are implied.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> edges;
  std::vector<std::uint32_t> mark(node_count(), none);
  std::vector<std::uint32_t> next;
  std::vector<std::uint32_t> stack;
  for (std::uint32_t node = 0; node < node_count(); ++node) {
    next.clear();
    for_each_successor(node, [&](std::uint32_t successor) { next.push_back(successor); });
    std::ranges::sort(next, {}, [&](std::uint32_t successor) { return position_[successor]; });
    const auto repeated = std::ranges::unique(next);
    next.erase(repeated.begin(), repeated.end());
    const std::uint32_t last = next.empty() ? 0 : position_[next.back()];
    for (const std::uint32_t successor : next) {
      if (mark[successor] == node) {
        continue;
      }
      edges.emplace_back(node, successor);
      stack.assign(1, successor);
      mark[successor] = node;
      while (!stack.empty() && successor != next.back()) {
        const std::uint32_t at = stack.back();
        stack.pop_back();
        for_each_successor(at, [&](std::uint32_t below) {
          if (position_[below] <= last && mark[below] != node) {
            mark[below] = node;
            stack.push_back(below);
          }
        });
      }
    }
  }
  std::ranges::sort(edges);
  return edges;
}

std::vector<std::uint32_t> DependencyGraph::critical_path(
    std::span<const std::int64_t> costs) const {
  std::vector<std::int64_t> total(node_count());
  std::vector<std::uint32_t> before(node_count(), none);
  std::uint32_t last = none;
  for (const std::uint32_t node : order_) {
    for_each_predecessor(node, [&](std::uint32_t previous) {
      const bool is_better = before[node] == none || total[previous] > total[before[node]] ||
                             (total[previous] == total[before[node]] && previous < before[node]);
      before[node] = is_better ? previous : before[node];
    });
    total[node] = costs[node] + (before[node] == none ? 0 : total[before[node]]);
    if (last == none || total[node] > total[last]) {
      last = node;
    }
  }
  std::vector<std::uint32_t> path;
  for (; last != none; last = before[last]) {
    path.push_back(last);
  }
  std::ranges::reverse(path);
  return path;
}

DependencyGraph graph_of(const Plan& plan) {
  DependencyGraph graph(plan.steps.size());
  for (const Edge& edge : plan.edges) {
    graph.add(edge.from.index, edge.to.index);
  }
  graph.sort();
  return graph;
}

}  // namespace plan
