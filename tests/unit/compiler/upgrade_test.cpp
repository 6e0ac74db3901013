// Upgrade paths: the search against an exhaustive one that knows the rules by itself, and two
// public sets of rules.
#include "compiler/upgrade.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

namespace plan {

namespace {

// --- An independent reading of the rules, over numbers.

using Release = std::array<int, 3>;

struct RandomBlock {
  Release from, to;
  int other = -1;  // while this component is older than `below`
  Release below{};
};

struct RandomComponent {
  std::vector<Release> releases;
  bool one_major = false, one_minor = false, latest = false;
  std::vector<Release> stops;  // major and minor count
  std::vector<RandomBlock> blocks;
  int needs = -1;  // from major `needs_from` on: component `needs` at least `needed`
  int needs_from = 0;
  Release needed{};
  int skew = -1;
  int skew_at_most = 0;
};

struct RandomCatalogue {
  std::vector<RandomComponent> components;
  std::vector<int> together;
};

using State = std::vector<std::size_t>;

std::string text_of(const Release& release) {
  return fmt::format("{}.{}.{}", release[0], release[1], release[2]);
}

std::string text_of(const RandomCatalogue& catalogue) {
  std::string text;
  for (std::size_t index = 0; index < catalogue.components.size(); ++index) {
    const RandomComponent& component = catalogue.components[index];
    text += fmt::format("component c{}\n", index);
    for (const Release& release : component.releases) {
      text += text_of(release) + "\n";
    }
    text += component.one_major ? "rule one_major_at_a_time\n" : "";
    text += component.one_minor ? "rule one_minor_at_a_time\n" : "";
    text += component.latest ? "rule latest_in_major\n" : "rule none\n";
    for (const Release& stop : component.stops) {
      text += fmt::format("stop {}.{}\n", stop[0], stop[1]);
    }
    for (const RandomBlock& block : component.blocks) {
      const std::string when =
          block.other < 0 ? "" : fmt::format(" when c{} <{}", block.other, text_of(block.below));
      text += fmt::format("block {} -> {}{} : known to fail\n", text_of(block.from),
                          text_of(block.to), when);
    }
    if (component.needs >= 0) {
      text += fmt::format("require >={} with c{} >={}\n", component.needs_from, component.needs,
                          text_of(component.needed));
    }
    if (component.skew >= 0) {
      text += fmt::format("skew c{} at most {} minor\n", component.skew, component.skew_at_most);
    }
  }
  if (!catalogue.together.empty()) {
    text += "together";
    for (const int index : catalogue.together) {
      text += fmt::format(" c{}", index);
    }
    text += "\n";
  }
  return text;
}

bool skips_minor(const RandomComponent& component, const Release& from, const Release& to) {
  if (to[0] == from[0]) {
    return to[1] > from[1] + 1;
  }
  const bool has_later = std::ranges::any_of(component.releases, [&](const Release& release) {
    return release[0] == from[0] && release[1] > from[1];
  });
  return has_later || to[0] != from[0] + 1 || to[1] != 0;
}

bool component_allows(const RandomCatalogue& catalogue,
                      std::size_t index,
                      const State& before,
                      const Release& from,
                      const Release& to) {
  const RandomComponent& component = catalogue.components[index];
  if (to < from || (component.one_major && to[0] > from[0] + 1) ||
      (component.one_minor && skips_minor(component, from, to))) {
    return false;
  }
  for (const Release& release : component.releases) {
    if (component.latest && to[0] != from[0] && release[0] == from[0] && release > from) {
      return false;
    }
  }
  for (const Release& stop : component.stops) {
    const std::pair at{stop[0], stop[1]};
    if (std::pair{from[0], from[1]} < at && std::pair{to[0], to[1]} > at) {
      return false;
    }
  }
  return std::ranges::none_of(component.blocks, [&](const RandomBlock& block) {
    if (block.from != from || block.to != to) {
      return false;
    }
    const auto other = static_cast<std::size_t>(block.other);
    return block.other < 0 || catalogue.components[other].releases[before[other]] < block.below;
  });
}

bool state_allows(const RandomCatalogue& catalogue, const State& state) {
  for (std::size_t index = 0; index < state.size(); ++index) {
    const RandomComponent& component = catalogue.components[index];
    const Release& own = component.releases[state[index]];
    const auto release_of = [&](int other) {
      const auto at = static_cast<std::size_t>(other);
      return catalogue.components[at].releases[state[at]];
    };
    if (component.needs >= 0 && own[0] >= component.needs_from &&
        release_of(component.needs) < component.needed) {
      return false;
    }
    if (component.skew >= 0) {
      const Release leader = release_of(component.skew);
      if (std::pair{own[0], own[1]} > std::pair{leader[0], leader[1]} || leader[0] != own[0] ||
          leader[1] - own[1] > component.skew_at_most) {
        return false;
      }
    }
  }
  return true;
}

bool may_hop(const RandomCatalogue& catalogue, const State& from, const State& to) {
  std::vector<int> changed;
  for (std::size_t index = 0; index < from.size(); ++index) {
    const RandomComponent& component = catalogue.components[index];
    if (from[index] != to[index]) {
      changed.push_back(static_cast<int>(index));
      if (!component_allows(catalogue, index, from, component.releases[from[index]],
                            component.releases[to[index]])) {
        return false;
      }
    }
  }
  const bool is_joint = changed.size() > 1;
  const bool may_be_joint = std::ranges::all_of(changed, [&](int index) {
    return std::ranges::find(catalogue.together, index) != catalogue.together.end();
  });
  return !changed.empty() && (!is_joint || may_be_joint) && state_allows(catalogue, to);
}

std::vector<State> all_states(const RandomCatalogue& catalogue) {
  std::vector<State> states = {{}};
  for (const RandomComponent& component : catalogue.components) {
    std::vector<State> longer;
    for (const State& state : states) {
      for (std::size_t release = 0; release < component.releases.size(); ++release) {
        longer.push_back(state);
        longer.back().push_back(release);
      }
    }
    states = std::move(longer);
  }
  return states;
}

// Hops to each state that can be reached: by looking at every pair of states, again and again.
std::map<State, int> exhaustive(const RandomCatalogue& catalogue, const State& start) {
  const std::vector<State> states = all_states(catalogue);
  std::map<State, int> hops = {{start, 0}};
  for (int round = 1; true; ++round) {
    std::vector<State> found;
    for (const auto& [at, made] : hops) {
      if (made != round - 1) {
        continue;
      }
      for (const State& next : states) {
        if (!hops.contains(next) && may_hop(catalogue, at, next)) {
          found.push_back(next);
        }
      }
    }
    if (found.empty()) {
      return hops;
    }
    for (const State& next : found) {
      hops.emplace(next, round);
    }
  }
}

// --- Random catalogues.

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) {}

