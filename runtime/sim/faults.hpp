// Where a simulated run is cut. A cut is the end of the controller: thrown by the simulated
// storage and effector, caught by whoever runs the simulation, never inside of the runtime.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace plan::sim {

enum class Cut : std::uint8_t {
  before,  // the call did not happen
  torn,    // it happened by half: half a record, half of a body's effects
  after    // it happened, and nobody was told
};

struct PowerCut {};

struct Faults {
  std::uint64_t cut_at = 0;  // number of the storage or effector call, from 1; 0: never
  Cut cut = Cut::before;
  std::set<std::string> failing_steps{};  // their bodies fail, changing nothing
  std::uint64_t seed = 0;                 // durations, and what was under way when the cut came
};

// Counts the calls that change something; says when the cut comes.
class CallCounter {
 public:
  // Number of calls so far, this one included.
  std::uint64_t next() { return ++count_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  void reset() { count_ = 0; }

 private:
  std::uint64_t count_ = 0;
};

}  // namespace plan::sim
