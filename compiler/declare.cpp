#include "compiler/declare.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "stdlib/embedded.hpp"

namespace plan {

namespace {

enum class Place { file, loop };

class Declaring {
 public:
  Declaring(std::uint16_t index, Module& module, Diagnostics& diagnostics)
      : index_(index), module_(module), diagnostics_(diagnostics) {}

  void all() {
    for (const Used& used : module_.uses) {
      name(used.alias, used.span, {SymbolKind::module, index_, used.module});
    }
    items(module_.file.declarations, Place::file);
  }

 private:
  void items(const ast::Declarations& declarations, Place place) {
    for (const ast::Declaration& declaration : declarations) {
      std::visit([&](const auto& node) { declare(node, declaration, place); }, declaration.node);
    }
  }

  template <class T>
  Symbol add(std::vector<Declared<T>>& table,
             const T& node,
             const ast::Declaration& declaration,
             SymbolKind kind) {
    table.push_back({.node = &node, .span = declaration.span, .doc = declaration.doc});
    return {kind, index_, static_cast<std::uint32_t>(table.size() - 1)};
  }

  void name(Name name, Span span, Symbol symbol) {
    if (name.is_empty()) {
      return;
    }
    const auto [known, is_new] = module_.names.insert(name, symbol);
    if (!is_new) {
      diagnostics_.report<Code::duplicate_name>(span, name.text())
          .label(place_of(*known), "the first declaration")
          .help("every name of a file stands for one thing; choose another one here");
    }
  }

  // Names in a loop's body are local to it; resolve.cpp enters them while it walks.
  void name_in(Place place, const ast::Identifier& identifier, Symbol symbol) {
    if (place == Place::file) {
      name(identifier.name, identifier.span, symbol);
    }
  }

  void module_only(Place place, std::string_view what, Span span) {
    if (place == Place::loop) {
      diagnostics_.report<Code::misplaced_declaration>(span, what, "in the body of a loop");
    }
  }

  void declare(const ast::Use&, const ast::Declaration& declaration, Place place) {
    module_only(place, "`use`", declaration.span);
  }
  void declare(const ast::InputDecl& node, const ast::Declaration& declaration, Place place) {
    module_only(place, "an input", node.name.span);
    name(node.name.name, node.name.span, add(module_.inputs, node, declaration, SymbolKind::input));
  }
  void declare(const ast::LetDecl& node, const ast::Declaration& declaration, Place place) {
    name_in(place, node.name, add(module_.lets, node, declaration, SymbolKind::let_value));
  }
  void declare(const ast::ResourceDecl& node, const ast::Declaration& declaration, Place place) {
    name_in(place, node.name, add(module_.resources, node, declaration, SymbolKind::resource));
  }
  void declare(const ast::StepDecl& node, const ast::Declaration& declaration, Place) {
    name(node.name.name, node.name.span, add(module_.steps, node, declaration, SymbolKind::step));
  }
  void declare(const ast::PhaseDecl& node, const ast::Declaration& declaration, Place place) {
    const Symbol symbol = add(module_.phases, node, declaration, SymbolKind::phase);
    module_.groups.insert(Name(snake_case(literal_text(module_.file, node.title))), symbol);
    items(node.items, place);
  }
  void declare(const ast::ForDecl& node, const ast::Declaration& declaration, Place) {
    const Symbol symbol = add(module_.loops, node, declaration, SymbolKind::loop_variable);
    module_.groups.insert(node.variable.name, symbol);
    items(node.items, Place::loop);
  }
  void declare(const ast::WhenDecl& node, const ast::Declaration&, Place place) {
    items(node.items, place);
  }
  void declare(const ast::RequireDecl&, const ast::Declaration&, Place) {}
  void declare(const ast::GoalDecl&, const ast::Declaration&, Place) {}
  void declare(const ast::AlwaysDecl&, const ast::Declaration&, Place) {}
  void declare(const ast::TestDecl&, const ast::Declaration& declaration, Place place) {
    module_only(place, "a test", declaration.span);
  }
  void declare(const ast::ResourceTypeDecl& node,
               const ast::Declaration& declaration,
               Place place) {
    module_only(place, "a resource type", node.name.span);
    name(node.name.name, node.name.span,
         add(module_.resource_types, node, declaration, SymbolKind::resource_type));
  }
  void declare(const ast::OperationDecl& node, const ast::Declaration& declaration, Place place) {
    module_only(place, "an operation", node.name.span);
    name(node.name.name, node.name.span,
         add(module_.operations, node, declaration, SymbolKind::operation));
  }
  void declare(const ast::FunctionDecl& node, const ast::Declaration& declaration, Place place) {
    module_only(place, "a function", node.name.span);
    if (node.is_native && !module_.is_native) {
      diagnostics_.report<Code::misplaced_declaration>(
          declaration.span, "a native declaration",
          "anywhere but in the program's own native.plan");
    }
    name(node.name.name, node.name.span,
         add(module_.functions, node, declaration, SymbolKind::function));
  }
  void declare(const ast::RuleDecl& node, const ast::Declaration& declaration, Place place) {
    module_only(place, "a rule", node.name.span);
    name(node.name.name, node.name.span, add(module_.rules, node, declaration, SymbolKind::rule));
  }
  void declare(const ast::EnumDecl& node, const ast::Declaration& declaration, Place place) {
    module_only(place, "a type", node.name.span);
    name(node.name.name, node.name.span,
         add(module_.enum_types, node, declaration, SymbolKind::enum_type));
  }
  void declare(const ast::RecordDecl& node, const ast::Declaration& declaration, Place place) {
    module_only(place, "a type", node.name.span);
    name(node.name.name, node.name.span,
         add(module_.record_types, node, declaration, SymbolKind::record_type));
  }

