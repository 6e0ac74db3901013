#include "runtime/event_json.hpp"

#include <catch2/catch.hpp>

#include "runtime/text.hpp"

namespace plan {
namespace {

TEST_CASE("every kind of event comes back as it was") {
  for (int kind = 0; kind <= static_cast<int>(RunEventKind::run_finished); ++kind) {
    RunEvent event{.kind = static_cast<RunEventKind>(kind),
                   .at = std::chrono::milliseconds(1'700'000'000'123),
                   .step = "resume[a \"b\"]",
                   .phase = "Move",
                   .host = "new",
                   .text = "ä\n",
                   .detail = "x",
                   .elapsed = std::chrono::milliseconds(5)};
    event.diagnostics.push_back(
        diagnostic(Code::step_failed, Span{}, "a", "b").note("n").help("h"));
    const auto again = event_from_json(to_json(event));
    REQUIRE(again);
    CHECK(to_json(*again) == to_json(event));
    CHECK(again->kind == event.kind);
    CHECK(again->diagnostics.at(0).code == Code::step_failed);
  }
}

TEST_CASE("an event says its version, and leaves out what is empty") {
  const std::string line = to_json(RunEvent{.kind = RunEventKind::preflight_started});
  const std::string expected = "{\"v\":1,\"event\":\"preflight_started\",\"at\":0}";
  CHECK(line == expected);
}

TEST_CASE("what is no event is refused") {
  CHECK_FALSE(event_from_json("[]"));
  CHECK_FALSE(event_from_json("{"));
  CHECK_FALSE(event_from_json("{\"v\":2,\"event\":\"step_done\"}"));
  CHECK_FALSE(event_from_json("{\"v\":1,\"event\":\"nothing\"}"));
}

}  // namespace
}  // namespace plan
