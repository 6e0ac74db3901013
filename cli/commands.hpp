// One function for each command; each prints what it has to say and returns the exit status.
#pragma once

#include "cli/exit_code.hpp"
#include "cli/options.hpp"

namespace plan {

[[nodiscard]] ExitCode run_check(const Options& options);
[[nodiscard]] ExitCode run_lint(const Options& options);
[[nodiscard]] ExitCode run_preview(const Options& options);
[[nodiscard]] ExitCode run_apply(const Options& options);
[[nodiscard]] ExitCode run_rollback(const Options& options);
[[nodiscard]] ExitCode run_status(const Options& options);
[[nodiscard]] ExitCode run_graph(const Options& options);
[[nodiscard]] ExitCode run_fmt(const Options& options);
[[nodiscard]] ExitCode run_explain(const Options& options);
[[nodiscard]] ExitCode run_test(const Options& options);
[[nodiscard]] ExitCode run_mark_done(const Options& options);
[[nodiscard]] ExitCode run_approve(const Options& options);
[[nodiscard]] ExitCode run_adopt(const Options& options);
[[nodiscard]] ExitCode run_path(const Options& options);
[[nodiscard]] ExitCode run_doc(const Options& options);
[[nodiscard]] ExitCode run_verify(const Options& options);

}  // namespace plan
