// Sources and inputs in, a proved plan out. Pure: the same bytes in give the same bytes out.
// The passes, in order, are compile.cpp's table of contents.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/plan.hpp"
#include "dsl/ast.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

// The compiler's only look at the world. `std.*` modules and native.plan are not asked for: they
// are embedded.
class SourceLoader {
 public:
  virtual ~SourceLoader() = default;
  // The text at `path`, which is relative to the entry file's directory or absolute; nullopt if it
  // cannot be read, with the reason in `why`.
  [[nodiscard]] virtual std::optional<std::string> read(std::string_view path,
                                                        std::string& why) = 0;
};

// A value given from outside, before its type is known.
struct GivenInput {
  std::string text;    // `--set name=TEXT`, PLAN_INPUT_NAME: read as the input's type
  std::string origin;  // "--set", "PLAN_INPUT_OLD", "inputs.plan": for messages
};

struct CompileOptions {
  std::string entry;                       // path of the plan, as the loader knows it
  std::map<std::string, GivenInput> set;   // by input name
  std::optional<std::string> inputs_file;  // path of an --inputs file (.plan syntax or .json)
  bool wants_certificate = false;          // of the proof: CompileResult::certificate
  bool require_inputs = false;             // apply, preview: every input must have a value,
                                           // but secrets, which the runtime gets
  bool is_lint = false;                    // say, too, what is allowed and better avoided
  // As `set`, and weaker; what the plan does not declare is meant for another one, and a secret is
  // the runtime's to fetch: both are passed over.
  std::map<std::string, GivenInput> environment;
};

// How a secret input is to be had, as the inputs file says: `db_password = env("NAME")`,
// `file("path")`, `command(["pass", "show", "x"])`, `prompt()`.
struct SecretSource {
  enum class Kind { environment, file, command, prompt } kind = Kind::environment;
  std::vector<std::string> arguments;
};

struct CompileResult {
  std::optional<Plan> plan;  // absent if there were errors
  // The plan whose order or proof failed, ordered as far as that was possible: for drawings only.
  std::optional<Plan> refused;
  std::string certificate;  // if it was wanted (docs/certificate.md)
  std::map<std::string, SecretSource> secret_sources;
};

// Reports everything that is wrong in one run. Costs about linear in the size of the sources.
[[nodiscard]] CompileResult compile(SourceMap& sources,
                                    SourceLoader& loader,
                                    const CompileOptions& options,
                                    Diagnostics& diagnostics);

}  // namespace plan
