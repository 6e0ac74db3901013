// One command's output into another's input, between any two hosts, through the controller.
// A stream that was cut off must never look complete: the source's shell writes a trailer with the
// exit status behind the data, which is held back and checked; only then does the sink see the end
// of its input. Otherwise it is killed first, because psql and many others take an early end for
// the regular one and commit.
#include <algorithm>
#include <csignal>

#include <poll.h>

#include "runtime/real/failure.hpp"
#include "runtime/real/tasks.hpp"

namespace plan::real {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t buffer_limit = 1 << 18;
constexpr std::size_t said_limit = 1 << 16;    // of each standard error: the last of it
constexpr std::size_t output_limit = 1 << 20;  // of the sink's output: the last of it
constexpr auto kill_limit = 5s;

struct End {
  const Exec& exec;
  Shell shell;
  std::string trailer;  // what stands before the status
  std::string out;      // of the source: data not yet given to the sink
  std::string err;
  bool out_ended = false;
  bool err_ended = false;
  std::optional<int> code;  // from the trailer
};

std::expected<End, Failure> open_end(const Task& task, const Exec& exec) {
  auto shell = open_shell(task.hosts.link(exec.host), exec.user, task.deadline, task.cancelled);
  if (!shell) {
    return std::unexpected(shell.error());
  }
  return End{.exec = exec,
             .shell = std::move(*shell),
             .trailer = "\036" + random_word() + " ",
             .out = {},
             .err = {},
             .code = std::nullopt};
}

std::string trailer_text(const End& end) {
  return "printf '\\036%s %s\\n' " + end.trailer.substr(1, 16) + " \"$?\"";
}

// Writes all of `text`; false at the deadline, on cancellation, or if nobody reads.
bool send(const Task& task, const End& end, std::string text) {
  while (!text.empty()) {
    const std::ptrdiff_t put = write_available(end.shell.process.input(), text);
    if (put < 0 || now() >= task.deadline || is_set(task.cancelled)) {
      return false;
    }
    text.erase(0, static_cast<std::size_t>(put));
    if (put == 0) {
      std::ignore = wait_ready(end.shell.process.input(), POLLOUT, task.cancelled, task.deadline);
    }
  }
  return true;
}

// The sink's shell must have read its own text before data comes: it says so.
bool start_sink(const Task& task, End& sink) {
  const std::string ready = sink.trailer + "ready\n";
  const std::string text = "{ printf '\\036%s ready\\n' " + sink.trailer.substr(1, 16) + " >&2; " +
                           shell_command_reading_on(sink.exec) + "; " + trailer_text(sink) +
                           "; exit; }\n";
  if (!send(task, sink, text)) {
    return false;
  }
  while (sink.err.find(ready) == std::string::npos) {
    if (!wait_ready(sink.shell.process.error(), POLLIN, task.cancelled, task.deadline) ||
        read_available(sink.shell.process.error(), sink.err) == ReadState::end) {
      return false;
    }
  }
  sink.err.erase(0, sink.err.find(ready) + ready.size());
  return true;
}

// Kills what runs, before the end of its input can reach it.
void kill_end(const Task& task, End& end) {
  if (end.shell.process.status()) {
    return;
  }
  if (end.exec.host.is_local) {
    end.shell.process.signal_group(SIGKILL);
    return;
  }
  const Wake never;
  const Task killing{task.hosts, task.action, now() + kill_limit, never};
  std::ignore = run(killing, {.host = end.exec.host,
                              .user = end.exec.user,
                              .text = kill_text(end.shell.group, Kill::at_once),
                              .what = "ending a transfer",
                              .is_observation = true});
}

// Takes the trailer off the end of the output.
void read_trailer(End& end) {
  const std::size_t at = end.out.rfind(end.trailer);
  if (at == std::string::npos || end.out.back() != '\n') {
    return;
  }
  end.code = std::atoi(end.out.c_str() + at + end.trailer.size());
  end.out.resize(at);
}

void bound(std::string& text, std::size_t limit) {
  if (text.size() > limit) {
    text.erase(0, text.size() - limit);
  }
}

void read_end(End& end, short out_events, short err_events) {
  if (out_events != 0 && read_available(end.shell.process.output(), end.out) == ReadState::end) {
    end.out_ended = true;
    read_trailer(end);
  }
  if (err_events != 0) {
    end.err_ended = read_available(end.shell.process.error(), end.err) == ReadState::end;
    bound(end.err, said_limit);
  }
}

// What of the source's output is data for sure.
std::size_t data_size(const End& source) {
  if (source.out_ended) {
    return source.code == 0 ? source.out.size() : 0;
  }
  const std::size_t held_back = source.trailer.size() + 4;
  return source.out.size() - std::min(source.out.size(), held_back);
}

Failure broken(
    const Pipe& pipe, FailureKind kind, std::string why, const End& source, const End& sink) {
  Failure result =
      failure<Code::pipe_broken>(kind, pipe.source.host.name, pipe.sink.host.name, why);
  for (const End* end : {&source, &sink}) {
    if (const std::string said = last_lines(end->err); !said.empty()) {
      result.notes.push_back((end == &source ? "the source said: " : "the sink said: ") + said);
    }
  }
  return result;
}

struct Transfer {
  std::uint64_t size_bytes = 0;
  bool sink_reads = true;  // its input is open and it takes more
};

// One round; false when both streams have ended.
bool move(const Task& task, End& source, End& sink, Transfer& transfer) {
  const bool has_room = source.out.size() < buffer_limit;
  const std::size_t ready_bytes = data_size(source);
  const bool is_complete = source.out_ended && source.code == 0 && source.out.empty();
  if (is_complete && transfer.sink_reads) {
    sink.shell.process.close_input();
    transfer.sink_reads = false;
  }
  pollfd polled[6] = {
      {source.out_ended || !has_room ? -1 : source.shell.process.output(), POLLIN, 0},
      {source.err_ended ? -1 : source.shell.process.error(), POLLIN, 0},
      {sink.out_ended ? -1 : sink.shell.process.output(), POLLIN, 0},
      {sink.err_ended ? -1 : sink.shell.process.error(), POLLIN, 0},
      {transfer.sink_reads && ready_bytes > 0 ? sink.shell.process.input() : -1, POLLOUT, 0},
      {task.cancelled.get(), POLLIN, 0}};
  ::poll(polled, 6, poll_timeout(task.deadline));
  read_end(source, polled[0].revents, polled[1].revents);
  read_end(sink, polled[2].revents, polled[3].revents);
  bound(sink.out, output_limit);
  if (polled[4].revents != 0) {
    const std::ptrdiff_t put = write_available(sink.shell.process.input(),
                                               std::string_view(source.out).substr(0, ready_bytes));
    if (put < 0) {
      transfer.sink_reads = false;
      return false;
    }
    source.out.erase(0, static_cast<std::size_t>(put));
    transfer.size_bytes += static_cast<std::uint64_t>(put);
  }
  const bool source_failed = source.out_ended && source.code != 0;
  return !source_failed && !(sink.out_ended && sink.err_ended);
}

std::string ended_text(const Exec& exec, int code) {
  return describe(exec) + " on host `" + exec.host.name + "` ended with exit status " +
         std::to_string(code);
}

ActionResult judge(const Pipe& pipe, End& source, End& sink, const Transfer& transfer) {
  if (source.out_ended && !source.code) {
    return broken(pipe, FailureKind::unknown, "the source's connection was lost", source, sink);
  }
  if (source.out_ended && source.code != 0) {
    return broken(pipe, FailureKind::failed, ended_text(pipe.source, *source.code), source, sink);
  }
  if (!sink.code) {
    return broken(pipe, FailureKind::unknown, "the sink's connection was lost", source, sink);
  }
  if (*sink.code != 0) {
    return broken(pipe, FailureKind::failed, ended_text(pipe.sink, *sink.code), source, sink);
  }
  if (!source.code || !source.out.empty()) {
    return broken(pipe, FailureKind::failed, "the sink ended before it had read everything", source,
                  sink);
  }
  PipeResult result;
  result.size_bytes = transfer.size_bytes;
  result.source = {.code = 0, .out = {}, .err = std::move(source.err)};
  result.sink = {.code = 0, .out = std::move(sink.out), .err = std::move(sink.err)};
  return result;
}

}  // namespace

