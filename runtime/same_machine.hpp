// Finds resources that are one thing under two names: their keys differ in nothing but their
// hosts, and the hosts are one machine. Only preflight can know; nothing is changed by looking.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "runtime/observe.hpp"
#include "runtime/run.hpp"

namespace plan {

// The boots of the hosts that were connected to, by index of Plan::hosts; empty: not told.
using Boots = std::map<std::uint32_t, std::string>;

// E0625 for each pair of hosts that are one machine and have such resources. E0622 where that
// cannot be told: a host has no machine id, and the boots do not tell the two apart. Only hosts
// with such resources are asked.
void check_same_machine(RunContext& context,
                        Programs& programs,
                        Observations& observations,
                        const Boots& boots,
                        Report& report);

}  // namespace plan
