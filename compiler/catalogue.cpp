#include "compiler/catalogue.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "compiler/value.hpp"

namespace plan {

namespace {

constexpr std::string_view blank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(blank);
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = trimmed(text)).empty()) {
    const std::string_view word = text.substr(0, text.find_first_of(blank));
    words.push_back(word);
    text.remove_prefix(word.size());
  }
  return words;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Without the `v` that may stand before it; absent if it is not a version.
std::optional<std::string> version_of(std::string_view word) {
  if (word.starts_with('v')) {
    word.remove_prefix(1);
  }
  const bool is_version =
      !word.empty() && is_digit(word[0]) && std::ranges::all_of(word, [](char c) {
        return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
               c == '-' || c == '+' || c == '~' || c == '_' || c == ':';
      });
  return is_version ? std::optional(std::string(word)) : std::nullopt;
}

// The `:` before a reason has a blank beside it; the one in a version (an epoch) has none.
std::size_t reason_begin(std::string_view line) {
  for (std::size_t at = line.find(':'); at != std::string_view::npos; at = line.find(':', at + 1)) {
    if (at + 1 == line.size() || blank.contains(line[at + 1]) ||
        (at > 0 && blank.contains(line[at - 1]))) {
      return at;
    }
  }
  return std::string_view::npos;
}

// A `#` begins a comment at the beginning of a word only: addresses of pages may hold one.
std::string_view without_comment(std::string_view line) {
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || blank.contains(line[at - 1])) {
      return line.substr(0, at);
    }
  }
  return line;
}

struct Operator {
  std::string_view text;
  ReleaseRange::Kind kind;
};

constexpr Operator operators[] = {{">=", ReleaseRange::Kind::greater_equal},
                                  {"<=", ReleaseRange::Kind::less_equal},
                                  {">", ReleaseRange::Kind::greater},
                                  {"<", ReleaseRange::Kind::less}};

// One line of a catalogue after the other; the first mistake ends the reading.
class Reader {
 public:
  std::expected<Catalogue, std::string> read(std::string_view text);

 private:
  void statement(std::string_view line);
  void component(const std::vector<std::string_view>& words);
  void releases(const std::vector<std::string_view>& words);
  void rule(const std::vector<std::string_view>& words);
  void stop(const std::vector<std::string_view>& words, std::string_view why);
  void block(const std::vector<std::string_view>& words, std::string_view why);
  void need(const std::vector<std::string_view>& words, std::string_view why);
  void skew(const std::vector<std::string_view>& words, std::string_view why);
  void together(const std::vector<std::string_view>& words);
  void finish();
  void count(Component& component);
  void check_names();
  void check_name(std::string_view name, std::uint32_t line);
  std::optional<ReleaseRange> range(std::string_view word);
  Component& current();
  void fail(std::string why) { fail(line_, std::move(why)); }
  void fail(std::uint32_t line, std::string why) {
    if (error_.empty()) {
      error_ = line == 0 ? std::move(why) : fmt::format("line {}: {}", line, why);
    }
  }

  Catalogue catalogue_;
  std::vector<bool> has_rules_;                                               // by component
  std::vector<std::pair<std::uint32_t, std::vector<std::string>>> together_;  // by line
  std::uint32_t line_ = 0;
  std::string error_;
};

Component& Reader::current() {
  if (catalogue_.components.empty()) {
    catalogue_.components.emplace_back();
    has_rules_.push_back(false);
  }
  return catalogue_.components.back();
}

std::optional<ReleaseRange> Reader::range(std::string_view word) {
  ReleaseRange made;
  if (word == "*") {
    return made;
  }
  std::string_view rest = word;
  while (!rest.empty()) {
    ReleaseRange::Bound bound;
    for (const Operator& candidate : operators) {
      if (rest.starts_with(candidate.text)) {
        bound.kind = candidate.kind;
        rest.remove_prefix(candidate.text.size());
        break;
      }
    }
    const std::string_view version = rest.substr(0, rest.find_first_of("<>"));
    const auto read = version_of(version);
    if (!read) {
      fail(
          fmt::format("`{}` is not a range of releases: write 8.7.6, 8.7 (all 8.7.x), >=8.0, "
                      ">=8.0<9, or *",
                      word));
      return std::nullopt;
    }
    bound.version = *read;
    made.bounds.push_back(std::move(bound));
    rest.remove_prefix(version.size());
  }
  return made;
}

void Reader::component(const std::vector<std::string_view>& words) {
  if (words.size() != 2) {
    return fail("expected: component NAME");
  }
  if (!catalogue_.components.empty() && catalogue_.components.front().name.empty()) {
    return fail("the first component has no name: write `component NAME` above its releases");
  }
  if (find_component(catalogue_, words[1]) != UINT32_MAX) {
    return fail(fmt::format("component `{}` is declared twice", words[1]));
  }
  catalogue_.components.emplace_back().name = words[1];
  has_rules_.push_back(false);
}

void Reader::releases(const std::vector<std::string_view>& words) {
  for (const std::string_view word : words) {
    const auto version = version_of(word);
    if (!version) {
      return fail(fmt::format("`{}` is not a version", word));
    }
    current().releases.push_back(*version);
  }
}

