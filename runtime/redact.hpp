// Takes secrets out of any text that leaves the program: outputs, errors, events, the journal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/value.hpp"

namespace plan {

// Knows each secret in the forms in which it can come back: as it is, in base64 (alone, and as
// the password of an HTTP basic credential's end), URL-quoted, shell-quoted, inside JSON text,
// and line by line where it has several lines.
class Redactor {
 public:
  void add(const Secret& secret);
  // The text with every occurrence replaced by "(secret)", longest forms first.
  [[nodiscard]] std::string operator()(std::string_view text) const;
  [[nodiscard]] bool is_empty() const { return forms_.empty(); }

 private:
  std::vector<std::string> forms_;  // longest first, unique
};

// Valid UTF-8 without control characters but newline and tab; others become U+FFFD. What a command
// printed may be anything; the journal and the events are UTF-8.
[[nodiscard]] std::string clean_text(std::string_view text);

}  // namespace plan