  int number(int first, int last) {
    return std::uniform_int_distribution<int>(first, last)(random_);
  }
  bool flip(int in) { return number(1, in) == 1; }

  RandomCatalogue catalogue() {
    RandomCatalogue made;
    const int count = number(1, 3);
    for (int index = 0; index < count; ++index) {
      made.components.push_back(component(count == 1 ? 14 : count == 2 ? 6 : 4));
    }
    for (int index = 0; index < count && count > 1; ++index) {
      relate(made, index, (index + 1) % count);
    }
    if (count > 1 && flip(3)) {
      made.together = {0, 1};
    }
    return made;
  }

 private:
  RandomComponent component(int releases) {
    RandomComponent made;
    std::set<Release> chosen;
    const int wanted = number(2, releases);
    for (int index = 0; index < wanted; ++index) {
      chosen.insert({number(1, 4), number(0, 3), number(0, 2)});
    }
    made.releases.assign(chosen.begin(), chosen.end());
    made.one_major = flip(2);
    made.one_minor = flip(4);
    made.latest = flip(3);
    for (int index = number(0, 2); index > 0; --index) {
      made.stops.push_back({number(1, 4), number(0, 3), 0});
    }
    for (int index = number(0, 6); index > 0; --index) {
      made.blocks.push_back({.from = some(made), .to = some(made)});
    }
    return made;
  }

