// The loop: event → scheduler → commands → journal → effector → event. Everything that the
// scheduler asks for is done here, in its order; an action begins only after its intent is durable.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/elements.hpp"
#include "runtime/observe.hpp"
#include "runtime/programs.hpp"
#include "runtime/scheduler.hpp"

namespace plan {

class Executor {
 public:
  // `journal` is nullptr where nothing is to be written (looking).
  Executor(RunContext& context,
           Programs& programs,
           Observations& observations,
           JournalWriter* journal,
           const History& history);

  // Runs until nothing is under way and nothing can begin.
  [[nodiscard]] SchedulerState run(RunGraph graph, const SchedulerOptions& options);
  // Why the journal could not be written; the run stopped there.
  [[nodiscard]] const std::optional<Failure>& journal_failure() const { return journal_failure_; }
  // Makes durable what is still held back: facts, and steps that held already.
  void flush();
  // Looking: takes steps that are still to be carried out for done, and loops whose list one of
  // them writes for not unfolded yet.
  void foresee(Forecast& forecast) { forecast_ = &forecast; }

 private:
  void execute(const commands::Check& command);
  void execute(const commands::Act& command);
  void execute(const commands::Cancel& command);
  void execute(const commands::Ask& command);
  void execute(const commands::Withdraw& command);
  void execute(const commands::Unfold& command);
  void execute(const commands::Wake& command);
  void execute(const commands::Intend& command);
  void execute(const commands::Conclude& command);
  void execute(const commands::Expect& command);
  void execute(const commands::Tell& command);

  void drain();
  void poll_interrupts();
  void start_body(NodeId node, const Operation& operation);
  void start_program(NodeId node, const Operation& operation, std::vector<Value> arguments);
  [[nodiscard]] std::expected<void, Failure> place(NodeId node,
                                                   const Operation& operation,
                                                   const std::vector<Value>& arguments,
                                                   Environment& environment,
                                                   Frame& frame);
  void acted(NodeId node, std::optional<Failure> failure);
  void unfolded(NodeId node, const std::vector<ResourceId>& elements);
  void unfold_again(NodeId node, const std::vector<Value>& elements);
  // What is asked, and the answer where it was given beforehand.
  [[nodiscard]] std::pair<Question, std::optional<Answer>> question_of(NodeId node,
                                                                       AskKind kind) const;
  void open_next_question();
  void answered(const commands::Ask& ask, const Question& question, Answer answer);
  // Takes the answer of the open question, where there is one.
  void poll_answer();
  [[nodiscard]] std::vector<const Condition*> conditions(NodeId node, CheckKind kind) const;
  [[nodiscard]] bool touches(const Condition& condition, NodeId node) const;
  // What must always hold and could be broken by the step.
  [[nodiscard]] const std::vector<const Condition*>& invariants_of(const Node& node);
  void phase_event(NodeId node, const commands::Tell& command);
  void write(Record record);
  [[nodiscard]] const std::string& digest_of(StepId step);

  RunContext& context_;
  Programs& programs_;
  Observations& observations_;
  JournalWriter* journal_;
  const History& history_;
  Forecast* forecast_ = nullptr;
  std::optional<Reach> reach_;  // of plans with invariants
  std::map<std::pair<StepId, bool>, std::vector<const Condition*>> invariants_;
  SchedulerState state_;
  std::deque<SchedulerEvent> events_;
  std::vector<NodeId> acts_;             // to begin once their intents are durable
  std::deque<commands::Ask> questions_;  // the first is open if `open_question_` is there
  std::optional<Question> open_question_;
  std::map<NodeId, ProgramId> bodies_;
  std::vector<NodeId> held_;  // to be journaled in one record
  std::map<std::uint32_t, std::string> digests_;
  std::map<std::uint32_t, std::uint32_t> phases_;  // begun phases: nodes that ended
  std::optional<Failure> journal_failure_;
  bool must_flush_ = false;
  int interrupts_ = 0;
};

}  // namespace plan
