#include "runtime/apply.hpp"

#include <algorithm>

#include "compiler/digest.hpp"
#include "compiler/print_expr.hpp"
#include "dsl/spell.hpp"
#include "runtime/session.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

// The look before everything; false if the run cannot begin or go on.
bool look(Session& session, Preflight& seen) {
  if (!session.open() || !session.is_of_this_plan()) {
    return false;
  }
  seen = preflight(session.context, session.programs, session.observations, session.history,
                   session.priors(), session.report);
  if (session.report.diagnostics.has_errors()) {
    return false;
  }
  check_changed_plan(session, seen.graph);
  return !session.report.diagnostics.has_errors();
}

bool is_nothing_to_do(const Session& session, const Preflight& seen) {
  if (session.history.goes_on()) {
    return false;
  }
  return session.context.plan.goals.empty() ? seen.all_hold : seen.goals_hold;
}

bool is_confirmed(const RunOptions& options, const Destruction& destruction) {
  const auto& given = options.confirmed_destructions;
  return std::ranges::find(given, destruction.what) != given.end() ||
         std::ranges::find(given, destruction.step) != given.end();
}

// Asks before anything is changed; a no is in the report.
bool is_agreed(Session& session) {
  const RunOptions& options = session.context.options;
  Question destroy{
      .text = "This destroys data. Go on?", .expected_word = "destroy", .covers_destruction = true};
  std::string confirmations;
  for (const Destruction& destruction : session.report.destructions) {
    const auto decided = session.history.decisions.find("destroy " + destruction.what);
    const bool is_known = decided != session.history.decisions.end() && decided->second;
    if (!is_known && !is_confirmed(options, destruction)) {
      destroy.details.push_back(destruction.what + " (step " + destruction.step + ")");
      confirmations += " `--confirm " + destruction.what + "`";
    }
  }
  if (!destroy.details.empty() &&
      !session.is_agreed_to(destroy, "to agree beforehand, add" + confirmations)) {
    return false;
  }
  if (!options.assume_yes) {
    const auto open = std::ranges::count_if(session.report.steps, [&](const StepResult& step) {
      const StepKind kind = session.context.plan.steps[step.step.index].kind;
      return !is_finished(step.status) && kind != StepKind::loop_begin &&
             kind != StepKind::loop_end;
    });
    if (open == 0) {
      return true;  // what is left is to look at the goals
    }
    Question start{.text = session.report.is_resumed ? "Go on with the run?" : "Begin the run?"};
    start.details.push_back(std::to_string(open) + (open == 1 ? " step to do" : " steps to do"));
    return session.is_agreed_to(start, "to agree beforehand, add `--yes`");
  }
  return true;
}

Outcome outcome_of(const SchedulerState& state, bool goals_hold) {
  if (state.interrupts > 0) {
    return Outcome::interrupted;
  }
  if (state.has_failed) {
    return Outcome::failed;
  }
  if (state.has_declined) {
    return Outcome::declined;
  }
  if (!is_complete(state)) {
    return Outcome::failed;
  }
  return goals_hold ? Outcome::done : Outcome::failed;
}

// Goals are observed afresh: success is what the world says, not what the steps did.
bool observe_goals(Session& session) {
  const bool all_hold = check_goals(session.context, session.programs, session.observations,
                                    session.observations.recent(), session.report);
  for (std::size_t index = 0; index < session.report.goals.size(); ++index) {
    const ConditionResult& goal = session.report.goals[index];
    session.context.world.observer.on({.kind = RunEventKind::goal_checked,
                                       .at = session.context.world.clock.wall(),
                                       .text = goal.text,
                                       .detail = goal.holds ? "holds" : "does not hold"});
    if (!goal.holds) {
      session.refuse(
          diagnostic(Code::goal_not_observed, session.context.plan.goals[index].span, goal.text)
              .note(goal.detail));
    }
  }
  return all_hold;
}

void journal_start(Session& session) {
  for (const Destruction& destruction : session.report.destructions) {
    session.journal->add(DecisionRecord{
        .subject = "destroy " + destruction.what, .question = "may be destroyed", .is_yes = true});
  }
}

std::optional<NodeId> node_named(const RunGraph& graph, std::string_view name) {
  const auto found = std::ranges::find(graph.nodes, name, &Node::name);
  return found == graph.nodes.end()
             ? std::nullopt
             : std::optional(static_cast<NodeId>(found - graph.nodes.begin()));
}

}  // namespace

