// What the rules of a catalogue say of one hop.

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/upgrade.hpp"

namespace plan {

namespace {

// To pass over releases that are there is never what has to give: there is a way through them.
constexpr std::uint32_t avoidable = 1000;
constexpr std::uint32_t never = 1'000'000;

// Judges one hop: what speaks against it, or only how much.
class Judge {
 public:
  Judge(const Catalogue& catalogue, const Releases& from, const Releases& to, bool only_costs)
      : catalogue_(catalogue), from_(from), to_(to), only_costs_(only_costs) {}

  void judge();
  std::vector<Objection> objections() { return std::move(objections_); }
  [[nodiscard]] std::uint32_t costs() const { return costs_; }

 private:
  // One component that changes.
  struct Change {
    const Component& component;
    std::uint32_t from;
    std::uint32_t to;
    [[nodiscard]] const std::string& old_release() const { return component.releases[from]; }
    [[nodiscard]] const std::string& new_release() const { return component.releases[to]; }
  };
  void majors(const Change& change);
  void minors(const Change& change);
  void latest(const Change& change);
  void stops(const Change& change);
  void blocks(const Change& change);
  void needs(std::size_t index);
  void skews(std::size_t index);
  void jointly(std::size_t changed);
  [[nodiscard]] const std::string& other(std::string_view name, const Releases& at) const;
  // `objection` makes the words, which a search does not need.
  template <class Function>
  void object(std::uint32_t costs, Function objection) {
    costs_ += costs;
    if (!only_costs_) {
      objections_.push_back(objection());
      objections_.back().costs = costs;
    }
  }

  const Catalogue& catalogue_;
  const Releases& from_;
  const Releases& to_;
  bool only_costs_;
  std::uint32_t costs_ = 0;
  std::vector<Objection> objections_;
};

std::string named(const Component& component, std::string_view version) {
  return component.name.empty() ? std::string(version)
                                : fmt::format("{} {}", component.name, version);
}

std::string with_reason(std::string text, const std::string& why) {
  return why.empty() ? text : fmt::format("{}: {}", text, why);
}

std::string hop_text(const Component& component, std::string_view from, std::string_view to) {
  return fmt::format("{} -> {}", named(component, from), to);
}

// "a release of major version 7", "releases of major versions 7, 8": the numbers between two.
std::string missing(std::string_view what, std::int64_t from, std::int64_t to) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t number = from + 1; number < to && numbers.size() < 10; ++number) {
    numbers.push_back(number);
  }
  return numbers.size() == 1
             ? fmt::format("a release of {} version {}", what, numbers.front())
             : fmt::format("releases of {} versions {}", what, fmt::join(numbers, ", "));
}

const std::string& Judge::other(std::string_view name, const Releases& at) const {
  const std::uint32_t index = find_component(catalogue_, name);
  return catalogue_.components[index].releases[at[index]];
}

void Judge::majors(const Change& change) {
  const Component& component = change.component;
  const ReleaseNumbers& from = component.numbers[change.from];
  const ReleaseNumbers& to = component.numbers[change.to];
  if (to.major <= from.major + 1) {
    return;
  }
  const bool is_avoidable = component.numbers[from.after_major].major < to.major;
  object(is_avoidable ? avoidable : static_cast<std::uint32_t>(to.major - from.major - 1), [&] {
    return Objection{
        .rule = UpgradeRule::one_major_at_a_time,
        .because = hop_text(component, change.old_release(), change.new_release()) +
                   ": more than one major version is skipped: go through the versions between, "
                   "one at a time",
        .opens = is_avoidable ? "" : missing("major", from.major, to.major)};
  });
}

