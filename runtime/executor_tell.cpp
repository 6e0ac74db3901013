// What the executor asks people and tells observers (executor.hpp).
#include <algorithm>

#include "compiler/print_expr.hpp"
#include "runtime/executor.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

const Step& step_of(const RunContext& context, const Node& node) {
  return context.plan.steps[node.step.index];
}

std::string host_name(const Plan& plan, const Step& step) {
  return step.host == UINT32_MAX ? std::string() : plan.hosts[step.host].name;
}

// A way back may run elsewhere than the step: what was moved to another host is taken back there.
std::string undo_host_name(RunContext& context, const Node& node) {
  const Step& step = step_of(context, node);
  if (step.undo_operation == UINT32_MAX) {
    return host_name(context.plan, step);
  }
  const ExprId where = context.plan.operations[step.undo_operation].host;
  if (where.is_none()) {
    return "";  // the controller
  }
  const AttributeSource none = [](ResourceId, std::uint32_t) -> EvaluationResult {
    return std::unexpected(EvaluationError{.message = "a state decides where a step runs"});
  };
  RunEnvironment environment(context.resources, node.binding, context.run_id, none);
  std::vector<Value> slots = step.undo_arguments;
  const auto host = evaluate(context.plan, where, slots, environment);
  const auto* id = host ? host->as<HostId>() : nullptr;
  return id == nullptr ? host_name(context.plan, step) : context.plan.hosts[id->index].name;
}

// What a decision is journaled under.
std::string subject_of(const Node& node, AskKind kind) {
  return kind == AskKind::point_of_no_return ? "point of no return" : node.name;
}

}  // namespace

void Executor::execute(const commands::Ask& command) {
  questions_.push_back(command);  // asked when everything that is ready has begun
}

void Executor::execute(const commands::Withdraw& command) {
  if (open_question_ && questions_.front().node == command.node) {
    context_.world.prompt.withdraw();
    open_question_.reset();
  }
  std::erase_if(questions_, [&](const commands::Ask& ask) { return ask.node == command.node; });
}

void Executor::open_next_question() {
  const commands::Ask ask = questions_.front();
  auto [question, known] = question_of(ask.node, ask.kind);
  if (ask.kind == AskKind::point_of_no_return && state_.is_past_return) {
    known = Answer::yes;  // agreed to while this one waited for its turn
  }
  if (known) {
    questions_.pop_front();
    answered(ask, question, *known);
    return;
  }
  context_.world.observer.on({.kind = RunEventKind::step_waiting,
                              .at = context_.world.clock.wall(),
                              .step = state_.graph.nodes[ask.node].name,
                              .text = question.text,
                              .detail = "for an answer"});
  context_.world.prompt.open(question);
  open_question_ = std::move(question);
  poll_answer();
}

void Executor::poll_answer() {
  const std::optional<Answer> answer =
      open_question_ ? context_.world.prompt.answer() : std::nullopt;
  if (!answer) {
    return;
  }
  const commands::Ask ask = questions_.front();
  questions_.pop_front();
  const Question question = std::move(*open_question_);
  open_question_.reset();
  answered(ask, question, *answer);
}

