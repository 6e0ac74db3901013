#include <algorithm>

#include "compiler/print_expr.hpp"
#include "runtime/scheduling.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace scheduling {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_poll = 100ms;
constexpr std::chrono::milliseconds longest_poll = 5s;
constexpr std::chrono::milliseconds longest_backoff = 5min;

}  // namespace

void Scheduler::set(NodeId id, NodeState next) {
  const bool was = node(id).state == NodeState::idle;
  const bool is = next == NodeState::idle;
  node(id).state = next;
  state_.active += (was && !is) ? 1 : 0;
  state_.active -= (!was && is) ? 1 : 0;
}

void Scheduler::tell(RunEventKind kind, NodeId id, std::string detail) {
  commands.push_back(commands::Tell{.kind = kind, .node = id, .detail = std::move(detail)});
}

// --- readiness

bool Scheduler::is_ready(NodeId id) {
  const Node& candidate = node(id);
  if (candidate.is_settled || candidate.blockers > 0 || candidate.state != NodeState::idle) {
    return false;
  }
  return candidate.loop_run == no_index ||
         graph_.loops[candidate.loop_run].elements[candidate.element].is_admitted;
}

void Scheduler::start_ready(std::vector<NodeId> ready) {
  std::erase_if(ready, [this](NodeId id) { return !is_ready(id); });
  std::ranges::sort(ready);
  if (state_.options.shuffle_seed != 0) {
    std::ranges::shuffle(ready, state_.random);
  }
  for (const NodeId id : ready) {
    if (is_ready(id)) {
      start(id);
    }
  }
}

void Scheduler::handle(const events::Begin&) {
  std::vector<NodeId> all;
  for (NodeId id = 0; id < graph_.nodes.size(); ++id) {
    all.push_back(id);
  }
  start_ready(std::move(all));
}

void Scheduler::start(NodeId id) {
  if (is_draining()) {
    return;
  }
  const Step& what = step(id);
  if (what.kind == StepKind::loop_begin) {
    set(id, NodeState::checking);
    commands.push_back(commands::Unfold{id});
    return;
  }
  if (what.kind == StepKind::loop_end) {
    finish(id, StepStatus::done, "");
    return;
  }
  if (is_acting()) {
    tell(RunEventKind::step_ready, id);
  }
  if (what.when && !node(id).is_undo) {
    set(id, NodeState::deciding);
    commands.push_back(commands::Check{id, CheckKind::guard});
    return;
  }
  check_ensures(id);
}

void Scheduler::after_guard(NodeId id, const CheckResult& result) {
  switch (result.truth) {
    case Truth::holds:
      check_ensures(id);
      return;
    case Truth::fails:
      finish(id, StepStatus::skipped,
             "its condition `" + print_condition(plan_, *step(id).when) + "` does not hold");
      return;
    case Truth::unknown:
      if (!is_acting()) {
        node(id).detail = result.detail;
        node(id).is_undecided = true;
        not_done_yet(id);
        return;
      }
      fail(id, diagnostic(Code::cannot_observe, step(id).when->span, result.text, result.detail));
      return;
  }
}

// A step that ensures nothing cannot be told done by observation; neither can one that was cut off
// while it acted.
void Scheduler::check_ensures(NodeId id) {
  const bool is_half_way = node(id).is_open && state_.options.mode != RunMode::adopt;
  // A way back that changes something to what it was cannot say what that is: nothing that could be
  // observed tells it done.
  const bool is_untold = node(id).is_undo &&
                         std::ranges::any_of(effects_of(plan_, node(id)), [](const Effect& effect) {
                           return effect.kind != EffectKind::set;
                         });
  if (ensures_of(plan_, node(id)).empty() || is_half_way || is_untold) {
    not_done_yet(id);
    return;
  }
  set(id, NodeState::checking);
  commands.push_back(commands::Check{id, CheckKind::ensures});
}

void Scheduler::after_ensures(NodeId id, const CheckResult& result) {
  // What cannot be observed is not known to hold; whether that matters, acting will tell.
  if (result.truth == Truth::holds) {
    finish(id, node(id).is_undo ? StepStatus::undone : StepStatus::held, "it holds already");
    return;
  }
  node(id).detail = result.detail;
  node(id).is_undecided = result.truth == Truth::unknown;
  not_done_yet(id);
}

void Scheduler::not_done_yet(NodeId id) {
  switch (state_.options.mode) {
    case RunMode::act:
      queue(id);
      return;
    case RunMode::look:
      set(id, NodeState::idle);
      settle(id, StepStatus::waiting);
      commands.push_back(commands::Expect{id});
      release_successors(id);
      return;
    case RunMode::adopt:
      set(id, NodeState::idle);
      settle(id, StepStatus::waiting);
      return;
  }
}

// --- hosts