void Reader::rule(const std::vector<std::string_view>& words) {
  Component& component = current();
  has_rules_.back() = true;
  const std::string_view name = words.size() == 2 ? words[1] : std::string_view();
  if (name == "one_major_at_a_time") {
    component.one_major_at_a_time = true;
  } else if (name == "one_minor_at_a_time") {
    component.one_minor_at_a_time = true;
  } else if (name == "latest_in_major") {
    component.latest_in_major = true;
  } else if (name != "none") {
    fail("expected: rule one_major_at_a_time, one_minor_at_a_time, latest_in_major or none");
  }
}

void Reader::stop(const std::vector<std::string_view>& words, std::string_view why) {
  const auto version = words.size() == 2 ? version_of(words[1]) : std::nullopt;
  if (!version) {
    return fail("expected: stop VERSION [: why]");
  }
  current().stops.push_back({*version, std::string(why), line_});
}

void Reader::block(const std::vector<std::string_view>& words, std::string_view why) {
  const bool has_condition = words.size() == 7 && words[4] == "when";
  if ((words.size() != 4 && !has_condition) || words[2] != "->" || why.empty()) {
    return fail("expected: block RANGE -> RANGE [when COMPONENT RANGE] : why");
  }
  const auto from = range(words[1]);
  const auto to = range(words[3]);
  const auto when = has_condition ? range(words[6]) : ReleaseRange{};
  if (from && to && when) {
    current().blocks.push_back(
        {*from, *to, std::string(has_condition ? words[5] : ""), *when, std::string(why), line_});
  }
}

void Reader::need(const std::vector<std::string_view>& words, std::string_view why) {
  if (words.size() != 5 || words[2] != "with") {
    return fail("expected: require RANGE with COMPONENT RANGE [: why]");
  }
  const auto releases = range(words[1]);
  const auto needed = range(words[4]);
  if (releases && needed) {
    current().needs.push_back({*releases, std::string(words[3]), *needed, std::string(why), line_});
  }
}

void Reader::skew(const std::vector<std::string_view>& words, std::string_view why) {
  constexpr std::string_view form = "expected: skew COMPONENT at most NUMBER minor|major [: why]";
  if (words.size() != 6 || words[2] != "at" || words[3] != "most" ||
      (words[5] != "minor" && words[5] != "major")) {
    return fail(std::string(form));
  }
  Skew made{.other = std::string(words[1]),
            .counts_majors = words[5] == "major",
            .why = std::string(why),
            .line = line_};
  const std::string_view number = words[4];
  const char* end = number.data() + number.size();
  const auto result = std::from_chars(number.data(), end, made.at_most);
  if (result.ec != std::errc{} || result.ptr != end || made.at_most < 0) {
    return fail(std::string(form));
  }
  current().skews.push_back(std::move(made));
}

void Reader::together(const std::vector<std::string_view>& words) {
  if (words.size() < 3) {
    return fail("expected: together COMPONENT COMPONENT …");
  }
  together_.emplace_back(line_, std::vector<std::string>(words.begin() + 1, words.end()));
}

void Reader::statement(std::string_view line) {
  const std::size_t colon = reason_begin(line);
  const std::string_view why =
      colon == std::string_view::npos ? std::string_view() : trimmed(line.substr(colon + 2));
  const auto words = words_of(line.substr(0, colon));
  if (words.empty()) {
    return fail("a reason without a statement before it");
  }
  const std::string_view what = words.front();
  if (version_of(what)) {
    releases(words);
  } else if (what == "component") {
    component(words);
  } else if (what == "rule") {
    rule(words);
  } else if (what == "stop") {
    stop(words, why);
  } else if (what == "block") {
    block(words, why);
  } else if (what == "require") {
    need(words, why);
  } else if (what == "skew") {
    skew(words, why);
  } else if (what == "together") {
    together(words);
  } else {
    fail(
        fmt::format("`{}` is neither a version nor one of component, rule, stop, block, require, "
                    "skew, together",
                    what));
  }
}

void Reader::check_name(std::string_view name, std::uint32_t line) {
  const auto has_name = [&](const Component& component) { return component.name == name; };
  if (std::ranges::none_of(catalogue_.components, has_name)) {
    fail(line, fmt::format("there is no component `{}` in this catalogue", name));
  }
}

void Reader::check_names() {
  for (const Component& component : catalogue_.components) {
    for (const UpgradeBlock& block : component.blocks) {
      if (!block.other.empty()) {
        check_name(block.other, block.line);
      }
    }
    for (const Dependence& need : component.needs) {
      check_name(need.other, need.line);
    }
    for (const Skew& skew : component.skews) {
      check_name(skew.other, skew.line);
    }
  }
  for (const auto& [line, names] : together_) {
    auto& group = catalogue_.together.emplace_back();
    for (const std::string& name : names) {
      check_name(name, line);
      group.push_back(find_component(catalogue_, name));
    }
  }
}

