#include <condition_variable>

#include <poll.h>

#include "runtime/real/failure.hpp"
#include "runtime/real/tasks.hpp"

namespace plan::real {

Hosts::~Hosts() {
  stop_.set();
  entries_.clear();
}

Hosts::Entry& Hosts::entry(const HostAddress& host) {
  const Key key =
      host.is_local ? Key{true, "", "", 0} : Key{false, host.address, host.user, host.port};
  Entry& found = entries_[key];
  if (!found.link) {
    found.link = std::make_unique<Link>(host, options_, stop_);
  }
  found.link->learn(host);
  return found;
}

Link& Hosts::link(const HostAddress& host) {
  const std::lock_guard lock(mutex_);
  return *entry(host).link;
}

ShellPool& Hosts::pool(const HostAddress& host, const std::string& user) {
  const std::lock_guard lock(mutex_);
  Entry& found = entry(host);
  std::unique_ptr<ShellPool>& pool = found.pools[user];
  if (!pool) {
    pool = std::make_unique<ShellPool>(*found.link, user, stop_);
  }
  return *pool;
}

bool is_set(const Wake& wake) {
  pollfd polled{.fd = wake.get(), .events = POLLIN, .revents = 0};
  return ::poll(&polled, 1, 0) > 0;
}

Failure cancelled_failure(const Task& task) {
  return failure<Code::action_cancelled>(FailureKind::cancelled, describe(task.action.body));
}

Failure timed_out_failure(const Task& task, FailureKind kind) {
  return failure<Code::action_timed_out>(kind, duration_text(task.action.timeout),
                                         describe(task.action.body));
}

Outcome run(const Task& task, const Command& command) {
  ShellPool& pool = task.hosts.pool(command.host, command.user);
  std::mutex mutex;
  std::optional<Outcome> outcome;
  const Wake finished;
  Request request;
  request.ticket = task.hosts.next_ticket();
  request.text = command.text;
  request.what = command.what;
  request.is_observation = command.is_observation;
  request.output_limit_bytes = command.output_limit_bytes;
  request.deadline = task.deadline;
  request.timeout = task.action.timeout;
  request.done = [&mutex, &outcome, &finished](Outcome result) {
    const std::lock_guard lock(mutex);
    outcome = std::move(result);
    finished.set();
  };
  const std::uint64_t ticket = request.ticket;
  pool.submit(std::move(request));
  bool is_cancelled = false;
  for (;;) {
    // The pool answers at the deadline, and soon after cancel(), so this ends.
    const Wake never;
    std::ignore =
        is_cancelled
            ? wait_ready(finished.get(), POLLIN, never, now() + std::chrono::seconds(1))
            : wait_ready(finished.get(), POLLIN, task.cancelled, now() + std::chrono::minutes(1));
    {
      const std::lock_guard lock(mutex);
      if (outcome) {
        return std::move(*outcome);
      }
    }
    if (is_set(task.cancelled)) {
      is_cancelled = true;
      pool.cancel(ticket);
    }
  }
}

}  // namespace plan::real
