#include <cstdlib>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>
#include <tao/pegtl/contrib/analyze.hpp>

#include "dsl/grammar.hpp"
#include "dsl/parse.hpp"
#include "dsl/render.hpp"

namespace {

using namespace plan;

struct Parsed {
  SourceMap sources;
  Diagnostics diagnostics;
  ast::File file;
};

Parsed parsed(std::string text) {
  Parsed result;
  const FileId file = result.sources.add("test.plan", std::move(text));
  result.file = parse_file(result.sources, file, result.diagnostics);
  return result;
}

std::string codes(std::string text) {
  const Parsed result = parsed(std::move(text));
  std::string found;
  for (const Diagnostic& diagnostic : result.diagnostics.items()) {
    found += found.empty() ? "" : " ";
    found += info(diagnostic.code).code;
  }
  return found;
}

template <typename Node>
const Node& only(const Parsed& parsed) {
  REQUIRE(render_all(parsed.diagnostics, parsed.sources) == "");
  REQUIRE(parsed.file.declarations.size() == 1);
  return std::get<Node>(parsed.file.declarations.front().node);
}

// The value as text with all brackets written out.
std::string shown(const ast::File& file, ast::ExprId id) {
  constexpr std::string_view signs[] = {
      "or", "and", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "+", "-", "*", "/", "%"};
  const ast::ExprNode& node = file[id].node;
  if (const auto* name = std::get_if<ast::NameRef>(&node)) {
    return std::string(name->name.text());
  }
  if (const auto* number = std::get_if<ast::IntLiteral>(&node)) {
    return std::to_string(number->value);
  }
  if (const auto* binary = std::get_if<ast::Binary>(&node)) {
    return "(" + shown(file, binary->left) + " " +
           std::string(signs[static_cast<std::size_t>(binary->op)]) + " " +
           shown(file, binary->right) + ")";
  }
  if (const auto* unary = std::get_if<ast::Unary>(&node)) {
    return (unary->op == ast::UnaryOp::negate ? "-" : "not ") + shown(file, unary->operand);
  }
  if (const auto* member = std::get_if<ast::Member>(&node)) {
    return shown(file, member->base) + "." + std::string(member->field.text());
  }
  if (const auto* call = std::get_if<ast::Call>(&node)) {
    return shown(file, call->callee) + "(" + std::to_string(call->arguments.size()) + ")";
  }
  if (const auto* cast = std::get_if<ast::Cast>(&node)) {
    return "(" + shown(file, cast->value) + " as " +
           std::string(file.types[cast->type].path.back().name.text()) + ")";
  }
  if (const auto* options = std::get_if<ast::WithOptions>(&node)) {
    return "options(" + shown(file, options->command) + ")";
  }
  if (const auto* run = std::get_if<ast::Run>(&node)) {
    return "run(" + shown(file, run->command) + ")";
  }
  return "?";
}

std::string value_of(const std::string& text) {
  const Parsed result = parsed("let x = " + text + "\n");
  return shown(result.file, only<ast::LetDecl>(result).value);
}

std::string text_of(const std::string& text) {
  const Parsed result = parsed("let x = " + text + "\n");
  const ast::File& file = result.file;
  const auto& node = file[only<ast::LetDecl>(result).value].node;
  const ast::Range range = std::get<ast::StringLiteral>(node).parts;
  std::string found;
  for (std::uint32_t part = range.begin; part < range.end; ++part) {
    const ast::StringPart& piece = file.string_parts[part];
    found += piece.value.is_none() ? std::string(file.texts[piece.text])
                                   : "<" + shown(file, piece.value) + ">";
  }
  return found;
}

}  // namespace

TEST_CASE("no rule of the grammar can loop without reading") {
  CHECK(tao::pegtl::analyze<grammar::file>() == 0);
  CHECK(tao::pegtl::analyze<grammar::value_file>() == 0);
}

