// Certificates of accepted plans are accepted by the checker, which shares no code with the prover;
// certificates that were tampered with are not.
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "compiler/compile.hpp"
#include "compiler/digest.hpp"
#include "compiler/prove.hpp"
#include "tests/sim/random_plan.hpp"
#include "verify/verify.hpp"

namespace plan {
namespace {

using Json = nlohmann::ordered_json;
using test::RandomPlan;
using test::setting;
using test::Shape;

struct Proven {
  Plan plan;
  std::string certificate;
};

class Files : public SourceLoader {
 public:
  std::optional<std::string> read(std::string_view path, std::string& why) override {
    std::ifstream stream{std::string(path)};
    if (!stream) {
      why = "no such file";
      return std::nullopt;
    }
    return std::string(std::istreambuf_iterator<char>(stream), {});
  }
};

Proven compiled(const std::string& path) {
  SourceMap sources;
  Files files;
  Diagnostics diagnostics;
  CompileResult result =
      compile(sources, files, {.entry = path, .wants_certificate = true}, diagnostics);
  REQUIRE(result.plan);
  return {std::move(*result.plan), std::move(result.certificate)};
}

// Nothing if the plan is refused.
std::optional<Proven> random_proven(std::uint64_t seed, Shape shape) {
  Proven made{.plan = RandomPlan(seed, shape).make(), .certificate = {}};
  Diagnostics diagnostics;
  OrderFaults faults = order(made.plan, diagnostics);
  made.certificate = prove_with_certificate(made.plan, diagnostics, std::move(faults));
  if (diagnostics.has_errors()) {
    return std::nullopt;
  }
  return made;
}

std::vector<std::string> faults(const Proven& proven) {
  return verify::verify(proven.plan, proven.certificate).faults;
}

// One random change of one place: an entry dropped, doubled or swapped with another one, a number
// or a word altered. The document is never left as it was.
class Tamperer {
 public:
  explicit Tamperer(std::uint64_t seed) : engine_(seed) {}

  std::string change(const std::string& certificate) {
    for (;;) {
      Json json = Json::parse(certificate);
      std::vector<Json*> places;
      collect(json, places);
      Json& place = *places[below(places.size())];
      place.is_array() ? change_list(place) : change_leaf(place);
      if (std::string text = json.dump(); text != certificate) {
        return text;
      }
    }
  }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }

  void collect(Json& json, std::vector<Json*>& places) {
    for (Json& item : json) {
      places.push_back(&item);
      if (item.is_array()) {
        collect(item, places);
      }
    }
  }

  void change_list(Json& list) {
    if (list.empty()) {
      list.push_back(0);
      return;
    }
    const std::size_t at = below(list.size());
    const std::size_t other = below(list.size());
    switch (below(4)) {
      case 0:
        list.erase(at);
        break;
      case 1:
        list.push_back(Json(list[at]));
        break;
      case 2:
        std::swap(list[at], list[other]);
        break;
      default:
        list[at] = Json(list[other]);
    }
  }

  void change_leaf(Json& leaf) {
    static const std::vector<std::string> words = {
        "plan",    "preflight", "world", "beside", "allowed", "known", "observes",  "asks",
        "nothing", "undo",      "none",  "ends",   "past",    "saved", "expendable"};
    if (leaf.is_string()) {
      leaf = words[below(words.size())];
    } else if (leaf.is_null() || below(4) == 0) {
      leaf = below(8);
    } else {
      leaf = leaf.get<std::int64_t>() + (below(2) == 0 ? 1 : -1);
    }
  }

  std::mt19937_64 engine_;
};

}  // namespace

