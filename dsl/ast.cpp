#include "dsl/ast.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace plan::ast {

void File::start_at(std::size_t index) {
  exprs.start_at(index);
  string_parts.start_at(index);
  texts.start_at(index);
  expr_lists.start_at(index);
  arguments.start_at(index);
  paths.start_at(index);
  types.start_at(index);
  command_options.start_at(index);
  step_clauses.start_at(index);
}

void File::splice(File&& later) {
  const auto before = static_cast<std::uint32_t>(declarations.size());
  for (Milestone milestone : later.milestones) {
    milestone.declarations += before;
    milestones.push_back(milestone);
  }
  declarations.splice(std::move(later.declarations));
  std::ranges::move(later.owned_texts, std::back_inserter(owned_texts));
  exprs.splice(std::move(later.exprs));
  string_parts.splice(std::move(later.string_parts));
  texts.splice(std::move(later.texts));
  expr_lists.splice(std::move(later.expr_lists));
  arguments.splice(std::move(later.arguments));
  paths.splice(std::move(later.paths));
  types.splice(std::move(later.types));
  command_options.splice(std::move(later.command_options));
  step_clauses.splice(std::move(later.step_clauses));
}

}  // namespace plan::ast
