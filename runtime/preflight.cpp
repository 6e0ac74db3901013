#include "runtime/preflight.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "compiler/print_expr.hpp"
#include "runtime/same_machine.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds connect_timeout = 60s;

void tell(RunContext& context, RunEventKind kind, std::string text = "", std::string detail = "") {
  context.world.observer.on({.kind = kind,
                             .at = context.world.clock.wall(),
                             .text = std::move(text),
                             .detail = std::move(detail)});
}

// The users that steps on the host run as, as far as they are known before the run.
std::vector<std::string> users_of(RunContext& context, std::uint32_t host) {
  const AttributeSource none = [](ResourceId, std::uint32_t) -> EvaluationResult {
    return std::unexpected(EvaluationError{.message = "not observed"});
  };
  const Binding nothing_bound;
  RunEnvironment environment(context.resources, nothing_bound, context.run_id, none);
  std::set<std::string> users;
  if (!context.plan.hosts[host].become.empty()) {
    users.insert(context.plan.hosts[host].become);
  }
  for (const Step& step : context.plan.steps) {
    if (step.host != host || step.user.is_none()) {
      continue;
    }
    std::vector<Value> slots;
    const auto user = evaluate(context.plan, step.user, slots, environment);
    if (user && user->as<std::string>() != nullptr && !user->as<std::string>()->empty()) {
      users.insert(*user->as<std::string>());
    }
  }
  return {users.begin(), users.end()};
}

// Hosts that a step or a resource is on.
std::vector<std::uint32_t> used_hosts(const Plan& plan) {
  std::set<std::uint32_t> used;
  for (const Step& step : plan.steps) {
    if (step.host != UINT32_MAX) {
      used.insert(step.host);
    }
  }
  for (const Resource& resource : plan.resources) {
    for (const Value& field : resource.fields) {
      if (const auto* host = field.as<HostId>()) {
        used.insert(host->index);
      }
    }
  }
  return {used.begin(), used.end()};
}

// Secrets are asked for before anything else: nobody is asked in the middle of a run.
bool has_secrets(RunContext& context, Report& report) {
  for (std::uint32_t index = 0; index < context.plan.inputs.size(); ++index) {
    const Input& input = context.plan.inputs[index];
    const auto value = input.is_secret ? context.inputs.value(index) : Value{};
    if (!value) {
      report.diagnostics.append(diagnostic(Code::secret_unavailable, input.span, input.name,
                                           context.shown(value.error().message)));
    }
  }
  return !report.diagnostics.has_errors();
}

// Which boot each host is in, of all that could be reached; the others are in the report.
Boots connect(RunContext& context, Programs& programs, Report& report) {
  const AttributeSource none = [](ResourceId, std::uint32_t) -> EvaluationResult {
    return std::unexpected(EvaluationError{.message = "not observed"});
  };
  const Binding nothing_bound;
  RunEnvironment environment(context.resources, nothing_bound, context.run_id, none);
  std::size_t outstanding = 0;
  bool is_done = true;
  Boots boots;
  const std::vector<std::uint32_t> hosts = used_hosts(context.plan);
  report.hosts.resize(hosts.size());
  for (std::size_t index = 0; index < hosts.size(); ++index) {
    const Host& host = context.plan.hosts[hosts[index]];
    HostResult& result = report.hosts[index];
    result.name = host.name;
    result.address = host.is_local ? "this machine" : host.address;
    auto address = address_of(context.plan, HostId{hosts[index]}, environment);
    if (!address && !context.world.effector.is_simulated()) {
      result.detail = address.error().message;
      report.diagnostics.append(diagnostic(Code::missing_input, Span{}, host.name));
      continue;
    }
    ++outstanding;
    is_done = false;
    Connect body{.host = address ? *address : local_address(),
                 .users = users_of(context, hosts[index])};
    programs.start_action(
        [&](ActionId id) {
          context.world.effector.start(id, {.body = std::move(body),
                                            .origin = {.what = "connect to " + host.name},
                                            .timeout = connect_timeout});
        },
        [&, index](const ActionResult& answer) {
          HostResult& seen = report.hosts[index];
          if (const auto* failure = std::get_if<Failure>(&answer)) {
            const Failure told = context.shown(*failure);
            seen.detail = told.message;
            report.diagnostics.append(to_diagnostic(told, Span{}));
          } else if (const auto* connected = std::get_if<ConnectResult>(&answer)) {
            seen.is_connected = true;
            seen.os = connected->os;
            boots[hosts[index]] = connected->boot_id;
            tell(context, RunEventKind::host_connected, seen.name, connected->os);
          }
          is_done = --outstanding == 0;
        },
        ProgramKind::body);
  }
  pump_until(programs, is_done);
  return boots;
}

