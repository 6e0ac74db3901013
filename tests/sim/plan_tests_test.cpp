// What the clauses of a `test` block mean when the test runs.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "compiler/compile.hpp"
#include "dsl/render.hpp"
#include "runtime/sim/plan_test.hpp"

namespace plan {
namespace {

class OneFile : public SourceLoader {
 public:
  explicit OneFile(std::string text) : text_(std::move(text)) {}
  std::optional<std::string> read(std::string_view, std::string&) override { return text_; }

 private:
  std::string text_;
};

const std::string head = R"(plan "t"
input target: host
input speed: int
let here = host { local: true }
resource thing on host {
  host: host
  id: string
  key host, id
  state on: bool = exec(["is-on", id]).ok
  state place: string = text(run(["place", id]).stdout)
}
operation start(t: thing, place: string) on t.host {
  ensures t.on
  ensures t.place == place
  do { run ["start", t.id, place] }
  undo none
}
require speed < 9 else "too fast"
require speed > 1 else "too slow"
for id in ["a", "b"], one at a time {
  step go = start(thing(host: here, id: id), place: address(target))
}
let a = thing(host: here, id: "a")
let b = thing(host: here, id: "b")
test "it" {
  set target = host { address: "10.0.0.9" }
)";

// What goes wrong in the test with these clauses.
std::vector<std::string> failures(const std::string& clauses) {
  SourceMap sources;
  OneFile loader(head + clauses + "}\n");
  Diagnostics diagnostics;
  const CompileResult result = compile(sources, loader, {.entry = "t.plan"}, diagnostics);
  INFO(render_all(diagnostics, sources));
  REQUIRE(result.plan);
  return sim::run_tests(*result.plan).front().failures;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("one turn of a loop fails in a test, or all") {
  CHECK(failures("set speed = 5\nfail step \"go[b]\"\nexpect a.on and not b.on\n") == Texts{});
  CHECK(failures("set speed = 5\nfail step go\nexpect not a.on and not b.on\n") == Texts{});
}

TEST_CASE("a host that a test gives has its address") {
  CHECK(failures("set speed = 5\nexpect a.place == \"10.0.0.9\"\n") == Texts{});
}

TEST_CASE("a refusal is told from another one of its code by its message") {
  CHECK(failures("set speed = 9\nexpect refused E0620 \"too fast\"\n") == Texts{});
  CHECK(failures("set speed = 0\nexpect refused E0620 \"too slow\"\n") == Texts{});
  const Texts found = failures("set speed = 0\nexpect refused E0620 \"too fast\"\n");
  REQUIRE(found.size() == 1);
  CHECK(found.front().starts_with("expected to be refused with E0620 \"too fast\", but: E0620"));
}

}  // namespace plan
