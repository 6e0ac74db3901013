// An element of a query may be a thing that the plan also names in another way: by a declaration,
// or as an element of another query. Where their keys may be equal, a write to the one may change
// the other, which the proof takes for a different one. Two of which somebody writes a state that
// somebody uses of the other are refused, unless a rule tells them apart.

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "compiler/prove/proof.hpp"

namespace plan {

namespace {

class ElementAliases {
 public:
  explicit ElementAliases(Proof& proof) : proof_(proof), plan_(proof.plan) {}

  void check() {
    // By type, so that pairs are looked for among those only.
    std::unordered_map<std::uint32_t, std::vector<ResourceId>> open;
    for (std::uint32_t index = 0; index < plan_.resources.size(); ++index) {
      if (involves_element(ResourceId{index})) {
        open[plan_.resources[index].type].push_back(ResourceId{index});
      }
    }
    if (open.empty()) {
      return;
    }
    collect_rules();
    collect_uses();
    for (std::uint32_t index = 0; index < plan_.resources.size(); ++index) {
      const ResourceId other{index};
      const auto found = open.find(plan_.resources[index].type);
      if (found == open.end()) {
        continue;
      }
      for (const ResourceId one : found->second) {
        // Of two that both involve elements, each pair once.
        const bool is_turn = one != other && (!involves_element(other) || one < other);
        if (is_turn && may_be_one(one, other) && !told_apart_.contains(std::minmax(one, other))) {
          check_pair(one, other);
        }
      }
    }
  }

 private:
  struct Use {
    StepId step;  // none: a goal or an invariant
    Span span;
  };

  bool involves_element(ResourceId id) {
    const Resource& resource = plan_.resources[id.index];
    const auto& key = plan_.resource_types[resource.type].key;
    return resource.is_element() || std::ranges::any_of(key, [&](std::uint32_t field) {
             return field < resource.fields.size() && involves_element(resource.fields[field]);
           });
  }
  bool involves_element(const Value& value) {
    if (const auto* resource = value.as<ResourceId>()) {
      return involves_element(*resource);
    }
    if (const auto* deferred = value.as<Deferred>()) {
      return involves_element(proof_.terms.of(deferred->expr));
    }
    const auto* list = value.as<List>();
    return list != nullptr &&
           std::ranges::any_of(*list, [&](const Value& item) { return involves_element(item); });
  }
  bool involves_element(TermId term) {
    if (const Value* value = proof_.terms.value(term)) {
      return value->as<Deferred>() == nullptr && involves_element(Value(*value));
    }
    const auto children = proof_.terms.children(term);
    return std::ranges::any_of(std::vector<TermId>(children.begin(), children.end()),
                               [&](TermId child) { return involves_element(child); });
  }

  bool may_be_one(ResourceId one, ResourceId two) {
    if (one == two) {
      return true;
    }
    const Resource& left = plan_.resources[one.index];
    const Resource& right = plan_.resources[two.index];
    // Declarations with different keys are different things: see E0411.
    if (left.type != right.type || (!involves_element(one) && !involves_element(two))) {
      return false;
    }
    const auto& key = plan_.resource_types[left.type].key;
    return std::ranges::all_of(key, [&](std::uint32_t field) {
      return field >= left.fields.size() || field >= right.fields.size() ||
             may_be_equal(left.fields[field], right.fields[field]);
    });
  }
  bool may_be_equal(const Value& one, const Value& two) {
    const auto* left = one.as<ResourceId>();
    const auto* right = two.as<ResourceId>();
    if (left != nullptr && right != nullptr) {
      return may_be_one(*left, *right);
    }
    const auto is_open = [](const Value& value) {
      return value.as<Deferred>() != nullptr || value.as<Null>() != nullptr ||
             value.as<List>() != nullptr || value.as<Map>() != nullptr;
    };
    return is_open(one) || is_open(two) || one == two;
  }

  // `require for e in s.elements: distinct(e, other)`.
  void collect_rules() {
    for (const DeferredRule& rule : plan_.rules) {
      for (TermId part : proof_.terms.conjuncts(proof_.terms.of(rule.condition.expr))) {
        while (is(part, Op::for_all)) {
          part = proof_.terms.children(part)[1];
        }
        if (!is(part, Op::logical_not) || !is(proof_.terms.children(part)[0], Op::equal)) {
          continue;
        }
        const auto sides = proof_.terms.children(proof_.terms.children(part)[0]);
        const Value* left = proof_.terms.value(sides[0]);
        const Value* right = proof_.terms.value(sides[1]);
        if (left != nullptr && right != nullptr && left->as<ResourceId>() != nullptr &&
            right->as<ResourceId>() != nullptr) {
          told_apart_.insert(std::minmax(*left->as<ResourceId>(), *right->as<ResourceId>()));
        }
      }
    }
  }
  [[nodiscard]] bool is(TermId term, Op op) const {
    return proof_.terms[term].kind == TermKind::operation && proof_.terms[term].op == op;
  }

  void use(VariableId variable, StepId step, Span span) {
    if (uses_.emplace(variable.index, Use{.step = step, .span = span}).second) {
      open_.push_back(variable);
    }
  }
  void use(TermId term, StepId step, Span span) {
    for (const VariableId variable : proof_.variables_of(term)) {
      use(variable, step, span);
    }
  }
  void use(const Condition& condition, StepId step) {
    use(proof_.terms.of(condition.expr), step, condition.span);
  }

