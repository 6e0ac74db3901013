// A plan as a picture: nodes, grouped edges and nested groups, before any output format.
// Made once and written out by dot, mermaid, json and html, so that all of them show the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/plan.hpp"
#include "dsl/diagnostic.hpp"

namespace plan::emit {

struct GraphOptions {
  bool shows_implied_edges = false;  // also the edges that follow from others
  bool is_sideways = false;          // the order goes from left to right
  bool has_heading = true;  // the plan's title and the hosts' colours, in the picture itself
  // A schedule that goes wrong, of a plan that was refused: its steps are numbered in its order.
  Counterexample schedule{};
};

enum class WayBack : std::uint8_t {
  yes,   // it and everything before it can be taken back
  ends,  // a first step that cannot be taken back: the point of no return
  no     // comes after such a step
};

struct Node {
  StepId step;
  std::string title;         // "halt", "resume"
  std::string operation;     // "inmanta.halt_all", "approve", "by hand"
  std::string host;          // "old", "controller"
  std::uint32_t colour = 0;  // index of `palette`
  WayBack way_back = WayBack::yes;
  std::string irreversible;  // the reason, of a step that ends the way back; may be empty
  bool destroys = false;
  bool is_conditional = false;
  bool asks = false;  // approve, manual
};

// All reasons for one arrow.
struct Arrow {
  StepId from;
  StepId to;
  std::vector<std::string> labels;  // the states it carries, or the reason; unique, in plan order
  bool is_implied = false;          // follows from other arrows
};

// A phase or a loop; groups nest: a loop stands in its phase.
struct Group {
  std::string title;  // "Quiesce the old orchestrator", "for each env, one at a time"
  bool is_loop = false;
  std::uint32_t parent = UINT32_MAX;  // of View::groups
  std::vector<StepId> steps;          // directly in it
};

struct HostColour {
  std::string host;
  std::uint32_t colour = 0;
};

struct View {
  std::string title;
  std::vector<Node> nodes;    // by step id
  std::vector<Arrow> arrows;  // sorted by (from, to)
  std::vector<Group> groups;  // parents before children
  std::vector<StepId> ungrouped;
  std::vector<HostColour> legend;
};

// Okabe and Ito, "Color Universal Design" (2008): eight colours that stay apart for the common
// forms of colour blindness. `line` is theirs, `fill` a tint that dark text is readable on.
struct Colour {
  const char* line;
  const char* fill;
};
[[nodiscard]] const std::vector<Colour>& palette();

// By step: whether it can be taken back once it has run.
[[nodiscard]] std::vector<WayBack> ways_back(const Plan& plan);

// The loop that the step is in, or whose beginning or end it is; no_index if there is none.
[[nodiscard]] std::uint32_t loop_of(const Plan& plan, StepId step);

// The plan must be ordered.
[[nodiscard]] View view_of(const Plan& plan);
// "2", "1, 4": the places of the step in the schedule, and what holds then; empty if it has none.
struct ScheduleMark {
  std::string numbers;
  std::string then;
};
[[nodiscard]] ScheduleMark mark_of(const GraphOptions& options, StepId step);
[[nodiscard]] std::string node_id(StepId step);  // "step12"; the same in every format

}  // namespace plan::emit
