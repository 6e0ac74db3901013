// Plan -> the procedure that a person follows: numbered steps by phase, with what has to hold
// before, what runs, what is checked after, and the way back. Takes the place of the wiki page.
#pragma once

#include <string>
#include <vector>

#include "compiler/emit/describe.hpp"
#include "compiler/emit/view.hpp"
#include "compiler/plan.hpp"

namespace plan {

namespace emit {

struct RunbookInput {
  std::string name;
  std::string type;
  std::string value;  // "" where it is not given; a secret is never shown
  std::string documentation;
  bool is_secret = false;
};

// Something to look at; `otherwise` says what is wrong where it does not hold.
struct RunbookCheck {
  std::string condition;
  std::string otherwise;
  bool operator==(const RunbookCheck&) const = default;
};

struct RunbookStep {
  std::string number;  // "2.1", in a loop "4.1.2"
  StepId id;
  Description description;
  WayBack way_back = WayBack::yes;
  std::string irreversible;
  std::vector<std::string> after;  // numbers of the steps that have to be done before
  bool asks = false;               // approve, manual
};

// A run of steps one below the other, or a loop around some.
struct RunbookItem {
  RunbookStep step;  // of a loop: its beginning, whose number it has
  std::string loop;  // "for each env of new_orch.environments, one at a time"; empty: a step
  std::vector<RunbookItem> items;  // of a loop
};

struct RunbookSection {
  std::string title;  // the phase; empty: steps outside of phases
  std::string number;
  std::vector<RunbookItem> items;
};

struct RunbookWayBack {
  std::string number;  // of the step that is taken back
  std::string step;
  std::string undo;
};

// A state that the procedure speaks of: what it means and how to look.
struct RunbookState {
  std::string name;     // "old_orch.service.active"
  std::string meaning;  // "The unit is running."
  std::string host;
  std::vector<std::string> commands;
};

struct Runbook {
  std::string title;
  std::string digest;
  std::vector<Host> hosts;
  std::vector<RunbookInput> inputs;
  std::vector<RunbookCheck> preflight;  // looked at before anything is changed
  std::vector<RunbookSection> sections;
  std::vector<std::string> invariants;
  std::vector<std::string> goals;
  std::vector<std::string> destroyed;
  // Step by step, the last one first; up to the point of no return.
  std::vector<RunbookWayBack> way_back;
  std::vector<std::string> no_return;  // "4.1.3 resume: why"
  std::vector<RunbookState> states;
};

// The plan must be ordered. The order is one that the plan allows, with phases kept together
// where it can be.
[[nodiscard]] Runbook runbook_of(const Plan& plan);

}  // namespace emit

[[nodiscard]] std::string emit_runbook(const Plan& plan);       // Markdown
[[nodiscard]] std::string emit_runbook_html(const Plan& plan);  // one file, for screen and paper
[[nodiscard]] std::string emit_runbook_json(const Plan& plan);  // plan-runbook/1

}  // namespace plan
