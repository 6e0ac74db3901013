#include <algorithm>
#include <functional>
#include <optional>
#include <stdexcept>

#include <catch2/catch.hpp>

#include "tests/unit/runtime/sample_move.hpp"

namespace plan::test {
namespace {

StepStatus status_of(const Report& report, std::string_view name) {
  const auto found = std::ranges::find(report.steps, name, &StepResult::name);
  REQUIRE(found != report.steps.end());
  return found->status;
}

std::string messages(const Report& report) {
  std::string text(name(report.outcome));
  for (const Diagnostic& diagnostic : report.diagnostics.items()) {
    text += "\n" + diagnostic.message;
    for (const std::string& note : diagnostic.notes) {
      text += "\n  " + note;
    }
  }
  return text;
}

TEST_CASE("a plan is carried out and its goals are observed") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  const auto report = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  INFO(messages(*report));
  CHECK(report->outcome == Outcome::done);
  CHECK(status_of(*report, "move") == StepStatus::done);
  CHECK(status_of(*report, "resume[c]") == StepStatus::done);
  CHECK(std::ranges::all_of(report->goals, &ConditionResult::holds));
}

TEST_CASE("a simulated world takes effects of its own plan only") {
  const SampleMove move;
  RunnablePlan other = move.builder;
  const Effect foreign = other.sets(move.old_active, Value{false});
  sim::SimulatedWorld simulated(move.plan());
  CHECK_THROWS_AS(simulated.give({foreign}), std::logic_error);
}

TEST_CASE("a second apply has nothing to do and writes nothing") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  REQUIRE(simulated.apply(sim::SimulatedWorld::options()));
  const auto records = simulated.storage.records;
  const std::size_t bodies = simulated.effector.bodies.size();
  const auto report = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  CHECK(report->outcome == Outcome::nothing_to_do);
  CHECK(simulated.storage.records == records);
  CHECK(simulated.effector.bodies.size() == bodies);
}

TEST_CASE("preview changes nothing and writes nothing") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  const auto before = simulated.hosts.snapshot();
  World world = simulated.world();
  const Report report = preview(move.plan(), world, sim::SimulatedWorld::options());
  INFO(messages(report));
  CHECK(report.outcome == Outcome::done);
  CHECK(simulated.hosts.snapshot() == before);
  CHECK(simulated.storage.records.empty());
  CHECK(simulated.effector.bodies.empty());
}

TEST_CASE("a failure blocks what depends on it and lets the rest finish") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.faults.failing_steps = {"move"};
  const auto report = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  CHECK(report->outcome == Outcome::failed);
  CHECK(status_of(*report, "move") == StepStatus::failed);
  CHECK(status_of(*report, "start") == StepStatus::blocked);
  CHECK(status_of(*report, "tidy") == StepStatus::done);
}

TEST_CASE("apply goes on after a failure, and what was done stays done") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.faults.failing_steps = {"resume[b]"};
  const auto failed = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(failed);
  CHECK(failed->outcome == Outcome::failed);
  CHECK(status_of(*failed, "resume[a]") == StepStatus::done);
  CHECK(status_of(*failed, "resume[c]") == StepStatus::blocked);
  simulated.faults.failing_steps.clear();
  const auto report = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  INFO(messages(*report));
  CHECK(report->outcome == Outcome::done);
  CHECK(report->is_resumed);
  CHECK(std::ranges::count(simulated.effector.bodies, "resume[a]", &sim::BodyRun::step) == 1);
}

TEST_CASE("an interrupted run is gone on with") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.interrupts = 1;
  const auto first = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(first);
  CHECK(first->outcome == Outcome::interrupted);
  simulated.interrupts = 0;
  const auto report = simulated.apply(sim::SimulatedWorld::options());
  REQUIRE(report);
  CHECK(report->outcome == Outcome::done);
}

TEST_CASE("a no at the point of no return stops before it") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.prompt.answer = Answer::no;
  RunOptions options = sim::SimulatedWorld::options();
  options.assume_yes = false;
  CHECK(simulated.apply(options)->outcome == Outcome::declined);
  CHECK(simulated.storage.records.empty());  // it was asked before anything was done
}

TEST_CASE("another plan's open run is not touched") {
  SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.faults.failing_steps = {"start"};
  REQUIRE(simulated.apply(sim::SimulatedWorld::options()));
  Plan other = move.plan();
  other.title = "Something else";
  World world = simulated.world();
  const Report report = apply(other, world, sim::SimulatedWorld::options());
  CHECK(report.outcome == Outcome::refused);
  CHECK(report.diagnostics.items().at(0).code == Code::journal_of_other_plan);
}