  void relate(RandomCatalogue& catalogue, int index, int other) {
    RandomComponent& component = catalogue.components[static_cast<std::size_t>(index)];
    const RandomComponent& leader = catalogue.components[static_cast<std::size_t>(other)];
    if (flip(2)) {
      component.needs = other;
      component.needs_from = number(1, 4);
      component.needed = some(leader);
    }
    if (index == 0 && flip(6)) {
      component.skew = other;
      component.skew_at_most = number(0, 3);
    }
    for (RandomBlock& block : component.blocks) {
      if (flip(2)) {
        block.other = other;
        block.below = some(leader);
      }
    }
  }

  Release some(const RandomComponent& component) {
    return component.releases[static_cast<std::size_t>(
        number(0, static_cast<int>(component.releases.size()) - 1))];
  }

  std::mt19937 random_;
};

State state_of(const Releases& releases) {
  return {releases.begin(), releases.end()};
}

// The text without the lines that a why-not names, and whether it names any.
std::string without_lines(const std::string& text, const UpgradePath& path, bool& has_others) {
  std::set<std::uint32_t> lines;
  for (const Hop& hop : path.hops) {
    for (const Objection& objection : hop.objections) {
      has_others = has_others || objection.line == 0;
      lines.insert(objection.line);
    }
  }
  std::string kept;
  std::uint32_t line = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    if (!lines.contains(++line)) {
      kept += text.substr(begin, end - begin);
    }
    kept += "\n";
    begin = end + 1;
  }
  return kept;
}

struct Counts {
  int found = 0;
  int none = 0;
  int opened = 0;
  int longest = 0;
};

void check_found(const RandomCatalogue& random,
                 const UpgradePath& path,
                 const State& start,
                 int shortest) {
  REQUIRE(path.is_found);
  REQUIRE(static_cast<int>(path.hops.size()) == shortest);
  State at = start;
  for (const Hop& hop : path.hops) {
    REQUIRE(state_of(hop.from) == at);
    REQUIRE(may_hop(random, at, state_of(hop.to)));
    at = state_of(hop.to);
  }
}

// Nothing of the catalogue allows it; and with the lines gone that it blames there is a way.
void check_none(const std::map<State, int>& reachable,
                const std::string& text,
                const UpgradeQuestion& question,
                const UpgradePath& path,
                Counts& counts) {
  REQUIRE_FALSE(path.is_found);
  REQUIRE(reachable.contains(state_of(path.furthest)));
  REQUIRE_FALSE(path.hops.empty());
  std::size_t blamed = 0;
  for (const Hop& hop : path.hops) {
    blamed += hop.objections.size();
  }
  REQUIRE(blamed > 0);
  bool has_others = false;
  const std::string opened = without_lines(text, path, has_others);
  if (!has_others) {
    const auto catalogue = read_catalogue(opened);
    REQUIRE(catalogue.has_value());
    REQUIRE(find_upgrade(*catalogue, question)->is_found);
    ++counts.opened;
  }
}

