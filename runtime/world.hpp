// The only interfaces to the outside. The scheduler and the interpreter are pure; whatever they
// want done goes through these six, which have a real (runtime/real) and a simulated (runtime/sim)
// implementation. All calls come from one thread; an Effector may use threads inside, but hands
// its completions over in wait() only.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/action.hpp"
#include "runtime/event.hpp"

namespace plan {

using ActionId = std::uint64_t;
// Since an arbitrary start; never goes back.
using MonotonicTime = std::chrono::milliseconds;
// Since 1970-01-01 UTC; for display and records only.
using WallTime = std::chrono::milliseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonotonicTime monotonic() = 0;
  [[nodiscard]] virtual WallTime wall() = 0;
};

struct Completion {
  ActionId id = 0;
  ActionResult result;
};

class Effector {
 public:
  virtual ~Effector() = default;
  // Begins the action; its completion comes out of wait() exactly once. `id` is unique in a run.
  virtual void start(ActionId id, Action action) = 0;
  // The next completion; nullopt when `deadline` has passed or interrupt() was called. With
  // nothing under way it waits until the deadline.
  [[nodiscard]] virtual std::optional<Completion> wait(MonotonicTime deadline) = 0;
  // Asks a running action to end; it completes with `cancelled` (or its result, if it was faster).
  virtual void cancel(ActionId id) = 0;

  // A simulated world is asked for whole observations and whole bodies, in place of the actions of
  // their programs, and answers from declared effects (runtime/sim).
  [[nodiscard]] virtual bool is_simulated() const { return false; }
  // Completes with a Value or a Failure.
  virtual void start_observation(ActionId, const DeclaredObservation&) {}
  // Completes with monostate or a Failure.
  virtual void start_body(ActionId, const DeclaredBody&) {}
};

// Durable sequence of records, in the order appended. append() returns when the record would
// survive a power cut. Implementations: SQLite (real/storage.cpp), memory with faults (sim).
class Storage {
 public:
  virtual ~Storage() = default;
  [[nodiscard]] virtual std::expected<std::vector<std::string>, Failure> read_all() = 0;
  [[nodiscard]] virtual std::expected<void, Failure> append(std::string_view record) = 0;
  // As append() for each, in one transaction: after a power cut a prefix of them is there, and
  // all of them once this has returned.
  [[nodiscard]] virtual std::expected<void, Failure> append_many(
      std::span<const std::string> records) {
    for (const std::string& record : records) {
      if (auto appended = append(record); !appended) {
        return appended;
      }
    }
    return {};
  }
};

struct Question {
  std::string text{};
  std::vector<std::string> details{};
  std::string expected_word{};      // not empty: the answer must be this word, "yes" is not enough
  bool covers_destruction = false;  // --yes does not answer it
};

enum class Answer : std::uint8_t { yes, no, not_available };

class Prompt {
 public:
  virtual ~Prompt() = default;
  // Waits for the answer.
  [[nodiscard]] virtual Answer ask(const Question& question) = 0;

  // Asks while the run goes on, one question at a time: open() shows it, answer() is there once it
  // was answered. Whoever answers later than at once makes Effector::wait() return.
  virtual void open(const Question& question) { answer_ = ask(question); }
  [[nodiscard]] virtual std::optional<Answer> answer() {
    return std::exchange(answer_, std::nullopt);
  }
  // The question is not asked any more.
  virtual void withdraw() { answer_.reset(); }

 private:
  std::optional<Answer> answer_;
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on(const RunEvent& event) = 0;
};

class Entropy {
 public:
  virtual ~Entropy() = default;
  [[nodiscard]] virtual std::string uuid() = 0;  // random, version 4, text form
};

// References only: the owner of the parts outlives the run.
struct World {
  Clock& clock;
  Effector& effector;
  Storage& storage;
  Prompt& prompt;
  Observer& observer;
  Entropy& entropy;
  // How often the person asked to stop: after the first time what acts comes to its end and nothing
  // else begins; after the second it is cancelled.
  std::function<int()> interrupted;
};

}  // namespace plan
