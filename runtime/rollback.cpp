// The way back: the undo of every step that acted, the last one first, each with the protocol of a
// step of its own. Steps that only held were not the run's doing and stay.
#include <algorithm>
#include <set>

#include "runtime/session.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

struct WayBack {
  std::vector<UndoItem> items{};  // the last one to have acted first
  std::vector<Diagnostic> obstacles{};
  // By item: the names of the items that must be taken back before it.
  std::vector<std::set<std::string>> needs{};
};

// All nodes that the run does after this one.
std::set<NodeId> later_than(const RunGraph& graph, NodeId node) {
  std::set<NodeId> later;
  std::vector<NodeId> open{node};
  while (!open.empty()) {
    const NodeId from = open.back();
    open.pop_back();
    for (const NodeId to : graph.nodes[from].successors) {
      if (later.insert(to).second) {
        open.push_back(to);
      }
    }
  }
  return later;
}

bool is_irreversible(const Plan& plan, const Step& step) {
  if (step.operation == UINT32_MAX) {
    return false;
  }
  const Operation& operation = plan.operations[step.operation];
  return !operation.irreversible.empty() ||
         (!step.effects.empty() && !step.undo_none && step.undo_operation == UINT32_MAX);
}

std::string reason_of(const Plan& plan, const Step& step) {
  const std::string& why = plan.operations[step.operation].irreversible;
  return why.empty() ? "nothing is declared that would undo it" : why;
}

WayBack way_back(Session& session) {
  const Plan& plan = session.context.plan;
  RunGraph graph = make_graph(plan, {});
  unfold_journaled(session.context, graph, session.history);
  std::vector<std::pair<std::uint64_t, const std::string*>> acted;
  for (const auto& [name, step] : session.history.steps) {
    if (History::has_acted(step)) {
      acted.emplace_back(step.touched, &name);
    }
  }
  std::ranges::sort(acted, std::ranges::greater());
  WayBack result;
  std::vector<std::pair<const std::string*, const Step*>> past;
  for (const auto& [touched, name] : acted) {
    const auto node = std::ranges::find(graph.nodes, *name, &Node::name);
    if (node == graph.nodes.end()) {
      result.obstacles.push_back(
          diagnostic(Code::rollback_refused, Span{},
                     "step `" + *name + "` was done, and this plan does not have it")
              .help("use the plan that the run was made with"));
      continue;
    }
    const Step& step = plan.steps[node->step.index];
    if (is_irreversible(plan, step)) {
      past.emplace_back(name, &step);
      continue;
    }
    if (step.undo_operation != UINT32_MAX) {
      result.needs.emplace_back();
      for (const NodeId later :
           later_than(graph, static_cast<NodeId>(node - graph.nodes.begin()))) {
        result.needs.back().insert(graph.nodes[later].name);
      }
      result.items.push_back({.step = node->step,
                              .binding = node->binding,
                              .name = *name,
                              .is_open = session.history.steps.at(*name).is_undo_open});
    }
  }
  if (!past.empty()) {
    // The one that was first, since when there is no way back.
    const auto& [name, step] = past.back();
    Diagnostic refusal = diagnostic(Code::rollback_refused, step->span,
                                    "step `" + *name + "` is past the point of no return");
    refusal.note(reason_of(plan, *step));
    std::string others;
    for (auto other = past.rbegin() + 1; other != past.rend(); ++other) {
      others += (others.empty() ? "`" : ", `") + *other->first + "`";
    }
    if (!others.empty()) {
      refusal.note("so are " + others);
    }
    result.obstacles.push_back(refusal.help("`plan apply` goes on from where the run is"));
  }
  return result;
}

bool is_agreed(Session& session, const std::vector<UndoItem>& items) {
  if (session.context.options.assume_yes || items.empty()) {
    return true;  // without items there is only the end of the run to be written down
  }
  Question question{.text = "Take the run back?"};
  for (const UndoItem& item : items) {
    const Step& step = session.context.plan.steps[item.step.index];
    question.details.push_back("undo " + item.name + " with " +
                               session.context.plan.operations[step.undo_operation].name);
  }
  return session.is_agreed_to(question, "to agree beforehand, add `--yes`");
}

