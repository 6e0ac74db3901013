// The entry points of the runtime: preview, apply, rollback, status, mark_done, approve, adopt.
// All of them are used from one thread; they return when the run has come to an end. They never
// print and never throw for what happens outside: everything is in the Report. The caller holds
// the run lock (lock.hpp) around everything but status().
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/plan.hpp"
#include "runtime/run.hpp"
#include "runtime/world.hpp"

namespace plan {

// The text of a secret input; the error says why it cannot be had. Called at most once per input
// and run. The text is kept in memory only and never journaled.
using SecretProvider = std::function<std::expected<std::string, std::string>(const Input& input)>;

struct RunOptions {
  SecretProvider secrets{};
  // Yes to the questions before the run and at the point of no return; not to destruction.
  bool assume_yes = false;
  // Yes to the destruction of exactly these: "new_db.content", or the name of a step.
  std::vector<std::string> confirmed_destructions{};
  // Steps of kind approve that are answered with yes beforehand, by name; "all" for all.
  std::vector<std::string> approved_steps{};
  std::uint32_t steps_per_host = 8;         // at most so many steps act on one host at once
  std::uint32_t observations_at_once = 64;  // programs of observations under way
  // Simulation and tests: among the steps that could start, the choice is made by this seed.
  std::uint64_t shuffle_seed = 0;  // 0: in the order of the plan
};

// Connects, gathers facts, decides the rules, observes what holds already; changes nothing and
// writes nothing. Outcome: done (would act), nothing_to_do, or refused.
[[nodiscard]] Report preview(const Plan& plan, World& world, const RunOptions& options);

// Begins a run, or goes on with the one that the journal (world.storage) holds.
[[nodiscard]] Report apply(const Plan& plan, World& world, const RunOptions& options);

// Takes the finished steps of the journaled run back, the last one first; refused past the point
// of no return. Can be interrupted and repeated like apply.
[[nodiscard]] Report rollback(const Plan& plan, World& world, const RunOptions& options);

// Reads the journal only. `plan` may be nullptr: then names are as journaled.
[[nodiscard]] RunStatus status(const Plan* plan, Storage& storage);

// Journals that a person did the step by hand, after having observed everything it ensures.
// Begins a run if there is none. `step` is the name of an instance ("resume[billing]").
[[nodiscard]] Report mark_done(const Plan& plan,
                               World& world,
                               const RunOptions& options,
                               std::string_view step,
                               std::string_view reason);

// Journals a person's answer to an `approve` step: before a run, or when one ended because nobody
// could be asked. `step` is the name of an instance.
[[nodiscard]] Report approve(
    const Plan& plan, World& world, std::string_view step, std::string_view person, Answer answer);

// Finds out how far a procedure begun by hand has come: journals as held every step whose ensures
// hold and whose predecessors are all finished.
[[nodiscard]] Report adopt(const Plan& plan, World& world, const RunOptions& options);

}  // namespace plan