TEST_CASE("the search agrees with an exhaustive one on random catalogues") {
  constexpr std::uint32_t seed = 20261123;
  Counts counts;
  Generator generator(seed);
  for (int round = 0; round < 12'000; ++round) {
    const RandomCatalogue random = generator.catalogue();
    const std::string text = text_of(random);
    INFO("seed " << seed << ", round " << round << "\n" << text);
    const auto catalogue = read_catalogue(text);
    REQUIRE(catalogue.has_value());
    State start;
    UpgradeQuestion question;
    for (const RandomComponent& component : random.components) {
      const int last = static_cast<int>(component.releases.size()) - 1;
      start.push_back(static_cast<std::size_t>(generator.number(0, last / 2)));
      question.from.push_back(static_cast<std::uint32_t>(start.back()));
      const auto end = static_cast<std::uint32_t>(generator.number(0, last));
      question.to.push_back(generator.flip(4) ? std::nullopt : std::optional(end));
    }
    const auto reachable = exhaustive(random, start);
    int shortest = -1;
    for (const auto& [state, hops] : reachable) {
      bool is_end = true;
      for (std::size_t index = 0; index < state.size(); ++index) {
        is_end = is_end && (!question.to[index] || *question.to[index] == state[index]);
      }
      shortest = is_end && (shortest < 0 || hops < shortest) ? hops : shortest;
    }
    const auto path = find_upgrade(*catalogue, question);
    REQUIRE(path.has_value());
    if (shortest >= 0) {
      check_found(random, *path, start, shortest);
      ++counts.found;
      counts.longest = std::max(counts.longest, shortest);
    } else {
      check_none(reachable, text, question, *path, counts);
      ++counts.none;
    }
  }
  WARN("12000 random catalogues, seed " << seed << ": " << counts.found << " paths (the longest of "
                                        << counts.longest << " hops), " << counts.none
                                        << " without; " << counts.opened
                                        << " of them opened by taking out the lines to blame");
  CHECK(counts.found > 3000);
  CHECK(counts.none > 3000);
  CHECK(counts.opened > 200);
}

// --- Public rules.

std::vector<std::string> path_of(std::string_view text, const Versions& from, const Versions& to) {
  const auto catalogue = read_catalogue(text);
  REQUIRE(catalogue.has_value());
  const auto question = ask_upgrade(*catalogue, from, to);
  REQUIRE(question.has_value());
  const auto path = find_upgrade(*catalogue, *question);
  REQUIRE(path.has_value());
  std::vector<std::string> hops;
  for (const Hop& hop : path->hops) {
    std::string hop_text = to_text(*catalogue, hop);
    for (const Objection& objection : hop.objections) {
      hop_text += " | " + objection.because;
    }
    hops.push_back(std::move(hop_text));
  }
  return hops;
}

// GitLab's required upgrade stops, as its documentation of upgrade paths lists them for 15.0 to
// 17.x ("15.0.5 -> 15.4.6 -> 15.11.13 -> 16.3.x -> 16.7.x -> 16.11.x -> 17.3.x …").
constexpr std::string_view gitlab = R"(
15.0.5 15.4.6 15.11.13 16.0.8 16.1.6 16.2.9 16.3.9 16.6.8 16.7.10 16.10.8 16.11.10
17.0.2 17.1.8 17.3.7 17.4.6
rule none
stop 15.0
stop 15.4
stop 15.11
stop 16.3 : background migrations have to be finished
stop 16.7
stop 16.11
stop 17.3
)";

TEST_CASE("public rules: GitLab's required upgrade stops") {
  CHECK(path_of(gitlab, {{"", "15.0.5"}}, {{"", "17.4.6"}}) ==
        std::vector<std::string>{"15.0.5 -> 15.4.6", "15.4.6 -> 15.11.13", "15.11.13 -> 16.3.9",
                                 "16.3.9 -> 16.7.10", "16.7.10 -> 16.11.10", "16.11.10 -> 17.3.7",
                                 "17.3.7 -> 17.4.6"});
  CHECK(path_of(gitlab, {{"", "16.0.8"}}, {{"", "16.6.8"}}) ==
        std::vector<std::string>{"16.0.8 -> 16.3.9", "16.3.9 -> 16.6.8"});
  // A stop that the catalogue has no release of is what stands in the way.
  std::string without(gitlab);
  without.replace(without.find("16.3.9 "), 7, "");
  const auto none = path_of(without, {{"", "16.2.9"}}, {{"", "16.7.10"}});
  REQUIRE(none.size() == 1);
  CHECK(none[0].contains("passes over 16.3, where one has to stop: background migrations"));
}

