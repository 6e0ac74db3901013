// The typed syntax of one file: declarations as value structs, expressions in one arena.
// Built by build_ast.cpp from the Tree; read by the compiler. Holds no meaning: names are not
// resolved, types are not checked. Child lists of expressions are ranges of the arena's side
// tables, so that a step costs a few dozen bytes.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dsl/chunked.hpp"
#include "dsl/name.hpp"
#include "dsl/runs.hpp"
#include "dsl/source.hpp"

namespace plan::ast {

// A table of forms, one a line where it fits.
// clang-format off

struct ExprId {
  std::uint32_t index = UINT32_MAX;
  [[nodiscard]] bool is_none() const { return index == UINT32_MAX; }
  auto operator<=>(const ExprId&) const = default;
};

// Half-open range of a side table of File.
struct Range {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  [[nodiscard]] std::uint32_t size() const { return end - begin; }
};

struct Identifier {
  Name name;
  Span span;
};

// `list<string>`, `systemd.service`, `map<int>`.
struct TypeRef {
  std::vector<Identifier> path;
  std::vector<TypeRef> arguments;
  Span span;
};

// --- expressions

enum class UnaryOp : std::uint8_t { negate, logical_not };
enum class BinaryOp : std::uint8_t {
  logical_or, logical_and, equal, not_equal, less, less_equal, greater, greater_equal,
  in, not_in, add, subtract, multiply, divide, remainder
};

// An integer that an Expr need not be aligned for.
class Integer {
 public:
  Integer(std::int64_t value)  // NOLINT: as std::int64_t
      : parts_(std::bit_cast<std::array<std::uint32_t, 2>>(value)) {}
  operator std::int64_t() const { return std::bit_cast<std::int64_t>(parts_); }  // NOLINT

