// Gives every expression a type, once and in generic form: an operation is checked for any
// arguments, a loop's body for any element.
//
// - Types are inferred for `let`, given everywhere else. There are no conversions but string
//   interpolation; string, path and url are one kind of text.
// - `json` gives `json` when indexed, and becomes something else only through `as T`.
// - A `secret` goes where a secret is expected, into an environment, a standard input, or a
//   string, which is a secret then; anything else is E0202.
// - Touching a host is possible in observations and operation bodies only; of functions it is
//   found out by what they call.
// - What `ensures` says must have a form that a step can bring about: a state, `not` a state, a
//   state `==` a value, `for x in query: …`, or several of these with `and`.
#pragma once

#include "compiler/module.hpp"
#include "compiler/plan.hpp"
#include "compiler/types.hpp"
#include "dsl/diagnostic.hpp"
#include "dsl/source.hpp"

namespace plan {

// Fills signatures, types and traits of `modules`, and the types of `plan` without their programs
// and defaults. Reports E0102, E0107, E0108 and E0201 to E0217.
void check_types(
    const SourceMap& sources, Modules& modules, Plan& plan, Types& types, Diagnostics& diagnostics);

}  // namespace plan
