// What the checker takes for two things is not one: an element of a query and something that the
// plan names in another way have different keys, or nobody writes what is used of the other, or a
// rule tells them apart.
#include <algorithm>
#include <set>

#include "verify/checker.hpp"

namespace plan::verify {

namespace {

struct Aliases {
  Checker& checker;
  std::vector<bool> is_open{};  // by resource: an element, or one that is made from one
  std::set<std::uint32_t> used{};
  std::vector<VariableId> fresh{};  // used, and not looked at yet
  std::set<std::pair<ResourceId, ResourceId>> apart{};

  bool depends(const Value& value) {
    if (const auto* resource = value.as<ResourceId>()) {
      return depends(*resource);
    }
    if (const auto* deferred = value.as<Deferred>()) {
      return depends(checker.nodes.of(deferred->expr));
    }
    const auto* list = value.as<List>();
    return list != nullptr &&
           std::ranges::any_of(*list, [&](const Value& item) { return depends(item); });
  }
  bool depends(ResourceId id) {
    const Resource& resource = checker.plan.resources[id.index];
    bool result = resource.is_element();
    for (const std::uint32_t field : checker.plan.resource_types[resource.type].key) {
      result = result || (field < resource.fields.size() && depends(resource.fields[field]));
    }
    return result;
  }
  bool depends(NodeId id) {
    const Value* value = checker.nodes.constant_of(id);
    if (value != nullptr) {
      return value->as<Deferred>() == nullptr && depends(Value(*value));
    }
    const std::vector<NodeId> children = checker.nodes[id].children;
    return std::ranges::any_of(children, [&](NodeId child) { return depends(child); });
  }

  bool may_be_equal(const Value& one, const Value& two) const {
    if (one.as<ResourceId>() != nullptr && two.as<ResourceId>() != nullptr) {
      return may_be_one(*one.as<ResourceId>(), *two.as<ResourceId>());
    }
    for (const Value* value : {&one, &two}) {
      if (value->as<Deferred>() != nullptr || value->as<Null>() != nullptr ||
          value->as<List>() != nullptr || value->as<Map>() != nullptr) {
        return true;
      }
    }
    return one == two;
  }
  bool may_be_one(ResourceId one, ResourceId two) const {
    const Resource& left = checker.plan.resources[one.index];
    const Resource& right = checker.plan.resources[two.index];
    if (one == two || left.type != right.type || (!is_open[one.index] && !is_open[two.index])) {
      return one == two;
    }
    for (const std::uint32_t field : checker.plan.resource_types[left.type].key) {
      if (field < left.fields.size() && field < right.fields.size() &&
          !may_be_equal(left.fields[field], right.fields[field])) {
        return false;
      }
    }
    return true;
  }

  // What is not the step's own comes along with a carrier, for all names of a thing.
  bool is_own(const Write& write) const {
    return std::ranges::any_of(
        checker.plan.steps[write.step.index].effects,
        [&](const Effect& effect) { return effect.variable == write.variable; });
  }
  bool changes_one_only(VariableId changed, VariableId other) const {
    return std::ranges::any_of(checker.writes.of(changed), [&](std::uint32_t index) {
      const Write& write = checker.writes.all()[index];
      return write.kind == WriteKind::part || is_own(write) ||
             std::ranges::none_of(checker.writes.of(write.step),
                                  [&](const Write& beside) { return beside.variable == other; });
    });
  }

  void use(VariableId variable) {
    if (used.insert(variable.index).second) {
      fresh.push_back(variable);
    }
  }
  void read(NodeId node) {
    for (const VariableId variable : checker.nodes.variables(node)) {
      use(variable);
    }
  }

  void collect() {
    for (std::uint32_t index = 0; index < checker.plan.resources.size(); ++index) {
      is_open.push_back(depends(ResourceId{index}));
    }
    for (const Step& step : checker.plan.steps) {
      for (const auto* conditions : {&step.requires_, &step.awaits, &step.undo_requires}) {
        for (const Condition& condition : *conditions) {
          read(checker.nodes.of(condition.expr));
        }
      }
      if (step.when) {
        read(checker.nodes.of(step.when->expr));
      }
      for (const Value& argument : step.arguments) {
        if (const auto* deferred = argument.as<Deferred>()) {
          read(checker.nodes.of(deferred->expr));
        }
      }
    }
    for (const Write& write : checker.writes.all()) {
      if (is_own(write)) {
        use(write.variable);
      }
    }
    for (const auto* conditions : {&checker.plan.goals, &checker.plan.invariants}) {
      for (const Condition& condition : *conditions) {
        read(checker.nodes.of(condition.expr));
      }
    }
    // What a step reads to write what is used.
    while (!fresh.empty()) {
      const VariableId variable = fresh.back();
      fresh.pop_back();
      for (const std::uint32_t index : checker.writes.of(variable)) {
        const Write& write = checker.writes.all()[index];
        if (write.kind == WriteKind::set) {
          read(write.value);
        }
      }
    }
    for (const DeferredRule& rule : checker.plan.rules) {
      for (const NodeId part : checker.nodes.parts(checker.nodes.of(rule.condition.expr))) {
        tell_apart(part);
      }
    }
  }

  // `for e in list: not (e == other)`.
  void tell_apart(NodeId part) {
    const auto is = [&](NodeId id, Op op) {
      return checker.nodes[id].kind == NodeKind::operation && checker.nodes[id].op == op;
    };
    while (is(part, Op::for_all)) {
      part = checker.nodes[part].children[1];
    }
    if (!is(part, Op::logical_not) || !is(checker.nodes[part].children[0], Op::equal)) {
      return;
    }
    const std::vector<NodeId> sides = checker.nodes[checker.nodes[part].children[0]].children;
    const Value* one = checker.nodes.constant_of(sides[0]);
    const Value* two = checker.nodes.constant_of(sides[1]);
    if (one != nullptr && two != nullptr && one->as<ResourceId>() != nullptr &&
        two->as<ResourceId>() != nullptr) {
      apart.insert(std::minmax(*one->as<ResourceId>(), *two->as<ResourceId>()));
    }
  }

  // A state of `one` is written, and the same of `two` used.
  void check(ResourceId one, ResourceId two) const {
    const Resource& resource = checker.plan.resources[one.index];
    const auto& attributes = checker.plan.resource_types[resource.type].attributes;
    for (std::uint32_t attribute = 0; attribute < attributes.size(); ++attribute) {
      const VariableId changed = checker.nodes.variable(one, attribute);
      const VariableId other = checker.nodes.variable(two, attribute);
      if (changed.index != none && other.index != none && changes_one_only(changed, other) &&
          used.contains(other.index)) {
        checker.fault("`{}` may be `{}`, and what is proven takes them for two things",
                      resource.name, checker.plan.resources[two.index].name);
        return;
      }
    }
  }
};

}  // namespace

void Checker::check_aliases() {
  if (std::ranges::none_of(plan.resources,
                           [](const Resource& resource) { return resource.is_element(); })) {
    return;
  }
  Aliases aliases{.checker = *this};
  aliases.collect();
  for (std::uint32_t one = 0; one < plan.resources.size(); ++one) {
    for (std::uint32_t two = 0; aliases.is_open[one] && two < plan.resources.size(); ++two) {
      const ResourceId left{one};
      const ResourceId right{two};
      if (one != two && aliases.may_be_one(left, right) &&
          !aliases.apart.contains(std::minmax(left, right))) {
        aliases.check(left, right);
        aliases.check(right, left);
      }
    }
  }
}

}  // namespace plan::verify
