// Terms: what is known about values without running anything. Value numbering: two equal TermIds
// are one value in every run; a term is folded to a constant as soon as one is known.
// An expression of the plan becomes a term over the initial values of variables; substitute()
// then moves it to another state of the world. Used by order.cpp and prove/*; not thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/core.hpp"
#include "compiler/plan.hpp"

namespace plan {

struct TermId {
  std::uint32_t index = UINT32_MAX;
  auto operator<=>(const TermId&) const = default;
};

enum class TermKind : std::uint8_t {
  constant,   // a: index of the pool of values
  initial,    // a: variable: its value before the plan begins
  unknown,    // a: running number: a value that nobody can know
  input,      // a: input
  token,      // a: step
  bound,      // a: number: the element of a list that is not known
  elsewhere,  // a: pair of resource and attribute that is no variable of the plan
  poison,     // something was wrong here already: no further complaint
  operation   // op over children; b as in Expr
};

struct Term {
  TermKind kind = TermKind::constant;
  Op op = Op::constant;
  bool has_variable = false;  // an `initial` somewhere below
  std::uint32_t a = 0;
  std::uint32_t children_begin = 0;
  std::uint32_t children_end = 0;
};

class Terms {
 public:
  explicit Terms(const Plan& plan);

  [[nodiscard]] const Term& operator[](TermId term) const { return terms_[term.index]; }
  [[nodiscard]] std::span<const TermId> children(TermId term) const;
  // nullptr if the term is not a constant.
  [[nodiscard]] const Value* value(TermId term) const;

  [[nodiscard]] TermId truth(bool value) const { return value ? true_ : false_; }
  [[nodiscard]] bool is_true(TermId term) const { return term == true_; }
  [[nodiscard]] bool is_false(TermId term) const { return term == false_; }
  [[nodiscard]] bool is_poison(TermId term) const { return term == poison_; }
  // False, or false for every element of a list that could be empty: `for e in l: false`.
  [[nodiscard]] bool is_refuted(TermId term) const;

  TermId constant(Value value);
  TermId initial(VariableId variable) const { return TermId{first_initial_ + variable.index}; }
  TermId poison() const { return poison_; }
  TermId unknown();
  TermId make(Op op, std::uint32_t detail, std::span<const TermId> children);
  TermId negation(TermId term);
  TermId conjunction(TermId left, TermId right);

  // The value of a closed expression before the plan begins.
  TermId of(ExprId expr);
  // The same, of one that was asked for before.
  [[nodiscard]] TermId known(ExprId expr) const { return of_expr_[expr.index]; }
  // The conjuncts of a condition; `for x in l: a and b` is split, too.
  [[nodiscard]] FewOf<TermId> conjuncts(TermId term);

  // `term` with the value of each variable taken from `state` (by variable index).
  TermId substitute(TermId term, std::span<const TermId> state);
  // `term` with every `leaf` in it replaced.
  TermId replace(TermId term, TermId leaf, TermId by);
  // `term` in the case that `condition` is `value`.
  TermId assume(TermId term, TermId condition, bool value);

  // Calls visit(TermId) for every leaf that is not a constant, with repetitions.
  template <class Visit>
  void for_each_leaf(TermId term, const Visit& visit) const {
    const Term& node = terms_[term.index];
    if (node.kind == TermKind::operation) {
      for (const TermId child : children(term)) {
        for_each_leaf(child, visit);
      }
    } else if (node.kind != TermKind::constant) {
      visit(term);
    }
  }
  [[nodiscard]] VariableId variable_of(TermId term) const { return {terms_[term.index].a}; }
  // The variable of a resource's attribute, or none.
  [[nodiscard]] VariableId variable(ResourceId resource, std::uint32_t attribute) const;
  // The arbitrary element of a query, or none.
  [[nodiscard]] ResourceId element(ResourceId owner, std::uint32_t query) const;

 private:
  struct Frame;
  TermId of(ExprId expr, Frame& frame);
  TermId of_value(const Value& value);
  TermId of_field(const Expr& expr, Frame& frame);
  TermId of_state(TermId resource, std::uint32_t attribute);
  TermId of_call(const Expr& expr, Frame& frame);
  TermId of_list_form(const Expr& expr, Frame& frame);
  TermId of_resource(const Expr& expr, Frame& frame);
  std::vector<TermId> element_terms(TermId list, bool& is_complete);
  std::vector<TermId> of_children(const Expr& expr, Frame& frame);

  TermId fold(Op op, std::uint32_t detail, std::span<const TermId> children);
  TermId fold_equal(TermId left, TermId right);
  TermId fold_conditional(TermId condition, TermId yes, TermId no);
  TermId fold_constants(Op op, std::uint32_t detail, std::span<const TermId> children);
  std::uint32_t find_constant(const Value& value);
  TermId constant_of_plan(std::uint32_t index);
  TermId add_constant(const Value& value);
  TermId intern(Term term, std::span<const TermId> children);
  void grow_table();

  const Plan& plan_;
  std::vector<Term> terms_;
  std::vector<TermId> children_;
  std::vector<const Value*> values_;  // of the plan, or of own_values_
  std::deque<Value> own_values_;
  std::vector<std::uint32_t> table_;  // open addressing: index + 1 of an interned operation or leaf
  std::size_t interned_ = 0;
  HashTable constants_;              // of values_
  std::vector<TermId> value_terms_;  // by value
  std::vector<TermId> of_expr_;      // by ExprId, of closed expressions
  std::vector<TermId> of_constant_;  // by index of Plan::constants
  // Variables by resource: those of resource r are at resource_begin_[r] up to the next one's.
  std::vector<std::uint32_t> resource_begin_;
  std::vector<VariableId> by_resource_;
  std::unordered_map<std::uint64_t, std::uint32_t> elements_;
  TermId true_;
  TermId false_;
  TermId poison_;
  std::uint32_t first_initial_ = 0;
  std::uint32_t unknowns_ = 0;
  std::uint32_t bounds_ = 0;
};

}  // namespace plan
