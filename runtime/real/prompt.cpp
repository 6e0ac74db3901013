#include <cctype>
#include <cerrno>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/real/clock.hpp"
#include "runtime/real/fd.hpp"
#include "runtime/real/terminal.hpp"

namespace plan {

namespace real {

namespace {

constexpr std::size_t answer_limit = 4096;

// Turns the terminal's echo off as long as it lives.
class Silence {
 public:
  explicit Silence(int fd) : fd_(fd), is_on_(::tcgetattr(fd, &before_) == 0) {
    if (is_on_) {
      termios silent = before_;
      silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      ::tcsetattr(fd, TCSAFLUSH, &silent);
    }
  }
  ~Silence() {
    if (is_on_) {
      ::tcsetattr(fd_, TCSAFLUSH, &before_);
    }
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  int fd_;
  termios before_{};
  bool is_on_;
};

std::optional<std::string> read_line(int fd) {
  std::string line;
  char letter = 0;
  while (line.size() < answer_limit) {
    const ssize_t got = ::read(fd, &letter, 1);
    if (got != 1) {
      return std::nullopt;  // the end, or an interrupt
    }
    if (letter == '\n') {
      return line;
    }
    line += letter;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> ask_on_terminal(std::string_view text, Echo echo) {
  const Fd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal.is_open() || ::write(terminal.get(), text.data(), text.size()) < 0) {
    return std::nullopt;
  }
  if (echo == Echo::on) {
    return read_line(terminal.get());
  }
  std::optional<std::string> answer;
  {
    const Silence silence(terminal.get());
    answer = read_line(terminal.get());
  }
  std::ignore = ::write(terminal.get(), "\n", 1);
  return answer;
}

}  // namespace real

namespace {

std::string trimmed(const std::string& text) {
  std::size_t begin = 0;
  std::size_t end = text.size();
  while (begin < end && std::isspace(static_cast<unsigned char>(text[begin])) != 0) {
    ++begin;
  }
  while (end > begin && std::isspace(static_cast<unsigned char>(text[end - 1])) != 0) {
    --end;
  }
  return text.substr(begin, end - begin);
}

class TerminalPrompt final : public Prompt {
 public:
  Answer ask(const Question& question) override {
    std::string text = "\n" + question.text + "\n";
    for (const std::string& detail : question.details) {
      text += "  " + detail + "\n";
    }
    const bool wants_word = !question.expected_word.empty();
    text += wants_word ? "Type `" + question.expected_word + "` to go on: " : "Go on? [y/N] ";
    const std::optional<std::string> line = real::ask_on_terminal(text, real::Echo::on);
    if (!line) {
      return Answer::not_available;
    }
    const std::string answer = trimmed(*line);
    const bool is_yes = wants_word
                            ? answer == question.expected_word
                            : answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes";
    return is_yes ? Answer::yes : Answer::no;
  }
};

}  // namespace

std::unique_ptr<Prompt> make_prompt() {
  return std::make_unique<TerminalPrompt>();
}

}  // namespace plan
