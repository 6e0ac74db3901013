#include "dsl/parse.hpp"

#include "dsl/build_ast.hpp"
#include "dsl/parser.hpp"

namespace plan {

ast::File parse_file(const SourceMap& sources, FileId file, Diagnostics& diagnostics) {
  return build_ast(parse(sources, file, FileForm::declarations, diagnostics), diagnostics);
}

ast::File parse_value_file(const SourceMap& sources, FileId file, Diagnostics& diagnostics) {
  return build_ast(parse(sources, file, FileForm::values, diagnostics), diagnostics);
}

}  // namespace plan
