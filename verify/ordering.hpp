// What is certain about the order of steps: arrows of the plan, and paths that the certificate
// names and that are checked once.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "compiler/plan.hpp"
#include "verify/certificate.hpp"
#include "verify/writes.hpp"

namespace plan::verify {

class Ordering {
 public:
  // `faults` gets what is wrong with the order and the paths.
  Ordering(const Plan& plan,
           const LoopNest& loops,
           const Certificate& certificate,
           std::vector<std::string>& faults);

  [[nodiscard]] std::span<const std::uint32_t> positions() const { return position_; }
  [[nodiscard]] std::uint32_t position(StepId step) const { return position_[step.index]; }
  // Whether it is certain that `one` has ended before `two` starts. False means: not known.
  [[nodiscard]] bool before(StepId one, StepId two);
  // Paths that nothing has asked for.
  [[nodiscard]] std::size_t unused() const;

 private:
  [[nodiscard]] bool is_arrow(std::uint32_t from, std::uint32_t to) const;
  // An arrow, or the same chain: the plan's own chains are built in one way by everybody.
  [[nodiscard]] bool is_hop(std::uint32_t from, std::uint32_t to) const;
  void make_chains();
  void check_path(const std::vector<std::uint32_t>& path, std::vector<std::string>& faults);

  const Plan& plan_;
  const LoopNest& loops_;
  std::vector<std::uint32_t> position_;
  std::vector<std::uint32_t> arrows_begin_;        // by step: its arrows in plan_.edges
  std::vector<std::uint32_t> chain_;               // by step
  std::unordered_map<std::uint64_t, bool> paths_;  // by ends: whether somebody has asked
};

}  // namespace plan::verify
