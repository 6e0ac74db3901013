// The loaded files of a compilation and what the front passes learn about them.
// load.cpp makes the modules, resolve.cpp fills tables, names and symbols, check_types.cpp fills
// signatures, types and traits; later passes only read. Declarations are referred to by
// (module, ordinal); the pointers are into the module's own AST, which does not move.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/name_map.hpp"
#include "dsl/ast.hpp"
#include "dsl/chunked.hpp"
#include "dsl/name.hpp"
#include "dsl/source.hpp"

namespace plan {

enum class SymbolKind : std::uint8_t {
  none,       // not a name, or an unknown one
  local,      // index: slot of the declaration's frame
  self,       // the resource inside of its declaration
  field,      // index: field of the resource type in `module`
  attribute,  // index: attribute of the resource type in `module`
  module,     // index: module
  input,
  let_value,
  resource,
  loop_variable,
  step,
  phase,
  operation,
  function,
  rule,
  resource_type,
  record_type,
  enum_type,
  output,     // of a step: index of the operation's output
  enum_case,  // index: Name id; the type decides
  null_value
};

// What a name stands for. `index` is the ordinal among the declarations of that kind in `module`.
struct Symbol {
  SymbolKind kind = SymbolKind::none;
  std::uint16_t module = 0;
  std::uint32_t index = 0;
  bool operator==(const Symbol&) const = default;
};

// A declaration with its place and the size of the frame that its expressions need.
template <class T>
struct Declared {
  const T* node = nullptr;
  Span span;
  Span doc;
  std::uint32_t slot_count = 0;
};

struct Formal {
  Name name;
  std::uint32_t type = 0;  // Plan::types
  ast::ExprId default_value;
};

// What a caller has to know. Of a resource type the formals are its fields.
struct Signature {
  std::vector<Formal> formals;
  std::uint32_t result = 0;
  std::vector<Formal> outputs;  // of operations
};

// What evaluating an expression does besides giving a value; also of functions.
struct Traits {
  static constexpr std::uint8_t acts = 1;         // calls a native effect
  static constexpr std::uint8_t reads_state = 2;  // reads a state, a fact or a query
  static constexpr std::uint8_t uses_token = 4;
  static constexpr std::uint8_t reads_file = 8;  // source_text
};

struct Used {
  Name alias;
  std::uint32_t module = 0;
  Span span;
};

struct Module {
  ast::File file;
  std::string name;  // "systemd"; empty: the plan itself
  std::string path;  // as the loader knows it
  bool is_native = false;
  std::vector<Used> uses;

  // By resolve().
  NameMap<Symbol> names;
  NameMap<Symbol> groups;  // phases by their title in snake case, loops by their variable
  std::vector<Declared<ast::InputDecl>> inputs;
  std::vector<Declared<ast::LetDecl>> lets;
  std::vector<Declared<ast::ResourceDecl>> resources;
  std::vector<Declared<ast::ForDecl>> loops;
  std::vector<Declared<ast::StepDecl>> steps;
  std::vector<Declared<ast::PhaseDecl>> phases;
  std::vector<Declared<ast::OperationDecl>> operations;
  std::vector<Declared<ast::FunctionDecl>> functions;
  std::vector<Declared<ast::RuleDecl>> rules;
  std::vector<Declared<ast::ResourceTypeDecl>> resource_types;
  std::vector<Declared<ast::RecordDecl>> record_types;
  std::vector<Declared<ast::EnumDecl>> enum_types;
  // By expression; of a `for … :` and a comprehension: the slot of its variable. The slot after it
  // is its own, too.
  Chunked<Symbol> symbols;
  // Of `let` in clauses and statements, and of `for` statements: the slot. Never iterated.
  std::unordered_map<const ast::Identifier*, std::uint32_t> slots;

  // By check_types(). Types of the plan are by ordinal of their declaration.
  Chunked<std::uint32_t> types;  // by expression: Plan::types
  Chunked<std::uint8_t> traits;  // by expression
  std::vector<Signature> operation_signatures;
  std::vector<Signature> function_signatures;
  std::vector<std::uint8_t> function_traits;
  std::vector<Signature> rule_signatures;
  std::vector<Signature> resource_signatures;        // result: the resource type
  std::vector<std::uint32_t> resource_type_indexes;  // Plan::resource_types
  std::vector<std::uint32_t> record_type_indexes;    // Plan::record_types
  std::vector<std::uint32_t> enum_type_indexes;      // Plan::enum_types
  std::vector<std::uint32_t> input_types;
  std::vector<std::uint32_t> let_types;
  std::vector<std::uint32_t> resource_decl_types;
  std::vector<std::uint32_t> loop_types;  // of the loops' variables
  std::vector<Symbol> step_operations;    // none: approve, manual

  [[nodiscard]] const ast::Expr& operator[](ast::ExprId expr) const { return file[expr]; }
  // Gives back the syntax between two milestones of the file, and what is known by expression.
  void give_back(const ast::Milestone& from, const ast::Milestone& to) {
    file.give_back(from, to);
    symbols.give_back(from.exprs, to.exprs);
    types.give_back(from.exprs, to.exprs);
    traits.give_back(from.exprs, to.exprs);
  }
};

// Used modules stand before their users; `entry` is the last, `native` the first.
struct Modules {
  std::deque<Module> modules;     // where they stand,
  std::vector<Module*> by_index;  // and where each of them does: asked for at every expression
  static constexpr std::uint32_t native = 0;
  // Returns its index.
  std::uint32_t add(Module module) {
    by_index.push_back(&modules.emplace_back(std::move(module)));
    return entry();
  }
  [[nodiscard]] std::uint32_t entry() const {
    return static_cast<std::uint32_t>(modules.size()) - 1;
  }
  [[nodiscard]] Module& operator[](std::uint32_t index) { return *by_index[index]; }
  [[nodiscard]] const Module& operator[](std::uint32_t index) const { return *by_index[index]; }
};

// "Move the database" → "move_the_database": how `after` refers to a phase.
[[nodiscard]] std::string snake_case(std::string_view title);

// The literal text of a string without interpolations; empty for anything else.
[[nodiscard]] std::string literal_text(const ast::File& file, ast::ExprId expr);

// The comment lines of `doc` without their `#`.
[[nodiscard]] std::string documentation(const SourceMap& sources, Span doc);

}  // namespace plan