ActionResult do_pipe(const Task& task, const Pipe& pipe) {
  auto sink = open_end(task, pipe.sink);
  if (!sink) {
    return std::move(sink.error());
  }
  auto source = open_end(task, pipe.source);
  if (!source) {
    return std::move(source.error());
  }
  if (!start_sink(task, *sink)) {
    kill_end(task, *sink);
    return broken(pipe, FailureKind::unknown, "the sink did not start", *source, *sink);
  }
  const bool is_started =
      send(task, *source,
           "{ " + shell_command(pipe.source) + "; " + trailer_text(*source) + "; exit; }\n");
  Transfer transfer;
  bool is_over = !is_started;
  while (!is_over) {
    is_over =
        !move(task, *source, *sink, transfer) || now() >= task.deadline || is_set(task.cancelled);
  }
  const bool is_complete = source->code == 0 && source->out.empty() && sink->code == 0;
  if (!is_complete) {
    kill_end(task, *sink);
    // What the sink says after that is of no interest, what it said before is.
    std::ignore = read_available(sink->shell.process.error(), sink->err);
    if (!sink->out_ended) {
      std::ignore = read_available(sink->shell.process.output(), sink->out);
      read_trailer(*sink);
    }
    kill_end(task, *source);
  }
  if (!is_complete && is_set(task.cancelled)) {
    return cancelled_failure(task);
  }
  if (!is_complete && now() >= task.deadline) {
    return timed_out_failure(task, FailureKind::unknown);
  }
  return judge(pipe, *source, *sink, transfer);
}

}  // namespace plan::real
