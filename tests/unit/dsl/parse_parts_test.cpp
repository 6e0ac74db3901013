// A large text is read in parts, in several threads: what comes out is what one thread would read.
#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "dsl/build_ast.hpp"
#include "dsl/parallel.hpp"
#include "dsl/parse.hpp"
#include "dsl/parser.hpp"
#include "dsl/render.hpp"

namespace {

using namespace plan;

std::string place(const ast::File& file, ast::ExprId id) {
  return id.is_none() ? "-" : fmt::format("{}-{}", file[id].span.begin, file[id].span.end);
}

// An expression with what it refers to, by places of the text: indexes may differ.
std::string shown(const ast::File& file, const ast::Expr& expr) {
  std::string text = fmt::format("{}:{}-{}", expr.node.index(), expr.span.begin, expr.span.end);
  if (const auto* name = std::get_if<ast::NameRef>(&expr.node)) {
    text += fmt::format(" {}", name->name.text());
  } else if (const auto* member = std::get_if<ast::Member>(&expr.node)) {
    text += fmt::format(" {} {}", place(file, member->base), member->field.text());
  } else if (const auto* binary = std::get_if<ast::Binary>(&expr.node)) {
    text += fmt::format(" {} {}", place(file, binary->left), place(file, binary->right));
  } else if (const auto* unary = std::get_if<ast::Unary>(&expr.node)) {
    text += fmt::format(" {}", place(file, unary->operand));
  } else if (const auto* cast = std::get_if<ast::Cast>(&expr.node)) {
    text += fmt::format(" {}", file.types[cast->type].path.front().name.text());
  } else if (const auto* list = std::get_if<ast::ListLiteral>(&expr.node)) {
    for (std::uint32_t index = list->items.begin; index < list->items.end; ++index) {
      text += fmt::format(" {}", place(file, file.expr_lists[index]));
    }
  } else if (const auto* call = std::get_if<ast::Call>(&expr.node)) {
    text += fmt::format(" {}", place(file, call->callee));
    for (std::uint32_t index = call->arguments.begin; index < call->arguments.end; ++index) {
      const ast::Argument& argument = file.arguments[index];
      text += fmt::format(" {}={}", argument.name.text(), place(file, argument.value));
    }
  } else if (const auto* string = std::get_if<ast::StringLiteral>(&expr.node)) {
    for (std::uint32_t index = string->parts.begin; index < string->parts.end; ++index) {
      const ast::StringPart& part = file.string_parts[index];
      text += fmt::format(" {}/{}", part.text == UINT32_MAX ? "" : file.texts[part.text],
                          place(file, part.value));
    }
  }
  return text;
}

std::string shown(const ast::File& file, const ast::Declarations& declarations) {
  std::string text;
  for (const ast::Declaration& declaration : declarations) {
    text += fmt::format("declaration {}:{}-{} doc {}-{}\n", declaration.node.index(),
                        declaration.span.begin, declaration.span.end, declaration.doc.begin,
                        declaration.doc.end);
    if (const auto* step = std::get_if<ast::StepDecl>(&declaration.node)) {
      text += fmt::format("{} {}", step->name.name.text(), place(file, step->value));
      for (std::uint32_t index = step->clauses.begin; index < step->clauses.end; ++index) {
        const ast::Clause& clause = file.step_clauses[index];
        text += fmt::format(" {}:{}-{}", clause.node.index(), clause.span.begin, clause.span.end);
      }
      text += "\n";
    } else if (const auto* phase = std::get_if<ast::PhaseDecl>(&declaration.node)) {
      text += shown(file, phase->items);
    }
  }
  return text;
}

std::string shown(const ast::File& file) {
  std::string text = shown(file, file.declarations);
  for (std::size_t index = 0; index < file.exprs.size(); ++index) {
    if (file.exprs.contains(index) && !file.exprs[index].span.is_none()) {
      text += shown(file, file.exprs[index]) + "\n";
    }
  }
  return text;
}

// A plan of some megabytes with all sorts of declarations between its steps.
std::string large_plan() {
  std::string text = "plan \"large\"\n\nuse std.file\n\nlet here = host { local: true }\n";
  for (int index = 0; text.size() < 3'000'000; ++index) {
    text += fmt::format(
        "# What comes {0}th.\nresource f{0} = file.file(host: here, path: \"/a/{0}\")\n", index);
    text += fmt::format(
        "step s{0} = file.write(f{0}, \"text ${{{0} + 1}} \\\" and\") {{\n"
        "  requires not f{0}.exists and [1, {0}][0] as int == 1\n"
        "  note \"\"\"\n    step not_a_step = {0}\n    \"\"\"\n}}\n",
        index);
    if (index % 50 == 0) {
      text += fmt::format(
          "phase \"P{0}\" {{\n  step p{0} = file.write(f{0}, \"b\")\n}}\n\n"
          "# A remark.\n\n# Another one.\nstep q{0} = file.remove(f{0})\n",
          index);
    }
  }
  return text;
}

struct Both {
  SourceMap sources;
  Diagnostics in_parts_found;
  Diagnostics as_one_found;
  ast::File in_parts;
  ast::File as_one;
};

Both both(std::string text) {
  Both result;
  const FileId file = result.sources.add("test.plan", std::move(text));
  result.in_parts = parse_file(result.sources, file, result.in_parts_found);
  result.as_one =
      build_ast(parse(result.sources.whole(file), FileForm::declarations, result.as_one_found),
                result.as_one_found);
  return result;
}

}  // namespace

