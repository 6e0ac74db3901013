#include "runtime/same_machine.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "runtime/preflight.hpp"
#include "runtime/text.hpp"

namespace plan {

namespace {

using Hosts = std::set<std::uint32_t>;

struct Named {
  ResourceId resource;
  Hosts hosts;  // that its key speaks of
};

// What is known of the machine behind a host.
struct Machine {
  std::optional<std::string> identity;
  std::string boot;
  std::string why;  // its identity is not known
};

enum class Verdict : unsigned char { same, different, unknown };

// A boot is one machine's: with another one it is another machine, whatever its id.
Verdict compare(const Machine& one, const Machine& other) {
  if (one.identity && other.identity) {
    return *one.identity == *other.identity ? Verdict::same : Verdict::different;
  }
  const bool has_other_boot = !one.boot.empty() && !other.boot.empty() && one.boot != other.boot;
  return has_other_boot ? Verdict::different : Verdict::unknown;
}

// The texts of resources' keys, with some hosts written as others.
class Keys {
 public:
  explicit Keys(RunContext& context)
      : context_(context),
        no_attributes_([](ResourceId, std::uint32_t) -> EvaluationResult {
          return std::unexpected(EvaluationError{.message = "not observed", .is_unknown = true});
        }),
        environment_(context.resources, nothing_bound_, context.run_id, no_attributes_) {}

  // nullopt where only the run can tell. `hosts`: all that the key speaks of are added.
  std::optional<std::string> text(ResourceId resource,
                                  const std::map<std::uint32_t, std::uint32_t>& written_as,
                                  Hosts& hosts) {
    const ResourceType& type = context_.resources.type(resource);
    std::string text = type.name;
    for (const std::uint32_t index : type.key) {
      const auto value = context_.resources.field(resource, index, environment_);
      if (!value) {
        return std::nullopt;
      }
      text += '\0';
      if (const auto* host = value->as<HostId>()) {
        hosts.insert(host->index);
        const auto other = written_as.find(host->index);
        text += "host " + std::to_string(other == written_as.end() ? host->index : other->second);
      } else if (const auto* inner = value->as<ResourceId>()) {
        const auto of_inner = this->text(*inner, written_as, hosts);
        if (!of_inner) {
          return std::nullopt;
        }
        text += "(" + *of_inner + ")";
      } else {
        text += to_text(*value);
      }
    }
    return text;
  }

  // Groups of resources whose keys are equal when hosts are written so.
  std::map<std::string, std::vector<Named>> groups(
      const std::map<std::uint32_t, std::uint32_t>& written_as) {
    std::map<std::string, std::vector<Named>> result;
    for (std::uint32_t index = 0; index < context_.plan.resources.size(); ++index) {
      Named named{.resource = ResourceId{index}};
      const bool is_known = !context_.resources.is_dependent(named.resource) &&
                            !is_machine(context_.resources.type(named.resource));
      const auto key =
          is_known ? text(named.resource, written_as, named.hosts) : std::optional<std::string>();
      if (key && !named.hosts.empty()) {
        result[*key].push_back(std::move(named));
      }
    }
    std::erase_if(result, [](const auto& group) { return group.second.size() < 2; });
    return result;
  }

  // native.plan's: that two hosts have one machine is what is looked for.
  static bool is_machine(const ResourceType& type) { return type.name == "host_machine"; }

  RunEnvironment& environment() { return environment_; }

