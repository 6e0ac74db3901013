#include "runtime/executor.hpp"

#include <algorithm>
#include <tuple>

#include "compiler/digest.hpp"
#include "compiler/print_expr.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_held_back = 256;

// Names of units and directories on the host are made of this.
std::string job_name(const std::string& run_id, const Node& node) {
  std::string name = "plan-" + run_id.substr(0, 8) + "-";
  for (const char c : node.name) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '.';
    name += is_plain ? c : '-';
  }
  name += "-" + to_hex(sha256(run_id + node.name)).substr(0, 8);
  return name + (node.is_undo ? "-undo-" : "-") + std::to_string(node.failures);
}

CheckResult summary(const Plan& plan,
                    const std::vector<const Condition*>& conditions,
                    const std::vector<Observations::Verdict>& verdicts,
                    std::size_t invariants_from) {
  CheckResult result;
  for (std::size_t index = 0; index < verdicts.size(); ++index) {
    const bool is_invariant = index >= invariants_from;
    const Truth truth = verdicts[index].truth;
    // An invariant that cannot be observed is not known to be broken.
    if (truth == Truth::holds || (truth == Truth::unknown && is_invariant)) {
      continue;
    }
    if (result.truth == Truth::holds || (result.truth == Truth::unknown && truth == Truth::fails)) {
      result = {.truth = truth,
                .text = print_condition(plan, *conditions[index]),
                .detail = verdicts[index].detail,
                .is_invariant = is_invariant};
    }
  }
  return result;
}

}  // namespace

Executor::Executor(RunContext& context,
                   Programs& programs,
                   Observations& observations,
                   JournalWriter* journal,
                   const History& history)
    : context_(context),
      programs_(programs),
      observations_(observations),
      journal_(journal),
      history_(history) {
  if (!context.plan.invariants.empty()) {
    reach_.emplace(context.plan);
  }
  programs_.on_command = [this](const Origin& origin, std::string_view text) {
    context_.world.observer.on({.kind = RunEventKind::step_command,
                                .at = context_.world.clock.wall(),
                                .step = origin.step,
                                .text = origin.what,
                                .detail = std::string(text)});
  };
  programs_.on_output = [this](const Origin& origin, std::string_view text) {
    context_.world.observer.on({.kind = RunEventKind::step_output,
                                .at = context_.world.clock.wall(),
                                .step = origin.step,
                                .text = origin.what,
                                .detail = std::string(text)});
  };
}

SchedulerState Executor::run(RunGraph graph, const SchedulerOptions& options) {
  state_ = make_scheduler(context_.plan, std::move(graph), options);
  state_.is_past_return = history_.decisions.contains("point of no return") &&
                          history_.decisions.at("point of no return");
  events_.emplace_back(events::Begin{});
  drain();
  while (!is_over(state_) && !journal_failure_) {
    if (!programs_.pump()) {
      if (!open_question_) {
        break;
      }
      // Nothing is left to wait for but the person, who makes this return.
      std::ignore = context_.world.effector.wait(context_.now() + 1h);
    }
    poll_interrupts();
    poll_answer();
    drain();
  }
  if (open_question_) {
    context_.world.prompt.withdraw();
  }
  flush();
  return std::move(state_);
}

// Everything that can be decided now; then one flush; then what was intended begins.
void Executor::drain() {
  const auto can_ask = [this] { return !questions_.empty() && !open_question_; };
  while (!events_.empty() || !acts_.empty() || can_ask()) {
    while (!events_.empty()) {
      const SchedulerEvent event = std::move(events_.front());
      events_.pop_front();
      for (const Command& command : decide(state_, event, context_.now())) {
        std::visit([this](const auto& what) { execute(what); }, command);
      }
    }
    if (must_flush_ || held_.size() >= most_held_back) {
      flush();
    }
    if (journal_failure_) {
      return;
    }
    for (const NodeId node : std::exchange(acts_, {})) {
      const Operation* operation = operation_of(context_.plan, state_.graph.nodes[node]);
      observations_.world_changed();
      if (operation == nullptr || operation->body.is_empty()) {
        acted(node, std::nullopt);
        continue;
      }
      start_body(node, *operation);
    }
    if (events_.empty() && can_ask()) {
      open_next_question();
    }
  }
}

void Executor::poll_interrupts() {
  const int asked = context_.world.interrupted ? context_.world.interrupted() : 0;
  for (; interrupts_ < std::min(asked, 2); ++interrupts_) {
    events_.emplace_back(events::Interrupted{});
  }
}

// --- journal