void Reader::count(Component& component) {
  const auto size = static_cast<std::uint32_t>(component.releases.size());
  component.numbers.resize(size);
  for (std::uint32_t index = size; index-- > 0;) {
    ReleaseNumbers& numbers = component.numbers[index];
    numbers = {version_number(component.releases[index], 0),
               version_number(component.releases[index], 1), index, index + 1, index + 1};
    if (index + 1 < size && component.numbers[index + 1].major == numbers.major) {
      const ReleaseNumbers& next = component.numbers[index + 1];
      numbers.last_in_major = next.last_in_major;
      numbers.after_major = next.after_major;
      numbers.after_minor = next.minor == numbers.minor ? next.after_minor : index + 1;
    }
  }
  for (UpgradeStop& stop : component.stops) {
    const auto position = [&](int wanted) {
      const auto found = std::ranges::find_if(component.releases, [&](const std::string& release) {
        return compare_with_prefix(release, stop.prefix) >= wanted;
      });
      return static_cast<std::uint32_t>(found - component.releases.begin());
    };
    stop.first = position(0);
    stop.end = position(1);
  }
}

// Releases in order; where nothing is said about a component, the usual rules hold for it.
void Reader::finish() {
  if (catalogue_.components.empty()) {
    return fail("the catalogue holds no release");
  }
  for (std::size_t index = 0; index < catalogue_.components.size(); ++index) {
    Component& component = catalogue_.components[index];
    std::ranges::stable_sort(component.releases, [](const auto& left, const auto& right) {
      return compare_versions(left, right) < 0;
    });
    const auto same = std::ranges::unique(component.releases, [](const auto& one, const auto& two) {
      return compare_versions(one, two) == 0;
    });
    component.releases.erase(same.begin(), same.end());
    if (component.releases.empty()) {
      return fail(fmt::format("component `{}` has no release", component.name));
    }
    count(component);
    if (!has_rules_[index] && component.stops.empty() && component.skews.empty()) {
      component.one_major_at_a_time = true;
      component.latest_in_major = true;
    }
  }
  check_names();
}

std::expected<Catalogue, std::string> Reader::read(std::string_view text) {
  while (!text.empty() && error_.empty()) {
    ++line_;
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view said = trimmed(without_comment(line));
    if (!said.empty()) {
      statement(said);
    }
  }
  if (error_.empty()) {
    finish();
  }
  if (!error_.empty()) {
    return std::unexpected(std::move(error_));
  }
  return std::move(catalogue_);
}

bool holds(const ReleaseRange::Bound& bound, std::string_view version) {
  const auto order = compare_versions(version, bound.version);
  switch (bound.kind) {
    case ReleaseRange::Kind::below:
      return compare_with_prefix(version, bound.version) == 0;
    case ReleaseRange::Kind::less:
      return order < 0;
    case ReleaseRange::Kind::less_equal:
      return order <= 0;
    case ReleaseRange::Kind::greater:
      return order > 0;
    case ReleaseRange::Kind::greater_equal:
      return order >= 0;
  }
  return false;
}

}  // namespace

bool contains(const ReleaseRange& range, std::string_view version) {
  return std::ranges::all_of(range.bounds,
                             [&](const auto& bound) { return holds(bound, version); });
}

std::string to_text(const ReleaseRange& range) {
  std::string text;
  for (const auto& bound : range.bounds) {
    for (const Operator& candidate : operators) {
      text += candidate.kind == bound.kind ? candidate.text : "";
    }
    text += bound.version;
  }
  return text.empty() ? "*" : text;
}

int compare_with_prefix(std::string_view version, std::string_view prefix) {
  auto dots = std::ranges::count(prefix, '.');
  std::size_t end = 0;
  while (end < version.size() && (version[end] != '.' || dots-- > 0)) {
    ++end;
  }
  const auto order = compare_versions(version.substr(0, end), prefix);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

std::int64_t version_number(std::string_view version, std::size_t component) {
  for (; component > 0; --component) {
    const std::size_t dot = version.find('.');
    if (dot == std::string_view::npos) {
      return 0;  // 8 is 8.0
    }
    version.remove_prefix(dot + 1);
  }
  std::int64_t number = 0;
  const auto result = std::from_chars(version.data(), version.data() + version.size(), number);
  return result.ec == std::errc{} ? number : -1;
}

std::expected<Catalogue, std::string> read_catalogue(std::string_view text) {
  return Reader().read(text);
}

std::uint32_t find_component(const Catalogue& catalogue, std::string_view name) {
  for (std::uint32_t index = 0; index < catalogue.components.size(); ++index) {
    const Component& component = catalogue.components[index];
    if (component.name == name || (component.name.empty() && catalogue.components.size() == 1)) {
      return index;
    }
  }
  return UINT32_MAX;
}

std::uint32_t find_release(const Component& component, std::string_view version) {
  const auto found = std::ranges::lower_bound(component.releases, version,
                                              [](std::string_view left, std::string_view right) {
                                                return compare_versions(left, right) < 0;
                                              });
  return found == component.releases.end() || compare_versions(*found, version) != 0
             ? UINT32_MAX
             : static_cast<std::uint32_t>(found - component.releases.begin());
}

}  // namespace plan