// kubeadm: the control plane goes one minor version at a time; a kubelet is never newer than the
// API server and at most three minors older (from 1.28 on; Kubernetes' version skew policy).
constexpr std::string_view kubeadm = R"(
component control_plane
1.27.16 1.28.15 1.29.14 1.30.10 1.31.6
rule one_minor_at_a_time
component kubelet
1.27.16 1.28.15 1.29.14 1.30.10 1.31.6
skew control_plane at most 3 minor : the version skew policy
)";

TEST_CASE("public rules: kubeadm goes minor by minor, kubelets follow within three") {
  const auto both = path_of(kubeadm, {{"control_plane", "1.27.16"}, {"kubelet", "1.27.16"}},
                            {{"control_plane", "1.31.6"}, {"kubelet", "1.31.6"}});
  // Four for the control plane, at least two for the kubelets: they may not fall further behind.
  REQUIRE(both.size() == 6);
  CHECK(both.front() == "control_plane 1.27.16 -> 1.28.15");
  CHECK(std::ranges::count_if(
            both, [](const std::string& hop) { return hop.starts_with("kubelet"); }) == 2);
  const auto skipped =
      path_of("1.27.16 1.29.14\nrule one_minor_at_a_time", {{"", "1.27.16"}}, {{"", "1.29.14"}});
  REQUIRE(skipped.size() == 1);
  CHECK(skipped[0].contains("more than one minor version is skipped"));
  // The kubelets alone cannot overtake.
  const auto overtaken = path_of(
      "component control_plane\n1.30.1\nrule none\ncomponent kubelet\n1.30.1 1.31.0\n"
      "skew control_plane at most 3 minor\n",
      {{"control_plane", "1.30.1"}, {"kubelet", "1.30.1"}}, {{"kubelet", "1.31.0"}});
  REQUIRE(overtaken.size() == 1);
  CHECK(overtaken[0].contains("kubelet 1.31.0 would be newer than control_plane 1.30.1"));
}

// --- One rule each.

std::string refusal(std::string_view text, std::string_view from, std::string_view to) {
  const auto catalogue = read_catalogue(text);
  REQUIRE(catalogue.has_value());
  const auto question = ask_upgrade(*catalogue, {{"", std::string(from)}}, {{"", std::string(to)}});
  REQUIRE(question.has_value());
  const auto path = find_upgrade(*catalogue, *question);
  REQUIRE(path.has_value());
  return path->is_found ? "" : why_not(*catalogue, *question, *path);
}

TEST_CASE("without rules of its own a component has the usual ones") {
  CHECK(refusal("6.4.2\n7.0.0\n7.1.0\n8.0.0\n", "6.4.2", "8.0.0").empty());
  CHECK(path_of("6.4.2\n7.0.0\n7.1.0\n8.0.0\n8.7.6", {{"", "6.4.2"}}, {{"", "8.7.6"}}) ==
        std::vector<std::string>{"6.4.2 -> 7.1.0", "7.1.0 -> 8.7.6"});
}

TEST_CASE("why there is no path says what would open it") {
  const std::string gap = refusal("6.4.2 8.0.0 9.0.0", "6.4.2", "9.0.0");
  CHECK(gap.contains("no upgrade path leads from 6.4.2 to 9.0.0"));
  CHECK(gap.contains("6.4.2 -> 8.0.0: more than one major version is skipped"));
  CHECK(gap.contains("what would open it: a release of major version 7"));
  const std::string blocked =
      refusal("8.7.6 9.3.0\nblock 8.7.6 -> 9.3.0: its schema is newer than that of 9.3.0", "8.7.6",
              "9.3.0");
  CHECK(
      blocked.contains("8.7.6 -> 9.3.0 is blocked: its schema is newer than that of 9.3.0 (line "
                       "2 of the catalogue)"));
  CHECK(refusal("1.0 2.0", "2.0", "1.0").contains("2.0 -> 1.0: this would be a downgrade"));
  const std::string partly = refusal("1.0 2.0 3.0 4.0\nblock 3.0 -> 4.0 : a bug", "1.0", "4.0");
  CHECK(partly.contains("the furthest that can be reached is 3.0"));
}

