// Which values of several states are there at once. The writers of a state follow one another; it
// has the value of its i-th writer from when that starts to when the next one ends. Values of
// several states are there at one moment unless one must end before another can start.
#pragma once

#include <functional>
#include <vector>

#include "verify/checker.hpp"

namespace plan::verify {

struct Moments {
  using Chain = Checker::Chain;
  using Counts = std::function<bool(std::size_t)>;

  Moments(Checker& the_checker, std::vector<Chain> the_chains)
      : checker(the_checker), chains(std::move(the_chains)), chosen(chains.size()) {}

  // The writers that began and will end the chosen value; none: nobody.
  [[nodiscard]] StepId starter(std::size_t chain) const;
  [[nodiscard]] StepId ender(std::size_t chain) const;
  [[nodiscard]] NodeId value(std::size_t chain) const;
  [[nodiscard]] bool ends_before(std::size_t one, std::size_t two);
  [[nodiscard]] bool is_chain(std::size_t chain);
  // The first moment at which each state has a value that counts; the first one behind the chosen
  // one at which `chain` has gone on. False if there is none.
  [[nodiscard]] bool find_first(const Counts& counts);
  [[nodiscard]] bool find_later(std::size_t chain, const Counts& counts);

  Checker& checker;
  std::vector<Chain> chains;
  std::vector<std::size_t> chosen;  // by chain: how many of its writers have begun

 private:
  [[nodiscard]] bool skip(std::size_t chain, const Counts& counts);
  [[nodiscard]] bool settle(std::vector<std::size_t> moved, const Counts& counts);
};

}  // namespace plan::verify
