// Long operations that outlive the connection, the controller, and are found again by name.
// On the host, /var/tmp/plan-UID/NAME (0700) is the job: `run` starts the command and writes
// `status` when it has ended; `begun` says which process that is and in which boot. Every step can
// be repeated: a directory appears whole (rename), a job begins once (link), a status is durable
// before it has its name.
#include <algorithm>
#include <charconv>

#include <poll.h>

#include "runtime/quote.hpp"
#include "runtime/real/failure.hpp"
#include "runtime/real/tasks.hpp"

namespace plan::real {

namespace {

using namespace std::chrono_literals;

constexpr auto first_job_pause = 30ms;
constexpr auto longest_job_pause = 2s;
constexpr auto start_limit = 10s;  // between launching and `begun`
constexpr int launch_limit = 3;
constexpr int keep_days = 14;  // what nobody fetched is removed when the next job starts
constexpr std::size_t name_limit = 200;

// Job names become file and unit names: other letters than these as .XX.
std::string file_name(std::string_view job) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string name;
  for (const char letter : job) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool is_plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                          (letter >= '0' && letter <= '9') || letter == '_' || letter == '-';
    if (is_plain) {
      name += letter;
    } else {
      name += {'.', digits[byte >> 4], digits[byte & 15]};
    }
  }
  if (name.size() > name_limit) {
    const std::size_t hash = std::hash<std::string_view>{}(job);
    name.resize(name_limit - 20);
    name += std::to_string(hash);
  }
  return name;
}

std::string where(std::string_view job) {
  return "b=/var/tmp/plan-$(id -u); j=$b/" + file_name(job) + "\n";
}

// The script that becomes the job. The secrets are read and removed before the command starts.
std::string runner(const Exec& exec) {
  Exec plain = exec;
  plain.env.clear();
  plain.standard_input.reset();
  return "cd \"$1\" || exit 1\n"
         "j=$1; stat=- boot=-\n"
         "if [ -r \"/proc/$$/stat\" ]; then read -r stat <\"/proc/$$/stat\"; fi\n"
         "if [ -r /proc/sys/kernel/random/boot_id ]; then "
         "read -r boot </proc/sys/kernel/random/boot_id; fi\n"
         "set -- ${stat##*) }\n"
         "printf '%s %s %s\\n' \"$$\" \"${20:--}\" \"$boot\" >\"begun.$$\"\n"
         "sync \"begun.$$\" 2>/dev/null || sync\n"
         "if ! ln \"begun.$$\" begun 2>/dev/null; then rm -f \"begun.$$\"; exit 0; fi\n"
         "rm -f \"begun.$$\"\n"
         // Before anything happens: a job that has begun must not look new after a power failure.
         "sync . .. 2>/dev/null || sync\n"
         "trap : TERM HUP INT\n"
         ". ./session\n"
         "if [ -e secrets ]; then . ./secrets; rm -f secrets; fi\n"
         "if [ -e input ]; then exec 3<input; rm -f input; else exec 3</dev/null; fi\n"
         "cd /\n"
         "{ " +
         shell_command_reading_on(plain) +
         "; } <&3 3<&- >\"$j/out\" 2>\"$j/err\"\n"
         "code=$?\n"
         "cd \"$j\"; umask 077; printf '%s\\n' \"$code\" >status.new\n"
         "sync out err status.new 2>/dev/null || sync\n"
         "mv -f status.new status\n"
         "sync . 2>/dev/null || sync\n";
}