const std::string& Executor::digest_of(StepId step) {
  std::string& text = digests_[step.index];
  if (text.empty()) {
    text = to_hex(digest(context_.plan, step));
  }
  return text;
}

void Executor::write(Record record) {
  if (journal_ != nullptr) {
    journal_->add(std::move(record));
    must_flush_ = true;
  }
}

void Executor::flush() {
  must_flush_ = false;
  if (journal_ == nullptr || journal_failure_) {
    return;
  }
  std::vector<FactsRecord::Fact> facts = observations_.take_new_facts();
  if (!facts.empty()) {
    for (FactsRecord::Fact& fact : facts) {
      if (const auto* text = fact.value.as<std::string>()) {
        fact.value = Value{context_.shown(*text)};
      }
    }
    journal_->add(FactsRecord{std::move(facts)});
  }
  if (!held_.empty()) {
    HeldRecord record;
    for (const NodeId node : std::exchange(held_, {})) {
      const Node& done = state_.graph.nodes[node];
      record.steps.emplace_back(done.name, digest_of(done.step));
    }
    journal_->add(std::move(record));
  }
  if (auto flushed = journal_->flush(); !flushed) {
    journal_failure_ = context_.shown(flushed.error());
  }
}

void Executor::execute(const commands::Intend& command) {
  const Node& node = state_.graph.nodes[command.node];
  write(IntentRecord{.step = node.name,
                     .digest = digest_of(node.step),
                     .is_undo = node.is_undo,
                     .failures = node.failures});
}

void Executor::execute(const commands::Conclude& command) {
  const Node& node = state_.graph.nodes[command.node];
  if (journal_ == nullptr) {
    return;
  }
  if (node.status == StepStatus::held && !node.is_undo && node.attempts == 0 &&
      state_.options.mode == RunMode::act) {
    held_.push_back(command.node);
    return;
  }
  const bool is_adopted = state_.options.mode == RunMode::adopt && node.status == StepStatus::held;
  // Uncertain failures leave the intent open.
  const bool stays_open = node.status == StepStatus::failed && node.is_open;
  write(OutcomeRecord{
      .step = node.name,
      .digest = digest_of(node.step),
      .status = is_adopted   ? StepStatus::marked
                : stays_open ? StepStatus::interrupted
                             : node.status,
      .is_undo = node.is_undo,
      .elapsed = node.elapsed,
      .detail = is_adopted ? "adopted: it held already" : context_.shown(node.detail)});
}

void Executor::execute(const commands::Expect& command) {
  if (forecast_ != nullptr) {
    forecast_->expect(state_.graph.nodes[command.node]);
  }
}

// --- observing

// A requirement over what the step itself changes cannot be asked of a step that is half-way.
bool Executor::touches(const Condition& condition, NodeId id) const {
  return std::ranges::any_of(effects_of(context_.plan, state_.graph.nodes[id]),
                             [&](const Effect& effect) {
                               return std::ranges::binary_search(condition.reads, effect.variable);
                             });
}

std::vector<const Condition*> Executor::conditions(NodeId id, CheckKind kind) const {
  const Node& node = state_.graph.nodes[id];
  std::vector<const Condition*> result;
  switch (kind) {
    case CheckKind::guard:
      result.push_back(&*context_.plan.steps[node.step.index].when);
      break;
    case CheckKind::ensures:
    case CheckKind::confirm:
      for (const Condition& condition : ensures_of(context_.plan, node)) {
        result.push_back(&condition);
      }
      break;
    case CheckKind::requires_:
      for (const Condition& condition : requires_of(context_.plan, node)) {
        if (!node.is_open || !touches(condition, id)) {
          result.push_back(&condition);
        }
      }
      break;
  }
  return result;
}

const std::vector<const Condition*>& Executor::invariants_of(const Node& node) {
  const auto [place, is_new] = invariants_.try_emplace({node.step, node.is_undo});
  if (is_new) {
    const std::vector<VariableId> written = reach_->of(node.step, effects_of(context_.plan, node));
    for (const Condition& invariant : context_.plan.invariants) {
      if (std::ranges::any_of(written, [&](VariableId variable) {
            return std::ranges::binary_search(invariant.reads, variable);
          })) {
        place->second.push_back(&invariant);
      }
    }
  }
  return place->second;
}

