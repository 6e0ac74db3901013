#include <string>

#include <catch2/catch.hpp>

#include "cli/report_text.hpp"

namespace {

using plan::Report;
using plan::StepStatus;

// A step alone, and one in a loop over the environments of a server.
plan::Plan sample() {
  plan::Plan plan;
  plan.title = "Drop a database";
  plan.resources.resize(2);
  plan.resources[0].name = "server";
  plan.resources[1].name = "server.environments[]";
  plan.steps.resize(2);
  plan.steps[0].name = "drop";
  plan.steps[1].name = "resume";
  plan.steps[1].loop = 0;
  plan.loops.push_back({.variable = "env", .element = {1}, .owner = {0}, .query = 0, .begin = {1}});
  return plan;
}

Report looked_at() {
  Report report;
  report.outcome = plan::Outcome::done;
  report.steps = {{.name = "drop", .step = {0}}, {.name = "resume[a]", .step = {1}}};
  return report;
}

}  // namespace

TEST_CASE("what will be destroyed is shown with its facts, and what is not known with why") {
  Report report = looked_at();
  report.destructions = {
      {.step = "drop",
       .what = "db.content",
       .facts = {{.name = "bytes", .value = "7869231"},
                 {.name = "server_version", .value = "15.6"},
                 {.name = "owner_exists", .value = "no answer", .is_known = false},
                 {.name = "bytes_free", .value = "no answer", .is_known = false}}}};
  const std::string text = preview_text(sample(), report, false);
  CHECK(
      text.contains("  db.content  by step drop   (--confirm db.content)\n"
                    "    as it is now:\n"
                    "      bytes           7869231\n"
                    "      server_version  15.6\n"
                    "      not known: owner_exists, bytes_free: no answer\n"));
  report.is_resumed = true;
  CHECK(preview_text(sample(), report, false).contains("    as it was when the run began:\n"));
}

TEST_CASE("what has no facts is shown as it was") {
  Report report = looked_at();
  report.destructions = {{.step = "drop", .what = "note.content"}};
  CHECK(preview_text(sample(), report, false)
            .contains("  note.content  by step drop   (--confirm note.content)\n\n"));
}

TEST_CASE("a step that was cut off says so, and that it destroys") {
  Report report = looked_at();
  report.steps[0].status = report.steps[1].status = StepStatus::interrupted;
  CHECK(preview_text(sample(), report, false).contains("  was cut off: run    drop"));
  CHECK(preview_text(sample(), report, false).contains("  was cut off: run    resume[a]"));
  report.destructions = {{.step = "drop", .what = "db.content"}};
  CHECK(preview_text(sample(), report, false).contains("  cut off, DESTROYS   drop"));
}

TEST_CASE("why a step of a loop runs is said in the loop's own words") {
  Report report = looked_at();
  report.steps[1].detail = "`server.environments[].halted` is true";
  const std::string text = preview_text(sample(), report, false);
  CHECK(text.contains("now      `env.halted` is true"));
  CHECK(!text.contains("[]"));
}
