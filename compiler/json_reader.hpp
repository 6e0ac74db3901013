// Reads JSON text piece by piece, without building a tree. After the first error every call does
// nothing and returns a default, so that callers check once at the end. For input that nobody can
// trust: bounded depth, no recursion of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plan {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool failed() const { return !error_.empty(); }
  // "at byte 812, in plan.steps[3].kind: expected a string"; empty if all is well.
  [[nodiscard]] const std::string& error() const { return error_; }
  void fail(std::string_view why);

  // The next character that is not blank; '\0' at the end.
  [[nodiscard]] char peek();
  // Takes `c`, or fails.
  void expect(char c);
  // Takes `c` if it is next.
  bool take(char c);
  [[nodiscard]] bool is_at_end() { return peek() == '\0' && at_ == text_.size(); }

  // An object is read by: begin_object, then take_key for each known key in order, end_object.
  void begin_object();
  // True if the next key is `name`; it is taken then, with its colon.
  bool take_key(std::string_view name);
  void end_object();

  // An array is read by: begin_array, while (next_item()) …
  void begin_array();
  bool next_item();

  [[nodiscard]] std::string string();
  [[nodiscard]] std::int64_t integer();
  // Up to 2^32 - 2; null is 2^32 - 1, which means "none".
  [[nodiscard]] std::uint32_t index();
  [[nodiscard]] bool boolean();
  bool take_null();

  // Nesting deeper than this fails.
  static constexpr std::size_t depth_limit = 200;

 private:
  struct Level {
    std::string_view key;    // of an object
    std::int64_t item = -1;  // of an array
    bool is_array = false;
    bool is_empty = true;
  };
  bool take_word(std::string_view word);
  void open(bool is_array);
  void append_escape(std::string& result);
  std::uint32_t hex4();

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
  std::vector<Level> levels_;
};

}  // namespace plan
