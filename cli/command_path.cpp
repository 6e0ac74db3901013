#include <algorithm>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/disk_loader.hpp"
#include "cli/show.hpp"
#include "cli/terminal.hpp"
#include "compiler/upgrade.hpp"

namespace plan {

namespace {

using Json = nlohmann::ordered_json;

// `7.1.0`, or `orchestrator=7.1.0` for one of several components.
std::expected<Versions, std::string> read_versions(const std::vector<std::string>& given) {
  Versions versions;
  for (const std::string& one : given) {
    const std::size_t equals = one.find('=');
    const bool has_name = equals != std::string::npos;
    const std::string name = has_name ? one.substr(0, equals) : "";
    std::string version = has_name ? one.substr(equals + 1) : one;
    if (version.starts_with('v')) {
      version.erase(0, 1);
    }
    if (version.empty() || version[0] < '0' || version[0] > '9') {
      return std::unexpected(fmt::format("`{}` is not a version", one));
    }
    if (!versions.emplace(name, version).second) {
      return std::unexpected(name.empty() ? "more than one version: write COMPONENT=VERSION"
                                          : fmt::format("`{}` is given twice", name));
    }
  }
  return versions;
}

// An unnamed component is the only one: then its version stands for itself.
Json versions_json(const Catalogue& catalogue, const Releases& releases) {
  Json json = Json::object();
  for (const Component& component : catalogue.components) {
    const std::size_t index = json.size();
    json[component.name] = component.releases[releases[index]];
  }
  return catalogue.components.front().name.empty() ? json.front() : json;
}

Json hop_json(const Catalogue& catalogue, const Hop& hop) {
  Json json = {{"from", versions_json(catalogue, hop.from)},
               {"to", versions_json(catalogue, hop.to)}};
  if (hop.objections.empty()) {
    return json;
  }
  Json list = Json::array();
  for (const Objection& objection : hop.objections) {
    Json entry = {{"rule", rule_name(objection.rule)}, {"because", objection.because}};
    if (!objection.opens.empty()) {
      entry["opens"] = objection.opens;
    }
    if (objection.line > 0) {
      entry["line"] = objection.line;
    }
    list.push_back(std::move(entry));
  }
  json["objections"] = std::move(list);
  return json;
}

Json path_json(const Catalogue& catalogue,
               const UpgradeQuestion& question,
               const UpgradePath& path) {
  Json hops = Json::array();
  for (const Hop& hop : path.hops) {
    hops.push_back(hop_json(catalogue, hop));
  }
  Json json = {{"format", "plan-path/1"},
               {"found", path.is_found},
               {"from", versions_json(catalogue, question.from)},
               {path.is_found ? "hops" : "nearest", std::move(hops)}};
  if (!path.is_found) {
    json["furthest"] = versions_json(catalogue, path.furthest);
  }
  return json;
}

std::string found_text(const Catalogue& catalogue, const UpgradePath& path) {
  if (path.hops.empty()) {
    return "Nothing to do: it is there already.\n";
  }
  std::string text;
  for (std::size_t index = 0; index < path.hops.size(); ++index) {
    text += fmt::format("{}. {}\n", index + 1, to_text(catalogue, path.hops[index]));
  }
  return text;
}

// The first line says it, the others are set below it.
std::string refused_text(std::string text) {
  for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
    text.insert(at + 1, "  ");
  }
  return "plan: " + text + "\n";
}

}  // namespace

ExitCode run_path(const Options& options) {
  const auto fail = [&](const std::string& problem) {
    show_problem(problem, options);
    return ExitCode::usage;
  };
  const auto text = read_file(options.catalogue);
  if (!text) {
    return fail("cannot read `" + options.catalogue + "`: " + text.error());
  }
  const auto catalogue = read_catalogue(*text);
  if (!catalogue) {
    return fail(options.catalogue + ": " + catalogue.error());
  }
  const auto from = read_versions(options.from);
  const auto to = read_versions(options.to);
  if (!from || !to) {
    return fail(!from ? from.error() : to.error());
  }
  const auto question = ask_upgrade(*catalogue, *from, *to);
  if (!question) {
    return fail(question.error());
  }
  const auto path = find_upgrade(*catalogue, *question);
  if (!path) {
    return fail(path.error());
  }
  if (options.is_json) {
    print(Stream::out, path_json(*catalogue, *question, *path).dump() + "\n");
  } else if (path->is_found) {
    print(Stream::out, found_text(*catalogue, *path));
  } else {
    print(Stream::error, refused_text(why_not(*catalogue, *question, *path)));
  }
  return path->is_found ? ExitCode::done : ExitCode::not_proven;
}

}  // namespace plan
