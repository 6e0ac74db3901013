// Builds core expressions: of the plan, where equal expressions are one (hash-consing, Ershov
// 1958), and of templates, the open forms that elaboration instantiates and then forgets.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/plan.hpp"

namespace plan {

// Native functions that only the compiler knows; they never reach a plan that is run.
inline constexpr std::uint32_t native_source_text = UINT32_MAX - 1;
inline constexpr std::uint32_t native_host = UINT32_MAX - 2;

// The operands of `expr` that are expressions themselves, besides its children; none where there is
// none. Of for_all and map: the list first.
[[nodiscard]] std::array<ExprId, 3> operands(const Expr& expr);

// Hash of a value's structure; Secret has none to show.
[[nodiscard]] std::uint64_t hash_of(const Value& value);

// Indexes of a vector by the hash of what stands there: open addressing, the hash kept beside the
// index, so that a look at the vector is needed only where the hashes are equal.
class HashTable {
 public:
  // The index for which `is_same(index)` is true; UINT32_MAX if there is none: then `next` is put
  // in its place.
  template <class IsSame>
  std::uint32_t find_or_add(std::uint64_t hash, std::uint32_t next, IsSame is_same) {
    if ((used_ + 1) * 2 > cells_.size()) {
      resize(cells_.empty() ? 1024 : cells_.size() * 2);
    }
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t at = tag & mask();; at = (at + 1) & mask()) {
      Cell& cell = cells_[at];
      if (cell.index == UINT32_MAX) {
        cell = {.tag = tag, .index = next};
        ++used_;
        return UINT32_MAX;
      }
      if (cell.tag == tag && is_same(cell.index)) {
        return cell.index;
      }
    }
  }

 private:
  struct Cell {
    std::uint32_t tag = 0;
    std::uint32_t index = UINT32_MAX;
  };
  [[nodiscard]] std::size_t mask() const { return cells_.size() - 1; }
  void resize(std::size_t size);

  std::vector<Cell> cells_;
  std::size_t used_ = 0;
};

class Core {
 public:
  // Works on the vectors of `plan`; equal expressions and equal constants get one id.
  [[nodiscard]] static Core shared(Plan& plan);
  // Works on vectors of its own; functions are kept by `home`, which must outlive it.
  [[nodiscard]] static Core of_templates(Core* home = nullptr);

  [[nodiscard]] bool is_shared() const { return is_shared_; }
  [[nodiscard]] Expr operator[](ExprId id) const { return (*exprs_)[id.index]; }
  [[nodiscard]] std::span<const ExprId> children(const Expr& expr) const {
    return std::span(*children_)
        .subspan(expr.children_begin, expr.children_end - expr.children_begin);
  }
  // One of expr_children, by its place there.
  [[nodiscard]] ExprId child(std::uint32_t place) const { return (*children_)[place]; }
  [[nodiscard]] const Value& constant_value(std::uint32_t index) const {
    return (*constants_)[index];
  }

  // `expr` without its children's range.
  ExprId add(Expr expr, std::span<const ExprId> children = {});
  // The same, of one that is known not to be there yet, nor asked for again by add().
  ExprId add_unique(Expr expr);
  // Of a deferred value in the plan: its expression.
  ExprId constant(Value value);
  ExprId local(std::uint32_t slot) { return add({.op = Op::local, .a = slot}); }

  // Slots that the expression reads without binding them, and slots that it binds, as bit sets
  // (slots from 63 on share one bit). Of the plan's expressions only.
  [[nodiscard]] std::uint64_t free_slots(ExprId id) const { return slots(id).free; }
  [[nodiscard]] std::uint64_t bound_slots(ExprId id) const { return slots(id).bound; }

  // Templates only: what was added since a mark can be dropped again.
  struct Mark {
    std::size_t exprs = 0;
    std::size_t children = 0;
    std::size_t constants = 0;
  };
  [[nodiscard]] Mark mark() const;
  void release(Mark mark);

  [[nodiscard]] Core& functions_home() { return home_ == nullptr ? *this : *home_; }
  [[nodiscard]] const std::string& function_name(std::uint32_t index) const {
    return home_ == nullptr ? (*functions_)[index].name : home_->function_name(index);
  }
  // Index of a function of (module, ordinal), UINT32_MAX if it is not there yet.
  [[nodiscard]] std::uint32_t function_index(std::uint32_t module, std::uint32_t ordinal) const;
  std::uint32_t add_function(std::uint32_t module, std::uint32_t ordinal, PureFunction function);
  [[nodiscard]] const PureFunction& function(std::uint32_t index) const {
    return (*functions_)[index];
  }

 private:
  Core() = default;
  struct Storage {
    std::vector<Expr> exprs;
    std::vector<ExprId> children;
    std::vector<Value> constants;
    std::vector<PureFunction> functions;
  };
  [[nodiscard]] bool is_same(const Expr& known,
                             const Expr& expr,
                             std::span<const ExprId> children) const;
  void note_slots(const Expr& expr);

  std::vector<Expr>* exprs_ = nullptr;
  std::vector<ExprId>* children_ = nullptr;
  std::vector<Value>* constants_ = nullptr;
  std::vector<PureFunction>* functions_ = nullptr;
  struct Slots {
    std::uint64_t free = 0;
    std::uint64_t bound = 0;
  };
  [[nodiscard]] Slots slots(ExprId id) const {
    return has_slots_[id.index] ? slots_.at(id.index) : Slots{};
  }
  // By expression; nearly all of a plan's are closed and bind nothing.
  std::vector<bool> has_slots_;
  std::unordered_map<std::uint32_t, Slots> slots_;
  HashTable table_;  // of expressions
  HashTable constant_table_;
  std::vector<ExprId> constant_exprs_;  // by constant
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> function_indexes_;
  bool is_shared_ = false;
  Core* home_ = nullptr;
  std::unique_ptr<Storage> storage_;
};

// The value of a slot or constant; nullptr for any other expression.
[[nodiscard]] const Value* plain_value(const Core& core,
                                       const Expr& expr,
                                       const std::vector<Value>& slots);

// Keys of records, shared by the whole plan.
class Shapes {
 public:
  explicit Shapes(Plan& plan) : plan_(plan) {}
  [[nodiscard]] std::uint32_t index_of(const std::vector<std::string>& keys);

 private:
  Plan& plan_;
  std::map<std::vector<std::string>, std::uint32_t> indexes_;
};

}  // namespace plan
