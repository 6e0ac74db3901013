// Up to four persistent shells of one user on one host, and the queue of commands before them.
// Each shell has a thread. Commands that only observe are sent ahead of answers, so that a
// thousand small ones cost one round trip; when one of them turns out slow, those behind it are
// taken back and given to another shell (they may run twice: they only observe). A command that
// changes something is sent to a shell that has nothing else to do, exactly once.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/real/shell.hpp"

namespace plan::real {

using Outcome = std::variant<ExecResult, Failure>;

struct Request {
  std::uint64_t ticket = 0;
  std::string text;  // shell_command()
  std::string what;  // for messages: describe()
  bool is_observation = false;
  std::size_t output_limit_bytes = 1 << 20;
  Instant deadline;
  std::chrono::milliseconds timeout{0};  // for messages
  std::function<void(Outcome)> done;     // called once, from a thread of the pool
  // The pool's own.
  Instant queued;
  int deaths = 0;  // shells that died with it
};

class ShellPool {
 public:
  // `user` empty: the login user. `stop`: set when everything is to end.
  ShellPool(Link& link, std::string user, const Wake& stop);
  // Waits for its threads; what was not done is dropped without a word.
  ~ShellPool();
  ShellPool(const ShellPool&) = delete;
  ShellPool& operator=(const ShellPool&) = delete;

  void submit(Request request);
  // Ends the command if it is still there; it completes with `cancelled`.
  void cancel(std::uint64_t ticket);

 private:
  struct Channel;
  struct Done {
    std::function<void(Outcome)> done;
    Outcome outcome;
  };

  void serve(Channel& me);
  bool wait_for_work(Channel& me);
  bool open(Channel& me);
  void fill(Channel& me);
  void exchange(Channel& me);
  void take_answers(Channel& me);
  void settle(Channel& me);
  void end_overdue(Channel& me, const std::vector<std::uint64_t>& cancelled);
  void hand_back_followers(Channel& me);
  void end_running(Channel& me, Failure failure);
  void lose(Channel& me);
  void drop_shell(Channel& me);
  void expire();
  void fail_waiting(const Failure& failure);
  void grow_if_needed();
  void wake_one(bool is_observation);
  void add_channel();
  [[nodiscard]] static Instant next_look(const Channel& me);
  static void deliver(std::vector<Done>& done);

  Link& link_;
  const std::string user_;
  const Wake& stop_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_quick_{true};  // the last answers came fast

  std::mutex mutex_;  // of all below
  std::deque<Request> waiting_;
  std::vector<std::unique_ptr<Channel>> channels_;
  Instant last_taken_;
  Instant next_expiry_;  // the queue is not looked through more often
  std::optional<Failure> open_failure_;
  std::vector<ProcessGroup> left_behind_;
};

}  // namespace plan::real
