#include "compiler/prove/sites.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace plan {

namespace {

// Whether all that `term` depends on is named in `values`, the terms that were put in.
bool comes_from(const Terms& terms, TermId term, std::span<const TermId> values) {
  bool result = true;
  terms.for_each_leaf(term, [&](TermId leaf) {
    if (terms[leaf].kind != TermKind::initial) {
      return;
    }
    const bool is_inside = std::ranges::any_of(values, [&](TermId value) {
      bool found = false;
      terms.for_each_leaf(value, [&](TermId inner) { found = found || inner == leaf; });
      return found;
    });
    result = result && is_inside;
  });
  return result;
}

bool has_unknown(const Terms& terms, TermId term) {
  bool result = false;
  terms.for_each_leaf(
      term, [&](TermId leaf) { result = result || terms[leaf].kind == TermKind::unknown; });
  return result;
}

bool reads(const Terms& terms, TermId term, VariableId variable) {
  bool result = false;
  terms.for_each_leaf(term, [&](TermId leaf) {
    result =
        result || (terms[leaf].kind == TermKind::initial && terms.variable_of(leaf) == variable);
  });
  return result;
}

// The bearing of the only write of a state on the condition that is just this state; absent where
// it is not said at once.
std::optional<Bearer> plain_bearing(const Terms& terms, const Write& write) {
  const bool is_known =
      write.kind == WriteKind::set && (terms.is_true(write.value) || terms.is_false(write.value));
  if (write.kind == WriteKind::set && !is_known) {
    return std::nullopt;
  }
  return Bearer{
      .step = write.step,
      .bearing = is_known && terms.is_true(write.value) ? Bearing::provides : Bearing::threatens,
      .variable = write.variable,
      .before = {}};
}

}  // namespace

std::optional<Bearer> bearing(Terms& terms,
                              TermId atom,
                              std::span<const Write> writes,
                              std::vector<TermId>& state,
                              std::vector<TermId>& unknowns) {
  std::vector<TermId> put_in;
  std::size_t changed = 0;
  Bearer result;
  for (const Write& write : writes) {
    if (!reads(terms, atom, write.variable)) {
      continue;
    }
    if (write.kind != WriteKind::set && changed == unknowns.size()) {
      unknowns.push_back(terms.unknown());
    }
    const TermId value = write.kind == WriteKind::set ? write.value : unknowns[changed++];
    state[write.variable.index] = value;
    put_in.push_back(value);
    result.step = write.step;
    result.variable = put_in.size() == 1 ? write.variable : result.variable;
  }
  if (put_in.empty()) {
    return std::nullopt;
  }
  const TermId after = terms.substitute(atom, state);
  for (const Write& write : writes) {
    state[write.variable.index] = terms.initial(write.variable);
  }
  if (after == atom) {
    return std::nullopt;
  }
  if (terms.is_true(after)) {
    result.bearing = Bearing::provides;
  } else if (terms.is_refuted(after) || terms.is_poison(after) || has_unknown(terms, after)) {
    result.bearing = Bearing::threatens;
  } else if (comes_from(terms, after, put_in)) {
    result.bearing = Bearing::conveys;
    result.before = after;
  } else {
    result.bearing = Bearing::contributes;
  }
  return result;
}

Sites::Sites(const Plan& plan, Terms& terms, const Effects& effects)
    : terms_(terms), effects_(effects) {
  state_.reserve(plan.variables.size());
  for (std::uint32_t index = 0; index < plan.variables.size(); ++index) {
    state_.push_back(terms.initial(VariableId{index}));
  }
  const auto add_all = [&](StepId consumer, Need need, std::span<const Condition> conditions) {
    for (std::uint32_t index = 0; index < conditions.size(); ++index) {
      const bool is_touched = std::ranges::any_of(
          conditions[index].reads, [&](VariableId read) { return effects.is_written(read); });
      if (!is_touched) {
        continue;
      }
      for (const TermId atom : terms.conjuncts(terms.of(conditions[index].expr))) {
        add({.consumer = consumer,
             .need = need,
             .atom = atom,
             .span = conditions[index].span,
             .condition = index});
      }
    }
  };
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    add_all(StepId{index}, Need::start, plan.steps[index].requires_);
    add_all(StepId{index}, Need::wait, plan.steps[index].awaits);
  }
  add_all(StepId{}, Need::end, plan.goals);
  // What a copy hands on has to be true before it; that may be handed on by another copy.
  std::set<std::pair<StepId, TermId>> known;
  for (std::size_t index = 0; index < sites_.size(); ++index) {
    for (std::uint32_t at = sites_[index].bearers_begin; at < sites_[index].bearers_end; ++at) {
      const Bearer bearer = bearers_[at];
      if (bearer.bearing == Bearing::conveys && known.emplace(bearer.step, bearer.before).second) {
        const Span span = sites_[index].span;
        add({.consumer = bearer.step, .atom = bearer.before, .span = span});
      }
    }
  }
}

std::span<const Bearer> Sites::bearers(const Site& site) const {
  return std::span(bearers_).subspan(site.bearers_begin, site.bearers_end - site.bearers_begin);
}

void Sites::add(Site site) {
  if (terms_.value(site.atom) != nullptr || terms_.is_poison(site.atom)) {
    return;
  }
  site.bearers_begin = static_cast<std::uint32_t>(bearers_.size());
  if (terms_[site.atom].kind != TermKind::initial || !add_plain_bearers(site)) {
    bearers_.resize(site.bearers_begin);
    add_bearers(site);
  }
  site.bearers_end = static_cast<std::uint32_t>(bearers_.size());
  if (site.bearers_begin != site.bearers_end) {
    sites_.push_back(site);
  }
}

// Of a condition that is just a state, as most are. False if it takes more to find out.
bool Sites::add_plain_bearers(const Site& site) {
  for (const std::uint32_t index : effects_.of(terms_.variable_of(site.atom))) {
    const Write& write = effects_.all()[index];
    if (write.step == site.consumer) {
      continue;
    }
    const auto found = plain_bearing(terms_, write);
    if (!found) {
      return false;
    }
    bearers_.push_back(*found);
  }
  return true;
}

void Sites::add_bearers(const Site& site) {
  variables_.clear();
  steps_.clear();
  terms_.for_each_leaf(site.atom, [&](TermId leaf) {
    if (terms_[leaf].kind == TermKind::initial) {
      variables_.push_back(terms_.variable_of(leaf));
    }
  });
  if (variables_.size() > 1) {
    std::ranges::sort(variables_);
    variables_.erase(std::unique(variables_.begin(), variables_.end()), variables_.end());
  }
  for (const VariableId variable : variables_) {
    for (const std::uint32_t write : effects_.of(variable)) {
      steps_.push_back(effects_.all()[write].step);
    }
  }
  if (variables_.size() > 1) {
    std::ranges::sort(steps_);
    steps_.erase(std::unique(steps_.begin(), steps_.end()), steps_.end());
  }
  for (const StepId step : steps_) {
    if (step == site.consumer) {
      continue;
    }
    if (const auto found = bearing(terms_, site.atom, effects_.of(step), state_, unknowns_)) {
      bearers_.push_back(*found);
    }
  }
}

}  // namespace plan
