// What the program has to tell its user: a code, a message, the places that matter, what to do.
// Reported by every layer, rendered in render.cpp only. Message texts live in codes.def.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "dsl/source.hpp"

namespace plan {

enum class Severity : std::uint8_t { error, warning, note };

// Enumerators are the slugs of codes.def: Code::unknown_name is E0102.
enum class Code : std::uint16_t {
#define CODE(code, severity, slug, format) slug,
#include "dsl/codes.def"
#undef CODE
};

struct CodeInfo {
  std::string_view code;  // "E0102"
  Severity severity;
  std::string_view slug;    // "unknown_name"
  std::string_view format;  // "unknown {} `{}`"
};

[[nodiscard]] const CodeInfo& info(Code code);
[[nodiscard]] std::size_t code_count();
// nullptr if there is no such code; accepts "E0102" and "unknown_name".
[[nodiscard]] const CodeInfo* find_code(std::string_view text);

struct Label {
  Span span;
  std::string text;
};

// What a fix's span says until place_fixes() (dsl/fixes.hpp) has looked at the text.
enum class FixPlace : std::uint8_t {
  span,      // the text that is replaced; empty: insertion before `begin`
  step,      // the name of a step: a clause is added to its block
  loop,      // the head of a loop: an option is added to it
  use,       // anywhere in a file: a `use` is added to it
  statement  // a declaration: the lines that it alone stands on are removed
};

// A change of the source that mends the diagnostic: a help with its edit.
struct Fix {
  Span span;
  std::string replacement;
  std::string description;  // shown as a help
  // Whether the text can mean nothing else: `plan check --fix` applies safe ones only. A choice
  // between two things of the world (names, orders) is never safe.
  bool is_safe = false;
  FixPlace place = FixPlace::span;
};

// One moment of a counter-example: a step that runs, and what matters of the world after it.
struct Moment {
  std::string step;                 // its name, or what happens instead: "undo of move", "a crash"
  std::string then;                 // "live is false"; empty: nothing that matters
  std::uint32_t node = UINT32_MAX;  // the step's number in the plan; none: no step of the plan
  bool operator==(const Moment&) const = default;
};

// A schedule that goes wrong, the shortest there is: what happens, and what does not hold then.
struct Counterexample {
  std::vector<Moment> moments;
  std::string violated;
  [[nodiscard]] bool is_empty() const { return moments.empty(); }
  bool operator==(const Counterexample&) const = default;
};

struct Diagnostic {
  Code code{};
  Severity severity = Severity::error;
  std::string message;
  Span primary;              // none: the diagnostic is about no place in a source
  std::string primary_text;  // shown at the primary span; may be empty
  std::vector<Label> labels;
  std::vector<std::string> notes;
  std::vector<std::string> helps;
  Counterexample schedule;
  std::vector<Fix> fixes;

  Diagnostic& label(Span span, std::string text);
  Diagnostic& note(std::string text);
  Diagnostic& help(std::string text);
  Diagnostic& at_primary(std::string text);
  Diagnostic& fix(Fix fix);
  // The nearest name in place of a misspelt one.
  Diagnostic& did_you_mean(Span span, std::string_view name, bool is_safe = false);
};

// Number of `{}` in a message format of the registry.
[[nodiscard]] consteval std::size_t placeholder_count(std::string_view format) {
  std::size_t count = 0;
  for (std::size_t index = 0; index + 1 < format.size(); ++index) {
    count += format[index] == '{' && format[index + 1] == '}' ? 1 : 0;
  }
  return count;
}

[[nodiscard]] consteval std::string_view format_of(Code code) {
  constexpr std::string_view formats[] = {
#define CODE(code, severity, slug, format) format,
#include "dsl/codes.def"
#undef CODE
  };
  return formats[static_cast<std::size_t>(code)];
}

// Ordered sink. References returned by report() stay valid.
class Diagnostics {
 public:
  // Reports one diagnostic; the number of arguments must be the format's number of places.
  template <Code code, class... Args>
  Diagnostic& report(Span span, const Args&... args) {
    static_assert(placeholder_count(format_of(code)) == sizeof...(Args));
    return add(code, span, fmt::format(fmt::runtime(info(code).format), args...));
  }

  // Takes over a diagnostic that was made elsewhere: by the runtime, of another sink.
  Diagnostic& append(Diagnostic made) {
    error_count_ += made.severity == Severity::error ? 1 : 0;
    return items_.emplace_back(std::move(made));
  }

  [[nodiscard]] bool has_errors() const { return error_count_ > 0; }
  [[nodiscard]] std::size_t error_count() const { return error_count_; }
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] const std::deque<Diagnostic>& items() const { return items_; }
  // For place_fixes() only.
  [[nodiscard]] std::deque<Diagnostic>& editable() { return items_; }
  // Orders by place (file, offset), none first, keeping the order of report within one place,
  // and drops exact repetitions.
  void sort();
  // Drops the diagnostics for which `is_unwanted`.
  void remove(const std::function<bool(const Diagnostic&)>& is_unwanted);
  // Drops everything reported after the first `size` diagnostics.
  void truncate(std::size_t size);

 private:
  Diagnostic& add(Code code, Span span, std::string message);
  void recount();

  std::deque<Diagnostic> items_;
  std::size_t error_count_ = 0;
};

}  // namespace plan