  void collect_uses() {
    for (std::uint32_t index = 0; index < plan_.steps.size(); ++index) {
      const Step& step = plan_.steps[index];
      const StepId id{index};
      for (const auto* conditions : {&step.requires_, &step.awaits, &step.undo_requires}) {
        std::ranges::for_each(*conditions, [&](const auto& condition) { use(condition, id); });
      }
      if (step.when) {
        use(*step.when, id);
      }
      for (const Write& write : proof_.effects.of(id)) {
        if (is_explicit(write)) {
          use(write.variable, id, write.span);
        }
      }
      for (const Value& argument : step.arguments) {
        if (const auto* deferred = argument.as<Deferred>()) {
          use(proof_.terms.of(deferred->expr), id, step.span);
        }
      }
    }
    for (const auto* conditions : {&plan_.goals, &plan_.invariants}) {
      std::ranges::for_each(*conditions, [&](const auto& condition) { use(condition, {}); });
    }
    // What a step reads to write what is used.
    while (!open_.empty()) {
      const VariableId variable = open_.back();
      open_.pop_back();
      for (const std::uint32_t index : proof_.effects.of(variable)) {
        const Write& write = proof_.effects.all()[index];
        if (write.kind == WriteKind::set) {
          use(write.value, write.step, write.span);
        }
      }
    }
  }

  // Whether the step says so itself: what only comes along with a carrier is written for all names
  // of a thing by the same step.
  [[nodiscard]] bool is_explicit(const Write& write) const {
    const auto& effects = plan_.steps[write.step.index].effects;
    return std::ranges::find(effects, write.variable, &Effect::variable) != effects.end();
  }

  // A write to the one that the other does not get, too.
  [[nodiscard]] const Write* find_write(VariableId changed, VariableId other) const {
    for (const std::uint32_t index : proof_.effects.of(changed)) {
      const Write& write = proof_.effects.all()[index];
      if (write.kind == WriteKind::part || is_explicit(write) ||
          proof_.effects.find(write.step, other) == nullptr) {
        return &write;
      }
    }
    return nullptr;
  }

  void check_pair(ResourceId one, ResourceId two) {
    const auto count = static_cast<std::uint32_t>(
        plan_.resource_types[plan_.resources[one.index].type].attributes.size());
    for (std::uint32_t attribute = 0; attribute < count; ++attribute) {
      for (const auto& [written, used] : {std::pair(one, two), std::pair(two, one)}) {
        const VariableId changed = proof_.terms.variable(written, attribute);
        const VariableId other = proof_.terms.variable(used, attribute);
        const auto found = uses_.find(other.index);
        if (changed.index == UINT32_MAX || other.index == UINT32_MAX || found == uses_.end() ||
            proof_.is_silent(changed) || proof_.is_silent(other)) {
          continue;
        }
        if (const Write* write = find_write(changed, other); write != nullptr) {
          report(*write, other, found->second);
          return;
        }
      }
    }
  }

  void report(const Write& write, VariableId other, const Use& use) {
    const VariableId changed = write.variable;
    const ResourceId one = plan_.variables[changed.index].resource;
    const ResourceId two = plan_.variables[other.index].resource;
    const Resource& left = plan_.resources[one.index];
    const Resource& right = plan_.resources[two.index];
    const std::string& type = plan_.resource_types[left.type].name;
    Diagnostic& diagnostic = proof_.diagnostics.report<Code::maybe_same_thing>(
        plan_.steps[write.step.index].span, left.name, right.name, type);
    diagnostic.at_primary(fmt::format("changes `{}`", proof_.variable(changed)));
    diagnostic.label(use.span, use.step.is_none()
                                   ? fmt::format("speaks of `{}`", proof_.variable(other))
                                   : fmt::format("`{}` relies on `{}`, or changes it",
                                                 proof_.name(use.step), proof_.variable(other)));
    diagnostic.note("their keys are equal, or only the run knows whether they are");
    std::vector<StepId> last{write.step};
    if (!use.step.is_none() && use.step != write.step) {
      last.push_back(use.step);
    }
    std::ranges::sort(last, {}, [&](StepId step) { return proof_.graph.position(step.index); });
    diagnostic.schedule = schedule_to(proof_.schedules(), last, std::array{changed, other});
    diagnostic.schedule.violated = fmt::format(
        "if `{}` is `{}`, `{}` and `{}` are one state, and the proof takes them for two", left.name,
        right.name, proof_.variable(changed), proof_.variable(other));
    diagnostic.help("speak of it in one way only: in the loop, or by name");
    if (const auto rule = rule_for(one, two)) {
      diagnostic.help(fmt::format("or, if they are never the same: `require {}`", *rule));
    }
  }

  // The rule that tells them apart, where one can be written.
  std::optional<std::string> rule_for(ResourceId one, ResourceId two) const {
    std::string loops;
    std::vector<std::string> names;
    for (const ResourceId id : {one, two}) {
      const Resource& resource = plan_.resources[id.index];
      if (!resource.is_element()) {
        names.push_back(resource.name);
        continue;
      }
      const Resource& owner = plan_.resources[resource.element_of.index];
      if (owner.is_element()) {
        return std::nullopt;
      }
      names.push_back(names.empty() ? "a" : "b");
      loops += fmt::format("for {} in {}.{}: ", names.back(), owner.name,
                           plan_.resource_types[owner.type].attributes[resource.query].name);
    }
    return fmt::format("{}distinct({}, {})", loops, names[0], names[1]);
  }

  Proof& proof_;
  const Plan& plan_;
  std::set<std::pair<ResourceId, ResourceId>> told_apart_;
  std::unordered_map<std::uint32_t, Use> uses_;  // by variable: the first one
  std::vector<VariableId> open_;                 // used, and not looked at yet
};

}  // namespace

void check_element_aliases(Proof& proof) {
  const bool has_elements = std::ranges::any_of(
      proof.plan.resources, [](const Resource& resource) { return resource.is_element(); });
  if (has_elements) {
    ElementAliases(proof).check();
  }
}

}  // namespace plan
