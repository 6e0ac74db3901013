// Reaching a host and learning what it is.
#include <algorithm>

#include "runtime/real/failure.hpp"
#include "runtime/real/tasks.hpp"

namespace plan::real {

namespace {

// Four lines; empty where the host does not tell, or a file is.
constexpr std::string_view questions =
    "( for file in /etc/machine-id /proc/sys/kernel/random/boot_id; do "
    "printf '%s\\n' \"$(head -n 1 \"$file\" 2>/dev/null)\"; done; uname -sr; if [ -r "
    "/etc/os-release ]; then . /etc/os-release; elif [ -r "
    "/usr/lib/os-release ]; then . /usr/lib/os-release; fi; printf '%s\\n' "
    "\"${PRETTY_NAME:-$(uname -s)}\" ) </dev/null";

std::string next_line(std::string& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string line = text.substr(0, end);
  text.erase(0, end + 1);
  return line;
}

}  // namespace

ActionResult do_connect(const Task& task, const Connect& connect) {
  const std::string what = describe(task.action.body);
  Outcome outcome = run(task, {.host = connect.host,
                               .user = {},
                               .text = std::string(questions),
                               .what = what,
                               .is_observation = true});
  if (auto* why = std::get_if<Failure>(&outcome)) {
    return std::move(*why);
  }
  std::string text = std::get<ExecResult>(outcome).out;
  ConnectResult result;
  result.machine_id = next_line(text);
  result.boot_id = next_line(text);
  result.kernel = next_line(text);
  result.os = next_line(text);
  for (const std::string& user : connect.users) {
    Outcome became = run(
        task,
        {.host = connect.host, .user = user, .text = "true", .what = what, .is_observation = true});
    if (auto* why = std::get_if<Failure>(&became)) {
      return std::move(*why);
    }
  }
  return result;
}

}  // namespace plan::real
