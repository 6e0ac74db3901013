// A child process of the controller with three pipes, in a session of its own.
// The only home of Boost.Process. A process belongs to one thread; any thread may start one.
// No terminal is inherited, so that neither ssh nor sudo can ask there, and Ctrl-C in the
// terminal is the controller's alone. The destructor kills and reaps the process itself; what it
// has left in the background lives on, as on a remote host.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/action.hpp"
#include "runtime/real/fd.hpp"

namespace plan::real {

using Environment = std::vector<std::pair<std::string, std::string>>;

class Process {
 public:
  // `argv[0]` is looked up in the PATH. No argument may be empty: Boost.Process asks for the first
  // letter of each. `environment` replaces the controller's; empty: inherits it. Failure: E0613,
  // with errno.
  [[nodiscard]] static std::expected<Process, Failure> start(const std::vector<std::string>& argv,
                                                             const Environment& environment);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  ~Process();

  // Descriptors of the controller's side; non-blocking.
  [[nodiscard]] int input() const { return input_.get(); }
  [[nodiscard]] int output() const { return output_.get(); }
  [[nodiscard]] int error() const { return error_.get(); }
  void close_input() { input_.close(); }
  void close_output() { output_.close(); }
  void close_error() { error_.close(); }

  [[nodiscard]] int pid() const;
  // Exit status, 128 + n for signal n; nullopt while it runs.
  [[nodiscard]] std::optional<int> status();
  // Waits for the end; nullopt at the deadline or when `wake` is set.
  [[nodiscard]] std::optional<int> wait(const Wake& wake, Instant until);
  // To the process and everything in its group, while it has not been seen to end.
  void signal_group(int signal);

 private:
  struct Child;
  Process(std::unique_ptr<Child> child, Fd input, Fd output, Fd error);

  std::unique_ptr<Child> child_;
  Fd input_;
  Fd output_;
  Fd error_;
};

// A short command of the controller itself: its output and exit status. Both streams are bounded
// by 1 MiB. Failures: E0613, E0702, E0703.
struct Finished {
  int code = 0;
  std::string out;
  std::string err;
};
[[nodiscard]] std::expected<Finished, Failure> run_process(const std::vector<std::string>& argv,
                                                           const Environment& environment,
                                                           const Wake& wake,
                                                           Instant until);

}  // namespace plan::real
