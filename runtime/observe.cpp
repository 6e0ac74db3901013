#include "runtime/observe.hpp"

#include <algorithm>

namespace plan {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds observation_timeout = 60s;
constexpr std::chrono::milliseconds recent_enough = 10s;
constexpr std::size_t longest_value = 200;  // bytes of a value in an explanation

std::string shortened(std::string text) {
  if (text.size() > longest_value) {
    text.resize(longest_value);
    text += "…";
  }
  return text;
}

// With what the command itself said: an exit status alone is no reason.
std::string reason_of(const Failure& failure) {
  if (failure.notes.empty()) {
    return failure.message;
  }
  std::string said = failure.notes.front();
  std::ranges::replace(said, '\n', ' ');
  return failure.message + " (" + shortened(std::move(said)) + ")";
}

}  // namespace

Observations::Observations(RunContext& context, Programs& programs)
    : context_(context), programs_(programs) {
  no_attributes_ = [](ResourceId, std::uint32_t) -> EvaluationResult {
    return std::unexpected(
        EvaluationError{.message = "a field depends on a state", .is_unknown = true});
  };
  programs_.wanted = [this](ResourceId resource, std::uint32_t attribute, std::uint64_t since,
                            ValueDone done) {
    request(resource, attribute, since == UINT64_MAX ? now() : since, std::move(done));
  };
}

Since Observations::recent() {
  const MonotonicTime oldest = context_.now() - recent_enough;
  while (valid_from_ < next_ && began_at_[valid_from_] < oldest) {
    ++valid_from_;
  }
  return valid_from_;
}

bool Observations::is_fact(const Key& key) const {
  return context_.resources.type(key.first).attributes[key.second].kind == AttributeKind::fact;
}

// --- facts

void Observations::restore_facts(const History& history) {
  old_facts_ = history.facts;
}

std::vector<FactsRecord::Fact> Observations::take_new_facts() {
  return std::exchange(new_facts_, {});
}

std::optional<Value> Observations::journaled_fact(const Key& key) {
  if (old_facts_.empty()) {
    return std::nullopt;
  }
  RunEnvironment environment(context_.resources, nothing_bound_, context_.run_id, no_attributes_);
  const auto identity = context_.resources.identity(key.first, environment);
  if (!identity) {
    return std::nullopt;
  }
  const auto found =
      old_facts_.find({*identity, context_.resources.type(key.first).attributes[key.second].name});
  return found == old_facts_.end() ? std::nullopt : std::optional(found->second);
}

// --- one observation

void Observations::request(ResourceId resource,
                           std::uint32_t attribute,
                           Since since,
                           ValueDone done) {
  const Key key{resource, attribute};
  const Attribute& declared = context_.resources.type(resource).attributes[attribute];
  if (declared.is_derived && !declared.derivation.is_none()) {
    evaluate_all({{declared.derivation, {Value{resource}}}}, {}, since,
                 [done = std::move(done)](std::vector<EvaluationResult> results) {
                   if (results[0]) {
                     done(std::move(*results[0]));
                   } else {
                     done(std::unexpected(failure_of(results[0].error())));
                   }
                 });
    return;
  }
  Entry& entry = entries_[key];
  if (is_fact(key) && !entry.result && !entry.is_running) {
    if (auto fact = journaled_fact(key)) {
      entry.result = std::move(*fact);
    }
  }
  const bool is_known_fact = is_fact(key) && entry.result && entry.result->has_value();
  if (is_known_fact || (entry.result && !entry.is_running && entry.began >= since)) {
    done(*entry.result);
    return;
  }
  entry.waiting.emplace_back(since, std::move(done));
  if (!entry.is_running) {
    begin(key);
  }
}

void Observations::begin(const Key& key) {
  Entry& entry = entries_[key];
  entry.is_running = true;
  entry.began = next_++;
  began_at_.push_back(context_.now());
  const Attribute& attribute = context_.resources.type(key.first).attributes[key.second];
  if (!context_.world.effector.is_simulated()) {
    begin_program(key, attribute);
    return;
  }
  programs_.start_action(
      [&](ActionId id) {
        context_.world.effector.start_observation(
            id, {.resources = context_.resources,
                 .resource = key.first,
                 .attribute = key.second,
                 .origin = {.what = "observe " + context_.resources.name(key.first, key.second)}});
      },
      [this, key](ActionResult result) {
        if (auto* failure = std::get_if<Failure>(&result)) {
          observed(key, std::unexpected(std::move(*failure)));
          return;
        }
        auto* value = std::get_if<Value>(&result);
        observed(key, value == nullptr ? Value{} : std::move(*value));
      },
      ProgramKind::observation);
}

void Observations::begin_program(const Key& key, const Attribute& attribute) {
  auto where = place(key.first);
  if (!where) {
    observed(key, std::unexpected(where.error()));
    return;
  }
  ProgramStart start;
  start.frame = {.program = &attribute.observe,
                 .slots = {Value{key.first}},
                 .host = std::move(where->first),
                 .user = std::move(where->second),
                 .origin = {.what = "observe " + context_.resources.name(key.first, key.second)},
                 .deadline = context_.now() + observation_timeout,
                 .is_observation = true};
  start.since = entries_[key].began;
  start.done = [this, key](std::expected<Value, Failure> result) {
    observed(key, std::move(result));
  };
  programs_.start(std::move(start));
}

