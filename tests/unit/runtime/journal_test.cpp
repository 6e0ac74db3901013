#include <catch2/catch.hpp>

#include "runtime/history.hpp"
#include "runtime/sim/storage.hpp"
#include "runtime/sim/world.hpp"

namespace plan {
namespace {

struct Book {
  sim::Faults faults{};
  sim::CallCounter calls{};
  sim::MemoryStorage storage{faults, calls};
  sim::VirtualClock clock{};
};

std::vector<Record> one_of_each() {
  return {RunRecord{.run_id = "id", .title = "A \"plan\"\n", .plan_digest = "00"},
          AttemptRecord{.command = "apply", .plan_digest = "00"},
          FactsRecord{{{"host(old)", "version", Value{Version{"8.7.6"}}},
                       {"host(old)", "names", Value{List{Value{std::string("a")}}}},
                       {"host(old)", "size", Value{Size{1024}}},
                       {"host(old)", "map", Value{Map{{"$case", Value{std::int64_t{1}}}}}}}},
          DecisionRecord{.subject = "start", .question = "Begin?", .is_yes = true, .person = "ann"},
          IntentRecord{.step = "move", .digest = "ab", .is_undo = false, .failures = 2},
          OutcomeRecord{.step = "move",
                        .digest = "ab",
                        .status = StepStatus::done,
                        .elapsed = std::chrono::milliseconds(1500),
                        .detail = "well"},
          HeldRecord{{{"a", "1"}, {"b", "2"}}},
          UnfoldedRecord{.loop = "for env#begin",
                         .elements = {Value{Map{{"id", Value{std::string("e")}}}}}},
          EndRecord{.command = "apply", .outcome = Outcome::done}};
}

std::vector<std::string> written() {
  Book book;
  JournalWriter writer(book.storage, book.clock, {});
  for (Record& record : one_of_each()) {
    writer.add(std::move(record));
  }
  REQUIRE(writer.flush());
  return book.storage.records;
}

TEST_CASE("every kind of record is read back as it was written") {
  const auto lines = written();
  const auto content = read_journal(lines);
  REQUIRE(content);
  REQUIRE(content->entries.size() == one_of_each().size());
  std::string chain;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    const std::string again = to_line(content->entries[index], chain);
    CHECK(again == lines[index]);
    chain = again.substr(again.size() - 66, 64);
  }
}

TEST_CASE("many records are one transaction") {
  Book book;
  JournalWriter writer(book.storage, book.clock, {});
  for (Record& record : one_of_each()) {
    writer.add(std::move(record));
  }
  REQUIRE(writer.flush());
  CHECK(book.storage.transactions == 1);
}

TEST_CASE("a record torn at any byte is dropped when it is the last") {
  const auto lines = written();
  for (std::size_t size = 0; size < lines.back().size(); ++size) {
    auto torn = lines;
    torn.back().resize(size);
    const auto content = read_journal(torn);
    REQUIRE(content);
    CHECK(content->entries.size() == lines.size() - 1);
  }
}

TEST_CASE("a change of any byte of any other record is found") {
  const auto lines = written();
  for (std::size_t line = 0; line + 1 < lines.size(); ++line) {
    for (std::size_t byte = 0; byte < lines[line].size(); ++byte) {
      auto damaged = lines;
      damaged[line][byte] = static_cast<char>(damaged[line][byte] ^ 1);
      const auto content = read_journal(damaged);
      REQUIRE_FALSE(content);
      CHECK(content.error().code == Code::journal_damaged);
    }
  }
}

TEST_CASE("a record that is missing, doubled or moved is found") {
  const auto lines = written();
  for (std::size_t line = 0; line + 1 < lines.size(); ++line) {
    auto missing = lines;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(line));
    CHECK_FALSE(read_journal(missing));
    auto doubled = lines;
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(line), lines[line]);
    CHECK_FALSE(read_journal(doubled));
    auto swapped = lines;
    std::swap(swapped[line], swapped[line + 1]);
    CHECK_FALSE(read_journal(swapped));
  }
}

TEST_CASE("writing goes on after torn records, and says what was dropped") {
  const auto lines = written();
  Book book;
  book.storage.records = lines;
  book.storage.records.back().resize(20);
  book.storage.records.push_back("{\"n\":");
  const auto content = read_journal(book.storage.records);
  REQUIRE(content);
  JournalWriter writer(book.storage, book.clock, *content);
  writer.add(EndRecord{.command = "apply", .outcome = Outcome::failed});
  REQUIRE(writer.flush());
  const auto again = read_journal(book.storage.records);
  REQUIRE(again);
  CHECK(std::holds_alternative<RecoveredRecord>(again->entries[lines.size() - 1].record));
  CHECK(std::holds_alternative<EndRecord>(again->entries.back().record));
}

TEST_CASE("a journal of another format is not guessed at") {
  Book book;
  JournalWriter writer(book.storage, book.clock, {});
  RunRecord record{.run_id = "id", .title = "A", .plan_digest = "00"};
  record.format += 1;
  writer.add(record);
  REQUIRE(writer.flush());
  const auto content = read_journal(book.storage);
  REQUIRE_FALSE(content);
  CHECK(content.error().code == Code::journal_version);
}

class FullStorage : public Storage {
 public:
  std::expected<std::vector<std::string>, Failure> read_all() override {
    return std::vector<std::string>{};
  }
  std::expected<void, Failure> append(std::string_view) override {
    return std::unexpected(Failure{.kind = FailureKind::failed, .message = "no room"});
  }
};

TEST_CASE("a record that cannot be written is a failure of the journal") {
  Book book;
  FullStorage full;
  JournalWriter writer(full, book.clock, {});
  writer.add(RunRecord{.run_id = "id", .title = "A", .plan_digest = "00"});
  const auto written = writer.flush();
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Code::journal_not_written);
  CHECK(written.error().message.find("no room") != std::string::npos);
}

TEST_CASE("a step with an intent and no outcome is half-way") {
  Book book;
  JournalWriter writer(book.storage, book.clock, {});
  writer.add(RunRecord{.run_id = "id"});
  writer.add(AttemptRecord{.command = "apply"});
  writer.add(IntentRecord{.step = "move"});
  REQUIRE(writer.flush());
  const History history = history_of(*read_journal(book.storage));
  CHECK(history.goes_on());
  CHECK(history.steps.at("move").is_open);
  CHECK(History::has_acted(history.steps.at("move")));
}

TEST_CASE("a run that ended well is over") {
  const History history = history_of(*read_journal(written()));
  CHECK_FALSE(history.goes_on());
  CHECK(history.steps.at("move").status == StepStatus::done);
  CHECK(history.facts.at({"host(old)", "version"}) == Value{Version{"8.7.6"}});
}

}  // namespace
}  // namespace plan
