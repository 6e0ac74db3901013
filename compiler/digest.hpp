// The compiled plan's canonical JSON form (docs/plan-json.md) and its digest.
#pragma once

#include <array>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/plan.hpp"

namespace plan {

using Digest = std::array<std::uint8_t, 32>;

// Canonical JSON: keys in fixed order, no spaces, ids in order of declaration; equal plans give
// equal bytes, on any machine. Holds no secret. Spans and source names are under "debug", which
// the digest leaves out.
[[nodiscard]] std::string to_json(const Plan& plan);

// The plan of a compiled file, its digest verified; the error says what is wrong and where.
[[nodiscard]] std::expected<Plan, std::string> plan_from_json(std::string_view text);

// SHA-256 of the meaning: names, formatting, comments and places do not count where they do not
// matter when the plan runs.
[[nodiscard]] Digest digest(const Plan& plan);
// The same in three parts, each of which needs no more of the plan than is said: what steps mean
// can be read beside order(), and their order beside prove().
class PlanDigest {
 public:
  explicit PlanDigest(const Plan& plan);
  ~PlanDigest();
  PlanDigest(const PlanDigest&) = delete;
  PlanDigest& operator=(const PlanDigest&) = delete;
  // First, of an elaborated plan.
  void read_steps();
  // Then, of an ordered one.
  void read_order();
  // Last, once, of the proven one.
  [[nodiscard]] Digest of_proven();

 private:
  struct State;
  std::unique_ptr<State> state_;
};
// Of one step's meaning: its operation, arguments, contract; decides whether a finished step of an
// edited plan stays done.
[[nodiscard]] Digest digest(const Plan& plan, StepId step);
// Of all steps, by step: cheaper than asking for each.
[[nodiscard]] std::vector<Digest> step_digests(const Plan& plan);
[[nodiscard]] std::string to_hex(const Digest& digest);
[[nodiscard]] Digest sha256(std::string_view bytes);

}  // namespace plan
