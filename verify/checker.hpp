// The checker's state: one symbolic execution of the plan in the certificate's order. Each property
// has a file of its own.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "verify/certificate.hpp"
#include "verify/nodes.hpp"
#include "verify/ordering.hpp"
#include "verify/verify.hpp"
#include "verify/writes.hpp"

namespace plan::verify {

struct Checker {
  Checker(const Plan& plan, const Certificate& certificate);
  void run();

  // --- verify.cpp
  void check_writers();
  void check_steps();
  void act(StepId step);
  void enter(std::uint32_t loop);
  void leave(std::uint32_t loop);
  // --- aliases.cpp
  void check_aliases();
  // --- races.cpp
  void check_races();
  // --- requirements.cpp
  void check_requirements(StepId step);
  void check_goals();
  void check_waits(StepId step);
  void check_open_waits();
  void check_waits_end();
  // --- losses.cpp
  void check_losses(StepId step);
  void check_losses_beside();
  // --- invariants.cpp, rollback.cpp
  void check_invariants();
  void check_ways_back();

  template <class... Args>
  void fault(std::string_view format, const Args&... args) {
    faults.push_back(fmt::format(fmt::runtime(format), args...));
  }
  // Takes the next entry of a section of the certificate; a fault if it is not `expected`.
  template <class Entry>
  void take(const std::vector<Entry>& entries,
            std::size_t& at,
            const Entry& expected,
            const std::string& what) {
    if (at >= entries.size() || !(entries[at] == expected)) {
      fault("{}: the certificate does not say what is so", what);
    }
    ++at;
  }

  [[nodiscard]] const std::string& name(StepId step) const { return plan.steps[step.index].name; }
  [[nodiscard]] NodeId when(StepId step);
  [[nodiscard]] NodeId now(NodeId node, StepId step);
  // Who wrote what `part` reads when `step` starts (none: at the end).
  [[nodiscard]] std::vector<Reading> readings(const std::vector<VariableId>& read,
                                              StepId step) const;
  // `node` with what preflight makes sure of about the variables of `about`.
  [[nodiscard]] NodeId given(NodeId node, NodeId about);
  // The writes of a state, in order; `with_parts`: also of what it carries.
  struct Chain {
    VariableId variable;
    std::vector<std::uint32_t> writes;
  };
  [[nodiscard]] Chain chain_of(VariableId variable, bool with_parts) const;
  enum class Bearing : std::uint8_t { untouched, provides, threatens, other };
  [[nodiscard]] bool may_be_false(NodeId value, std::span<const NodeId> conditions);
  enum class Ending : std::uint8_t { sure, undecided, never };
  struct OpenWait {
    StepId step;
    NodeId part;
    std::vector<VariableId> read{};
    std::vector<StepId> before{};  // who writes it, in order
    std::vector<StepId> beside{};
    bool is_late = false;   // somebody after the wait would make it true
    std::size_t entry = 0;  // of waits
  };
  [[nodiscard]] OpenWait open_wait(StepId step, NodeId part);
  [[nodiscard]] Ending ending(NodeId value, NodeId part, bool is_late);
  [[nodiscard]] std::vector<Ending> endings(const OpenWait& wait);
  void write_for(const OpenWait& wait, StepId writer);
  void end_by(const OpenWait& wait, const std::vector<Ending>& endings);
  [[nodiscard]] Bearing bearing(StepId writer, NodeId condition);

  const Plan& plan;
  const Certificate& certificate;
  std::vector<std::string> faults;
  Nodes nodes;
  LoopNest loops;
  Writes writes;
  Ordering ordering;
  std::vector<NodeId> found;    // by variable: as it was before the plan
  std::vector<NodeId> state;    // by variable: now
  std::vector<NodeId> after;    // by write
  std::vector<bool> is_past;    // by step: at or behind the point of no return
  std::vector<bool> is_copied;  // by variable: by somebody, or into it
  std::set<std::pair<std::uint32_t, std::uint32_t>>
      preflight;                                // (step, clause) that run time sees to
  std::set<NodeId> assumed;                     // what it makes sure of
  std::vector<std::vector<NodeId>> assumed_of;  // the same by variable
  struct Pending {
    StepId step;
    std::vector<StepId> providers;
    bool needs_all = false;
  };
  std::vector<Wait> waits;           // what the certificate has to say of them
  std::vector<OpenWait> open_waits;  // those that others write beside them
  std::vector<Pending> pending;
  struct PendingLoss {
    StepId step;
    VariableId variable;
    NodeId value;
  };
  std::vector<PendingLoss> pending_losses;
  std::vector<std::vector<std::uint32_t>> written_in;                    // by loop
  std::vector<std::vector<std::pair<VariableId, NodeId>>> entry_values;  // by loop
  std::map<std::uint32_t, std::uint32_t> loop_at;                        // begin or end → loop
  std::map<std::uint32_t, NodeId> runs;  // by step with `when`: whether it runs
  std::size_t at_requirement = 0;
  std::size_t at_loss = 0;
  std::size_t cases = 0;
};

}  // namespace plan::verify