Report preview(const Plan& plan, World& world, const RunOptions& options) {
  Session session(plan, world, options);
  Preflight seen;
  if (!look(session, seen)) {
    return session.finish(Outcome::refused);
  }
  return session.finish(is_nothing_to_do(session, seen) ? Outcome::nothing_to_do : Outcome::done);
}

Report apply(const Plan& plan, World& world, const RunOptions& options) {
  Session session(plan, world, options);
  Preflight seen;
  if (!look(session, seen)) {
    return session.finish(Outcome::refused);
  }
  if (session.is_interrupted()) {
    return session.finish(Outcome::interrupted);
  }
  if (is_nothing_to_do(session, seen)) {
    return session.finish(Outcome::nothing_to_do);
  }
  const bool is_begun = is_agreed(session);
  if (session.is_interrupted()) {
    return session.finish(Outcome::interrupted);  // at a question: whatever the answer was
  }
  if (!is_begun) {
    return session.finish(Outcome::declined);
  }
  if (!session.begin("apply")) {
    return session.finish(Outcome::refused);
  }
  journal_start(session);
  Executor executor(session.context, session.programs, session.observations, &*session.journal,
                    session.history);
  executor.flush();  // facts are what they were before the first step
  const SchedulerState state = executor.run(
      make_graph(plan, session.priors()),
      {.steps_per_host = options.steps_per_host, .shuffle_seed = options.shuffle_seed});
  session.report.steps = step_results(session.context, state.graph, session.history);
  session.report.is_past_point_of_no_return = state.is_past_return;
  for (const Diagnostic& problem : state.problems) {
    session.refuse(problem);
  }
  if (executor.journal_failure()) {
    session.refuse(to_diagnostic(*executor.journal_failure(), Span{}));
    return session.finish(Outcome::failed);
  }
  const bool goals_hold = is_complete(state) && observe_goals(session);
  const Outcome outcome = outcome_of(state, goals_hold);
  session.end("apply", outcome);
  return session.finish(outcome);
}

RunStatus status(const Plan* plan, Storage& storage) {
  RunStatus result;
  auto read = read_journal(storage);
  if (!read) {
    result.diagnostics.append(to_diagnostic(read.error(), Span{}));
    return result;
  }
  const History history = history_of(*read);
  result.has_run = history.has_run;
  result.run_id = history.run_id;
  result.title = history.title;
  result.plan_digest = history.plan_digest;
  result.is_finished = history.is_finished;
  result.is_rolled_back = history.is_rolled_back;
  result.is_rolling_back = history.is_rolling_back;
  result.ended = history.ended;
  result.is_plan_known = plan != nullptr;
  result.started = history.started;
  result.last_record = history.last_record;
  result.attempts = history.attempts;
  if (plan != nullptr) {
    result.is_same_plan = history.plan_digest == to_hex(plan->digest);
  }
  for (const std::string& name : history.order) {
    const StepHistory& step = history.steps.at(name);
    StepResult line{.name = name,
                    .status = step.status,
                    .attempts = step.attempts,
                    .started = step.started,
                    .elapsed = step.elapsed,
                    .detail = step.detail};
    for (std::uint32_t index = 0; plan != nullptr && index < plan->steps.size(); ++index) {
      const Step& planned = plan->steps[index];
      if (planned.name == name || name.starts_with(planned.name + "[")) {
        line.step = StepId{index};
        line.phase = planned.phase == UINT32_MAX ? "" : plan->phases[planned.phase].title;
        line.host = planned.host == UINT32_MAX ? "" : plan->hosts[planned.host].name;
        const auto& ends = plan->point_of_no_return;
        if (History::has_acted(step) && std::ranges::find(ends, line.step) != ends.end()) {
          result.past_return.push_back(name);
        }
      }
    }
    result.steps.push_back(std::move(line));
  }
  // Where the plan is known, in its order; else in that of the first records.
  std::ranges::stable_sort(result.steps, {}, [](const StepResult& line) { return line.step; });
  return result;
}

// With the nearest name that there is.
static Diagnostic unknown_step(std::string_view step, const std::vector<std::string_view>& names) {
  Diagnostic problem = diagnostic(Code::unknown_step_instance, Span{}, step);
  const std::string_view near = nearest(step, names);
  return problem.help(near.empty() ? "`plan preview` shows the steps by their names"
                                   : "did you mean `" + std::string(near) + "`?");
}

