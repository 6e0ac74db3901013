// argv -> command -> exit code; the only catch-all.
#include <algorithm>
#include <csignal>
#include <exception>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <malloc.h>

#include "cli/commands.hpp"
#include "cli/show.hpp"
#include "cli/terminal.hpp"

namespace plan {

namespace {

ExitCode run(const Options& options) {
  switch (options.command) {
    case Command::check:
      return run_check(options);
    case Command::preview:
      return run_preview(options);
    case Command::apply:
      return run_apply(options);
    case Command::rollback:
      return run_rollback(options);
    case Command::status:
      return run_status(options);
    case Command::graph:
      return run_graph(options);
    case Command::fmt:
      return run_fmt(options);
    case Command::explain:
      return run_explain(options);
    case Command::test:
      return run_test(options);
    case Command::lint:
      return run_lint(options);
    case Command::mark_done:
      return run_mark_done(options);
    case Command::approve:
      return run_approve(options);
    case Command::adopt:
      return run_adopt(options);
    case Command::path:
      return run_path(options);
    case Command::doc:
      return run_doc(options);
    case Command::verify:
      return run_verify(options);
  }
  return ExitCode::internal_error;
}

ExitCode run_program(int argc, const char* const* argv) {
  const auto parsed = parse_options(argc, argv);
  if (const auto* stop = std::get_if<Stop>(&parsed)) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    if (stop->code != ExitCode::done && std::ranges::find(words, "--json") != words.end()) {
      Options as_json;
      as_json.is_json = true;
      std::string_view text = stop->text;
      text.remove_prefix(text.starts_with("plan: ") ? 6 : 0);
      show_problem(text.substr(0, text.find('\n')), as_json);
      return stop->code;
    }
    print(stop->code == ExitCode::done ? Stream::out : Stream::error, stop->text);
    return stop->code;
  }
  const ExitCode code = run(std::get<Options>(parsed));
  // What a command was asked for is its output. Of a run the exit status has more to say.
  const std::string problem = output_problem();
  if (!problem.empty()) {
    print(Stream::error, fmt::format("plan: cannot write to standard output: {}\n", problem));
    const Command command = std::get<Options>(parsed).command;
    const bool is_run = command == Command::apply || command == Command::rollback;
    return code == ExitCode::done && !is_run ? ExitCode::usage : code;
  }
  return code;
}

// Compiling a large plan is a question of memory: a page that the C library has once got from the
// kernel is used again rather than given back and asked for anew, whichever thread it was for.
void keep_memory() {
#ifdef __GLIBC__
  constexpr int mebibyte = 1 << 20;
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 32 * mebibyte);
  mallopt(M_TRIM_THRESHOLD, 1024 * mebibyte);
  mallopt(M_TOP_PAD, 4 * mebibyte);
#endif
}

}  // namespace

}  // namespace plan

int main(int argc, char** argv) {
  plan::keep_memory();
  // Who reads our output may go away before us; the writes fail, and that is all.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    return static_cast<int>(plan::run_program(argc, argv));
  } catch (const std::exception& error) {
    plan::print(plan::Stream::error,
                fmt::format("plan: this is a bug in plan: {}\n"
                            "What was done so far is in the journal; `plan status` shows it.\n",
                            error.what()));
    return static_cast<int>(plan::ExitCode::internal_error);
  }
}
