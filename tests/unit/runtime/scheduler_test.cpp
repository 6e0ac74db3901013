// The scheduler is a function of events: these tests feed it, and look at what it wants.
#include "runtime/scheduler.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/unit/runtime/runnable_plan.hpp"

namespace plan::test {
namespace {

using namespace std::chrono_literals;

// Steps a, b, c … that set a flag each.
struct SchedulerFixture {
  RunnablePlan b{};
  std::uint32_t type = UINT32_MAX;
  std::vector<StepId> steps{};
  SchedulerState state{};
  MonotonicTime now{0};

  explicit SchedulerFixture(std::size_t count) {
    type = b.resource_type("flag", {"name"}, 1, {b.state("up", TypeKind::boolean)});
    for (std::size_t index = 0; index < count; ++index) {
      const std::string name(1, static_cast<char>('a' + index));
      const ResourceId flag = b.resource(name, type, {Value{name}});
      steps.push_back(b.sets_flag(name, b.variable(flag, 0), true));
    }
  }
  std::vector<Command> begin(SchedulerOptions options = {}) {
    state = make_scheduler(b.plan, make_graph(b.plan, {}), options);
    return feed(events::Begin{});
  }
  std::vector<Command> feed(const SchedulerEvent& event) { return decide(state, event, now); }
  std::vector<Command> checked(NodeId node, CheckKind kind, Truth truth) {
    return feed(events::Checked{node, kind, {.truth = truth, .text = "it"}});
  }
  // Up to and with the command to act.
  std::vector<Command> bring_to_act(NodeId node) {
    checked(node, CheckKind::ensures, Truth::fails);
    return checked(node, CheckKind::requires_, Truth::holds);
  }
};

template <class Kind>
std::vector<NodeId> nodes_of(const std::vector<Command>& commands) {
  std::vector<NodeId> nodes;
  for (const Command& command : commands) {
    if (const auto* found = std::get_if<Kind>(&command)) {
      nodes.push_back(found->node);
    }
  }
  return nodes;
}

Failure failure(FailureKind kind) {
  return {.kind = kind, .code = Code::step_failed, .message = "broken"};
}

TEST_CASE("steps without order begin at once, others when what they are after is done") {
  SchedulerFixture f(3);
  f.b.edge(f.steps[0], f.steps[2]);
  CHECK(nodes_of<commands::Check>(f.begin()) == std::vector<NodeId>{0, 1});
  CHECK(nodes_of<commands::Check>(f.checked(0, CheckKind::ensures, Truth::holds)) ==
        std::vector<NodeId>{2});
  CHECK(f.state.graph.nodes[0].status == StepStatus::held);
}

TEST_CASE("an intent is written before the step acts") {
  SchedulerFixture f(1);
  f.begin();
  const auto commands = f.bring_to_act(0);
  const auto intent = std::ranges::find_if(commands, [](const Command& command) {
    return std::holds_alternative<commands::Intend>(command);
  });
  const auto act = std::ranges::find_if(commands, [](const Command& command) {
    return std::holds_alternative<commands::Act>(command);
  });
  REQUIRE(act != commands.end());
  CHECK(intent < act);
}

TEST_CASE("a step is done when what it ensures was observed, not when it has acted") {
  SchedulerFixture f(1);
  f.begin();
  f.bring_to_act(0);
  CHECK(nodes_of<commands::Check>(f.feed(events::Acted{0, std::nullopt})) ==
        std::vector<NodeId>{0});
  const auto again = f.checked(0, CheckKind::confirm, Truth::fails);
  CHECK(nodes_of<commands::Wake>(again) == std::vector<NodeId>{0});
  CHECK(f.state.graph.nodes[0].status == StepStatus::waiting);
  f.feed(events::Woke{0, WakeKind::poll});
  f.checked(0, CheckKind::confirm, Truth::holds);
  CHECK(f.state.graph.nodes[0].status == StepStatus::done);
  CHECK(is_over(f.state));
  CHECK(is_complete(f.state));
}

TEST_CASE("a step that does not reach what it ensures fails when its time is over") {
  SchedulerFixture f(1);
  f.b.plan.steps[0].timeout_ms = 1000;
  f.begin();
  f.bring_to_act(0);
  f.feed(events::Acted{0, std::nullopt});
  f.now = 1000ms;
  f.checked(0, CheckKind::confirm, Truth::fails);
  CHECK(f.state.graph.nodes[0].status == StepStatus::failed);
  CHECK(f.state.problems.at(0).code == Code::effect_not_reached);
}

TEST_CASE("a requirement that does not hold any more stops the step") {
  SchedulerFixture f(1);
  f.begin();
  f.checked(0, CheckKind::ensures, Truth::fails);
  const auto commands = f.checked(0, CheckKind::requires_, Truth::fails);
  CHECK(nodes_of<commands::Act>(commands).empty());
  CHECK(f.state.problems.at(0).code == Code::world_drifted);
}

TEST_CASE("no more steps act on a host than it is allowed") {
  SchedulerFixture f(4);
  for (const StepId step : f.steps) {
    f.b[step].host = 0;
  }
  f.b.host("h");
  f.begin({.steps_per_host = 2});
  std::vector<NodeId> asked;
  for (NodeId node = 0; node < 4; ++node) {
    for (const NodeId next :
         nodes_of<commands::Check>(f.checked(node, CheckKind::ensures, Truth::fails))) {
      asked.push_back(next);
    }
  }
  CHECK(asked == std::vector<NodeId>{0, 1});
  f.checked(0, CheckKind::requires_, Truth::holds);
  f.feed(events::Acted{0, std::nullopt});
  CHECK(nodes_of<commands::Check>(f.checked(0, CheckKind::confirm, Truth::holds)) ==
        std::vector<NodeId>{2});
}

TEST_CASE("a failed attempt is repeated after pauses that double") {
  SchedulerFixture f(1);
  f.b.plan.steps[0].retry_count = 2;
  f.b.plan.steps[0].retry_every_ms = 1000;
  f.begin();
  std::vector<MonotonicTime> pauses;
  for (int attempt = 0; attempt < 3; ++attempt) {
    f.bring_to_act(0);
    for (const Command& command : f.feed(events::Acted{0, failure(FailureKind::failed)})) {
      if (const auto* wake = std::get_if<commands::Wake>(&command);
          wake != nullptr && wake->kind == WakeKind::retry) {
        pauses.push_back(wake->at - f.now);
        f.now = wake->at;
      }
    }
    f.feed(events::Woke{0, WakeKind::retry});
  }
  CHECK(pauses == std::vector<MonotonicTime>{1000ms, 2000ms});
  CHECK(f.state.graph.nodes[0].status == StepStatus::failed);
}

TEST_CASE("a failure of which nobody knows what it did leaves the intent open") {
  SchedulerFixture f(1);
  f.begin();
  f.bring_to_act(0);
  f.feed(events::Acted{0, failure(FailureKind::unknown)});
  CHECK(f.state.graph.nodes[0].status == StepStatus::failed);
  CHECK(f.state.graph.nodes[0].is_open);
}

TEST_CASE("a step that acts longer than it may is cancelled, and its intent stays open") {
  SchedulerFixture f(1);
  f.b.plan.steps[0].timeout_ms = 1000;
  f.begin();
  f.bring_to_act(0);
  f.now = 1000ms;
  CHECK(nodes_of<commands::Cancel>(f.feed(events::Woke{0, WakeKind::deadline})) ==
        std::vector<NodeId>{0});
  f.feed(events::Acted{0, failure(FailureKind::cancelled)});
  CHECK(f.state.problems.at(0).code == Code::action_timed_out);
  CHECK(f.state.graph.nodes[0].is_open);
}

TEST_CASE("the first interrupt lets what acts finish, the second cancels it") {
  SchedulerFixture f(2);
  f.b.edge(f.steps[0], f.steps[1]);
  f.begin();
  f.bring_to_act(0);
  CHECK(nodes_of<commands::Cancel>(f.feed(events::Interrupted{})).empty());
  CHECK_FALSE(is_over(f.state));
  CHECK(nodes_of<commands::Cancel>(f.feed(events::Interrupted{})) == std::vector<NodeId>{0});
  f.feed(events::Acted{0, failure(FailureKind::cancelled)});
  CHECK(is_over(f.state));
  CHECK(f.state.graph.nodes[0].status == StepStatus::interrupted);
  CHECK(f.state.graph.nodes[1].status == StepStatus::waiting);
}

TEST_CASE("after an interrupt nothing begins") {
  SchedulerFixture f(2);
  f.b.edge(f.steps[0], f.steps[1]);
  f.begin();
  f.bring_to_act(0);
  f.feed(events::Interrupted{});
  f.feed(events::Acted{0, std::nullopt});
  CHECK(nodes_of<commands::Check>(f.checked(0, CheckKind::confirm, Truth::holds)).empty());
  CHECK(is_over(f.state));
  CHECK(f.state.graph.nodes[0].status == StepStatus::done);
}

TEST_CASE("a step whose condition does not hold is skipped, and what is after it goes on") {
  SchedulerFixture f(2);
  f.b.plan.steps[0].when = f.b.is_true({0});
  f.b.edge(f.steps[0], f.steps[1]);
  f.begin();
  CHECK(nodes_of<commands::Check>(f.checked(0, CheckKind::guard, Truth::fails)) ==
        std::vector<NodeId>{1});
  CHECK(f.state.graph.nodes[0].status == StepStatus::skipped);
}

TEST_CASE("a step that nobody answers waits, and others go on") {
  SchedulerFixture f(3);
  f.b.plan.steps[0].kind = StepKind::approve;
  f.b.plan.steps[0].ensures.clear();
  f.b.edge(f.steps[0], f.steps[2]);
  const auto commands = f.begin();
  CHECK(nodes_of<commands::Ask>(commands) == std::vector<NodeId>{0});
  f.feed(events::Answered{0, AskKind::approve, Answer::not_available});
  f.bring_to_act(1);
  f.feed(events::Acted{1, std::nullopt});
  f.checked(1, CheckKind::confirm, Truth::holds);
  CHECK(is_over(f.state));
  CHECK(f.state.graph.nodes[1].status == StepStatus::done);
  CHECK(f.state.graph.nodes[2].status == StepStatus::waiting);
  CHECK(f.state.has_declined);
}

TEST_CASE("a half-way step acts again though what it ensures holds") {
  SchedulerFixture f(1);
  f.state = make_scheduler(
      f.b.plan,
      make_graph(f.b.plan,
                 {{"a", {.status = StepStatus::running, .attempts = 1, .is_open = true}}}),
      {});
  const auto commands = f.feed(events::Begin{});
  REQUIRE(commands.size() >= 1);
  const auto* check = std::get_if<commands::Check>(&commands.back());
  REQUIRE(check != nullptr);
  CHECK(check->kind == CheckKind::requires_);
}

TEST_CASE("what an earlier attempt has finished stays done") {
  SchedulerFixture f(2);
  f.b.edge(f.steps[0], f.steps[1]);
  f.state =
      make_scheduler(f.b.plan, make_graph(f.b.plan, {{"a", {.status = StepStatus::done}}}), {});
  CHECK(nodes_of<commands::Check>(f.feed(events::Begin{})) == std::vector<NodeId>{1});
}

}  // namespace
}  // namespace plan::test
