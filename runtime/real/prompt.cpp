#include <cctype>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/real/clock.hpp"
#include "runtime/real/fd.hpp"
#include "runtime/real/terminal.hpp"

namespace plan {

namespace real {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t typed_limit = 4096;

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
  while (line.size() < typed_limit) {
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

// In the main thread, where a signal ends the waiting: whoever presses Ctrl-C at a question wants
// no answer to be waited for.
std::optional<std::string> read_line_unless_signalled(int fd) {
  pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, -1) > 0 ? read_line(fd) : std::nullopt;
}

Fd open_terminal() {
  return Fd(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
}

// Nothing, too, once `stop` is set.
std::optional<std::string> read_line_unless(int fd, const Wake& stop) {
  for (;;) {
    if (wait_ready(fd, POLLIN, stop, now() + 1min)) {
      return read_line(fd);
    }
    pollfd stopped{.fd = stop.get(), .events = POLLIN, .revents = 0};
    if (::poll(&stopped, 1, 0) > 0) {
      return std::nullopt;
    }
  }
}

// All but that of a process in the background that reads its terminal: it stops until it is in the
// foreground again, rather than to be told that nobody answers.
void block_signals_of_reader() {
  block_signals();
  sigset_t reading;
  sigemptyset(&reading);
  sigaddset(&reading, SIGTTIN);
  pthread_sigmask(SIG_UNBLOCK, &reading, nullptr);
}

}  // namespace

std::optional<std::string> ask_on_terminal(std::string_view text, Echo echo) {
  const Fd terminal = open_terminal();
  if (!terminal.is_open() || ::write(terminal.get(), text.data(), text.size()) < 0) {
    return std::nullopt;
  }
  if (echo == Echo::on) {
    return read_line_unless_signalled(terminal.get());
  }
  std::optional<std::string> answer;
  {
    const Silence silence(terminal.get());
    answer = read_line_unless_signalled(terminal.get());
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

Answer answer_of(const Question& question, const std::optional<std::string>& line) {
  if (!line) {
    return Answer::not_available;
  }
  const std::string answer = trimmed(*line);
  const bool is_yes = question.expected_word.empty()
                          ? answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes"
                          : answer == question.expected_word;
  return is_yes ? Answer::yes : Answer::no;
}

class TerminalPrompt final : public Prompt {
 public:
  explicit TerminalPrompt(std::function<void()> wake) : wake_(std::move(wake)) {}
  ~TerminalPrompt() override { TerminalPrompt::withdraw(); }
  TerminalPrompt(const TerminalPrompt&) = delete;
  TerminalPrompt& operator=(const TerminalPrompt&) = delete;

  Answer ask(const Question& question) override {
    return answer_of(question, real::ask_on_terminal(question_text(question), real::Echo::on));
  }

  void open(const Question& question) override {
    withdraw();
    terminal_ = real::open_terminal();
    const std::string text = question_text(question);
    if (!terminal_.is_open() || ::write(terminal_.get(), text.data(), text.size()) < 0) {
      answer_ = Answer::not_available;
      return;
    }
    reader_ = std::thread([this, question] {
      real::block_signals_of_reader();
      const std::optional<std::string> line = real::read_line_unless(terminal_.get(), withdrawn_);
      {
        const std::lock_guard lock(mutex_);
        answer_ = answer_of(question, line);
      }
      wake_();
    });
  }

  std::optional<Answer> answer() override {
    std::optional<Answer> given;
    {
      const std::lock_guard lock(mutex_);
      given = std::exchange(answer_, std::nullopt);
    }
    if (given && reader_.joinable()) {
      reader_.join();
    }
    return given;
  }

  void withdraw() override {
    if (reader_.joinable()) {
      withdrawn_.set();
      reader_.join();
      withdrawn_.clear();
      std::ignore = ::write(terminal_.get(), "\n", 1);
    }
    answer_.reset();
  }

 private:
  std::function<void()> wake_;
  real::Fd terminal_;
  real::Wake withdrawn_;
  std::thread reader_;
  std::mutex mutex_;
  std::optional<Answer> answer_;  // guarded
};

}  // namespace

std::string question_text(const Question& question) {
  std::string text = "\n" + question.text + "\n";
  for (const std::string& detail : question.details) {
    text += "  " + detail + "\n";
  }
  return text + (question.expected_word.empty()
                     ? "Go on? [y/N] "
                     : "Type `" + question.expected_word + "` to go on: ");
}

std::unique_ptr<Prompt> make_prompt(std::function<void()> wake) {
  return std::make_unique<TerminalPrompt>(std::move(wake));
}

}  // namespace plan
