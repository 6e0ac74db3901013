#include "runtime/sim/world.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace plan::sim {

SimulatedEffector::SimulatedEffector(
    const Plan& plan, Hosts& hosts, VirtualClock& clock, const Faults& faults, CallCounter& calls)
    : plan_(plan),
      hosts_(hosts),
      clock_(clock),
      faults_(faults),
      calls_(calls),
      random_(faults.seed) {}

std::chrono::milliseconds SimulatedEffector::random_duration(int least, int most) {
  const auto span = static_cast<std::uint64_t>(most - least + 1);
  return std::chrono::milliseconds(least + static_cast<int>((random_() ^ faults_.seed) % span));
}

void SimulatedEffector::add(Pending pending, std::chrono::milliseconds duration) {
  pending_.emplace(clock_.now + duration, std::move(pending));
}

void SimulatedEffector::start(ActionId id, Action action) {
  if (std::holds_alternative<Connect>(action.body)) {
    const auto& host = std::get<Connect>(action.body).host;
    add({.id = id,
         .result = ConnectResult{.machine_id = "machine of " + host.name, .os = "simulated"}},
        random_duration(1, 50));
    return;
  }
  add({.id = id,
       .result = Failure{.kind = FailureKind::refused,
                         .code = Code::step_failed,
                         .message = "a simulated host runs no commands"}},
      random_duration(1, 5));
}

void SimulatedEffector::start_observation(ActionId id, const DeclaredObservation& observation) {
  ++observations;
  auto value = hosts_.read(observation.resources, observation.resource, observation.attribute);
  if (value) {
    add({.id = id, .result = std::move(*value)}, random_duration(1, 20));
    return;
  }
  add({.id = id,
       .result = Failure{.kind = FailureKind::failed,
                         .code = Code::cannot_observe,
                         .message = value.error().message}},
      random_duration(1, 20));
}

void SimulatedEffector::start_body(ActionId id, const DeclaredBody& body) {
  const bool is_cut = calls_.next() == faults_.cut_at;
  if (is_cut && faults_.cut == Cut::before) {
    throw PowerCut{};
  }
  bodies.push_back({.step = body.name, .is_undo = body.is_undo});
  Pending pending{.id = id,
                  .resources = &body.resources,
                  .binding = body.binding,
                  .run_id = body.run_id,
                  .body = bodies.size() - 1,
                  .step = body.step};
  // A step of a loop that was unrolled goes by the name that was written: all of its turns fail.
  const std::string_view planned = plan_.steps[body.step.index].name;
  const std::string written(planned.substr(0, planned.find('[')));
  if (faults_.failing_steps.contains(body.name) || faults_.failing_steps.contains(written)) {
    add({.id = id,
         .result = Failure{.kind = FailureKind::failed,
                           .code = Code::step_failed,
                           .message = "the test makes `" + body.name + "` fail"}},
        random_duration(10, 100));
    return;
  }
  if (is_cut) {
    apply(pending, faults_.cut == Cut::torn ? Hosts::Extent::half : Hosts::Extent::whole);
    throw PowerCut{};
  }
  add(std::move(pending), random_duration(100, 2000));
}

void SimulatedEffector::apply(const Pending& pending, Hosts::Extent extent) {
  BodyRun& body = bodies[pending.body];
  const Step& step = plan_.steps[pending.step.index];
  hosts_.apply(*pending.resources, body.is_undo ? step.undo_effects : step.effects, pending.binding,
               pending.run_id, body.step, extent);
  body.is_whole = extent == Hosts::Extent::whole;
}

std::optional<Completion> SimulatedEffector::wait(MonotonicTime deadline) {
  if (pending_.empty() || pending_.begin()->first > deadline) {
    clock_.now = std::max(clock_.now, deadline);
    return std::nullopt;
  }
  const auto next = pending_.begin();
  clock_.now = std::max(clock_.now, next->first);
  const Pending pending = std::move(next->second);
  pending_.erase(next);
  if (pending.result) {
    return Completion{pending.id, *pending.result};
  }
  if (pending.is_cancelled) {
    return Completion{
        pending.id,
        Failure{.kind = FailureKind::cancelled, .code = Code::step_failed, .message = "cancelled"}};
  }
  apply(pending, Hosts::Extent::whole);
  bodies[pending.body].is_told = true;
  return Completion{pending.id, std::monostate{}};
}

void SimulatedEffector::cancel(ActionId id) {
  for (auto& [time, pending] : pending_) {
    if (pending.id == id) {
      pending.is_cancelled = true;
    }
  }
}

// A body that was under way on its host may have come to its end, or to its middle, or nowhere.
void SimulatedEffector::cut(Resources* resources) {
  for (auto& [time, pending] : std::exchange(pending_, {})) {
    if (pending.result || resources == nullptr) {
      continue;
    }
    pending.resources = resources;
    pending.binding = {};
    const std::uint64_t fate = random_() % 3;
    const bool has_elements = !loops_around(plan_, pending.step).empty();
    if (fate > 0 && !has_elements) {
      apply(pending, fate == 1 ? Hosts::Extent::half : Hosts::Extent::whole);
    }
  }
}

Answer ToldPrompt::ask(const Question& question) {
  asked.push_back(question);
  return answer;
}

SimulatedWorld::SimulatedWorld(const Plan& the_plan)
    : plan(the_plan), storage(faults, calls), effector(the_plan, hosts, clock, faults, calls) {}

World SimulatedWorld::world() {
  return {.clock = clock,
          .effector = effector,
          .storage = storage,
          .prompt = prompt,
          .observer = observer,
          .entropy = entropy,
          .interrupted = [this] { return interrupts; }};
}

RunOptions SimulatedWorld::options() {
  return {.secrets = [](const Input& input) -> std::expected<std::string, std::string> {
            return "simulated secret " + input.name;
          },
          .assume_yes = true};
}

void SimulatedWorld::give(const std::vector<Effect>& given) {
  Inputs inputs(plan, options().secrets);
  Resources resources(plan, inputs);
  for (const Effect& effect : given) {
    if (!effect.value.is_none() && effect.value.index >= plan.exprs.size()) {
      throw std::logic_error("an effect whose value is no expression of the simulated plan");
    }
    hosts.give(resources, effect);
  }
}

bool SimulatedWorld::holds(const Condition& condition) {
  Inputs inputs(plan, options().secrets);
  Resources resources(plan, inputs);
  const auto value = hosts.evaluate(resources, condition.expr, {}, entropy.uuid());
  return value && value->as<bool>() != nullptr && *value->as<bool>();
}

namespace {

using Entry = Report (*)(const Plan&, World&, const RunOptions&);

std::optional<Report> until_cut(SimulatedWorld& simulated, const RunOptions& options, Entry entry) {
  World world = simulated.world();
  try {
    Report report = entry(simulated.plan, world, options);
    simulated.effector.cut(nullptr);
    return report;
  } catch (const PowerCut&) {
    Inputs inputs(simulated.plan, options.secrets);
    Resources resources(simulated.plan, inputs);
    simulated.effector.cut(&resources);
    return std::nullopt;
  }
}

}  // namespace

std::optional<Report> SimulatedWorld::apply(const RunOptions& options) {
  return until_cut(*this, options, ::plan::apply);
}

std::optional<Report> SimulatedWorld::rollback(const RunOptions& options) {
  return until_cut(*this, options, ::plan::rollback);
}

}  // namespace plan::sim
