// The pool of terms and the rules by which they are folded. Value numbering by hash-consing:
// Ershov 1958, Cocke & Schwartz 1970.

#include "compiler/prove/terms.hpp"

#include <algorithm>
#include <array>

#include "compiler/operation_details.hpp"
#include "compiler/operations.hpp"

namespace plan {

namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  // The finalizer of splitmix64 (Steele, Lea & Flood 2014).
  std::uint64_t mixed = (hash + 0x9E3779B97F4A7C15ULL) ^ (word * 0xBF58476D1CE4E5B9ULL);
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
  return mixed ^ (mixed >> 31U);
}

std::uint64_t pair_key(std::uint32_t high, std::uint32_t low) {
  return (std::uint64_t{high} << 32U) | low;
}

// Whether a constant may turn out equal to another one although the two are written differently:
// it holds something that only run time knows.
bool is_open(const Plan& plan, const Value& value) {
  if (value.as<Deferred>() != nullptr) {
    return true;
  }
  if (const auto* resource = value.as<ResourceId>()) {
    if (resource->index >= plan.resources.size()) {
      return true;
    }
    const Resource& found = plan.resources[resource->index];
    if (found.is_element()) {
      return true;
    }
    const ResourceType& type = plan.resource_types[found.type];
    return std::ranges::any_of(type.key, [&](std::uint32_t field) {
      return field < found.fields.size() && is_open(plan, found.fields[field]);
    });
  }
  if (const auto* list = value.as<List>()) {
    return std::ranges::any_of(*list, [&](const Value& item) { return is_open(plan, item); });
  }
  if (const auto* map = value.as<Map>()) {
    return std::ranges::any_of(*map,
                               [&](const auto& entry) { return is_open(plan, entry.second); });
  }
  return value.as<Secret>() != nullptr;
}

}  // namespace

Terms::Terms(const Plan& plan) : plan_(plan) {
  table_.resize(1U << 10U);
  const std::size_t variable_count = plan.variables.size();
  terms_.reserve(variable_count + 64);
  first_initial_ = 0;
  resource_begin_.resize(plan.resources.size() + 2);
  for (std::uint32_t index = 0; index < variable_count; ++index) {
    terms_.push_back({.kind = TermKind::initial, .has_variable = true, .a = index});
    ++resource_begin_[plan.variables[index].resource.index + std::size_t{2}];
  }
  for (std::size_t index = 1; index < resource_begin_.size(); ++index) {
    resource_begin_[index] += resource_begin_[index - 1];
  }
  by_resource_.resize(variable_count);
  for (std::uint32_t index = 0; index < variable_count; ++index) {
    by_resource_[resource_begin_[plan.variables[index].resource.index + std::size_t{1}]++] = {
        index};
  }
  for (std::uint32_t index = 0; index < plan.resources.size(); ++index) {
    const Resource& resource = plan.resources[index];
    if (resource.is_element()) {
      elements_.emplace(pair_key(resource.element_of.index, resource.query), index);
    }
  }
  of_expr_.resize(plan.exprs.size());
  of_constant_.resize(plan.constants.size());
  poison_ = intern({.kind = TermKind::poison}, {});
  true_ = constant(Value{true});
  false_ = constant(Value{false});
}

std::span<const TermId> Terms::children(TermId term) const {
  const Term& node = terms_[term.index];
  return std::span(children_).subspan(node.children_begin, node.children_end - node.children_begin);
}

const Value* Terms::value(TermId term) const {
  const Term& node = terms_[term.index];
  return node.kind == TermKind::constant ? values_[node.a] : nullptr;
}

bool Terms::is_refuted(TermId term) const {
  const Term& node = terms_[term.index];
  return is_false(term) || (node.kind == TermKind::operation && node.op == Op::for_all &&
                            is_refuted(children(term)[1]));
}

