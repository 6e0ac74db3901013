#include "compiler/core.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace plan {

namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  // The finalizer of splitmix64 (Steele, Lea, Flood 2014).
  hash ^= value + 0x9E3779B97F4A7C15 + (hash << 6) + (hash >> 2);
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EB;
  return hash ^ (hash >> 31);
}

std::uint64_t hash_text(std::string_view text) {
  return std::hash<std::string_view>{}(text);
}

std::uint64_t hash_expr(const Expr& expr, std::span<const ExprId> children) {
  std::uint64_t hash = mix(static_cast<std::uint64_t>(expr.op) << 32 | expr.a,
                           static_cast<std::uint64_t>(expr.b) << 32 | expr.c);
  hash = mix(hash, expr.d);
  for (const ExprId child : children) {
    hash = mix(hash, child.index);
  }
  return hash;
}

std::uint64_t slot_bit(std::uint32_t slot) {
  return std::uint64_t{1} << std::min(slot, 63U);
}

}  // namespace

std::array<ExprId, 3> operands(const Expr& expr) {
  switch (expr.op) {
    case Op::constant:
    case Op::local:
    case Op::input:
    case Op::state:
    case Op::token:
    case Op::list:
    case Op::record:
    case Op::concat:
    case Op::resource:
    case Op::call:
    case Op::native:
      return {};
    case Op::state_of:
    case Op::field:
    case Op::logical_not:
    case Op::negate:
    case Op::cast:
      return {ExprId{expr.a}};
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
      return {ExprId{expr.a}, ExprId{expr.b}};
    case Op::conditional:
      return {ExprId{expr.a}, ExprId{expr.b}, ExprId{expr.c}};
    case Op::for_all:
      return {ExprId{expr.a}, ExprId{expr.b}};
    case Op::map:
      return {ExprId{expr.a}, ExprId{expr.b}, ExprId{expr.d}};
  }
  return {};
}

std::uint64_t hash_of(const Value& value) {
  struct Visitor {
    std::uint64_t operator()(const Null&) const { return 0; }
    std::uint64_t operator()(bool flag) const { return flag ? 1 : 2; }
    std::uint64_t operator()(std::int64_t number) const {
      return static_cast<std::uint64_t>(number);
    }
    std::uint64_t operator()(const std::string& text) const { return hash_text(text); }
    std::uint64_t operator()(const Version& version) const { return hash_text(version.text); }
    std::uint64_t operator()(const Duration& duration) const {
      return static_cast<std::uint64_t>(duration.ms);
    }
    std::uint64_t operator()(const Size& size) const {
      return static_cast<std::uint64_t>(size.bytes);
    }
    std::uint64_t operator()(const EnumValue& value) const { return value.name.id(); }
    std::uint64_t operator()(const List& list) const {
      std::uint64_t hash = list.size();
      for (const Value& item : list) {
        hash = mix(hash, hash_of(item));
      }
      return hash;
    }
    std::uint64_t operator()(const Map& map) const {
      std::uint64_t hash = map.size();
      for (const auto& [key, item] : map) {
        hash = mix(mix(hash, hash_text(key)), hash_of(item));
      }
      return hash;
    }
    std::uint64_t operator()(const HostId& host) const { return host.index; }
    std::uint64_t operator()(const ResourceId& resource) const { return resource.index; }
    std::uint64_t operator()(const Secret&) const { return 3; }
    std::uint64_t operator()(const Deferred& deferred) const { return deferred.expr.index; }
  };
  return mix(value.data.index(), std::visit(Visitor{}, value.data));
}

Core Core::shared(Plan& plan) {
  Core core;
  core.exprs_ = &plan.exprs;
  core.children_ = &plan.expr_children;
  core.constants_ = &plan.constants;
  core.functions_ = &plan.functions;
  core.is_shared_ = true;
  return core;
}

Core Core::of_templates(Core* home) {
  Core core;
  core.home_ = home;
  core.storage_ = std::make_unique<Storage>();
  core.exprs_ = &core.storage_->exprs;
  core.children_ = &core.storage_->children;
  core.constants_ = &core.storage_->constants;
  core.functions_ = &core.storage_->functions;
  return core;
}

bool Core::is_same(const Expr& known, const Expr& expr, std::span<const ExprId> children) const {
  return known.op == expr.op && known.a == expr.a && known.b == expr.b && known.c == expr.c &&
         known.d == expr.d && std::ranges::equal(this->children(known), children);
}

