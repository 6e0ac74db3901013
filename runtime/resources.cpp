#include "runtime/resources.hpp"

#include <algorithm>
#include <optional>

namespace plan {

namespace {

// Finds what a value or expression mentions of arbitrary elements.
class Dependence {
 public:
  explicit Dependence(const Plan& plan) : plan_(plan), states_(plan.resources.size()) {}

  bool of(ResourceId id) {
    if (id.index >= plan_.resources.size()) {
      return false;
    }
    State& state = states_[id.index];
    if (state == State::unknown) {
      state = State::no;  // a resource cannot be made of itself
      const Resource& resource = plan_.resources[id.index];
      bool found = resource.is_element();
      for (const Value& field : resource.fields) {
        found = found || of(field);
      }
      states_[id.index] = found ? State::yes : State::no;
    }
    return states_[id.index] == State::yes;
  }

 private:
  enum class State { unknown, yes, no };

  bool of(const Value& value) {
    if (const auto* resource = value.as<ResourceId>()) {
      return of(*resource);
    }
    if (const auto* deferred = value.as<Deferred>()) {
      return of(deferred->expr);
    }
    if (const auto* list = value.as<List>()) {
      return std::ranges::any_of(*list, [this](const Value& item) { return of(item); });
    }
    if (const auto* map = value.as<Map>()) {
      return std::ranges::any_of(*map, [this](const auto& entry) { return of(entry.second); });
    }
    return false;
  }

  bool of(ExprId id) {
    if (id.is_none()) {
      return false;
    }
    const Expr& expr = plan_[id];
    switch (expr.op) {
      case Op::constant:
        return of(plan_.constants[expr.a]);
      case Op::local:
      case Op::input:
        return false;
      case Op::token:
        return expr.a < plan_.steps.size() && !loops_around(plan_, StepId{expr.a}).empty();
      case Op::state:
        return of(plan_.variables[expr.a].resource);
      case Op::state_of:
      case Op::field:
      case Op::logical_not:
      case Op::negate:
      case Op::cast:
        return of(ExprId{expr.a});
      case Op::index:
      case Op::logical_and:
      case Op::logical_or:
      case Op::equal:
      case Op::not_equal:
      case Op::less:
      case Op::less_equal:
      case Op::add:
      case Op::subtract:
      case Op::multiply:
      case Op::divide:
      case Op::remainder:
      case Op::in:
      case Op::for_all:
        return of(ExprId{expr.a}) || of(ExprId{expr.b});
      case Op::conditional:
        return of(ExprId{expr.a}) || of(ExprId{expr.b}) || of(ExprId{expr.c});
      case Op::map:
        return of(ExprId{expr.a}) || of(ExprId{expr.b}) || of(ExprId{expr.d});
      case Op::list:
      case Op::record:
      case Op::concat:
      case Op::resource:
      case Op::call:
      case Op::native:
        break;
    }
    for (std::uint32_t child = expr.children_begin; child < expr.children_end; ++child) {
      if (of(plan_.expr_children[child])) {
        return true;
      }
    }
    return false;
  }

