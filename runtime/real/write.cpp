// Writing a file so that a reader, or a power failure, sees the old content or the new one.
#include <cerrno>

#include "runtime/quote.hpp"
#include "runtime/real/failure.hpp"
#include "runtime/real/tasks.hpp"

namespace plan::real {

namespace {

// Mode and owner are set before the file has its name. Without a mode or an owner the present
// file's are kept. A symbolic link stays one; what it points to is written.
std::string write_text(const WriteFile& file) {
  const std::string temporary = ".plan-" + random_word();
  std::string text = "( umask 077; p=" + shell_in_quotes(file.path) +
                     "; m=" + shell_in_quotes(file.mode) + "; o=" + shell_in_quotes(file.owner) +
                     "\n";
  text +=
      "if [ -L \"$p\" ]; then p=$(readlink -f -- \"$p\") || exit 1; fi\n"
      "if [ -d \"$p\" ]; then echo 'it is a directory' >&2; exit 1; fi\n"
      "case $p in */*) d=${p%/*}/ ;; *) d=./ ;; esac\n"
      "t=$d" +
      temporary +
      "\n"
      "fail() { rm -f -- \"$t\" 2>/dev/null; exit 1; }\n"
      "if [ -e \"$p\" ]; then m=${m:-$(stat -c %a -- \"$p\")}; o=${o:-$(stat -c %u:%g -- \"$p\")}; "
      "fi\n"
      "{ " +
      shell_printf(file.content.reveal()) +
      "; } | cat >\"$t\" || fail\n"
      "if [ -n \"$o\" ] && [ \"$o\" != \"$(stat -c %u:%g -- \"$t\")\" ]; then "
      "chown -- \"$o\" \"$t\" || fail; fi\n"
      "chmod -- \"${m:-0644}\" \"$t\" || fail\n"
      "sync \"$t\" 2>/dev/null || sync || fail\n"
      "mv -f -- \"$t\" \"$p\" || fail\n"
      "sync \"$d\" 2>/dev/null || sync )";
  return text;
}

}  // namespace

ActionResult do_write(const Task& task, const WriteFile& file) {
  Outcome outcome = run(task, {.host = file.host,
                               .user = file.user,
                               .text = write_text(file),
                               .what = describe(task.action.body)});
  if (auto* why = std::get_if<Failure>(&outcome)) {
    return std::move(*why);
  }
  const ExecResult& result = std::get<ExecResult>(outcome);
  if (result.code == 0) {
    return std::monostate{};
  }
  const std::string said = last_lines(result.err, 3);
  if (said.find("No space left") != std::string::npos || said.find("quota") != std::string::npos) {
    Failure why = failure<Code::disk_full>(FailureKind::failed, file.host.name,
                                           "`" + file.path + "` is as it was");
    why.notes.push_back(said);
    why.system_error = ENOSPC;
    return why;
  }
  return failure<Code::file_not_written>(FailureKind::failed, file.path, file.host.name, said);
}

}  // namespace plan::real
