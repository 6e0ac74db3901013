// Upgrades: what the rules of a catalogue say of one hop, and the shortest way from one set of
// versions to another over several. The standard library's rules and the search ask the same
// function, so a proposed path is a path that a plan is proven with.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/catalogue.hpp"

namespace plan {

// A release of each component, by its index in the catalogue.
using Releases = std::vector<std::uint32_t>;
// The same as texts, by the component's name.
using Versions = std::map<std::string, std::string>;

enum class UpgradeRule : std::uint8_t {
  no_downgrade,
  one_major_at_a_time,
  one_minor_at_a_time,
  latest_in_major,
  stop,
  block,
  require,
  skew,
  together
};
[[nodiscard]] std::string_view rule_name(UpgradeRule rule);

// Why one hop may not be made.
struct Objection {
  UpgradeRule rule = UpgradeRule::block;
  std::string because;      // a sentence without full stop
  std::string opens;        // what would have to be so; empty: nothing would
  std::uint32_t line = 0;   // of the catalogue; 0: a general rule
  std::uint32_t costs = 1;  // how unlikely it is that this is what has to give
  bool operator==(const Objection&) const = default;
};

// Empty: the hop may be made. `from` and `to` are of the catalogue.
[[nodiscard]] std::vector<Objection> objections(const Catalogue& catalogue,
                                                const Releases& from,
                                                const Releases& to);

// The sum of their costs, without words; 0: the hop may be made.
[[nodiscard]] std::uint32_t objection_costs(const Catalogue& catalogue,
                                            const Releases& from,
                                            const Releases& to);

struct Hop {
  Releases from;
  Releases to;
  std::vector<Objection> objections;  // of a hop that would be needed and may not be made
};

struct UpgradePath {
  bool is_found = false;
  std::vector<Hop> hops;  // found: the path. Else: the way on which the least would have to give
  Releases furthest;      // not found: the newest that can be reached
};

// The versions to begin with, one for each component, and those to end with: a component that is
// not named may end at any release.
struct UpgradeQuestion {
  Releases from;
  std::vector<std::optional<std::uint32_t>> to;
};

// Error: a component or a release that the catalogue does not know, or one that is missing.
[[nodiscard]] std::expected<UpgradeQuestion, std::string> ask_upgrade(const Catalogue& catalogue,
                                                                      const Versions& from,
                                                                      const Versions& to);

// Breadth-first from the end; of several shortest paths the one with the newest releases first.
// Error: the catalogue has more combinations of releases than can be searched.
[[nodiscard]] std::expected<UpgradePath, std::string> find_upgrade(const Catalogue& catalogue,
                                                                   const UpgradeQuestion& question);

[[nodiscard]] Versions versions_of(const Catalogue& catalogue, const Releases& releases);
// "7.1.0"; of several components "orchestrator 7.1.0, postgresql 13.4".
[[nodiscard]] std::string to_text(const Catalogue& catalogue, const Releases& releases);
// What a hop changes: "7.1.0 -> 8.7.6", "postgresql 13.4 -> 16.3".
[[nodiscard]] std::string to_text(const Catalogue& catalogue, const Hop& hop);
// Why there is no path: the first line says so, each further one a hop or what would open it.
[[nodiscard]] std::string why_not(const Catalogue& catalogue,
                                  const UpgradeQuestion& question,
                                  const UpgradePath& path);

}  // namespace plan