// The place of an equal value; if there is none: none, and the value must be added next.
std::uint32_t Terms::find_constant(const Value& value) {
  return constants_.find_or_add(hash_of(value), static_cast<std::uint32_t>(values_.size()),
                                [&](std::uint32_t other) { return *values_[other] == value; });
}

TermId Terms::constant(Value value) {
  const std::uint32_t known = find_constant(value);
  return known != UINT32_MAX ? value_terms_[known]
                             : add_constant(own_values_.emplace_back(std::move(value)));
}

// The same of a constant of the plan, which is not copied.
TermId Terms::constant_of_plan(std::uint32_t index) {
  const Value& value = plan_.constants[index];
  const std::uint32_t known = find_constant(value);
  return known != UINT32_MAX ? value_terms_[known] : add_constant(value);
}

TermId Terms::add_constant(const Value& value) {
  const TermId term{static_cast<std::uint32_t>(terms_.size())};
  terms_.push_back({.kind = TermKind::constant, .a = static_cast<std::uint32_t>(values_.size())});
  values_.push_back(&value);
  value_terms_.push_back(term);
  return term;
}

// Like no other term, so that nobody will look for it.
TermId Terms::unknown() {
  terms_.push_back({.kind = TermKind::unknown, .a = unknowns_++});
  return TermId{static_cast<std::uint32_t>(terms_.size()) - 1};
}

TermId Terms::negation(TermId term) {
  return make(Op::logical_not, 0, std::array{term});
}

TermId Terms::conjunction(TermId left, TermId right) {
  return make(Op::logical_and, 0, std::array{left, right});
}

VariableId Terms::variable(ResourceId resource, std::uint32_t attribute) const {
  if (resource.index + std::size_t{1} >= resource_begin_.size()) {
    return {};
  }
  for (std::uint32_t at = resource_begin_[resource.index];
       at < resource_begin_[resource.index + std::size_t{1}]; ++at) {
    if (plan_.variables[by_resource_[at].index].attribute == attribute) {
      return by_resource_[at];
    }
  }
  return {};
}

ResourceId Terms::element(ResourceId owner, std::uint32_t query) const {
  const auto found = elements_.find(pair_key(owner.index, query));
  return found == elements_.end() ? ResourceId{} : ResourceId{found->second};
}

TermId Terms::intern(Term term, std::span<const TermId> children) {
  std::uint64_t hash = mix(static_cast<std::uint64_t>(term.kind),
                           pair_key(static_cast<std::uint32_t>(term.op), term.a));
  for (const TermId child : children) {
    hash = mix(hash, child.index);
    term.has_variable = term.has_variable || terms_[child.index].has_variable;
  }
  for (std::size_t at = hash;; ++at) {
    std::uint32_t& bucket = table_[at & (table_.size() - 1)];
    if (bucket == 0) {
      bucket = static_cast<std::uint32_t>(terms_.size()) + 1;
      break;
    }
    const Term& other = terms_[bucket - 1];
    if (other.kind == term.kind && other.op == term.op && other.a == term.a &&
        std::ranges::equal(this->children(TermId{bucket - 1}), children)) {
      return TermId{bucket - 1};
    }
  }
  const TermId id{static_cast<std::uint32_t>(terms_.size())};
  term.children_begin = static_cast<std::uint32_t>(children_.size());
  children_.insert(children_.end(), children.begin(), children.end());
  term.children_end = static_cast<std::uint32_t>(children_.size());
  terms_.push_back(term);
  if (++interned_ * 2 > table_.size()) {
    grow_table();
  }
  return id;
}

void Terms::grow_table() {
  std::vector<std::uint32_t> old(table_.size() * 2);
  old.swap(table_);
  for (const std::uint32_t entry : old) {
    if (entry == 0) {
      continue;
    }
    const Term& term = terms_[entry - 1];
    std::uint64_t hash = mix(static_cast<std::uint64_t>(term.kind),
                             pair_key(static_cast<std::uint32_t>(term.op), term.a));
    for (const TermId child : children(TermId{entry - 1})) {
      hash = mix(hash, child.index);
    }
    std::size_t at = hash;
    while (table_[at & (table_.size() - 1)] != 0) {
      ++at;
    }
    table_[at & (table_.size() - 1)] = entry;
  }
}

