#include "verify/certificate.hpp"

#include "compiler/json_reader.hpp"

namespace plan::verify {

namespace {

// Entries are arrays of a fixed shape; a member that is missing, or one too many, is an error.
class Reader {
 public:
  explicit Reader(std::string_view text) : in_(text) {}

  std::expected<Certificate, std::string> take() {
    Certificate made;
    in_.begin_object();
    if (key("format") && in_.string() != "plan-certificate/1") {
      in_.fail("not a certificate of format plan-certificate/1");
    }
    if (key("digest")) {
      made.digest = in_.string();
    }
    if (key("order")) {
      made.order = numbers();
    }
    if (key("paths")) {
      made.paths = lists();
    }
    if (key("writers")) {
      made.writers = lists();
    }
    read(made.requirements, "requirements");
    read(made.waits, "waits");
    read(made.losses, "losses");
    read(made.goals, "goals");
    read(made.invariants, "invariants");
    read(made.undos, "undos");
    read(made.steps, "steps");
    in_.end_object();
    if (!in_.failed() && !in_.is_at_end()) {
      in_.fail("more text behind the certificate");
    }
    if (in_.failed()) {
      return std::unexpected(in_.error());
    }
    return made;
  }

 private:
  bool key(std::string_view name) {
    if (!in_.failed() && !in_.take_key(name)) {
      in_.fail("there is no `" + std::string(name) + "`");
    }
    return !in_.failed();
  }
  void item() {
    if (!in_.failed() && !in_.next_item()) {
      in_.fail("the entry is too short");
    }
  }
  void close() {
    if (!in_.failed() && in_.next_item()) {
      in_.fail("the entry is too long");
    }
  }
  std::uint32_t number() {
    item();
    return in_.index();
  }
  std::string word() {
    item();
    return in_.string();
  }
  std::vector<std::uint32_t> numbers() {
    std::vector<std::uint32_t> result;
    in_.begin_array();
    while (in_.next_item()) {
      result.push_back(in_.index());
    }
    return result;
  }
  std::vector<std::vector<std::uint32_t>> lists() {
    std::vector<std::vector<std::uint32_t>> result;
    in_.begin_array();
    while (in_.next_item()) {
      result.push_back(numbers());
    }
    return result;
  }

  template <class Entry>
  void read(std::vector<Entry>& entries, std::string_view name) {
    if (!key(name)) {
      return;
    }
    in_.begin_array();
    while (in_.next_item()) {
      Entry entry;
      in_.begin_array();
      read(entry);
      close();
      entries.push_back(std::move(entry));
    }
  }
  void read(Reading& reading) {
    reading.variable = number();
    reading.writer = number();
    reading.next = number();
  }
  void read(Requirement& entry) {
    entry.step = number();
    entry.clause = number();
    entry.by = word();
    item();
    in_.begin_array();
    while (in_.next_item()) {
      in_.begin_array();
      Reading reading;
      read(reading);
      close();
      entry.readings.push_back(reading);
    }
  }
  void read(Wait& entry) {
    entry.step = number();
    entry.clause = number();
    entry.part = number();
    entry.by = word();
    item();
    entry.providers = numbers();
  }
  void read(Loss& entry) {
    entry.step = number();
    entry.variable = number();
    entry.by = word();
    entry.witness = number();
  }
  void read(Cases& entry) {
    entry.of = number();
    entry.clause = number();
    entry.count = number();
  }
  void read(Crash& entry) {
    entry.resumes = word();
    entry.way_back = word();
  }

  JsonReader in_;
};

}  // namespace

std::expected<Certificate, std::string> read_certificate(std::string_view text) {
  return Reader(text).take();
}

}  // namespace plan::verify
