// What a proof rests on, collected while it is made, and its written form: docs/certificate.md.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "compiler/plan.hpp"

namespace plan {

struct Proof;

struct ProofRecord {
  struct Wait {
    StepId step;
    std::uint32_t clause = 0;
    std::uint32_t part = 0;
    const char* by = "plan";
    std::vector<StepId> providers;
  };
  struct Loss {
    StepId step;
    VariableId variable;
    const char* by = "saved";
    VariableId witness;
  };
  struct Cases {
    std::uint32_t of = 0;
    std::uint32_t clause = 0;
    std::size_t count = 0;
  };
  // Pairs of which one was shown to come before the other: (from << 32) | to.
  std::unordered_set<std::uint64_t> ordered;
  std::vector<Wait> waits;
  std::vector<Loss> losses;
  std::vector<Cases> invariants;
  std::vector<Cases> undos;
};

// The certificate of a proof that found no error. Costs a search for each pair that is ordered by
// a path of several arrows only.
[[nodiscard]] std::string certificate(const Proof& proof, const ProofRecord& record);

}  // namespace plan
