// The scheduler's working parts (scheduler.hpp): one object lives for one event. Used by
// scheduler.cpp, which holds the protocol of a step, and scheduler_ends.cpp, which holds what
// follows from the end of one: successors, failure cut, loops.
#pragma once

#include <string>
#include <vector>

#include "runtime/scheduler.hpp"

namespace plan::scheduling {

class Scheduler {
 public:
  Scheduler(SchedulerState& state, MonotonicTime now)
      : state_(state), plan_(*state.plan), graph_(state.graph), now_(now) {}

  void handle(const events::Begin&);
  void handle(const events::Checked& event);
  void handle(const events::Acted& event);
  void handle(const events::Answered& event);
  void handle(const events::Unfolded& event);
  void handle(const events::Woke& event);
  void handle(const events::Interrupted&);

  std::vector<Command> commands;

 private:
  Node& node(NodeId id) { return graph_.nodes[id]; }
  const Step& step(NodeId id) { return plan_.steps[node(id).step.index]; }
  [[nodiscard]] bool is_draining() const { return state_.interrupts > 0 || state_.has_refused; }
  [[nodiscard]] bool is_acting() const { return state_.options.mode == RunMode::act; }

  void set(NodeId id, NodeState next);
  void start_ready(std::vector<NodeId> ready);
  bool is_ready(NodeId id);
  void start(NodeId id);
  void check_ensures(NodeId id);
  void not_done_yet(NodeId id);
  void queue(NodeId id);
  void serve(std::uint32_t host);
  void begin_attempt(NodeId id);
  void act(NodeId id);
  void confirm(NodeId id);
  void after_guard(NodeId id, const CheckResult& result);
  void after_ensures(NodeId id, const CheckResult& result);
  void after_requires(NodeId id, const CheckResult& result);
  void after_confirm(NodeId id, const CheckResult& result);
  void attempt_failed(NodeId id, Diagnostic problem, FailureKind kind);
  void fail(NodeId id, Diagnostic problem);
  void stop(NodeId id, StepStatus status, std::string detail);
  void stop_asking(NodeId id, std::string detail);
  void withdraw_questions();
  void finish(NodeId id, StepStatus status, std::string detail);
  void settle(NodeId id, StepStatus status);
  void release_successors(NodeId id);
  void block(NodeId id);
  void element_changed(NodeId id, bool has_failed);
  std::vector<NodeId> admit(std::uint32_t run);
  void release_slot(NodeId id);
  void tell(RunEventKind kind, NodeId id, std::string detail = "");

  SchedulerState& state_;
  const Plan& plan_;
  RunGraph& graph_;
  MonotonicTime now_;
};

}  // namespace plan::scheduling
