// Tests of a plan: what is given, what goes wrong, what is expected.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/describe.hpp"
#include "compiler/elaborator.hpp"

namespace plan {

void Elaborator::item(const ast::TestDecl& node, const ast::Declaration& declaration) {
  Test test;
  test.title = known_text(node.title).value_or(std::string());
  test.span = declaration.span;
  for (const ast::TestClause& clause : node.clauses) {
    if (const auto* what = std::get_if<ast::GivenClause>(&clause.node)) {
      given(*what, test);
    } else if (const auto* set = std::get_if<ast::SetClause>(&clause.node)) {
      host_name_ = set->input.name;
      test.inputs.emplace_back(set->input.name.text(), evaluate(modules_.entry(), set->value));
    } else if (const auto* fail = std::get_if<ast::FailStepClause>(&clause.node)) {
      fail_step(*fail, test);
    } else if (const auto* shuffle = std::get_if<ast::ShuffleClause>(&clause.node)) {
      const auto count = known_number(evaluate(modules_.entry(), shuffle->count),
                                      span(shuffle->count), "the number of shuffles");
      test.shuffles = static_cast<std::uint32_t>(std::max<std::int64_t>(count.value_or(0), 0));
    } else if (const auto* expected = std::get_if<ast::ExpectClause>(&clause.node)) {
      if (auto made = condition(expected->condition, {}, span(expected->condition))) {
        test.expected.push_back(std::move(*made));
      }
    } else if (const auto* refused = std::get_if<ast::ExpectRefusedClause>(&clause.node)) {
      const CodeInfo* info = find_code(refused->code.name.text());
      test.refused_code = info == nullptr ? "" : std::string(info->code);
      if (!refused->message.is_none()) {
        test.refused_message = known_text(refused->message).value_or(std::string());
      }
    } else {
      test.crashes_everywhere |= std::holds_alternative<ast::CrashClause>(clause.node);
    }
  }
  plan_.tests.push_back(std::move(test));
}

// `fail step NAME`: all turns; `fail step "NAME[TURN]"`: one, by the name that is told everywhere.
// Of a loop over a query only the run knows the turns.
void Elaborator::fail_step(const ast::FailStepClause& node, Test& test) {
  if (node.turn.is_none()) {
    test.failing_steps.emplace_back(node.step.name.text());
    return;
  }
  const std::string name = known_text(node.turn).value_or(std::string());
  const std::string body = name.substr(0, name.find('['));
  const bool is_known = std::ranges::any_of(plan_.steps, [&](const Step& step) {
    return step.name == name || (step.loop != UINT32_MAX && step.name == body);
  });
  if (!is_known) {
    diagnostics_.report<Code::unknown_name>(span(node.turn), "step", name);
  }
  test.failing_steps.push_back(name);
}

// `given` says what holds before the run: of states, facts and queries.
void Elaborator::given(const ast::GivenClause& node, Test& test) {
  const auto made = condition(node.condition, {}, span(node.condition));
  if (!made) {
    return;
  }
  is_given_ = true;
  ensure(*made, test.given);
  is_given_ = false;
}

}  // namespace plan
