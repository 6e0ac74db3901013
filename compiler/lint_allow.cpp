#include "compiler/lint_allow.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "dsl/spell.hpp"

namespace plan {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

std::optional<Code> rule_named(std::string_view name) {
  for (std::size_t index = 0; index < code_count(); ++index) {
    const auto code = static_cast<Code>(index);
    if (info(code).severity == Severity::warning &&
        (info(code).slug == name || info(code).code == name)) {
      return code;
    }
  }
  return std::nullopt;
}

class Collecting {
 public:
  Collecting(const SourceMap& sources, std::vector<Allow>& result)
      : sources_(sources), result_(result) {}

  void file(const ast::File& file) {
    const std::string_view text = sources_.text(file.id);
    const std::uint32_t base = sources_.base(file.id);
    const Span whole{base, base + static_cast<std::uint32_t>(text.size())};
    // The head: comments and blank lines before anything else.
    std::size_t end = 0;
    while (end < text.size()) {
      const std::size_t newline = std::min(text.find('\n', end), text.size());
      const std::string_view line = trimmed(text.substr(end, newline - end));
      if (!line.empty() && !line.starts_with('#')) {
        break;
      }
      end = newline + 1;
    }
    const auto head_end = base + static_cast<std::uint32_t>(std::min(end, text.size()));
    const bool has_header = file.plan_title.has_value() || !file.module_path.empty();
    if (has_header) {
      comment({base, head_end}, whole);
    }
    items(file.declarations);
  }

 private:
  void items(const ast::Declarations& declarations) {
    for (const ast::Declaration& declaration : declarations) {
      if (!declaration.doc.is_none()) {
        comment(declaration.doc, declaration.span);
      }
      if (const auto* phase = std::get_if<ast::PhaseDecl>(&declaration.node)) {
        items(phase->items);
      } else if (const auto* loop = std::get_if<ast::ForDecl>(&declaration.node)) {
        items(loop->items);
      } else if (const auto* when = std::get_if<ast::WhenDecl>(&declaration.node)) {
        items(when->items);
      }
    }
  }

  void comment(Span lines, Span range) {
    const std::string_view text = sources_.text(lines);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t newline = std::min(text.find('\n', at), text.size());
      line(text.substr(at, newline - at), lines.begin + static_cast<std::uint32_t>(at), range);
      at = newline + 1;
    }
  }

  void line(std::string_view text, std::uint32_t begin, Span range) {
    constexpr std::string_view words = "allow lint ";
    const std::string_view whole = text;
    text = trimmed(text);
    if (!text.starts_with('#')) {
      return;
    }
    text = trimmed(text.substr(1));
    if (!text.starts_with(words)) {
      return;
    }
    text = trimmed(text.substr(words.size()));
    const std::string_view rule = trimmed(text.substr(0, text.find_first_of(": \t")));
    const std::size_t colon = text.find(':');
    const std::string_view reason =
        colon == std::string_view::npos ? "" : trimmed(text.substr(colon + 1));
    const std::uint32_t place = begin + static_cast<std::uint32_t>(rule.data() - whole.data());
    result_.push_back({.range = range,
                       .place = {place, place + static_cast<std::uint32_t>(rule.size())},
                       .rule = std::string(rule),
                       .code = rule_named(rule),
                       .has_reason = !reason.empty()});
  }

  const SourceMap& sources_;
  std::vector<Allow>& result_;
};

}  // namespace

bool is_own(const Module& module) {
  return !module.is_native && !module.path.starts_with("stdlib/");
}

std::vector<Allow> collect_allows(const SourceMap& sources, const Modules& modules) {
  std::vector<Allow> result;
  for (const Module& module : modules.modules) {
    if (is_own(module)) {
      Collecting(sources, result).file(module.file);
    }
  }
  std::ranges::sort(result, {}, [](const Allow& allow) { return allow.place; });
  return result;
}

void apply_allows(std::vector<Allow>& allows, Diagnostics& diagnostics) {
  diagnostics.remove([&](const Diagnostic& diagnostic) {
    bool is_silenced = false;
    for (Allow& allow : allows) {
      const bool fits = allow.has_reason && allow.code == diagnostic.code &&
                        diagnostic.severity == Severity::warning &&
                        diagnostic.primary.begin >= allow.range.begin &&
                        diagnostic.primary.begin < allow.range.end;
      allow.is_used = allow.is_used || fits;
      is_silenced = is_silenced || fits;
    }
    return is_silenced;
  });
}

void report_unused_allows(const std::vector<Allow>& allows, Diagnostics& diagnostics) {
  for (const Allow& allow : allows) {
    if (allow.is_used) {
      continue;
    }
    Diagnostic& diagnostic = diagnostics.report<Code::unused_allow>(allow.place, allow.rule);
    if (!allow.code) {
      std::vector<std::string_view> rules;
      for (std::size_t index = 0; index < code_count(); ++index) {
        const CodeInfo& code = info(static_cast<Code>(index));
        if (code.severity == Severity::warning) {
          rules.push_back(code.slug);
        }
      }
      diagnostic.note("there is no such rule; `plan explain` lists all");
      if (const auto near = nearest(allow.rule, rules); !near.empty()) {
        diagnostic.did_you_mean(allow.place, near, true);
      }
    } else if (!allow.has_reason) {
      diagnostic.note("it says no reason, so it does not count")
          .help(fmt::format("say why: `# allow lint {}: …`", allow.rule));
    } else {
      diagnostic.note("nothing below it breaks that rule (any more)").help("remove the line");
    }
  }
}

}  // namespace plan
