// Rules over what is written: names that nobody uses, clauses that say nothing.

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "compiler/declare.hpp"
#include "compiler/lint.hpp"
#include "compiler/lint_allow.hpp"
#include "dsl/lexer.hpp"

namespace plan {

namespace {

// Of a step that says none (docs/language.md).
constexpr std::int64_t default_timeout_ms = 600'000;

class SourceLint {
 public:
  SourceLint(const SourceMap& sources, const Module& module, Diagnostics& diagnostics)
      : sources_(sources), module_(module), diagnostics_(diagnostics) {
    Diagnostics ignored;
    tokens_ = lex(sources.whole(module.file.id), ignored).tokens;
    for (const Token& token : tokens_) {
      if (is_name(token.kind)) {
        ++uses_[sources.text(token.span())];
      }
    }
  }

  void all() {
    imports();
    for (const auto& resource : module_.resources) {
      unused_resource(resource);
    }
    items(module_.file.declarations, false);
    for (const auto& operation : module_.operations) {
      this->operation(operation);
    }
    for (std::size_t index = 0; index < module_.file.exprs.size(); ++index) {
      if (module_.file.exprs.contains(index)) {
        expression(module_.file.exprs[index]);
      }
    }
  }

 private:
  // `alias.`, anywhere but in the `use` itself.
  void imports() {
    for (const Used& used : module_.uses) {
      const bool is_used = [&] {
        for (std::size_t index = 0; index + 1 < tokens_.size(); ++index) {
          const Token& token = tokens_[index];
          const bool is_outside = token.begin < used.span.begin || token.begin >= used.span.end;
          if (is_outside && tokens_[index + 1].kind == TokenKind::dot && is_name(token.kind) &&
              sources_.text(token.span()) == used.alias.text()) {
            return true;
          }
        }
        return false;
      }();
      if (!is_used) {
        diagnostics_.report<Code::unused_import>(used.span, used.alias.text())
            .fix({.span = used.span,
                  .replacement = {},
                  .description = "remove the line",
                  .is_safe = true,
                  .place = FixPlace::statement});
      }
    }
  }

  void unused_resource(const Declared<ast::ResourceDecl>& declared) {
    const ast::Identifier& name = declared.node->name;
    if (uses_[name.name.text()] == 1) {
      diagnostics_.report<Code::unused_resource>(name.span, name.name.text())
          .fix({.span = declared.span,
                .replacement = {},
                .description = "remove the declaration",
                .place = FixPlace::statement});
    }
  }

  // --- names that hide others

  void binds(Name name, Span span) {
    const Symbol* hidden = module_.names.find(name);
    if (hidden == nullptr || name.is_empty()) {
      return;
    }
    const bool is_value = hidden->kind == SymbolKind::input ||
                          hidden->kind == SymbolKind::let_value ||
                          hidden->kind == SymbolKind::resource;
    if (is_value) {
      diagnostics_.report<Code::shadowed_name>(span, name.text(), kind_text(hidden->kind))
          .help("give it another name: what is meant should not depend on where it is read");
    }
  }
  void binds(const ast::Identifier& name) { binds(name.name, name.span); }

  void body(const ast::Block& statements) {
    for (const ast::Statement& statement : statements) {
      if (const auto* let = std::get_if<ast::LetStatement>(&statement.node)) {
        binds(let->name);
      } else if (const auto* loop = std::get_if<ast::ForStatement>(&statement.node)) {
        binds(loop->variable);
        body(loop->body);
      } else if (const auto* choice = std::get_if<ast::IfStatement>(&statement.node)) {
        body(choice->then_block);
        body(choice->else_block);
      }
    }
  }

  // --- declarations

  void items(const ast::Declarations& declarations, bool is_test) {
    for (const ast::Declaration& declaration : declarations) {
      const auto& node = declaration.node;
      if (const auto* phase = std::get_if<ast::PhaseDecl>(&node)) {
        items(phase->items, is_test);
      } else if (const auto* loop = std::get_if<ast::ForDecl>(&node)) {
        binds(loop->variable);
        items(loop->items, is_test);
      } else if (const auto* when = std::get_if<ast::WhenDecl>(&node)) {
        items(when->items, is_test);
      } else if (const auto* step = std::get_if<ast::StepDecl>(&node)) {
        for (std::uint32_t index = step->clauses.begin; index < step->clauses.end; ++index) {
          clause(module_.file.step_clauses[index]);
        }
      } else if (std::holds_alternative<ast::TestDecl>(node) ||
                 std::holds_alternative<ast::InputDecl>(node)) {
        may_name_hosts_.push_back(declaration.span);
      }
    }
  }