TEST_CASE("operators bind as the language says") {
  CHECK(value_of("a or b and not c == d + e * -f") == "(a or (b and not (c == (d + (e * -f)))))");
  CHECK(value_of("a - b - c") == "((a - b) - c)");
  CHECK(value_of("a.b(c, d).e as int") == "(a.b(2).e as int)");
  CHECK(value_of("a not in b") == "(a not in b)");
  CHECK(value_of("(a or b) and c") == "((a or b) and c)");
  CHECK(value_of("a == not b") == "(a == not b)");
}

TEST_CASE("a cast binds like a call") {
  CHECK(value_of("a.b as int == c") == "((a.b as int) == c)");
  CHECK(value_of("f(x) as t") == "(f(1) as t)");
}

TEST_CASE("after a command `as` gives a user") {
  CHECK(value_of("exec(a) as root") == "options(exec(1))");
  CHECK(value_of("run argv on h as root with stdin x") == "options(run(argv))");
  CHECK(value_of("write(a, b) on h") == "options(write(2))");
}

TEST_CASE("a brace begins a block after the head of a statement and a record elsewhere") {
  const Parsed result = parsed("step s = f {\n}\nlet r = f { a: 1 }\nlet q = (f { a: 1 })\n");
  CHECK(result.diagnostics.size() == 0);
  CHECK(result.file.declarations.size() == 3);
}

TEST_CASE("strings are what they mean") {
  CHECK(text_of(R"("a\tb\"\\\$\u{41}")") == "a\tb\"\\$A");
  CHECK(text_of(R"("a ${b + "c"} d")") == "a <(b + ?)> d");
  CHECK(text_of(R"("$HOME \${x}")") == "$HOME ${x}");
  CHECK(text_of(R"(r"\n${x}")") == "\\n${x}");
  CHECK(text_of(R"("")").empty());
}

TEST_CASE("a block loses its common indent and its first newline") {
  CHECK(text_of("\"\"\"\n    a\n      b\n\n    c\n    \"\"\"") == "a\n  b\n\nc\n");
  CHECK(text_of("\"\"\"\n    a\n  \"\"\"") == "  a\n");
  CHECK(text_of("\"\"\"one line\"\"\"") == "one line");
  CHECK(text_of("\"\"\"\n  a ${b}\n  ${c} d\"\"\"") == "a <b>\n<c> d");
  CHECK(text_of("\"\"\"\r\n  a\r\n  b\r\n  \"\"\"") == "a\nb\n");
}