// The host of a resource: its host field, or that of the resource that stands there.
std::expected<std::pair<HostAddress, std::string>, Failure> Observations::place(
    ResourceId resource) {
  RunEnvironment environment(context_.resources, nothing_bound_, context_.run_id, no_attributes_);
  for (int depth = 0; depth < 64; ++depth) {
    const std::uint32_t field = context_.resources.type(resource).host_field;
    if (field == UINT32_MAX) {
      return std::pair(local_address(), std::string());
    }
    auto value = context_.resources.field(resource, field, environment);
    if (!value) {
      return std::unexpected(failure_of(value.error()));
    }
    if (const auto* host = value->as<HostId>()) {
      auto address = address_of(context_.plan, *host, environment);
      if (!address) {
        return std::unexpected(address.error());
      }
      return std::pair(std::move(*address), context_.plan.hosts[host->index].become);
    }
    const auto* inner = value->as<ResourceId>();
    if (inner == nullptr) {
      break;
    }
    resource = *inner;
  }
  return std::unexpected(value_failure("`" + context_.resources.name(resource) + "` has no host"));
}

void Observations::observed(const Key& key, std::expected<Value, Failure> result) {
  Entry& entry = entries_[key];
  entry.is_running = false;
  entry.result = std::move(result);
  if (is_fact(key) && entry.result->has_value() && has_encoding(**entry.result)) {
    RunEnvironment environment(context_.resources, nothing_bound_, context_.run_id, no_attributes_);
    if (auto identity = context_.resources.identity(key.first, environment)) {
      new_facts_.push_back({std::move(*identity),
                            context_.resources.type(key.first).attributes[key.second].name,
                            **entry.result});
    }
  }
  // Whoever asked for a newer one gets the next.
  std::vector<ValueDone> served;
  std::erase_if(entry.waiting, [&](auto& waiter) {
    if (waiter.first > entry.began) {
      return false;
    }
    served.push_back(std::move(waiter.second));
    return true;
  });
  const bool must_repeat = !entry.waiting.empty();
  const std::expected<Value, Failure> value = *entry.result;
  if (must_repeat) {
    begin(key);
  }
  for (const ValueDone& done : served) {
    done(value);
  }
}

// --- expressions

void Observations::evaluate_all(std::vector<Expression> expressions,
                                Binding binding,
                                Since since,
                                EvaluatedAll done) {
  const std::uint64_t id = next_pending_++;
  pending_[id] = {.expressions = std::move(expressions),
                  .binding = std::move(binding),
                  .since = since,
                  .done = std::move(done)};
  evaluate(id);
}

EvaluationResult Observations::answer_of(Pending& pending,
                                         ResourceId resource,
                                         std::uint32_t attribute,
                                         std::set<Key>& missing) {
  Key key{resource, attribute};
  if (forecast_ != nullptr) {
    Foreseen foreseen = forecast_->of(resource, attribute);
    if (foreseen.kind == Foreseen::Kind::value) {
      return std::move(foreseen.value);
    }
    if (foreseen.kind == Foreseen::Kind::undecided) {
      return std::unexpected(
          EvaluationError{.message = "`" + context_.resources.name(resource, attribute) +
                                     "` is known after `" + foreseen.step + "`",
                          .is_unknown = true});
    }
    key = {foreseen.resource, foreseen.attribute};
  }
  const auto known = pending.known.find(key);
  if (known == pending.known.end()) {
    missing.insert(key);
    return std::unexpected(
        EvaluationError{.message = "not observed yet", .is_unknown = true, .is_missing = true});
  }
  if (!known->second) {
    return std::unexpected(
        EvaluationError{.message = "`" + context_.resources.name(key.first, key.second) +
                                   "` could not be observed: " + reason_of(known->second.error()),
                        .is_unknown = true});
  }
  return *known->second;
}

std::vector<EvaluationResult> Observations::try_all(Pending& pending, std::set<Key>& missing) {
  const AttributeSource attributes = [&](ResourceId resource, std::uint32_t attribute) {
    return answer_of(pending, resource, attribute, missing);
  };
  RunEnvironment environment(context_.resources, pending.binding, context_.run_id, attributes);
  std::vector<EvaluationResult> results;
  for (Expression& expression : pending.expressions) {
    if (expression.expr.is_none()) {
      results.push_back(plan::evaluate(context_.plan, expression.value, environment));
      continue;
    }
    std::vector<Value> slots = expression.slots;
    results.push_back(plan::evaluate(context_.plan, expression.expr, slots, environment));
  }
  return results;
}

