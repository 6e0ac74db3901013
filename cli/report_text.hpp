// What preview, apply and the others found, for people and as JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cli/exit_code.hpp"
#include "cli/options.hpp"
#include "compiler/plan.hpp"
#include "runtime/run.hpp"

namespace plan {

// What a preview found: hosts, steps by phase, destruction, point of no return, what is asked.
[[nodiscard]] std::string preview_text(const Plan& plan, const Report& report, bool colored);
// How a run ended, and the command that goes on from there. Diagnostics are not part of it.
[[nodiscard]] std::string outcome_text(const Plan& plan,
                                       const Report& report,
                                       const Options& options);
// Where a status was read, and which process works on that run now.
struct JournalPlace {
  std::string path;
  std::optional<std::string> owner;
};
[[nodiscard]] std::string status_text(const RunStatus& status,
                                      const JournalPlace& place,
                                      bool colored);

// One line of JSON without newline: {"format": "plan-report/1", …}.
[[nodiscard]] std::string report_json(const Report& report, std::string_view diagnostics);
[[nodiscard]] std::string status_json(const RunStatus& status,
                                      const JournalPlace& place,
                                      std::string_view diagnostics);

[[nodiscard]] ExitCode exit_code_of(const Report& report, Command command);

}  // namespace plan