// Makes the job's directory unless it is there, and launches it unless it has begun.
std::string start_text(const Exec& exec) {
  std::string text = "( u=$(umask); umask 077; " + where(exec.job);
  text +=
      "mkdir \"$b\" 2>/dev/null\n"
      "if [ ! -d \"$b\" ] || [ -L \"$b\" ] || [ ! -O \"$b\" ]; then "
      "echo \"$b is not ours\" >&2; exit 1; fi\n"
      "find \"$b\" -mindepth 1 -maxdepth 1 -mtime +" +
      std::to_string(keep_days) +
      " -exec sh -c 'if [ -f \"$1/status\" ]; then rm -rf \"$1\"; fi' sh {} \\; 2>/dev/null\n"
      "if [ ! -d \"$j\" ]; then t=$j.new.$$; rm -rf \"$t\"; mkdir \"$t\" || exit 1\n"
      "{ " +
      shell_printf(runner(exec)) +
      "; } >\"$t/run\" || { rm -rf \"$t\"; exit 1; }\n"
      "{ export -p; echo \"umask $u\"; } >\"$t/session\"\n";
  if (!exec.env.empty()) {
    std::string secrets;
    for (const auto& [name, value] : exec.env) {
      secrets += "export " + name + "=" + shell_in_quotes(value.reveal()) + "\n";
    }
    text += "{ " + shell_printf(secrets) + "; } >\"$t/secrets\" || { rm -rf \"$t\"; exit 1; }\n";
  }
  if (exec.standard_input) {
    text += "{ " + shell_printf(exec.standard_input->reveal()) +
            "; } >\"$t/input\" || { rm -rf \"$t\"; exit 1; }\n";
  }
  text +=
      "sync \"$t\"/* \"$t\" 2>/dev/null || sync\n"
      "mv \"$t\" \"$j\" || exit 1; sync \"$b\" 2>/dev/null || sync; fi\n"
      "if [ -e \"$j/begun\" ]; then exit 0; fi\n"
      // Its own unit where possible: outlives the session whatever logind is told to do. Processes
      // that the job leaves behind are its own business, hence KillMode.
      "if [ \"$(id -u)\" = 0 ] && [ -d /run/systemd/system ] && systemd-run --quiet --collect "
      "-p KillMode=process --unit=\"plan-${j##*/}\" -- /bin/sh \"$j/run\" \"$j\" 2>\"$j/launch\"; "
      "then exit 0; fi\n"
      "if command -v setsid >/dev/null 2>&1; then setsid /bin/sh \"$j/run\" \"$j\" "
      "2>/dev/null & else nohup /bin/sh \"$j/run\" \"$j\" 2>/dev/null & fi ) </dev/null >/dev/null";
  return text;
}

// Prints one of: absent, idle (not begun), running PID, ended CODE, rebooted, vanished.
std::string state_text(std::string_view job) {
  return "( " + where(job) +
         "boot=-; if [ -r /proc/sys/kernel/random/boot_id ]; then "
         "read -r boot </proc/sys/kernel/random/boot_id; fi\n"
         "ended() { if [ -f \"$j/status\" ]; then read -r c <\"$j/status\"; printf 'ended %s' "
         "\"$c\"; "
         "exit; fi; }\n"
         "ended\n"
         "if [ ! -d \"$j\" ]; then printf absent; exit; fi\n"
         "if [ ! -f \"$j/begun\" ]; then printf idle; exit; fi\n"
         "read -r p s at <\"$j/begun\"\n"
         "if [ \"$at\" != \"$boot\" ]; then printf rebooted; exit; fi\n"
         "if [ -r \"/proc/$p/stat\" ] && read -r stat <\"/proc/$p/stat\"; then set -- ${stat##*) "
         "}; "
         "if [ \"${20}\" = \"$s\" ]; then printf 'running %s' \"$p\"; exit; fi\n"
         // Without /proc there is only the number to go by.
         "elif [ \"$s\" = - ] && kill -s 0 \"$p\"; then printf 'running %s' \"$p\"; exit; fi\n"
         "ended; printf vanished ) 2>/dev/null </dev/null";
}

Failure vanished(const Exec& exec, const std::string& state) {
  Failure result = failure<Code::job_vanished>(
      FailureKind::unknown, exec.job, exec.host.name,
      state == "rebooted" ? "the host has rebooted since it began" : "its process has ended");
  result.notes.push_back("what it wrote is in /var/tmp/plan-UID/" + file_name(exec.job) +
                         " on the host, in `out` and `err`");
  return result;
}

struct Supervision {
  const Task& task;
  const Exec& exec;
  std::string what;