void Observations::evaluate(std::uint64_t id) {
  Pending& pending = pending_.at(id);
  std::set<Key> missing;
  std::vector<EvaluationResult> results = try_all(pending, missing);
  if (missing.empty()) {
    const EvaluatedAll done = std::move(pending.done);
    pending_.erase(id);
    done(std::move(results));
    return;
  }
  pending.outstanding = static_cast<std::uint32_t>(missing.size());
  const Since since = pending.since;
  for (const Key& key : missing) {
    request(key.first, key.second, since, [this, id, key](std::expected<Value, Failure> value) {
      Pending& waiting = pending_.at(id);
      waiting.known.insert_or_assign(key, std::move(value));
      if (--waiting.outstanding == 0) {
        evaluate(id);
      }
    });
  }
}

// --- conditions

void Observations::judge(std::vector<const Condition*> conditions,
                         Binding binding,
                         Since since,
                         std::function<void(std::vector<Verdict>)> done) {
  std::vector<Expression> expressions;
  for (const Condition* condition : conditions) {
    expressions.push_back({condition->expr, {}});
  }
  const Binding bound = binding;
  evaluate_all(std::move(expressions), std::move(binding), since,
               [this, conditions = std::move(conditions), bound,
                done = std::move(done)](std::vector<EvaluationResult> results) {
                 std::vector<Verdict> verdicts;
                 for (std::size_t index = 0; index < results.size(); ++index) {
                   const EvaluationResult& result = results[index];
                   if (!result) {
                     verdicts.push_back({Truth::unknown, context_.shown(result.error().message)});
                     continue;
                   }
                   const bool* holds = result->as<bool>();
                   if (holds != nullptr && *holds) {
                     verdicts.push_back({Truth::holds, ""});
                     continue;
                   }
                   verdicts.push_back(
                       {Truth::fails, context_.shown(explanation(*conditions[index], bound))});
                 }
                 done(std::move(verdicts));
               });
}

EvaluationResult Observations::last_seen(const Key& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end() || !found->second.result || !*found->second.result) {
    return std::unexpected(EvaluationError{.message = "unknown", .is_unknown = true});
  }
  return **found->second.result;
}

// Resources by what people call them; what is long by its beginning.
std::string Observations::text_of(const Value& value) const {
  if (const auto* resource = value.as<ResourceId>()) {
    return context_.resources.label(*resource);
  }
  if (const auto* list = value.as<List>()) {
    std::string text;
    for (const Value& item : *list) {
      text += (text.empty() ? "" : ", ") + text_of(item);
    }
    return shortened("[" + text + "]");
  }
  return shortened(to_text(value));
}

// "`environment[billing].halted` is false" for each element of the query that was asked.
std::vector<std::string> Observations::elements_of(ResourceId arbitrary,
                                                   std::uint32_t attribute) const {
  std::vector<std::string> texts;
  const Resource& planned = context_.plan.resources[arbitrary.index];
  const auto list = last_seen({planned.element_of, planned.query});
  const auto* elements = list ? list->as<List>() : nullptr;
  for (const Value& element : elements != nullptr ? *elements : List{}) {
    const auto* resource = element.as<ResourceId>();
    const auto value = resource != nullptr ? last_seen({*resource, attribute})
                                           : EvaluationResult(std::unexpected(EvaluationError{}));
    if (value) {
      texts.push_back("`" + context_.resources.name(*resource, attribute) + "` is " +
                      text_of(*value));
    }
  }
  return texts;
}

// "`new_orch.service.active` is true, …": what the condition read, as last observed.
std::string Observations::explanation(const Condition& condition, const Binding& binding) const {
  std::string made_by;
  const AttributeSource last = [&](ResourceId resource,
                                   std::uint32_t attribute) -> EvaluationResult {
    Foreseen foreseen{.resource = resource, .attribute = attribute};
    if (forecast_ != nullptr) {
      foreseen = forecast_->of(resource, attribute);
      made_by = foreseen.step;
    }
    return foreseen.kind == Foreseen::Kind::value
               ? EvaluationResult(foreseen.value)
               : last_seen({foreseen.resource, foreseen.attribute});
  };
  RunEnvironment environment(context_.resources, binding, context_.run_id, last);
  std::vector<std::string> texts;
  for (const VariableId id : condition.reads) {
    const Variable& variable = context_.plan.variables[id.index];
    const ResourceId resource = environment.resolve(variable.resource);
    if (context_.resources.is_dependent(resource)) {
      if (context_.plan.resources[resource.index].is_element()) {
        std::ranges::move(elements_of(resource, variable.attribute), std::back_inserter(texts));
      }
      continue;
    }
    made_by.clear();
    const auto value = environment.attribute(resource, variable.attribute);
    const bool is_list = value && value->as<List>() != nullptr && !condition.reads.empty();
    if (value && value->as<ResourceId>() == nullptr && !(is_list && condition.reads.size() > 1)) {
      texts.push_back("`" + context_.resources.name(resource, variable.attribute) + "` is " +
                      text_of(*value) + (made_by.empty() ? "" : " after `" + made_by + "`"));
    }
  }
  constexpr std::size_t most = 6;
  std::string text;
  for (std::size_t index = 0; index < std::min(texts.size(), most); ++index) {
    text += (text.empty() ? "" : ", ") + texts[index];
  }
  return text.empty() ? "it is false" : text + (texts.size() > most ? ", …" : "");
}

}  // namespace plan
