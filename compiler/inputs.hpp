// The values that a plan is given: `--set`, PLAN_INPUT_NAME and an inputs file, read as the types
// of the inputs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compiler/assembly.hpp"
#include "compiler/compile.hpp"
#include "compiler/module.hpp"
#include "compiler/operations.hpp"
#include "compiler/types.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

struct InputValues {
  // By ordinal of the plan's inputs; absent where nothing was given.
  std::vector<std::optional<Value>> values;
  std::map<std::string, SecretSource> secret_sources;
};

// Reads everything that was given, `--set` before the inputs file. Reports E0640, E0641, E0643 and
// E0644; with `require_inputs` E0642 for every input that has neither value nor default.
[[nodiscard]] InputValues read_inputs(SourceMap& sources,
                                      SourceLoader& loader,
                                      const CompileOptions& options,
                                      const Module& entry,
                                      const Types& types,
                                      Assembly& assembly,
                                      Diagnostics& diagnostics);

// A value without types as one of `type`: maps become hosts and records; the error says what is
// wrong with it. Fields of records that are left out and have a default stay absent: defaults are
// known when the plan is elaborated.
[[nodiscard]] Evaluated typed_value(const Value& raw,
                                    std::uint32_t type,
                                    std::string_view name,
                                    const Types& types,
                                    Assembly& assembly);

// The host that `given` (address, user, become, port, local, become_password) describe.
[[nodiscard]] Evaluated host_value(const Value& given, std::string_view name, Assembly& assembly);
// The same before it is part of a plan. `given` is a map of fields, or a text such as
// "ops@10.0.0.5:22" or "local".
[[nodiscard]] std::expected<Host, std::string> described_host(const Value& given,
                                                              std::string_view name);

}  // namespace plan
