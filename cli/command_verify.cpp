#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/disk_loader.hpp"
#include "cli/show.hpp"
#include "compiler/digest.hpp"
#include "verify/verify.hpp"

namespace plan {

namespace {

using Json = nlohmann::ordered_json;

// The most faults that are told: of a wrong certificate nearly everything may be wrong.
constexpr std::size_t fault_limit = 20;

void show(const Plan& plan, const verify::Verdict& verdict, const Options& options) {
  const bool is_proven = verdict.faults.empty();
  if (options.is_json) {
    const Json json = {{"format", "plan-verify/1"},     {"proven", is_proven},
                       {"digest", to_hex(plan.digest)}, {"requirements", verdict.requirements},
                       {"paths", verdict.paths},        {"cases", verdict.cases},
                       {"faults", verdict.faults}};
    print(Stream::out, json.dump(2) + "\n");
    return;
  }
  if (is_proven) {
    print(Stream::out,
          fmt::format("{}: the certificate proves it.\n  {} steps, {} requirements, {} "
                      "paths, {} cases of invariants and ways back; digest {}\n",
                      plan.title, plan.steps.size(), verdict.requirements, verdict.paths,
                      verdict.cases, to_hex(plan.digest).substr(0, 12)));
    return;
  }
  std::string text = fmt::format("{}: the certificate does not prove it.\n", plan.title);
  for (std::size_t index = 0; index < verdict.faults.size() && index < fault_limit; ++index) {
    text += "  " + verdict.faults[index] + "\n";
  }
  if (verdict.faults.size() > fault_limit) {
    text += fmt::format("  and {} more\n", verdict.faults.size() - fault_limit);
  }
  print(Stream::error, text);
}

}  // namespace

ExitCode run_verify(const Options& options) {
  const auto plan_text = read_file(options.file);
  const auto certificate = read_file(*options.certificate);
  for (const auto& [path, text] :
       {std::pair(&options.file, &plan_text), std::pair(&*options.certificate, &certificate)}) {
    if (!*text) {
      show_problem("cannot read `" + *path + "`: " + text->error(), options);
      return ExitCode::usage;
    }
  }
  const auto plan = plan_from_json(*plan_text);
  if (!plan) {
    show_problem("`" + options.file + "` is no compiled plan: " + plan.error(), options);
    return ExitCode::usage;
  }
  const verify::Verdict verdict = verify::verify(*plan, *certificate);
  show(*plan, verdict, options);
  return verdict.faults.empty() ? ExitCode::done : ExitCode::not_proven;
}

}  // namespace plan