void Scheduler::queue(NodeId id) {
  const StepKind kind = step(id).kind;
  if (kind == StepKind::approve || kind == StepKind::manual) {
    begin_attempt(id);  // people are not limited by hosts
    return;
  }
  set(id, NodeState::queued);
  const std::uint32_t host = step(id).host;
  state_.queues[host].push_back(id);
  serve(host);
}

void Scheduler::serve(std::uint32_t host) {
  std::deque<NodeId>& waiting = state_.queues[host];
  while (!waiting.empty() && (is_draining() || state_.busy[host] < state_.options.steps_per_host)) {
    const NodeId id = waiting.front();
    waiting.pop_front();
    if (is_draining()) {
      stop(id, StepStatus::waiting, "not begun");
      continue;
    }
    ++state_.busy[host];
    node(id).holds_slot = true;
    begin_attempt(id);
  }
}

void Scheduler::release_slot(NodeId id) {
  if (node(id).holds_slot) {
    node(id).holds_slot = false;
    --state_.busy[step(id).host];
    serve(step(id).host);
  }
}

// --- acting

void Scheduler::begin_attempt(NodeId id) {
  const Operation* operation = operation_of(plan_, node(id));
  if (operation != nullptr && operation->is_once && node(id).attempts > 0) {
    set(id, NodeState::asking);
    commands.push_back(commands::Ask{id, AskKind::once});
    return;
  }
  if (step(id).kind == StepKind::approve) {
    set(id, NodeState::asking);
    commands.push_back(commands::Ask{id, AskKind::approve});
    return;
  }
  const bool is_last_return =
      !node(id).is_undo &&
      std::ranges::find(plan_.point_of_no_return, node(id).step) != plan_.point_of_no_return.end();
  if (is_last_return && !state_.is_past_return) {
    set(id, NodeState::asking);
    commands.push_back(commands::Tell{.kind = RunEventKind::point_of_no_return, .node = id});
    commands.push_back(commands::Ask{id, AskKind::point_of_no_return});
    release_slot(id);  // its host has other work while a person thinks
    return;
  }
  set(id, NodeState::requiring);
  commands.push_back(commands::Check{id, CheckKind::requires_});
}

void Scheduler::after_requires(NodeId id, const CheckResult& result) {
  const Span span = step(id).span;
  if (result.truth == Truth::holds) {
    act(id);
    return;
  }
  if (result.is_invariant && result.truth == Truth::fails) {
    Diagnostic problem = diagnostic(Code::invariant_not_kept, span, node(id).name, result.text);
    fail(id, std::move(problem.note(result.detail)));
    return;
  }
  Diagnostic problem = result.truth == Truth::unknown
                           ? diagnostic(Code::cannot_observe, span, result.text, result.detail)
                           : diagnostic(Code::world_drifted, span, node(id).name, result.text);
  if (result.truth == Truth::fails) {
    problem.note(result.detail);
    problem.help(
        "the plan was proved against a world in which this holds: find out who changed "
        "it, put it right, then run `plan apply` again");
  }
  attempt_failed(id, std::move(problem), FailureKind::refused);
}

void Scheduler::act(NodeId id) {
  Node& self = node(id);
  const std::int64_t timeout =
      step(id).timeout_ms > 0 ? step(id).timeout_ms : state_.options.default_timeout_ms;
  self.began = now_;
  self.deadline = now_ + std::chrono::milliseconds(timeout);
  self.poll = first_poll;
  self.is_timed_out = false;
  if (step(id).kind == StepKind::manual && !self.is_undo) {
    set(id, NodeState::asking);
    commands.push_back(commands::Intend{id});
    tell(RunEventKind::step_started, id);
    commands.push_back(commands::Ask{id, AskKind::manual});
    return;
  }
  ++self.attempts;
  self.is_open = true;
  set(id, NodeState::acting);
  commands.push_back(commands::Intend{id});
  tell(RunEventKind::step_started, id);
  commands.push_back(commands::Act{id});
  commands.push_back(commands::Wake{id, self.deadline, WakeKind::deadline});
}

void Scheduler::handle(const events::Acted& event) {
  if (node(event.node).state != NodeState::acting) {
    return;
  }
  if (!event.failure) {
    confirm(event.node);
    return;
  }
  if (node(event.node).is_timed_out && event.failure->kind == FailureKind::cancelled) {
    attempt_failed(event.node,
                   diagnostic(Code::action_timed_out, step(event.node).span,
                              duration_text(now_ - node(event.node).began),
                              "step `" + node(event.node).name + "`")
                       .help("give the step more time: `timeout 1h`"),
                   FailureKind::unknown);
    return;
  }
  const std::uint32_t host = step(event.node).host;
  Diagnostic problem = to_diagnostic(*event.failure, step(event.node).span);
  if (problem.code == Code::step_failed) {
    problem.message = "step `" + node(event.node).name + "` failed: " + problem.message;
  } else {
    problem.note("in step `" + node(event.node).name + "`" +
                 (host == UINT32_MAX ? "" : " on host `" + plan_.hosts[host].name + "`"));
  }
  attempt_failed(event.node, std::move(problem), event.failure->kind);
}

