// The way back: the undo of every step that acted, the last one first, each with the protocol of a
// step of its own. Steps that only held were not the run's doing and stay.
#include <algorithm>

#include "runtime/session.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

struct WayBack {
  std::vector<UndoItem> items{};
  std::vector<Diagnostic> obstacles{};
};

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
      result.obstacles.push_back(diagnostic(Code::rollback_refused, step.span,
                                            "step `" + *name + "` is past the point of no return")
                                     .note(reason_of(plan, step))
                                     .help("`plan apply` goes on from where the run is"));
      continue;
    }
    if (step.undo_operation != UINT32_MAX) {
      result.items.push_back({.step = node->step,
                              .binding = node->binding,
                              .name = *name,
                              .is_open = session.history.steps.at(*name).is_undo_open});
    }
  }
  return result;
}

bool is_agreed(Session& session, const std::vector<UndoItem>& items) {
  if (session.context.options.assume_yes) {
    return true;
  }
  Question question{.text = "Take the run back?"};
  for (const UndoItem& item : items) {
    const Step& step = session.context.plan.steps[item.step.index];
    question.details.push_back("undo " + item.name + " with " +
                               session.context.plan.operations[step.undo_operation].name);
  }
  if (session.context.world.prompt.ask(question) == Answer::yes) {
    return true;
  }
  session.refuse(diagnostic(Code::not_answered, Span{}, question.text));
  return false;
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
  if (!is_agreed(session, way.items)) {
    return session.finish(Outcome::declined);
  }
  if (!session.begin("rollback")) {
    return session.finish(Outcome::refused);
  }
  Executor executor(session.context, session.programs, session.observations, &*session.journal,
                    session.history);
  const SchedulerState state = executor.run(make_undo_graph(way.items), {});
  session.report.steps = step_results(session.context, state.graph, session.history);
  for (const Diagnostic& problem : state.problems) {
    session.refuse(problem);
  }
  if (executor.journal_failure()) {
    session.refuse(to_diagnostic(*executor.journal_failure(), Span{}));
    return session.finish(Outcome::failed);
  }
  Outcome outcome = is_complete(state) ? Outcome::done : Outcome::failed;
  if (state.interrupts > 0) {
    outcome = Outcome::interrupted;
  }
  session.end("rollback", outcome);
  return session.finish(outcome);
}

}  // namespace plan
