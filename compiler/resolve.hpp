// Finds out what each name stands for. Types are not looked at: members of values, and bare names
// where an enum's case may be meant, are left to check_types.
//
// The scoping rules, whole:
// - A file's declarations are one scope, in any order; phases and `when` blocks share it. What is
//   declared in the body of a `for` is seen in that body only; steps are seen in the whole file.
// - `use std.systemd` brings the name `systemd`; what the module declares is `systemd.service`.
//   The natives need no prefix.
// - A value's name is looked for among the local names (parameters, `let`, loop variables; the
//   innermost first), then, inside of a resource type, `self`, its fields and attributes, then the
//   file's declarations, then the natives. A called name skips local names and fields, and
//   whatever cannot be called where it stands: an operation is called by a step or `undo`, a
//   function or resource type anywhere. So a parameter, a module or an operation may be named like
//   a native.
// - A bare name that is nothing of this kind but a case of some enum is that case, if an enum is
//   what is expected where it stands.
// - Nothing may be declared twice in one scope; local names may hide outer ones.
#pragma once

#include "compiler/module.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

// Fills the tables, names and symbols of all modules. Reports E0102, E0105, E0106, E0107 and the
// lints W0101, W0102. Linear in the number of expressions.
void resolve(Modules& modules, Diagnostics& diagnostics);

}  // namespace plan
