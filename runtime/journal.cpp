#include "runtime/journal.hpp"

#include <algorithm>
#include <optional>

#include "compiler/digest.hpp"
#include "compiler/operations.hpp"

namespace plan {

namespace {

constexpr std::string_view chain_key = ",\"chain\":\"";
constexpr std::size_t hash_size = 64;

std::string hash_of(std::string_view previous, std::string_view body) {
  std::string text(previous);
  text += body;
  return to_hex(sha256(text));
}

Value text(std::string_view words) {
  return Value{std::string(words)};
}

struct RecordWriter {
  Map& map;

  void put(std::string key, Value value) const {
    map.emplace_back(std::move(key), std::move(value));
  }

  void operator()(const RunRecord& record) const {
    put("kind", text("run"));
    put("format", Value{record.format});
    put("run", text(record.run_id));
    put("title", text(record.title));
    put("plan", text(record.plan_digest));
  }
  void operator()(const AttemptRecord& record) const {
    put("kind", text("attempt"));
    put("command", text(record.command));
    put("plan", text(record.plan_digest));
  }
  void operator()(const FactsRecord& record) const {
    put("kind", text("facts"));
    List facts;
    for (const FactsRecord::Fact& fact : record.facts) {
      facts.push_back(
          Value{List{text(fact.resource), text(fact.attribute), encode_value(fact.value)}});
    }
    put("facts", Value{std::move(facts)});
  }
  void operator()(const DecisionRecord& record) const {
    put("kind", text("decision"));
    put("subject", text(record.subject));
    put("question", text(record.question));
    put("yes", Value{record.is_yes});
    put("person", text(record.person));
  }
  void operator()(const IntentRecord& record) const {
    put("kind", text("intent"));
    put("step", text(record.step));
    put("digest", text(record.digest));
    put("undo", Value{record.is_undo});
    put("failures", Value{std::int64_t{record.failures}});
  }
  void operator()(const OutcomeRecord& record) const {
    put("kind", text("outcome"));
    put("step", text(record.step));
    put("digest", text(record.digest));
    put("status", text(name(record.status)));
    put("undo", Value{record.is_undo});
    put("elapsed_ms", Value{std::int64_t{record.elapsed.count()}});
    put("detail", text(record.detail));
  }
  void operator()(const HeldRecord& record) const {
    put("kind", text("held"));
    List steps;
    for (const auto& [step, digest] : record.steps) {
      steps.push_back(Value{List{text(step), text(digest)}});
    }
    put("steps", Value{std::move(steps)});
  }
  void operator()(const UnfoldedRecord& record) const {
    put("kind", text("unfolded"));
    put("loop", text(record.loop));
    List elements;
    for (const Value& element : record.elements) {
      elements.push_back(encode_value(element));
    }
    put("elements", Value{std::move(elements)});
  }
  void operator()(const EndRecord& record) const {
    put("kind", text("end"));
    put("command", text(record.command));
    put("outcome", text(name(record.outcome)));
  }
  void operator()(const RecoveredRecord& record) const {
    put("kind", text("recovered"));
    put("dropped", text(record.dropped));
  }
};

// Typed access to one record's fields; what is missing or of another type makes `is_bad` true.
class Fields {
 public:
  explicit Fields(const Map& map) : map_(map) {}
  bool is_bad = false;

  std::string string(std::string_view key) { return get<std::string>(key); }
  bool boolean(std::string_view key) { return get<bool>(key); }
  std::int64_t integer(std::string_view key) { return get<std::int64_t>(key); }
  List list(std::string_view key) { return get<List>(key); }

 private:
  template <class T>
  T get(std::string_view key) {
    const Value* value = find(map_, key);
    const T* typed = value == nullptr ? nullptr : value->as<T>();
    is_bad = is_bad || typed == nullptr;
    return typed == nullptr ? T{} : *typed;
  }

