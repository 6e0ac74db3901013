// What follows from the end of a step: successors, the failure cut, loops (scheduling.hpp).
#include <algorithm>

#include "runtime/scheduling.hpp"
#include "runtime/text.hpp"

namespace plan::scheduling {

// --- ends of a step

void Scheduler::fail(NodeId id, Diagnostic problem) {
  Node& self = node(id);
  self.detail = problem.message;
  self.elapsed = self.began.count() > 0 ? now_ - self.began : self.elapsed;
  set(id, NodeState::idle);
  settle(id, StepStatus::failed);
  state_.has_failed = true;
  state_.problems.push_back(problem);
  commands.push_back(commands::Conclude{id});
  commands.push_back(commands::Tell{.kind = RunEventKind::step_failed,
                                    .node = id,
                                    .detail = problem.message,
                                    .diagnostics = {problem}});
  for (const NodeId successor : std::vector(self.successors)) {
    block(successor);
  }
  element_changed(id, true);
  release_slot(id);
}

// Ended without success or failure: apply goes on with it.
void Scheduler::stop(NodeId id, StepStatus status, std::string detail) {
  set(id, NodeState::idle);
  node(id).detail = std::move(detail);
  settle(id, status);
  if (status == StepStatus::interrupted) {
    commands.push_back(commands::Conclude{id});
  }
  release_slot(id);
}

void Scheduler::finish(NodeId id, StepStatus status, std::string detail) {
  node(id).detail = std::move(detail);
  node(id).is_open = false;
  set(id, NodeState::idle);
  settle(id, status);
  const StepKind kind = step(id).kind;
  if (kind != StepKind::loop_begin && kind != StepKind::loop_end) {
    commands.push_back(commands::Conclude{id});
    const bool did_nothing = status == StepStatus::held || status == StepStatus::skipped;
    tell(did_nothing ? RunEventKind::step_skipped : RunEventKind::step_done, id, node(id).detail);
  } else {
    tell(RunEventKind::step_done, id);
  }
  release_slot(id);
  release_successors(id);
}

void Scheduler::settle(NodeId id, StepStatus status) {
  node(id).status = status;
  node(id).is_settled = true;
}

void Scheduler::release_successors(NodeId id) {
  std::vector<NodeId> ready;
  for (const NodeId successor : node(id).successors) {
    --node(successor).blockers;
    ready.push_back(successor);
  }
  const std::uint32_t run = node(id).loop_run;
  if (run != no_index) {
    for (const NodeId admitted : admit(run)) {
      ready.push_back(admitted);
    }
  }
  start_ready(std::move(ready));
}

void Scheduler::block(NodeId id) {
  Node& self = node(id);
  if (self.is_settled) {
    return;
  }
  // The end of a loop that goes on after failures is decided when all its elements are.
  settle(id, StepStatus::blocked);
  if (step(id).kind != StepKind::loop_begin && step(id).kind != StepKind::loop_end) {
    tell(RunEventKind::step_blocked, id);
  }
  for (const NodeId successor : std::vector(node(id).successors)) {
    block(successor);
  }
}

// --- loops

void Scheduler::handle(const events::Unfolded& event) {
  if (event.failure) {
    if (!is_acting()) {
      not_done_yet(event.node);
      return;
    }
    fail(event.node, to_diagnostic(*event.failure, step(event.node).span));
    return;
  }
  if (is_draining()) {
    stop(event.node, StepStatus::waiting, "not begun");
    return;
  }
  const std::uint32_t run = node(event.node).opens;
  unfold(plan_, graph_, event.node, event.elements);
  std::string labels;
  for (const FoundElement& element : event.elements) {
    labels += (labels.empty() ? "" : " ") + element.suffix;
  }
  tell(RunEventKind::loop_unfolded, event.node, labels.empty() ? "nothing" : labels);
  const std::vector<NodeId> admitted = admit(run);
  finish(event.node, StepStatus::done, "");
  start_ready(admitted);
}

// Lets as many elements begin as may be under way; returns their nodes.
std::vector<NodeId> Scheduler::admit(std::uint32_t run) {
  LoopRun& loop = graph_.loops[run];
  const Loop& planned = plan_.loops[loop.loop];
  std::uint32_t limit =
      planned.at_most == 0 || state_.options.mode == RunMode::look ? UINT32_MAX : planned.at_most;
  for (const LoopRun::Element& element : loop.elements) {
    const bool is_over = std::ranges::all_of(
        element.nodes, [this](NodeId id) { return graph_.nodes[id].is_settled; });
    limit -= element.is_admitted && !is_over ? std::min(limit, 1U) : 0U;
  }
  std::vector<NodeId> admitted;
  for (LoopRun::Element& element : loop.elements) {
    if (limit == 0 || loop.is_stopped) {
      break;
    }
    if (!element.is_admitted) {
      element.is_admitted = true;
      const bool is_over = std::ranges::all_of(
          element.nodes, [this](NodeId id) { return graph_.nodes[id].is_settled; });
      limit -= is_over ? 0 : 1;
      admitted.insert(admitted.end(), element.nodes.begin(), element.nodes.end());
    }
  }
  return admitted;
}

void Scheduler::element_changed(NodeId id, bool has_failed) {
  const std::uint32_t run = node(id).loop_run;
  if (run == no_index || !has_failed) {
    return;
  }
  LoopRun& loop = graph_.loops[run];
  loop.elements[node(id).element].has_failed = true;
  element_changed(loop.end, true);  // an element of the loop around it
  if (plan_.loops[loop.loop].stops_on_failure) {
    loop.is_stopped = true;
    for (const LoopRun::Element& element : loop.elements) {
      if (!element.is_admitted) {
        for (const NodeId other : element.nodes) {
          block(other);
        }
      }
    }
    return;
  }
  start_ready(admit(run));
}

}  // namespace plan::scheduling
