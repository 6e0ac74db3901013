// The journal: what a run has decided, begun and ended, durable before it counts. Each record is
// one line of JSON with a sequence number and the chain hash of everything before it
// (docs/journal.md). The writer hands lines to a Storage; the reader finds damage at any byte.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/run.hpp"
#include "runtime/world.hpp"

namespace plan {

constexpr std::int64_t journal_format = 1;

// A new run begins; whatever stands before it is history.
struct RunRecord {
  std::int64_t format = journal_format;
  std::string run_id{};
  std::string title{};
  std::string plan_digest{};  // hex
};
// A process works on the run: "apply", "rollback", "mark-done", "adopt", "approve".
struct AttemptRecord {
  std::string command{};
  std::string plan_digest{};
};
struct FactsRecord {
  struct Fact {
    std::string resource{};  // identity
    std::string attribute{};
    Value value{};  // no resources, no secrets
  };
  std::vector<Fact> facts{};
};
// A person's answer. `subject`: "start", "destroy", "point of no return", or the step's name.
struct DecisionRecord {
  std::string subject{};
  std::string question{};
  bool is_yes = false;
  std::string person{};
};
struct IntentRecord {
  std::string step{};
  std::string digest{};
  bool is_undo = false;
  std::uint32_t failures = 0;  // attempts before this one that failed for certain
};
struct OutcomeRecord {
  std::string step{};
  std::string digest{};
  StepStatus status = StepStatus::done;
  bool is_undo = false;
  std::chrono::milliseconds elapsed{0};
  std::string detail{};
};
// Steps whose ensures were observed to hold: many in one record.
struct HeldRecord {
  std::vector<std::pair<std::string, std::string>> steps{};  // name, digest
};
struct UnfoldedRecord {
  std::string loop{};             // name of the loop's begin node
  std::vector<Value> elements{};  // the fields of each that are its own, by name
};
struct EndRecord {
  std::string command{};
  Outcome outcome = Outcome::done;
};
// The records before this one were torn by crashes; `dropped` is the SHA-256 of what was left of
// them, each with a newline.
struct RecoveredRecord {
  std::string dropped{};
};

using Record = std::variant<RunRecord,
                            AttemptRecord,
                            FactsRecord,
                            DecisionRecord,
                            IntentRecord,
                            OutcomeRecord,
                            HeldRecord,
                            UnfoldedRecord,
                            EndRecord,
                            RecoveredRecord>;

struct Entry {
  std::uint64_t number = 0;  // from 1
  WallTime at{0};
  Record record{};
};

struct JournalContent {
  std::vector<Entry> entries;
  std::string chain;  // hash after the last good record
  std::string torn;   // what is left of torn last records, each with a newline; empty: none
};

// All records, oldest first; a torn last record is set aside. Any other damage is E0802 and names
// the record; the storage is left as it is.
[[nodiscard]] std::expected<JournalContent, Failure> read_journal(Storage& storage);
// The same from lines, for tests and tools.
[[nodiscard]] std::expected<JournalContent, Failure> read_journal(
    const std::vector<std::string>& lines);

// One line, without newline.
[[nodiscard]] std::string to_line(const Entry& entry, std::string_view previous_chain);

// Collects records; flush() makes them durable in one transaction.
class JournalWriter {
 public:
  JournalWriter(Storage& storage, Clock& clock, const JournalContent& content);
  void add(Record record);
  [[nodiscard]] std::expected<void, Failure> flush();
  [[nodiscard]] bool has_pending() const { return !pending_.empty(); }

 private:
  void append(Record record);

  Storage& storage_;
  Clock& clock_;
  std::uint64_t next_ = 1;
  std::string chain_;
  std::string torn_;
  std::vector<std::string> pending_;
};

// Values with their type in JSON: {"$version":"8.7.6"}. Secrets and resources are not encoded:
// has_encoding() is false for a value with one in it.
[[nodiscard]] bool has_encoding(const Value& value);
[[nodiscard]] Value encode_value(const Value& value);
[[nodiscard]] Value decode_value(const Value& value);

}  // namespace plan