void Scheduler::confirm(NodeId id) {
  set(id, NodeState::confirming);
  commands.push_back(commands::Check{id, CheckKind::confirm});
}

void Scheduler::after_confirm(NodeId id, const CheckResult& result) {
  Node& self = node(id);
  if (result.is_invariant && result.truth == Truth::fails) {
    Diagnostic problem =
        diagnostic(Code::invariant_not_kept, step(id).span, self.name, result.text);
    fail(id, std::move(problem.note("it was broken while the step acted: " + result.detail)));
    return;
  }
  if (result.truth == Truth::holds) {
    self.elapsed = now_ - self.began;
    finish(id, self.is_undo ? StepStatus::undone : StepStatus::done, "");
    return;
  }
  if (state_.interrupts > 1) {
    stop(id, StepStatus::interrupted, "interrupted before `" + result.text + "` held");
    return;
  }
  if (now_ >= self.deadline) {
    Diagnostic problem = diagnostic(Code::effect_not_reached, step(id).span, self.name, result.text,
                                    duration_text(now_ - self.began));
    attempt_failed(id, std::move(problem.note(result.detail)), FailureKind::failed);
    return;
  }
  if (self.poll == first_poll) {
    tell(RunEventKind::step_waiting, id, "until `" + result.text + "` holds");
  }
  commands.push_back(commands::Wake{id, std::min(now_ + self.poll, self.deadline), WakeKind::poll});
  self.poll = std::min(self.poll * 2, longest_poll);
}

void Scheduler::attempt_failed(NodeId id, Diagnostic problem, FailureKind kind) {
  Node& self = node(id);
  const Step& what = step(id);
  // Cut off, or nobody knows: the intent stays open, and the next attempt acts again.
  const bool is_uncertain = kind == FailureKind::cancelled || kind == FailureKind::unknown;
  if (!is_uncertain && self.state != NodeState::requiring) {
    self.is_open = false;
    ++self.failures;
  }
  const bool may_retry = kind != FailureKind::cancelled && !is_draining() &&
                         self.retries < what.retry_count &&
                         !(operation_of(plan_, self) != nullptr &&
                           operation_of(plan_, self)->is_once && self.attempts > 0);
  if (may_retry) {
    const std::int64_t every = std::max<std::int64_t>(what.retry_every_ms, 1);
    const std::int64_t factor = std::int64_t{1} << std::min<std::uint32_t>(self.retries, 20);
    const std::chrono::milliseconds pause =
        std::max(std::chrono::milliseconds(every),
                 std::min(std::chrono::milliseconds(every * factor), longest_backoff));
    ++self.retries;
    tell(RunEventKind::step_retried, id,
         problem.message + "; again in " + duration_text(pause) + " (" +
             std::to_string(self.retries) + " of " + std::to_string(what.retry_count) + ")");
    set(id, NodeState::backing_off);
    release_slot(id);
    commands.push_back(commands::Wake{id, now_ + pause, WakeKind::retry});
    return;
  }
  if (self.state == NodeState::acting && kind == FailureKind::cancelled) {
    stop(id, StepStatus::interrupted, problem.message);
    return;
  }
  fail(id, std::move(problem));
}

// --- people and time

void Scheduler::stop_asking(NodeId id, std::string detail) {
  stop(id, node(id).is_open ? StepStatus::interrupted : StepStatus::waiting, std::move(detail));
}

// Nothing more begins: no answer could make a difference.
void Scheduler::withdraw_questions() {
  for (NodeId id = 0; id < graph_.nodes.size(); ++id) {
    if (node(id).state == NodeState::asking) {
      commands.push_back(commands::Withdraw{id});
      stop_asking(id, "was not answered");
    }
  }
}

