#include "dsl/parse.hpp"

#include "dsl/build_ast.hpp"
#include "dsl/format.hpp"
#include "dsl/parser.hpp"

namespace plan {

ast::File parse_file(const SourceMap& sources, FileId file, Diagnostics& diagnostics) {
  return build_ast(parse(sources, file, FileForm::declarations, diagnostics), diagnostics);
}

ast::File parse_value_file(const SourceMap& sources, FileId file, Diagnostics& diagnostics) {
  return build_ast(parse(sources, file, FileForm::values, diagnostics), diagnostics);
}

std::optional<std::string> format_source(const SourceMap& sources,
                                         FileId file,
                                         Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  const Tree tree = parse(sources, file, FileForm::declarations, diagnostics);
  if (diagnostics.error_count() > errors_before) {
    return std::nullopt;
  }
  return format(tree);
}

}  // namespace plan