// What can still be taken back after some items could not be: all that none of them had to come
// before.
WayBack rest_of(const WayBack& way, const RunGraph& graph) {
  std::set<std::string> stuck;
  WayBack rest;
  for (std::size_t index = 0; index < way.items.size(); ++index) {
    const UndoItem& item = way.items[index];
    const auto node = std::ranges::find(graph.nodes, item.name, &Node::name);
    if (node == graph.nodes.end() || node->status == StepStatus::undone) {
      continue;
    }
    const bool must_wait = std::ranges::any_of(
        way.needs[index], [&](const auto& name) { return stuck.contains(name); });
    if (node->status == StepStatus::failed || must_wait) {
      stuck.insert(item.name);
    } else {
      rest.items.push_back(item);
      rest.needs.push_back(way.needs[index]);
    }
  }
  return rest;
}

void keep_results(Session& session, std::vector<StepResult> results) {
  for (StepResult& result : results) {
    const auto known = std::ranges::find(session.report.steps, result.name, &StepResult::name);
    if (known == session.report.steps.end()) {
      session.report.steps.push_back(std::move(result));
    } else {
      *known = std::move(result);
    }
  }
}

// One after the other. What cannot be taken back keeps only that from being taken back which had
// to be done before it: that a new server does not start again must not keep the old one down.
// nullopt: the journal could not be written.
std::optional<Outcome> take_back(Session& session, WayBack way) {
  bool is_complete_so_far = true;
  while (true) {
    Executor executor(session.context, session.programs, session.observations, &*session.journal,
                      session.history);
    const SchedulerState state = executor.run(make_undo_graph(way.items), {});
    keep_results(session, step_results(session.context, state.graph, session.history));
    for (const Diagnostic& problem : state.problems) {
      session.refuse(problem);
    }
    if (executor.journal_failure()) {
      session.refuse(to_diagnostic(*executor.journal_failure(), Span{}));
      return std::nullopt;
    }
    if (state.interrupts > 0) {
      return Outcome::interrupted;
    }
    is_complete_so_far = is_complete_so_far && is_complete(state);
    way = rest_of(way, state.graph);
    if (is_complete(state) || way.items.empty()) {
      return is_complete_so_far ? Outcome::done : Outcome::failed;
    }
  }
}

// A run that came to its end can still be taken back.
bool open(Session& session) {
  if (!session.open()) {
    return false;
  }
  session.history = history_of(session.content);
  if (!session.history.has_run || session.history.is_rolled_back) {
    session.refuse(diagnostic(Code::no_run, Span{}));
    return false;
  }
  if (session.history.title != session.context.plan.title) {
    session.refuse(diagnostic(Code::journal_of_other_plan, Span{}, session.history.title,
                              session.context.plan.title));
    return false;
  }
  session.report.is_resumed = true;
  session.context.run_id = session.history.run_id;
  session.observations.restore_facts(session.history);
  return true;
}

}  // namespace

Report rollback(const Plan& plan, World& world, const RunOptions& options) {
  Session session(plan, world, options);
  if (!open(session)) {
    return session.finish(Outcome::refused);
  }
  WayBack way = way_back(session);
  if (!way.obstacles.empty()) {
    for (Diagnostic& obstacle : way.obstacles) {
      session.refuse(std::move(obstacle));
    }
    return session.finish(Outcome::refused);
  }
  const bool is_begun = is_agreed(session, way.items);
  if (session.is_interrupted()) {
    return session.finish(Outcome::interrupted);  // at the question: whatever the answer was
  }
  if (!is_begun) {
    return session.finish(Outcome::declined);
  }
  if (!session.begin("rollback")) {
    return session.finish(Outcome::refused);
  }
  const std::optional<Outcome> outcome = take_back(session, way);
  if (outcome) {
    session.end("rollback", *outcome);
  }
  return session.finish(outcome.value_or(Outcome::failed));
}

}  // namespace plan