 private:
  std::array<std::uint32_t, 2> parts_;
};

struct BoolLiteral { bool value; };
struct IntLiteral { Integer value; };
struct DurationLiteral { Integer value_ms; };
struct SizeLiteral { Integer value_bytes; };
struct VersionLiteral { Name text; };              // `v8.7.6`, without the v
struct StringLiteral { Range parts; };             // of File::string_parts; empty: ""
struct ShellTemplate { Range parts; };             // sh"…": interpolations are quoted when run
struct ListLiteral { Range items; };               // of File::expr_lists
struct RecordLiteral { Range type_path; Range fields; };  // `host { a: 1 }`; without type: a map
struct NameRef { Name name; };
struct Member { ExprId base; Name field; Span field_span; };
struct Index { ExprId base; ExprId index; };
struct Call { ExprId callee; Range arguments; };   // of File::arguments
struct Unary { UnaryOp op; ExprId operand; };
struct Binary { BinaryOp op; ExprId left; ExprId right; };
struct Conditional { ExprId condition; ExprId then_value; ExprId else_value; };
struct Cast { ExprId value; std::uint32_t type; };  // of File::types: `x as list<int>`
// `for x in list: condition`: true when it holds for every element.
struct ForAll { Name variable; Span variable_span; ExprId list; ExprId condition; };
// `[value for x in list if condition]`; `condition` may be none.
struct Comprehension {
  ExprId value; Name variable; std::uint32_t variable_begin; ExprId list; ExprId condition;
  [[nodiscard]] Span variable_span() const {
    return {variable_begin, variable_begin + static_cast<std::uint32_t>(variable.text().size())};
  }
};
// `run EXPR`, `run sh"…"`: a command that must succeed. Options: of File::command_options.
struct Run { ExprId command; };
// `pipe A | B`: both sides are commands.
struct Pipe { ExprId source; ExprId sink; };
// `command on HOST as USER with env {…}, stdin E, timeout D`; wraps Run, a call of `exec` or a
// ShellTemplate.
struct WithOptions { ExprId command; std::uint32_t options; };
struct Invalid {};  // stands where the syntax was wrong

using ExprNode =
    std::variant<Invalid, BoolLiteral, IntLiteral, DurationLiteral, SizeLiteral, VersionLiteral,
                 StringLiteral, ShellTemplate, ListLiteral, RecordLiteral, NameRef, Member, Index,
                 Call, Unary, Binary, Conditional, Cast, ForAll, Comprehension, Run, Pipe,
                 WithOptions>;

struct Expr {
  Span span;
  ExprNode node;
};
// A large plan has millions of them.
static_assert(sizeof(Expr) == 32);

struct StringPart {
  std::uint32_t text = UINT32_MAX;  // of File::texts: literal text, escapes resolved; or
  ExprId value;                     // an interpolation
};

struct Argument {
  Name name;  // empty: positional
  Span name_span;
  ExprId value;
};

struct CommandOptions {
  ExprId host;     // `on PATH`
  ExprId user;     // `as NAME` (a string literal then) or `as "…"`
  ExprId env;      // a map literal
  ExprId standard_input;
  ExprId timeout;
};

// --- statements of operation bodies

struct Statement;
using Block = std::vector<Statement>;

struct LetStatement { Identifier name; std::optional<TypeRef> type; ExprId value; };
struct ExprStatement { ExprId value; };  // run …, write(…), http.post(…), sql(…), pipe …
struct IfStatement { ExprId condition; Block then_block; Block else_block; };
struct ForStatement { Identifier variable; ExprId list; Block body; };
// `wait until COND, every D, for D`
struct WaitStatement { ExprId condition; ExprId every; ExprId limit; };
struct FailStatement { ExprId message; };
struct ReturnStatement { ExprId value; };

struct Statement {
  Span span;
  std::variant<LetStatement, ExprStatement, IfStatement, ForStatement, WaitStatement, FailStatement,
               ReturnStatement>
      node;
};

// --- declarations

struct Parameter {
  Identifier name;
  TypeRef type;
  ExprId default_value;
};

struct Use {
  std::vector<Identifier> path;  // `std.systemd`
  std::string file;              // or "./ours.plan"
  Identifier alias;              // `as name`; empty: the last component
};

struct InputDecl { Identifier name; TypeRef type; ExprId default_value; };
struct LetDecl { Identifier name; std::optional<TypeRef> type; ExprId value; };
struct ResourceDecl { Identifier name; ExprId value; };  // `resource old_db = postgres.database(…)`

// `requires C else "…"`, `require C else "…"`.
struct ConditionClause { Span span; ExprId condition; ExprId message; };

// Clauses of operations and steps, in the order written.
struct RequiresClause { ConditionClause condition; };
struct AwaitsClause { ConditionClause condition; };     // what a wait needs in order to end
struct EnsuresClause { ExprId effect; };
struct ChangesClause { ExprId state; std::vector<Identifier> keeping; };
struct DestroysClause { ExprId state; };
struct IrreversibleClause { ExprId reason; };
struct DetachedClause {};
struct OnceClause {};
struct TimeoutClause { ExprId limit; };
struct RetryClause { ExprId count; ExprId every; };     // `retry N every D`
struct UndoClause { ExprId call; };                     // none: `undo none`
struct AfterClause { std::vector<ExprId> steps; };      // names of steps, phases or loops
struct WhenClause { ExprId condition; };
struct AllowDestroyClause {};
struct NoteClause { ExprId text; };
// The types are kept apart: clauses of steps are many, and these two are not among them.
struct OutputClause { Identifier name; std::unique_ptr<TypeRef> type; ExprId value; };
struct LetClause { Identifier name; std::unique_ptr<TypeRef> type; ExprId value; };
struct ManualClause { ExprId text; };
struct DoClause { Block body; };

struct Clause {
  Span span;
  std::variant<RequiresClause, AwaitsClause, EnsuresClause, ChangesClause, DestroysClause,
               IrreversibleClause, DetachedClause, OnceClause, TimeoutClause, RetryClause, UndoClause,
               AfterClause, WhenClause, AllowDestroyClause, NoteClause, OutputClause, LetClause,
               ManualClause, DoClause>
      node;
};

// `step NAME = call`, `step NAME = approve "…"`, `step NAME = manual "…"`, `approve "…"`.
enum class StepForm : std::uint8_t { operation, approve, manual };
struct StepDecl {
  Identifier name;  // empty for a bare approve
  StepForm form = StepForm::operation;
  ExprId value;     // the call, or the text
  Range clauses;    // of File::step_clauses
};

struct Declaration;

struct Declaration;
using Declarations = Runs<Declaration>;
struct PhaseDecl { ExprId title; std::vector<ExprId> after; Declarations items; };

enum class OnFailure : std::uint8_t { stop, go_on };
struct ForDecl {
  Identifier variable;
  ExprId list;
  ExprId at_most;  // none: no bound; `one at a time` is the literal 1
  OnFailure on_failure = OnFailure::stop;
  std::vector<ExprId> after;
  Declarations items;
};
struct WhenDecl { ExprId condition; Declarations items; };
struct RequireDecl { ConditionClause condition; };  // also a use of a rule: `require r(…)`
struct GoalDecl { ExprId condition; };
struct AlwaysDecl { ExprId condition; };

struct GivenClause { ExprId condition; };
struct CrashClause {};                       // `crash everywhere`
struct FailStepClause { Identifier step; ExprId turn; };  // `fail step NAME`, or "NAME[TURN]"
struct ShuffleClause { ExprId count; };
struct ExpectClause { ExprId condition; };
struct ExpectRefusedClause { Identifier code; ExprId message; };  // none: any message
struct SetClause { Identifier input; ExprId value; };  // `set input = value`
struct TestClause {
  Span span;
  std::variant<GivenClause, CrashClause, FailStepClause, ShuffleClause, ExpectClause,
               ExpectRefusedClause, SetClause>
      node;
};
struct TestDecl { ExprId title; std::vector<TestClause> clauses; };

// --- declarations of modules

struct Field { Identifier name; TypeRef type; ExprId default_value; Span doc; };
enum class AttributeKind : std::uint8_t { state, fact, query };
struct Attribute {
  AttributeKind kind = AttributeKind::state;
  Identifier name;
  TypeRef type;
  ExprId observe;
  ExprId carried_by;  // `carried by PATH`; none: not carried
  Span span;
  Span doc;
};
struct ResourceTypeDecl {
  Identifier name;
  Identifier on;  // the field that holds the host; empty: none
  std::vector<Field> fields;
  std::vector<Identifier> key;
  std::vector<Attribute> attributes;
};
struct OperationDecl {
  Identifier name;
  std::vector<Parameter> parameters;
  ExprId on;    // host; none: the controller
  ExprId user;  // `as root`
  std::vector<Clause> clauses;
};
// `native function exec(…): T`: implemented by the program, allowed in stdlib/native.plan only.
struct FunctionDecl {
  Identifier name;
  std::vector<Parameter> parameters;
  TypeRef type;
  ExprId value;  // none: native
  bool is_native = false;
  bool is_effect = false;  // `native effect …`: acts on or observes a host
};
struct RuleDecl {
  Identifier name;
  std::vector<Parameter> parameters;
  std::vector<ConditionClause> requires_;
};
struct EnumDecl { Identifier name; std::vector<Identifier> cases; };
struct RecordDecl { Identifier name; std::vector<Field> fields; };

using DeclarationNode =
    std::variant<Use, InputDecl, LetDecl, ResourceDecl, StepDecl, PhaseDecl, ForDecl, WhenDecl,
                 RequireDecl, GoalDecl, AlwaysDecl, TestDecl, ResourceTypeDecl, OperationDecl,
                 FunctionDecl, RuleDecl, EnumDecl, RecordDecl>;

// clang-format on

struct Declaration {
  Span span;
  Span doc;  // the comment lines directly above; none: no documentation
  DeclarationNode node;
};

// How far the arena has got after so many declarations. What belongs to a declaration stands in one
// run, so that between two milestones there is what belongs to the declarations between them.
struct Milestone {
  static constexpr std::size_t distance = 256;  // in declarations
  std::uint32_t declarations = 0;
  std::uint32_t exprs = 0;
  std::uint32_t string_parts = 0;
  std::uint32_t texts = 0;
  std::uint32_t arguments = 0;
};

// Arrays may have gaps in their indexes where parts of a file were read apart.
struct File {
  FileId id;
  std::int64_t edition = 1;
  std::optional<ExprId> plan_title;     // `plan "…"`
  std::vector<Identifier> module_path;  // `module std.systemd`
  Span header;
  Declarations declarations;
  std::vector<Milestone> milestones;

