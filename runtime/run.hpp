// A run of a plan over all its attempts, and what is reported about it. Plain values, made by the
// executor (apply.hpp) or read back from a journal; printing them is the cli's business.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/plan.hpp"
#include "dsl/diagnostic.hpp"
#include "runtime/world.hpp"

namespace plan {

enum class StepStatus : std::uint8_t {
  waiting,  // not begun: something it is after is not done
  running,  // an intent without an outcome (only while running, or after a crash)
  done,     // was carried out in this run, and what it ensures was observed
  held,     // everything it ensures held already; nothing was done
  marked,   // a person said so (`plan mark-done`), and what it ensures was observed
  skipped,  // its `when` is false
  failed,
  blocked,      // something it is after has failed
  interrupted,  // was ended before it was done
  undone        // was taken back by a rollback
};

// Stable names: "done", "held" …
[[nodiscard]] std::string_view name(StepStatus status);
// Nothing more needs to be done for what comes after it.
[[nodiscard]] bool is_finished(StepStatus status);

// One step instance: a step of the plan, or one element's copy of a loop's step.
struct StepResult {
  std::string name{};  // "move", "resume[billing]"
  StepId step{};
  std::string phase{};  // title, may be empty
  std::string host{};   // name of the host; empty: the controller
  StepStatus status = StepStatus::waiting;
  std::uint32_t attempts = 0;
  WallTime started{0};  // 0: never
  std::chrono::milliseconds elapsed{0};
  std::string detail{};       // why it failed or was skipped, what it waits for
  bool is_undecided = false;  // preview: whether it has to be done depends on earlier steps
};

// Of preview: what a loop will run over.
struct LoopResult {
  StepId begin{};
  std::string list{};                   // "new_orch.environments"
  std::vector<std::string> elements{};  // labels; as far as they are known
  // The step after which the list is known; empty: it is as observed.
  std::string known_after{};
  // Where the elements were observed that this step brings; empty: they are not known yet.
  std::string brought_from{};
};

struct ConditionResult {
  std::string text{};  // "new_orch.ready"
  bool holds = false;
  bool is_known = true;  // false: could not be observed; detail says why
  std::string detail{};
};

struct HostResult {
  std::string name{};
  std::string address{};
  std::string os{};
  bool is_connected = false;
  std::string detail{};  // why not
};

// A fact as it was observed, for people.
struct ObservedFact {
  std::string name{};   // "bytes"
  std::string value{};  // "7869231"; where it is not known: why not
  bool is_known = true;
};

// Something that a step destroys or that a person has to agree to.
struct Destruction {
  std::string step{};
  std::string what{};                 // "new_db.content"
  std::vector<ObservedFact> facts{};  // of the resource: what a person sees of it beforehand
};

enum class Outcome : std::uint8_t {
  done,           // the goals were observed
  nothing_to_do,  // they held before anything was done
  failed,         // a step or a goal failed
  refused,        // nothing was done: preflight, journal, rollback past the point of no return
  interrupted,    // stopped by the person; apply goes on with it
  declined        // a question was answered with no, or could not be asked
};

[[nodiscard]] std::string_view name(Outcome outcome);

struct Report {
  Outcome outcome = Outcome::refused;
  std::string run_id{};  // empty if no run was begun
  bool is_resumed = false;
  std::vector<HostResult> hosts{};
  std::vector<StepResult> steps{};  // in the order of the plan; instances after their template
  std::vector<ConditionResult> rules{};
  std::vector<ConditionResult> goals{};
  std::vector<LoopResult> loops{};
  // Of preview: what will be destroyed, and the first steps that cannot be taken back.
  std::vector<Destruction> destructions{};
  std::vector<std::string> point_of_no_return{};
  bool is_past_point_of_no_return = false;
  std::chrono::milliseconds elapsed{0};
  Diagnostics diagnostics;  // everything that went wrong, E06 to E08
};

// What a journal tells, without touching a host.
struct RunStatus {
  bool has_run = false;
  std::string run_id{};
  std::string title{};
  std::string plan_digest{};  // hex
  bool is_same_plan = false;  // as the plan given to status()
  bool is_finished = false;   // the last attempt came to its end
  bool is_rolled_back = false;
  bool is_rolling_back = false;    // the last command was a rollback that did not come to its end
  std::optional<Outcome> ended{};  // of the last command; none: it is under way or was cut off
  bool is_plan_known = false;      // one was given to status()
  // Steps that acted and cannot be taken back; known where the plan is.
  std::vector<std::string> past_return{};
  WallTime started{0};
  WallTime last_record{0};
  std::uint32_t attempts = 0;  // times that apply was started
  std::vector<StepResult> steps{};
  Diagnostics diagnostics;
};

}  // namespace plan
