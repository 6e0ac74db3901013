#include "runtime/history.hpp"

namespace plan {

namespace {

struct Replay {
  History& history;
  const Entry& entry;

  StepHistory& step(const std::string& name) const {
    const auto [found, is_new] = history.steps.try_emplace(name);
    if (is_new) {
      history.order.push_back(name);
    }
    return found->second;
  }

  void operator()(const RunRecord& record) const {
    history = History{};
    history.has_run = true;
    history.run_id = record.run_id;
    history.title = record.title;
    history.plan_digest = record.plan_digest;
    history.started = entry.at;
  }
  void operator()(const AttemptRecord& record) const {
    ++history.attempts;
    history.plan_digest = record.plan_digest;
    history.is_rolling_back = record.command == "rollback";
    history.is_finished = false;
    history.ended.reset();
  }
  void operator()(const FactsRecord& record) const {
    for (const FactsRecord::Fact& fact : record.facts) {
      history.facts.try_emplace({fact.resource, fact.attribute}, fact.value);
    }
  }
  void operator()(const DecisionRecord& record) const {
    history.decisions[record.subject] = record.is_yes;
  }
  void operator()(const IntentRecord& record) const {
    StepHistory& state = step(record.step);
    state.digest = record.digest;
    state.touched = entry.number;
    state.detail.clear();
    if (record.is_undo) {
      state.is_undo_open = true;
      return;
    }
    state.status = StepStatus::running;
    state.is_open = true;
    state.started = entry.at;
    state.failures = record.failures;
    ++state.attempts;
  }
  void operator()(const OutcomeRecord& record) const {
    StepHistory& state = step(record.step);
    state.detail = record.detail;
    state.elapsed = record.elapsed;
    if (record.is_undo) {
      undone(record, state);
      return;
    }
    state.digest = record.digest;
    state.status = record.status;
    state.touched = entry.number;
    switch (record.status) {
      case StepStatus::failed:
        ++state.failures;
        state.is_open = false;
        break;
      case StepStatus::done:
      case StepStatus::held:
      case StepStatus::marked:
      case StepStatus::skipped:
      case StepStatus::undone:
        state.is_open = false;
        break;
      case StepStatus::waiting:
      case StepStatus::running:
      case StepStatus::blocked:
      case StepStatus::interrupted:
        // What it left behind is not known: it stays half-way.
        break;
    }
  }
  void undone(const OutcomeRecord& record, StepHistory& state) const {
    if (record.status == StepStatus::undone) {
      state.status = StepStatus::undone;
      state.is_open = false;
      state.is_undo_open = false;
      state.attempts = 0;
    }
  }
  void operator()(const HeldRecord& record) const {
    for (const auto& [name, digest] : record.steps) {
      StepHistory& state = step(name);
      state.status = StepStatus::held;
      state.digest = digest;
    }
  }
  void operator()(const UnfoldedRecord& record) const {
    history.unfolded[record.loop] = record.elements;
  }
  void operator()(const EndRecord& record) const {
    const bool is_done =
        record.outcome == Outcome::done || record.outcome == Outcome::nothing_to_do;
    history.ended = record.outcome;
    const bool is_run = record.command == "apply" || record.command == "rollback";
    history.is_finished = is_run && is_done;
    history.is_rolled_back = history.is_finished && record.command == "rollback";
    history.is_rolling_back = history.is_rolling_back && !history.is_finished;
  }
  void operator()(const RecoveredRecord&) const {}
};

}  // namespace

bool History::has_acted(const StepHistory& step) {
  return step.attempts > 0 || step.is_undo_open || step.status == StepStatus::marked;
}

History history_of(const JournalContent& content) {
  History history;
  for (const Entry& entry : content.entries) {
    std::visit(Replay{history, entry}, entry.record);
    history.last_record = entry.at;
  }
  return history;
}

}  // namespace plan
