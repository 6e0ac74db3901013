// What is destroyed was declared expendable, is given by the plan, is held by another variable at
// every moment at which the step may destroy it, or may be lost by the author's word.

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "compiler/prove/cuts.hpp"

namespace plan {

namespace {

bool is_expendable(const Plan& plan, ResourceId resource) {
  const Resource& found = plan.resources[resource.index];
  const auto& names = plan.resource_types[found.type].field_names;
  const auto field = std::ranges::find(names, "expendable");
  const auto index = static_cast<std::size_t>(field - names.begin());
  if (field == names.end() || index >= found.fields.size()) {
    return false;
  }
  const bool* value = found.fields[index].as<bool>();
  return value != nullptr && *value;
}

// Whether nobody can write the variable beside the step: what it holds in the one execution, it
// holds in every schedule when the step starts. What the step itself overwrites saves nothing.
bool is_settled(const Proof& proof, VariableId variable, StepId step) {
  return std::ranges::all_of(proof.effects.of(variable), [&](std::uint32_t index) {
    const StepId writer = proof.effects.all()[index].step;
    return writer != step &&
           (proof.is_surely_before(writer, step) || proof.is_surely_before(step, writer));
  });
}

// The variable that a copy took its present value from, or none.
VariableId source_of(const Proof& proof, VariableId variable) {
  const std::uint32_t at = proof.defined[variable.index];
  if (at == UINT32_MAX) {
    return {};
  }
  const Write& write = proof.effects.all()[proof.definitions[at].write];
  const bool is_copy =
      write.kind == WriteKind::set && proof.terms[write.value].kind == TermKind::initial;
  return is_copy ? proof.terms.variable_of(write.value) : VariableId{};
}

// Whether the plan can make the value again: of constants, inputs and its own tokens.
bool is_given(const Proof& proof, TermId value) {
  bool is_known = true;
  proof.terms.for_each_leaf(value, [&](TermId leaf) {
    const TermKind kind = proof.terms[leaf].kind;
    is_known = is_known && (kind == TermKind::input || kind == TermKind::token);
  });
  return is_known;
}

// Another resource that holds the same value when the step starts, or none.
VariableId saved_in(const Proof& proof, VariableId variable, StepId step) {
  const TermId value = proof.state[variable.index];
  const ResourceId resource = proof.plan.variables[variable.index].resource;
  const auto holds = [&](VariableId other) {
    return other.index != UINT32_MAX && proof.state[other.index] == value &&
           proof.plan.variables[other.index].resource != resource && is_settled(proof, other, step);
  };
  const VariableId source = source_of(proof, variable);
  if (holds(source)) {
    return source;
  }
  const auto found = std::ranges::find_if(proof.copies, holds);
  return found == proof.copies.end() ? VariableId{} : *found;
}

// Why what the step destroys may be lost, or that it must be looked for at every moment.
ProofRecord::Loss cover(const Proof& proof, const Write& write, StepId step) {
  ProofRecord::Loss loss{.step = step, .variable = write.variable, .witness = {}};
  const TermId value = proof.state[write.variable.index];
  if (proof.plan.steps[step.index].allows_destroy) {
    loss.by = "allowed";
  } else if (is_expendable(proof.plan, proof.plan.variables[write.variable.index].resource)) {
    loss.by = "expendable";
  } else if (is_given(proof, value) || proof.terms.is_poison(value)) {
    loss.by = "known";
  } else {
    loss.witness = saved_in(proof, write.variable, step);
    for (const std::uint32_t index : loss.witness.index == UINT32_MAX
                                         ? std::span<const std::uint32_t>{}
                                         : proof.effects.of(loss.witness)) {
      const StepId writer = proof.effects.all()[index].step;
      static_cast<void>(proof.is_before(writer, step) || proof.is_before(step, writer));
    }
  }
  return loss;
}

// Who holds a value at some time.
using Holders = std::unordered_map<std::uint32_t, std::vector<VariableId>>;

Holders holders_of(const Proof& proof) {
  Holders holders;
  for (std::size_t index = 0; index < proof.after.size(); ++index) {
    holders[proof.after[index].index].push_back(proof.effects.all()[index].variable);
  }
  for (const VariableId variable : proof.copies) {
    holders[proof.terms.initial(variable).index].push_back(variable);
  }
  return holders;
}

// The variables of other resources that hold the value at some time, as far as nobody writes them
// in a loop: what is there then depends on how often it runs.
std::vector<Chain> chains_of(Proof& proof, VariableId lost, std::vector<VariableId> all) {
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::vector<Chain> chains;
  for (const VariableId variable : all) {
    if (proof.plan.variables[variable.index].resource ==
        proof.plan.variables[lost.index].resource) {
      continue;
    }
    Chain chain = chain_of(proof, variable, true);
    const bool is_plain = std::ranges::all_of(chain.writes, [&](std::uint32_t write) {
      return proof.loops.of(proof.effects.all()[write].step) == UINT32_MAX;
    });
    if (is_plain && Cuts(proof, {chain}).is_chain(0)) {
      chains.push_back(std::move(chain));
    }
  }
  return chains;
}

// A moment while the step runs at which no holder has the value, the first one; false if there is
// none.
bool find_loss(Proof& proof, Cuts& cuts, TermId value, StepId step) {
  return cuts.find_first([&](std::size_t index) {
    const StepId start = cuts.starter(index);
    const StepId end = cuts.ender(index);
    return cuts.value(index) != value && (end.is_none() || !proof.is_before(end, step)) &&
           (start.is_none() || !proof.is_before(step, start));
  });
}

void report(Proof& proof, const Write& write, StepId step, const Cuts& cuts) {
  const Step& found = proof.plan.steps[step.index];
  const ResourceId resource = proof.plan.variables[write.variable.index].resource;
  const std::string& name = proof.plan.resources[resource.index].name;
  Diagnostic& diagnostic = proof.diagnostics.report<Code::data_lost>(
      found.span, found.name, proof.variable(write.variable));
  diagnostic.at_primary("destroys it");
  diagnostic.label(write.loss_span, "says that it is destroyed");
  diagnostic.label(proof.plan.resources[resource.index].span, fmt::format("`{}`", name));
  const auto& fields =
      proof.plan.resource_types[proof.plan.resources[resource.index].type].field_names;
  if (std::ranges::find(fields, "expendable") != fields.end()) {
    diagnostic.help(fmt::format("if `{}` may be lost, say `expendable: true` there", name));
  }
  diagnostic.help(
      fmt::format("save it by a step before `{}`, or write `allow destroy` in the "
                  "block of `{}`",
                  found.name, found.name));
  std::vector<VariableId> about{write.variable};
  for (const Chain& chain : cuts.chains()) {
    about.push_back(chain.variable);
  }
  std::vector<StepId> last = cuts.started();
  std::erase(last, step);
  last.push_back(step);
  diagnostic.schedule = schedule_to(proof.schedules(), last, about);
  diagnostic.schedule.violated = fmt::format("nothing holds what `{}` was before `{}`",
                                             proof.variable(write.variable), found.name);
}

}  // namespace

void check_data_loss(Proof& proof, StepId step) {
  if (proof.is_misplaced(step)) {
    return;
  }
  for (const Write& write : proof.effects.of(step)) {
    if (!write.destroys) {
      continue;
    }
    const ProofRecord::Loss loss = cover(proof, write, step);
    if (loss.by == std::string_view("saved") && loss.witness.index == UINT32_MAX) {
      proof.pending_losses.push_back(
          {.step = step, .write = &write, .value = proof.state[write.variable.index]});
    }
    if (proof.record != nullptr) {
      proof.record->losses.push_back(loss);
    }
  }
}

void check_pending_losses(Proof& proof) {
  if (proof.pending_losses.empty()) {
    return;
  }
  const Holders holders = holders_of(proof);
  for (const auto& [step, write, value] : proof.pending_losses) {
    const auto found = holders.find(value.index);
    const bool is_known = found != holders.end() && proof.loops.of(step) == UINT32_MAX;
    Cuts cuts(proof,
              is_known ? chains_of(proof, write->variable, found->second) : std::vector<Chain>{});
    if (find_loss(proof, cuts, value, step)) {
      report(proof, *write, step, cuts);
    }
  }
}

}  // namespace plan
