// What the proof costs beside everything else that compiling does: generated plans in the language,
// in layers; each step ensures a state, needs three states of the layer before, and has an undo
// that needs its state. Prints processor time, peak memory, and exponents of growth (1 is linear).
// Fails if order and proof take more than twice the time of parsing and elaborating, or if they
// grow faster than by an exponent of 1.1 between the first and the last size.
//
// prove_bench [--certificate] [steps…]; without sizes 10000 and 100000. With --certificate the
// certificate is written and verified, too.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/compile.hpp"
#include "compiler/digest.hpp"
#include "compiler/prove.hpp"
#include "verify/verify.hpp"

namespace {

constexpr const char* declarations = R"(plan "generated"

let here = host { local: true }

resource thing on host {
  host: host
  id: string
  key host, id
  state done: bool = exec(["/srv/check", id]).ok
}

operation make(t: thing) on t.host {
  ensures t.done
  do { run ["/srv/make", t.id] }
  undo clear(t)
}

operation clear(t: thing) on t.host {
  requires t.done
  ensures not t.done
  do { run ["/srv/clear", t.id] }
  undo none
}

)";

std::string generated(std::uint32_t count) {
  constexpr std::uint32_t width = 100;
  std::uint64_t seed = 42;
  const auto draw = [&](std::uint64_t bound) {
    seed = seed * 16807 % 2147483647;  // Park and Miller (1988)
    return seed % bound;
  };
  std::string text = declarations;
  for (std::uint32_t step = 0; step < count; ++step) {
    fmt::format_to(std::back_inserter(text),
                   "resource f{} = thing(host: here, id: \"f{}\")\nstep s{} = make(f{}) {{\n", step,
                   step, step, step);
    const std::uint32_t layer = step / width;
    for (std::uint32_t need = 0; layer > 0 && need < 3; ++need) {
      fmt::format_to(std::back_inserter(text), "  requires f{}.done\n",
                     (layer - 1) * width + draw(33) * 3 + need);
    }
    text += "}\n";
  }
  return text + fmt::format("\ngoal f{}.done\n", count - 1);
}

class Text : public plan::SourceLoader {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  std::optional<std::string> read(std::string_view path, std::string& why) override {
    if (path != "bench.plan") {
      why = "there is no such file";
      return std::nullopt;
    }
    return std::move(text_);
  }

 private:
  std::string text_;
};

// Processor time of this process: what else the machine does is not measured.
class Clock {
 public:
  double lap() {
    const std::clock_t now = std::clock();
    const double seconds = static_cast<double>(now - last_) / CLOCKS_PER_SEC;
    last_ = now;
    return seconds;
  }

 private:
  std::clock_t last_ = std::clock();
};

double peak_gib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / (1024.0 * 1024.0);
}

struct Times {
  double steps = 0;
  double front = 0;  // parsing to elaborating
  double order = 0;
  double prove = 0;
  double digest = 0;
  double peak = 0;  // of everything that `plan check` does
  double certificate = 0;
  double verify = 0;
  double certificate_peak = 0;
};

void check_certificate(plan::Plan& made, Times& times) {
  plan::Diagnostics diagnostics;
  Clock clock;
  const std::string certificate = plan::prove_with_certificate(made, diagnostics);
  times.certificate = clock.lap();
  const plan::verify::Verdict verdict = plan::verify::verify(made, certificate);
  times.verify = clock.lap();
  times.certificate_peak = peak_gib();
  if (!verdict.faults.empty()) {
    std::fprintf(stderr, "the certificate is refused: %s\n", verdict.faults.front().c_str());
    std::exit(1);
  }
}

Times measure(std::uint32_t count, bool wants_certificate) {
  Times times{.steps = static_cast<double>(count)};
  plan::SourceMap sources;
  plan::Diagnostics diagnostics;
  Text loader(generated(count));
  Clock clock;
  plan::CompileResult result = plan::compile(sources, loader, {.entry = "bench.plan"}, diagnostics);
  const double all = clock.lap();
  times.peak = peak_gib();
  if (!result.plan) {
    std::fprintf(stderr, "the generated plan is refused: %s\n",
                 diagnostics.items().front().message.c_str());
    std::exit(1);
  }
  // The last passes once more, by themselves.
  clock.lap();
  plan::OrderFaults faults = plan::order(*result.plan, diagnostics);
  times.order = clock.lap();
  plan::prove(*result.plan, diagnostics, std::move(faults));
  times.prove = clock.lap();
  static_cast<void>(plan::digest(*result.plan));
  times.digest = clock.lap();
  times.front = all - times.order - times.prove - times.digest;
  if (wants_certificate) {
    check_certificate(*result.plan, times);
  }
  return times;
}

// In a process of its own, so that the peak is that of one size.
Times measure_alone(std::uint32_t count, bool wants_certificate) {
  int ends[2];
  if (pipe(ends) != 0) {
    std::exit(1);
  }
  std::fflush(stdout);  // or the child would print it, too
  const pid_t child = fork();
  if (child == 0) {
    const Times times = measure(count, wants_certificate);
    const auto written = write(ends[1], &times, sizeof times);
    std::exit(written == sizeof times ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Times times;
  if (status != 0 || read(ends[0], &times, sizeof times) != sizeof times) {
    std::exit(1);
  }
  close(ends[0]);
  close(ends[1]);
  return times;
}

void show(const Times& times, bool wants_certificate) {
  std::printf(
      "%8.0f steps: parse to elaborate %6.2f s, order %6.2f s, proof %6.2f s (%.2f times the "
      "first), digest %6.2f s; peak %.2f GiB\n",
      times.steps, times.front, times.order, times.prove, (times.order + times.prove) / times.front,
      times.digest, times.peak);
  if (wants_certificate) {
    std::printf("         with certificate: proof %6.2f s, verify %6.2f s; peak %.2f GiB\n",
                times.certificate, times.verify, times.certificate_peak);
  }
}

}  // namespace

int main(int argument_count, char** arguments) {
  std::vector<std::uint32_t> sizes;
  bool wants_certificate = false;
  for (int index = 1; index < argument_count; ++index) {
    if (std::strcmp(arguments[index], "--certificate") == 0) {
      wants_certificate = true;
    } else {
      sizes.push_back(static_cast<std::uint32_t>(std::strtoul(arguments[index], nullptr, 10)));
    }
  }
  if (sizes.empty()) {
    sizes = {10'000, 100'000};
  }
  std::vector<Times> all;
  bool is_good = true;
  for (const std::uint32_t size : sizes) {
    all.push_back(measure_alone(size, wants_certificate));
    show(all.back(), wants_certificate);
    is_good = is_good && all.back().order + all.back().prove <= 2 * all.back().front;
  }
  if (all.size() > 1) {
    const Times& first = all.front();
    const Times& last = all.back();
    const double growth = std::log(last.steps / first.steps);
    const double exponent =
        std::log((last.order + last.prove) / (first.order + first.prove)) / growth;
    std::printf("exponent of growth from %.0f to %.0f steps: order and proof %.2f, the rest %.2f\n",
                first.steps, last.steps, exponent, std::log(last.front / first.front) / growth);
    is_good = is_good && exponent <= 1.1;
  }
  return is_good ? 0 : 1;
}