TEST_CASE("numbers carry their unit") {
  const Parsed result = parsed("let a = 500ms\nlet b = 2h\nlet c = 64KiB\nlet d = v8.7.6\n");
  REQUIRE(result.diagnostics.size() == 0);
  const auto node = [&](std::size_t index) {
    return result.file[std::get<ast::LetDecl>(result.file.declarations[index].node).value].node;
  };
  CHECK(std::get<ast::DurationLiteral>(node(0)).value_ms == 500);
  CHECK(std::get<ast::DurationLiteral>(node(1)).value_ms == 7'200'000);
  CHECK(std::get<ast::SizeLiteral>(node(2)).value_bytes == 65'536);
  CHECK(std::get<ast::VersionLiteral>(node(3)).text.text() == "8.7.6");
}

TEST_CASE("a step has its name, its call and its clauses") {
  const Parsed result = parsed(
      "# What it does.\n# And why.\nstep s = f(a, b: 1) {\n  after x, y.z\n  note \"n\"\n}\n");
  const auto& step = only<ast::StepDecl>(result);
  CHECK(step.name.name.text() == "s");
  CHECK(shown(result.file, step.value) == "f(2)");
  REQUIRE(step.clauses.size() == 2);
  const auto& after = std::get<ast::AfterClause>(result.file.step_clauses[step.clauses.begin].node);
  REQUIRE(after.steps.size() == 2);
  CHECK(shown(result.file, after.steps[1]) == "y.z");
  const Span doc = result.file.declarations.front().doc;
  CHECK(result.sources.text(doc) == "# What it does.\n# And why.");
}

TEST_CASE("a comment that is not directly above is no documentation") {
  const Parsed apart = parsed("# Apart.\n\nlet x = 1\n");
  CHECK(apart.file.declarations.front().doc.is_none());
  const Parsed beside = parsed("phase \"p\" { # beside\n  let x = 1\n}\n");
  const auto& phase = only<ast::PhaseDecl>(beside);
  CHECK(phase.items.front().doc.is_none());
}

TEST_CASE("one at a time is a bound of one") {
  const Parsed result = parsed("for a in b, one at a time, continue on failure, after c {\n}\n");
  const auto& loop = only<ast::ForDecl>(result);
  CHECK(shown(result.file, loop.at_most) == "1");
  CHECK(loop.on_failure == ast::OnFailure::go_on);
  CHECK(loop.after.size() == 1);
}

TEST_CASE("a file of values holds lets only") {
  SourceMap sources;
  Diagnostics diagnostics;
  const FileId id = sources.add("inputs.plan", "a = 1\nb: string = \"x\"\n");
  const ast::File file = parse_value_file(sources, id, diagnostics);
  CHECK(diagnostics.size() == 0);
  REQUIRE(file.declarations.size() == 2);
  CHECK(std::get<ast::LetDecl>(file.declarations[1].node).type.has_value());
}

TEST_CASE("every code of syntax is reported by something") {
  CHECK(codes("\xFF") == "E0001");
  CHECK(codes("let a = 'x'") == "E0002");
  CHECK(codes("let a = \"x\n") == "E0003");
  CHECK(codes("let a = \"\\q\"\n") == "E0004");
  CHECK(codes("let a = 5x\n") == "E0005");
  CHECK(codes("let a 5\n") == "E0006");
  CHECK(codes("let a = " + std::string(300, '(')) == "E0007");
  CHECK(codes("let a = (1\nlet b = 2\n") == "E0008");
  CHECK(codes("edition 9\n") == "E0009");
  CHECK(codes("let a = 1)\n") == "E0012");
  CHECK(codes("let a = 99999999999999999999\n") == "E0013");
}

TEST_CASE("syntax errors are bounded") {
  std::string text;
  for (int line = 0; line < 1000; ++line) {
    text += "oops\n";
  }
  const Parsed result = parsed(text);
  CHECK(result.diagnostics.size() == 101);
  CHECK(result.diagnostics.items().back().code == Code::too_many_errors);
}

TEST_CASE("long conjunctions are shallow and long sums are refused") {
  std::string conjunction = "let a = x";
  std::string sum = "let a = x";
  for (int operand = 0; operand < 100'000; ++operand) {
    conjunction += " and x";
    sum += " + x";
  }
  CHECK(codes(conjunction + "\n").empty());
  CHECK(codes(sum + "\n") == "E0007");
}

TEST_CASE("any bytes give an answer") {
  const std::string_view openers[] = {"(",
                                      "[",
                                      "{",
                                      "\"${",
                                      "not ",
                                      "-",
                                      "if a then b else ",
                                      "for a in b: ",
                                      "a as t<",
                                      "\"\"\"",
                                      "sh\"",
                                      "r\"",
                                      std::string_view("\0", 1),
                                      "\xC3",
                                      "#",
                                      "\r",
                                      "phase \"a\" {\n",
                                      "step x = f(\n",
                                      ")",
                                      "a.b(",
                                      "\\"};
  for (const std::string_view opener : openers) {
    std::string text = "let x = ";
    while (text.size() < 200'000) {
      text += opener;
    }
    const Parsed result = parsed(text);
    INFO(opener);
    CHECK(result.diagnostics.size() <= 2 * 101);
  }
}

TEST_CASE("each independent error is reported in one run") {
  const Parsed result = parsed(
      "stpe a = f()\nstep b = f(x y, z w)\nstep c = g() {\n  requirs x\n  after\n}\ngoal a b\n");
  CHECK(result.diagnostics.size() == 6);
  CHECK(result.diagnostics.items()[0].fixes.front().description == "did you mean `step`?");
  CHECK(result.diagnostics.items()[3].fixes.front().description == "did you mean `requires`?");
}
