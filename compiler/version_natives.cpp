// The pure natives about versions, release catalogues and upgrades.

#include <charconv>

#include "compiler/natives.hpp"
#include "compiler/upgrade.hpp"
#include "compiler/value_text.hpp"

namespace plan::natives {

namespace {

// A version is that of the only component; a map names the components.
std::expected<Versions, std::string> versions(Arguments arguments, std::size_t index) {
  if (const auto* version = arguments[index].as<Version>()) {
    return Versions{{"", version->text}};
  }
  const auto* map = arguments[index].as<Map>();
  if (map == nullptr) {
    return std::unexpected(fmt::format("argument {}: expected a version or a map of them, found {}",
                                       index + 1, kind_text(arguments[index])));
  }
  Versions result;
  for (const auto& [name, value] : *map) {
    const auto* version = value.as<Version>();
    if (version == nullptr) {
      return std::unexpected(fmt::format("argument {}: `{}` is not a version, but {}", index + 1,
                                         name, kind_text(value)));
    }
    result[name] = version->text;
  }
  return result;
}

// What a call asks of a catalogue.
struct Asked {
  Catalogue catalogue;
  UpgradeQuestion question;
  Versions wanted;
};

std::expected<Asked, std::string> ask(Arguments arguments) {
  const auto from = versions(arguments, 0);
  const auto to = versions(arguments, 1);
  std::string why;
  const auto* text = want<std::string>(arguments, 2, "the text of a release catalogue", why);
  if (!from || !to || text == nullptr) {
    return std::unexpected(!from ? from.error() : !to ? to.error() : why);
  }
  auto catalogue = read_catalogue(*text);
  if (!catalogue) {
    return std::unexpected("the release catalogue, " + catalogue.error());
  }
  auto question = ask_upgrade(*catalogue, *from, *to);
  if (!question) {
    return std::unexpected(question.error());
  }
  return Asked{std::move(*catalogue), std::move(*question), *to};
}

Value versions_value(const Catalogue& catalogue, const Releases& releases, bool is_joint) {
  Map map;
  for (const auto& [name, text] : versions_of(catalogue, releases)) {
    if (!is_joint) {
      return Value{Version{text}};
    }
    map.emplace_back(name, Value{Version{text}});
  }
  return Value{std::move(map)};
}

// What the steps of a hop are called by: the releases that it leads to.
std::string hop_name(const Catalogue& catalogue, const Hop& hop, bool is_joint) {
  std::string name;
  for (std::size_t index = 0; index < hop.to.size(); ++index) {
    if (hop.from[index] != hop.to[index]) {
      const Component& component = catalogue.components[index];
      name += fmt::format("{}{}{}{}", name.empty() ? "" : " ", is_joint ? component.name : "",
                          is_joint ? " " : "", component.releases[hop.to[index]]);
    }
  }
  return name;
}

}  // namespace

Evaluated version(Arguments arguments) {
  std::string why;
  const auto* written = want<std::string>(arguments, 0, "a string", why);
  if (written == nullptr) {
    return failure(why);
  }
  std::string_view text = *written;
  if (text.starts_with('v')) {
    text.remove_prefix(1);
  }
  if (text.empty() || text[0] < '0' || text[0] > '9' || text.size() > 200) {
    return failure(quote(*written) + " is not a version");
  }
  return Value{Version{std::string(text)}};
}

// Component 0 of 8.7.6 is 8; components that are absent are 0.
Evaluated version_component(Arguments arguments) {
  std::string why;
  const auto* version = want<Version>(arguments, 0, "a version", why);
  const auto* index = want<std::int64_t>(arguments, 1, "an int", why);
  if (!why.empty()) {
    return failure(why);
  }
  const std::int64_t number =
      *index < 0 ? -1 : version_number(version->text, static_cast<std::size_t>(*index));
  return number >= 0
             ? Evaluated(Value{number})
             : failure(fmt::format("component {} of {} is not a number", *index, version->text));
}

// The text itself, if it is that of a catalogue: mistakes are told where it is read.
Evaluated checked_catalogue(Arguments arguments) {
  std::string why;
  const auto* text = want<std::string>(arguments, 0, "a string", why);
  if (text == nullptr) {
    return failure(why);
  }
  const auto catalogue = read_catalogue(*text);
  return catalogue ? Evaluated(Value{*text})
                   : failure("the release catalogue, " + catalogue.error());
}

Evaluated catalogue_releases(Arguments arguments) {
  std::string why;
  const auto* text = want<std::string>(arguments, 0, "the text of a release catalogue", why);
  if (text == nullptr) {
    return failure(why);
  }
  const auto catalogue = read_catalogue(*text);
  if (!catalogue || catalogue->components.size() != 1) {
    return failure("the release catalogue, " +
                   (catalogue ? std::string("it has several components") : catalogue.error()));
  }
  List list;
  for (const std::string& release : catalogue->components.front().releases) {
    list.push_back(Value{Version{release}});
  }
  return Value{std::move(list)};
}

Evaluated upgrade_objections(Arguments arguments) {
  const auto asked = ask(arguments);
  if (!asked) {
    // A release that the catalogue does not know is an objection, not a mistake of the plan.
    return asked.error().starts_with("the release catalogue has no ")
               ? Evaluated(Value{List{Value{asked.error()}}})
               : failure(asked.error());
  }
  Releases to = asked->question.from;
  for (std::size_t index = 0; index < to.size(); ++index) {
    to[index] = asked->question.to[index].value_or(to[index]);
  }
  List list;
  for (const Objection& objection : objections(asked->catalogue, asked->question.from, to)) {
    list.push_back(Value{objection.because});
  }
  return Value{std::move(list)};
}

Evaluated upgrade_hops(Arguments arguments) {
  const auto asked = ask(arguments);
  if (!asked) {
    return failure(asked.error());
  }
  const auto path = find_upgrade(asked->catalogue, asked->question);
  if (!path) {
    return failure(path.error());
  }
  if (!path->is_found) {
    return failure(why_not(asked->catalogue, asked->question, *path));
  }
  const bool is_joint = arguments[0].as<Map>() != nullptr;
  List list;
  for (const Hop& hop : path->hops) {
    Map entries;
    entries.emplace_back("name", Value{hop_name(asked->catalogue, hop, is_joint)});
    entries.emplace_back("from", versions_value(asked->catalogue, hop.from, is_joint));
    entries.emplace_back("to", versions_value(asked->catalogue, hop.to, is_joint));
    list.push_back(Value{std::move(entries)});
  }
  return Value{std::move(list)};
}

}  // namespace plan::natives