// Into the next major one goes from the last minor that is known, to its first minor.
void Judge::minors(const Change& change) {
  const Component& component = change.component;
  const ReleaseNumbers& from = component.numbers[change.from];
  const ReleaseNumbers& to = component.numbers[change.to];
  const std::string_view rule =
      ": more than one minor version is skipped: go through the minor "
      "versions between, one at a time";
  if (to.major == from.major) {
    if (to.minor <= from.minor + 1) {
      return;
    }
    const bool is_avoidable = component.numbers[from.after_minor].minor < to.minor;
    object(is_avoidable ? avoidable : static_cast<std::uint32_t>(to.minor - from.minor - 1), [&] {
      return Objection{
          .rule = UpgradeRule::one_minor_at_a_time,
          .because = fmt::format(
              "{}{}", hop_text(component, change.old_release(), change.new_release()), rule),
          .opens = is_avoidable
                       ? ""
                       : missing(fmt::format("minor ({}.x)", from.major), from.minor, to.minor)};
    });
    return;
  }
  const bool is_last = component.numbers[from.last_in_major].minor == from.minor;
  if (is_last && to.major == from.major + 1 && to.minor == 0) {
    return;
  }
  object(is_last ? 1 : avoidable, [&] {
    return Objection{
        .rule = UpgradeRule::one_minor_at_a_time,
        .because = fmt::format(
            "{}{}", hop_text(component, change.old_release(), change.new_release()), rule),
        .opens = is_last ? fmt::format("a release {}.0", from.major + 1) : ""};
  });
}

void Judge::latest(const Change& change) {
  const Component& component = change.component;
  const ReleaseNumbers& from = component.numbers[change.from];
  if (component.numbers[change.to].major == from.major || from.last_in_major == change.from) {
    return;
  }
  object(avoidable, [&] {
    return Objection{
        .rule = UpgradeRule::latest_in_major,
        .because = fmt::format("{} is not the latest release of its major version: upgrade inside "
                               "of the major first, to {}",
                               named(component, change.old_release()),
                               component.releases[from.last_in_major]),
        .opens = ""};
  });
}

void Judge::stops(const Change& change) {
  for (const UpgradeStop& stop : change.component.stops) {
    if (change.from >= stop.first || change.to < stop.end) {
      continue;
    }
    const bool exists = stop.first < stop.end;
    object(exists ? avoidable : 1, [&] {
      return Objection{
          .rule = UpgradeRule::stop,
          .because = with_reason(
              fmt::format("{} passes over {}, where one has to stop",
                          hop_text(change.component, change.old_release(), change.new_release()),
                          stop.prefix),
              stop.why),
          .opens = exists ? "" : fmt::format("a release {}", named(change.component, stop.prefix)),
          .line = stop.line};
    });
  }
}

void Judge::blocks(const Change& change) {
  for (const UpgradeBlock& block : change.component.blocks) {
    if (!contains(block.from, change.old_release()) || !contains(block.to, change.new_release()) ||
        (!block.other.empty() && !contains(block.when, other(block.other, from_)))) {
      continue;
    }
    object(1, [&] {
      const std::string hop =
          hop_text(change.component, change.old_release(), change.new_release());
      if (block.other.empty()) {
        return Objection{.rule = UpgradeRule::block,
                         .because = fmt::format("{} is blocked: {}", hop, block.why),
                         .opens = "another release to go over, or the end of the block",
                         .line = block.line};
      }
      return Objection{
          .rule = UpgradeRule::block,
          .because = fmt::format("{} is blocked while {} is {}: {}", hop, block.other,
                                 other(block.other, from_), block.why),
          .opens = fmt::format("a release of {} that is not {}", block.other, to_text(block.when)),
          .line = block.line};
    });
  }
}

void Judge::needs(std::size_t index) {
  const Component& component = catalogue_.components[index];
  const std::string& version = component.releases[to_[index]];
  for (const Dependence& need : component.needs) {
    if (!contains(need.releases, version) || contains(need.needed, other(need.other, to_))) {
      continue;
    }
    object(1, [&] {
      return Objection{.rule = UpgradeRule::require,
                       .because = with_reason(
                           fmt::format("{} needs {} {}, not {}", named(component, version),
                                       need.other, to_text(need.needed), other(need.other, to_)),
                           need.why),
                       .opens = fmt::format("{} {}", need.other, to_text(need.needed)),
                       .line = need.line};
    });
  }
}