  const Plan& plan_;
  std::vector<State> states_;
};

}  // namespace

Inputs::Inputs(const Plan& plan, SecretProvider provider)
    : plan_(&plan), provider_(std::move(provider)), known_(plan.inputs.size()) {}

EvaluationResult Inputs::value(std::uint32_t input) {
  if (known_[input]) {
    return *known_[input];
  }
  const Input& declared = plan_->inputs[input];
  EvaluationResult result =
      std::unexpected(EvaluationError{.message = "input `" + declared.name + "` has no value"});
  if (declared.is_secret && provider_) {
    auto text = provider_(declared);
    if (text) {
      result = Value{Secret(std::move(*text))};
    } else {
      result = std::unexpected(EvaluationError{.message = text.error()});
    }
  }
  if (!result && declared.value) {
    result = *declared.value;
    if (const auto* text = result->as<std::string>(); text != nullptr && declared.is_secret) {
      result = Value{Secret(*text)};
    }
  }
  if (result && on_secret) {
    if (const auto* secret = result->as<Secret>()) {
      on_secret(*secret);
    }
  }
  known_[input] = result;
  return result;
}

Resources::Resources(const Plan& plan, Inputs& inputs) : plan_(plan), inputs_(inputs) {
  Dependence dependence(plan);
  for (std::uint32_t index = 0; index < plan.resources.size(); ++index) {
    is_dependent_.push_back(dependence.of(ResourceId{index}));
  }
}

std::uint32_t Resources::type_of(ResourceId resource) const {
  return resource.index < plan_.resources.size()
             ? plan_.resources[resource.index].type
             : instances_[resource.index - plan_.resources.size()].type;
}

const ResourceType& Resources::type(ResourceId resource) const {
  return plan_.resource_types[type_of(resource)];
}

bool Resources::is_dependent(ResourceId resource) const {
  return resource.index < is_dependent_.size() && is_dependent_[resource.index];
}

EvaluationResult Resources::field(ResourceId resource,
                                  std::uint32_t field,
                                  Environment& environment) const {
  if (resource.index >= plan_.resources.size()) {
    return instances_[resource.index - plan_.resources.size()].fields[field];
  }
  // What only an element has, an arbitrary one has not: its field would be asked of itself.
  const Resource& planned = plan_.resources[resource.index];
  if (planned.is_element() && planned.fields[field].as<Deferred>() != nullptr &&
      environment.resolve(resource) == resource) {
    return std::unexpected(EvaluationError{.message = "`" + type(resource).field_names[field] +
                                                      "` of `" + planned.name +
                                                      "` is asked outside of its loop",
                                           .is_unknown = true});
  }
  return evaluate(plan_, plan_.resources[resource.index].fields[field], environment);
}

EvaluationResult Resources::make(std::uint32_t type,
                                 std::vector<Value> fields,
                                 Environment& environment) {
  index_plan_resources(environment);
  std::vector<Value> key;
  for (const std::uint32_t field : plan_.resource_types[type].key) {
    key.push_back(fields[field]);
  }
  auto identity = identity_of(type, key, environment);
  if (!identity) {
    return std::unexpected(identity.error());
  }
  const ResourceId next{static_cast<std::uint32_t>(plan_.resources.size() + instances_.size())};
  const auto [found, is_new] = by_identity_.try_emplace(*identity, next);
  if (is_new) {
    instances_.push_back({type, std::move(fields)});
  }
  return Value{found->second};
}

EvaluationResult Resources::make_element(ResourceId arbitrary,
                                         const Map& fields,
                                         Environment& environment) {
  const Resource& templ = plan_.resources[arbitrary.index];
  const ResourceType& type = plan_.resource_types[templ.type];
  std::vector<Value> values;
  for (std::size_t field = 0; field < type.field_names.size(); ++field) {
    if (const Value* own = find(fields, type.field_names[field]); own != nullptr) {
      values.push_back(*own);
      continue;
    }
    if (templ.fields[field].as<Deferred>() != nullptr) {
      return std::unexpected(EvaluationError{.message = "an element of type " + type.name +
                                                        " lacks `" + type.field_names[field] +
                                                        "`"});
    }
    auto value = evaluate(plan_, templ.fields[field], environment);
    if (!value) {
      return value;
    }
    values.push_back(std::move(*value));
  }
  return make(templ.type, std::move(values), environment);
}

EvaluationResult Resources::element_fields(ResourceId arbitrary,
                                           ResourceId element,
                                           Environment& environment) const {
  const Resource& templ = plan_.resources[arbitrary.index];
  const ResourceType& type = plan_.resource_types[templ.type];
  Map fields;
  for (std::uint32_t index = 0; index < type.field_names.size(); ++index) {
    if (templ.fields[index].as<Deferred>() == nullptr) {
      continue;
    }
    auto value = field(element, index, environment);
    if (!value) {
      return value;
    }
    if (value->as<ResourceId>() == nullptr && value->as<Secret>() == nullptr) {
      fields.emplace_back(type.field_names[index], std::move(*value));
    }
  }
  return Value{std::move(fields)};
}

std::expected<std::string, EvaluationError> Resources::identity_of(std::uint32_t type,
                                                                   const std::vector<Value>& key,
                                                                   Environment& environment) const {
  std::string text = plan_.resource_types[type].name + "(";
  for (const Value& value : key) {
    text += text.back() == '(' ? "" : ", ";
    if (const auto* host = value.as<HostId>()) {
      text += plan_.hosts[host->index].name;
      continue;
    }
    if (const auto* resource = value.as<ResourceId>()) {
      auto inner = identity(*resource, environment);
      if (!inner) {
        return inner;
      }
      text += *inner;
      continue;
    }
    text += to_text(value);
  }
  return text + ")";
}

std::expected<std::string, EvaluationError> Resources::identity(ResourceId resource,
                                                                Environment& environment) const {
  const std::uint32_t type = type_of(resource);
  std::vector<Value> key;
  for (const std::uint32_t index : plan_.resource_types[type].key) {
    auto value = field(resource, index, environment);
    if (!value) {
      return std::unexpected(value.error());
    }
    key.push_back(std::move(*value));
  }
  return identity_of(type, key, environment);
}

// Resources of the plan whose key only observation would tell are left out: they are always named
// by their plan id.
void Resources::index_plan_resources(Environment& environment) {
  if (is_indexed_) {
    return;
  }
  is_indexed_ = true;
  for (std::uint32_t index = 0; index < plan_.resources.size(); ++index) {
    if (is_dependent_[index]) {
      continue;
    }
    if (auto text = identity(ResourceId{index}, environment)) {
      by_identity_.try_emplace(std::move(*text), ResourceId{index});
    }
  }
}

std::string Resources::name(ResourceId resource) const {
  if (resource.index < plan_.resources.size()) {
    return plan_.resources[resource.index].name;
  }
  const ResourceType& kind = type(resource);
  // What belongs to an element is told with it: "compile[billing, 6f2c…]".
  std::string inside;
  for (const std::uint32_t index : kind.key) {
    const auto* inner =
        instances_[resource.index - plan_.resources.size()].fields[index].as<ResourceId>();
    if (inner != nullptr && inner->index >= plan_.resources.size()) {
      inside += (inside.empty() ? "" : ", ") + label(*inner);
    }
  }
  const std::string own = label(resource);
  inside += (inside.empty() || own.empty() ? "" : ", ") + own;
  const std::size_t dot = kind.name.rfind('.');
  return kind.name.substr(dot == std::string::npos ? 0 : dot + 1) + "[" + inside + "]";
}

std::string Resources::name(ResourceId resource, std::uint32_t attribute) const {
  return name(resource) + "." + type(resource).attributes[attribute].name;
}

std::string Resources::label(ResourceId resource) const {
  const ResourceType& kind = type(resource);
  const std::vector<Value>& fields =
      resource.index < plan_.resources.size()
          ? plan_.resources[resource.index].fields
          : instances_[resource.index - plan_.resources.size()].fields;
  for (std::size_t index = 0; index < kind.field_names.size(); ++index) {
    if (kind.field_names[index] == "name") {
      if (const auto* text = fields[index].as<std::string>()) {
        return *text;
      }
    }
  }
  std::string text;
  for (const std::uint32_t index : kind.key) {
    const Value& value = fields[index];
    if (value.as<ResourceId>() != nullptr || value.as<HostId>() != nullptr) {
      continue;
    }
    const auto* words = value.as<std::string>();
    text += (text.empty() ? "" : ",") + (words != nullptr ? *words : to_text(value));
  }
  return text;
}

}  // namespace plan
