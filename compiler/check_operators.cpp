// Types of operators, conditionals, casts and quantifiers.

#include <fmt/format.h>

#include "compiler/checker.hpp"

namespace plan {

namespace {

std::string_view symbol_of(ast::BinaryOp op) {
  switch (op) {
    case ast::BinaryOp::logical_or:
      return "or";
    case ast::BinaryOp::logical_and:
      return "and";
    case ast::BinaryOp::equal:
      return "==";
    case ast::BinaryOp::not_equal:
      return "!=";
    case ast::BinaryOp::less:
      return "<";
    case ast::BinaryOp::less_equal:
      return "<=";
    case ast::BinaryOp::greater:
      return ">";
    case ast::BinaryOp::greater_equal:
      return ">=";
    case ast::BinaryOp::in:
      return "in";
    case ast::BinaryOp::not_in:
      return "not in";
    case ast::BinaryOp::add:
      return "+";
    case ast::BinaryOp::subtract:
      return "-";
    case ast::BinaryOp::multiply:
      return "*";
    case ast::BinaryOp::divide:
      return "/";
    case ast::BinaryOp::remainder:
      return "%";
  }
  return "?";
}

bool is_comparable(TypeKind kind) {
  return kind == TypeKind::string || kind == TypeKind::path || kind == TypeKind::url ||
         kind == TypeKind::integer || kind == TypeKind::version || kind == TypeKind::duration ||
         kind == TypeKind::size || kind == TypeKind::any;
}

}  // namespace

std::uint32_t Checker::of(const ast::Unary& node) {
  if (node.op == ast::UnaryOp::logical_not) {
    expect(node.operand, bool_type);
    return bool_type;
  }
  const std::uint32_t type = infer(node.operand);
  const TypeKind kind = types_.kind(type);
  if (kind != TypeKind::integer && kind != TypeKind::duration && kind != TypeKind::any) {
    diagnostics_.report<Code::type_mismatch>(span(node.operand), "an int or a duration",
                                             types_.text(type));
    return any_type;
  }
  return type;
}

std::uint32_t Checker::of(const ast::Binary& node, ast::ExprId id) {
  switch (node.op) {
    case ast::BinaryOp::logical_or:
    case ast::BinaryOp::logical_and:
      expect(node.left, bool_type);
      expect(node.right, bool_type);
      return bool_type;
    case ast::BinaryOp::equal:
    case ast::BinaryOp::not_equal:
    case ast::BinaryOp::less:
    case ast::BinaryOp::less_equal:
    case ast::BinaryOp::greater:
    case ast::BinaryOp::greater_equal:
    case ast::BinaryOp::in:
    case ast::BinaryOp::not_in:
      return comparison(node, id);
    case ast::BinaryOp::add:
    case ast::BinaryOp::subtract:
    case ast::BinaryOp::multiply:
    case ast::BinaryOp::divide:
    case ast::BinaryOp::remainder:
      break;
  }
  const std::uint32_t left = infer(node.left);
  const std::uint32_t right = infer(node.right);
  const std::uint32_t type = arithmetic(node.op, left, right);
  if (type == no_type) {
    diagnostics_.report<Code::bad_operands>(span(id), symbol_of(node.op), types_.text(left),
                                            types_.text(right));
    return any_type;
  }
  return type;
}

std::uint32_t Checker::arithmetic(ast::BinaryOp op, std::uint32_t left, std::uint32_t right) const {
  const TypeKind one = types_.kind(left);
  const TypeKind two = types_.kind(right);
  if (one == TypeKind::any || two == TypeKind::any) {
    return one == TypeKind::any ? right : left;
  }
  const auto is_amount = [](TypeKind kind) {
    return kind == TypeKind::duration || kind == TypeKind::size;
  };
  const bool is_sum = op == ast::BinaryOp::add || op == ast::BinaryOp::subtract;
  if (one == TypeKind::integer && two == TypeKind::integer) {
    return int_type;
  }
  if (is_sum && one == two && is_amount(one)) {
    return left;
  }
  if (op == ast::BinaryOp::add) {
    bool matches = one == TypeKind::list || types_.fits(left, scalar(TypeKind::secret));
    const std::uint32_t both = matches ? types_.common(left, right, matches) : no_type;
    return matches ? both : no_type;
  }
  if (is_sum) {
    return no_type;
  }
  if (is_amount(one) && two == TypeKind::integer) {
    return left;
  }
  if (op == ast::BinaryOp::multiply) {
    return one == TypeKind::integer && is_amount(two) ? right : no_type;
  }
  if (one == two && is_amount(one)) {
    return op == ast::BinaryOp::divide ? int_type : left;
  }
  return no_type;
}

std::uint32_t Checker::comparison(const ast::Binary& node, ast::ExprId id) {
  // A case of an enum is known by the other side only.
  const bool is_right_first = symbol(node.left).kind == SymbolKind::enum_case;
  std::uint32_t left = is_right_first ? no_type : infer(node.left);
  const std::uint32_t right =
      infer(node.right, left == no_type || node.op == ast::BinaryOp::in ? no_type : left);
  left = is_right_first ? infer(node.left, right) : left;
  const bool is_search = node.op == ast::BinaryOp::in || node.op == ast::BinaryOp::not_in;
  const bool is_equality = node.op == ast::BinaryOp::equal || node.op == ast::BinaryOp::not_equal;
  bool is_good = false;
  if (is_search) {
    const Type hay = types_[right];
    is_good = hay.kind == TypeKind::any ||
              (hay.kind == TypeKind::list &&
               (types_.fits(left, hay.element) || types_.fits(hay.element, left))) ||
              (hay.kind == TypeKind::map && types_.fits(left, scalar(TypeKind::string)));
  } else {
    is_good =
        (types_.fits(left, right) || types_.fits(right, left)) &&
        (is_equality || (is_comparable(types_.kind(left)) && is_comparable(types_.kind(right))));
  }
  const bool has_secret =
      types_.kind(left) == TypeKind::secret || types_.kind(right) == TypeKind::secret;
  if (has_secret) {
    diagnostics_.report<Code::secret_leak>(span(id),
                                           "a comparison: its result would say "
                                           "something about it");
  } else if (!is_good) {
    auto& diagnostic = diagnostics_.report<Code::bad_operands>(
        span(id), symbol_of(node.op), types_.text(left), types_.text(right));
    if (types_.kind(left) == TypeKind::version && types_.kind(right) == TypeKind::string) {
      write_instead(diagnostic, node.right, fmt::format("version({})", source(node.right)),
                    "; a version is written v8.7.6");
    }
  }
  return bool_type;
}

std::uint32_t Checker::of(const ast::Conditional& node, ast::ExprId id, std::uint32_t hint) {
  expect(node.condition, bool_type);
  const std::uint32_t one = infer(node.then_value, hint);
  const std::uint32_t two =
      infer(node.else_value, hint != no_type || types_.kind(one) == TypeKind::any ? hint : one);
  bool matches = true;
  const std::uint32_t both = types_.common(one, two, matches);
  if (matches) {
    return both;
  }
  if (hint != no_type && types_.fits(one, hint) && types_.fits(two, hint)) {
    return hint;
  }
  diagnostics_
      .report<Code::type_mismatch>(span(node.else_value), types_.text(one), types_.text(two))
      .label(span(node.then_value), fmt::format("this is {}", types_.text(one)))
      .note("both branches of a value have one type");
  static_cast<void>(id);
  return any_type;
}

std::uint32_t Checker::of(const ast::Cast& node, ast::ExprId) {
  const std::uint32_t target = type_of(module().file.types[node.type]);
  const std::uint32_t source_type = infer(node.value);
  std::uint32_t inner = source_type;
  while (types_[inner].element != UINT32_MAX) {
    inner = types_[inner].element;
  }
  const TypeKind from = types_.kind(inner);
  const TypeKind to = types_.kind(target);
  const bool is_good = from == TypeKind::json || from == TypeKind::any ||
                       types_.fits(source_type, target) ||
                       (from == TypeKind::string && to != TypeKind::host &&
                        to != TypeKind::resource && to != TypeKind::secret);
  if (!is_good || to == TypeKind::resource || to == TypeKind::host) {
    diagnostics_.report<Code::bad_operands>(span(node.value), "as", types_.text(source_type),
                                            types_.text(target));
  }
  return target;
}

std::uint32_t Checker::element_of_list(ast::ExprId list) {
  const std::uint32_t type = infer(list);
  if (types_.kind(type) == TypeKind::list) {
    return types_[type].element;
  }
  if (types_.kind(type) != TypeKind::any) {
    auto& diagnostic =
        diagnostics_.report<Code::type_mismatch>(span(list), "a list", types_.text(type));
    if (types_.kind(type) == TypeKind::json) {
      write_instead(diagnostic, list, fmt::format("{} as list<json>", operand(list)));
    } else if (types_.kind(type) == TypeKind::map) {
      diagnostic.help(fmt::format("write `keys({})`", source(list)));
    }
  }
  return any_type;
}

std::uint32_t Checker::of(const ast::ForAll& node, ast::ExprId id) {
  set_slot(symbol(id).index, element_of_list(node.list));
  expect(node.condition, bool_type);
  return bool_type;
}

std::uint32_t Checker::of(const ast::Comprehension& node, ast::ExprId id, std::uint32_t hint) {
  set_slot(symbol(id).index, element_of_list(node.list));
  const bool is_hinted =
      hint != no_type && types_.kind(hint) == TypeKind::list && !types_.has_variable(hint);
  const std::uint32_t element = infer(node.value, is_hinted ? types_[hint].element : no_type);
  if (!node.condition.is_none()) {
    expect(node.condition, bool_type);
  }
  return types_.list_of(element);
}

}  // namespace plan
