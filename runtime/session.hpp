// One use of a journal by an entry point: reading it, comparing it with the plan, writing to it.
// Shared by apply.cpp and rollback.cpp.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "runtime/preflight.hpp"

namespace plan {

struct Session {
  Session(const Plan& plan, World& world, const RunOptions& options);

  RunContext context;
  Programs programs;
  Observations observations;
  JournalContent content{};
  History history{};
  std::optional<JournalWriter> journal{};
  Report report{};
  MonotonicTime began{0};

  // Reads the journal; false with E08 in the report if that cannot be gone on with. The run id is
  // that of the run that goes on, else a new one.
  [[nodiscard]] bool open();
  // A run that is there and not ended is of another plan (E0804).
  [[nodiscard]] bool is_of_this_plan();
  // What of the run stays as it is: finished steps whose meaning is the same.
  [[nodiscard]] std::map<std::string, Prior> priors();
  // Journals that this process begins to work on the run; a new run's record first.
  [[nodiscard]] bool begin(std::string_view command);
  void end(std::string_view command, Outcome outcome);
  void refuse(Diagnostic problem);
  // Asks before anything is changed. A no is in the report, with `help`; a stop is not.
  [[nodiscard]] bool is_agreed_to(const Question& question, const std::string& help);
  // Whether the run has been asked to stop.
  [[nodiscard]] bool is_interrupted() const;
  // Ends the report.
  [[nodiscard]] Report finish(Outcome outcome);
  [[nodiscard]] std::string plan_digest() const;
};

// E0805: steps that the changed plan puts before finished ones, and half-way steps that it lacks.
void check_changed_plan(Session& session, const RunGraph& graph);

}  // namespace plan
