#include "compiler/prove/cuts.hpp"

#include <algorithm>

namespace plan {

Chain chain_of(const Proof& proof, VariableId variable, bool with_parts) {
  Chain chain{.variable = variable, .writes = {}};
  for (const std::uint32_t index : proof.effects.of(variable)) {
    if (with_parts || proof.effects.all()[index].kind != WriteKind::part) {
      chain.writes.push_back(index);
    }
  }
  std::ranges::sort(chain.writes, {}, [&](std::uint32_t index) {
    return proof.graph.position(proof.effects.all()[index].step.index);
  });
  return chain;
}

StepId Cuts::starter(std::size_t index) const {
  return chosen_[index] == 0 ? StepId{} : step_of(chains_[index].writes[chosen_[index] - 1]);
}

StepId Cuts::ender(std::size_t index) const {
  return chosen_[index] == chains_[index].writes.size()
             ? StepId{}
             : step_of(chains_[index].writes[chosen_[index]]);
}

TermId Cuts::value(std::size_t index) const {
  const Chain& chain = chains_[index];
  return chosen_[index] == 0 ? proof_.terms.initial(chain.variable)
                             : proof_.after[chain.writes[chosen_[index] - 1]];
}

// Elements of one loop come one after the other: what is ordered in the body of one element is
// not ordered between two.
bool Cuts::share_a_loop(StepId one, StepId two) const {
  const std::uint32_t loop = proof_.loops.of(one);
  return loop != UINT32_MAX && proof_.loops.is_inside(two, loop);
}

bool Cuts::ends_before(std::size_t one, std::size_t two) {
  const StepId end = ender(one);
  const StepId start = starter(two);
  if (end.is_none() || start.is_none() || !proof_.is_before(end, start)) {
    return false;
  }
  const std::uint32_t loop = proof_.loops.of(end);
  return !share_a_loop(end, start) || (proof_.is_private(chains_[one].variable, loop) &&
                                       proof_.is_private(chains_[two].variable, loop));
}

bool Cuts::is_chain(std::size_t index) {
  const auto& writes = chains_[index].writes;
  for (std::size_t at = 1; at < writes.size(); ++at) {
    if (!proof_.is_before(step_of(writes[at - 1]), step_of(writes[at]))) {
      return false;
    }
  }
  return true;
}

// Goes on to the next value of the chain that counts.
bool Cuts::pass(std::size_t index, const Counts& counts) {
  for (; chosen_[index] <= chains_[index].writes.size(); ++chosen_[index]) {
    if (counts(index)) {
      return true;
    }
  }
  return false;
}

bool Cuts::find_first(const Counts& counts) {
  std::vector<std::size_t> changed;
  for (std::size_t index = 0; index < chains_.size(); ++index) {
    chosen_[index] = 0;
    if (!pass(index, counts)) {
      return false;
    }
    changed.push_back(index);
  }
  return settle(std::move(changed), counts);
}

bool Cuts::find_later(std::size_t index, const Counts& counts) {
  ++chosen_[index];
  return pass(index, counts) && settle({index}, counts);
}

// Until the values of `changed` are there beside all others.
bool Cuts::settle(std::vector<std::size_t> changed, const Counts& counts) {
  while (!changed.empty()) {
    const std::size_t one = changed.back();
    changed.pop_back();
    for (std::size_t two = 0; two < chains_.size(); ++two) {
      const bool one_ends = two != one && ends_before(one, two);
      const bool two_ends = two != one && !one_ends && ends_before(two, one);
      if (!one_ends && !two_ends) {
        continue;
      }
      // Who has ended by then has ended by all that comes later, too.
      const std::size_t late = one_ends ? one : two;
      ++chosen_[late];
      if (!pass(late, counts)) {
        return false;
      }
      changed.push_back(late);
      if (late == one) {
        break;
      }
    }
  }
  return true;
}

std::vector<StepId> Cuts::started() const {
  std::vector<StepId> started;
  for (std::size_t index = 0; index < chains_.size(); ++index) {
    if (const StepId start = starter(index); !start.is_none()) {
      started.push_back(start);
    }
  }
  std::ranges::sort(started, {}, [&](StepId step) { return proof_.graph.position(step.index); });
  started.erase(std::unique(started.begin(), started.end()), started.end());
  return started;
}

}  // namespace plan
