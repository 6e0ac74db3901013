#include "compiler/graph.hpp"

#include <random>
#include <set>

#include <catch2/catch.hpp>

using namespace plan;

namespace {

using Pairs = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

DependencyGraph graph_of(std::size_t count, const Pairs& edges) {
  DependencyGraph graph(count);
  for (const auto& [from, to] : edges) {
    graph.add(from, to);
  }
  return graph;
}

std::vector<std::vector<bool>> closure(std::size_t count, const Pairs& edges) {
  std::vector<std::vector<bool>> reach(count, std::vector<bool>(count));
  for (const auto& [from, to] : edges) {
    reach[from][to] = true;
  }
  for (std::size_t middle = 0; middle < count; ++middle) {
    for (std::size_t from = 0; from < count; ++from) {
      for (std::size_t to = 0; to < count; ++to) {
        reach[from][to] = reach[from][to] || (reach[from][middle] && reach[middle][to]);
      }
    }
  }
  return reach;
}

}  // namespace

TEST_CASE("the order is by number where it is free") {
  DependencyGraph graph = graph_of(5, {{4, 1}, {3, 0}});
  REQUIRE(graph.sort());
  CHECK(std::vector(graph.order().begin(), graph.order().end()) ==
        std::vector<std::uint32_t>{2, 3, 0, 4, 1});
}

TEST_CASE("the shortest cycle of each component is found") {
  DependencyGraph graph =
      graph_of(8, {{0, 1}, {1, 2}, {2, 3}, {3, 0}, {2, 1}, {5, 6}, {6, 5}, {3, 5}});
  CHECK_FALSE(graph.sort());
  CHECK(graph.cycles() == std::vector<std::vector<std::uint32_t>>{{1, 2}, {5, 6}});
}

TEST_CASE("the reduction keeps what is not implied") {
  DependencyGraph graph = graph_of(4, {{0, 1}, {1, 2}, {0, 2}, {0, 3}, {2, 3}, {0, 1}});
  REQUIRE(graph.sort());
  CHECK(graph.reduction() == Pairs{{0, 1}, {1, 2}, {2, 3}});
}

TEST_CASE("the critical path adds up to most") {
  DependencyGraph graph = graph_of(4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}});
  REQUIRE(graph.sort());
  CHECK(graph.critical_path(std::vector<std::int64_t>{1, 5, 2, 1}) ==
        std::vector<std::uint32_t>{0, 1, 3});
}

TEST_CASE("reachability, insertion and reduction agree with the closure") {
  std::mt19937 engine(7);
  const auto random = [&] { return static_cast<std::uint32_t>(engine()); };
  for (int round = 0; round < 300; ++round) {
    const std::uint32_t count = 2 + random() % 12;
    DependencyGraph graph(count);
    REQUIRE(graph.sort());
    Pairs edges;
    for (std::uint32_t attempt = 0; attempt < count * 2; ++attempt) {
      const std::uint32_t from = random() % count;
      const std::uint32_t to = random() % count;
      const bool closes_cycle = from == to || closure(count, edges)[to][from];
      REQUIRE(graph.insert(from, to) != closes_cycle);
      if (!closes_cycle) {
        edges.emplace_back(from, to);
      }
      for (const auto& [before, after] : edges) {
        REQUIRE(graph.position(before) < graph.position(after));
      }
    }
    const auto reach = closure(count, edges);
    for (std::uint32_t from = 0; from < count; ++from) {
      for (std::uint32_t to = 0; to < count; ++to) {
        REQUIRE(graph.reaches(from, to) == reach[from][to]);
      }
    }
    const Pairs reduced = graph.reduction();
    REQUIRE(closure(count, reduced) == reach);
    for (std::size_t index = 0; index < reduced.size(); ++index) {
      Pairs fewer = reduced;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(index));
      REQUIRE(closure(count, fewer) != reach);
    }
  }
}
