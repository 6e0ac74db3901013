// The graph of steps: order, reachability, cycles, reduction, critical path. Nodes are numbers
// from 0. The only user of Boost.Graph. Grows by edges only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace plan {

struct Plan;

class DependencyGraph {
 public:
  explicit DependencyGraph(std::size_t node_count);

  [[nodiscard]] std::size_t node_count() const { return head_out_.size(); }
  [[nodiscard]] std::size_t edge_count() const { return to_.size(); }

  // Adds an edge without looking at the order; sort() must be called before the next question.
  void add(std::uint32_t from, std::uint32_t to);
  // Finds the topological order, by number where free. False, and no order, if there is a cycle.
  // Costs nothing if that is the order already.
  bool sort();
  // Adds an edge to a sorted graph and keeps it sorted (but not by number any more). Returns false
  // and adds nothing if there is a path back. Cost: the part of the order between the two.
  bool insert(std::uint32_t from, std::uint32_t to);

  // Whether there is a path of at least one edge. The graph must be sorted. Cheap for neighbours
  // and for pairs in the wrong order; else at most the nodes between the two.
  [[nodiscard]] bool reaches(std::uint32_t from, std::uint32_t to) const;
  [[nodiscard]] bool are_ordered(std::uint32_t one, std::uint32_t two) const {
    return reaches(one, two) || reaches(two, one);
  }
  // Valid while the graph is sorted.
  [[nodiscard]] std::span<const std::uint32_t> order() const { return order_; }
  [[nodiscard]] std::uint32_t position(std::uint32_t node) const { return position_[node]; }

  // The nodes of a shortest path, with both ends; empty if there is none.
  [[nodiscard]] std::vector<std::uint32_t> shortest_path(std::uint32_t from,
                                                         std::uint32_t to) const;
  // For each strongly connected component of more than one node, the nodes of one of its shortest
  // cycles, starting at the lowest number. Components are in the order of their lowest numbers.
  [[nodiscard]] std::vector<std::vector<std::uint32_t>> cycles() const;
  // Component number of each node; nodes of no cycle are alone in theirs.
  [[nodiscard]] std::vector<std::uint32_t> components() const;

  // All nodes from which `node` can be reached, itself too; ascending.
  [[nodiscard]] std::vector<std::uint32_t> ancestors(std::span<const std::uint32_t> nodes) const;
  // The edges that are not implied by others, sorted. The graph must be sorted.
  [[nodiscard]] std::vector<std::pair<std::uint32_t, std::uint32_t>> reduction() const;
  // The path whose nodes' costs add up to most. The graph must be sorted.
  [[nodiscard]] std::vector<std::uint32_t> critical_path(std::span<const std::int64_t> costs) const;

  // Calls visit(node) for the direct successors, or predecessors, the last added first.
  template <class Visit>
  void for_each_successor(std::uint32_t node, const Visit& visit) const {
    for (std::uint32_t edge = head_out_[node]; edge != none; edge = next_out_[edge]) {
      visit(to_[edge]);
    }
  }
  template <class Visit>
  void for_each_predecessor(std::uint32_t node, const Visit& visit) const {
    for (std::uint32_t edge = head_in_[node]; edge != none; edge = next_in_[edge]) {
      visit(from_[edge]);
    }
  }

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  [[nodiscard]] bool has_edge(std::uint32_t from, std::uint32_t to) const;
  std::vector<std::uint32_t> cycle_through(std::uint32_t node,
                                           const std::vector<std::uint32_t>& components) const;

  std::vector<std::uint32_t> head_out_, head_in_;  // first edge of a node
  std::vector<std::uint32_t> next_out_, next_in_;  // next edge of the same node
  std::vector<std::uint32_t> from_, to_;           // of an edge
  std::vector<std::uint32_t> order_, position_;
  bool is_by_number_ = false;  // the order is what sort() makes of the edges that there are
  // Marks of searches: a node is seen when its mark is the current stamp.
  mutable std::vector<std::uint32_t> seen_forward_, seen_backward_;
  mutable std::uint32_t stamp_ = 0;
  mutable std::vector<std::uint32_t> forward_, backward_;
};

// The steps with Plan::edges between them, sorted.
[[nodiscard]] DependencyGraph graph_of(const Plan& plan);

}  // namespace plan
