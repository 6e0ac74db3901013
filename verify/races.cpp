// No two steps touch one state at the same time, one of them writing it, unless their conditions
// exclude each other. So what a step reads does not depend on the schedule.
#include <algorithm>
#include <array>

#include "verify/checker.hpp"

namespace plan::verify {

namespace {

enum class AccessKind : std::uint8_t { read, wait, part, write };

struct Access {
  StepId step;
  AccessKind kind = AccessKind::read;
  NodeId condition;  // of a wait
};

struct Races {
  Checker& checker;
  std::vector<std::vector<Access>> accesses{};  // by variable

  void add(VariableId variable, const Access& access) {
    if (checker.writes.is_written(variable)) {
      accesses[variable.index].push_back(access);
    }
  }

  void read(NodeId node, StepId step) {
    for (const VariableId variable : checker.nodes.variables(node)) {
      add(variable, {.step = step, .kind = AccessKind::read, .condition = {}});
    }
  }

  void collect(StepId id) {
    Nodes& nodes = checker.nodes;
    const Step& step = checker.plan.steps[id.index];
    for (const Condition& condition : step.awaits) {
      for (const NodeId part : nodes.parts(nodes.of(condition.expr))) {
        for (const VariableId variable : nodes.variables(part)) {
          add(variable, {.step = id, .kind = AccessKind::wait, .condition = part});
        }
      }
    }
    for (const Condition& condition : step.requires_) {
      read(nodes.of(condition.expr), id);
    }
    if (step.when) {
      read(nodes.of(step.when->expr), id);
    }
    for (const Value& argument : step.arguments) {
      if (const auto* deferred = argument.as<Deferred>()) {
        read(nodes.of(deferred->expr), id);
      }
    }
    for (const Write& write : checker.writes.of(id)) {
      if (write.kind == WriteKind::set) {
        read(write.value, id);
      }
      add(write.variable,
          {.step = id,
           .kind = write.kind == WriteKind::part ? AccessKind::part : AccessKind::write,
           .condition = {}});
    }
  }

  bool exclude_each_other(StepId one, StepId two) {
    Nodes& nodes = checker.nodes;
    const auto is_fixed = [&](StepId step) {
      const auto read = nodes.variables(checker.when(step));
      return checker.plan.steps[step.index].when &&
             std::ranges::none_of(
                 read, [&](VariableId variable) { return checker.writes.is_written(variable); });
    };
    return is_fixed(one) && is_fixed(two) &&
           nodes.is_false(nodes.make(Op::logical_and, 0, {checker.when(one), checker.when(two)}));
  }

  // `other` comes first in the order.
  bool may_meet(const Access& other, const Access& access) {
    if (other.kind == AccessKind::wait || access.kind == AccessKind::wait) {
      const Access& wait = other.kind == AccessKind::wait ? other : access;
      const StepId writer = other.kind == AccessKind::wait ? access.step : other.step;
      return checker.bearing(writer, wait.condition) != Checker::Bearing::threatens;
    }
    return exclude_each_other(other.step, access.step);
  }

  void check(VariableId variable) {
    auto& all = accesses[variable.index];
    std::ranges::stable_sort(all, {}, [&](const Access& access) {
      return std::pair(checker.ordering.position(access.step), access.kind);
    });
    // Those that no later write is known to come after, by kind.
    std::array<std::vector<Access>, 4> open;
    for (std::size_t index = 0; index < all.size(); ++index) {
      const Access& access = all[index];
      bool is_last = true;  // it comes after all of them, and so after all before them
      for (std::size_t kind = 0; kind < open.size(); ++kind) {
        if (!conflicts(access.kind, static_cast<AccessKind>(kind))) {
          continue;
        }
        std::vector<Access> left;
        for (const Access& other : open[kind]) {
          const bool is_before = comes_before(other, access);
          is_last = is_last && is_before;
          if (!is_before || access.kind != AccessKind::write) {
            left.push_back(other);
          }
        }
        open[kind] = std::move(left);
      }
      for (std::size_t at = 0; at < index && !is_last; ++at) {
        const Access& other = all[at];
        if (conflicts(other.kind, access.kind) && !comes_before(other, access) &&
            !may_meet(other, access)) {
          checker.fault(
              "`{}` and `{}` may touch state {} at the same time: no order between "
              "them is shown",
              checker.name(other.step), checker.name(access.step), variable.index);
        }
      }
      open[static_cast<std::size_t>(access.kind)].push_back(access);
    }
  }

  static bool conflicts(AccessKind one, AccessKind two) {
    return one == AccessKind::write || two == AccessKind::write ||
           (one == AccessKind::part) != (two == AccessKind::part);
  }

  [[nodiscard]] bool comes_before(const Access& other, const Access& access) const {
    return other.step == access.step || checker.ordering.before(other.step, access.step);
  }
};

}  // namespace

void Checker::check_races() {
  Races races{.checker = *this};
  races.accesses.resize(plan.variables.size());
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    races.collect(StepId{index});
  }
  for (const Loop& loop : plan.loops) {
    const VariableId query = nodes.variable(loop.owner, loop.query);
    if (query.index != UINT32_MAX) {
      races.add(query, {.step = loop.begin, .kind = AccessKind::read, .condition = {}});
    }
  }
  for (std::uint32_t index = 0; index < plan.variables.size(); ++index) {
    races.check(VariableId{index});
  }
  // Elements side by side.
  for (const Write& write : writes.all()) {
    for (std::uint32_t loop = loops.of(write.step); loop != none; loop = plan.loops[loop].parent) {
      if (plan.loops[loop].at_most != 1 && write.kind != WriteKind::part &&
          !loops.is_private(write.variable, loop)) {
        fault("`{}` changes a state that all elements of its loop share, for several at once",
              name(write.step));
      }
    }
  }
}

// What the writer's effects make of a condition.
Checker::Bearing Checker::bearing(StepId writer, NodeId condition) {
  const std::vector<VariableId> read = nodes.variables(condition);
  std::vector<VariableId> changed;
  std::vector<NodeId> values;
  for (const Write& write : writes.of(writer)) {
    if (std::ranges::find(read, write.variable) != read.end()) {
      changed.push_back(write.variable);
      values.push_back(write.kind == WriteKind::set ? write.value : nodes.unknown());
    }
  }
  if (changed.empty()) {
    return Bearing::untouched;
  }
  std::vector<VariableId> from;  // the variables that the written values come from
  for (std::size_t index = 0; index < changed.size(); ++index) {
    found[changed[index].index] = values[index];
    const std::vector<VariableId> inner = nodes.variables(values[index]);
    from.insert(from.end(), inner.begin(), inner.end());
  }
  const NodeId result = nodes.in(condition, found);
  for (const VariableId variable : changed) {
    found[variable.index] = nodes.found(variable);
  }
  if (result == condition) {
    return Bearing::untouched;
  }
  if (nodes.is_true(result)) {
    return Bearing::provides;
  }
  if (nodes.is_false(result) || nodes.has_unknown(result)) {
    return Bearing::threatens;
  }
  const std::vector<VariableId> left = nodes.variables(result);
  const bool is_handed_on = std::ranges::all_of(
      left, [&](VariableId variable) { return std::ranges::find(from, variable) != from.end(); });
  return is_handed_on ? Bearing::provides : Bearing::other;
}

}  // namespace plan::verify
