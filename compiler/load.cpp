#include "compiler/load.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "dsl/parse.hpp"
#include "dsl/spell.hpp"
#include "stdlib/embedded.hpp"

namespace plan {

namespace {

constexpr std::uint32_t being_loaded = UINT32_MAX;
constexpr std::uint32_t missing = UINT32_MAX - 1;

std::optional<std::string_view> embedded(std::string_view name) {
  const auto files = embedded_files();
  const auto found = std::ranges::find(files, name, &EmbeddedFile::name);
  return found == files.end() ? std::nullopt : std::optional(found->text);
}

// "std.systemd" → "stdlib/std/systemd.plan".
std::string path_of(const std::vector<ast::Identifier>& path) {
  std::string result = "stdlib";
  for (const ast::Identifier& part : path) {
    result += fmt::format("/{}", part.name.text());
  }
  return result + ".plan";
}

std::string dotted(const std::vector<ast::Identifier>& path) {
  std::string result;
  for (const ast::Identifier& part : path) {
    result += fmt::format("{}{}", result.empty() ? "" : ".", part.name.text());
  }
  return result;
}

// `file` as seen from `user`: "a/b.plan" uses "../c.plan" → "c.plan".
std::string relative(std::string_view user, std::string_view file) {
  std::vector<std::string_view> parts;
  const bool is_absolute = file.starts_with('/') || (!file.empty() && user.starts_with('/'));
  const auto take = [&parts](std::string_view text) {
    while (!text.empty()) {
      const std::size_t slash = text.find('/');
      const std::string_view part = text.substr(0, slash);
      text.remove_prefix(slash == std::string_view::npos ? text.size() : slash + 1);
      if (part == ".." && !parts.empty() && parts.back() != "..") {
        parts.pop_back();
      } else if (!part.empty() && part != ".") {
        parts.push_back(part);
      }
    }
  };
  if (!file.starts_with('/')) {
    const std::size_t slash = user.rfind('/');
    take(user.substr(0, slash == std::string_view::npos ? 0 : slash));
  }
  take(file);
  return fmt::format("{}{}", is_absolute ? "/" : "", fmt::join(parts, "/"));
}

std::string stem(std::string_view path) {
  path.remove_prefix(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  return std::string(path.substr(0, path.rfind('.')));
}

class Loading {
 public:
  Loading(SourceMap& sources, SourceLoader& loader, Diagnostics& diagnostics)
      : sources_(sources), loader_(loader), diagnostics_(diagnostics) {}

  void native() {
    add("stdlib/native.plan", "native", std::string(*embedded("stdlib/native.plan")));
  }
  std::uint32_t entry(std::string_view path);
  Modules take() { return std::move(modules_); }

 private:
  std::uint32_t add(const std::string& path, std::string name, std::string text);
  std::uint32_t use(const ast::Use& use, Span span, std::string_view user, bool is_embedded);
  std::uint32_t use_embedded(const ast::Use& use, Span span);
  std::uint32_t use_file(const ast::Use& use, Span span, std::string_view user, bool is_embedded);
  std::uint32_t known(const std::string& path, Span span);
  void add_uses(Module& module);

  SourceMap& sources_;
  SourceLoader& loader_;
  Diagnostics& diagnostics_;
  Modules modules_;
  std::map<std::string, std::uint32_t> by_path_;
  std::vector<std::string> stack_;  // paths being loaded
};

std::uint32_t Loading::entry(std::string_view path) {
  std::string why;
  auto text = loader_.read(path, why);
  if (!text) {
    diagnostics_.report<Code::cannot_read>({}, path, why);
    return missing;
  }
  return add(std::string(path), {}, std::move(*text));
}

// Used modules are added before the module itself: the order of `modules` is a topological one.
std::uint32_t Loading::add(const std::string& path, std::string name, std::string text) {
  if (!sources_.fits(text.size())) {
    diagnostics_.report<Code::source_too_large>({});
    return missing;
  }
  by_path_[path] = being_loaded;
  stack_.push_back(path);
  const FileId id = sources_.add(path, std::move(text));
  Module module;
  module.file = parse_file(sources_, id, diagnostics_);
  module.is_native = path == "stdlib/native.plan";
  module.name = std::move(name);
  module.path = path;
  add_uses(module);
  stack_.pop_back();
  const std::uint32_t index = modules_.add(std::move(module));
  by_path_[path] = index;
  return index;
}

void Loading::add_uses(Module& module) {
  for (const ast::Declaration& declaration : module.file.declarations) {
    const auto* node = std::get_if<ast::Use>(&declaration.node);
    if (node == nullptr) {
      continue;
    }
    const std::string path = module.path;
    const std::uint32_t index =
        use(*node, declaration.span, path, path.starts_with("stdlib/") && embedded(path));
    if (index == missing) {
      continue;
    }
    Name alias = node->alias.name;
    if (alias.is_empty()) {
      alias = node->path.empty() ? Name(stem(node->file)) : node->path.back().name;
    }
    module.uses.push_back({.alias = alias, .module = index, .span = declaration.span});
  }
}

std::uint32_t Loading::use(const ast::Use& use,
                           Span span,
                           std::string_view user,
                           bool is_embedded) {
  return use.path.empty() ? use_file(use, span, user, is_embedded) : use_embedded(use, span);
}

std::uint32_t Loading::use_embedded(const ast::Use& use, Span span) {
  const std::string path = path_of(use.path);
  if (by_path_.contains(path)) {
    return known(path, span);
  }
  const auto text = embedded(path);
  if (!text) {
    std::vector<std::string> names;
    for (const EmbeddedFile& file : embedded_files()) {
      if (file.name.starts_with("stdlib/std/")) {
        names.push_back("std." + stem(file.name));
      }
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    const std::string wanted = dotted(use.path);
    auto& diagnostic = diagnostics_.report<Code::unknown_module>(span, wanted);
    if (const auto near = nearest(wanted, views); !near.empty()) {
      diagnostic.did_you_mean(join(use.path.front().span, use.path.back().span), near, true);
    }
    diagnostic.help("a file of your own is used by its path: use \"./ours.plan\"");
    return missing;
  }
  return add(path, std::string(use.path.back().name.text()), std::string(*text));
}

std::uint32_t Loading::use_file(const ast::Use& use,
                                Span span,
                                std::string_view user,
                                bool is_embedded) {
  const std::string path = relative(user, use.file);
  if (by_path_.contains(path)) {
    return known(path, span);
  }
  std::string why = "it is not part of the standard library";
  auto text = is_embedded ? std::nullopt : loader_.read(path, why);
  if (!text) {
    diagnostics_.report<Code::cannot_read>(span, path, why)
        .help("the path is meant from the file that uses it");
    by_path_[path] = missing;
    return missing;
  }
  return add(path, stem(path), std::move(*text));
}

std::uint32_t Loading::known(const std::string& path, Span span) {
  const std::uint32_t index = by_path_[path];
  if (index != being_loaded) {
    return index;
  }
  auto first = std::ranges::find(stack_, path);
  std::string cycle;
  for (; first != stack_.end(); ++first) {
    cycle += *first + " → ";
  }
  diagnostics_.report<Code::module_cycle>(span, cycle + path)
      .help("move what both need into a module of its own");
  return missing;
}

}  // namespace

Modules load(SourceMap& sources,
             SourceLoader& loader,
             std::string_view entry,
             Diagnostics& diagnostics) {
  Loading loading(sources, loader, diagnostics);
  loading.native();
  if (loading.entry(entry) == missing) {
    return {};
  }
  return loading.take();
}

}  // namespace plan
