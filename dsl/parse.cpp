#include "dsl/parse.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "dsl/build_ast.hpp"
#include "dsl/format.hpp"
#include "dsl/parallel.hpp"
#include "dsl/parser.hpp"

namespace plan {

namespace {

// Large enough to be worth a thread's start, small enough for its tokens to stay in the cache.
constexpr std::size_t part_size = 1U << 19U;

// `storage`: the tree of an earlier part, whose memory is still in the cache; gets that of this
// one.
ast::File parse_part(const SourcePart& source,
                     std::size_t first_index,
                     Tree& storage,
                     Diagnostics& diagnostics) {
  storage = parse(source, FileForm::declarations, diagnostics, std::move(storage));
  return build_ast(storage, diagnostics, first_index);
}

ast::File parse_whole(const SourcePart& source, Diagnostics& diagnostics) {
  Tree storage;
  return parse_part(source, 0, storage, diagnostics);
}

// Whether a line begins here that begins a declaration without a comment above it.
bool begins_declaration(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  const std::size_t line_before = at < 2 ? 0 : text.rfind('\n', at - 2) + 1;
  return (rest.starts_with("step ") || rest.starts_with("resource ")) && text[line_before] != '#';
}

// A text in parts that look as if each began with a declaration.
std::vector<SourcePart> parts_of(const SourcePart& whole) {
  std::vector<SourcePart> parts;
  std::size_t begin = 0;
  std::size_t end = whole.text.find('\n', part_size);
  for (; end != std::string_view::npos; end = whole.text.find('\n', end + 1)) {
    if (end - begin >= part_size && begins_declaration(whole.text, end + 1)) {
      parts.push_back({.file = whole.file,
                       .base = whole.base + static_cast<std::uint32_t>(begin),
                       .text = whole.text.substr(begin, end + 1 - begin)});
      begin = end + 1;
      end = std::min(begin + part_size, whole.text.size()) - 1;
    }
  }
  parts.push_back({.file = whole.file,
                   .base = whole.base + static_cast<std::uint32_t>(begin),
                   .text = whole.text.substr(begin)});
  return parts;
}

}  // namespace

// The parts of a large text are read apart. Where each of them is right by itself, each is a whole
// number of declarations, and together they are what the text is. Where one is not, a part may
// have begun inside of something else, and the text is read again as one.
ast::File parse_file(const SourceMap& sources, FileId file, Diagnostics& diagnostics) {
  const SourcePart whole = sources.whole(file);
  const std::vector<SourcePart> parts = parts_of(whole);
  if (parts.size() == 1) {
    return parse_whole(whole, diagnostics);
  }
  std::vector<ast::File> files(parts.size());
  std::vector<Diagnostics> found(parts.size());
  // No array of a part has more elements than the text has bytes.
  const auto first_index = [&](std::size_t part) {
    const std::size_t bytes = parts[part].base - whole.base;
    return part == 0 ? 0
                     : (bytes / Chunked<ast::Expr>::chunk_size + part + 1) *
                           Chunked<ast::Expr>::chunk_size;
  };
  in_parallel(parts.size(), [&](std::size_t part) {
    thread_local Tree storage;
    files[part] = parse_part(parts[part], first_index(part), storage, found[part]);
  });
  const auto is_right = [](const Diagnostics& each) { return each.size() == 0; };
  if (!std::ranges::all_of(found, is_right)) {
    return parse_whole(whole, diagnostics);
  }
  ast::File result = std::move(files.front());
  for (std::size_t part = 1; part < parts.size(); ++part) {
    result.splice(std::move(files[part]));
  }
  return result;
}

ast::File parse_value_file(const SourceMap& sources, FileId file, Diagnostics& diagnostics) {
  return build_ast(parse(sources.whole(file), FileForm::values, diagnostics), diagnostics);
}

std::optional<std::string> format_source(const SourceMap& sources,
                                         FileId file,
                                         Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.error_count();
  const Tree tree = parse(sources.whole(file), FileForm::declarations, diagnostics);
  if (diagnostics.error_count() > errors_before) {
    return std::nullopt;
  }
  return format(tree);
}

}  // namespace plan
