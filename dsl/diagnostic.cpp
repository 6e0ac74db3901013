#include "dsl/diagnostic.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>
#include <utility>

namespace plan {

namespace {

constexpr CodeInfo registry[] = {
#define CODE(code, severity, slug, format) {#code, Severity::severity, #slug, format},
#include "dsl/codes.def"
#undef CODE
};

bool is_same_label(const Label& left, const Label& right) {
  return left.span == right.span && left.text == right.text;
}

bool is_repetition(const Diagnostic& left, const Diagnostic& right) {
  return left.code == right.code && left.primary == right.primary &&
         left.message == right.message && left.notes == right.notes && left.helps == right.helps &&
         left.schedule == right.schedule &&
         std::ranges::equal(left.labels, right.labels, is_same_label);
}

}  // namespace

const CodeInfo& info(Code code) {
  return registry[static_cast<std::size_t>(code)];
}

std::size_t code_count() {
  return std::size(registry);
}

const CodeInfo* find_code(std::string_view text) {
  const auto* found = std::ranges::find_if(
      registry, [&](const CodeInfo& entry) { return entry.code == text || entry.slug == text; });
  return found == std::end(registry) ? nullptr : found;
}

Diagnostic& Diagnostic::label(Span span, std::string text) {
  labels.push_back({.span = span, .text = std::move(text)});
  return *this;
}

Diagnostic& Diagnostic::note(std::string text) {
  notes.push_back(std::move(text));
  return *this;
}

Diagnostic& Diagnostic::help(std::string text) {
  helps.push_back(std::move(text));
  return *this;
}

Diagnostic& Diagnostic::at_primary(std::string text) {
  primary_text = std::move(text);
  return *this;
}

Diagnostic& Diagnostic::fix(Fix fix) {
  fixes.push_back(std::move(fix));
  return *this;
}

Diagnostic& Diagnostic::did_you_mean(Span span, std::string_view name, bool is_safe) {
  return fix({.span = span,
              .replacement = std::string(name),
              .description = fmt::format("did you mean `{}`?", name),
              .is_safe = is_safe});
}

Diagnostic& Diagnostics::add(Code code, Span span, std::string message) {
  Diagnostic& diagnostic = items_.emplace_back();
  diagnostic.code = code;
  diagnostic.severity = info(code).severity;
  diagnostic.message = std::move(message);
  diagnostic.primary = span;
  error_count_ += diagnostic.severity == Severity::error ? 1 : 0;
  return diagnostic;
}

void Diagnostics::sort() {
  // Spans are offsets of one virtual buffer, so their order is the order of files and places.
  std::ranges::stable_sort(items_, {}, [](const Diagnostic& diagnostic) {
    return std::tuple(!diagnostic.primary.is_none(), diagnostic.primary.begin);
  });
  std::deque<Diagnostic> kept;
  for (Diagnostic& item : items_) {
    const auto is_same = [&](const Diagnostic& earlier) { return is_repetition(earlier, item); };
    // Repetitions stand at one place, so only the last diagnostics kept can be the same.
    auto first = kept.end();
    while (first != kept.begin() && std::prev(first)->primary.begin == item.primary.begin) {
      --first;
    }
    if (std::none_of(first, kept.end(), is_same)) {
      kept.push_back(std::move(item));
    }
  }
  items_ = std::move(kept);
  recount();
}

void Diagnostics::remove(const std::function<bool(const Diagnostic&)>& is_unwanted) {
  std::erase_if(items_, is_unwanted);
  recount();
}

void Diagnostics::truncate(std::size_t size) {
  items_.resize(std::min(size, items_.size()));
  recount();
}

void Diagnostics::recount() {
  error_count_ =
      static_cast<std::size_t>(std::ranges::count(items_, Severity::error, &Diagnostic::severity));
}

}  // namespace plan