// All facts that anything in the plan reads are observed now, also those that only a way back
// needs. One that cannot be observed now is unknown, which may matter to nobody.
void gather_facts(RunContext& context, Programs& programs, Observations& observations) {
  std::size_t outstanding = 0;
  bool is_done = true;
  for (const Variable& variable : context.plan.variables) {
    const bool is_fact =
        context.resources.type(variable.resource).attributes[variable.attribute].kind ==
        AttributeKind::fact;
    if (!is_fact || context.resources.is_dependent(variable.resource)) {
      continue;
    }
    ++outstanding;
    is_done = false;
    observations.request(variable.resource, variable.attribute, observations.recent(),
                         [&, variable](const std::expected<Value, Failure>& value) {
                           if (value) {
                             tell(context, RunEventKind::observed,
                                  context.resources.name(variable.resource, variable.attribute),
                                  context.shown(to_text(*value)));
                           }
                           is_done = --outstanding == 0;
                         });
  }
  pump_until(programs, is_done);
}

// What must always hold was proved from a world in which it does: is it one?
void check_invariants(RunContext& context,
                      Programs& programs,
                      Observations& observations,
                      const History& history,
                      Report& report) {
  std::vector<const Condition*> invariants;
  for (const Condition& invariant : context.plan.invariants) {
    invariants.push_back(&invariant);
  }
  bool is_done = false;
  const auto tell_about = [&](const std::vector<Observations::Verdict>& verdicts) {
    for (std::size_t index = 0; index < invariants.size(); ++index) {
      const Condition& invariant = *invariants[index];
      const auto& [truth, detail] = verdicts[index];
      if (truth == Truth::fails) {
        report.diagnostics.append(
            diagnostic(Code::invariant_false_as_found, invariant.span,
                       print_condition(context.plan, invariant))
                .note(detail)
                .help("the plan was proved for a world in which it holds: put it right first"));
      }
      // A run that goes on may be where a host is down; its steps look again before they act.
      if (truth == Truth::unknown && !history.goes_on()) {
        report.diagnostics.append(diagnostic(Code::cannot_observe, invariant.span,
                                             print_condition(context.plan, invariant), detail)
                                      .note("the plan says that it always holds"));
      }
    }
    is_done = true;
  };
  observations.judge(invariants, {}, observations.recent(), tell_about);
  pump_until(programs, is_done);
}

void decide_rules(RunContext& context,
                  Programs& programs,
                  Observations& observations,
                  const History& history,
                  Report& report) {
  std::vector<const Condition*> rules;
  std::vector<Expression> words;
  for (const DeferredRule& rule : context.plan.rules) {
    rules.push_back(&rule.condition);
    words.push_back(rule.condition.message_value.is_none()
                        ? Expression{.value = Value{rule.condition.message}}
                        : Expression{.expr = rule.condition.message_value});
  }
  std::vector<EvaluationResult> messages;
  bool has_messages = false;
  observations.evaluate_all(std::move(words), {}, observations.recent(), [&](auto results) {
    messages = std::move(results);
    has_messages = true;
  });
  pump_until(programs, has_messages);
  bool is_done = false;
  observations.judge(rules, {}, observations.recent(), [&](const auto& verdicts) {
    for (std::size_t index = 0; index < rules.size(); ++index) {
      const Condition& rule = *rules[index];
      const auto& verdict = verdicts[index];
      const auto* made = messages[index] ? messages[index]->template as<std::string>() : nullptr;
      const std::string written = print_condition(context.plan, rule);
      const std::string said = context.shown(made == nullptr || made->empty() ? written : *made);
      report.rules.push_back({written, verdict.truth == Truth::holds,
                              verdict.truth != Truth::unknown,
                              verdict.truth == Truth::fails ? said : verdict.detail});
      if (verdict.truth == Truth::fails) {
        report.diagnostics.append(
            diagnostic(Code::rule_violated, rule.span, said).note(verdict.detail));
      }
      // A run that goes on decided its rules when it began.
      if (verdict.truth == Truth::unknown && !history.goes_on()) {
        report.diagnostics.append(
            diagnostic(Code::cannot_observe, rule.span, written, verdict.detail));
      }
    }
    is_done = true;
  });
  pump_until(programs, is_done);
}