void Judge::skews(std::size_t index) {
  const Component& component = catalogue_.components[index];
  for (const Skew& skew : component.skews) {
    const std::uint32_t leader = find_component(catalogue_, skew.other);
    const ReleaseNumbers& ahead = catalogue_.components[leader].numbers[to_[leader]];
    const ReleaseNumbers& behind = component.numbers[to_[index]];
    // Newer by its numbers: patches of one minor may differ either way.
    const bool is_newer =
        std::pair(behind.major, behind.minor) > std::pair(ahead.major, ahead.minor);
    const std::int64_t majors = ahead.major - behind.major;
    const bool is_near = skew.counts_majors
                             ? majors <= skew.at_most
                             : majors == 0 && ahead.minor - behind.minor <= skew.at_most;
    if (!is_newer && is_near) {
      continue;
    }
    object(avoidable, [&] {
      const std::string own = named(component, component.releases[to_[index]]);
      const std::string& that = other(skew.other, to_);
      return Objection{
          .rule = UpgradeRule::skew,
          .because = with_reason(
              is_newer ? fmt::format("{} would be newer than {} {}", own, skew.other, that)
                       : fmt::format("{} would be more than {} {} version{} behind {} {}", own,
                                     skew.at_most, skew.counts_majors ? "major" : "minor",
                                     skew.at_most == 1 ? "" : "s", skew.other, that),
              skew.why),
          .opens = "",
          .line = skew.line};
    });
  }
}

void Judge::jointly(std::size_t changed) {
  const auto covers = [&](const std::vector<std::uint32_t>& group) {
    return std::ranges::count_if(group, [&](std::uint32_t component) {
             return from_[component] != to_[component];
           }) == static_cast<std::ptrdiff_t>(changed);
  };
  if (changed < 2 || std::ranges::any_of(catalogue_.together, covers)) {
    return;
  }
  object(avoidable, [&] {
    std::vector<std::string_view> names;
    for (std::size_t index = 0; index < from_.size(); ++index) {
      if (from_[index] != to_[index]) {
        names.emplace_back(catalogue_.components[index].name);
      }
    }
    return Objection{
        .rule = UpgradeRule::together,
        .because = fmt::format("{} would change in one hop", fmt::join(names, " and ")),
        .opens = ""};
  });
}

void Judge::judge() {
  std::size_t changed = 0;
  for (std::size_t index = 0; index < catalogue_.components.size(); ++index) {
    if (from_[index] == to_[index]) {
      continue;
    }
    ++changed;
    const Change change{catalogue_.components[index], from_[index], to_[index]};
    if (change.to < change.from) {
      object(never, [&] {
        return Objection{
            .rule = UpgradeRule::no_downgrade,
            .because = hop_text(change.component, change.old_release(), change.new_release()) +
                       ": this would be a downgrade",
            .opens = ""};
      });
      continue;
    }
    if (change.component.one_major_at_a_time) {
      majors(change);
    }
    if (change.component.one_minor_at_a_time) {
      minors(change);
    }
    if (change.component.latest_in_major) {
      latest(change);
    }
    stops(change);
    blocks(change);
  }
  if (changed > 0) {
    jointly(changed);
    for (std::size_t index = 0; index < catalogue_.components.size(); ++index) {
      needs(index);
      skews(index);
    }
  }
}

}  // namespace

std::string_view rule_name(UpgradeRule rule) {
  switch (rule) {
    case UpgradeRule::no_downgrade:
      return "no_downgrade";
    case UpgradeRule::one_major_at_a_time:
      return "one_major_at_a_time";
    case UpgradeRule::one_minor_at_a_time:
      return "one_minor_at_a_time";
    case UpgradeRule::latest_in_major:
      return "latest_in_major";
    case UpgradeRule::stop:
      return "stop";
    case UpgradeRule::block:
      return "block";
    case UpgradeRule::require:
      return "require";
    case UpgradeRule::skew:
      return "skew";
    case UpgradeRule::together:
      return "together";
  }
  return "";
}

std::vector<Objection> objections(const Catalogue& catalogue,
                                  const Releases& from,
                                  const Releases& to) {
  Judge judge(catalogue, from, to, false);
  judge.judge();
  return judge.objections();
}

std::uint32_t objection_costs(const Catalogue& catalogue,
                              const Releases& from,
                              const Releases& to) {
  Judge judge(catalogue, from, to, true);
  judge.judge();
  return judge.costs();
}

}  // namespace plan
