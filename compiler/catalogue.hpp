// A release catalogue: the releases of one or several components, and what is known about going
// from one to another. Read from text, one statement a line; docs/catalogue.md is the format.
// The rules are data here; compiler/upgrade.hpp says what they mean.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace plan {

// Some releases of one component: all between two bounds, all below a prefix (`8.7` is every
// 8.7.x), or all there are.
struct ReleaseRange {
  enum class Kind : std::uint8_t { below, less, less_equal, greater, greater_equal };
  struct Bound {
    Kind kind = Kind::below;
    std::string version;
    bool operator==(const Bound&) const = default;
  };
  std::vector<Bound> bounds;  // all hold; none: every release
  bool operator==(const ReleaseRange&) const = default;
};

[[nodiscard]] bool contains(const ReleaseRange& range, std::string_view version);
// As it is written in a catalogue.
[[nodiscard]] std::string to_text(const ReleaseRange& range);
// Before, inside of, or after the releases below a prefix: -1, 0, 1.
[[nodiscard]] int compare_with_prefix(std::string_view version, std::string_view prefix);
// A component of a version: 0 where it is absent, -1 where it is not a number.
[[nodiscard]] std::int64_t version_number(std::string_view version, std::size_t component);

// No hop passes over these releases: it ends there, or it begins there.
struct UpgradeStop {
  std::string prefix;
  std::string why;
  std::uint32_t line = 0;
  std::uint32_t first = 0;  // releases below the prefix: from here…
  std::uint32_t end = 0;    // …to before this one
};

// No hop from here to there; with `when`: while another component is in that range.
struct UpgradeBlock {
  ReleaseRange from;
  ReleaseRange to;
  std::string other;  // empty: unconditional
  ReleaseRange when;
  std::string why;
  std::uint32_t line = 0;
};

// These releases run with those of another component only.
struct Dependence {
  ReleaseRange releases;
  std::string other;
  ReleaseRange needed;
  std::string why;
  std::uint32_t line = 0;
};

// Never newer than another component, and at most so many majors or minors older.
struct Skew {
  std::string other;
  std::int64_t at_most = 0;
  bool counts_majors = false;
  std::string why;
  std::uint32_t line = 0;
};

// What the rules ask of a release again and again.
struct ReleaseNumbers {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint32_t last_in_major = 0;  // the newest release of its major version
  std::uint32_t after_minor = 0;    // the first release that is newer and of another minor
  std::uint32_t after_major = 0;
};

struct Component {
  std::string name;                     // empty: the only one, unnamed
  std::vector<std::string> releases;    // oldest first, each once
  std::vector<ReleaseNumbers> numbers;  // by release
  bool one_major_at_a_time = false;
  bool one_minor_at_a_time = false;
  bool latest_in_major = false;
  std::vector<UpgradeStop> stops;
  std::vector<UpgradeBlock> blocks;
  std::vector<Dependence> needs;
  std::vector<Skew> skews;
};

struct Catalogue {
  std::vector<Component> components;
  // Components that may change in one hop, as one of them is moved to another host.
  std::vector<std::vector<std::uint32_t>> together;
};

// Error: "line 3: …", what is wrong and what may stand there.
[[nodiscard]] std::expected<Catalogue, std::string> read_catalogue(std::string_view text);

// Index of a component; an unnamed one answers to any name if it is alone. UINT32_MAX: none.
[[nodiscard]] std::uint32_t find_component(const Catalogue& catalogue, std::string_view name);
// Index of a release; UINT32_MAX: none. "7.1" is 7.1.0.
[[nodiscard]] std::uint32_t find_release(const Component& component, std::string_view version);

}  // namespace plan