void Executor::execute(const commands::Check& command) {
  const Node& node = state_.graph.nodes[command.node];
  const std::vector<const Condition*> asked = conditions(command.node, command.kind);
  const Since since =
      command.kind == CheckKind::confirm ? observations_.now() : observations_.recent();
  const auto told = [this, command](const CheckResult& result) {
    events_.emplace_back(events::Checked{command.node, command.kind, result});
  };
  const bool is_about_invariants =
      command.kind == CheckKind::requires_ || command.kind == CheckKind::confirm;
  if (!is_about_invariants || !reach_ || invariants_of(node).empty()) {
    observations_.judge(asked, node.binding, since, [this, told, asked](const auto& verdicts) {
      told(summary(context_.plan, asked, verdicts, asked.size()));
    });
    return;
  }
  // First what must always hold: that it is broken matters more than that the step is not through.
  const std::vector<const Condition*>& invariants = invariants_of(node);
  const auto then = [this, command, told, asked, since](CheckResult broken) {
    if (broken.truth == Truth::fails) {
      told(broken);
      return;
    }
    observations_.judge(asked, state_.graph.nodes[command.node].binding, since,
                        [this, told, asked](const auto& verdicts) {
                          told(summary(context_.plan, asked, verdicts, asked.size()));
                        });
  };
  observations_.judge(invariants, node.binding, since,
                      [this, then, invariants](const auto& verdicts) {
                        then(summary(context_.plan, invariants, verdicts, 0));
                      });
}

// --- acting

void Executor::execute(const commands::Act& command) {
  acts_.push_back(command.node);
}

void Executor::acted(NodeId node, std::optional<Failure> failure) {
  bodies_.erase(node);
  observations_.world_changed();
  events_.emplace_back(events::Acted{node, std::move(failure)});
}

void Executor::start_body(NodeId id, const Operation& operation) {
  const Node& node = state_.graph.nodes[id];
  if (context_.world.effector.is_simulated()) {
    bodies_[id] = programs_.start_action(
        [&](ActionId action) {
          context_.world.effector.start_body(action, {.resources = context_.resources,
                                                      .binding = node.binding,
                                                      .run_id = context_.run_id,
                                                      .step = node.step,
                                                      .name = node.name,
                                                      .is_undo = node.is_undo,
                                                      .origin = {.step = node.name, .what = "do"}});
        },
        [this, id](ActionResult result) {
          auto* failure = std::get_if<Failure>(&result);
          acted(id, failure == nullptr ? std::nullopt : std::optional(std::move(*failure)));
        },
        ProgramKind::body);
    return;
  }
  const Step& step = context_.plan.steps[node.step.index];
  std::vector<Expression> arguments;
  for (const Value& value : node.is_undo ? step.undo_arguments : step.arguments) {
    arguments.push_back({.value = value});
  }
  observations_.evaluate_all(std::move(arguments), node.binding, observations_.now(),
                             [this, id, &operation](std::vector<EvaluationResult> results) {
                               std::vector<Value> values;
                               for (EvaluationResult& result : results) {
                                 if (!result) {
                                   acted(id, context_.shown(failure_of(result.error())));
                                   return;
                                 }
                                 values.push_back(std::move(*result));
                               }
                               start_program(id, operation, std::move(values));
                             });
}

void Executor::start_program(NodeId id, const Operation& operation, std::vector<Value> arguments) {
  const Node& node = state_.graph.nodes[id];
  const AttributeSource none = [](ResourceId, std::uint32_t) -> EvaluationResult {
    return std::unexpected(EvaluationError{.message = "a state decides where a step runs"});
  };
  RunEnvironment environment(context_.resources, node.binding, context_.run_id, none);
  ProgramStart start;
  start.kind = ProgramKind::body;
  start.binding = node.binding;
  start.frame = {.program = &operation.body,
                 .origin = {.step = node.name,
                            .what = node.is_undo ? "undo" : "do",
                            .span = context_.plan.steps[node.step.index].span},
                 .job_prefix = operation.is_detached ? job_name(context_.run_id, node) : "",
                 .deadline = node.deadline};
  if (auto placed = place(id, operation, arguments, environment, start.frame); !placed) {
    acted(id, context_.shown(placed.error()));
    return;
  }
  start.frame.slots = std::move(arguments);
  start.done = [this, id](const std::expected<Value, Failure>& result) {
    acted(id, result ? std::nullopt : std::optional(result.error()));
  };
  bodies_[id] = 0;
  const ProgramId program = programs_.start(std::move(start));
  if (bodies_.contains(id)) {
    bodies_[id] = program;
  }
}

