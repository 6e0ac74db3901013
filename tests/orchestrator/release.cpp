#include "tests/orchestrator/release.hpp"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace orchestrator {
namespace {

std::vector<int> common_schema() {
  return {1,         2,         3,         4,         5,         6,         7,         17,
          202105170, 202106080, 202106210, 202109100, 202111260, 202203140, 202203160, 202205250,
          202206290, 202208180, 202208190, 202209090, 202209130, 202209160};
}

std::vector<int> schema_with(std::vector<int> more) {
  std::vector<int> schema = common_schema();
  schema.insert(schema.end(), more.begin(), more.end());
  return schema;
}

// 46 versions. 202304060 is missing on purpose: 9.3.0 has it, so the step from 8.7.6 to 9.3.0
// applies exactly one migration and leaves versions that 9.3.0 does not know.
std::vector<int> schema_of_8_7_6() {
  return schema_with({202211230, 202212010, 202301100, 202301110, 202301120, 202301160,
                      202301170, 202301190, 202302200, 202302270, 202303070, 202303071,
                      202304070, 202306060, 202308010, 202308020, 202308100, 202309130,
                      202310040, 202310090, 202310180, 202311170, 202312190, 202403220});
}

std::vector<int> schema_of_9_3_0() {
  return schema_with({202211230, 202212010, 202301100, 202301110, 202301120, 202301160, 202301170,
                      202301190, 202302200, 202302270, 202303070, 202303071, 202304060, 202304070,
                      202306060});
}

const std::vector<Release>& releases() {
  static const std::vector<Release> all{
      {.version = "6.4.2",
       .compiler_version = "2022.1.3",
       .major = 6,
       .schema = common_schema(),
       .has_users = false,
       .marks_deletion = false,
       .fails_compiles_on_stop = false,
       .has_dashboard_feature = true,
       .max_pool = "10",
       .descending = "DESC"},
      {.version = "7.1.0",
       .compiler_version = "2022.4",
       .major = 7,
       .schema = common_schema(),
       .has_users = false,
       .marks_deletion = false,
       .fails_compiles_on_stop = false,
       .has_dashboard_feature = true,
       .max_pool = "10",
       .descending = "DESC"},
      {.version = "8.0.0",
       .compiler_version = "2023.1",
       .major = 8,
       .schema = common_schema(),
       .has_users = false,
       .marks_deletion = false,
       .fails_compiles_on_stop = true,
       .has_dashboard_feature = false,
       .max_pool = "70",
       .descending = "desc"},
      {.version = "8.7.6",
       .compiler_version = "2023.5.2",
       .major = 8,
       .schema = schema_of_8_7_6(),
       .has_users = true,
       .marks_deletion = true,
       .fails_compiles_on_stop = true,
       .has_dashboard_feature = false,
       .max_pool = "70",
       .descending = "desc"},
      {.version = "9.3.0",
       .compiler_version = "2023.4",
       .major = 9,
       .schema = schema_of_9_3_0(),
       .has_users = true,
       .marks_deletion = false,
       .fails_compiles_on_stop = true,
       .has_dashboard_feature = false,
       .max_pool = "70",
       .descending = "desc"},
  };
  return all;
}

}  // namespace

const Release& find_release(std::string_view version) {
  const auto found = std::ranges::find(releases(), version, &Release::version);
  if (found == releases().end()) {
    std::vector<std::string_view> known;
    std::ranges::transform(releases(), std::back_inserter(known), &Release::version);
    throw std::runtime_error(
        fmt::format("[double] release: {} is none of {}", version, fmt::join(known, ", ")));
  }
  return *found;
}

std::string version_text(const Release& release, const std::vector<std::string>& extensions) {
  std::string text = fmt::format(
      "Inmanta Service Orchestrator (Open Source Edition): {}\nCompiler version: {}\n"
      "Extensions:\n    * core: {}\n",
      release.version, release.compiler_version, release.version);
  for (const std::string& extension : extensions) {
    text += fmt::format("    * {}: {}\n", extension, release.version);
  }
  return text;
}

}  // namespace orchestrator
