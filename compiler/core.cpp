#include "compiler/core.hpp"

#include <algorithm>
#include <string_view>

namespace plan {

namespace {

constexpr std::uint32_t empty_cell = UINT32_MAX;

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
  std::size_t cell = 0;
  if (is_shared_) {
    if ((table_used_ + 1) * 2 > table_.size()) {
      grow();
    }
    const std::size_t mask = table_.size() - 1;
    cell = hash_expr(expr, children) & mask;
    for (; table_[cell] != empty_cell; cell = (cell + 1) & mask) {
      if (is_same((*exprs_)[table_[cell]], expr, children)) {
        return {table_[cell]};
      }
    }
  }
  expr.children_begin = static_cast<std::uint32_t>(children_->size());
  children_->insert(children_->end(), children.begin(), children.end());
  expr.children_end = static_cast<std::uint32_t>(children_->size());
  const auto index = static_cast<std::uint32_t>(exprs_->size());
  exprs_->push_back(expr);
  if (is_shared_) {
    table_[cell] = index;
    ++table_used_;
    note_slots(expr);
  }
  return {index};
}

void Core::grow() {
  table_.assign(table_.empty() ? 1024 : table_.size() * 2, empty_cell);
  const std::size_t mask = table_.size() - 1;
  for (std::uint32_t index = 0; index < exprs_->size(); ++index) {
    const Expr& expr = (*exprs_)[index];
    std::size_t cell = hash_expr(expr, children(expr)) & mask;
    while (table_[cell] != empty_cell) {
      cell = (cell + 1) & mask;
    }
    table_[cell] = index;
  }
}

void Core::note_slots(const Expr& expr) {
  std::uint64_t free = 0;
  std::uint64_t bound = 0;
  const auto take = [&](ExprId id) {
    if (!id.is_none()) {
      free |= free_[id.index];
      bound |= bound_[id.index];
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
  free_.push_back(free);
  bound_.push_back(bound);
}

ExprId Core::constant(Value value) {
  if (is_shared_) {
    if (const auto* deferred = value.as<Deferred>()) {
      return deferred->expr;
    }
    if ((constants_used_ + 1) * 2 > constant_table_.size()) {
      constant_table_.assign(constant_table_.empty() ? 1024 : constant_table_.size() * 2,
                             empty_cell);
      const std::size_t mask = constant_table_.size() - 1;
      for (std::uint32_t index = 0; index < constants_->size(); ++index) {
        std::size_t cell = hash_of((*constants_)[index]) & mask;
        while (constant_table_[cell] != empty_cell) {
          cell = (cell + 1) & mask;
        }
        constant_table_[cell] = index;
      }
    }
    const std::size_t mask = constant_table_.size() - 1;
    std::size_t cell = hash_of(value) & mask;
    for (; constant_table_[cell] != empty_cell; cell = (cell + 1) & mask) {
      if ((*constants_)[constant_table_[cell]] == value) {
        return add({.op = Op::constant, .a = constant_table_[cell]});
      }
    }
    constant_table_[cell] = static_cast<std::uint32_t>(constants_->size());
    ++constants_used_;
  }
  constants_->push_back(std::move(value));
  return add({.op = Op::constant, .a = static_cast<std::uint32_t>(constants_->size() - 1)});
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

std::uint32_t Shapes::index_of(const std::vector<std::string>& keys) {
  const auto [entry, is_new] =
      indexes_.try_emplace(keys, static_cast<std::uint32_t>(plan_.record_shapes.size()));
  if (is_new) {
    plan_.record_shapes.push_back(keys);
  }
  return entry->second;
}

}  // namespace plan