TEST_CASE("a changed plan that puts a step before a finished one is refused") {
  SampleMove move;
  RunnablePlan& b = move.builder;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  simulated.faults.failing_steps = {"start"};
  REQUIRE(simulated.apply(sim::SimulatedWorld::options())->outcome == Outcome::failed);
  simulated.faults.failing_steps.clear();
  Plan changed = b.plan;
  changed.digest[0] = 1;
  Step extra = changed.steps[move.tidy.index];
  extra.name = "audit";
  extra.ensures = {b.is_false(move.tidied)};  // does not hold any more
  changed.exprs = b.plan.exprs;
  changed.steps.push_back(extra);
  changed.edges.push_back(
      {.from = {static_cast<std::uint32_t>(changed.steps.size() - 1)}, .to = move.move});
  World world = simulated.world();
  const Report report = apply(changed, world, sim::SimulatedWorld::options());
  INFO(messages(report));
  CHECK(report.outcome == Outcome::refused);
  CHECK(report.diagnostics.items().at(0).code == Code::cannot_go_on);
}

TEST_CASE("a step done by hand is marked only if it was done") {
  const SampleMove move;
  sim::SimulatedWorld simulated(move.plan());
  simulated.give(move.given);
  World world = simulated.world();
  const RunOptions options = sim::SimulatedWorld::options();
  const Report refused = mark_done(move.plan(), world, options, "stop", "by hand");
  CHECK(refused.outcome == Outcome::refused);
  CHECK(simulated.storage.records.empty());
  RunnablePlan b = move.builder;
  const Effect stopped = b.sets(move.old_active, Value{false});
  sim::SimulatedWorld by_hand(b.plan);
  by_hand.give(move.given);
  by_hand.give({stopped});
  World second = by_hand.world();
  const Report marked = mark_done(b.plan, second, options, "stop", "by hand");
  INFO(messages(marked));
  CHECK(marked.outcome == Outcome::done);
  const auto report = by_hand.apply(options);
  REQUIRE(report);
  CHECK(status_of(*report, "stop") == StepStatus::marked);
}

TEST_CASE("adopt finds how far a procedure has come, and no further") {
  SampleMove move;
  RunnablePlan& b = move.builder;
  const Effect stopped = b.sets(move.old_active, Value{false});
  const Effect started = b.sets(move.new_active, Value{true});
  sim::SimulatedWorld simulated(b.plan);
  simulated.give(move.given);
  simulated.give({stopped, started});
  World world = simulated.world();
  const Report report = adopt(b.plan, world, sim::SimulatedWorld::options());
  INFO(messages(report));
  CHECK(report.outcome == Outcome::done);
  const RunStatus told = status(&b.plan, simulated.storage);
  REQUIRE(told.steps.size() == 1);  // start holds, but move does not
  CHECK(told.steps[0].name == "stop");
  CHECK(told.steps[0].status == StepStatus::marked);
}

// A person who takes an hour for each answer.
class SlowPrompt : public Prompt {
 public:
  explicit SlowPrompt(sim::VirtualClock& clock) : clock_(clock) {}
  Answer ask(const Question&) override { return Answer::yes; }
  void open(const Question& question) override {
    opened.push_back(question.text);
    at_ = clock_.now + std::chrono::hours(1);
    if (on_open) {
      on_open();
    }
  }
  std::optional<Answer> answer() override {
    if (!at_ || clock_.now < *at_) {
      return std::nullopt;
    }
    at_.reset();
    return given;
  }
  void withdraw() override {
    at_.reset();
    ++withdrawn;
  }

  Answer given = Answer::yes;
  std::function<void()> on_open;
  std::vector<std::string> opened;
  int withdrawn = 0;

 private:
  sim::VirtualClock& clock_;
  std::optional<MonotonicTime> at_;
};

// A person who presses Ctrl-C at a question.
class InterruptedPrompt : public Prompt {
 public:
  InterruptedPrompt(int& interrupts, Answer answer) : interrupts_(interrupts), answer_(answer) {}
  Answer ask(const Question&) override {
    interrupts_ = 1;
    return answer_;
  }

 private:
  int& interrupts_;
  Answer answer_;
};

// Two steps that follow each other, and two approvals, each with a step behind it.
struct Asking {
  RunnablePlan b{"Ask on the way"};
  StepId first, second, agree, permit, after_agree, after_permit;
  sim::SimulatedWorld simulated;
  SlowPrompt prompt{simulated.clock};
  RunOptions options = sim::SimulatedWorld::options();