std::pair<Question, std::optional<Answer>> Executor::question_of(NodeId id, AskKind kind) const {
  const Node& node = state_.graph.nodes[id];
  const Step& step = step_of(context_, node);
  const std::string subject = subject_of(node, kind);
  Question question;
  bool is_answered = false;
  switch (kind) {
    case AskKind::approve: {
      question.text = step.text.empty() ? step.name : step.text.text();
      const auto& given = context_.options.approved_steps;
      is_answered = std::ranges::find(given, node.name) != given.end() ||
                    std::ranges::find(given, "all") != given.end();
      const auto decided = history_.decisions.find(subject);
      is_answered = is_answered || (decided != history_.decisions.end() && decided->second);
      break;
    }
    case AskKind::manual: {
      const Operation* operation = operation_of(context_.plan, node);
      const std::string& what =
          operation != nullptr && step.text.empty() ? operation->manual : step.text.text();
      question.text = "By hand: " + what + ". Is it done?";
      for (const Condition& condition : ensures_of(context_.plan, node)) {
        question.details.push_back("afterwards: " + print_condition(context_.plan, condition));
      }
      // Said beforehand with `plan approve`; what it ensures is observed all the same.
      const auto decided = history_.decisions.find(subject);
      is_answered = decided != history_.decisions.end() && decided->second;
      break;
    }
    case AskKind::point_of_no_return:
      question.text = "After `" + node.name + "` there is no way back. Go on?";
      question.details.push_back(operation_of(context_.plan, node) != nullptr &&
                                         !operation_of(context_.plan, node)->irreversible.empty()
                                     ? operation_of(context_.plan, node)->irreversible
                                     : "the step cannot be taken back");
      is_answered = context_.options.assume_yes;
      break;
    case AskKind::once:
      question.text = "`" + node.name + "` may act only once and was cut off. Was it done?";
      break;
  }
  return {std::move(question), is_answered ? std::optional(Answer::yes) : std::nullopt};
}

void Executor::answered(const commands::Ask& ask, const Question& question, Answer answer) {
  const Node& node = state_.graph.nodes[ask.node];
  observations_.world_changed();  // a person may have taken long, or done something
  context_.world.observer.on({.kind = RunEventKind::question,
                              .at = context_.world.clock.wall(),
                              .step = node.name,
                              .text = question.text,
                              .detail = answer == Answer::yes  ? "yes"
                                        : answer == Answer::no ? "no"
                                                               : "not available"});
  if (answer != Answer::not_available && ask.kind != AskKind::manual) {
    write(DecisionRecord{.subject = subject_of(node, ask.kind),
                         .question = question.text,
                         .is_yes = answer == Answer::yes,
                         .person = ""});
  }
  events_.emplace_back(events::Answered{ask.node, ask.kind, answer});
}

void Executor::execute(const commands::Tell& command) {
  if (state_.options.mode != RunMode::act) {
    return;
  }
  const Node& node = state_.graph.nodes[command.node];
  const Step& step = step_of(context_, node);
  phase_event(command.node, command);
  const bool is_loop_node = step.kind == StepKind::loop_begin || step.kind == StepKind::loop_end;
  if (is_loop_node && command.kind != RunEventKind::loop_unfolded &&
      command.kind != RunEventKind::step_failed) {
    return;
  }
  RunEvent event{
      .kind = command.kind,
      .at = context_.world.clock.wall(),
      .step = node.name,
      .host = node.is_undo ? undo_host_name(context_, node) : host_name(context_.plan, step),
      .detail = context_.shown(command.detail),
      .elapsed = node.elapsed,
      .diagnostics = command.diagnostics};
  if (step.phase != UINT32_MAX) {
    event.phase = context_.plan.phases[step.phase].title;
  }
  if (node.is_undo) {
    event.text = "undo";
  }
  context_.world.observer.on(event);
}

// A phase begins with its first step and ends when all its nodes have come to their end.
void Executor::phase_event(NodeId id, const commands::Tell& command) {
  const std::uint32_t phase = step_of(context_, state_.graph.nodes[id]).phase;
  if (phase == UINT32_MAX) {
    return;
  }
  const auto send = [&](RunEventKind kind) {
    const std::string& title = context_.plan.phases[phase].title;
    context_.world.observer.on(
        {.kind = kind, .at = context_.world.clock.wall(), .phase = title, .text = title});
  };
  const auto [entry, is_new] = phases_.try_emplace(phase, 0);
  if (is_new) {
    send(RunEventKind::phase_started);
  }
  const bool is_end =
      command.kind == RunEventKind::step_done || command.kind == RunEventKind::step_skipped;
  if (!is_end) {
    return;
  }
  const bool is_done = std::ranges::all_of(state_.graph.nodes, [&](const Node& other) {
    return step_of(context_, other).phase != phase || is_finished(other.status);
  });
  if (is_done) {
    send(RunEventKind::phase_done);
  }
}

}  // namespace plan
