#include "runtime/real/pool.hpp"

#include <algorithm>
#include <csignal>
#include <thread>

#include <poll.h>

#include "runtime/real/failure.hpp"

namespace plan::real {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t channel_limit = 4;
// A command that waits longer than this gets a shell of its own, or a running one is too slow to
// have others behind it.
constexpr auto patience = 20ms;
constexpr std::size_t first_window = 32;
constexpr std::size_t largest_window = 1024;
// Commands that take less than this gain nothing from another shell.
constexpr auto quick = 1ms;
constexpr std::size_t unsent_limit = 65'536;
constexpr int death_limit = 3;
constexpr auto first_pause = 250ms;
constexpr auto longest_pause = 4s;

}  // namespace

// Lives as long as its thread. Members marked (pool) are guarded by the pool's mutex, the others
// are the thread's own.
struct ShellPool::Channel {
  struct Slot {
    std::optional<Request> request;  // none: was taken back; its answer is dropped
    std::size_t size = 0;
  };

  std::thread thread;
  Wake wake;
  bool is_idle = false;                  // (pool) sleeps, takes anything
  bool takes_observations = false;       // (pool) sleeps, has room for those that observe
  bool is_ended = false;                 // (pool) takes nothing more
  std::atomic<bool> is_finished{false};  // its thread has nothing left to do
  std::vector<std::uint64_t> cancelled;  // (pool)

  std::optional<Shell> shell;
  std::deque<Slot> in_flight;
  std::string unsent;
  std::size_t window = first_window;
  bool leaves_waiting = false;             // when it last took from the queue, some were left
  bool runs_change = false;                // the command in flight is not an observation
  Instant next_deadline = Instant::max();  // not after the first deadline of those in flight
  Instant head_since;                      // since when the first one in flight is being waited for
  std::chrono::milliseconds pause = first_pause;
};

ShellPool::ShellPool(Link& link, std::string user, const Wake& stop)
    : link_(link), user_(std::move(user)), stop_(stop) {}

ShellPool::~ShellPool() {
  is_stopping_ = true;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& channel : channels_) {
      channel->wake.set();
    }
  }
  for (const auto& channel : channels_) {
    channel->thread.join();
  }
}

void ShellPool::deliver(std::vector<Done>& done) {
  for (Done& one : done) {
    one.done(std::move(one.outcome));
  }
}

void ShellPool::submit(Request request) {
  const bool is_observation = request.is_observation;
  request.queued = now();
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(request));
  wake_one(is_observation);
}

// With the mutex held.
void ShellPool::wake_one(bool is_observation) {
  bool has_channel = false;
  for (const auto& channel : channels_) {
    if (channel->is_ended) {
      continue;
    }
    has_channel = true;
    if (channel->is_idle || (is_observation && channel->takes_observations)) {
      channel->is_idle = false;
      channel->takes_observations = false;
      channel->wake.set();
      return;
    }
  }
  if (!has_channel) {
    add_channel();
    return;
  }
  if (waiting_.size() == 1) {
    // All are busy: one has to watch how long this waits.
    const auto watcher =
        std::ranges::find(channels_, false, [](const auto& channel) { return channel->is_ended; });
    (*watcher)->wake.set();
  }
}

// With the mutex held.
void ShellPool::add_channel() {
  std::erase_if(channels_, [](const auto& channel) {
    if (!channel->is_finished) {
      return false;
    }
    channel->thread.join();
    return true;
  });
  Channel& fresh = *channels_.emplace_back(std::make_unique<Channel>());
  fresh.thread = std::thread([this, &fresh] { serve(fresh); });
}

void ShellPool::cancel(std::uint64_t ticket) {
  std::vector<Done> done;
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(waiting_, ticket, &Request::ticket);
    if (found != waiting_.end()) {
      done.push_back({std::move(found->done),
                      failure<Code::action_cancelled>(FailureKind::cancelled, found->what)});
      waiting_.erase(found);
    } else {
      for (const auto& channel : channels_) {
        channel->cancelled.push_back(ticket);
        channel->wake.set();
      }
    }
  }
  deliver(done);
}

void ShellPool::serve(Channel& me) {
  block_signals();
  ++link_.channels;
  while (wait_for_work(me)) {
    if (!me.shell && !open(me)) {
      continue;
    }
    fill(me);
    exchange(me);
    settle(me);
  }
  drop_shell(me);
  --link_.channels;
  me.is_finished = true;
}

