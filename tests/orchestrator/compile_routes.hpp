#pragma once

// Compiles in the API: asking for one, the queue, and the reports.

#include <vector>

#include "tests/orchestrator/api.hpp"

namespace orchestrator {

// notify, compilequeue and the v1 reports.
[[nodiscard]] std::vector<Route> compile_routes();
// The v2 report list with its pages, and one report with its stages.
[[nodiscard]] std::vector<Route> report_routes();

// SQL of a compile as an object with the fields of the v2 report, from table `compile`; `more` is
// appended to the list of members.
[[nodiscard]] std::string compile_sql(std::string_view more);

// The stages of a compile in order, as v1 and v2 show them; those of the one that really ran.
[[nodiscard]] Json stages_json(Core& core, const std::string& compile);

}  // namespace orchestrator
