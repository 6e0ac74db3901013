#include "compiler/module.hpp"

#include <variant>

namespace plan {

std::string snake_case(std::string_view title) {
  std::string result;
  for (const char character : title) {
    const bool is_upper = character >= 'A' && character <= 'Z';
    const bool is_plain = (character >= 'a' && character <= 'z') ||
                          (character >= '0' && character <= '9') || is_upper;
    if (is_plain) {
      result += is_upper ? static_cast<char>(character - 'A' + 'a') : character;
    } else if (!result.empty() && result.back() != '_') {
      result += '_';
    }
  }
  while (result.ends_with('_')) {
    result.pop_back();
  }
  return result;
}

std::string literal_text(const ast::File& file, ast::ExprId expr) {
  if (expr.is_none()) {
    return {};
  }
  const auto* literal = std::get_if<ast::StringLiteral>(&file[expr].node);
  std::string text;
  if (literal != nullptr) {
    for (std::uint32_t index = literal->parts.begin; index < literal->parts.end; ++index) {
      const ast::StringPart& part = file.string_parts[index];
      if (part.text == UINT32_MAX) {
        return {};
      }
      text += file.texts[part.text];
    }
  }
  return text;
}

std::string documentation(const SourceMap& sources, Span doc) {
  std::string result;
  if (doc.is_none()) {
    return result;
  }
  std::string_view rest = sources.text(doc);
  while (!rest.empty()) {
    const std::size_t newline = rest.find('\n');
    std::string_view line = rest.substr(0, newline);
    rest.remove_prefix(newline == std::string_view::npos ? rest.size() : newline + 1);
    const std::size_t hash = line.find('#');
    if (hash == std::string_view::npos) {
      continue;
    }
    line.remove_prefix(hash + 1);
    if (line.starts_with(' ')) {
      line.remove_prefix(1);
    }
    result += result.empty() ? "" : "\n";
    result += line;
  }
  return result;
}

}  // namespace plan