  const Map& map_;
};

template <class Enum>
std::optional<Enum> enum_of(std::string_view text, Enum last) {
  for (int index = 0; index <= static_cast<int>(last); ++index) {
    if (name(static_cast<Enum>(index)) == text) {
      return static_cast<Enum>(index);
    }
  }
  return std::nullopt;
}

std::optional<Record> facts_of(Fields& fields) {
  FactsRecord record;
  for (const Value& item : fields.list("facts")) {
    const List* triple = item.as<List>();
    if (triple == nullptr || triple->size() != 3 || !(*triple)[0].as<std::string>() ||
        !(*triple)[1].as<std::string>()) {
      return std::nullopt;
    }
    record.facts.push_back({*(*triple)[0].as<std::string>(), *(*triple)[1].as<std::string>(),
                            decode_value((*triple)[2])});
  }
  return record;
}

std::optional<Record> held_of(Fields& fields) {
  HeldRecord record;
  for (const Value& item : fields.list("steps")) {
    const List* pair = item.as<List>();
    if (pair == nullptr || pair->size() != 2 || !(*pair)[0].as<std::string>() ||
        !(*pair)[1].as<std::string>()) {
      return std::nullopt;
    }
    record.steps.emplace_back(*(*pair)[0].as<std::string>(), *(*pair)[1].as<std::string>());
  }
  return record;
}

std::optional<Record> outcome_of(Fields& fields) {
  const auto status = enum_of(fields.string("status"), StepStatus::undone);
  if (!status) {
    return std::nullopt;
  }
  return OutcomeRecord{.step = fields.string("step"),
                       .digest = fields.string("digest"),
                       .status = *status,
                       .is_undo = fields.boolean("undo"),
                       .elapsed = std::chrono::milliseconds(fields.integer("elapsed_ms")),
                       .detail = fields.string("detail")};
}

std::optional<Record> record_of(Fields& fields) {
  const std::string kind = fields.string("kind");
  if (kind == "run") {
    return RunRecord{.format = fields.integer("format"),
                     .run_id = fields.string("run"),
                     .title = fields.string("title"),
                     .plan_digest = fields.string("plan")};
  }
  if (kind == "attempt") {
    return AttemptRecord{.command = fields.string("command"), .plan_digest = fields.string("plan")};
  }
  if (kind == "facts") {
    return facts_of(fields);
  }
  if (kind == "decision") {
    return DecisionRecord{.subject = fields.string("subject"),
                          .question = fields.string("question"),
                          .is_yes = fields.boolean("yes"),
                          .person = fields.string("person")};
  }
  if (kind == "intent") {
    return IntentRecord{.step = fields.string("step"),
                        .digest = fields.string("digest"),
                        .is_undo = fields.boolean("undo"),
                        .failures = static_cast<std::uint32_t>(fields.integer("failures"))};
  }
  if (kind == "outcome") {
    return outcome_of(fields);
  }
  if (kind == "held") {
    return held_of(fields);
  }
  if (kind == "unfolded") {
    UnfoldedRecord record{.loop = fields.string("loop")};
    for (const Value& element : fields.list("elements")) {
      record.elements.push_back(decode_value(element));
    }
    return record;
  }
  if (kind == "end") {
    const auto outcome = enum_of(fields.string("outcome"), Outcome::declined);
    return outcome ? std::optional<Record>(
                         EndRecord{.command = fields.string("command"), .outcome = *outcome})
                   : std::nullopt;
  }
  if (kind == "recovered") {
    return RecoveredRecord{.dropped = fields.string("dropped")};
  }
  return std::nullopt;
}

// A crash cuts a record off; a record that has its end and not its hash was changed later.
bool is_torn(std::string_view line) {
  const std::size_t tail = chain_key.size() + hash_size + 2;
  return line.size() < tail || !line.ends_with("\"}") ||
         line.substr(line.size() - tail, chain_key.size()) != chain_key;
}

// The chain hash at the end of a line, if what stands before it has that hash.
std::optional<std::string> verified_chain(std::string_view line, std::string_view previous) {
  if (is_torn(line)) {
    return std::nullopt;
  }
  const std::string_view body = line.substr(0, line.size() - chain_key.size() - hash_size - 2);
  std::string chain(line.substr(body.size() + chain_key.size(), hash_size));
  return hash_of(previous, body) == chain ? std::optional(std::move(chain)) : std::nullopt;
}

std::optional<Entry> entry_of(std::string_view line) {
  auto value = parse_json(line);
  const Map* map = value ? value->as<Map>() : nullptr;
  if (map == nullptr) {
    return std::nullopt;
  }
  Fields fields(*map);
  Entry entry{.number = static_cast<std::uint64_t>(fields.integer("n")),
              .at = WallTime(fields.integer("at"))};
  auto record = record_of(fields);
  if (!record || fields.is_bad) {
    return std::nullopt;
  }
  entry.record = std::move(*record);
  return entry;
}

Failure damaged(std::size_t number, const std::string& what) {
  return {.kind = FailureKind::failed,
          .code = Code::journal_damaged,
          .message = "the journal is damaged at record " + std::to_string(number) + ": " + what,
          .notes = {"everything before that record is good; nothing of the file was changed"},
          .helps = {"keep a copy of the journal: it is the only record of what was done",
                    "to go on without it, move it away and run `plan adopt`: it finds out by "
                    "observation how far the procedure has come"}};
}

}  // namespace

std::string to_line(const Entry& entry, std::string_view previous_chain) {
  Map map;
  map.emplace_back("n", Value{static_cast<std::int64_t>(entry.number)});
  map.emplace_back("at", Value{std::int64_t{entry.at.count()}});
  std::visit(RecordWriter{map}, entry.record);
  auto json = to_json(Value{std::move(map)});
  std::string body = json && json->as<std::string>() ? *json->as<std::string>() : "{\"n\":0}";
  body.pop_back();  // the closing brace comes after the chain
  const std::string chain = hash_of(previous_chain, body);
  return body + std::string(chain_key) + chain + "\"}";
}

std::expected<JournalContent, Failure> read_journal(Storage& storage) {
  auto lines = storage.read_all();
  if (!lines) {
    return std::unexpected(lines.error());
  }
  return read_journal(*lines);
}

std::expected<JournalContent, Failure> read_journal(const std::vector<std::string>& lines) {
  JournalContent content;
  std::size_t torn_count = 0;
  for (std::size_t index = 0; index < lines.size(); ++index) {
    const std::string& line = lines[index];
    auto chain = verified_chain(line, content.chain);
    auto entry = chain ? entry_of(line) : std::nullopt;
    if (!chain && !is_torn(line)) {
      return std::unexpected(
          damaged(index + 1 - torn_count, "its bytes do not have the hash they were written with"));
    }
    if (!chain) {
      content.torn += line + "\n";  // several, if going on was cut off too
      ++torn_count;
      continue;
    }
    if (!entry || entry->number != content.entries.size() + 1) {
      return std::unexpected(damaged(index + 1, "it is not a record this program knows"));
    }
    const auto* recovered = std::get_if<RecoveredRecord>(&entry->record);
    if (!content.torn.empty()) {
      if (recovered == nullptr || recovered->dropped != to_hex(sha256(content.torn))) {
        return std::unexpected(damaged(index + 1 - torn_count,
                                       "its bytes do not have the hash they were written with"));
      }
      content.torn.clear();
      torn_count = 0;
    }
    if (const auto* run = std::get_if<RunRecord>(&entry->record);
        run != nullptr && run->format != journal_format) {
      return std::unexpected(
          Failure{.kind = FailureKind::failed,
                  .code = Code::journal_version,
                  .message = "the journal has format " + std::to_string(run->format) +
                             "; this program reads format " + std::to_string(journal_format)});
    }
    content.chain = std::move(*chain);
    content.entries.push_back(std::move(*entry));
  }
  return content;
}

JournalWriter::JournalWriter(Storage& storage, Clock& clock, const JournalContent& content)
    : storage_(storage),
      clock_(clock),
      next_(content.entries.size() + 1),
      chain_(content.chain),
      torn_(content.torn) {}

void JournalWriter::add(Record record) {
  if (!torn_.empty()) {
    append(RecoveredRecord{.dropped = to_hex(sha256(torn_))});
    torn_.clear();
  }
  append(std::move(record));
}

void JournalWriter::append(Record record) {
  std::string line = to_line({next_++, clock_.wall(), std::move(record)}, chain_);
  chain_ = line.substr(line.size() - hash_size - 2, hash_size);
  pending_.push_back(std::move(line));
}

std::expected<void, Failure> JournalWriter::flush() {
  if (pending_.empty()) {
    return {};
  }
  auto appended =
      pending_.size() == 1 ? storage_.append(pending_[0]) : storage_.append_many(pending_);
  if (!appended) {
    Failure failure = appended.error();
    failure.code = Code::journal_not_written;
    failure.message = "the journal cannot be written: " + failure.message;
    return std::unexpected(std::move(failure));
  }
  pending_.clear();
  return {};
}

}  // namespace plan