  void clause(const ast::Clause& clause) {
    if (const auto* irreversible = std::get_if<ast::IrreversibleClause>(&clause.node)) {
      const auto* text = std::get_if<ast::StringLiteral>(&module_[irreversible->reason].node);
      const bool is_blank =
          text != nullptr &&
          literal_text(module_.file, irreversible->reason).find_first_not_of(' ') ==
              std::string::npos;
      const bool has_parts = text != nullptr && text->parts.size() > 1;
      if (is_blank && !has_parts) {
        diagnostics_.report<Code::irreversible_without_reason>(clause.span)
            .help("say what cannot be taken back, for whoever is asked before it is passed");
      }
    } else if (const auto* let = std::get_if<ast::LetClause>(&clause.node)) {
      binds(let->name);
    } else if (const auto* action = std::get_if<ast::DoClause>(&clause.node)) {
      body(action->body);
    }
  }

  void operation(const Declared<ast::OperationDecl>& declared) {
    const ast::OperationDecl& node = *declared.node;
    bool has_timeout = false;
    bool is_once = false;
    const ast::WaitStatement* wait = nullptr;
    for (const ast::Clause& each : node.clauses) {
      clause(each);
      has_timeout = has_timeout || std::holds_alternative<ast::TimeoutClause>(each.node);
      is_once = is_once || std::holds_alternative<ast::OnceClause>(each.node);
      if (const auto* action = std::get_if<ast::DoClause>(&each.node)) {
        wait = longest_wait(action->body);
      }
    }
    const std::string_view name = node.name.name.text();
    if (wait != nullptr && !has_timeout) {
      const std::string limit(sources_.text(module_[wait->limit].span));
      diagnostics_.report<Code::wait_without_timeout>(node.name.span, name)
          .label(module_[wait->limit].span, "the wait may take this long")
          .note("a step that says no `timeout` ends after 10 minutes, whatever it waits for")
          .help(fmt::format("write `timeout {}` among its clauses", limit));
    }
    if (is_once && declared.doc.is_none()) {
      diagnostics_.report<Code::once_without_reason>(node.name.span, name)
          .help("say above it, in a comment, what acting twice would do");
    }
  }

  // A wait for a known time longer than steps have; the first one.
  const ast::WaitStatement* longest_wait(const ast::Block& block) const {
    for (const ast::Statement& statement : block) {
      const ast::WaitStatement* found = nullptr;
      if (const auto* wait = std::get_if<ast::WaitStatement>(&statement.node)) {
        const auto* limit = std::get_if<ast::DurationLiteral>(&module_[wait->limit].node);
        found = limit != nullptr && limit->value_ms > default_timeout_ms ? wait : nullptr;
      } else if (const auto* choice = std::get_if<ast::IfStatement>(&statement.node)) {
        found = longest_wait(choice->then_block);
        found = found == nullptr ? longest_wait(choice->else_block) : found;
      } else if (const auto* loop = std::get_if<ast::ForStatement>(&statement.node)) {
        found = longest_wait(loop->body);
      }
      if (found != nullptr) {
        return found;
      }
    }
    return nullptr;
  }

  // --- expressions

  void expression(const ast::Expr& expr) {
    if (const auto* all = std::get_if<ast::ForAll>(&expr.node)) {
      binds(all->variable, all->variable_span);
    } else if (const auto* map = std::get_if<ast::Comprehension>(&expr.node)) {
      binds(map->variable, map->variable_span());
    } else if (const auto* record = std::get_if<ast::RecordLiteral>(&expr.node)) {
      host(*record, expr.span);
    }
  }

  void host(const ast::RecordLiteral& record, Span span) {
    const bool is_host = record.type_path.size() == 1 &&
                         module_.file.paths[record.type_path.begin].name.text() == "host";
    const bool may = std::ranges::any_of(may_name_hosts_, [&](Span allowed) {
      return span.begin >= allowed.begin && span.end <= allowed.end;
    });
    if (!is_host || may) {
      return;
    }
    for (std::uint32_t index = record.fields.begin; index < record.fields.end; ++index) {
      const ast::Argument& field = module_.file.arguments[index];
      if (field.name.text() == "address" && !literal_text(module_.file, field.value).empty()) {
        diagnostics_.report<Code::literal_host>(module_[field.value].span)
            .help(
                "take the host as an input, and give it with --inputs: the plan then fits the "
                "next host, and the test bed, too");
      }
    }
  }

