// The search for a path, and why there is none.

#include "compiler/upgrade.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <tuple>

#include <fmt/format.h>

#include "compiler/value.hpp"

namespace plan {

namespace {

constexpr std::size_t state_limit = 200'000;
constexpr std::uint32_t unreached = UINT32_MAX;

// The states of a catalogue: one release of each component, as a number in mixed radix.
class StateSpace {
 public:
  explicit StateSpace(const Catalogue& catalogue) : catalogue_(catalogue) {
    for (const Component& component : catalogue.components) {
      size_ = size_ > state_limit ? size_ : size_ * component.releases.size();
    }
    for (std::uint32_t index = 0; index < catalogue.components.size(); ++index) {
      groups_.push_back({index});
    }
    groups_.insert(groups_.end(), catalogue.together.begin(), catalogue.together.end());
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] std::size_t number(const Releases& releases) const {
    std::size_t number = 0;
    for (std::size_t index = 0; index < releases.size(); ++index) {
      number = number * catalogue_.components[index].releases.size() + releases[index];
    }
    return number;
  }

  [[nodiscard]] Releases releases(std::size_t number) const {
    Releases releases(catalogue_.components.size());
    for (std::size_t index = releases.size(); index-- > 0;) {
      const std::size_t radix = catalogue_.components[index].releases.size();
      releases[index] = static_cast<std::uint32_t>(number % radix);
      number /= radix;
    }
    return releases;
  }

  // Calls `visit(releases)` for what one hop down from `at` may lead to (or up to it from there):
  // one component older, or several that may change together.
  void older(const Releases& at, const std::function<void(const Releases&)>& visit) const {
    for (const auto& group : groups_) {
      Releases made = at;
      vary(group, 0, 0, at, made, false, visit);
    }
  }
  void newer(const Releases& at, const std::function<void(const Releases&)>& visit) const {
    for (const auto& group : groups_) {
      Releases made = at;
      vary(group, 0, 0, at, made, true, visit);
    }
  }

 private:
  void vary(const std::vector<std::uint32_t>& group,
            std::size_t position,
            std::size_t changed,
            const Releases& at,
            Releases& made,
            bool is_upwards,
            const std::function<void(const Releases&)>& visit) const {
    if (position == group.size()) {
      // A change of one alone is the business of the component's own group.
      if (changed > 0 && (changed > 1 || group.size() == 1)) {
        visit(made);
      }
      return;
    }
    const std::uint32_t component = group[position];
    const std::uint32_t from = is_upwards ? at[component] : 0;
    const std::uint32_t end =
        is_upwards ? static_cast<std::uint32_t>(catalogue_.components[component].releases.size())
                   : at[component] + 1;
    for (std::uint32_t release = from; release < end; ++release) {
      made[component] = release;
      vary(group, position + 1, changed + (release != at[component] ? 1 : 0), at, made, is_upwards,
           visit);
    }
    made[component] = at[component];
  }

  const Catalogue& catalogue_;
  std::size_t size_ = 1;
  std::vector<std::vector<std::uint32_t>> groups_;
};

bool is_goal(const UpgradeQuestion& question, const Releases& releases) {
  for (std::size_t index = 0; index < releases.size(); ++index) {
    if (question.to[index] && *question.to[index] != releases[index]) {
      return false;
    }
  }
  return true;
}

class Search {
 public:
  Search(const Catalogue& catalogue, const UpgradeQuestion& question)
      : catalogue_(catalogue), question_(question), space_(catalogue) {}

  std::expected<UpgradePath, std::string> run();

 private:
  using Cost = std::uint64_t;
  void distances();
  void walk(UpgradePath& path);
  void relax(UpgradePath& path);
  [[nodiscard]] Releases furthest() const;
  [[nodiscard]] std::vector<Cost> relaxed_costs() const;
  [[nodiscard]] Cost relaxed_cost(const Releases& from, const Releases& to) const {
    // A hop more is better than a rule less.
    return (Cost{objection_costs(catalogue_, from, to)} << 16U) + 1;
  }