  // A command about the job; `changes` once at most.
  [[nodiscard]] Outcome ask(std::string text, bool is_observation) const {
    return run(task, {.host = exec.host,
                      .user = exec.user,
                      .text = std::move(text),
                      .what = what,
                      .is_observation = is_observation,
                      .output_limit_bytes = exec.output_limit_bytes});
  }
};

ActionResult fetch(const Supervision& job, std::string_view state) {
  const std::string code(state.substr(state.find(' ') + 1));
  Outcome outcome =
      job.ask("( " + where(job.exec.job) + "cat \"$j/out\"; cat \"$j/err\" >&2; exit " + code +
                  " ) </dev/null",
              true);
  if (auto* why = std::get_if<Failure>(&outcome)) {
    return std::move(*why);
  }
  if (code != "0") {
    // Done again, it is to run again.
    std::ignore = job.ask(forget_job_text(job.exec.job), false);
  }
  return std::move(std::get<ExecResult>(outcome));
}

// The job as cancelled: ended on the host as well.
ActionResult end_job(const Task& task, const Exec& exec, std::string_view pid) {
  const Wake never;
  const Task ending{task.hosts, task.action, now() + 5s, never};
  std::ignore = run(ending, {.host = exec.host,
                             .user = exec.user,
                             .text = "kill -s TERM -- -" + std::string(pid) + " 2>/dev/null",
                             .what = "ending job `" + exec.job + "`"});
  return cancelled_failure(task);
}

ActionResult not_started(const Exec& exec, const std::string& said) {
  return failure<Code::job_vanished>(FailureKind::refused, exec.job, exec.host.name,
                                     "it did not start: " + said);
}

}  // namespace

std::string forget_job_text(const std::string& job) {
  return "( " + where(job) + "if [ -f \"$j/status\" ]; then rm -rf \"$j\"; fi ) </dev/null";
}

ActionResult do_job(const Task& task, const Exec& exec) {
  const Supervision job{task, exec, describe(task.action.body)};
  std::chrono::milliseconds pause = first_job_pause;
  Instant launched;
  int launches = 0;
  std::string pid;
  for (;;) {
    Outcome outcome = job.ask(state_text(exec.job), true);
    if (auto* why = std::get_if<Failure>(&outcome)) {
      if (why->kind == FailureKind::cancelled && !pid.empty()) {
        return end_job(task, exec, pid);
      }
      // Once launched it may be running, whatever became of the connection.
      why->kind = launches > 0 ? FailureKind::unknown : why->kind;
      return std::move(*why);
    }
    const std::string state = std::get<ExecResult>(outcome).out;
    if (state.starts_with("ended ")) {
      return fetch(job, state);
    }
    if (state == "rebooted" || state == "vanished") {
      return vanished(exec, state);
    }
    if (state.starts_with("running ")) {
      pid = state.substr(8);
    }
    const bool is_idle = state == "absent" || state == "idle";
    if (is_idle && (launches == 0 || now() - launched > start_limit)) {
      if (++launches > launch_limit) {
        return not_started(exec, "nothing happened after " + duration_text(start_limit));
      }
      launched = now();
      outcome = job.ask(start_text(exec), false);
      const auto* why = std::get_if<Failure>(&outcome);
      if (why != nullptr && why->kind != FailureKind::unknown) {
        return *why;
      }
      if (why == nullptr && std::get<ExecResult>(outcome).code != 0) {
        return not_started(exec, last_lines(std::get<ExecResult>(outcome).err, 3));
      }
      continue;
    }
    if (now() + pause >= task.deadline) {
      Failure why = timed_out_failure(task, FailureKind::unknown);
      why.notes.push_back("it runs on as job `" + exec.job +
                          "`; going on with the run finds it again");
      return why;
    }
    const Wake never;
    if (wait_ready(task.cancelled.get(), POLLIN, never, now() + pause)) {
      return pid.empty() ? ActionResult(cancelled_failure(task)) : end_job(task, exec, pid);
    }
    pause = std::min<std::chrono::milliseconds>(pause * 3 / 2, longest_job_pause);
  }
}

}  // namespace plan::real
