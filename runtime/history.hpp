// What the journal tells about the last run: the state of its steps after all attempts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/journal.hpp"
#include "runtime/run.hpp"

namespace plan {

struct StepHistory {
  StepStatus status = StepStatus::waiting;
  std::string digest{};        // of the step's meaning when it was last touched
  std::uint32_t attempts = 0;  // intents
  std::uint32_t failures = 0;  // intents that came to a failed outcome
  bool is_open = false;        // an intent without an outcome: it may be half-way
  bool is_undo_open = false;
  std::uint64_t touched = 0;  // number of its last record that changed the world
  WallTime started{0};
  std::chrono::milliseconds elapsed{0};
  std::string detail{};
};

struct History {
  bool has_run = false;
  std::string run_id{};
  std::string title{};
  std::string plan_digest{};     // of the last attempt
  bool is_finished = false;      // the last command ended with `done`
  bool is_rolled_back = false;   // … and it was a rollback
  bool is_rolling_back = false;  // a rollback began and did not come to its end
  std::optional<Outcome> ended;  // how the last command ended; none: it is under way or was cut off
  std::uint32_t attempts = 0;
  WallTime started{0};
  WallTime last_record{0};
  std::vector<std::string> order{};  // names of steps, by first record
  std::map<std::string, StepHistory> steps{};
  std::map<std::pair<std::string, std::string>, Value> facts{};  // by identity and attribute
  std::map<std::string, std::vector<Value>> unfolded{};          // by name of the begin node
  std::map<std::string, bool> decisions{};                       // by subject: the last answer

  // The run goes on when apply is called; otherwise apply begins a new one.
  [[nodiscard]] bool goes_on() const { return has_run && !is_finished; }
  // The world may have been changed by this step.
  [[nodiscard]] static bool has_acted(const StepHistory& step);
};

[[nodiscard]] History history_of(const JournalContent& content);

}  // namespace plan