  Asking() : simulated(b.plan) {
    const HostId host = b.host("here");
    std::vector<Attribute> flags;
    for (const char* name : {"first", "second", "agreed", "permitted"}) {
      flags.push_back(b.state(name, TypeKind::boolean));
    }
    const std::uint32_t type = b.resource_type("thing", {"host"}, 1, flags);
    const ResourceId it = b.resource("it", type, {Value{host}});
    first = b.sets_flag("first", b.variable(it, 0), true);
    second = b.sets_flag("second", b.variable(it, 1), true);
    after_agree = b.sets_flag("after_agree", b.variable(it, 2), true);
    after_permit = b.sets_flag("after_permit", b.variable(it, 3), true);
    agree = approval("agree");
    permit = approval("permit");
    b.edge(first, second);
    b.edge(agree, after_agree);
    b.edge(permit, after_permit);
    for (const StepId step : {first, second, after_agree, after_permit}) {
      b[step].host = host.index;
    }
    b.plan.goals = {b.is_true(b.variable(it, 1))};
  }
  StepId approval(const char* name) {
    const StepId made = b.step(name);
    b[made].kind = StepKind::approve;
    b[made].operation = UINT32_MAX;
    return made;
  }
  Report apply() {
    World world{.clock = simulated.clock,
                .effector = simulated.effector,
                .storage = simulated.storage,
                .prompt = prompt,
                .observer = simulated.observer,
                .entropy = simulated.entropy,
                .interrupted = [this] { return simulated.interrupts; }};
    return plan::apply(b.plan, world, options);
  }
  // Number of the first event of this kind about the step; the number of events if there is none.
  [[nodiscard]] std::size_t when(RunEventKind kind, std::string_view step) const {
    const auto& events = simulated.observer.events;
    const auto found = std::ranges::find_if(
        events, [&](const RunEvent& event) { return event.kind == kind && event.step == step; });
    return static_cast<std::size_t>(found - events.begin());
  }
};

TEST_CASE("while a person is asked, what does not depend on the answer goes on") {
  Asking asking;
  const Report report = asking.apply();
  INFO(messages(report));
  CHECK(report.outcome == Outcome::done);
  CHECK(asking.prompt.opened == std::vector<std::string>{"agree", "permit"});
  const std::size_t answered = asking.when(RunEventKind::question, "agree");
  CHECK(asking.when(RunEventKind::step_waiting, "agree") < answered);
  CHECK(asking.when(RunEventKind::step_done, "first") < answered);
  CHECK(asking.when(RunEventKind::step_done, "second") < answered);
  CHECK(asking.when(RunEventKind::step_started, "after_agree") > answered);
  // What the first answer lets begin does not wait for the second one.
  CHECK(asking.when(RunEventKind::step_done, "after_agree") <
        asking.when(RunEventKind::question, "permit"));
}

TEST_CASE("a question that is open when the run is interrupted is asked no more") {
  Asking asking;
  asking.prompt.on_open = [&] { asking.simulated.interrupts = 1; };
  const Report report = asking.apply();
  CHECK(report.outcome == Outcome::interrupted);
  CHECK(asking.prompt.opened.size() == 1);
  CHECK(asking.prompt.withdrawn == 1);
  CHECK_FALSE(report.diagnostics.has_errors());
  asking.simulated.interrupts = 0;
  asking.prompt.on_open = nullptr;
  CHECK(asking.apply().outcome == Outcome::done);
}

TEST_CASE("who interrupts at the question before the run gets none, whatever the answer") {
  for (const Answer answer : {Answer::not_available, Answer::yes, Answer::no}) {
    const SampleMove move;
    sim::SimulatedWorld simulated(move.plan());
    simulated.give(move.given);
    InterruptedPrompt prompt(simulated.interrupts, answer);
    World world{.clock = simulated.clock,
                .effector = simulated.effector,
                .storage = simulated.storage,
                .prompt = prompt,
                .observer = simulated.observer,
                .entropy = simulated.entropy,
                .interrupted = [&simulated] { return simulated.interrupts; }};
    RunOptions options = sim::SimulatedWorld::options();
    options.assume_yes = false;
    const Report report = apply(move.plan(), world, options);
    CHECK(report.outcome == Outcome::interrupted);
    CHECK_FALSE(report.diagnostics.has_errors());
    CHECK(simulated.storage.records.empty());
    CHECK(simulated.effector.bodies.empty());
  }
}

TEST_CASE("after a no nothing else is asked") {
  Asking asking;
  asking.prompt.given = Answer::no;
  const Report report = asking.apply();
  CHECK(report.outcome == Outcome::declined);
  CHECK(asking.prompt.opened.size() == 1);
  CHECK(status_of(report, "first") == StepStatus::done);
  CHECK(status_of(report, "after_permit") == StepStatus::waiting);
}

TEST_CASE("the point of no return is asked about once, and its host has other work meanwhile") {
  Asking asking;
  RunnablePlan& b = asking.b;
  b.plan.point_of_no_return = {asking.after_agree, asking.after_permit};
  asking.options.assume_yes = false;
  asking.options.approved_steps = {"all"};
  asking.options.steps_per_host = 1;
  // `second` is ready on the host after one of the others has got its only place and asks.
  b[asking.first].host = UINT32_MAX;
  const Report report = asking.apply();
  INFO(messages(report));
  CHECK(report.outcome == Outcome::done);
  REQUIRE(asking.prompt.opened.size() == 1);
  CHECK(asking.prompt.opened[0].starts_with("After `after_"));
  const auto asked =
      std::ranges::find_if(asking.simulated.observer.events, [](const RunEvent& event) {
        return event.kind == RunEventKind::question && event.text.starts_with("After `");
      });
  CHECK(asking.when(RunEventKind::step_done, "second") <
        static_cast<std::size_t>(asked - asking.simulated.observer.events.begin()));
}

}  // namespace
}  // namespace plan::test
