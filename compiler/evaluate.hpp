// Evaluates core expressions at run time, when everything that an expression can ask for can be
// given. The compile-time partial evaluation is elaborate.cpp's.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "compiler/operations.hpp"
#include "compiler/plan.hpp"

namespace plan {

// Why an expression has no value.
struct EvaluationError {
  std::string message;
  bool is_unknown = false;  // a state that could not be observed, rather than a mistake
  bool is_missing = false;  // a state that has not been observed yet; is_unknown is true as well
  bool operator==(const EvaluationError&) const = default;
};

using EvaluationResult = std::expected<Value, EvaluationError>;

// What run time knows. A ResourceId handed in or out may be one of the plan or an instance that
// the environment made (`make_resource`, an element of a query).
class Environment {
 public:
  virtual ~Environment() = default;
  // Last observed value of a state, fact or query of a resource.
  [[nodiscard]] virtual EvaluationResult attribute(ResourceId resource,
                                                   std::uint32_t attribute) = 0;
  [[nodiscard]] virtual EvaluationResult input(std::uint32_t input) = 0;
  [[nodiscard]] virtual EvaluationResult token(StepId step) = 0;
  // The resource that `resource` stands for: itself, or for an arbitrary element the element that
  // is being worked on.
  [[nodiscard]] virtual ResourceId resolve(ResourceId resource) = 0;
  [[nodiscard]] virtual std::uint32_t type_of(ResourceId resource) = 0;
  [[nodiscard]] virtual EvaluationResult field(ResourceId resource, std::uint32_t field) = 0;
  // The resource with these fields: of the plan where one has the same key, else an instance.
  [[nodiscard]] virtual EvaluationResult make_resource(std::uint32_t type,
                                                       std::vector<Value> fields) = 0;
};

// `slots`: the frame; may be written to by for_all and map, and grows as needed. `and`, `or` and
// for_all have a value in spite of an unknown operand where the others decide it. All elements of a
// for_all are asked for before a missing state is reported, so that they can be observed at once.
[[nodiscard]] EvaluationResult evaluate(const Plan& plan,
                                        ExprId expr,
                                        std::vector<Value>& slots,
                                        Environment& environment);

// The value with everything deferred in it evaluated and every resource resolved, at any depth.
[[nodiscard]] EvaluationResult evaluate(const Plan& plan, Value value, Environment& environment);

}  // namespace plan