// False when the thread is to end: the pool stops, or it was idle for long and is not the last.
bool ShellPool::wait_for_work(Channel& me) {
  const Instant idle_since = now();
  const auto idle_limit = link_.options().idle_limit;
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      me.wake.clear();
      if (is_stopping_ || me.is_ended) {
        return false;
      }
      if (!me.in_flight.empty() || !waiting_.empty()) {
        me.is_idle = false;
        return true;
      }
      me.cancelled.clear();
      const auto alive = std::ranges::count(channels_, false,
                                            [](const auto& channel) { return channel->is_ended; });
      if (alive > 1 && now() - idle_since >= idle_limit) {
        me.is_ended = true;
        return false;
      }
      me.is_idle = true;
    }
    // An idle shell whose streams end has lost its connection.
    const int watched = me.shell ? me.shell->process.output() : -1;
    // The last channel goes on waiting, however long it has been idle.
    if (wait_ready(watched, POLLIN, me.wake, now() + idle_limit) && me.shell) {
      std::string bytes;
      if (read_available(watched, bytes) == ReadState::end) {
        me.shell.reset();
      } else {
        me.shell->session.feed_output(bytes);
      }
    }
  }
}

bool ShellPool::open(Channel& me) {
  Instant until = now() + 1min;
  {
    const std::lock_guard lock(mutex_);
    for (const Request& request : waiting_) {
      until = std::min(until, request.deadline);
    }
  }
  auto shell = open_shell(link_, user_, until, stop_);
  if (shell) {
    me.shell = std::move(*shell);
    me.window = first_window;
    me.pause = first_pause;
    const std::lock_guard lock(mutex_);
    open_failure_.reset();
    return true;
  }
  const Failure why = std::move(shell.error());
  {
    const std::lock_guard lock(mutex_);
    open_failure_ = why;
    // Where others do the work, this one was only to make it faster.
    me.is_ended = std::ranges::any_of(channels_, [&me](const auto& channel) {
      return channel.get() != &me && !channel->is_ended;
    });
    if (is_stopping_ || me.is_ended) {
      return false;
    }
  }
  if (now() < until && (!why.is_retryable || !link_.was_ever_up())) {
    fail_waiting(why);
    return false;
  }
  expire();
  if (now() < until) {
    std::ignore = wait_ready(stop_.get(), POLLIN, me.wake, now() + me.pause);
    me.pause = std::min<std::chrono::milliseconds>(me.pause * 2, longest_pause);
  }
  return false;
}

void ShellPool::fail_waiting(const Failure& failure) {
  std::vector<Done> done;
  {
    const std::lock_guard lock(mutex_);
    for (Request& request : waiting_) {
      done.push_back({std::move(request.done), failure});
    }
    waiting_.clear();
  }
  deliver(done);
}

// Completes what has waited until its deadline: it was not begun.
void ShellPool::expire() {
  std::vector<Done> done;
  {
    const std::lock_guard lock(mutex_);
    const Instant present = now();
    next_expiry_ = present + 10ms;
    for (Request& request : waiting_) {
      if (request.deadline <= present) {
        Failure why = open_failure_ ? *open_failure_
                                    : failure<Code::action_timed_out>(
                                          FailureKind::refused, duration_text(request.timeout),
                                          request.what + " waited for a free shell");
        why.is_retryable = true;
        done.push_back({std::move(request.done), std::move(why)});
      }
    }
    std::erase_if(waiting_, [](const Request& request) { return !request.done; });
  }
  deliver(done);
}

// Takes from the queue what this shell can have now.
void ShellPool::fill(Channel& me) {
  const std::lock_guard lock(mutex_);
  const bool was_empty = me.in_flight.empty();
  if (!me.runs_change) {
    for (const ProcessGroup& group : std::exchange(left_behind_, {})) {
      const std::string framed = me.shell->session.framed(kill_text(group), 0);
      me.unsent += framed;
      me.in_flight.push_back({.request = std::nullopt, .size = framed.size()});
    }
  }
  while (!waiting_.empty() && me.unsent.size() < unsent_limit) {
    const bool is_free = me.in_flight.empty();
    const bool can_follow =
        !me.runs_change && waiting_.front().is_observation && me.in_flight.size() < me.window;
    if (!is_free && !can_follow) {
      break;
    }
    Request request = std::move(waiting_.front());
    waiting_.pop_front();
    me.runs_change = !request.is_observation;
    me.next_deadline = std::min(me.next_deadline, request.deadline);
    const std::string framed = me.shell->session.framed(request.text, request.output_limit_bytes);
    me.unsent += framed;
    me.in_flight.push_back({.request = std::move(request), .size = framed.size()});
    last_taken_ = now();
  }
  if (was_empty) {
    me.head_since = now();
  }
  me.takes_observations = !me.runs_change && me.in_flight.size() < me.window;
  me.leaves_waiting = !waiting_.empty();
}