// What nobody in the plan provides has to be there now.
void check_requirements(RunContext& context,
                        Programs& programs,
                        Observations& observations,
                        const RunGraph& graph,
                        Report& report) {
  const std::multimap<StepId, std::uint32_t> needed(context.plan.preflight_requirements.begin(),
                                                    context.plan.preflight_requirements.end());
  std::size_t outstanding = 0;
  bool is_done = true;
  for (const Node& node : graph.nodes) {
    if (is_finished(node.status) || node.is_open) {
      continue;
    }
    const auto [first, last] = needed.equal_range(node.step);
    for (auto entry = first; entry != last; ++entry) {
      const Condition& condition = context.plan.steps[node.step.index].requires_[entry->second];
      ++outstanding;
      is_done = false;
      observations.judge(
          {&condition}, node.binding, observations.recent(),
          [&, name = node.name](const auto& verdicts) {
            if (verdicts[0].truth == Truth::fails) {
              report.diagnostics.append(diagnostic(Code::requirement_not_met, condition.span, name,
                                                   print_condition(context.plan, condition))
                                            .note(verdicts[0].detail)
                                            .note("no step of the plan makes it true"));
            }
            if (verdicts[0].truth == Truth::unknown) {
              report.diagnostics.append(diagnostic(Code::cannot_observe, condition.span,
                                                   print_condition(context.plan, condition),
                                                   verdicts[0].detail)
                                            .note("step `" + name + "` needs it"));
            }
            is_done = --outstanding == 0;
          });
    }
  }
  pump_until(programs, is_done);
}

// What could not be observed because of one and the same failure is told once, and counted: a wrong
// password is one mistake, however many conditions read the database.
Diagnostics told_once(const Diagnostics& found) {
  const auto cause_of = [](const Diagnostic& item) -> std::string {
    constexpr std::string_view words = " could not be observed: ";
    const std::size_t at = item.message.rfind(words);
    return item.code != Code::cannot_observe || at == std::string::npos
               ? ""
               : item.message.substr(at + words.size());
  };
  std::map<std::string, std::size_t> counts;
  for (const Diagnostic& item : found.items()) {
    ++counts[cause_of(item)];
  }
  Diagnostics result;
  std::set<std::string> told;
  for (const Diagnostic& item : found.items()) {
    const std::string cause = cause_of(item);
    if (cause.empty()) {
      result.append(item);
    } else if (told.insert(cause).second) {
      Diagnostic& first = result.append(item);
      if (counts[cause] > 1) {
        first.note(std::to_string(counts[cause] - 1) +
                   " more could not be looked at for the same reason");
      }
    }
  }
  return result;
}

}  // namespace

bool pump_until(Programs& programs, const bool& is_done) {
  while (!is_done) {
    if (!programs.pump()) {
      return false;
    }
  }
  return true;
}

bool check_goals(RunContext& context,
                 Programs& programs,
                 Observations& observations,
                 Since since,
                 Report& report) {
  std::vector<const Condition*> goals;
  for (const Condition& goal : context.plan.goals) {
    goals.push_back(&goal);
  }
  report.goals.clear();
  bool all_hold = true;
  bool is_done = false;
  observations.judge(goals, {}, since, [&](const auto& verdicts) {
    for (std::size_t index = 0; index < goals.size(); ++index) {
      report.goals.push_back({print_condition(context.plan, *goals[index]),
                              verdicts[index].truth == Truth::holds,
                              verdicts[index].truth != Truth::unknown, verdicts[index].detail});
      all_hold = all_hold && verdicts[index].truth == Truth::holds;
    }
    is_done = true;
  });
  return pump_until(programs, is_done) && all_hold;
}

Preflight preflight(RunContext& context,
                    Programs& programs,
                    Observations& observations,
                    const History& history,
                    std::map<std::string, Prior> priors,
                    Report& report) {
  tell(context, RunEventKind::preflight_started);
  Preflight result;
  const Boots boots = has_secrets(context, report) ? connect(context, programs, report) : Boots();
  if (!report.diagnostics.has_errors()) {
    gather_facts(context, programs, observations);
    check_same_machine(context, programs, observations, boots, report);
    decide_rules(context, programs, observations, history, report);
    check_invariants(context, programs, observations, history, report);
    Forecast forecast(context);
    Executor looking(context, programs, observations, nullptr, history);
    looking.foresee(forecast);
    observations.foresee(&forecast);
    SchedulerState seen =
        looking.run(make_graph(context.plan, std::move(priors)), {.mode = RunMode::look});
    observations.foresee(nullptr);
    result.graph = std::move(seen.graph);
    result.goals_hold = check_goals(context, programs, observations, observations.recent(), report);
    // Where the world is already as it shall be, no step will run: one in the middle of a chain
    // would ask for a state that the chain has long left behind.
    if (history.goes_on() || context.plan.goals.empty() || !result.goals_hold) {
      check_requirements(context, programs, observations, result.graph, report);
    }
    list_destructions(context, programs, observations, result.graph, history, report);
    report.loops = loop_results(context, programs, observations, forecast, result.graph);
    result.all_hold = std::ranges::all_of(
        result.graph.nodes, [](const Node& node) { return is_finished(node.status); });
    report.steps = step_results(context, result.graph, history);
    tell_left_behind(result.graph, history, report.steps);
  }
  report.diagnostics.sort();
  report.diagnostics = told_once(report.diagnostics);
  tell(context, RunEventKind::preflight_finished, "",
       report.diagnostics.has_errors() ? "problems" : "ready");
  return result;
}

}  // namespace plan
