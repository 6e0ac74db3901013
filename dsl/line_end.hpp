// Which tokens let a statement go on in the next line, and which words begin something new there.
#pragma once

#include "dsl/token.hpp"

namespace plan {

// After such a token the statement goes on in the next line, unless an item begins there.
[[nodiscard]] bool asks_for_more(TokenKind kind);

// A line that begins with such a token goes on with the statement before.
[[nodiscard]] bool goes_on(TokenKind kind);

// Words that begin a declaration or a clause, and no part of an expression.
[[nodiscard]] bool begins_item(TokenKind kind);

}  // namespace plan
