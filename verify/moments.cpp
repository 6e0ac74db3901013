#include "verify/moments.hpp"

#include <numeric>

namespace plan::verify {

Checker::Chain Checker::chain_of(VariableId variable, bool with_parts) const {
  Chain chain{.variable = variable, .writes = {}};
  for (const std::uint32_t write : writes.of(variable)) {
    if (with_parts || writes.all()[write].kind != WriteKind::part) {
      chain.writes.push_back(write);
    }
  }
  return chain;
}

StepId Moments::starter(std::size_t chain) const {
  const std::size_t begun = chosen[chain];
  return begun == 0 ? StepId{} : checker.writes.all()[chains[chain].writes[begun - 1]].step;
}

StepId Moments::ender(std::size_t chain) const {
  const std::size_t begun = chosen[chain];
  return begun == chains[chain].writes.size()
             ? StepId{}
             : checker.writes.all()[chains[chain].writes[begun]].step;
}

NodeId Moments::value(std::size_t chain) const {
  const std::size_t begun = chosen[chain];
  return begun == 0 ? checker.nodes.found(chains[chain].variable)
                    : checker.after[chains[chain].writes[begun - 1]];
}

// Whether the value of one chain must have ended before that of the other can be there.
bool Moments::ends_before(std::size_t one, std::size_t two) {
  const StepId end = ender(one);
  const StepId start = starter(two);
  if (end.is_none() || start.is_none() || !checker.ordering.before(end, start)) {
    return false;
  }
  // Two steps of one loop: in the order of one element only.
  const std::uint32_t loop = checker.loops.of(end);
  return loop == none || !checker.loops.holds(loop, start) ||
         (checker.loops.is_private(chains[one].variable, loop) &&
          checker.loops.is_private(chains[two].variable, loop));
}

bool Moments::is_chain(std::size_t chain) {
  const auto& writes = chains[chain].writes;
  for (std::size_t at = 1; at < writes.size(); ++at) {
    if (!checker.ordering.before(checker.writes.all()[writes[at - 1]].step,
                                 checker.writes.all()[writes[at]].step)) {
      return false;
    }
  }
  return true;
}

bool Moments::skip(std::size_t chain, const Counts& counts) {
  while (chosen[chain] <= chains[chain].writes.size() && !counts(chain)) {
    ++chosen[chain];
  }
  return chosen[chain] <= chains[chain].writes.size();
}

bool Moments::find_first(const Counts& counts) {
  std::vector<std::size_t> all(chains.size());
  std::iota(all.begin(), all.end(), 0);
  for (const std::size_t chain : all) {
    chosen[chain] = 0;
    if (!skip(chain, counts)) {
      return false;
    }
  }
  return settle(std::move(all), counts);
}

bool Moments::find_later(std::size_t chain, const Counts& counts) {
  ++chosen[chain];
  return skip(chain, counts) && settle({chain}, counts);
}

// A value that must have ended before another one can be there is passed over: it must have ended
// before all later ones, too.
bool Moments::settle(std::vector<std::size_t> moved, const Counts& counts) {
  while (!moved.empty()) {
    const std::size_t one = moved.back();
    moved.pop_back();
    for (std::size_t two = 0; two < chains.size(); ++two) {
      if (two == one) {
        continue;
      }
      const bool one_ends = ends_before(one, two);
      if (!one_ends && !ends_before(two, one)) {
        continue;
      }
      const std::size_t early = one_ends ? one : two;
      ++chosen[early];
      if (!skip(early, counts)) {
        return false;
      }
      moved.push_back(early);
      if (early == one) {
        break;
      }
    }
  }
  return true;
}

}  // namespace plan::verify