TermId Terms::make(Op op, std::uint32_t detail, std::span<const TermId> children) {
  if (std::ranges::find(children, poison_) != children.end()) {
    return poison_;
  }
  return fold(op, detail, children);
}

TermId Terms::fold(Op op, std::uint32_t detail, std::span<const TermId> children) {
  const TermId left = children.empty() ? TermId{} : children[0];
  const TermId right = children.size() < 2 ? TermId{} : children[1];
  if (op == Op::logical_not) {
    const Term& inner = terms_[left.index];
    if (inner.kind == TermKind::operation && inner.op == Op::logical_not) {
      return this->children(left)[0];
    }
    return fold_constants(op, detail, children);
  }
  if (op == Op::logical_and || op == Op::logical_or) {
    // `absorbing` decides alone: false of `and`, true of `or`.
    const TermId absorbing = truth(op == Op::logical_or);
    const TermId neutral = truth(op == Op::logical_and);
    if (left == absorbing || right == absorbing || left == negation(right)) {
      return absorbing;
    }
    if (left == neutral || left == right) {
      return right;
    }
    return right == neutral ? left : intern({.kind = TermKind::operation, .op = op}, children);
  }
  if (op == Op::equal) {
    return fold_equal(left, right);
  }
  if (op == Op::not_equal) {
    return negation(fold_equal(left, right));
  }
  if ((op == Op::less || op == Op::less_equal) && left == right) {
    return truth(op == Op::less_equal);
  }
  if (op == Op::conditional) {
    return fold_conditional(left, right, children[2]);
  }
  if (op == Op::for_all && is_true(right)) {
    return true_;
  }
  return fold_constants(op, detail, children);
}

TermId Terms::fold_equal(TermId left, TermId right) {
  if (left == right) {
    return true_;
  }
  if (left > right) {
    std::swap(left, right);
  }
  const Value* left_value = value(left);
  const Value* right_value = value(right);
  if (left_value != nullptr && right_value != nullptr) {
    if (!is_open(plan_, *left_value) && !is_open(plan_, *right_value)) {
      return truth(same(*left_value, *right_value));
    }
  } else if (left == true_ || left == false_) {
    return left == true_ ? right : negation(right);
  } else if (right == true_ || right == false_) {
    return right == true_ ? left : negation(left);
  }
  return intern({.kind = TermKind::operation, .op = Op::equal}, std::array{left, right});
}

TermId Terms::fold_conditional(TermId condition, TermId yes, TermId no) {
  if (is_true(condition) || is_false(condition)) {
    return is_true(condition) ? yes : no;
  }
  yes = assume(yes, condition, true);
  no = assume(no, condition, false);
  if (yes == no) {
    return yes;
  }
  if (is_true(yes) && is_false(no)) {
    return condition;
  }
  if (is_false(yes) && is_true(no)) {
    return negation(condition);
  }
  return intern({.kind = TermKind::operation, .op = Op::conditional},
                std::array{condition, yes, no});
}