ExprId Core::add(Expr expr, std::span<const ExprId> children) {
  const auto index = static_cast<std::uint32_t>(exprs_->size());
  if (is_shared_) {
    const std::uint32_t known = table_.find_or_add(
        hash_expr(expr, children), index,
        [&](std::uint32_t other) { return is_same((*exprs_)[other], expr, children); });
    if (known != UINT32_MAX) {
      return {known};
    }
  }
  expr.children_begin = static_cast<std::uint32_t>(children_->size());
  children_->insert(children_->end(), children.begin(), children.end());
  expr.children_end = static_cast<std::uint32_t>(children_->size());
  exprs_->push_back(expr);
  if (is_shared_) {
    note_slots(expr);
  }
  return {index};
}

ExprId Core::add_unique(Expr expr) {
  const auto index = static_cast<std::uint32_t>(exprs_->size());
  expr.children_begin = expr.children_end = static_cast<std::uint32_t>(children_->size());
  exprs_->push_back(expr);
  if (is_shared_) {
    note_slots(expr);
  }
  return {index};
}

void HashTable::resize(std::size_t size) {
  const std::vector<Cell> old = std::exchange(cells_, std::vector<Cell>(size));
  for (const Cell& cell : old) {
    if (cell.index == UINT32_MAX) {
      continue;
    }
    std::size_t at = cell.tag & mask();
    while (cells_[at].index != UINT32_MAX) {
      at = (at + 1) & mask();
    }
    cells_[at] = cell;
  }
}

void Core::note_slots(const Expr& expr) {
  if (expr.op == Op::constant || expr.op == Op::state) {
    has_slots_.push_back(false);
    return;
  }
  std::uint64_t free = 0;
  std::uint64_t bound = 0;
  const auto take = [&](ExprId id) {
    if (!id.is_none()) {
      free |= slots(id).free;
      bound |= slots(id).bound;
    }
  };
  for (const ExprId child : children(expr)) {
    take(child);
  }
  const std::array<ExprId, 3> parts = operands(expr);
  if (expr.op == Op::for_all || expr.op == Op::map) {
    take(parts[1]);
    take(parts[2]);
    free &= ~slot_bit(expr.c);
    bound |= slot_bit(expr.c);
    take(parts[0]);
  } else {
    std::ranges::for_each(parts, take);
  }
  free |= expr.op == Op::local ? slot_bit(expr.a) : 0;
  if (free != 0 || bound != 0) {
    slots_[static_cast<std::uint32_t>(has_slots_.size())] = {.free = free, .bound = bound};
  }
  has_slots_.push_back(free != 0 || bound != 0);
}

ExprId Core::constant(Value value) {
  const auto index = static_cast<std::uint32_t>(constants_->size());
  if (is_shared_) {
    if (const auto* deferred = value.as<Deferred>()) {
      return deferred->expr;
    }
    const std::uint32_t known = constant_table_.find_or_add(
        hash_of(value), index, [&](std::uint32_t other) { return (*constants_)[other] == value; });
    if (known != UINT32_MAX) {
      return constant_exprs_[known];
    }
    constant_exprs_.push_back({static_cast<std::uint32_t>(exprs_->size())});
  }
  constants_->push_back(std::move(value));
  return add_unique({.op = Op::constant, .a = index});
}

Core::Mark Core::mark() const {
  return {exprs_->size(), children_->size(), constants_->size()};
}

void Core::release(Mark mark) {
  exprs_->resize(mark.exprs);
  children_->resize(mark.children);
  constants_->resize(mark.constants);
}

std::uint32_t Core::function_index(std::uint32_t module, std::uint32_t ordinal) const {
  const auto found = function_indexes_.find({module, ordinal});
  return found == function_indexes_.end() ? UINT32_MAX : found->second;
}

std::uint32_t Core::add_function(std::uint32_t module,
                                 std::uint32_t ordinal,
                                 PureFunction function) {
  const auto index = static_cast<std::uint32_t>(functions_->size());
  functions_->push_back(std::move(function));
  function_indexes_[{module, ordinal}] = index;
  return index;
}

const Value* plain_value(const Core& core, const Expr& expr, const std::vector<Value>& slots) {
  if (expr.op == Op::local && expr.a < slots.size()) {
    return &slots[expr.a];
  }
  return expr.op == Op::constant ? &core.constant_value(expr.a) : nullptr;
}

std::uint32_t Shapes::index_of(const std::vector<std::string>& keys) {
  const auto [entry, is_new] =
      indexes_.try_emplace(keys, static_cast<std::uint32_t>(plan_.record_shapes.size()));
  if (is_new) {
    plan_.record_shapes.push_back(keys);
  }
  return entry->second;
}

}  // namespace plan
