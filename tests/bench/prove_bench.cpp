// What order, proof, digest and JSON cost on generated plans: a layered graph in which each step
// needs three states that earlier steps ensure, and writes one of its own. Prints times, and the
// exponent of growth between sizes (1 is linear).
//
// prove_bench [steps…]; without arguments 1000, 10000 and 100000.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include <sys/resource.h>

#include "compiler/digest.hpp"
#include "compiler/prove.hpp"
#include "tests/unit/compiler/plan_builder.hpp"

namespace {

using plan::StepId;
using plan::VariableId;

plan::Plan layered(std::uint32_t count) {
  plan::test::PlanBuilder builder;
  std::mt19937 engine(1);
  std::vector<VariableId> variables;
  for (std::uint32_t index = 0; index < count; ++index) {
    variables.push_back(builder.variable("v" + std::to_string(index)));
  }
  for (std::uint32_t index = 0; index < count; ++index) {
    const StepId step = builder.step("s" + std::to_string(index));
    builder.ensures(step, variables[index]);
    for (int need = 0; need < 3 && index > 0; ++need) {
      const std::uint32_t reach = index < 1000 ? index : 1000;
      const std::uint32_t other = index - 1 - static_cast<std::uint32_t>(engine() % reach);
      need == 2 ? builder.after(step, StepId{other}) : builder.requires_(step, variables[other]);
    }
  }
  return std::move(builder.plan);
}

class Clock {
 public:
  double lap_ms() {
    const std::clock_t now = std::clock();
    const double ms = static_cast<double>(now - last_) * 1000.0 / CLOCKS_PER_SEC;
    last_ = now;
    return ms;
  }

 private:
  // Processor time of this process: what else the machine does is not measured.
  std::clock_t last_ = std::clock();
};

struct Times {
  double steps = 0;
  double order = 0;
  double prove = 0;
  double digest = 0;
  double write = 0;
  double read = 0;
};

double peak() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1e6;
}

Times measure(std::uint32_t count) {
  plan::Plan made = layered(count);
  plan::Diagnostics diagnostics;
  Clock clock;
  Times times{.steps = static_cast<double>(count)};
  order(made, diagnostics);
  times.order = clock.lap_ms();
  prove(made, diagnostics);
  times.prove = clock.lap_ms();
  made.digest = digest(made);
  times.digest = clock.lap_ms();
  const double peak_gb = peak();
  const std::string text = to_json(made);
  times.write = clock.lap_ms();
  const auto read = plan::plan_from_json(text);
  times.read = clock.lap_ms();
  if (diagnostics.has_errors() || !read) {
    std::fprintf(stderr, "the generated plan is refused\n");
    std::exit(1);
  }
  std::printf(
      "%8u steps %8zu edges: order %8.1f ms, prove %8.1f ms, digest %8.1f ms, "
      "JSON %5.1f MB out %8.1f ms, in %8.1f ms; peak %.2f GB, with JSON %.2f GB\n",
      count, made.edges.size(), times.order, times.prove, times.digest,
      static_cast<double>(text.size()) / 1e6, times.write, times.read, peak_gb, peak());
  return times;
}

}  // namespace

int main(int argument_count, char** arguments) {
  std::vector<std::uint32_t> sizes = {1000, 10'000, 100'000};
  if (argument_count > 1) {
    sizes.clear();
    for (int index = 1; index < argument_count; ++index) {
      sizes.push_back(static_cast<std::uint32_t>(std::strtoul(arguments[index], nullptr, 10)));
    }
  }
  Times before;
  for (const std::uint32_t size : sizes) {
    const Times now = measure(size);
    if (before.steps > 0) {
      const double growth = std::log(now.steps / before.steps);
      std::printf("         exponent: order %.2f, prove %.2f, digest %.2f\n",
                  std::log(now.order / before.order) / growth,
                  std::log(now.prove / before.prove) / growth,
                  std::log(now.digest / before.digest) / growth);
    }
    before = now;
  }
  return 0;
}
