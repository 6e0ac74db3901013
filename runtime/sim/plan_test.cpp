#include "runtime/sim/plan_test.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "compiler/print_expr.hpp"
#include "runtime/sim/world.hpp"

namespace plan::sim {

namespace {

constexpr std::size_t most_failures = 5;  // of one test; more of them tell nothing new

std::string problems(const Report& report) {
  std::string text;
  for (const Diagnostic& diagnostic : report.diagnostics.items()) {
    text += (text.empty() ? "" : "; ") + std::string(info(diagnostic.code).code) + " " +
            diagnostic.message;
  }
  return text.empty() ? std::string(name(report.outcome)) : text;
}

bool is_refused(const Report& report, const Test& test) {
  return report.outcome == Outcome::refused &&
         std::ranges::any_of(report.diagnostics.items(), [&](const Diagnostic& diagnostic) {
           return info(diagnostic.code).code == test.refused_code &&
                  diagnostic.message.contains(test.refused_message);
         });
}

// A host that was not given is a host without an address: what a test gives takes its place.
void give_host(Plan& plan, const std::string& input, const Value& value) {
  const auto* given = value.as<HostId>();
  const auto empty = std::ranges::find_if(plan.hosts, [&](const Host& host) {
    return host.name == input && host.address.empty() && !host.is_local;
  });
  if (given != nullptr && given->index < plan.hosts.size() && empty != plan.hosts.end()) {
    *empty = Host(plan.hosts[given->index]);
    empty->name = input;
  }
}

class PlanTest {
 public:
  PlanTest(const Plan& plan, const Test& test) : plan_(plan), test_(test) {
    for (Input& input : plan_.inputs) {
      for (const auto& [name, value] : test.inputs) {
        if (input.name == name) {
          input.value = value;
          give_host(plan_, name, value);
        }
      }
    }
    assume_the_rest();
    result_ = {.title = test.title, .span = test.span, .passed = false, .failures = {}};
  }

  TestResult run() {
    const std::uint64_t calls = clean_run(0);
    if (test_.crashes_everywhere && result_.failures.empty()) {
      crash_everywhere(calls);
    }
    for (std::uint64_t seed = 1; seed <= test_.shuffles && result_.failures.empty(); ++seed) {
      clean_run(seed);
    }
    result_.passed = result_.failures.empty();
    return std::move(result_);
  }

 private:
  static RunOptions options(std::uint64_t seed) {
    RunOptions options = SimulatedWorld::options();
    options.shuffle_seed = seed;
    options.approved_steps = {"all"};
    return options;
  }

  void assume_the_rest() {
    std::set<VariableId> given;
    for (const Effect& effect : test_.given) {
      given.insert(effect.variable);
    }
    std::erase_if(plan_.rules, [&](const DeferredRule& rule) {
      return std::ranges::any_of(rule.condition.reads,
                                 [&](VariableId id) { return !given.contains(id); });
    });
    for (const auto& [step, index] : plan_.preflight_requirements) {
      const ExprId expr = plan_.steps[step.index].requires_[index].expr;
      if (const auto effect = needed(expr); effect && given.insert(effect->variable).second) {
        assumed_.push_back(*effect);
      }
    }
  }

  // The effect that makes a requirement hold: of a state, `not` a state, or a state `==` a value.
  std::optional<Effect> needed(ExprId id) {
    const Expr expr = plan_[id];
    if (expr.op == Op::state) {
      return set(expr.a, constant(true));
    }
    if (expr.op == Op::logical_not && plan_[ExprId{expr.a}].op == Op::state) {
      return set(plan_[ExprId{expr.a}].a, constant(false));
    }
    if (expr.op == Op::equal && plan_[ExprId{expr.a}].op == Op::state) {
      return set(plan_[ExprId{expr.a}].a, ExprId{expr.b});
    }
    return std::nullopt;
  }

  static Effect set(std::uint32_t variable, ExprId value) {
    Effect effect;
    effect.variable = {variable};
    effect.kind = EffectKind::set;
    effect.value = value;
    return effect;
  }

  ExprId constant(bool value) {
    plan_.constants.push_back(Value{value});
    Expr expr;
    expr.op = Op::constant;
    expr.a = static_cast<std::uint32_t>(plan_.constants.size() - 1);
    plan_.exprs.push_back(expr);
    return {static_cast<std::uint32_t>(plan_.exprs.size() - 1)};
  }

  void prepare(SimulatedWorld& world, std::uint64_t seed) {
    world.give(assumed_);
    ++result_.runs;
    world.faults.seed = seed;
    world.faults.failing_steps = {test_.failing_steps.begin(), test_.failing_steps.end()};
    world.give(test_.given);
  }

  void failed(std::string text, const std::string& where) {
    if (result_.failures.size() < most_failures) {
      result_.failures.push_back(std::move(text) + (where.empty() ? "" : " (" + where + ")"));
    }
  }

  // The number of calls at which the run could be cut.
  std::uint64_t clean_run(std::uint64_t seed) {
    SimulatedWorld world(plan_);
    prepare(world, seed);
    const auto report = world.apply(options(seed));
    judge(world, *report, seed == 0 ? "" : "schedule " + std::to_string(seed));
    return world.calls.count();
  }

  void crash_everywhere(std::uint64_t calls) {
    for (std::uint64_t call = 1; call <= calls; ++call) {
      for (const Cut cut : {Cut::before, Cut::torn, Cut::after}) {
        SimulatedWorld world(plan_);
        prepare(world, call);
        world.faults.cut_at = call;
        world.faults.cut = cut;
        const std::string where = std::string(cut == Cut::before ? "cut before"
                                              : cut == Cut::torn ? "cut in"
                                                                 : "cut after") +
                                  " call " + std::to_string(call) + " of " + std::to_string(calls);
        auto report = world.apply(options(0));
        ++result_.crash_points;
        if (!report) {
          world.faults.cut_at = 0;
          report = world.apply(options(0));
        }
        judge(world, *report, where);
      }
    }
  }

  void judge(SimulatedWorld& world, const Report& report, const std::string& where) {
    if (!test_.refused_code.empty()) {
      if (!is_refused(report, test_)) {
        const std::string message =
            test_.refused_message.empty() ? "" : " \"" + test_.refused_message + "\"";
        failed("expected to be refused with " + test_.refused_code + message +
                   ", but: " + problems(report),
               where);
      }
      return;
    }
    const bool is_done =
        report.outcome == Outcome::done || report.outcome == Outcome::nothing_to_do;
    if (test_.failing_steps.empty() && !is_done) {
      failed("the run did not come to its end: " + problems(report), where);
      return;
    }
    for (const Condition& condition : test_.expected) {
      if (!world.holds(condition)) {
        failed("expected " + print_condition(plan_, condition), where);
      }
    }
  }

  Plan plan_;  // a copy, with the test's inputs
  const Test& test_;
  std::vector<Effect> assumed_{};
  TestResult result_{};
};

}  // namespace

TestResult run_test(const Plan& plan, const Test& test) {
  return PlanTest(plan, test).run();
}

std::vector<TestResult> run_tests(const Plan& plan) {
  std::vector<TestResult> results;
  for (const Test& test : plan.tests) {
    results.push_back(run_test(plan, test));
  }
  return results;
}

}  // namespace plan::sim
