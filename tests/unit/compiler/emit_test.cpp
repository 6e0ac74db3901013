#include <algorithm>

#include <catch2/catch.hpp>
#include <graphviz/cgraph.h>
#include <nlohmann/json.hpp>

#include "compiler/emit/dot.hpp"
#include "compiler/emit/html.hpp"
#include "compiler/emit/json.hpp"
#include "compiler/emit/mermaid.hpp"
#include "compiler/emit/runbook.hpp"
#include "compiler/emit/svg.hpp"
#include "tests/unit/compiler/sample_plan.hpp"

using plan::test::sample_plan;

namespace {

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

}  // namespace

TEST_CASE("Graphviz reads the graph back with every step and the order that is not implied") {
  const std::string dot = plan::emit_dot(sample_plan());
  Agraph_t* graph = agmemread(dot.c_str());
  REQUIRE(graph != nullptr);
  CHECK(agnnodes(graph) == 7 + 1);  // and the legend
  CHECK(agnedges(graph) == 6);
  std::string name = "step0";
  CHECK(agnode(graph, name.data(), 0) != nullptr);
  agclose(graph);
}

TEST_CASE("implied edges are shown when asked for") {
  const std::string dot = plan::emit_dot(sample_plan(), {.shows_implied_edges = true});
  CHECK(count(dot, " -> ") == 7);
  CHECK(count(dot, "style=dotted") == 1);
}

TEST_CASE("the graph names hosts, phases, loops, carried states and the point of no return") {
  const std::string dot = plan::emit_dot(sample_plan());
  CHECK(dot.contains("on old"));
  CHECK(dot.contains("label=\"Quiesce\""));
  CHECK(dot.contains("for each env, one at a time"));
  CHECK(dot.contains("label=<&#160;old_orch.service.active>"));
  CHECK(dot.contains("POINT OF NO RETURN"));
}

TEST_CASE("the picture holds one shape for each step") {
  const auto svg = plan::emit_svg(sample_plan());
  REQUIRE(svg.has_value());
  CHECK(svg->contains("<svg"));
  for (int step = 0; step < 7; ++step) {
    CHECK(svg->contains("id=\"step" + std::to_string(step) + "\""));
  }
  CHECK(!svg->contains("</script>"));
}

TEST_CASE("the picture is the same each time") {
  CHECK(plan::emit_svg(sample_plan()) == plan::emit_svg(sample_plan()));
}

TEST_CASE("the JSON form has the contract and the commands of each step") {
  const auto json = nlohmann::json::parse(plan::emit_graph_json(sample_plan()));
  CHECK(json["format"] == "plan-graph/1");
  REQUIRE(json["nodes"].size() == 7);
  const auto& stop = json["nodes"][0];
  CHECK(stop["commands"] == nlohmann::json({"run systemctl disable --now inmanta.service"}));
  CHECK(stop["undo"] == "systemd.start");
  CHECK(stop["undo_commands"] == nlohmann::json({"run systemctl start inmanta.service"}));
  CHECK(json["nodes"][1]["requires"][0]["provided_by"] == "stop_old");
  CHECK(json["nodes"][1]["commands"] == nlohmann::json({"run systemctl start \"odd unit\""}));
  CHECK(json["nodes"][1]["destroys"] == nlohmann::json({"new_orch.service.enabled"}));
  CHECK(json["nodes"][4]["way_back"] == "ends_here");
  CHECK(json["nodes"][5]["way_back"] == "no");
  CHECK(json["edges"].size() == 6);
  CHECK(json["edges"][0]["reasons"][0]["state"] == "old_orch.service.active");
  CHECK(json["groups"].size() == 3);
  CHECK(json["groups"][2]["parent"] == "group1");
}

TEST_CASE("Mermaid texts hold no character that its lexer takes for syntax") {
  const std::string text = plan::emit_mermaid(sample_plan());
  CHECK(text.starts_with("flowchart TD\n"));
  CHECK(count(text, "subgraph ") == 3);
  CHECK(count(text, "  end\n") == 3);
  CHECK(text.contains("[\"Start #34;new#34; #124; #60;again#62;\"]"));
  CHECK(count(text, "-->") == 6);
  CHECK(count(text, "\"") % 2 == 0);
}

TEST_CASE("the page is self-contained and nothing of the plan becomes markup") {
  const auto page = plan::emit_html(sample_plan());
  REQUIRE(page.has_value());
  CHECK(page->contains("<title>Move &lt;the&gt; &quot;orchestrator&quot; &amp; more</title>"));
  CHECK(count(*page, "</script>") == 2);
  CHECK(!page->contains("<b>POINT"));
  CHECK(!page->contains("src=\"http"));
  CHECK(!page->contains("href=\"http"));
  CHECK(!page->contains("{{"));
  CHECK(count(*page, "agents begin to deploy <") == 0);
}

TEST_CASE("the runbook numbers the steps with their commands and their way back") {
  const std::string text = plan::emit_runbook(sample_plan());
  CHECK(text.contains("### 1.1 stop\\_old\n\nOn **old**"));
  CHECK(text.contains("`systemd.disable`"));
  CHECK(text.contains("\nrun systemctl disable --now inmanta.service\n"));
  CHECK(text.contains("- [ ] `not old_orch.service.active` (from stop\\_old)"));
  CHECK(text.contains("**POINT OF NO RETURN**: agents begin to deploy \\</script\\>\\<b\\>"));
  CHECK(text.contains("Way back, `systemd.start`:"));
}