// Until when there is nothing to look after but bytes.
Instant ShellPool::next_look(const Channel& me) {
  Instant next = std::min(now() + 1min, me.next_deadline);
  if (me.in_flight.size() > 1) {
    next =
        std::min(next, std::max(now(), me.head_since + patience + 2 * me.shell->round_trip) + 1ms);
  }
  return me.leaves_waiting ? std::min(next, now() + patience) : next;
}

void ShellPool::exchange(Channel& me) {
  Process& process = me.shell->process;
  pollfd polled[4] = {{process.output(), POLLIN, 0},
                      {process.error(), POLLIN, 0},
                      {me.unsent.empty() ? -1 : process.input(), POLLOUT, 0},
                      {me.wake.get(), POLLIN, 0}};
  ::poll(polled, 4, poll_timeout(next_look(me)));
  if (polled[3].revents != 0) {
    me.wake.clear();
  }
  std::string bytes;
  if (polled[1].revents != 0 && read_available(process.error(), bytes) == ReadState::data) {
    me.shell->session.feed_error(bytes);
  }
  bool has_ended = false;
  if (polled[0].revents != 0) {
    bytes.clear();
    has_ended = read_available(process.output(), bytes) == ReadState::end;
    me.shell->session.feed_output(bytes);
  }
  if (polled[2].revents != 0) {
    const std::ptrdiff_t put = write_available(process.input(), me.unsent);
    has_ended = has_ended || put < 0;
    me.unsent.erase(0, static_cast<std::size_t>(std::max<std::ptrdiff_t>(put, 0)));
  }
  take_answers(me);
  if (has_ended || me.shell->session.is_broken()) {
    lose(me);
  }
}

void ShellPool::take_answers(Channel& me) {
  std::vector<Done> done;
  std::size_t count = 0;
  while (std::optional<Answer> answer = me.shell->session.next()) {
    if (me.in_flight.empty()) {
      continue;
    }
    ++count;
    if (std::optional<Request>& request = me.in_flight.front().request) {
      done.push_back({std::move(request->done), std::move(answer->result)});
    }
    me.in_flight.pop_front();
  }
  if (count > 0) {
    // The window grows while commands are quick, so that it fills a long line too.
    const auto each = (now() - me.head_since) / static_cast<int>(count);
    is_quick_ = each < quick;
    if (each < 5ms + 2 * me.shell->round_trip) {
      me.window = std::min(me.window * 2, largest_window);
    } else if (each > patience + 2 * me.shell->round_trip) {
      me.window = 1;
    }
    me.head_since = now();
    me.runs_change = me.runs_change && !me.in_flight.empty();
  }
  deliver(done);
}

// What time and people ask for: deadlines, cancellations, more shells.
void ShellPool::settle(Channel& me) {
  std::vector<std::uint64_t> cancelled;
  bool may_expire = false;
  const Instant present = now();
  {
    const std::lock_guard lock(mutex_);
    cancelled.swap(me.cancelled);
    grow_if_needed();
    may_expire = !waiting_.empty() && present >= next_expiry_;
  }
  if (!cancelled.empty() || present >= me.next_deadline) {
    end_overdue(me, cancelled);
  }
  if (me.shell && me.in_flight.size() > 1 &&
      present - me.head_since > patience + 2 * me.shell->round_trip) {
    hand_back_followers(me);
  }
  if (may_expire) {
    expire();
  }
}

// Completes what is cancelled or over its deadline.
void ShellPool::end_overdue(Channel& me, const std::vector<std::uint64_t>& cancelled) {
  const Instant present = now();
  std::vector<Done> done;
  me.next_deadline = Instant::max();
  for (std::size_t index = me.in_flight.size(); index-- > 0;) {
    std::optional<Request>& request = me.in_flight[index].request;
    if (!request) {
      continue;
    }
    const bool is_cancelled = std::ranges::find(cancelled, request->ticket) != cancelled.end();
    if (!is_cancelled && request->deadline > present) {
      me.next_deadline = std::min(me.next_deadline, request->deadline);
      continue;
    }
    Failure why = is_cancelled
                      ? failure<Code::action_cancelled>(FailureKind::cancelled, request->what)
                      : failure<Code::action_timed_out>(
                            FailureKind::unknown, duration_text(request->timeout), request->what);
    if (index == 0) {
      end_running(me, std::move(why));
      break;
    }
    done.push_back({std::move(request->done), std::move(why)});
    request.reset();
  }
  deliver(done);
}

