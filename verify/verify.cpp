#include "verify/verify.hpp"

#include <algorithm>

#include "compiler/digest.hpp"
#include "verify/checker.hpp"

namespace plan::verify {

Checker::Checker(const Plan& the_plan, const Certificate& the_certificate)
    : plan(the_plan),
      certificate(the_certificate),
      nodes(the_plan),
      loops(the_plan, nodes),
      writes(the_plan, nodes),
      ordering(the_plan, loops, the_certificate, faults) {
  for (std::uint32_t index = 0; index < plan.variables.size(); ++index) {
    found.push_back(nodes.found(VariableId{index}));
  }
  state = found;
  after.resize(writes.all().size());
  is_past.resize(plan.steps.size());
  is_copied.resize(plan.variables.size());
  assumed_of.resize(plan.variables.size());
  for (const auto& [step, clause] : plan.preflight_requirements) {
    preflight.emplace(step.index, clause);
  }
  written_in.resize(plan.loops.size());
  entry_values.resize(plan.loops.size());
  for (std::uint32_t loop = 0; loop < plan.loops.size(); ++loop) {
    loop_at.emplace(plan.loops[loop].begin.index, loop);
    loop_at.emplace(plan.loops[loop].end.index, loop);
  }
  for (std::uint32_t index = 0; index < writes.all().size(); ++index) {
    const Write& write = writes.all()[index];
    if (write.kind == WriteKind::set && nodes[write.value].kind == NodeKind::found) {
      is_copied[write.variable.index] = true;
      is_copied[nodes[write.value].detail] = true;
    }
    for (std::uint32_t loop = loops.of(write.step); loop != none; loop = plan.loops[loop].parent) {
      written_in[loop].push_back(index);
    }
  }
}

void Checker::run() {
  if (!faults.empty()) {
    return;  // without an order nothing else can be said
  }
  writes.sort(ordering.positions());
  check_writers();
  check_steps();
  check_aliases();
  check_races();
  for (const StepId step : plan.topological) {
    check_requirements(step);
    check_waits(step);
    check_losses(step);
    act(step);
  }
  check_open_waits();
  check_waits_end();
  check_losses_beside();
  check_goals();
  check_invariants();
  check_ways_back();
  const auto is_read = [&](std::string_view section, std::size_t size, std::size_t taken) {
    if (size > taken) {
      fault("the certificate says more about {} than there is", section);
    }
  };
  is_read("requirements", certificate.requirements.size(), at_requirement);
  is_read("waits", certificate.waits.size(), waits.size());
  is_read("what is destroyed", certificate.losses.size(), at_loss);
  if (ordering.unused() > 0) {
    fault("{} paths of the certificate order nothing that needs it", ordering.unused());
  }
}

void Checker::check_writers() {
  if (certificate.writers.size() != plan.variables.size()) {
    fault("the certificate does not tell the writers of every state");
    return;
  }
  for (std::uint32_t variable = 0; variable < plan.variables.size(); ++variable) {
    std::vector<std::uint32_t> steps;
    for (const std::uint32_t index : writes.of(VariableId{variable})) {
      steps.push_back(writes.all()[index].step.index);
    }
    if (certificate.writers[variable] != steps) {
      fault("the writers of state {} are not those that the certificate tells", variable);
    }
  }
}

// What a crash inside of each step leads to, and its way back.
void Checker::check_steps() {
  if (certificate.steps.size() != plan.steps.size()) {
    fault("the certificate does not speak of every step once");
    return;
  }
  std::vector<StepId> ends;
  std::vector<bool> follows(plan.steps.size());  // comes after a step that cannot be undone
  std::vector<std::vector<std::uint32_t>> arrows(plan.steps.size());
  for (const Edge& edge : plan.edges) {
    arrows[edge.from.index].push_back(edge.to.index);
  }
  for (const StepId id : plan.topological) {
    const Step& step = plan.steps[id.index];
    const Operation* operation =
        step.operation < plan.operations.size() ? &plan.operations[step.operation] : nullptr;
    const bool acts =
        step.kind == StepKind::operation && operation != nullptr && !operation->body.is_empty();
    const bool is_sure = !step.ensures.empty() || (acts && operation->is_once);
    if (acts && !is_sure) {
      fault("`{}` acts, and nothing tells whether it is done", step.name);
    }
    const bool has_undo = step.undo_operation != UINT32_MAX;
    const bool is_final = (operation != nullptr && !operation->irreversible.empty()) ||
                          (!step.effects.empty() && !has_undo && !step.undo_none);
    Crash crash{.resumes = acts && operation->is_once ? "asks"
                           : !step.ensures.empty()    ? "observes"
                                                      : "nothing",
                .way_back = follows[id.index] ? "past"
                            : is_final        ? "ends"
                            : has_undo        ? "undo"
                                              : "none"};
    is_past[id.index] = follows[id.index] || is_final;
    if (is_final && !follows[id.index]) {
      ends.push_back(id);
    }
    for (const std::uint32_t next : arrows[id.index]) {
      follows[next] = follows[next] || is_past[id.index];
    }
    if (!(certificate.steps[id.index] == crash)) {
      fault("`{}`: after a crash it {}, its way back is {}; the certificate says something else",
            step.name, crash.resumes, crash.way_back);
    }
  }
  std::ranges::sort(ends);
  if (ends != plan.point_of_no_return) {
    fault("the plan's point of no return is not where its way back ends");
  }
}

NodeId Checker::when(StepId step) {
  const auto& condition = plan.steps[step.index].when;
  return condition ? nodes.of(condition->expr) : nodes.truth(true);
}

NodeId Checker::now(NodeId node, StepId step) {
  const NodeId value = nodes.in(node, state);
  return step.is_none() || !plan.steps[step.index].when
             ? value
             : nodes.under(value, nodes.in(when(step), state), true);
}

NodeId Checker::given(NodeId node, NodeId about) {
  for (const VariableId variable : nodes.variables(about)) {
    for (const NodeId known : assumed_of[variable.index]) {
      node = nodes.under(node, known, true);
    }
  }
  return node;
}

// All values are taken from the state before the step.
void Checker::act(StepId step) {
  if (const auto at = loop_at.find(step.index); at != loop_at.end()) {
    plan.loops[at->second].begin == step ? enter(at->second) : leave(at->second);
    return;
  }
  const NodeId runs_now = nodes.in(when(step), state);
  if (plan.steps[step.index].when) {
    runs.emplace(step.index, runs_now);
  }
  const auto own = writes.of(step);
  const auto first = static_cast<std::size_t>(own.data() - writes.all().data());
  for (std::size_t index = 0; index < own.size(); ++index) {
    const NodeId value =
        own[index].kind == WriteKind::set ? nodes.in(own[index].value, state) : nodes.unknown();
    after[first + index] =
        plan.steps[step.index].when
            ? nodes.make(Op::conditional, 0, {runs_now, value, state[own[index].variable.index]})
            : value;
  }
  for (std::size_t index = 0; index < own.size(); ++index) {
    state[own[index].variable.index] = after[first + index];
  }
}

// The body runs any number of times: what it writes of what all elements share may be there when
// an element begins, and may be missing at the end.
void Checker::enter(std::uint32_t loop) {
  for (const std::uint32_t index : written_in[loop]) {
    const Write& write = writes.all()[index];
    if (loops.is_private(write.variable, loop)) {
      continue;
    }
    NodeId& value = state[write.variable.index];
    auto& entries = entry_values[loop];
    if (std::ranges::none_of(entries,
                             [&](const auto& entry) { return entry.first == write.variable; })) {
      entries.emplace_back(write.variable, value);
    }
    const bool stays =
        write.kind == WriteKind::set && write.value == value && nodes.constant_of(value) != nullptr;
    value = stays ? value : nodes.unknown();
  }
}

void Checker::leave(std::uint32_t loop) {
  for (const auto& [variable, at_entry] : entry_values[loop]) {
    NodeId& value = state[variable.index];
    value = nodes.make(Op::conditional, 0, {nodes.unknown(), value, at_entry});
  }
}

Verdict verify(const Plan& plan, std::string_view text) {
  Verdict verdict;
  const auto certificate = read_certificate(text);
  if (!certificate) {
    verdict.faults.push_back("the certificate cannot be read: " + certificate.error());
    return verdict;
  }
  if (certificate->digest != to_hex(digest(plan))) {
    verdict.faults.push_back("the certificate is of another plan: it speaks of digest " +
                             certificate->digest);
    return verdict;
  }
  Checker checker(plan, *certificate);
  checker.run();
  verdict.faults = std::move(checker.faults);
  verdict.requirements = certificate->requirements.size();
  verdict.paths = certificate->paths.size();
  verdict.cases = checker.cases;
  return verdict;
}

}  // namespace plan::verify
