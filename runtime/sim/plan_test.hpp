// Runs the `test` blocks of a plan against simulated hosts. What a test does not give is as the
// plan needs it: states that preflight would ask for hold, and rules over facts that are not given
// are left out, so that a test says only what it is about.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/plan.hpp"

namespace plan::sim {

struct TestResult {
  std::string title;
  Span span;
  bool passed = false;
  std::vector<std::string> failures;  // what was expected and not so, each with where it was
  std::uint64_t runs = 0;             // simulated runs
  std::uint64_t crash_points = 0;
};

// One test of the plan.
[[nodiscard]] TestResult run_test(const Plan& plan, const Test& test);
// All of them, in the order of the plan.
[[nodiscard]] std::vector<TestResult> run_tests(const Plan& plan);

}  // namespace plan::sim
