// The nodes of a run: one for each step, and one for each element's copy of a loop's step.
// Plain data with dense ids; loops are unfolded into it while the run goes on.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "compiler/plan.hpp"
#include "runtime/resources.hpp"
#include "runtime/run.hpp"

namespace plan {

using NodeId = std::uint32_t;

// What an earlier attempt left behind, by name of the node.
struct Prior {
  StepStatus status = StepStatus::waiting;
  std::uint32_t attempts = 0;
  std::uint32_t failures = 0;
  bool is_open = false;  // an intent without an outcome
};

// Where a node stands in the protocol of one step.
enum class NodeState : std::uint8_t {
  idle,       // not ready, or nothing more is to be done with it
  deciding,   // its `when` is observed
  checking,   // what it ensures is observed
  queued,     // waits for its host
  asking,     // a person is asked
  requiring,  // what it requires is observed
  acting,
  confirming,  // what it ensures is observed again, until it holds
  backing_off  // waits for the next attempt
};

struct Node {
  StepId step;
  Binding binding{};
  std::string name{};
  bool is_undo = false;
  std::uint32_t loop_run = no_index;  // RunGraph::loops: the unfolded loop it belongs to
  std::uint32_t element = 0;          // its element there
  std::uint32_t opens = no_index;     // of a begin or end node: RunGraph::loops
  std::vector<NodeId> successors{};
  std::uint32_t blockers = 0;  // predecessors that are not finished

  NodeState state = NodeState::idle;
  StepStatus status = StepStatus::waiting;
  bool is_settled = false;  // status is final for this attempt of the run
  bool is_open = false;
  std::uint32_t attempts = 0;
  std::uint32_t failures = 0;  // attempts that failed for certain
  std::uint32_t retries = 0;   // of this attempt of the run
  bool holds_slot = false;
  bool is_timed_out = false;  // it is being cancelled because its time is over
  bool is_undecided = false;  // looking: whether it has to be done is not known yet
  MonotonicTime began{0};     // when it began to act
  MonotonicTime deadline{0};
  std::chrono::milliseconds poll{0};
  std::chrono::milliseconds elapsed{0};
  std::string detail{};
};

// One unfolding of a deferred loop.
struct LoopRun {
  struct Element {
    Binding binding{};
    std::vector<NodeId> nodes{};
    bool is_admitted = false;
    bool has_failed = false;
  };
  std::uint32_t loop = 0;  // Plan::loops
  NodeId begin = 0;
  NodeId end = 0;
  std::vector<Element> elements{};
  bool is_stopped = false;  // an element failed, no further one begins
};

// An edge between the nodes of one level: the plan's edge, moved out of the loops that only one of
// its ends is in.
struct LevelEdge {
  StepId from;
  StepId to;
  auto operator<=>(const LevelEdge&) const = default;
};

struct RunGraph {
  std::vector<Node> nodes{};
  std::vector<LoopRun> loops{};
  std::map<std::string, Prior> priors{};
  // By loop around both ends, no_index for the top level; sorted, unique.
  std::map<std::uint32_t, std::vector<LevelEdge>> edges{};
  // The steps of each level, in the order of the plan.
  std::map<std::uint32_t, std::vector<StepId>> members{};
};

// The nodes of the top level, in the order of the plan.
[[nodiscard]] RunGraph make_graph(const Plan& plan, std::map<std::string, Prior> priors);

// Elements of a loop, as found: each with its binding and the suffix of names ("[billing]").
struct FoundElement {
  Binding binding{};
  std::string suffix{};
};

// Adds the nodes of all elements between `begin` and its end; they are not admitted yet.
void unfold(const Plan& plan,
            RunGraph& graph,
            NodeId begin,
            const std::vector<FoundElement>& found);

// One step that is to be taken back.
struct UndoItem {
  StepId step;
  Binding binding{};
  std::string name{};
  bool is_open = false;  // its undo was cut off while acting
};

// A chain: the items one after the other.
[[nodiscard]] RunGraph make_undo_graph(const std::vector<UndoItem>& items);

}  // namespace plan