std::expected<void, Failure> Executor::place(NodeId id,
                                             const Operation& operation,
                                             const std::vector<Value>& arguments,
                                             Environment& environment,
                                             Frame& frame) {
  const Node& node = state_.graph.nodes[id];
  const Step& step = context_.plan.steps[node.step.index];
  std::vector<Value> slots = arguments;
  frame.host = local_address();
  std::optional<HostId> host;
  if (!operation.host.is_none()) {
    auto value = evaluate(context_.plan, operation.host, slots, environment);
    if (!value || value->as<HostId>() == nullptr) {
      return std::unexpected(value ? value_failure("expected a host, found " + to_text(*value))
                                   : failure_of(value.error()));
    }
    host = *value->as<HostId>();
  } else if (step.host != UINT32_MAX && !node.is_undo) {
    host = HostId{step.host};
  }
  if (host) {
    auto address = address_of(context_.plan, *host, environment);
    if (!address) {
      return std::unexpected(address.error());
    }
    frame.host = std::move(*address);
    frame.user = context_.plan.hosts[host->index].become;
  }
  const ExprId user = operation.user.is_none() && !node.is_undo ? step.user : operation.user;
  if (!user.is_none()) {
    auto value = evaluate(context_.plan, user, slots, environment);
    if (!value) {
      return std::unexpected(failure_of(value.error()));
    }
    const auto* name = value->as<std::string>();
    frame.user = name != nullptr ? *name : to_text(*value);
  }
  return {};
}

void Executor::execute(const commands::Cancel& command) {
  if (const auto body = bodies_.find(command.node); body != bodies_.end()) {
    programs_.cancel(body->second);
  }
}

void Executor::execute(const commands::Wake& command) {
  programs_.at(command.at, [this, node = command.node, kind = command.kind] {
    events_.emplace_back(events::Woke{node, kind});
  });
}

// --- loops

void Executor::execute(const commands::Unfold& command) {
  const NodeId id = command.node;
  const Node& node = state_.graph.nodes[id];
  if (const auto known = history_.unfolded.find(node.name); known != history_.unfolded.end()) {
    unfold_again(id, known->second);
    return;
  }
  const Loop& loop = context_.plan.loops[state_.graph.loops[node.opens].loop];
  const AttributeSource none = [](ResourceId, std::uint32_t) -> EvaluationResult {
    return std::unexpected(EvaluationError{.message = "not observed"});
  };
  RunEnvironment environment(context_.resources, node.binding, context_.run_id, none);
  const ResourceId owner = environment.resolve(loop.owner);
  if (forecast_ != nullptr && !forecast_->of(owner, loop.query).step.empty()) {
    events_.emplace_back(
        events::Unfolded{.node = id, .failure = value_failure("the list is not known yet")});
    return;
  }
  observations_.request(
      owner, loop.query, observations_.recent(), [this, id](std::expected<Value, Failure> value) {
        if (!value) {
          events_.emplace_back(events::Unfolded{.node = id, .failure = value.error()});
          return;
        }
        std::vector<ResourceId> elements;
        if (const auto* list = value->as<List>()) {
          for (const Value& item : *list) {
            if (const auto* element = item.as<ResourceId>()) {
              elements.push_back(*element);
            }
          }
        }
        unfolded(id, elements);
      });
}

void Executor::unfold_again(NodeId id, const std::vector<Value>& elements) {
  std::vector<ResourceId> again;
  for (const Value& fields : elements) {
    const auto made = remake_element(context_, state_.graph, id, fields);
    if (!made) {
      events_.emplace_back(events::Unfolded{.node = id, .failure = failure_of(made.error())});
      return;
    }
    again.push_back(*made->as<ResourceId>());
  }
  events_.emplace_back(
      events::Unfolded{.node = id, .elements = found_elements(context_, state_.graph, id, again)});
}

void Executor::unfolded(NodeId id, const std::vector<ResourceId>& elements) {
  const Node& node = state_.graph.nodes[id];
  const Loop& loop = context_.plan.loops[state_.graph.loops[node.opens].loop];
  const AttributeSource none = [](ResourceId, std::uint32_t) -> EvaluationResult {
    return std::unexpected(EvaluationError{.message = "not observed"});
  };
  RunEnvironment environment(context_.resources, node.binding, context_.run_id, none);
  UnfoldedRecord record{.loop = node.name};
  for (const ResourceId element : elements) {
    auto fields = context_.resources.element_fields(loop.element, element, environment);
    if (!fields) {
      events_.emplace_back(events::Unfolded{.node = id, .failure = failure_of(fields.error())});
      return;
    }
    record.elements.push_back(std::move(*fields));
  }
  if (state_.options.mode == RunMode::act) {
    write(std::move(record));
  }
  events_.emplace_back(events::Unfolded{
      .node = id, .elements = found_elements(context_, state_.graph, id, elements)});
}

}  // namespace plan
