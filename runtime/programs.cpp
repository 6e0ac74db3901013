#include "runtime/programs.hpp"

#include <algorithm>
#include <utility>

namespace plan {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t most_repeats = 5;

bool is_detached(const Action& action) {
  const auto* exec = std::get_if<Exec>(&action.body);
  return exec != nullptr && !exec->job.empty();
}

}  // namespace

RunContext::RunContext(const Plan& the_plan, World& the_world, const RunOptions& the_options)
    : plan(the_plan),
      world(the_world),
      options(the_options),
      inputs(the_plan, the_options.secrets),
      resources(the_plan, inputs) {
  inputs.on_secret = [this](const Secret& secret) { redactor.add(secret); };
}

std::string RunContext::shown(std::string_view text) const {
  return clean_text(redactor(text));
}

Failure RunContext::shown(Failure failure) const {
  failure.message = shown(failure.message);
  for (std::string& note : failure.notes) {
    note = shown(note);
  }
  for (std::string& help : failure.helps) {
    help = shown(help);
  }
  return failure;
}

Programs::Programs(RunContext& context) : context_(context) {
  no_attributes_ = [](ResourceId, std::uint32_t) -> EvaluationResult {
    return std::unexpected(EvaluationError{.message = "a state is read where none can be"});
  };
}

ProgramId Programs::start(ProgramStart start) {
  const ProgramId id = next_id_++;
  running_[id].program = std::move(start);
  step(id);
  return id;
}

ProgramId Programs::start_action(const std::function<void(ActionId)>& start,
                                 std::function<void(ActionResult)> done,
                                 ProgramKind kind) {
  const ProgramId id = next_id_++;
  const ActionId action = next_id_++;
  Running& running = running_[id];
  running.program.kind = kind;
  running.action_done = std::move(done);
  running.is_started = true;
  actions_[action] = id;
  start(action);
  return id;
}

void Programs::cancel(ProgramId id) {
  const auto found = running_.find(id);
  if (found == running_.end()) {
    return;
  }
  found->second.is_cancelled = true;
  for (const auto& [action, program] : actions_) {
    if (program == id) {
      context_.world.effector.cancel(action);
      return;
    }
  }
  finished(id,
           std::unexpected(Failure{
               .kind = FailureKind::cancelled, .code = Code::step_failed, .message = "cancelled"}));
}

void Programs::at(MonotonicTime time, std::function<void()> what) {
  timers_.emplace(time, std::move(what));
}

void Programs::step(ProgramId id) {
  Running& running = running_.at(id);
  RunEnvironment environment(context_.resources, running.program.binding, context_.run_id,
                             no_attributes_, running.program.frame.origin.step);
  progressed(id, advance(context_.plan, running.program.frame, environment, context_.now()));
}

void Programs::progressed(ProgramId id, Progress progress) {
  if (auto* action = std::get_if<WantsAction>(&progress)) {
    hand_out(id, std::move(action->action));
    return;
  }
  if (const auto* state = std::get_if<WantsState>(&progress)) {
    const std::uint64_t since = running_.at(id).program.kind == ProgramKind::body
                                    ? UINT64_MAX  // the present one
                                    : running_.at(id).program.since;
    wanted(state->resource, state->attribute, since,
           [this, id](std::expected<Value, Failure> value) {
             const auto found = running_.find(id);
             if (found == running_.end()) {
               return;
             }
             if (!value) {
               if (wait_on(found->second.program.frame)) {
                 step(id);
                 return;
               }
               finished(id, std::move(value));
               return;
             }
             supply(found->second.program.frame, std::move(*value));
             step(id);
           });
    return;
  }
  if (const auto* time = std::get_if<WantsTime>(&progress)) {
    at(time->until, [this, id] {
      if (const auto found = running_.find(id); found != running_.end()) {
        resume(found->second.program.frame);
        step(id);
      }
    });
    return;
  }
  if (auto* end = std::get_if<Finished>(&progress)) {
    finished(id, std::move(end->value));
    return;
  }
  finished(id, std::unexpected(std::get<Failure>(std::move(progress))));
}

// What an action does, in one line for people; "" for what no plan writes.
static std::string one_line(const ActionBody& body) {
  if (const auto* exec = std::get_if<Exec>(&body)) {
    std::string line;
    for (const std::string& word : exec->argv) {
      line += (line.empty() ? "" : " ") + word;
    }
    line += exec->argv.empty() ? exec->script : "";
    return line.substr(0, line.find('\n'));
  }
  if (const auto* pipe = std::get_if<Pipe>(&body)) {
    return one_line(pipe->source) + " | " + one_line(pipe->sink);
  }
  if (const auto* file = std::get_if<WriteFile>(&body)) {
    return "write " + file->path;
  }
  if (const auto* sql = std::get_if<Sql>(&body)) {
    return "SQL in " + sql->database + ": " + sql->statement.substr(0, sql->statement.find('\n'));
  }
  const auto* http = std::get_if<HttpCall>(&body);
  return http == nullptr ? "" : http->method + " " + http->url;
}

