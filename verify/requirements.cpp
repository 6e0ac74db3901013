// What steps need when they start, what waits need to end, what is destroyed, what holds at the
// end.
#include <algorithm>
#include <set>

#include "verify/checker.hpp"

namespace plan::verify {

std::vector<Reading> Checker::readings(const std::vector<VariableId>& read, StepId step) const {
  std::vector<Reading> result;
  for (const VariableId variable : read) {
    const auto all = writes.of(variable);
    if (all.empty()) {
      continue;
    }
    const std::uint32_t here = step.is_none() ? none : ordering.position(step);
    const auto next = std::ranges::lower_bound(all, here, {}, [&](std::uint32_t index) {
      return ordering.position(writes.all()[index].step);
    });
    // What the step writes itself comes after what it reads.
    result.push_back(
        {.variable = variable.index,
         .writer = next == all.begin() ? none : writes.all()[*std::prev(next)].step.index,
         .next = next == all.end() ? none : writes.all()[*next].step.index});
  }
  return result;
}

void Checker::check_requirements(StepId step) {
  const auto& clauses = plan.steps[step.index].requires_;
  for (std::uint32_t index = 0; index < clauses.size(); ++index) {
    const NodeId condition = nodes.of(clauses[index].expr);
    bool is_found = false;
    for (const NodeId part : nodes.parts(condition)) {
      if (nodes.is_true(now(part, step))) {
        continue;
      }
      if (nodes.in(part, state) != part) {
        fault("`{}` requires `{}`: nothing makes sure of it", name(step),
              clauses[index].text.text());
        continue;
      }
      is_found = true;
      if (!plan.steps[step.index].when) {
        if (assumed.contains(nodes.make(Op::logical_not, 0, {part}))) {
          fault("`{}` requires `{}`, and another step requires the opposite of the world as found",
                name(step), clauses[index].text.text());
        }
        if (assumed.insert(part).second) {
          for (const VariableId variable : nodes.variables(part)) {
            assumed_of[variable.index].push_back(part);
          }
        }
      }
    }
    if (is_found && !preflight.contains({step.index, index})) {
      fault("`{}` requires `{}` of the world as found, and preflight does not look at it",
            name(step), clauses[index].text.text());
    }
    take(certificate.requirements, at_requirement,
         Requirement{.step = step.index,
                     .clause = index,
                     .by = is_found ? "preflight" : "plan",
                     .readings = readings(nodes.variables(condition), step)},
         fmt::format("what `{}` requires (`{}`)", name(step), clauses[index].text.text()));
  }
}

void Checker::check_goals() {
  std::size_t at = 0;
  for (std::uint32_t index = 0; index < plan.goals.size(); ++index) {
    const Condition& goal = plan.goals[index];
    const NodeId condition = nodes.of(goal.expr);
    for (const NodeId part : nodes.parts(condition)) {
      NodeId value = given(nodes.in(part, state), part);
      for (const Condition& invariant : plan.invariants) {
        for (const NodeId known : nodes.parts(nodes.of(invariant.expr))) {
          value = nodes.under(value, given(known, known), true);
        }
      }
      // Goals over facts and inputs are observed at the end; no step has to do with them.
      const auto read = nodes.variables(part);
      const bool speaks_of_states = std::ranges::any_of(read, [&](VariableId id) {
        const Variable& variable = plan.variables[id.index];
        const auto& attributes =
            plan.resource_types[plan.resources[variable.resource.index].type].attributes;
        return variable.attribute >= attributes.size() ||
               attributes[variable.attribute].kind == AttributeKind::state;
      });
      if (!nodes.is_true(value) && speaks_of_states) {
        fault("the goal `{}` is not reached in every schedule", goal.text.text());
      }
    }
    take(certificate.goals, at,
         Requirement{
             .clause = index, .by = "plan", .readings = readings(nodes.variables(condition), {})},
         fmt::format("the goal `{}`", goal.text.text()));
  }
  if (certificate.goals.size() > at) {
    fault("the certificate has more goals than the plan");
  }
}

// Whether it is false if the conditions of those who write it turn out in some way.
bool Checker::may_be_false(NodeId value, std::span<const NodeId> conditions) {
  constexpr std::size_t condition_limit = 10;
  if (nodes.is_false(value) || conditions.size() > condition_limit) {
    return true;
  }
  return !conditions.empty() &&
         (may_be_false(nodes.under(value, conditions.front(), true), conditions.subspan(1)) ||
          may_be_false(nodes.under(value, conditions.front(), false), conditions.subspan(1)));
}

Checker::Ending Checker::ending(NodeId value, NodeId part, bool is_late) {
  if (nodes.is_true(value)) {
    return Ending::sure;
  }
  std::vector<NodeId> conditions;
  for (const VariableId variable : nodes.variables(part)) {
    for (const std::uint32_t at : writes.of(variable)) {
      if (const auto ran = runs.find(writes.all()[at].step.index); ran != runs.end()) {
        conditions.push_back(ran->second);
      }
    }
  }
  return !may_be_false(value, conditions) && (nodes.has_unknown(value) || !is_late)
             ? Ending::undecided
             : Ending::never;
}

// The values in `found` become those that the writer leaves behind, as `wait` sees them.
void Checker::write_for(const OpenWait& wait, StepId writer) {
  const auto own = writes.of(writer);
  const auto first = static_cast<std::size_t>(own.data() - writes.all().data());
  for (std::size_t index = 0; index < own.size(); ++index) {
    const VariableId variable = own[index].variable;
    if (std::ranges::find(wait.read, variable) == wait.read.end()) {
      continue;
    }
    NodeId& value = found[variable.index];
    NodeId written = after[first + index];
    if (const auto ran = runs.find(writer.index); ran != runs.end()) {
      written = nodes.make(Op::conditional, 0,
                           {ran->second, nodes.under(written, ran->second, true), value});
    }
    for (std::uint32_t loop = loops.of(writer); loop != none && !loops.holds(loop, wait.step);
         loop = plan.loops[loop].parent) {
      if (!loops.is_private(variable, loop)) {
        written = nodes.make(Op::conditional, 0, {nodes.unknown(), written, value});
      }
    }
    value = written;
  }
}

// What the condition comes to before the first of those beside the wait, and behind each.
std::vector<Checker::Ending> Checker::endings(const OpenWait& wait) {
  for (const VariableId variable : wait.read) {
    for (std::uint32_t loop = loops.of(wait.step); loop != none; loop = plan.loops[loop].parent) {
      const bool is_shared = std::ranges::any_of(written_in[loop], [&](std::uint32_t index) {
        return writes.all()[index].variable == variable && !loops.is_private(variable, loop);
      });
      found[variable.index] = is_shared ? nodes.unknown() : found[variable.index];
    }
  }
  const auto runs_too = runs.find(wait.step.index);
  const auto now = [&] {
    const NodeId value = nodes.in(wait.part, found);
    return ending(given(runs_too == runs.end() ? value : nodes.under(value, runs_too->second, true),
                        wait.part),
                  wait.part, wait.is_late);
  };
  for (const StepId writer : wait.before) {
    write_for(wait, writer);
  }
  std::vector<Ending> result{now()};
  for (const StepId writer : wait.beside) {
    write_for(wait, writer);
    result.push_back(now());
  }
  for (const VariableId variable : wait.read) {
    found[variable.index] = nodes.found(variable);
  }
  return result;
}

Checker::OpenWait Checker::open_wait(StepId step, NodeId part) {
  OpenWait wait{.step = step, .part = part, .read = nodes.variables(part)};
  std::set<std::pair<std::uint32_t, StepId>> writers;  // with their positions
  for (const VariableId variable : wait.read) {
    for (const std::uint32_t at : writes.of(variable)) {
      const StepId writer = writes.all()[at].step;
      writers.emplace(ordering.position(writer), writer);
    }
  }
  for (const auto& [position, writer] : writers) {
    if (writer == step) {
      continue;
    }
    if (ordering.before(writer, step)) {
      wait.before.push_back(writer);
    } else if (!ordering.before(step, writer)) {
      wait.beside.push_back(writer);
    } else {
      wait.is_late = wait.is_late || bearing(writer, part) == Bearing::provides;
    }
  }
  return wait;
}

void Checker::check_waits(StepId step) {
  const auto& clauses = plan.steps[step.index].awaits;
  for (std::uint32_t index = 0; index < clauses.size(); ++index) {
    std::uint32_t number = 0;
    for (const NodeId part : nodes.parts(nodes.of(clauses[index].expr))) {
      OpenWait wait = open_wait(step, part);
      wait.entry = waits.size();
      waits.push_back(
          {.step = step.index, .clause = index, .part = number++, .by = "", .providers = {}});
      if (!wait.beside.empty()) {
        open_waits.push_back(std::move(wait));
        continue;
      }
      const Ending now_ends = ending(given(now(part, step), part), part, wait.is_late);
      end_by(wait, {now_ends});
    }
  }
}

// Who has to end so that the wait can, from what each of those beside it leaves behind.
void Checker::end_by(const OpenWait& wait, const std::vector<Ending>& endings) {
  Wait& entry = waits[wait.entry];
  if (endings.back() == Ending::never) {
    fault("the wait `{}` for `{}` never ends", name(wait.step),
          plan.steps[entry.step].awaits[entry.clause].text.text());
  }
  bool is_chain = true;
  for (std::size_t index = 1; index < wait.beside.size(); ++index) {
    is_chain = is_chain && ordering.before(wait.beside[index - 1], wait.beside[index]);
  }
  const auto last_never = std::ranges::find(endings.rbegin(), endings.rend(), Ending::never);
  const auto from = is_chain ? endings.rend() - last_never : 1;
  if (from == 0) {
    entry.by = std::ranges::count(endings, Ending::sure) == std::ssize(endings) ? "plan" : "world";
    return;
  }
  entry.by = is_chain ? "beside" : "together";
  Pending needed{.step = wait.step, .providers = {}, .needs_all = !is_chain};
  for (auto index = static_cast<std::size_t>(from - 1); index < wait.beside.size(); ++index) {
    needed.providers.push_back(wait.beside[index]);
    entry.providers.push_back(wait.beside[index].index);
  }
  pending.push_back(std::move(needed));
}

// Those that others write beside them; then the certificate is compared with all.
void Checker::check_open_waits() {
  for (const OpenWait& wait : open_waits) {
    end_by(wait, endings(wait));
  }
  std::size_t at = 0;
  for (const Wait& wait : waits) {
    const Step& step = plan.steps[wait.step];
    take(
        certificate.waits, at, wait,
        fmt::format("what `{}` waits for (`{}`)", step.name, step.awaits[wait.clause].text.text()));
  }
}

// Everything comes to its end, where a wait needs one of its providers, or all of them, to have
// done so.
void Checker::check_waits_end() {
  std::vector<std::uint32_t> missing(plan.steps.size());
  std::vector<std::vector<std::uint32_t>> arrows(plan.steps.size());
  std::multimap<std::uint32_t, std::size_t> ended_by;
  for (const Edge& edge : plan.edges) {
    ++missing[edge.to.index];
    arrows[edge.from.index].push_back(edge.to.index);
  }
  for (std::size_t index = 0; index < pending.size(); ++index) {
    const Pending& wait = pending[index];
    missing[wait.step.index] +=
        wait.needs_all ? static_cast<std::uint32_t>(wait.providers.size()) : 1;
    for (const StepId provider : wait.providers) {
      ended_by.emplace(provider.index, index);
    }
  }
  std::vector<std::uint32_t> ready;
  for (std::uint32_t step = 0; step < missing.size(); ++step) {
    if (missing[step] == 0) {
      ready.push_back(step);
    }
  }
  std::vector<bool> is_met(pending.size());
  std::size_t ended = 0;
  const auto release = [&](std::uint32_t step) {
    if (--missing[step] == 0) {
      ready.push_back(step);
    }
  };
  for (; ended < ready.size(); ++ended) {
    const std::uint32_t step = ready[ended];
    std::ranges::for_each(arrows[step], release);
    const auto [first, last] = ended_by.equal_range(step);
    for (auto at = first; at != last; ++at) {
      if (pending[at->second].needs_all || !is_met[at->second]) {
        is_met[at->second] = true;
        release(pending[at->second].step.index);
      }
    }
  }
  if (ended < plan.steps.size()) {
    fault("{} steps can never end: waits need each other", plan.steps.size() - ended);
  }
}

}  // namespace plan::verify
