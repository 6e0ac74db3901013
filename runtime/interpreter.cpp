#include "runtime/interpreter.hpp"

#include <algorithm>

namespace plan {

namespace {

using namespace std::chrono_literals;

// More instructions than this without an effect are a loop that the compiler should have refused.
constexpr std::uint32_t instruction_limit = 50'000'000;

class Interpreter {
 public:
  Interpreter(const Plan& plan, Frame& frame, Environment& environment, MonotonicTime now)
      : plan_(plan), frame_(frame), environment_(environment), now_(now) {}

  Progress run();

 private:
  // Nothing to hand out: the next instruction follows.
  using Done = std::optional<Progress>;

  Done execute(const Instruction& instruction);
  Done assign(const Instruction& instruction);
  Done act(const Instruction& instruction);
  Done observe(const Instruction& instruction);
  Done jump_unless(const Instruction& instruction);
  Done for_begin(const Instruction& instruction);
  Done sleep(const Instruction& instruction);
  Done set_deadline(const Instruction& instruction);
  Done jump_after(const Instruction& instruction);
  Done fail(const Instruction& instruction);
  Done finish(const Instruction& instruction);

  EvaluationResult value(ExprId expr) { return evaluate(plan_, expr, frame_.slots, environment_); }
  Progress failed(const EvaluationError& error) { return failure_of(error); }
  std::expected<PrimitiveCall, Failure> evaluate_call(const EffectCall& call);
  std::expected<void, Failure> place(const EffectCall& call, PrimitiveCall& result);
  std::expected<void, Failure> give(const EffectCall& call, PrimitiveCall& result);
  std::expected<std::chrono::milliseconds, Failure> timeout(const EffectCall& call);