TEST_CASE("the certificates of the example plans are accepted") {
  for (const char* path :
       {"plans/inmanta_migration.plan", "plans/quickstart.plan", "plans/postgres_move.plan",
        "plans/replace_config.plan", "plans/rolling_restart.plan", "plans/static_site.plan",
        "plans/upgrade_chain.plan", "tests/golden/proofs/accepted.plan"}) {
    const Proven proven = compiled(path);
    INFO(path);
    CHECK(faults(proven) == std::vector<std::string>{});
    // What is read from a file is the same plan.
    const auto read = plan_from_json(to_json(proven.plan));
    REQUIRE(read);
    CHECK(verify::verify(*read, proven.certificate).faults.empty());
  }
}

TEST_CASE("the certificate of every accepted random plan is accepted") {
  const std::uint64_t count = setting("PLAN_CERTIFICATE_COUNT", 3000);
  std::size_t accepted = 0;
  const Shape all{.has_copies = true,
                  .has_changes = true,
                  .has_when = true,
                  .has_inputs = true,
                  .has_waits = true,
                  .has_undo = true};
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const Shape shape = seed % 2 == 0 ? all : Shape{.has_changes = true, .has_undo = true};
    if (const auto proven = random_proven(seed, shape)) {
      INFO("seed " << seed << "\n" << proven->certificate);
      CHECK(faults(*proven) == std::vector<std::string>{});
      ++accepted;
    }
  }
  WARN(accepted << " of " << count << " random plans are accepted, and so are their certificates");
  CHECK(accepted > count / 20);
}

TEST_CASE("a certificate that was tampered with is refused") {
  const std::uint64_t count = setting("PLAN_TAMPER_COUNT", 4000);
  std::vector<Proven> all = {compiled("plans/inmanta_migration.plan"),
                             compiled("plans/quickstart.plan")};
  const Shape shape{.has_copies = true, .has_changes = true, .has_undo = true, .has_losses = true};
  for (std::uint64_t seed = 1; all.size() < 40; ++seed) {
    auto proven = random_proven(seed, shape);
    if (proven && proven->plan.steps.size() > 4) {
      all.push_back(std::move(*proven));
    }
  }
  std::size_t refused = 0;
  std::set<std::string> reasons;
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    Proven tampered = all[seed % all.size()];
    tampered.certificate = Tamperer(seed).change(tampered.certificate);
    const std::vector<std::string> found = faults(tampered);
    INFO("seed " << seed << "\n"
                 << all[seed % all.size()].certificate << "\n"
                 << tampered.certificate);
    CHECK_FALSE(found.empty());
    refused += found.empty() ? 0 : 1;
    reasons.insert(found.begin(), found.end());
  }
  WARN(refused << " of " << count << " tampered certificates are refused, with " << reasons.size()
               << " different reasons");
}

TEST_CASE("a certificate proves its own plan only") {
  const Proven one = compiled("plans/inmanta_migration.plan");
  Proven other = compiled("plans/quickstart.plan");
  other.certificate = one.certificate;
  CHECK(faults(other).front().starts_with("the certificate is of another plan"));
}

// The checker does not believe the prover: plans that are not safe are refused, whatever the
// certificate says of them.
TEST_CASE("no certificate makes an unsafe plan safe") {
  std::size_t unsafe = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    auto proven = random_proven(seed, {.has_changes = true});
    if (!proven || proven->plan.edges.empty()) {
      continue;
    }
    // An arrow is lost. Where the plan is still proven without it, it was not needed.
    Plan weaker = proven->plan;
    weaker.edges.erase(weaker.edges.begin() +
                       static_cast<std::ptrdiff_t>(seed % weaker.edges.size()));
    Diagnostics diagnostics;
    Plan again = weaker;
    prove(again, diagnostics);
    if (!diagnostics.has_errors()) {
      continue;
    }
    ++unsafe;
    Json certificate = Json::parse(proven->certificate);
    certificate["digest"] = to_hex(digest(weaker));
    INFO("seed " << seed);
    CHECK_FALSE(verify::verify(weaker, certificate.dump()).faults.empty());
  }
  CHECK(unsafe > 100);
}

}  // namespace plan