void Scheduler::handle(const events::Answered& event) {
  const NodeId id = event.node;
  Node& self = node(id);
  if (self.state != NodeState::asking) {
    return;
  }
  if (event.kind == AskKind::once && event.answer == Answer::no) {
    set(id, NodeState::requiring);  // it was not done, so it can be
    commands.push_back(commands::Check{id, CheckKind::requires_});
    return;
  }
  if (event.answer != Answer::yes) {
    const bool is_open_question = event.answer == Answer::not_available;
    state_.has_declined = true;
    state_.has_refused = state_.has_refused || !is_open_question;
    if (event.kind == AskKind::once) {
      Diagnostic problem = diagnostic(Code::once_interrupted, step(id).span, self.name);
      problem.help("find out whether it was done; if so, run `plan mark-done " + self.name +
                   " --reason …`");
      state_.problems.push_back(std::move(problem));
    } else {
      state_.problems.push_back(
          diagnostic(Code::not_answered, step(id).span,
                     step(id).text.empty() ? self.name : step(id).text.text()));
    }
    stop_asking(id, is_open_question ? "waits for a person" : "a person said no");
    if (!is_open_question) {
      withdraw_questions();
    }
    return;
  }
  switch (event.kind) {
    case AskKind::approve:
      finish(id, StepStatus::done, "");
      return;
    case AskKind::manual:
    case AskKind::once:
      self.began = self.began.count() > 0 ? self.began : now_;
      self.deadline = std::max(self.deadline, now_ + 60s);
      confirm(id);
      return;
    case AskKind::point_of_no_return:
      state_.is_past_return = true;
      queue(id);
      return;
  }
}

void Scheduler::handle(const events::Woke& event) {
  const NodeId id = event.node;
  switch (event.kind) {
    case WakeKind::poll:
      if (node(id).state == NodeState::confirming) {
        confirm(id);
      }
      return;
    case WakeKind::deadline:
      // A retry has a deadline of its own.
      if (node(id).state == NodeState::acting && now_ >= node(id).deadline) {
        node(id).is_timed_out = true;
        commands.push_back(commands::Cancel{id});
      }
      return;
    case WakeKind::retry:
      if (node(id).state != NodeState::backing_off) {
        return;
      }
      if (is_draining()) {
        stop(id, StepStatus::waiting, "interrupted before the next attempt");
        return;
      }
      check_ensures(id);
      return;
  }
}

void Scheduler::handle(const events::Checked& event) {
  const NodeId id = event.node;
  // Before it acts, a step can be left where it is; afterwards what it did has to be confirmed.
  if (is_draining() && event.kind != CheckKind::confirm) {
    const bool is_held = event.kind == CheckKind::ensures && event.result.truth == Truth::holds;
    if (!is_held) {
      stop(id, StepStatus::waiting, "not begun");
      return;
    }
  }
  switch (event.kind) {
    case CheckKind::guard:
      after_guard(id, event.result);
      return;
    case CheckKind::ensures:
      after_ensures(id, event.result);
      return;
    case CheckKind::requires_:
      after_requires(id, event.result);
      return;
    case CheckKind::confirm:
      after_confirm(id, event.result);
      return;
  }
}

// The first lets what acts come to its end, the second cancels it.
void Scheduler::handle(const events::Interrupted&) {
  ++state_.interrupts;
  for (auto& [host, waiting] : state_.queues) {
    serve(host);
  }
  withdraw_questions();
  for (NodeId id = 0; id < graph_.nodes.size(); ++id) {
    if (node(id).state == NodeState::backing_off) {
      stop(id, StepStatus::waiting, "interrupted before the next attempt");
    }
    if (state_.interrupts > 1 && node(id).state == NodeState::acting) {
      commands.push_back(commands::Cancel{id});
    }
  }
}

}  // namespace scheduling

SchedulerState make_scheduler(const Plan& plan, RunGraph graph, const SchedulerOptions& options) {
  SchedulerState state{.plan = &plan, .options = options, .graph = std::move(graph)};
  state.random.seed(options.shuffle_seed);
  return state;
}

std::vector<Command> decide(SchedulerState& state, const SchedulerEvent& event, MonotonicTime now) {
  scheduling::Scheduler scheduler(state, now);
  std::visit([&](const auto& what) { scheduler.handle(what); }, event);
  return std::move(scheduler.commands);
}

bool is_over(const SchedulerState& state) {
  return state.active == 0;
}

bool is_complete(const SchedulerState& state) {
  return std::ranges::all_of(state.graph.nodes,
                             [](const Node& node) { return is_finished(node.status); });
}

const std::vector<Condition>& ensures_of(const Plan& plan, const Node& node) {
  const Step& step = plan.steps[node.step.index];
  return node.is_undo ? step.undo_ensures : step.ensures;
}

const std::vector<Condition>& requires_of(const Plan& plan, const Node& node) {
  const Step& step = plan.steps[node.step.index];
  return node.is_undo ? step.undo_requires : step.requires_;
}

const std::vector<Effect>& effects_of(const Plan& plan, const Node& node) {
  const Step& step = plan.steps[node.step.index];
  return node.is_undo ? step.undo_effects : step.effects;
}

const Operation* operation_of(const Plan& plan, const Node& node) {
  const Step& step = plan.steps[node.step.index];
  const std::uint32_t operation = node.is_undo ? step.undo_operation : step.operation;
  return operation == UINT32_MAX ? nullptr : &plan.operations[operation];
}

}  // namespace plan
