#include "dsl/line_end.hpp"

namespace plan {

using Kind = TokenKind;

bool asks_for_more(Kind kind) {
  switch (kind) {
    case Kind::newline:
    case Kind::left_brace:
    case Kind::comma:
    case Kind::equal:
    case Kind::plus:
    case Kind::bar:
    case Kind::reserved_and:
    case Kind::reserved_or:
    case Kind::reserved_not:
    case Kind::reserved_in:
    case Kind::reserved_then:
    case Kind::reserved_else:
      return true;
    default:
      return false;
  }
}

bool goes_on(Kind kind) {
  return kind == Kind::reserved_and || kind == Kind::reserved_or || kind == Kind::reserved_then ||
         kind == Kind::reserved_else;
}

bool begins_item(Kind kind) {
  switch (kind) {
    case Kind::reserved_let:
    case Kind::word_after:
    case Kind::word_always:
    case Kind::word_awaits:
    case Kind::word_changes:
    case Kind::word_destroys:
    case Kind::word_ensures:
    case Kind::word_expect:
    case Kind::word_fact:
    case Kind::word_function:
    case Kind::word_given:
    case Kind::word_goal:
    case Kind::word_input:
    case Kind::word_irreversible:
    case Kind::word_native:
    case Kind::word_note:
    case Kind::word_operation:
    case Kind::word_output:
    case Kind::word_phase:
    case Kind::word_query:
    case Kind::word_require:
    case Kind::word_requires:
    case Kind::word_resource:
    case Kind::word_rule:
    case Kind::word_state:
    case Kind::word_step:
    case Kind::word_test:
    case Kind::word_type:
    case Kind::word_undo:
    case Kind::word_use:
      return true;
    default:
      return false;
  }
}

}  // namespace plan