TEST_CASE("a large text that is read in parts is what it is when it is read as one") {
  const Both result = both(large_plan());
  CHECK(render_all(result.in_parts_found, result.sources) == "");
  // It was read in parts: otherwise there would be no gaps.
  CHECK(result.in_parts.exprs.size() > result.as_one.exprs.size());
  CHECK(result.in_parts.milestones.size() >= 5);
  CHECK(result.in_parts.plan_title.has_value());
  CHECK((shown(result.in_parts) == shown(result.as_one)));
}

TEST_CASE("lines in a long text that look like steps begin no part") {
  std::string text = "plan \"large\"\n\nlet long = r\"\"\"\n";
  while (text.size() < 2'000'000) {
    text += "step a = b.c(d)\n";
  }
  text += "\"\"\"\nstep last = file.remove(f)\n";
  const Both result = both(text);
  CHECK(render_all(result.in_parts_found, result.sources) == "");
  CHECK(result.in_parts.declarations.size() == 2);
  CHECK((shown(result.in_parts) == shown(result.as_one)));
}

TEST_CASE("mistakes in a large text are the same as when it is read as one") {
  std::string text = large_plan();
  const std::size_t middle = text.find("step s4000 =");
  for (const std::string_view mistake :
       {"step = \n", "}\n", "\"\n", "(\n", "phase \"x\" {\n", "\xFF\n"}) {
    std::string wrong = text;
    wrong.insert(middle, mistake);
    const Both result = both(wrong);
    CHECK(result.in_parts_found.has_errors());
    CHECK((render_all(result.in_parts_found, result.sources) ==
           render_all(result.as_one_found, result.sources)));
    CHECK((shown(result.in_parts) == shown(result.as_one)));
  }
}

TEST_CASE("a name is one name in whichever thread it is met") {
  constexpr std::size_t count = 20'000;
  std::array<std::vector<Name>, 4> met;
  in_parallel(met.size(), [&](std::size_t thread) {
    for (std::size_t index = 0; index < count; ++index) {
      met.at(thread).emplace_back(fmt::format("met_{}", (index * 7919) % count));
    }
  });
  for (std::size_t thread = 1; thread < met.size(); ++thread) {
    CHECK((met.at(thread) == met.front()));
  }
  CHECK(met.front()[1].text() == "met_7919");
}

TEST_CASE("every task is done once") {
  std::vector<int> done(100);
  in_parallel(done.size(), [&](std::size_t index) { ++done[index]; });
  CHECK((done == std::vector<int>(100, 1)));
  in_parallel(0, [&](std::size_t) { FAIL("there is nothing to do"); });
}
