// An inputs file: `name = value` in the language's syntax, or a JSON object. What its values are
// worth is not known here, but for secrets, of which it may only say where they come from.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/compile.hpp"
#include "compiler/operations.hpp"
#include "dsl/ast.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

// An input as its plan declares it.
struct DeclaredInput {
  std::string_view name;
  bool is_secret = false;
  Span span;
};

// The ordinal of the input `name`; E0641 if the plan has none.
[[nodiscard]] std::optional<std::uint32_t> find_input(const std::vector<DeclaredInput>& inputs,
                                                      std::string_view name,
                                                      Span span,
                                                      std::string_view origin,
                                                      Diagnostics& diagnostics);

// A value of an input that is no secret, before its type is looked at; an error if it is none.
struct FileValue {
  std::uint32_t input = 0;
  Evaluated value;
  Span span;  // none in JSON
};

struct InputsFile {
  std::vector<FileValue> values;       // in order of the file
  std::vector<std::uint32_t> secrets;  // that are mentioned, with a source or with a mistake
  std::map<std::string, SecretSource> secret_sources;
};

// Reports E0641, E0643 and E0644, and what is wrong with the syntax.
[[nodiscard]] InputsFile read_inputs_file(SourceMap& sources,
                                          std::string_view path,
                                          const std::string& text,
                                          const std::vector<DeclaredInput>& inputs,
                                          Diagnostics& diagnostics);

// What stands in the file at `path` must not contradict a plan that was compiled before: a value
// of the file has to be the one that the plan has (E0645). Returns where the secrets come from.
[[nodiscard]] std::map<std::string, SecretSource> read_secret_sources(SourceMap& sources,
                                                                      std::string_view path,
                                                                      const std::string& text,
                                                                      const Plan& plan,
                                                                      Diagnostics& diagnostics);

// A literal of the language as a value without types: records are maps.
[[nodiscard]] Evaluated literal_value(const ast::File& file, ast::ExprId id);

}  // namespace plan