void Programs::hand_out(ProgramId id, Action action) {
  const ActionId number = next_id_++;
  Running& running = running_.at(id);
  if (on_command && running.program.kind == ProgramKind::body) {
    on_command(running.program.frame.origin, context_.shown(one_line(action.body)));
  }
  running.action = action;
  actions_[number] = id;
  const bool must_wait = running.program.kind == ProgramKind::observation &&
                         observing_ >= context_.options.observations_at_once;
  if (must_wait) {
    waiting_.emplace_back(number, [this, id, number, since = context_.now(),
                                   held = std::move(action)]() mutable {
      running_.at(id).program.frame.deadline += context_.now() - since;  // waiting costs no time
      context_.world.effector.start(number, std::move(held));
    });
    return;
  }
  observing_ += running.program.kind == ProgramKind::observation ? 1 : 0;
  context_.world.effector.start(number, std::move(action));
}

void Programs::start_waiting() {
  while (!waiting_.empty() && observing_ < context_.options.observations_at_once) {
    auto [number, begin] = std::move(waiting_.front());
    waiting_.pop_front();
    if (actions_.contains(number)) {
      ++observing_;
      begin();
    }
  }
}

// What certainly did not happen can be begun again; so can a detached command, which is found
// under its name.
bool Programs::may_repeat(const Running& running, const Failure& failure) const {
  if (running.is_cancelled || running.repeats >= most_repeats || !running.action) {
    return false;
  }
  if (context_.now() >= running.program.frame.deadline) {
    return false;
  }
  const bool did_not_happen = failure.kind == FailureKind::refused && failure.is_retryable;
  const bool is_found_again = failure.kind == FailureKind::unknown && is_detached(*running.action);
  const bool changes_nothing = failure.kind == FailureKind::unknown && failure.is_retryable &&
                               running.program.kind == ProgramKind::observation;
  return did_not_happen || is_found_again || changes_nothing;
}

void Programs::tell_output(const Running& running, const ActionResult& result) const {
  if (!on_output || running.program.kind != ProgramKind::body) {
    return;
  }
  if (const auto* exec = std::get_if<ExecResult>(&result)) {
    for (const std::string* text : {&exec->out, &exec->err}) {
      if (!text->empty()) {
        on_output(running.program.frame.origin, context_.shown(*text));
      }
    }
  }
}

void Programs::completed(Completion completion) {
  const auto found = actions_.find(completion.id);
  if (found == actions_.end()) {
    return;
  }
  const ProgramId id = found->second;
  actions_.erase(found);
  const auto entry = running_.find(id);
  if (entry == running_.end()) {
    return;
  }
  Running& running = entry->second;
  if (running.action_done) {
    const auto done = std::move(running.action_done);
    running_.erase(entry);
    done(std::move(completion.result));
    return;
  }
  observing_ -= running.program.kind == ProgramKind::observation ? 1 : 0;
  start_waiting();
  tell_output(running, completion.result);
  Frame& frame = running.program.frame;
  auto value = decode(*frame.pending, std::move(completion.result));
  if (value) {
    running.repeats = 0;
    supply(frame, std::move(*value));
    step(id);
    return;
  }
  const bool is_no_answer =
      value.error().kind == FailureKind::refused || value.error().kind == FailureKind::unknown;
  if (is_no_answer && !running.is_cancelled && wait_on(frame)) {
    step(id);
    return;
  }
  if (may_repeat(running, value.error())) {
    const std::chrono::milliseconds pause = 500ms * (1 << running.repeats);
    ++running.repeats;
    at(std::min(context_.now() + pause, frame.deadline), [this, id] {
      if (const auto again = running_.find(id); again != running_.end()) {
        Action action = *again->second.action;
        action.timeout =
            std::max(again->second.program.frame.deadline - context_.now(), MonotonicTime(1));
        hand_out(id, std::move(action));
      }
    });
    return;
  }
  if (!value.error().message.empty() && running.is_cancelled) {
    value.error().kind = FailureKind::cancelled;
  }
  finished(id, std::move(value));
}

void Programs::finished(ProgramId id, std::expected<Value, Failure> result) {
  const auto found = running_.find(id);
  if (found == running_.end()) {
    return;
  }
  const ValueDone done = std::move(found->second.program.done);
  running_.erase(found);
  if (!result) {
    result = std::unexpected(context_.shown(std::move(result.error())));
  }
  done(std::move(result));
}

bool Programs::pump() {
  if (actions_.empty() && timers_.empty()) {
    return false;
  }
  const MonotonicTime next = timers_.empty() ? context_.now() + 1h : timers_.begin()->first;
  if (!timers_.empty() && next <= context_.now()) {
    const auto what = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    what();
    return true;
  }
  if (auto completion = context_.world.effector.wait(next)) {
    completed(std::move(*completion));
  }
  return true;
}

}  // namespace plan
