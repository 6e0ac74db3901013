// Small programs in memory, taken through the compiler's front half.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/assembly.hpp"
#include "compiler/check_types.hpp"
#include "compiler/compile.hpp"
#include "compiler/elaborate.hpp"
#include "compiler/inputs.hpp"
#include "compiler/load.hpp"
#include "compiler/print_expr.hpp"
#include "compiler/resolve.hpp"

namespace plan::test {

class Texts : public SourceLoader {
 public:
  std::map<std::string, std::string, std::less<>> files;

  std::optional<std::string> read(std::string_view path, std::string& why) override {
    const auto found = files.find(path);
    if (found == files.end()) {
      why = "no such file";
      return std::nullopt;
    }
    return found->second;
  }
};

struct Elaborated {
  Plan plan;
  SourceMap sources;
  Diagnostics diagnostics;
  InputValues inputs;

  [[nodiscard]] std::vector<std::string> codes() const {
    std::vector<std::string> result;
    for (const Diagnostic& diagnostic : diagnostics.items()) {
      if (diagnostic.severity == Severity::error) {
        result.emplace_back(info(diagnostic.code).code);
      }
    }
    return result;
  }
  [[nodiscard]] std::string message() const {
    return diagnostics.size() == 0 ? "" : diagnostics.items().front().message;
  }
  [[nodiscard]] const Step& step(std::string_view name) const {
    return *std::ranges::find(plan.steps, name, &Step::name);
  }
  [[nodiscard]] std::vector<std::string> after(std::string_view name) const {
    std::vector<std::string> result;
    for (const StepId id : step(name).after) {
      result.push_back(plan.steps[id.index].name);
    }
    return result;
  }
  [[nodiscard]] std::vector<std::string> texts(const std::vector<Condition>& conditions) const {
    std::vector<std::string> result;
    for (const Condition& condition : conditions) {
      result.push_back(print_condition(plan, condition));
    }
    return result;
  }
  // "old.active := false", "change db.content".
  [[nodiscard]] std::vector<std::string> effects(const std::vector<Effect>& effects) const {
    std::vector<std::string> result;
    for (const Effect& effect : effects) {
      const std::string state = print_variable(plan, effect.variable);
      result.push_back(effect.kind == EffectKind::set
                           ? state + " := " + print_expr(plan, effect.value)
                           : (effect.kind == EffectKind::change ? "change " : "destroy ") + state);
    }
    return result;
  }
  [[nodiscard]] std::vector<std::string> reads(const Condition& condition) const {
    std::vector<std::string> result;
    for (const VariableId variable : condition.reads) {
      result.push_back(print_variable(plan, variable));
    }
    return result;
  }
};

// The entry is "main.plan" of `files`.
inline Elaborated elaborated(Texts files, CompileOptions options = {}) {
  Elaborated result;
  options.entry = "main.plan";
  Modules modules = load(result.sources, files, options.entry, result.diagnostics);
  if (result.diagnostics.has_errors()) {
    return result;
  }
  resolve(modules, result.diagnostics);
  Types types(result.plan);
  check_types(result.sources, modules, result.plan, types, result.diagnostics);
  if (result.diagnostics.has_errors()) {
    return result;
  }
  Assembly assembly(result.plan);
  result.inputs = read_inputs(result.sources, files, options, modules[modules.entry()], types,
                              assembly, result.diagnostics);
  elaborate(result.sources, files, options, modules, types, result.inputs, assembly,
            result.diagnostics);
  return result;
}

// A module of services, databases and servers, small but with every kind of declaration.
inline constexpr std::string_view shop_module = R"(module shop

resource service on host {
  host: host
  unit: string
  key host, unit
  # It runs.
  state active: bool = exec(["systemctl", "is-active", unit]).ok
  state enabled: bool = exec(["systemctl", "is-enabled", unit]).ok
}

resource database on host {
  host: host
  name: string
  expendable: bool = false
  key host, name
  state content: string = trim((run ["fingerprint", name]).stdout)
  fact identity: string = trim((run ["cat", "/etc/machine-id"]).stdout)
}

type row { id: string, name: string }

resource server on host {
  host: host
  database: database
  unit: string = "server.service"
  service: service = service(host: host, unit: unit)
  key host, unit
  state live: bool = service.active and service.enabled
  state ready: bool = exec(["curl", "-f", "http://localhost"]).ok
  fact version: version = version(trim((run ["server", "--version"]).stdout))
  query sites: list<site> = [site(server: self, id: r.id, name: r.name)
    for r in json_parse((run ["server", "sites"]).stdout) as list<row>]
}

resource site {
  server: server
  id: string
  name: string
  key server, id
  state halted: bool = exec(["server", "halted", id]).ok carried by server.database.content
}

resource job {
  site: site
  token: string
  key site, token
  state asked: bool = exec(["server", "job", token]).ok
}

operation start(s: service) on s.host as root {
  ensures s.active
  do { run ["systemctl", "start", s.unit] }
  undo stop(s)
}

operation stop(s: service) on s.host as root {
  ensures not s.active
  timeout 5m
  do { run ["systemctl", "stop", s.unit] }
  undo start(s)
}

operation move(from: database, to: database) on from.host {
  requires distinct(from, to)
  destroys to.content
  ensures to.content == from.content
}

operation migrate(s: server) on s.host {
  changes s.database.content keeping halted
  ensures s.ready
}

operation halt_all(s: server) on s.host {
  ensures for site in s.sites: site.halted
  do { for site in s.sites { run ["server", "halt", site.id] } }
}

operation ask(site: site) on site.server.host {
  output token: string = token()
  ensures job(site: site, token: token()).asked
  do { run ["server", "ask", site.id, token()] }
}

operation wait(site: site, token: string) on site.server.host {
  requires job(site: site, token: token).asked
  awaits not site.halted
  do { wait until not site.halted, every 1s, for 1m }
}

rule newer(from: server, to: server) {
  require to.version >= from.version else "this would be a downgrade"
}
)";

inline Elaborated elaborated(std::string_view plan, CompileOptions options = {}) {
  Texts files;
  files.files["main.plan"] = "plan \"Test\"\n" + std::string(plan);
  files.files["shop.plan"] = std::string(shop_module);
  files.files["releases.txt"] = "7.1.0\n8.7.6\n";
  return elaborated(std::move(files), std::move(options));
}

}  // namespace plan::test
