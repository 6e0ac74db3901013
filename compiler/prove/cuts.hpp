// Moments of a run. Without races the writers of a variable form a chain, and the variable has its
// value number i from the start of its i-th writer to the end of the next one. Values of several
// variables are there at one moment of some schedule exactly if no "end" has to come before a
// "start": if of no two of them the next writer of the one is ordered before the writer of the
// other. (A cut needs all started writers with everything before them, and none of the next ones
// ended; that can only fail for a pair.)
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "compiler/prove/proof.hpp"

namespace plan {

struct Chain {
  VariableId variable;
  std::vector<std::uint32_t> writes;  // of Effects::all(), in order
};

// `with_parts`: also those that change only something that the variable carries.
[[nodiscard]] Chain chain_of(const Proof& proof, VariableId variable, bool with_parts);

class Cuts {
 public:
  Cuts(Proof& proof, std::vector<Chain> chains)
      : proof_(proof), chains_(std::move(chains)), chosen_(chains_.size()) {}

  [[nodiscard]] const std::vector<Chain>& chains() const { return chains_; }
  // By chain: how many of its writers have started.
  [[nodiscard]] std::vector<std::size_t>& chosen() { return chosen_; }
  // The writer that gave chain `index` its chosen value, and the one that will end it; none: the
  // world as found, or nobody.
  [[nodiscard]] StepId starter(std::size_t index) const;
  [[nodiscard]] StepId ender(std::size_t index) const;
  // The value that is there then.
  [[nodiscard]] TermId value(std::size_t index) const;
  [[nodiscard]] bool exclude_each_other(std::size_t one, std::size_t two) {
    return ends_before(one, two) || ends_before(two, one);
  }

  // The first moment at which every chain has a value that counts, in `chosen`; false if there is
  // none. What has started then has started at every such moment: no schedule to one is shorter.
  // Takes the chains' first values that count and passes over those that cannot be there beside the
  // others (Garg & Waldecker 1994), so that it costs a sum where all combinations are a product.
  // Every chain must be one: is_chain().
  using Counts = std::function<bool(std::size_t chain)>;
  [[nodiscard]] bool find_first(const Counts& counts);
  // The same from the chosen moment on, which must be one, where `index` has a later value.
  [[nodiscard]] bool find_later(std::size_t index, const Counts& counts);
  // Whether each writer comes after the one before it. Those whose conditions exclude each other,
  // and those of parts, need not.
  [[nodiscard]] bool is_chain(std::size_t index);

  // The writers that have started, in order, without repetition.
  [[nodiscard]] std::vector<StepId> started() const;

 private:
  [[nodiscard]] StepId step_of(std::uint32_t write) const {
    return proof_.effects.all()[write].step;
  }
  [[nodiscard]] bool share_a_loop(StepId one, StepId two) const;
  [[nodiscard]] bool ends_before(std::size_t one, std::size_t two);
  [[nodiscard]] bool pass(std::size_t index, const Counts& counts);
  [[nodiscard]] bool settle(std::vector<std::size_t> changed, const Counts& counts);

  Proof& proof_;
  std::vector<Chain> chains_;
  std::vector<std::size_t> chosen_;
};

}  // namespace plan