  [[nodiscard]] Span place_of(Symbol symbol) const;

  std::uint16_t index_;
  Module& module_;
  Diagnostics& diagnostics_;
};

Span Declaring::place_of(Symbol symbol) const {
  switch (symbol.kind) {
    case SymbolKind::module: {
      const auto used = std::ranges::find(module_.uses, symbol.index, &Used::module);
      return used == module_.uses.end() ? Span{} : used->span;
    }
    case SymbolKind::input:
      return module_.inputs[symbol.index].node->name.span;
    case SymbolKind::let_value:
      return module_.lets[symbol.index].node->name.span;
    case SymbolKind::resource:
      return module_.resources[symbol.index].node->name.span;
    case SymbolKind::step:
      return module_.steps[symbol.index].node->name.span;
    case SymbolKind::operation:
      return module_.operations[symbol.index].node->name.span;
    case SymbolKind::function:
      return module_.functions[symbol.index].node->name.span;
    case SymbolKind::rule:
      return module_.rules[symbol.index].node->name.span;
    case SymbolKind::resource_type:
      return module_.resource_types[symbol.index].node->name.span;
    case SymbolKind::record_type:
      return module_.record_types[symbol.index].node->name.span;
    case SymbolKind::enum_type:
      return module_.enum_types[symbol.index].node->name.span;
    case SymbolKind::none:
    case SymbolKind::local:
    case SymbolKind::self:
    case SymbolKind::field:
    case SymbolKind::attribute:
    case SymbolKind::loop_variable:
    case SymbolKind::phase:
    case SymbolKind::output:
    case SymbolKind::enum_case:
    case SymbolKind::null_value:
      return {};
  }
  return {};
}

}  // namespace

void declare(Modules& modules, Module& module, Diagnostics& diagnostics) {
  const auto index = std::ranges::find_if(modules.modules,
                                          [&](const Module& other) { return &other == &module; }) -
                     modules.modules.begin();
  const std::size_t count = module.file.declarations.size();
  module.steps.reserve(count);
  Declaring(static_cast<std::uint16_t>(index), module, diagnostics).all();
}

std::string_view kind_text(SymbolKind kind) {
  switch (kind) {
    case SymbolKind::none:
      return "nothing";
    case SymbolKind::local:
      return "a local name";
    case SymbolKind::self:
      return "the resource itself";
    case SymbolKind::field:
      return "a field";
    case SymbolKind::attribute:
      return "a state";
    case SymbolKind::module:
      return "a module";
    case SymbolKind::input:
      return "an input";
    case SymbolKind::let_value:
      return "a value";
    case SymbolKind::resource:
      return "a resource";
    case SymbolKind::loop_variable:
      return "a loop's variable";
    case SymbolKind::step:
      return "a step";
    case SymbolKind::phase:
      return "a phase";
    case SymbolKind::operation:
      return "an operation";
    case SymbolKind::function:
      return "a function";
    case SymbolKind::rule:
      return "a rule";
    case SymbolKind::resource_type:
      return "a resource type";
    case SymbolKind::record_type:
      return "a record type";
    case SymbolKind::enum_type:
      return "an enum";
    case SymbolKind::output:
      return "an output";
    case SymbolKind::enum_case:
      return "a case of an enum";
    case SymbolKind::null_value:
      return "null";
  }
  return "nothing";
}

bool add_missing_use(Diagnostic& diagnostic, std::string_view name, Span span) {
  const std::string file = fmt::format("stdlib/std/{}.plan", name);
  const auto files = embedded_files();
  if (std::ranges::find(files, file, &EmbeddedFile::name) == files.end()) {
    return false;
  }
  diagnostic.fix({.span = span,
                  .replacement = fmt::format("use std.{}", name),
                  .description = fmt::format("the module is used by `use std.{}`", name),
                  .is_safe = true,
                  .place = FixPlace::use});
  return true;
}

}  // namespace plan
