// A small plan, built by hand, for the tests of the output formats: two hosts, two phases, a
// deferred loop, a step without a way back, and names full of characters that formats trip over.
#pragma once

#include "compiler/plan.hpp"

namespace plan::test {

// Steps by id: 0 stop_old, 1 move, 2 start, 3 loop begin, 4 resume, 5 loop end, 6 ask.
[[nodiscard]] Plan sample_plan();

}  // namespace plan::test
