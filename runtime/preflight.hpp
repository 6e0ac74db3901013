// Looks at the world before anything is changed: connects to every host, gathers facts, decides
// the rules, observes what holds already. Read-only; everything that is wrong is in one report.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/executor.hpp"
#include "runtime/results.hpp"
#include "runtime/run.hpp"

namespace plan {

struct Preflight {
  RunGraph graph{};  // every node, with what was seen of it
  bool goals_hold = false;
  bool all_hold = false;  // every step holds or is finished
};

// Fills hosts, rules, goals, steps, destructions and diagnostics of `report`. `priors`: nodes that
// an earlier attempt has finished are not looked at.
[[nodiscard]] Preflight preflight(RunContext& context,
                                  Programs& programs,
                                  Observations& observations,
                                  const History& history,
                                  std::map<std::string, Prior> priors,
                                  Report& report);

// Waits until `is_done`, pumping; false if nothing was left to wait for.
bool pump_until(Programs& programs, const bool& is_done);

// Observes the goals now; each is in `report.goals`. True if all hold.
[[nodiscard]] bool check_goals(RunContext& context,
                               Programs& programs,
                               Observations& observations,
                               Since since,
                               Report& report);

}  // namespace plan