constexpr std::string_view stack = R"(
component orchestrator
7.1.0 8.7.6
require >=8 with postgresql >=16 : its compatibility file says so
component postgresql
13.14 15.20 16.4
rule none
)";

TEST_CASE("a hop of one component waits for what it needs of another") {
  CHECK(path_of(stack, {{"orchestrator", "7.1.0"}, {"postgresql", "13.14"}},
                {{"orchestrator", "8.7.6"}}) ==
        std::vector<std::string>{"postgresql 13.14 -> 16.4", "orchestrator 7.1.0 -> 8.7.6"});
  CHECK(path_of(std::string(stack).append("together orchestrator postgresql\n"),
                {{"orchestrator", "7.1.0"}, {"postgresql", "13.14"}},
                {{"orchestrator", "8.7.6"}}) ==
        std::vector<std::string>{"orchestrator 7.1.0 -> 8.7.6, postgresql 13.14 -> 16.4"});
  std::string without(stack);
  without.replace(without.find(" 16.4"), 5, "");
  const auto none = path_of(without, {{"orchestrator", "7.1.0"}, {"postgresql", "13.14"}},
                            {{"orchestrator", "8.7.6"}});
  REQUIRE_FALSE(none.empty());
  CHECK(none.back().contains("orchestrator 8.7.6 needs postgresql >=16, not 1"));
}

TEST_CASE("a mistake in a catalogue is told with its line") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "the catalogue holds no release"},
      {"1.0\nblok 1.0 -> 2.0: x", "line 2: `blok` is neither a version nor one of"},
      {"1.0\nblock 1.0 -> 2.0", "line 2: expected: block RANGE -> RANGE"},
      {"1.0\nblock 1.0 -> x2: x", "line 2: `x2` is not a range of releases"},
      {"1.0\ncomponent db", "line 2: the first component has no name"},
      {"component a\n1.0\ncomponent a", "line 3: component `a` is declared twice"},
      {"component a\n1.0\nrequire >=1 with b >=2", "line 3: there is no component `b`"},
      {"1.0\nrule two_at_once", "line 2: expected: rule one_major_at_a_time"},
      {"1.0\nskew a at most some minor", "line 2: expected: skew COMPONENT"},
      {"component a\n1.0\ntogether a", "line 3: expected: together COMPONENT COMPONENT"},
  };
  for (const auto& [text, error] : cases) {
    const auto catalogue = read_catalogue(text);
    INFO(text);
    REQUIRE_FALSE(catalogue.has_value());
    CHECK(catalogue.error().starts_with(error));
  }
  const auto whole = read_catalogue("# 1\nv1.0  # first\n1:2.0\n\n2.0 2.1\nrule none");
  REQUIRE(whole.has_value());
}

TEST_CASE("ranges of releases") {
  const auto contains_all = [](std::string_view range, std::vector<std::string> versions) {
    const auto catalogue = read_catalogue(fmt::format("1.0\nblock {} -> 9: x", range));
    REQUIRE(catalogue.has_value());
    return std::ranges::all_of(versions, [&](const std::string& version) {
      return contains(catalogue->components[0].blocks[0].from, version);
    });
  };
  CHECK(contains_all("8.7", {"8.7", "8.7.0", "8.7.6", "8.7.6.1"}));
  CHECK_FALSE(contains_all("8.7", {"8.70.0"}));
  CHECK(contains_all(">=8.0<9", {"8.0.0", "8.7.6"}));
  CHECK_FALSE(contains_all(">=8.0<9", {"9.0.0"}));
  CHECK(contains_all("*", {"1", "100"}));
}

}  // namespace

}  // namespace plan
