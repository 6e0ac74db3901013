#include "compiler/compile.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include <malloc.h>

#include "compiler/assembly.hpp"
#include "compiler/check_types.hpp"
#include "compiler/digest.hpp"
#include "compiler/elaborate.hpp"
#include "compiler/inputs.hpp"
#include "compiler/lint.hpp"
#include "compiler/lint_allow.hpp"
#include "compiler/load.hpp"
#include "compiler/prove.hpp"
#include "compiler/resolve.hpp"
#include "dsl/fixes.hpp"
#include "dsl/parallel.hpp"

namespace plan {

namespace {

// One thing under two names makes order and proof meaningless: the rest of them is not said.
void hide_consequences(Diagnostics& diagnostics) {
  const auto is_one_thing = [](const Diagnostic& found) { return found.code == Code::same_thing; };
  if (std::ranges::any_of(diagnostics.items(), is_one_thing)) {
    diagnostics.remove([](const Diagnostic& found) {
      const std::string_view code = info(found.code).code;
      return found.code != Code::same_thing && (code.starts_with("E03") || code.starts_with("E04"));
    });
  }
}

// The C library keeps what was freed in small pieces: of a large plan, hundreds of megabytes. To
// get memory from the kernel again costs more than a smaller plan is worth.
void give_back_memory(const Plan& plan) {
  constexpr std::size_t large = 500'000;  // steps
#ifdef __GLIBC__
  if (plan.steps.size() >= large) {
    malloc_trim(0);
  }
#endif
}

// Has the kernel hand out the memory that a large plan will be made in, in a thread beside the
// passes that do not make it yet: the first touch of a page costs more than what is written there.
// Until it is destroyed nobody else may touch the plan's steps.
class MemoryAhead {
 public:
  MemoryAhead(Plan& plan, std::size_t steps) {
    constexpr std::size_t large = 20'000;  // steps
    constexpr std::size_t bytes_a_step = 800;
    if (steps >= large) {
      plan.steps.reserve(steps);
      auto* storage = reinterpret_cast<std::byte*>(plan.steps.data());
      thread_ = std::jthread([storage, steps] {
        touch({storage, steps * sizeof(Step)});
        touch_heap(steps * bytes_a_step);
      });
    }
  }

 private:
  static void touch(std::span<std::byte> memory) {
    constexpr std::size_t page = 4096;
    for (std::size_t at = 0; at < memory.size(); at += page) {
      static_cast<volatile std::byte&>(memory[at]) = std::byte{0};
    }
  }
  // What is freed stays with the C library.
  static void touch_heap(std::size_t size) {
    constexpr std::size_t block = std::size_t{4} << 20U;  // small enough to come from the heap
    std::vector<std::unique_ptr<std::byte[]>> blocks;
    for (std::size_t done = 0; done < size; done += block) {
      blocks.push_back(std::make_unique_for_overwrite<std::byte[]>(block));
      touch({blocks.back().get(), block});
    }
  }
  std::jthread thread_;
};

CompileResult passes(SourceMap& sources,
                     SourceLoader& loader,
                     const CompileOptions& options,
                     std::vector<Allow>& allows,
                     Diagnostics& diagnostics) {
  CompileResult result;
  // A pass that finds errors is the last one: what follows would complain about their consequences.
  Modules modules = load(sources, loader, options.entry, diagnostics);
  if (diagnostics.has_errors()) {
    return result;
  }
  Plan plan;
  std::optional<MemoryAhead> memory(std::in_place, plan,
                                    modules[modules.entry()].file.declarations.size() / 2);
  allows = collect_allows(sources, modules);
  resolve(modules, diagnostics);
  Types types(plan);
  check_types(sources, modules, plan, types, diagnostics);
  if (diagnostics.has_errors()) {
    return result;
  }
  std::vector<WrittenAfter> afters;
  if (options.is_lint) {
    lint_sources(sources, modules, diagnostics);
    afters = written_afters(modules);
  }
  memory.reset();
  {
    Assembly assembly(plan);
    InputValues inputs = read_inputs(sources, loader, options, modules[modules.entry()], types,
                                     assembly, diagnostics);
    elaborate(sources, loader, options, modules, types, inputs, assembly, diagnostics);
    result.secret_sources = std::move(inputs.secret_sources);
    if (options.is_lint) {
      lint_secrets(modules, plan, result.secret_sources, options, diagnostics);
    }
    modules = {};
  }
  give_back_memory(plan);
  lint(plan, diagnostics);
  if (diagnostics.has_errors()) {
    return result;
  }
  PlanDigest digest(plan);
  // A thread costs more than to read a small plan when it is asked for.
  constexpr std::size_t enough_for_a_thread = 1000;  // steps
  std::future<void> steps_read = std::async(
      plan.steps.size() < enough_for_a_thread ? std::launch::deferred : std::launch::async,
      [&digest] { digest.read_steps(); });
  OrderFaults faults = order(plan, diagnostics);
  give_back_memory(plan);
  const std::array<std::function<void()>, 2> last = {
      [&] {
        if (options.wants_certificate) {
          result.certificate = prove_with_certificate(plan, diagnostics, std::move(faults));
        } else {
          prove(plan, diagnostics, std::move(faults));
        }
      },
      [&] {
        steps_read.get();
        digest.read_order();
      }};
  in_parallel(last.size(), [&](std::size_t index) { last.at(index)(); });
  hide_consequences(diagnostics);
  if (diagnostics.has_errors()) {
    result.refused = std::move(plan);
    return result;
  }
  if (options.is_lint) {
    lint_plan(plan, afters, diagnostics);
  }
  plan.digest = digest.of_proven();
  result.plan = std::move(plan);
  return result;
}

}  // namespace

CompileResult compile(SourceMap& sources,
                      SourceLoader& loader,
                      const CompileOptions& options,
                      Diagnostics& diagnostics) {
  std::vector<Allow> allows;
  CompileResult result = passes(sources, loader, options, allows, diagnostics);
  apply_allows(allows, diagnostics);
  if (options.is_lint && result.plan) {
    report_unused_allows(allows, diagnostics);
  }
  place_fixes(sources, diagnostics);
  return result;
}

}  // namespace plan
