// RunEnvironment, and the names and tokens of step instances (resources.hpp).
#include <algorithm>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "runtime/resources.hpp"

namespace plan {

RunEnvironment::RunEnvironment(Resources& resources,
                               const Binding& binding,
                               std::string_view run_id,
                               const AttributeSource& attributes,
                               std::string_view instance)
    : resources_(resources),
      binding_(binding),
      run_id_(run_id),
      attributes_(attributes),
      instance_(instance) {}

EvaluationResult RunEnvironment::attribute(ResourceId resource, std::uint32_t attribute) {
  const Attribute& declared = resources_.type(resource).attributes[attribute];
  if (declared.is_derived && !declared.derivation.is_none()) {
    std::vector<Value> frame{Value{resource}};
    return evaluate(resources_.plan(), declared.derivation, frame, *this);
  }
  if (resources_.is_dependent(resource)) {
    return std::unexpected(EvaluationError{.message = "`" + resources_.name(resource, attribute) +
                                                      "` is asked outside of its loop"});
  }
  return attributes_(resource, attribute);
}

EvaluationResult RunEnvironment::input(std::uint32_t input) {
  return resources_.inputs().value(input);
}

EvaluationResult RunEnvironment::token(StepId step) {
  if (step.is_none()) {
    return Value{uuid_v5(run_id_, instance_)};
  }
  return Value{uuid_v5(run_id_, instance_name(resources_, step, binding_))};
}

ResourceId RunEnvironment::resolve(ResourceId resource) {
  if (!resources_.is_dependent(resource)) {
    return resource;
  }
  const auto bound =
      std::ranges::find(binding_.elements, resource, &std::pair<ResourceId, ResourceId>::first);
  if (bound != binding_.elements.end()) {
    return bound->second;
  }
  const Resource& planned = resources_.plan().resources[resource.index];
  if (planned.is_element()) {
    return resource;
  }
  std::vector<Value> fields;
  for (const Value& field : planned.fields) {
    auto value = evaluate(resources_.plan(), field, *this);
    if (!value) {
      return resource;
    }
    fields.push_back(std::move(*value));
  }
  auto made = resources_.make(planned.type, std::move(fields), *this);
  return made ? *made->as<ResourceId>() : resource;
}

std::uint32_t RunEnvironment::type_of(ResourceId resource) {
  return resources_.type_of(resource);
}

EvaluationResult RunEnvironment::field(ResourceId resource, std::uint32_t field) {
  return resources_.field(resource, field, *this);
}

EvaluationResult RunEnvironment::make_resource(std::uint32_t type, std::vector<Value> fields) {
  return resources_.make(type, std::move(fields), *this);
}

std::vector<std::uint32_t> loops_around(const Plan& plan, StepId step) {
  std::vector<std::uint32_t> loops;
  std::uint32_t loop = plan.steps[step.index].loop;
  // A loop's own nodes stand beside it, not in it, whatever their `loop` says.
  if (loop != UINT32_MAX && (plan.loops[loop].begin == step || plan.loops[loop].end == step)) {
    loop = plan.loops[loop].parent;
  }
  for (; loop != UINT32_MAX; loop = plan.loops[loop].parent) {
    loops.insert(loops.begin(), loop);
  }
  return loops;
}

std::string instance_name(const Resources& resources, StepId step, const Binding& binding) {
  const Plan& plan = resources.plan();
  std::string name = plan.steps[step.index].name;
  for (const std::uint32_t loop : loops_around(plan, step)) {
    for (const auto& [arbitrary, element] : binding.elements) {
      if (arbitrary == plan.loops[loop].element) {
        name += "[" + resources.label(element) + "]";
      }
    }
  }
  return name;
}

std::string uuid_v5(std::string_view run_id, std::string_view name) {
  const boost::uuids::uuid space = boost::uuids::string_generator()(run_id.begin(), run_id.end());
  return to_string(boost::uuids::name_generator_sha1(space)(name.data(), name.size()));
}

}  // namespace plan
