// Shared by natives.cpp (the table, numbers, lists), text_natives.cpp and version_natives.cpp.
#pragma once

#include <array>
#include <span>
#include <string>

#include <fmt/format.h>

#include "compiler/operation_details.hpp"
#include "compiler/operations.hpp"

namespace plan::natives {

using Arguments = std::span<const Value>;
using Texts = std::array<const std::string*, 3>;

// The argument as a T, or the reason in `why`.
template <class T>
const T* want(Arguments arguments, std::size_t index, std::string_view kind, std::string& why) {
  const T* value = arguments[index].as<T>();
  if (value == nullptr && why.empty()) {
    why = fmt::format("argument {}: expected {}, found {}", index + 1, kind,
                      kind_text(arguments[index]));
  }
  return value;
}

// A native over texts only: checks the arguments, then calls `function(texts)`.
template <class Function>
Evaluated over_text(Arguments arguments, Function function) {
  std::string why;
  Texts texts{};
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    texts[index] = want<std::string>(arguments, index, "a string", why);
  }
  return why.empty() ? function(texts) : failure(why);
}

Evaluated text(Arguments arguments);
Evaluated lines(Arguments arguments);
Evaluated split(Arguments arguments);
Evaluated join(Arguments arguments);
Evaluated trim(Arguments arguments);
Evaluated lower(Arguments arguments);
Evaluated replace(Arguments arguments);
Evaluated starts_with(Arguments arguments);
Evaluated ends_with(Arguments arguments);
Evaluated matches(Arguments arguments);
Evaluated capture(Arguments arguments);
Evaluated json_parse(Arguments arguments);
Evaluated json_text(Arguments arguments);
Evaluated sha256_text(Arguments arguments);
Evaluated sql_identifier(Arguments arguments);
Evaluated sql_literal(Arguments arguments);
Evaluated shell_quote(Arguments arguments);

Evaluated version(Arguments arguments);
Evaluated version_component(Arguments arguments);
Evaluated checked_catalogue(Arguments arguments);
Evaluated catalogue_releases(Arguments arguments);
Evaluated upgrade_objections(Arguments arguments);
Evaluated upgrade_hops(Arguments arguments);

}  // namespace plan::natives