Report mark_done(const Plan& plan,
                 World& world,
                 const RunOptions& options,
                 std::string_view step,
                 std::string_view reason) {
  Session session(plan, world, options);
  Preflight seen;
  if (!look(session, seen)) {
    return session.finish(Outcome::refused);
  }
  const auto node = node_named(seen.graph, step);
  if (!node) {
    std::vector<std::string_view> names;
    for (const Node& known : seen.graph.nodes) {
      names.push_back(known.name);
    }
    session.refuse(unknown_step(step, names));
    return session.finish(Outcome::refused);
  }
  std::vector<const Condition*> ensured;
  for (const Condition& condition : ensures_of(plan, seen.graph.nodes[*node])) {
    ensured.push_back(&condition);
  }
  bool is_done = false;
  session.observations.judge(
      ensured, seen.graph.nodes[*node].binding, session.observations.now(),
      [&](const auto& verdicts) {
        for (std::size_t index = 0; index < verdicts.size(); ++index) {
          if (verdicts[index].truth != Truth::holds) {
            session.refuse(diagnostic(Code::step_not_possible, Span{}, step,
                                      "`" + print_condition(session.context.plan, *ensured[index]) +
                                          "` does not hold")
                               .note(verdicts[index].detail));
          }
        }
        is_done = true;
      });
  pump_until(session.programs, is_done);
  if (session.report.diagnostics.has_errors() || !session.begin("mark-done")) {
    return session.finish(Outcome::refused);
  }
  const StepId id = seen.graph.nodes[*node].step;
  session.journal->add(OutcomeRecord{.step = std::string(step),
                                     .digest = to_hex(digest(plan, id)),
                                     .status = StepStatus::marked,
                                     .detail = session.context.shown(reason)});
  session.end("mark-done", Outcome::done);
  return session.finish(Outcome::done);
}

Report approve(
    const Plan& plan, World& world, std::string_view step, std::string_view person, Answer answer) {
  const RunOptions options;
  Session session(plan, world, options);
  if (!session.open() || !session.is_of_this_plan()) {
    return session.finish(Outcome::refused);
  }
  const auto found = std::ranges::find_if(plan.steps, [&](const Step& planned) {
    return planned.name == step || step.starts_with(planned.name + "[");
  });
  const auto asks = [](const Step& planned) {
    return planned.kind == StepKind::approve || planned.kind == StepKind::manual;
  };
  if (found == plan.steps.end()) {
    std::vector<std::string_view> names;
    for (const Step& planned : plan.steps) {
      if (asks(planned)) {
        names.push_back(planned.name);
      }
    }
    session.refuse(unknown_step(step, names));
    return session.finish(Outcome::refused);
  }
  if (!asks(*found)) {
    Diagnostic problem = diagnostic(Code::unknown_step_instance, found->span, step);
    problem.message =
        "step `" + std::string(step) + "` asks nobody: only `approve` and `manual` steps do";
    session.refuse(std::move(problem));
    return session.finish(Outcome::refused);
  }
  if (!session.begin("approve")) {
    return session.finish(Outcome::refused);
  }
  session.journal->add(DecisionRecord{.subject = std::string(step),
                                      .question = found->text,
                                      .is_yes = answer == Answer::yes,
                                      .person = std::string(person)});
  session.end("approve", Outcome::done);
  return session.finish(Outcome::done);
}

Report adopt(const Plan& plan, World& world, const RunOptions& options) {
  Session session(plan, world, options);
  Preflight seen;
  if (!look(session, seen)) {
    return session.finish(Outcome::refused);
  }
  if (!session.begin("adopt")) {
    return session.finish(Outcome::refused);
  }
  Executor executor(session.context, session.programs, session.observations, &*session.journal,
                    session.history);
  const SchedulerState state =
      executor.run(make_graph(plan, session.priors()), {.mode = RunMode::adopt});
  session.report.steps = step_results(session.context, state.graph, session.history);
  if (executor.journal_failure()) {
    session.refuse(to_diagnostic(*executor.journal_failure(), Span{}));
    return session.finish(Outcome::failed);
  }
  session.end("adopt", Outcome::done);
  return session.finish(Outcome::done);
}

}  // namespace plan
