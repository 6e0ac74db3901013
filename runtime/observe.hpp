// Observation of states, facts and queries: each at most once at a time, kept while nothing can
// have changed it, many in parallel. Evaluates conditions over what it observes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/forecast.hpp"
#include "runtime/history.hpp"
#include "runtime/programs.hpp"
#include "runtime/scheduler.hpp"

namespace plan {

// Numbers observations by their beginning. An observation may be used by whoever asks for one that
// began at or after `since`.
using Since = std::uint64_t;

// An expression over a frame; or, where `expr` is none, a value with deferred parts.
struct Expression {
  ExprId expr{};
  std::vector<Value> slots{};
  Value value{};
};

class Observations {
 public:
  Observations(RunContext& context, Programs& programs);

  // Whoever asks with now() gets an observation that begins from here on.
  [[nodiscard]] Since now() const { return next_; }
  // With recent(): one from the last ten seconds, if nothing has acted since.
  [[nodiscard]] Since recent();
  // A step begins or ended acting: what was observed before may be different now.
  void world_changed() { valid_from_ = next_; }

  // Facts of an earlier attempt of the run, by identity: they are what they were.
  void restore_facts(const History& history);
  // Facts that were observed since the last call, for the journal.
  [[nodiscard]] std::vector<FactsRecord::Fact> take_new_facts();

  void request(ResourceId resource, std::uint32_t attribute, Since since, ValueDone done);
  // Expressions and conditions speak of what is foreseen from here on; nullptr: of what is.
  void foresee(Forecast* forecast) { forecast_ = forecast; }

  using EvaluatedAll = std::function<void(std::vector<EvaluationResult>)>;
  // Observes what the expressions need, then evaluates all of them.
  void evaluate_all(std::vector<Expression> expressions,
                    Binding binding,
                    Since since,
                    EvaluatedAll done);

  struct Verdict {
    Truth truth = Truth::holds;
    std::string detail{};
  };
  // One verdict for each condition.
  void judge(std::vector<const Condition*> conditions,
             Binding binding,
             Since since,
             std::function<void(std::vector<Verdict>)> done);

 private:
  using Key = std::pair<ResourceId, std::uint32_t>;
  struct Entry {
    std::optional<std::expected<Value, Failure>> result{};
    Since began = 0;
    bool is_running = false;
    std::vector<std::pair<Since, ValueDone>> waiting{};
  };
  struct Pending {
    std::vector<Expression> expressions{};
    Binding binding{};
    Since since = 0;
    EvaluatedAll done{};
    std::uint32_t outstanding = 0;
    std::map<Key, std::expected<Value, Failure>> known{};
  };

  [[nodiscard]] bool is_fact(const Key& key) const;
  void begin(const Key& key);
  void begin_program(const Key& key, const Attribute& attribute);
  void observed(const Key& key, std::expected<Value, Failure> result);
  void evaluate(std::uint64_t id);
  [[nodiscard]] std::vector<EvaluationResult> try_all(Pending& pending, std::set<Key>& missing);
  [[nodiscard]] EvaluationResult answer_of(Pending& pending,
                                           ResourceId resource,
                                           std::uint32_t attribute,
                                           std::set<Key>& missing);
  [[nodiscard]] EvaluationResult last_seen(const Key& key) const;
  [[nodiscard]] std::string explanation(const Condition& condition, const Binding& binding) const;
  [[nodiscard]] std::vector<std::string> elements_of(ResourceId arbitrary,
                                                     std::uint32_t attribute) const;
  [[nodiscard]] std::string text_of(const Value& value) const;
  [[nodiscard]] std::expected<std::pair<HostAddress, std::string>, Failure> place(
      ResourceId resource);
  [[nodiscard]] std::optional<Value> journaled_fact(const Key& key);

  RunContext& context_;
  Programs& programs_;
  Forecast* forecast_ = nullptr;
  Binding nothing_bound_;
  AttributeSource no_attributes_;
  std::map<Key, Entry> entries_;
  std::map<std::uint64_t, Pending> pending_;
  std::map<std::pair<std::string, std::string>, Value> old_facts_;
  std::vector<FactsRecord::Fact> new_facts_;
  std::vector<MonotonicTime> began_at_{MonotonicTime{0}};  // by number
  Since next_ = 1;
  Since valid_from_ = 1;
  std::uint64_t next_pending_ = 1;
};

}  // namespace plan