 private:
  RunContext& context_;
  Binding nothing_bound_;
  AttributeSource no_attributes_;
  RunEnvironment environment_;
};

// Hosts whose resources would be one if the hosts were.
Hosts doubtful_hosts(const Plan& plan, Keys& keys) {
  std::map<std::uint32_t, std::uint32_t> all_one;
  for (std::uint32_t host = 0; host < plan.hosts.size(); ++host) {
    all_one[host] = 0;
  }
  Hosts doubtful;
  for (const auto& [key, group] : keys.groups(all_one)) {
    const bool is_on_several = std::ranges::any_of(
        group, [&group](const Named& named) { return named.hosts != group.front().hosts; });
    for (const Named& named : group) {
      if (is_on_several) {
        doubtful.insert(named.hosts.begin(), named.hosts.end());
      }
    }
  }
  return doubtful;
}

std::map<std::uint32_t, Machine> ask_machines(RunContext& context,
                                              Programs& programs,
                                              Observations& observations,
                                              Keys& keys,
                                              const Hosts& hosts) {
  std::map<std::uint32_t, Machine> machines;
  const auto type = std::ranges::find_if(context.plan.resource_types, Keys::is_machine);
  if (type == context.plan.resource_types.end()) {
    return machines;
  }
  std::size_t outstanding = hosts.size();
  bool is_done = hosts.empty();
  for (const std::uint32_t host : hosts) {
    const auto made = context.resources.make(
        static_cast<std::uint32_t>(type - context.plan.resource_types.begin()),
        {Value{HostId{host}}}, keys.environment());
    observations.request(*made->as<ResourceId>(), 0, observations.recent(),
                         [&, host](const std::expected<Value, Failure>& value) {
                           Machine& machine = machines[host];
                           if (!value) {
                             machine.why = value.error().message;
                           } else if (const auto* text = value->as<std::string>()) {
                             machine.identity = *text;
                           }
                           is_done = --outstanding == 0;
                         });
  }
  pump_until(programs, is_done);
  return machines;
}

struct HostPair {
  std::uint32_t one = 0;
  std::uint32_t other = 0;
};

// Resources that are one if the hosts of the pair are, as pairs in order of declaration.
std::vector<std::pair<ResourceId, ResourceId>> twins(Keys& keys, HostPair hosts) {
  std::vector<std::pair<ResourceId, ResourceId>> found;
  for (const auto& [key, group] : keys.groups({{hosts.other, hosts.one}})) {
    const Named& first = group.front();
    const auto second = std::ranges::find_if(
        group, [&first](const Named& named) { return named.hosts != first.hosts; });
    if (second != group.end()) {
      found.emplace_back(first.resource, second->resource);
    }
  }
  std::ranges::sort(found);
  return found;
}

// The pair that is told about; nullptr where there is none.
const std::pair<ResourceId, ResourceId>* told_of(
    const Plan& plan, const std::vector<std::pair<ResourceId, ResourceId>>& pairs) {
  // What a declared resource is made of goes by its name: "old_orch.service".
  const auto is_declared = [&plan](const auto& pair) {
    return plan.resources[pair.first.index].name.find('.') == std::string::npos;
  };
  const auto declared = std::ranges::find_if(pairs, is_declared);
  return declared != pairs.end() ? &*declared : pairs.empty() ? nullptr : &pairs.front();
}

void report_pair(
    RunContext& context, Keys& keys, HostPair hosts, const Machine* unknown, Report& report) {
  const Plan& plan = context.plan;
  const auto pairs = twins(keys, hosts);
  const auto* told = told_of(plan, pairs);
  if (told == nullptr) {
    return;
  }
  const std::string& one_host = plan.hosts[hosts.one].name;
  const std::string& other_host = plan.hosts[hosts.other].name;
  const Resource& one = plan.resources[told->first.index];
  const Resource& other = plan.resources[told->second.index];
  if (unknown != nullptr) {
    report.diagnostics.append(
        diagnostic(Code::cannot_observe, other.span,
                   "distinct(" + one_host + ", " + other_host + ")", context.shown(unknown->why))
            .label(one.span, "`" + one.name + "`")
            .note("if `" + one_host + "` and `" + other_host + "` were one machine, `" + one.name +
                  "` and `" + other.name + "` would be one and the same"));
    return;
  }
  Diagnostic problem =
      diagnostic(Code::one_thing_twice, other.span, one.name, other.name, one_host, other_host);
  problem.label(one.span, "`" + one.name + "`");
  constexpr std::size_t most = 5;
  std::size_t count = 0;
  for (const auto& pair : pairs) {
    if (&pair != told && ++count <= most) {
      problem.note("so are `" + plan.resources[pair.first.index].name + "` and `" +
                   plan.resources[pair.second.index].name + "`");
    }
  }
  if (count > most) {
    problem.note("and " + std::to_string(count - most) + " more");
  }
  problem.note("both report one machine id and one boot id");
  report.diagnostics.append(
      problem.help("give `" + other_host + "` the address of the other machine"));
}

}  // namespace

void check_same_machine(RunContext& context,
                        Programs& programs,
                        Observations& observations,
                        const Boots& boots,
                        Report& report) {
  Keys keys(context);
  auto machines =
      ask_machines(context, programs, observations, keys,
                   context.plan.hosts.size() < 2 ? Hosts{} : doubtful_hosts(context.plan, keys));
  for (auto& [host, machine] : machines) {
    const auto boot = boots.find(host);
    machine.boot = boot == boots.end() ? std::string() : boot->second;
  }
  for (auto one = machines.begin(); one != machines.end(); ++one) {
    for (auto other = std::next(one); other != machines.end(); ++other) {
      const Verdict verdict = compare(one->second, other->second);
      const Machine& silent = one->second.identity ? other->second : one->second;
      if (verdict != Verdict::different) {
        report_pair(context, keys, {.one = one->first, .other = other->first},
                    verdict == Verdict::unknown ? &silent : nullptr, report);
      }
    }
  }
}

}  // namespace plan