  const SourceMap& sources_;
  const Module& module_;
  Diagnostics& diagnostics_;
  std::vector<Token> tokens_;
  std::map<std::string_view, int> uses_;  // by name: tokens that are it
  std::vector<Span> may_name_hosts_;      // tests and defaults of inputs
};

}  // namespace

void lint_sources(const SourceMap& sources, const Modules& modules, Diagnostics& diagnostics) {
  for (const Module& module : modules.modules) {
    if (is_own(module)) {
      SourceLint(sources, module, diagnostics).all();
    }
  }
}

void lint_secrets(const Modules& modules,
                  const Plan& plan,
                  const std::map<std::string, SecretSource>& sources,
                  const CompileOptions& options,
                  Diagnostics& diagnostics) {
  const Module& entry = modules[modules.entry()];
  for (std::size_t index = 0; index < plan.inputs.size() && options.inputs_file; ++index) {
    const Input& input = plan.inputs[index];
    const bool is_known = options.environment.contains(input.name) ||
                          sources.contains(input.name) ||
                          !entry.inputs[index].node->default_value.is_none();
    if (input.is_secret && !is_known) {
      diagnostics.report<Code::secret_without_source>(input.span, input.name)
          .note(fmt::format("`{}` gives values, and says nothing of it", *options.inputs_file))
          .help(fmt::format("write there `{} = env(\"NAME\")`, `file(\"path\")`, `command([…])` or "
                            "`prompt()`",
                            input.name));
    }
  }
}

// --- what is known without any input

namespace {

bool is_fixed(const Modules& modules, std::uint32_t module, ast::ExprId id, int depth) {
  const Module& where = modules[module];
  const Span span = where[id].span;
  constexpr int deepest = 32;
  if (depth > deepest) {
    return false;
  }
  // Every expression within the span that names something.
  for (std::uint32_t index = 0; index < where.file.exprs.size(); ++index) {
    if (!where.file.exprs.contains(index)) {
      continue;
    }
    const ast::Expr& expr = where.file.exprs[index];
    const bool is_inside = expr.span.begin >= span.begin && expr.span.end <= span.end;
    if (!is_inside || where.symbols[index].kind == SymbolKind::none) {
      continue;
    }
    const Symbol symbol = where.symbols[index];
    switch (symbol.kind) {
      case SymbolKind::input:
      case SymbolKind::resource:
      case SymbolKind::loop_variable:
      case SymbolKind::attribute:
      case SymbolKind::output:
      case SymbolKind::step:
      case SymbolKind::self:
      case SymbolKind::field:
      case SymbolKind::resource_type:
        return false;
      case SymbolKind::let_value: {
        const ast::ExprId value = modules[symbol.module].lets[symbol.index].node->value;
        if (!is_fixed(modules, symbol.module, value, depth + 1)) {
          return false;
        }
        break;
      }
      case SymbolKind::none:
      case SymbolKind::local:
      case SymbolKind::module:
      case SymbolKind::phase:
      case SymbolKind::operation:
      case SymbolKind::function:
      case SymbolKind::rule:
      case SymbolKind::record_type:
      case SymbolKind::enum_type:
      case SymbolKind::enum_case:
      case SymbolKind::null_value:
        break;
    }
  }
  return true;
}

}  // namespace

bool is_the_same_for_all_inputs(const Modules& modules, std::uint32_t module, ast::ExprId expr) {
  return is_fixed(modules, module, expr, 0);
}

// --- what is written of the order

namespace {

void collect_afters(const ast::File& file,
                    const ast::Declarations& declarations,
                    std::vector<WrittenAfter>& result) {
  for (const ast::Declaration& declaration : declarations) {
    if (const auto* phase = std::get_if<ast::PhaseDecl>(&declaration.node)) {
      collect_afters(file, phase->items, result);
    } else if (const auto* loop = std::get_if<ast::ForDecl>(&declaration.node)) {
      collect_afters(file, loop->items, result);
    } else if (const auto* when = std::get_if<ast::WhenDecl>(&declaration.node)) {
      collect_afters(file, when->items, result);
    }
    const auto* step = std::get_if<ast::StepDecl>(&declaration.node);
    if (step == nullptr) {
      continue;
    }
    const Span name = step->name.name.is_empty() ? declaration.span : step->name.span;
    for (std::uint32_t index = step->clauses.begin; index < step->clauses.end; ++index) {
      const auto* after = std::get_if<ast::AfterClause>(&file.step_clauses[index].node);
      for (const ast::ExprId other : after == nullptr ? std::vector<ast::ExprId>{} : after->steps) {
        if (const auto* named = std::get_if<ast::NameRef>(&file[other].node)) {
          result.push_back(
              {.step = name, .other = std::string(named->name.text()), .span = file[other].span});
        }
      }
    }
  }
}

}  // namespace

std::vector<WrittenAfter> written_afters(const Modules& modules) {
  std::vector<WrittenAfter> result;
  const ast::File& file = modules[modules.entry()].file;
  collect_afters(file, file.declarations, result);
  return result;
}

}  // namespace plan
