#include "compiler/prove/schedule.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"

namespace plan {

namespace {

// The longest schedule of which every step is told.
constexpr std::size_t whole_limit = 12;

bool is_copy(const Terms& terms, const Write& write) {
  return write.kind == WriteKind::set && terms[write.value].kind == TermKind::initial;
}

// "live is false"; what follows from a write that does not matter is left out.
std::string effect_text(const ScheduleSource& source, const Write& write) {
  const std::string name = variable_text(source.plan, write.variable);
  switch (write.kind) {
    case WriteKind::part:
      return fmt::format("a part of {} is changed", name);
    case WriteKind::change:
      return write.destroys ? fmt::format("{} is lost", name)
                            : fmt::format("{} may be anything", name);
    case WriteKind::set:
      if (is_copy(source.terms, write)) {
        return fmt::format("{} is what {} is", name,
                           variable_text(source.plan, source.terms.variable_of(write.value)));
      }
      if (const Value* value = source.terms.value(write.value)) {
        return fmt::format("{} is {}", name, to_text(*value));
      }
      return fmt::format("{} is set", name);
  }
  return {};
}

std::string effects_text(const ScheduleSource& source,
                         StepId step,
                         std::span<const VariableId> about) {
  std::string text;
  for (const Write& write : source.effects.of(step)) {
    if (std::ranges::find(about, write.variable) != about.end()) {
      text += (text.empty() ? "" : ", ") + effect_text(source, write);
    }
  }
  return text;
}

// Of a run of steps that say nothing, only their number.
void shorten(Counterexample& schedule, std::span<const StepId> last) {
  if (schedule.moments.size() <= whole_limit) {
    return;
  }
  std::vector<Moment> kept;
  std::size_t skipped = 0;
  const auto close = [&] {
    if (skipped > 0) {
      kept.push_back({.step = fmt::format("… {} step{} that do{} not matter here", skipped,
                                          skipped == 1 ? "" : "s", skipped == 1 ? "es" : "")});
    }
    skipped = 0;
  };
  for (Moment& moment : schedule.moments) {
    const bool is_last = std::ranges::find(last, StepId{moment.node}) != last.end();
    if (moment.then.empty() && !is_last) {
      ++skipped;
      continue;
    }
    close();
    kept.push_back(std::move(moment));
  }
  close();
  schedule.moments = std::move(kept);
}

}  // namespace

Counterexample schedule_to(const ScheduleSource& source,
                           std::span<const StepId> last,
                           std::span<const VariableId> about) {
  Counterexample schedule;
  std::vector<std::uint32_t> done;
  for (const StepId target : last) {
    std::vector<std::uint32_t> before = source.graph.ancestors(std::array{target.index});
    std::ranges::sort(before, {}, [&](std::uint32_t node) { return source.graph.position(node); });
    for (const std::uint32_t node : before) {
      if (std::ranges::binary_search(done, node)) {
        continue;
      }
      const StepKind kind = source.plan.steps[node].kind;
      const bool is_target = std::ranges::find(last, StepId{node}) != last.end();
      if (is_target || (kind != StepKind::loop_begin && kind != StepKind::loop_end)) {
        schedule.moments.push_back({.step = source.plan.steps[node].name,
                                    .then = effects_text(source, StepId{node}, about),
                                    .node = node});
      }
    }
    std::vector<std::uint32_t> all;
    std::ranges::sort(before);
    std::ranges::set_union(done, before, std::back_inserter(all));
    done = std::move(all);
  }
  shorten(schedule, last);
  return schedule;
}

void add_moment(Counterexample& schedule, std::string what, std::string then) {
  schedule.moments.push_back({.step = std::move(what), .then = std::move(then)});
}

void add_to_last(Counterexample& schedule, const std::string& then) {
  if (!schedule.moments.empty()) {
    std::string& text = schedule.moments.back().then;
    text += (text.empty() ? "" : ", ") + then;
  }
}

std::string what_it_does(const Plan& plan, const Terms& terms, const Write& write) {
  const std::string step = step_text(plan, write.step);
  const std::string variable = variable_text(plan, write.variable);
  switch (write.kind) {
    case WriteKind::part:
      return fmt::format("{} changes a part of `{}`", step, variable);
    case WriteKind::change:
      return fmt::format("{} leaves `{}` with a value that nobody can know", step, variable);
    case WriteKind::set:
      if (is_copy(terms, write)) {
        return fmt::format("{} copies `{}` from `{}`", step, variable,
                           variable_text(plan, terms.variable_of(write.value)));
      }
      if (const Value* value = terms.value(write.value)) {
        return fmt::format("{} makes `{}` {}", step, variable, to_text(*value));
      }
      return fmt::format("{} sets `{}`", step, variable);
  }
  return {};
}

}  // namespace plan
