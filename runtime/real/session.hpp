// Many commands through one persistent POSIX shell, and their answers apart again.
// Pure: text in, text out; pool.cpp moves the bytes. After each command the shell itself (no new
// process) prints a mark on both streams: a record separator, a random word of this session, the
// command's number, and on standard output its exit status. What stands before a mark is the
// command's output, byte for byte. Commands may be sent ahead; answers come in the same order.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/action.hpp"

namespace plan::real {

// The shell text of a command: standard input is closed or holds exactly the given data, the
// environment is exported in a subshell, and nothing but argv is in the arguments of a process.
// Tests (`test`, `[`, `true`, `false`) stay with the shell itself, all others are programs.
[[nodiscard]] std::string shell_command(const Exec& exec);
// The same, reading what stands in the shell's own input after this text.
[[nodiscard]] std::string shell_command_reading_on(const Exec& exec);

// Whether such a text is a test that the shell does itself.
[[nodiscard]] bool is_shell_test(std::string_view command);

// Whether a name can be exported: a letter or "_", then letters, digits, "_".
[[nodiscard]] bool is_variable_name(std::string_view name);

// One stream, cut at its marks.
class MarkedStream {
 public:
  struct Part {
    std::string text;  // before the mark
    std::string mark;  // after the session's word: "17 0"
    bool is_truncated = false;
  };

  explicit MarkedStream(std::string_view nonce) : prefix_("\036" + std::string(nonce) + " ") {}
  // The next part keeps at most so many bytes of text; called once for each, in order.
  void expect(std::size_t limit_bytes) { limits_.push_back(limit_bytes); }
  // The next part does not come.
  void skip() { limits_.pop_front(); }
  void feed(std::string_view bytes);
  [[nodiscard]] std::deque<Part>& parts() { return parts_; }
  // What has come since the last mark.
  [[nodiscard]] const std::string& unfinished() const { return text_; }

 private:
  void keep(std::string_view bytes);

  std::string prefix_;
  std::string pending_;  // may hold the beginning of a mark
  std::string text_;
  bool is_truncated_ = false;
  std::deque<std::size_t> limits_;
  std::deque<Part> parts_;
};

struct Answer {
  std::uint64_t number = 0;
  ExecResult result;
};

// Who answers in a shell; the answer to greeting().
struct Hello {
  std::string pid;
  std::string uid;
  std::string user;
  std::string started;  // in clock ticks since boot; "-" where there is no /proc
  std::string boot_id;  // "-" where there is none
};

class Session {
 public:
  // `nonce`: a random word of letters and digits.
  explicit Session(std::string nonce) : nonce_(std::move(nonce)), output_(nonce_), error_(nonce_) {}

  // Prepares a fresh shell; its answer is number 0, read by parse_hello. Sent once, first.
  [[nodiscard]] std::string greeting();
  // The text that runs the command and marks its end; numbers count from 1.
  [[nodiscard]] std::string framed(std::string_view command, std::size_t output_limit_bytes);

  void feed_output(std::string_view bytes) { output_.feed(bytes); }
  void feed_error(std::string_view bytes) { error_.feed(bytes); }
  // The next complete answer.
  [[nodiscard]] std::optional<Answer> next();
  // True once the streams do not follow the protocol; the session is of no use any more.
  [[nodiscard]] bool is_broken() const { return is_broken_; }
  [[nodiscard]] std::uint64_t last_number() const { return sent_; }
  [[nodiscard]] const std::string& nonce() const { return nonce_; }
  // Output of the command that has not ended.
  [[nodiscard]] const std::string& unfinished_output() const { return output_.unfinished(); }
  [[nodiscard]] const std::string& unfinished_error() const { return error_.unfinished(); }

 private:
  bool take_error(Answer& answer);

  std::string nonce_;
  MarkedStream output_;
  MarkedStream error_;
  std::uint64_t sent_ = 0;
  std::uint64_t answered_ = 0;
  std::deque<bool> are_tests_;  // of what is sent and not answered
  bool is_broken_ = false;
};

// nullopt if the shell did not compute what a POSIX shell computes.
[[nodiscard]] std::optional<Hello> parse_hello(const ExecResult& answer);

}  // namespace plan::real