  // The arena.
  Chunked<Expr> exprs;
  Chunked<StringPart> string_parts;
  // Slices of the source, which must outlive the File, or of owned_texts where there are escapes.
  Chunked<std::string_view> texts;
  std::vector<std::unique_ptr<const std::string>> owned_texts;
  Chunked<ExprId> expr_lists;
  Chunked<Argument> arguments;  // of calls, and the fields of record literals
  Chunked<Identifier> paths;    // type paths of record literals
  Chunked<TypeRef> types;
  Chunked<CommandOptions> command_options;
  Chunked<Clause> step_clauses;

  [[nodiscard]] const Expr& operator[](ExprId expr) const { return exprs[expr.index]; }
  // After so many declarations.
  [[nodiscard]] Milestone milestone(std::size_t count) const {
    return {.declarations = static_cast<std::uint32_t>(count),
            .exprs = static_cast<std::uint32_t>(exprs.size()),
            .string_parts = static_cast<std::uint32_t>(string_parts.size()),
            .texts = static_cast<std::uint32_t>(texts.size()),
            .arguments = static_cast<std::uint32_t>(arguments.size())};
  }
  // Of an empty file: its arrays begin at this index.
  void start_at(std::size_t index);
  // Puts the declarations of `later`, a part of the same text, behind the own ones. Its arrays must
  // have been started behind all that is here.
  void splice(File&& later);
  // Gives back what belongs to the declarations between two milestones; they stay themselves.
  void give_back(const Milestone& from, const Milestone& to) {
    exprs.give_back(from.exprs, to.exprs);
    string_parts.give_back(from.string_parts, to.string_parts);
    texts.give_back(from.texts, to.texts);
    arguments.give_back(from.arguments, to.arguments);
  }
};

}  // namespace plan::ast
