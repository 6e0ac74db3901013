// Partial evaluation: computes what is known when a plan is compiled and leaves the rest as a
// closed expression of the plan (Jones, Gomard and Sestoft 1993, online).
//
// What is left holds constants, inputs, states of known resources, tokens, and slots that it binds
// itself: derived states are expanded, functions inlined. The slot that a `for` or a map binds is
// the number of those around it, so equal expressions have equal ids wherever they come from.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/assembly.hpp"
#include "compiler/operations.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

// What templates.cpp knows of resource types and only evaluation asks for.
struct StateTemplates {
  // By resource type and attribute: the derivation over slot 0; none: not derived.
  std::vector<std::vector<ExprId>> derivations;
};

// What an evaluation may ask for that is not a computation.
struct Outside {
  std::function<Value(const Map& fields, Span span)> make_host;
  std::function<std::optional<std::string>(std::string_view file, Span span)> source_text;
  std::function<ResourceId(ResourceId owner, std::uint32_t query)> element;
};

[[nodiscard]] inline bool is_deferred(const Value& value) {
  return value.as<Deferred>() != nullptr;
}
[[nodiscard]] bool any_deferred(const std::vector<Value>& values);
// Makes room for the slot if there is none.
void set_slot(std::vector<Value>& slots, std::uint32_t slot, Value value);

class Partial {
 public:
  // Evaluations inside of each other.
  static constexpr std::uint32_t nesting_limit = 200;

  Partial(Assembly& assembly,
          Core& templates,
          const StateTemplates& states,
          Outside outside,
          Diagnostics& diagnostics)
      : assembly_(assembly),
        templates_(templates),
        states_(states),
        outside_(std::move(outside)),
        diagnostics_(diagnostics) {}

  // The value of `expr` of `from` in the frame `slots`, known or Deferred; a list, map or record is
  // known only if all of it is. Mistakes are reported at `span` (E0211, E0215)
  // and give a value that nothing is known of.
  [[nodiscard]] Value evaluate(Core& from, ExprId expr, std::vector<Value>& slots, Span span);
  // A closed expression of the plan in which `slot` stands for a value.
  [[nodiscard]] Value substitute(ExprId expr, std::uint32_t slot, const Value& value, Span span);
  // As an expression of the plan.
  [[nodiscard]] ExprId reify(const Value& value);
  // The element of the query that `list` asks for, if that is what it does.
  [[nodiscard]] std::optional<ResourceId> element_of(ExprId list);

  // What token() means: the step that is being elaborated.
  void set_step(StepId step) { step_ = step; }

 private:
  struct Context {
    Core& core;
    std::vector<Value>& slots;
  };
  Value value(Context& in, ExprId id);
  Value state_of(Context& in, const Expr& expr);
  Value field(Context& in, const Expr& expr);
  Value field_of(const Resource& resource, const Expr& expr);
  Value index(Context& in, const Expr& expr);
  Value list(Context& in, const Expr& expr);
  Value record(Context& in, const Expr& expr);
  Value concat(Context& in, const Expr& expr);
  Value resource(Context& in, const Expr& expr);
  Value unary(Context& in, const Expr& expr);
  Value connective(Context& in, const Expr& expr);
  Value binary(Context& in, const Expr& expr);
  Value conditional(Context& in, const Expr& expr);
  Value call(Context& in, const Expr& expr);
  Value native(Context& in, const Expr& expr);
  Value no_path(std::string_view why);
  Value for_all(Context& in, const Expr& expr);
  Value map(Context& in, const Expr& expr);
  Value binder(Context& in, const Expr& expr, const Value& list);
  Value cast(Context& in, const Expr& expr);

  std::vector<Value> children(Context& in, const Expr& expr);
  // The value of an expression of the plan: a constant's, or itself.
  [[nodiscard]] Value known(ExprId expr) const;
  // The items of a list whose length is known.
  std::optional<List> items(const Value& list);
  Value residual(Expr expr, const std::vector<Value>& children);
  Value residual(Op op, const Value& left, const Value& right);
  Value mistake(const std::string& why, Value otherwise);
  Value poison();
  [[nodiscard]] bool is_closed(const Value& value) const;
  static Value deferred(ExprId expr) { return Value{Deferred{expr}}; }

  Assembly& assembly_;
  Core& templates_;
  const StateTemplates& states_;
  Outside outside_;
  Diagnostics& diagnostics_;
  StepId step_;
  Span span_;
  std::uint32_t depth_ = 0;        // slots bound around what is being evaluated
  std::uint32_t speculation_ = 0;  // inside of what may never be evaluated when the plan runs
  std::uint32_t nesting_ = 0;      // of calls and derivations
  std::uint64_t work_ = 0;
  // Bound slots that stand for an arbitrary element.
  std::vector<std::pair<std::uint32_t, ResourceId>> elements_;
};

}  // namespace plan
