// The resources of a run: those of the plan, elements of queries, and resources made on the spot.
// All have a ResourceId; ids past Plan::resources are instances of this run. A resource is its
// type and key: making one with an identity that exists gives the existing id.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/evaluate.hpp"
#include "compiler/plan.hpp"
#include "runtime/apply.hpp"

namespace plan {

// Which element each arbitrary element of the plan stands for, the outermost loop's first.
struct Binding {
  std::vector<std::pair<ResourceId, ResourceId>> elements;
  bool operator==(const Binding&) const = default;
};

// Values of inputs. A secret is asked for when it is needed first, and once.
class Inputs {
 public:
  Inputs(const Plan& plan, SecretProvider provider);
  [[nodiscard]] EvaluationResult value(std::uint32_t input);
  // Called with each secret that was fetched, before anything can see it.
  std::function<void(const Secret&)> on_secret;

 private:
  const Plan* plan_;
  SecretProvider provider_;
  std::vector<std::optional<EvaluationResult>> known_;
};

class Resources {
 public:
  Resources(const Plan& plan, Inputs& inputs);

  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] Inputs& inputs() { return inputs_; }
  [[nodiscard]] std::uint32_t type_of(ResourceId resource) const;
  [[nodiscard]] const ResourceType& type(ResourceId resource) const;
  // Speaks of an arbitrary element: means something only under a Binding.
  [[nodiscard]] bool is_dependent(ResourceId resource) const;
  [[nodiscard]] EvaluationResult field(ResourceId resource,
                                       std::uint32_t field,
                                       Environment& environment) const;
  [[nodiscard]] EvaluationResult make(std::uint32_t type,
                                      std::vector<Value> fields,
                                      Environment& environment);
  // The element of `query` of `owner` with these fields by name; the fields that are the same for
  // all elements are the plan's.
  [[nodiscard]] EvaluationResult make_element(ResourceId arbitrary,
                                              const Map& fields,
                                              Environment& environment);
  // What make_element needs to make `element` again: the fields that are its own.
  [[nodiscard]] EvaluationResult element_fields(ResourceId arbitrary,
                                                ResourceId element,
                                                Environment& environment) const;
  // "systemd.service(old, "inmanta")": type and key, the same in every run.
  [[nodiscard]] std::expected<std::string, EvaluationError> identity(
      ResourceId resource, Environment& environment) const;
  // For people: "old_db", "environment[billing]".
  [[nodiscard]] std::string name(ResourceId resource) const;
  [[nodiscard]] std::string name(ResourceId resource, std::uint32_t attribute) const;
  // What tells an element from its siblings: its field `name`, else its key.
  [[nodiscard]] std::string label(ResourceId resource) const;

 private:
  struct Instance {
    std::uint32_t type = 0;
    std::vector<Value> fields;
  };
  [[nodiscard]] std::expected<std::string, EvaluationError> identity_of(
      std::uint32_t type, const std::vector<Value>& key, Environment& environment) const;
  void index_plan_resources(Environment& environment);

  const Plan& plan_;
  Inputs& inputs_;
  std::vector<bool> is_dependent_;
  std::vector<Instance> instances_;
  std::map<std::string, ResourceId> by_identity_;
  bool is_indexed_ = false;
};

// The last observed value of a state, fact or query; is_missing where there is none.
using AttributeSource = std::function<EvaluationResult(ResourceId, std::uint32_t)>;

// What expressions of one step instance (or of none) are evaluated in. `instance` is its name, for
// programs, which say `token()` without saying whose.
class RunEnvironment : public Environment {
 public:
  RunEnvironment(Resources& resources,
                 const Binding& binding,
                 std::string_view run_id,
                 const AttributeSource& attributes,
                 std::string_view instance = {});

  [[nodiscard]] EvaluationResult attribute(ResourceId resource, std::uint32_t attribute) override;
  [[nodiscard]] EvaluationResult input(std::uint32_t input) override;
  [[nodiscard]] EvaluationResult token(StepId step) override;
  [[nodiscard]] ResourceId resolve(ResourceId resource) override;
  [[nodiscard]] std::uint32_t type_of(ResourceId resource) override;
  [[nodiscard]] EvaluationResult field(ResourceId resource, std::uint32_t field) override;
  [[nodiscard]] EvaluationResult make_resource(std::uint32_t type,
                                               std::vector<Value> fields) override;

 private:
  Resources& resources_;
  const Binding& binding_;
  std::string_view run_id_;
  const AttributeSource& attributes_;
  std::string_view instance_;
};

// "resume[billing]": the step's name with the label of each element around it.
[[nodiscard]] std::string instance_name(const Resources& resources,
                                        StepId step,
                                        const Binding& binding);
// The loops around a step, the outermost first; for a loop's own begin and end: without it.
[[nodiscard]] std::vector<std::uint32_t> loops_around(const Plan& plan, StepId step);
// UUID version 5 (RFC 9562) of a name in the namespace `run_id`, a UUID in text form.
[[nodiscard]] std::string uuid_v5(std::string_view run_id, std::string_view name);

}  // namespace plan
