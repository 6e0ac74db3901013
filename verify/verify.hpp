// Whether a certificate proves a compiled plan (docs/certificate.md). Nothing that the certificate
// says is believed: it is a list of hints and results, and each is worked out again from the plan.
// Uses nothing of the prover (compiler/order.cpp, compiler/prove/). The cost is linear in the plan
// and the certificate, but for invariants and ways back, whose cases the certificate counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/plan.hpp"

namespace plan::verify {

struct Verdict {
  std::vector<std::string> faults;  // what does not hold, in the operator's words; empty: proven
  std::size_t requirements = 0;
  std::size_t paths = 0;
  std::size_t cases = 0;  // of invariants and ways back
};

[[nodiscard]] Verdict verify(const Plan& plan, std::string_view certificate);

}  // namespace plan::verify
