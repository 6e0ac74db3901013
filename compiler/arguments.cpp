#include "compiler/arguments.hpp"

#include <algorithm>

namespace plan {

void match_arguments(const ast::File& file,
                     ast::Range arguments,
                     std::span<const Formal> formals,
                     std::vector<ast::ExprId>& matched) {
  matched.assign(formals.size(), ast::ExprId{});
  std::size_t position = 0;
  for (std::uint32_t index = arguments.begin; index < arguments.end; ++index) {
    const ast::Argument& argument = file.arguments[index];
    if (argument.name.is_empty()) {
      if (position < formals.size()) {
        matched[position++] = argument.value;
      }
      continue;
    }
    const auto formal = std::ranges::find(formals, argument.name, &Formal::name);
    if (formal != formals.end()) {
      matched[static_cast<std::size_t>(formal - formals.begin())] = argument.value;
    }
  }
}

}  // namespace plan