  const Catalogue& catalogue_;
  const UpgradeQuestion& question_;
  StateSpace space_;
  std::vector<std::uint32_t> distance_;  // hops to the end, by state
};

// Breadth-first, backwards from every state that the path may end in.
void Search::distances() {
  distance_.assign(space_.size(), unreached);
  std::vector<std::size_t> queue;
  for (std::size_t state = 0; state < space_.size(); ++state) {
    if (is_goal(question_, space_.releases(state))) {
      distance_[state] = 0;
      queue.push_back(state);
    }
  }
  for (std::size_t next = 0; next < queue.size(); ++next) {
    const Releases at = space_.releases(queue[next]);
    const std::uint32_t distance = distance_[queue[next]] + 1;
    space_.older(at, [&](const Releases& before) {
      const std::size_t state = space_.number(before);
      if (distance_[state] == unreached && objection_costs(catalogue_, before, at) == 0) {
        distance_[state] = distance;
        queue.push_back(state);
      }
    });
  }
}

// Of the hops that bring the end nearer, the one to the newest releases.
void Search::walk(UpgradePath& path) {
  Releases at = question_.from;
  while (distance_[space_.number(at)] > 0) {
    const std::uint32_t wanted = distance_[space_.number(at)] - 1;
    Releases best;
    space_.newer(at, [&](const Releases& next) {
      if (distance_[space_.number(next)] == wanted && next > best &&
          objection_costs(catalogue_, at, next) == 0) {
        best = next;
      }
    });
    path.hops.push_back({at, best, {}});
    at = best;
  }
}

// Dijkstra (1959), backwards: the least that the rest of the way breaks.
std::vector<Search::Cost> Search::relaxed_costs() const {
  std::vector<Cost> costs(space_.size(), std::numeric_limits<Cost>::max());
  using Entry = std::pair<Cost, std::size_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  for (std::size_t state = 0; state < space_.size(); ++state) {
    if (is_goal(question_, space_.releases(state))) {
      costs[state] = 0;
      queue.emplace(0, state);
    }
  }
  while (!queue.empty()) {
    const auto [cost, state] = queue.top();
    queue.pop();
    if (cost > costs[state]) {
      continue;
    }
    const Releases at = space_.releases(state);
    space_.older(at, [&](const Releases& before) {
      const std::size_t number = space_.number(before);
      if (costs[number] <= cost + 1) {
        return;
      }
      const Cost made = cost + relaxed_cost(before, at);
      if (made < costs[number]) {
        costs[number] = made;
        queue.emplace(made, number);
      }
    });
  }
  return costs;
}

void Search::relax(UpgradePath& path) {
  const std::vector<Cost> costs = relaxed_costs();
  Releases at = question_.from;
  if (costs[space_.number(at)] == std::numeric_limits<Cost>::max()) {
    // The end is older than the beginning: no way up leads there.
    Releases to = at;
    for (std::size_t index = 0; index < to.size(); ++index) {
      to[index] = question_.to[index].value_or(at[index]);
    }
    path.hops.push_back({at, to, objections(catalogue_, at, to)});
    return;
  }
  while (!is_goal(question_, at)) {
    Releases best;
    const Cost cost = costs[space_.number(at)];
    space_.newer(at, [&](const Releases& next) {
      const Cost rest = costs[space_.number(next)];
      if (rest < cost && next > best && rest + relaxed_cost(at, next) == cost) {
        best = next;
      }
    });
    path.hops.push_back({at, best, objections(catalogue_, at, best)});
    at = best;
  }
}

// Forwards: of all that can be reached, what is newest and not beyond the end.
Releases Search::furthest() const {
  std::vector<bool> is_reached(space_.size(), false);
  std::vector<std::size_t> queue = {space_.number(question_.from)};
  is_reached[queue.front()] = true;
  Releases best = question_.from;
  for (std::size_t next = 0; next < queue.size(); ++next) {
    const Releases at = space_.releases(queue[next]);
    bool is_beyond = false;
    for (std::size_t index = 0; index < at.size(); ++index) {
      is_beyond = is_beyond || (question_.to[index] && at[index] > *question_.to[index]);
    }
    if (is_beyond) {
      continue;
    }
    best = std::max(best, at);
    space_.newer(at, [&](const Releases& after) {
      const std::size_t state = space_.number(after);
      if (!is_reached[state] && objection_costs(catalogue_, at, after) == 0) {
        is_reached[state] = true;
        queue.push_back(state);
      }
    });
  }
  return best;
}

std::expected<UpgradePath, std::string> Search::run() {
  if (space_.size() > state_limit) {
    return std::unexpected(fmt::format(
        "the catalogue has more than {} combinations of releases: leave out what does not matter",
        state_limit));
  }
  UpgradePath path;
  distances();
  path.is_found = distance_[space_.number(question_.from)] != unreached;
  if (path.is_found) {
    walk(path);
  } else {
    path.furthest = furthest();
    relax(path);
  }
  return path;
}

std::string join_names(const Catalogue& catalogue) {
  std::string names;
  for (const Component& component : catalogue.components) {
    names += (names.empty() ? "" : ", ") + component.name;
  }
  return names;
}

// The index of a release that somebody wrote; the error names those around it.
std::expected<std::uint32_t, std::string> known_release(const Component& component,
                                                        std::string_view version) {
  const std::uint32_t release = find_release(component, version);
  if (release != UINT32_MAX) {
    return release;
  }
  std::string older;
  std::string newer;
  for (const std::string& known : component.releases) {
    if (compare_versions(known, version) < 0) {
      older = known;
    } else if (newer.empty()) {
      newer = known;
    }
  }
  return std::unexpected(fmt::format(
      "the release catalogue has no {}{}{}; {}{}{}{}", component.name,
      component.name.empty() ? "" : " ", version, older.empty() ? "" : "before it comes " + older,
      older.empty() || newer.empty() ? "" : ", ", newer.empty() ? "" : "after it comes " + newer,
      older.empty() && newer.empty() ? "it is empty" : ""));
}

}  // namespace

std::expected<UpgradeQuestion, std::string> ask_upgrade(const Catalogue& catalogue,
                                                        const Versions& from,
                                                        const Versions& to) {
  UpgradeQuestion question;
  question.from.resize(catalogue.components.size());
  question.to.resize(catalogue.components.size());
  std::vector<bool> is_given(catalogue.components.size(), false);
  for (const bool is_end : {false, true}) {
    for (const auto& [name, version] : is_end ? to : from) {
      const std::uint32_t index = find_component(catalogue, name);
      if (index == UINT32_MAX) {
        return std::unexpected(
            name.empty()
                ? fmt::format("say which component: the catalogue has {}", join_names(catalogue))
                : fmt::format("the catalogue has no component `{}`; it has {}", name,
                              join_names(catalogue)));
      }
      const auto release = known_release(catalogue.components[index], version);
      if (!release) {
        return std::unexpected(release.error());
      }
      if (is_end) {
        question.to[index] = *release;
      } else {
        question.from[index] = *release;
        is_given[index] = true;
      }
    }
  }
  for (std::size_t index = 0; index < is_given.size(); ++index) {
    if (!is_given[index]) {
      return std::unexpected(fmt::format("the version of `{}` to begin with is missing",
                                         catalogue.components[index].name));
    }
  }
  return question;
}

std::expected<UpgradePath, std::string> find_upgrade(const Catalogue& catalogue,
                                                     const UpgradeQuestion& question) {
  return Search(catalogue, question).run();
}

Versions versions_of(const Catalogue& catalogue, const Releases& releases) {
  Versions versions;
  for (std::size_t index = 0; index < releases.size(); ++index) {
    const Component& component = catalogue.components[index];
    versions[component.name] = component.releases[releases[index]];
  }
  return versions;
}

std::string to_text(const Catalogue& catalogue, const Releases& releases) {
  std::string text;
  for (std::size_t index = 0; index < releases.size(); ++index) {
    const Component& component = catalogue.components[index];
    text += fmt::format("{}{}{}{}", text.empty() ? "" : ", ", component.name,
                        component.name.empty() ? "" : " ", component.releases[releases[index]]);
  }
  return text;
}

std::string to_text(const Catalogue& catalogue, const Hop& hop) {
  std::string text;
  for (std::size_t index = 0; index < hop.from.size(); ++index) {
    if (hop.from[index] != hop.to[index]) {
      const Component& component = catalogue.components[index];
      text += fmt::format("{}{}{}{} -> {}", text.empty() ? "" : ", ", component.name,
                          component.name.empty() ? "" : " ", component.releases[hop.from[index]],
                          component.releases[hop.to[index]]);
    }
  }
  return text;
}

std::string why_not(const Catalogue& catalogue,
                    const UpgradeQuestion& question,
                    const UpgradePath& path) {
  std::string end;
  for (std::size_t index = 0; index < question.to.size(); ++index) {
    if (question.to[index]) {
      const Component& component = catalogue.components[index];
      end +=
          fmt::format("{}{}{}{}", end.empty() ? "" : ", ", component.name,
                      component.name.empty() ? "" : " ", component.releases[*question.to[index]]);
    }
  }
  std::string text =
      fmt::format("no upgrade path leads from {} to {}", to_text(catalogue, question.from), end);
  for (const Hop& hop : path.hops) {
    for (const Objection& objection : hop.objections) {
      text += "\n" + objection.because;
      if (objection.line > 0) {
        text += fmt::format(" (line {} of the catalogue)", objection.line);
      }
      if (!objection.opens.empty()) {
        text += "\nwhat would open it: " + objection.opens;
      }
    }
  }
  if (path.furthest != question.from) {
    text += "\nthe furthest that can be reached is " + to_text(catalogue, path.furthest);
  }
  return text;
}

}  // namespace plan
