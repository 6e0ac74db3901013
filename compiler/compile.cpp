#include "compiler/compile.hpp"

#include <utility>

#include "compiler/assembly.hpp"
#include "compiler/check_types.hpp"
#include "compiler/digest.hpp"
#include "compiler/elaborate.hpp"
#include "compiler/inputs.hpp"
#include "compiler/lint.hpp"
#include "compiler/load.hpp"
#include "compiler/prove.hpp"
#include "compiler/resolve.hpp"

namespace plan {

CompileResult compile(SourceMap& sources,
                      SourceLoader& loader,
                      const CompileOptions& options,
                      Diagnostics& diagnostics) {
  CompileResult result;
  // A pass that finds errors is the last one: what follows would complain about their consequences.
  Modules modules = load(sources, loader, options.entry, diagnostics);
  if (diagnostics.has_errors()) {
    return result;
  }
  resolve(modules, diagnostics);
  Plan plan;
  Types types(plan);
  check_types(sources, modules, plan, types, diagnostics);
  if (diagnostics.has_errors()) {
    return result;
  }
  {
    Assembly assembly(plan);
    InputValues inputs = read_inputs(sources, loader, options, modules[modules.entry()], types,
                                     assembly, diagnostics);
    elaborate(sources, loader, options, modules, types, inputs, assembly, diagnostics);
    result.secret_sources = std::move(inputs.secret_sources);
    modules = {};
  }
  lint(plan, diagnostics);
  if (diagnostics.has_errors()) {
    return result;
  }
  const OrderFaults faults = order(plan, diagnostics);
  if (options.wants_certificate) {
    result.certificate = prove_with_certificate(plan, diagnostics, faults);
  } else {
    prove(plan, diagnostics, faults);
  }
  if (diagnostics.has_errors()) {
    result.refused = std::move(plan);
    return result;
  }
  plan.digest = digest(plan);
  result.plan = std::move(plan);
  return result;
}

}  // namespace plan
