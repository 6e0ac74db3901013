#include "subjects.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "dsl/parse.hpp"

#ifdef PLAN_GOLDEN_COMPILER
#include "compiler/compile.hpp"
#endif

namespace plan::golden {

namespace {

void parse_case(const Case& golden, SourceMap& sources, Diagnostics& diagnostics) {
  for (const Part& part : golden.parts) {
    const FileId file = sources.add(part.name, part.text);
    if (part.name.ends_with(".values.plan")) {
      (void)parse_value_file(sources, file, diagnostics);
    } else {
      (void)parse_file(sources, file, diagnostics);
    }
  }
}

#ifdef PLAN_GOLDEN_COMPILER

class PartLoader : public SourceLoader {
 public:
  explicit PartLoader(const Case& golden) : golden_(golden) {}

  std::optional<std::string> read(std::string_view path, std::string& why) override {
    if (path.starts_with("./")) {
      path.remove_prefix(2);
    }
    const auto part = std::ranges::find(golden_.parts, path, &Part::name);
    if (part != golden_.parts.end()) {
      return part->text;
    }
    // Catalogues and the like lie beside the golden file.
    const std::filesystem::path beside = golden_.path.parent_path() / path;
    if (std::filesystem::is_regular_file(beside)) {
      return read_text(beside);
    }
    why = "no such file";
    return std::nullopt;
  }

 private:
  const Case& golden_;
};

// `--set name=value`, `--inputs file`, `--require-inputs`, `--secret name`, `--lint`.
CompileOptions options_of(const Case& golden) {
  CompileOptions options;
  options.entry = golden.parts.front().name;
  for (std::size_t index = 0; index < golden.args.size(); ++index) {
    const std::string& arg = golden.args[index];
    const std::string value = index + 1 < golden.args.size() ? golden.args[index + 1] : "";
    if (arg == "--set") {
      const std::size_t equals = std::min(value.find('='), value.size());
      options.set[value.substr(0, equals)] = {
          .text = value.substr(std::min(equals + 1, value.size())), .origin = "--set"};
      ++index;
    } else if (arg == "--inputs") {
      options.inputs_file = value;
      ++index;
    } else if (arg == "--lint") {
      options.is_lint = true;
    } else if (arg == "--require-inputs") {
      options.require_inputs = true;
    }
  }
  return options;
}

void compile_case(const Case& golden, SourceMap& sources, Diagnostics& diagnostics) {
  PartLoader loader(golden);
  (void)compile(sources, loader, options_of(golden), diagnostics);
}

#endif

}  // namespace

Subject subject_of(std::string_view folder) {
  if (folder == "syntax" || folder == "format") {
    return parse_case;
  }
#ifdef PLAN_GOLDEN_COMPILER
  return compile_case;
#else
  return nullptr;
#endif
}

}  // namespace plan::golden
