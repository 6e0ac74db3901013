#include "runtime/real/process.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <mutex>
#include <system_error>

#include <boost/process/args.hpp>
#include <boost/process/child.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/posix.hpp>
#include <boost/process/search_path.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/real/failure.hpp"

namespace plan::real {

namespace bp = boost::process;

namespace {

constexpr std::size_t output_limit_bytes = 1 << 20;

// Boost.Process 1.74 makes a pipe whose ends are inherited by a child that another thread starts
// at the same moment; it would then wait for the other child's end. So one start at a time.
std::mutex& start_mutex() {
  static std::mutex mutex;
  return mutex;
}

struct Pipes {
  Fd child_input, input, output, child_output, error, child_error;
};

std::optional<Pipes> make_pipes() {
  std::array<std::array<int, 2>, 3> ends{};
  for (std::size_t index = 0; index < 3; ++index) {
    if (::pipe2(ends[index].data(), O_CLOEXEC) != 0) {
      const int why = errno;
      for (std::size_t made = 0; made < index; ++made) {
        ::close(ends[made][0]);
        ::close(ends[made][1]);
      }
      errno = why;
      return std::nullopt;
    }
  }
  for (const int fd : {ends[0][1], ends[1][0], ends[2][0]}) {
    ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  return Pipes{Fd(ends[0][0]), Fd(ends[0][1]), Fd(ends[1][0]),
               Fd(ends[1][1]), Fd(ends[2][0]), Fd(ends[2][1])};
}

// In the child: own session, the default signals.
void leave_controller() {
  ::setsid();
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  ::signal(SIGHUP, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

Failure cannot_start(const std::string& program, int error) {
  Failure result = failure<Code::program_missing>(FailureKind::refused, program,
                                                  std::generic_category().message(error));
  result.system_error = error;
  return result;
}

// Ends of children are looked for at this pace: there is no portable descriptor to wait on that
// works beside Boost.Process' own waitpid.
constexpr std::chrono::milliseconds reap_pace{2};

}  // namespace

struct Process::Child {
  bp::child child;
  pid_t pid = 0;
  std::optional<int> status;
};

Process::Process(std::unique_ptr<Child> child, Fd input, Fd output, Fd error)
    : child_(std::move(child)),
      input_(std::move(input)),
      output_(std::move(output)),
      error_(std::move(error)) {}
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;

Process::~Process() {
  if (!child_ || child_->status) {
    return;
  }
  ::kill(child_->pid, SIGKILL);
  int raw = 0;
  while (::waitpid(child_->pid, &raw, 0) < 0 && errno == EINTR) {
  }
  child_->child.detach();
}

std::expected<Process, Failure> Process::start(const std::vector<std::string>& argv,
                                               const Environment& environment) {
  const boost::filesystem::path program = argv[0].find('/') != std::string::npos
                                              ? boost::filesystem::path(argv[0])
                                              : bp::search_path(argv[0]);
  if (program.empty()) {
    return std::unexpected(cannot_start(argv[0], ENOENT));
  }
  // Not Boost's own environment: version 1.74 reads freed memory in it.
  std::vector<std::string> variables;
  std::vector<char*> pointers;
  for (const auto& [name, value] : environment) {
    variables.push_back(name + "=" + value);
  }
  for (std::string& variable : variables) {
    pointers.push_back(variable.data());
  }
  pointers.push_back(nullptr);
  char** const chosen = environment.empty() ? environ : pointers.data();
  const std::lock_guard lock(start_mutex());
  std::optional<Pipes> pipes = make_pipes();
  if (!pipes) {
    return std::unexpected(cannot_start(argv[0], errno));
  }
  auto child = std::make_unique<Child>();
  std::error_code why;
  child->child = bp::child(
      bp::exe = program, bp::args = std::vector<std::string>(argv.begin() + 1, argv.end()),
      bp::posix::fd.bind(STDIN_FILENO, pipes->child_input.get()),
      bp::posix::fd.bind(STDOUT_FILENO, pipes->child_output.get()),
      bp::posix::fd.bind(STDERR_FILENO, pipes->child_error.get()),
      bp::extend::on_setup = [chosen](auto& executor) { executor.env = chosen; },
      bp::extend::on_exec_setup = [](auto&) { leave_controller(); }, why);
  if (why) {
    return std::unexpected(cannot_start(argv[0], why.value()));
  }
  child->pid = child->child.id();
  return Process(std::move(child), std::move(pipes->input), std::move(pipes->output),
                 std::move(pipes->error));
}

int Process::pid() const {
  return child_->pid;
}

std::optional<int> Process::status() {
  if (child_->status) {
    return child_->status;
  }
  int raw = 0;
  if (::waitpid(child_->pid, &raw, WNOHANG) != child_->pid) {
    return std::nullopt;
  }
  child_->child.detach();
  child_->status = WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
  return child_->status;
}

std::optional<int> Process::wait(const Wake& wake, Instant until) {
  for (;;) {
    if (const std::optional<int> ended = status()) {
      return ended;
    }
    if (now() >= until) {
      return std::nullopt;
    }
    pollfd polled{.fd = wake.get(), .events = POLLIN, .revents = 0};
    if (::poll(&polled, 1, static_cast<int>(reap_pace.count())) > 0) {
      return status();
    }
  }
}

void Process::signal_group(int signal) {
  // Once the leader is reaped, its number may be another group's.
  if (child_ && !child_->status) {
    ::kill(-child_->pid, signal);
  }
}

std::expected<Finished, Failure> run_process(const std::vector<std::string>& argv,
                                             const Environment& environment,
                                             const Wake& wake,
                                             Instant until) {
  auto process = Process::start(argv, environment);
  if (!process) {
    return std::unexpected(process.error());
  }
  process->close_input();
  Finished result;
  bool out_ended = false;
  bool err_ended = false;
  std::string block;
  const auto drain = [&block](int fd, std::string& into) {
    block.clear();
    const ReadState state = read_available(fd, block);
    into.append(block, 0, output_limit_bytes - std::min(output_limit_bytes, into.size()));
    return state == ReadState::end;
  };
  while (!out_ended || !err_ended) {
    pollfd polled[3] = {{out_ended ? -1 : process->output(), POLLIN, 0},
                        {err_ended ? -1 : process->error(), POLLIN, 0},
                        {wake.get(), POLLIN, 0}};
    ::poll(polled, 3, poll_timeout(until));
    if (polled[2].revents != 0) {
      process->signal_group(SIGKILL);
      return std::unexpected(failure<Code::action_cancelled>(FailureKind::cancelled, argv[0]));
    }
    if (now() >= until) {
      process->signal_group(SIGKILL);
      return std::unexpected(
          failure<Code::action_timed_out>(FailureKind::unknown, "its time", argv[0]));
    }
    out_ended = out_ended || (polled[0].revents != 0 && drain(process->output(), result.out));
    err_ended = err_ended || (polled[1].revents != 0 && drain(process->error(), result.err));
  }
  const std::optional<int> code = process->wait(wake, until);
  if (!code) {
    return std::unexpected(
        failure<Code::action_timed_out>(FailureKind::unknown, "its time", argv[0]));
  }
  result.code = *code;
  return result;
}

}  // namespace plan::real
