#include "runtime/real/session.hpp"

#include <algorithm>
#include <charconv>

#include "runtime/quote.hpp"

namespace plan::real {

namespace {

constexpr std::size_t greeting_limit = 65'536;

bool is_done_by_shell(const Exec& exec) {
  return exec.env.empty() && !exec.standard_input && !exec.argv.empty() &&
         (exec.argv[0] == "test" || exec.argv[0] == "[" || exec.argv[0] == "true" ||
          exec.argv[0] == "false");
}

std::string words_of(const std::vector<std::string>& argv) {
  std::string text = shell_in_quotes(argv[0]);
  for (std::size_t index = 1; index < argv.size(); ++index) {
    text += ' ';
    text += shell_quoted(argv[index]);
  }
  return text;
}

template <class Number>
bool read_number(std::string_view& text, Number& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error != std::errc()) {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace

bool is_shell_test(std::string_view command) {
  // All others begin with a parenthesis or a brace.
  return command.starts_with("'test' ") || command.starts_with("'[' ") || command == "'true'" ||
         command == "'false'";
}

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [&is_letter](char letter) {
           return is_letter(letter) || (letter >= '0' && letter <= '9');
         });
}

std::string shell_command_reading_on(const Exec& exec) {
  std::string text = "( ";
  for (const auto& [name, value] : exec.env) {
    text += "export " + name + '=' + shell_in_quotes(value.reveal()) + "; ";
  }
  // A script stands in an eval, so that a mistake in its syntax ends the subshell only. A text that
  // is cut off has no closing parenthesis and does nothing.
  text +=
      exec.argv.empty() ? "eval " + shell_in_quotes(exec.script) : "exec " + words_of(exec.argv);
  return text + " )";
}

std::string shell_command(const Exec& exec) {
  if (is_done_by_shell(exec)) {
    return words_of(exec.argv);
  }
  if (!exec.standard_input) {
    return shell_command_reading_on(exec) + " </dev/null";
  }
  return "{ " + shell_printf(exec.standard_input->reveal()) + "; } | " +
         shell_command_reading_on(exec);
}

void MarkedStream::keep(std::string_view bytes) {
  const std::size_t limit = limits_.empty() ? greeting_limit : limits_.front();
  const std::size_t room = limit - std::min(limit, text_.size());
  is_truncated_ = is_truncated_ || bytes.size() > room;
  text_.append(bytes.substr(0, room));
}

void MarkedStream::feed(std::string_view bytes) {
  pending_.append(bytes);
  std::size_t done = 0;
  for (;;) {
    const std::size_t mark = pending_.find(prefix_, done);
    if (mark == std::string::npos) {
      break;
    }
    const std::size_t begin = mark + prefix_.size();
    const std::size_t end = pending_.find('\n', begin);
    if (end == std::string::npos) {
      keep(std::string_view(pending_).substr(done, mark - done));
      pending_.erase(0, mark);
      return;
    }
    keep(std::string_view(pending_).substr(done, mark - done));
    parts_.push_back({.text = std::exchange(text_, {}),
                      .mark = pending_.substr(begin, end - begin),
                      .is_truncated = std::exchange(is_truncated_, false)});
    if (!limits_.empty()) {
      limits_.pop_front();
    }
    done = end + 1;
  }
  // The rest may end with the beginning of a mark: with a separator within the mark's length.
  std::string_view rest = std::string_view(pending_).substr(done);
  const std::size_t tail = rest.size() - std::min(rest.size(), prefix_.size() - 1);
  const std::size_t separator = rest.find('\036', tail);
  const std::size_t safe = separator == std::string_view::npos ? rest.size() : separator;
  keep(rest.substr(0, safe));
  pending_.erase(0, done + safe);
}

std::string Session::greeting() {
  output_.expect(greeting_limit);
  error_.expect(greeting_limit);
  are_tests_.push_back(false);
  // The session's word is in the shell's memory only. Programs in /sbin are found by all users.
  // Where there is /proc: when the shell started, and which boot this is.
  return "plan_mark_() { printf '\\036" + nonce_ + " %s %s\\n' \"$1\" \"$2\"; printf '\\036" +
         nonce_ +
         " %s\\n' \"$1\" >&2; }\n"
         "plan_test_() { printf '\\036" +
         nonce_ +
         " %s %s\\n' \"$1\" \"$2\"; if [ \"$2\" -gt 1 ]; then "
         "printf '\\036" +
         nonce_ +
         " %s\\n' \"$1\" >&2; fi; }\n"
         "cd /; unset ENV BASH_ENV CDPATH; set +m\n"
         "PATH=\"${PATH:-/usr/bin:/bin}:/usr/local/sbin:/usr/sbin:/sbin\"; export PATH\n"
         "plan_stat_=; plan_boot_=\n"
         "if [ -r \"/proc/$$/stat\" ]; then read -r plan_stat_ <\"/proc/$$/stat\"; fi\n"
         "if [ -r /proc/sys/kernel/random/boot_id ]; then "
         "read -r plan_boot_ </proc/sys/kernel/random/boot_id; fi\n"
         "set -- ${plan_stat_##*) }\n"
         "printf '\\036%s %s %s %s %s %s' \"$$\" \"$(id -u)\" \"$(id -un)\" \"$((6 * 7))\" "
         "\"${20:--}\" \"${plan_boot_:--}\"\n"
         "set --\n"
         "plan_mark_ 0 0\n";
}

std::string Session::framed(std::string_view command, std::size_t output_limit_bytes) {
  output_.expect(output_limit_bytes);
  error_.expect(output_limit_bytes);
  are_tests_.push_back(is_shell_test(command));
  ++sent_;
  std::string text;
  text.reserve(command.size() + 32);
  text += command;
  text += are_tests_.back() ? "\nplan_test_ " : "\nplan_mark_ ";
  text += std::to_string(sent_);
  text += " $?\n";
  return text;
}

std::optional<Answer> Session::next() {
  if (is_broken_ || output_.parts().empty()) {
    return std::nullopt;
  }
  MarkedStream::Part& out = output_.parts().front();
  Answer answer;
  std::string_view mark = out.mark;
  const bool is_read = read_number(mark, answer.number) && read_number(mark, answer.result.code);
  if (!is_read || are_tests_.empty() || answer.number != answered_) {
    is_broken_ = true;
    return std::nullopt;
  }
  if (are_tests_.front() && answer.result.code <= 1) {
    error_.skip();
  } else if (!take_error(answer)) {
    return std::nullopt;
  }
  ++answered_;
  are_tests_.pop_front();
  answer.result.out = std::move(out.text);
  answer.result.truncated = answer.result.truncated || out.is_truncated;
  output_.parts().pop_front();
  return answer;
}

// The part of standard error that belongs to the answer; false if it has not come or is another's.
bool Session::take_error(Answer& answer) {
  if (error_.parts().empty()) {
    return false;
  }
  MarkedStream::Part& err = error_.parts().front();
  std::string_view mark = err.mark;
  std::uint64_t number = 0;
  if (!read_number(mark, number) || number != answer.number) {
    is_broken_ = true;
    return false;
  }
  answer.result.err = std::move(err.text);
  answer.result.truncated = err.is_truncated;
  error_.parts().pop_front();
  return true;
}

std::optional<Hello> parse_hello(const ExecResult& answer) {
  const std::size_t begin = answer.out.rfind('\036');
  if (begin == std::string::npos) {
    return std::nullopt;
  }
  std::vector<std::string> words(1);
  for (const char letter : answer.out.substr(begin + 1)) {
    if (letter == ' ') {
      words.emplace_back();
    } else {
      words.back() += letter;
    }
  }
  if (words.size() != 6 || words[3] != "42") {
    return std::nullopt;
  }
  return Hello{
      .pid = words[0], .uid = words[1], .user = words[2], .started = words[4], .boot_id = words[5]};
}

}  // namespace plan::real