  const Plan& plan_;
  Frame& frame_;
  Environment& environment_;
  MonotonicTime now_;
};

Progress Interpreter::run() {
  for (std::uint32_t count = 0; count < instruction_limit; ++count) {
    if (frame_.pc >= frame_.program->code.size()) {
      return Finished{};
    }
    if (Done done = execute(frame_.program->code[frame_.pc])) {
      return std::move(*done);
    }
  }
  return value_failure("a program that never ends");
}

Interpreter::Done Interpreter::execute(const Instruction& instruction) {
  switch (instruction.kind) {
    case InstructionKind::assign:
      return assign(instruction);
    case InstructionKind::act:
      return act(instruction);
    case InstructionKind::observe:
      return observe(instruction);
    case InstructionKind::jump:
      frame_.pc = instruction.target;
      return std::nullopt;
    case InstructionKind::jump_unless:
      return jump_unless(instruction);
    case InstructionKind::for_begin:
      return for_begin(instruction);
    case InstructionKind::sleep:
      return sleep(instruction);
    case InstructionKind::deadline:
      return set_deadline(instruction);
    case InstructionKind::jump_after:
      return jump_after(instruction);
    case InstructionKind::fail:
      return fail(instruction);
    case InstructionKind::finish:
      return finish(instruction);
  }
  return value_failure("an instruction of unknown kind");
}

Interpreter::Done Interpreter::assign(const Instruction& instruction) {
  auto result = value(instruction.value);
  if (!result) {
    return failed(result.error());
  }
  supply(frame_, std::move(*result));
  return std::nullopt;
}

Interpreter::Done Interpreter::act(const Instruction& instruction) {
  const EffectCall& effect = frame_.program->effects[instruction.effect];
  auto call = evaluate_call(effect);
  if (!call) {
    return std::move(call.error());
  }
  std::expected<ActionBody, Failure> body;
  if (effect.pipe_into != UINT32_MAX) {
    auto sink = evaluate_call(frame_.program->effects[effect.pipe_into]);
    if (!sink) {
      return std::move(sink.error());
    }
    body = build_pipe(*call, *sink);
  } else {
    body = build(*call);
  }
  if (!body) {
    return std::move(body.error());
  }
  auto limit = timeout(effect);
  if (!limit) {
    return std::move(limit.error());
  }
  ++frame_.action_count;
  frame_.pending = std::move(*call);
  Action action{.body = std::move(*body),
                .origin = frame_.origin,
                .timeout = *limit,
                .is_observation = frame_.is_observation};
  action.origin.span = instruction.span;
  return WantsAction{std::move(action)};
}

std::expected<PrimitiveCall, Failure> Interpreter::evaluate_call(const EffectCall& call) {
  PrimitiveCall result{.effect = call.effect, .is_shell = call.is_shell};
  for (const ExprId argument : call.arguments) {
    if (argument.is_none()) {
      result.arguments.emplace_back();
      continue;
    }
    auto evaluated = value(argument);
    if (!evaluated) {
      return std::unexpected(failure_of(evaluated.error()));
    }
    result.arguments.emplace_back(std::move(*evaluated));
  }
  if (auto placed = place(call, result); !placed) {
    return std::unexpected(placed.error());
  }
  if (auto given = give(call, result); !given) {
    return std::unexpected(given.error());
  }
  if (!frame_.job_prefix.empty()) {
    result.job = frame_.job_prefix + "-" + std::to_string(frame_.action_count + 1);
  }
  return result;
}

// Where and as whom. `on HOST` without `as` means the user that the host says.
std::expected<void, Failure> Interpreter::place(const EffectCall& call, PrimitiveCall& result) {
  result.host = frame_.host;
  result.user = frame_.user;
  if (!call.host.is_none()) {
    auto host = value(call.host);
    const HostId* id = host ? host->as<HostId>() : nullptr;
    if (id == nullptr) {
      return std::unexpected(host ? value_failure("expected a host, found " + to_text(*host))
                                  : failure_of(host.error()));
    }
    auto address = address_of(plan_, *id, environment_);
    if (!address) {
      return std::unexpected(address.error());
    }
    if (address->name != frame_.host.name) {
      result.user = plan_.hosts[id->index].become;
    }
    result.host = std::move(*address);
  }
  if (!call.user.is_none()) {
    auto user = value(call.user);
    if (!user) {
      return std::unexpected(failure_of(user.error()));
    }
    const auto* name = user->as<std::string>();
    result.user = name != nullptr ? *name : to_text(*user);
  }
  if (call.effect == "sql" && !result.arguments.empty() && result.arguments[0]) {
    const Map* target = result.arguments[0]->as<Map>();
    const Value* host = target == nullptr ? nullptr : find(*target, "host");
    if (const HostId* id = host == nullptr ? nullptr : host->as<HostId>()) {
      auto address = address_of(plan_, *id, environment_);
      if (!address) {
        return std::unexpected(address.error());
      }
      result.database_host = std::move(*address);
    }
  }
  return {};
}

static Text as_text(const Value& value) {
  if (const auto* secret = value.as<Secret>()) {
    return Text(*secret);
  }
  const auto* text = value.as<std::string>();
  return Text(text != nullptr ? *text : to_text(value));
}

std::expected<void, Failure> Interpreter::give(const EffectCall& call, PrimitiveCall& result) {
  if (!call.env.is_none()) {
    auto env = value(call.env);
    const Map* entries = env ? env->as<Map>() : nullptr;
    if (entries == nullptr) {
      return std::unexpected(env ? value_failure("expected a map, found " + to_text(*env))
                                 : failure_of(env.error()));
    }
    for (const auto& [name, text] : *entries) {
      result.env.emplace_back(name, as_text(text));
    }
  }
  if (!call.standard_input.is_none()) {
    auto input = value(call.standard_input);
    if (!input) {
      return std::unexpected(failure_of(input.error()));
    }
    result.standard_input = as_text(*input);
  }
  return {};
}

// What the call says, but never past the end of the program's own time.
std::expected<std::chrono::milliseconds, Failure> Interpreter::timeout(const EffectCall& call) {
  const std::chrono::milliseconds left = std::max(frame_.deadline - now_, 1ms);
  if (call.timeout.is_none()) {
    return left;
  }
  auto given = value(call.timeout);
  const Duration* duration = given ? given->as<Duration>() : nullptr;
  if (duration == nullptr) {
    return std::unexpected(given ? value_failure("expected a duration, found " + to_text(*given))
                                 : failure_of(given.error()));
  }
  return std::min(left, std::chrono::milliseconds(duration->ms));
}

Interpreter::Done Interpreter::observe(const Instruction& instruction) {
  auto resource = value(instruction.value);
  if (!resource) {
    return failed(resource.error());
  }
  const auto* id = resource->as<ResourceId>();
  if (id == nullptr) {
    return value_failure("expected a resource, found " + to_text(*resource));
  }
  return WantsState{environment_.resolve(*id), instruction.attribute};
}

Interpreter::Done Interpreter::jump_unless(const Instruction& instruction) {
  auto condition = value(instruction.value);
  if (!condition) {
    return failed(condition.error());
  }
  const bool* holds = condition->as<bool>();
  if (holds == nullptr) {
    return value_failure("expected true or false, found " + to_text(*condition));
  }
  frame_.pc = *holds ? frame_.pc + 1 : instruction.target;
  return std::nullopt;
}

Interpreter::Done Interpreter::for_begin(const Instruction& instruction) {
  auto list = value(instruction.value);
  if (!list) {
    return failed(list.error());
  }
  auto* items = std::get_if<List>(&list->data);
  if (items == nullptr) {
    return value_failure("expected a list, found " + to_text(*list));
  }
  Value& position = frame_.slots[instruction.slot + 1];
  const auto* reached = position.as<std::int64_t>();
  const auto next = static_cast<std::size_t>(reached == nullptr ? 0 : *reached);
  if (next >= items->size()) {
    position = Value{Null{}};  // a loop inside of a loop begins anew
    frame_.pc = instruction.target;
    return std::nullopt;
  }
  position = Value{static_cast<std::int64_t>(next + 1)};
  frame_.slots[instruction.slot] = std::move((*items)[next]);
  ++frame_.pc;
  return std::nullopt;
}

Interpreter::Done Interpreter::sleep(const Instruction& instruction) {
  auto duration = value(instruction.value);
  if (!duration) {
    return failed(duration.error());
  }
  const auto* time = duration->as<Duration>();
  if (time == nullptr) {
    return value_failure("expected a duration, found " + to_text(*duration));
  }
  // A wait that would never let time pass would never end.
  return WantsTime{now_ + std::chrono::milliseconds(std::max<std::int64_t>(time->ms, 1))};
}

Interpreter::Done Interpreter::set_deadline(const Instruction& instruction) {
  auto duration = value(instruction.value);
  if (!duration) {
    return failed(duration.error());
  }
  const auto* time = duration->as<Duration>();
  if (time == nullptr) {
    return value_failure("expected a duration, found " + to_text(*duration));
  }
  supply(frame_, Value{std::int64_t{now_.count() + time->ms}});
  return std::nullopt;
}

Interpreter::Done Interpreter::jump_after(const Instruction& instruction) {
  const auto* deadline = frame_.slots[instruction.slot].as<std::int64_t>();
  const bool has_passed = deadline != nullptr && now_.count() >= *deadline;
  frame_.pc = has_passed ? instruction.target : frame_.pc + 1;
  return std::nullopt;
}

Interpreter::Done Interpreter::fail(const Instruction& instruction) {
  auto message = value(instruction.value);
  if (!message) {
    return failed(message.error());
  }
  const auto* text = message->as<std::string>();
  return Failure{.kind = FailureKind::failed,
                 .code = Code::step_failed,
                 .message = text != nullptr ? *text : to_text(*message)};
}

Interpreter::Done Interpreter::finish(const Instruction& instruction) {
  if (instruction.value.is_none()) {
    return Finished{};
  }
  auto result = value(instruction.value);
  if (!result) {
    return failed(result.error());
  }
  return Finished{std::move(*result)};
}

}  // namespace

Progress advance(const Plan& plan, Frame& frame, Environment& environment, MonotonicTime now) {
  frame.slots.resize(std::max<std::size_t>(frame.slots.size(), frame.program->slot_count));
  return Interpreter(plan, frame, environment, now).run();
}

void supply(Frame& frame, Value value) {
  const std::uint32_t slot = frame.program->code[frame.pc].slot;
  if (slot != UINT32_MAX) {
    if (slot >= frame.slots.size()) {
      frame.slots.resize(slot + 1);
    }
    frame.slots[slot] = std::move(value);
  }
  frame.pending.reset();
  ++frame.pc;
}

void resume(Frame& frame) {
  ++frame.pc;
}

// A wait is a loop with a sleep: condition …, jump_after deadline, sleep, jump back.
bool wait_on(Frame& frame) {
  const std::vector<Instruction>& code = frame.program->code;
  std::uint32_t check = UINT32_MAX;
  for (std::uint32_t pc = frame.pc + 1; pc < code.size(); ++pc) {
    if (code[pc].kind == InstructionKind::jump_after && check == UINT32_MAX) {
      check = pc;
    }
    if (code[pc].kind != InstructionKind::sleep) {
      continue;
    }
    for (std::uint32_t back = pc + 1; back < code.size() && back <= pc + 3; ++back) {
      if (code[back].kind == InstructionKind::jump && code[back].target <= frame.pc) {
        frame.pending.reset();
        frame.pc = std::min(check, pc);
        return true;
      }
    }
    return false;
  }
  return false;
}

Failure failure_of(const EvaluationError& error) {
  Failure failure = value_failure(error.message);
  if (error.is_unknown) {
    failure.code = Code::cannot_observe;
    failure.message = error.message;
  }
  return failure;
}

}  // namespace plan