// The first command in flight is slow: those behind it have not begun. Their answers will come
// nevertheless and are dropped.
void ShellPool::hand_back_followers(Channel& me) {
  const std::lock_guard lock(mutex_);
  for (std::size_t index = me.in_flight.size(); index-- > 1;) {
    std::optional<Request>& request = me.in_flight[index].request;
    const bool stays =
        !request || std::ranges::find(me.cancelled, request->ticket) != me.cancelled.end();
    if (!stays) {
      waiting_.push_front(std::move(*request));
      request.reset();
    }
  }
  me.window = 1;
}

// Ends the command that runs, with the shell it runs in.
void ShellPool::end_running(Channel& me, Failure failure) {
  Channel::Slot slot = std::move(me.in_flight.front());
  if (const std::string seen = last_lines(me.shell->session.unfinished_error()); !seen.empty()) {
    failure.notes.push_back("its standard error so far: " + seen);
  }
  hand_back_followers(me);
  if (link_.host().is_local) {
    me.shell->process.signal_group(SIGTERM);
    const Wake never;
    std::ignore = me.shell->process.wait(never, now() + 300ms);
    me.shell->process.signal_group(SIGKILL);
  } else {
    const std::lock_guard lock(mutex_);
    left_behind_.push_back(me.shell->group);
  }
  drop_shell(me);
  if (!link_.host().is_local) {
    // The next shell of this pool that has time ends what runs on.
    Request kill;
    kill.text = "true";
    kill.is_observation = true;
    kill.deadline = now() + 10s;
    kill.done = [](Outcome) {};
    submit(std::move(kill));
  }
  slot.request->done(std::move(failure));
}

void ShellPool::drop_shell(Channel& me) {
  me.in_flight.clear();
  me.unsent.clear();
  me.runs_change = false;
  me.next_deadline = Instant::max();
  me.shell.reset();
}

// The shell or its connection died under the commands in flight.
void ShellPool::lose(Channel& me) {
  std::vector<Done> done;
  std::deque<Channel::Slot> lost = std::move(me.in_flight);
  me.in_flight.clear();
  std::size_t in_flight_bytes = 0;
  for (const Channel::Slot& slot : lost) {
    in_flight_bytes += slot.size;
  }
  const bool nothing_was_sent = me.unsent.size() >= in_flight_bytes;
  const std::string out = last_lines(me.shell->session.unfinished_output(), 5);
  const std::string err = last_lines(me.shell->session.unfinished_error(), 5);
  {
    const std::lock_guard lock(mutex_);
    for (std::size_t index = lost.size(); index-- > 0;) {
      std::optional<Request>& request = lost[index].request;
      if (!request) {
        continue;
      }
      // Those behind the first one had no part in it.
      request->deaths += index == 0 && !nothing_was_sent ? 1 : 0;
      if (nothing_was_sent || (request->is_observation && request->deaths < death_limit)) {
        waiting_.push_front(std::move(*request));
        continue;
      }
      Failure why = failure<Code::connection_lost>(FailureKind::unknown, link_.host().name,
                                                   request->what + " was running");
      if (!out.empty()) {
        why.notes.push_back("its output so far: " + out);
      }
      if (!err.empty()) {
        why.notes.push_back("last words: " + err);
      }
      done.push_back({std::move(request->done), std::move(why)});
      left_behind_.push_back(me.shell->group);
    }
  }
  drop_shell(me);
  deliver(done);
}

// With the mutex held: one more shell if the head of the queue has lost its patience.
void ShellPool::grow_if_needed() {
  if (waiting_.empty()) {
    return;
  }
  // While small observations flow, only a stop counts.
  const bool is_flowing = is_quick_ && waiting_.front().is_observation;
  const Instant since =
      is_flowing ? std::max(waiting_.front().queued, last_taken_) : waiting_.front().queued;
  if (now() - since < patience) {
    return;
  }
  std::size_t alive = 0;
  for (const auto& channel : channels_) {
    alive += channel->is_ended ? 0 : 1;
    if (channel->is_idle) {
      channel->is_idle = false;
      channel->wake.set();
      return;
    }
  }
  if (alive >= channel_limit || link_.channels >= link_.options().channels_per_host ||
      is_stopping_) {
    return;
  }
  add_channel();
}

}  // namespace plan::real