// Operators and natives over constants are computed; whatever has no value stays a term.
// NOLINTNEXTLINE(readability-function-size): a case for each operator
TermId Terms::fold_constants(Op op, std::uint32_t detail, std::span<const TermId> children) {
  const auto as_term = [&] {
    return intern({.kind = TermKind::operation, .op = op, .a = detail}, children);
  };
  std::vector<Value> values;
  for (const TermId child : children) {
    const Value* child_value = value(child);
    if (child_value == nullptr || is_open(plan_, *child_value)) {
      return as_term();
    }
    values.push_back(*child_value);
  }
  Evaluated result = std::unexpected(std::string());
  switch (op) {
    case Op::logical_not:
    case Op::negate:
      result = apply(op, values[0]);
      break;
    case Op::less:
    case Op::less_equal:
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::remainder:
    case Op::in:
    case Op::index:
      result = apply(op, values[0], values[1]);
      break;
    case Op::native:
      result = apply_native(plan_, detail, values);
      break;
    case Op::cast:
      result = cast(plan_, values[0], detail);
      break;
    case Op::list:
      result = Value{List(values.begin(), values.end())};
      break;
    case Op::record: {
      Map map;
      for (std::size_t index = 0; index < values.size(); ++index) {
        map.emplace_back(plan_.record_shapes[detail][index], values[index]);
      }
      result = Value{std::move(map)};
      break;
    }
    case Op::concat: {
      std::string text;
      for (const Value& part : values) {
        const Evaluated part_text = interpolate(part);
        if (!part_text) {
          return as_term();
        }
        text += *part_text->as<std::string>();
      }
      result = Value{std::move(text)};
      break;
    }
    case Op::constant:
    case Op::local:
    case Op::input:
    case Op::state:
    case Op::state_of:
    case Op::token:
    case Op::field:
    case Op::resource:
    case Op::logical_and:
    case Op::logical_or:
    case Op::equal:
    case Op::not_equal:
    case Op::conditional:
    case Op::call:
    case Op::for_all:
    case Op::map:
      break;
  }
  return result ? constant(*result) : as_term();
}

FewOf<TermId> Terms::conjuncts(TermId term) {
  const Term node = terms_[term.index];
  std::vector<TermId> result;
  if (node.kind == TermKind::operation && node.op == Op::logical_and) {
    for (const TermId child : std::array{children(term)[0], children(term)[1]}) {
      const auto parts = conjuncts(child);
      result.insert(result.end(), parts.begin(), parts.end());
    }
    return result;
  }
  if (node.kind == TermKind::operation && node.op == Op::for_all) {
    const TermId list = children(term)[0];
    for (const TermId part : conjuncts(children(term)[1])) {
      result.push_back(make(Op::for_all, node.a, std::array{list, part}));
    }
    return result;
  }
  return {term};
}

TermId Terms::substitute(TermId term, std::span<const TermId> state) {
  const Term node = terms_[term.index];
  if (!node.has_variable) {
    return term;
  }
  if (node.kind == TermKind::initial) {
    return state[node.a];
  }
  std::vector<TermId> parts(children(term).begin(), children(term).end());
  for (TermId& part : parts) {
    part = substitute(part, state);
  }
  return make(node.op, node.a, parts);
}

TermId Terms::replace(TermId term, TermId leaf, TermId by) {
  const Term node = terms_[term.index];
  if (term == leaf) {
    return by;
  }
  if (!node.has_variable || node.kind != TermKind::operation) {
    return term;
  }
  std::vector<TermId> parts(children(term).begin(), children(term).end());
  for (TermId& part : parts) {
    part = replace(part, leaf, by);
  }
  return make(node.op, node.a, parts);
}

TermId Terms::assume(TermId term, TermId condition, bool value) {
  if (term == condition) {
    return truth(value);
  }
  const Term node = terms_[condition.index];
  if (node.kind == TermKind::operation && node.op == Op::logical_not) {
    return assume(term, children(condition)[0], !value);
  }
  const bool is_split =
      node.kind == TermKind::operation && node.op == (value ? Op::logical_and : Op::logical_or);
  if (is_split) {
    const TermId left = children(condition)[0];
    const TermId right = children(condition)[1];
    return assume(assume(term, left, value), right, value);
  }
  const Term outer = terms_[term.index];
  if (outer.kind != TermKind::operation) {
    return term;
  }
  std::vector<TermId> parts(children(term).begin(), children(term).end());
  bool is_changed = false;
  for (TermId& part : parts) {
    const TermId changed = assume(part, condition, value);
    is_changed = is_changed || changed != part;
    part = changed;
  }
  return is_changed ? make(outer.op, outer.a, parts) : term;
}

}  // namespace plan
