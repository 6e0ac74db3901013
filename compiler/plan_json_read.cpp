// The compiled plan from its JSON form. Reads any bytes without harm: what does not fit the
// format is an error with its place; all indexes are checked (plan_json_validate.cpp) before
// anything uses them.

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "compiler/digest.hpp"
#include "compiler/enum_names.hpp"
#include "compiler/json_reader.hpp"
#include "compiler/plan_fields.hpp"
#include "compiler/plan_json_validate.hpp"

namespace plan {

namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : in_(text) {}

  std::expected<Plan, std::string> take() {
    Plan plan;
    in_.begin_object();
    if (!in_.take_key("format") || in_.integer() != 1) {
      in_.fail("not a compiled plan of format 1");
    }
    const std::string stated = in_.take_key("digest") ? in_.string() : "";
    if (!in_.take_key("plan")) {
      in_.fail("there is no `plan`");
    }
    in_.begin_object();
    fields(*this, plan);
    if (in_.take_key("exprs")) {
      read_exprs(plan);
    }
    in_.end_object();
    if (in_.take_key("debug")) {
      read_debug(plan);
    }
    in_.end_object();
    if (!in_.failed() && !in_.is_at_end()) {
      in_.fail("more text behind the plan");
    }
    if (in_.failed()) {
      return std::unexpected(in_.error());
    }
    if (const std::string why = find_fault(plan); !why.empty()) {
      return std::unexpected(why);
    }
    plan.digest = digest(plan);
    if (to_hex(plan.digest) != stated) {
      return std::unexpected(fmt::format("the plan was changed: its digest is {}, it says {}",
                                         to_hex(plan.digest), stated));
    }
    return plan;
  }

  template <class T>
  void operator()(std::string_view name, T& member) {
    if (in_.take_key(name)) {
      read(member);
    }
  }
  template <class T>
  void always(std::string_view name, T& member) {
    (*this)(name, member);
  }
  void text(Condition& condition) { (*this)("text", condition.text); }
  // Spans are at the end of the text, in the order of these calls; a vector that grows would move
  // them, so they are given out by a second pass.
  void span(Span&) {}

 private:
  // Gives out the spans in the order in which the writer collected them.
  struct SpanSetter {
    const std::vector<Span>& spans;
    std::size_t next = 0;

    void span(Span& place) {
      place = next < spans.size() ? spans[next] : Span{};
      ++next;
    }
    void text(Condition&) {}
    template <class T>
    void operator()(std::string_view, T& member) {
      visit(member);
    }
    template <class T>
    void always(std::string_view, T&) {}
    template <class T>
    void visit(std::vector<T>& list) {
      for (auto&& item : list) {
        visit(item);
      }
    }
    template <class T>
    void visit(std::optional<T>& value) {
      if (value) {
        visit(*value);
      }
    }
    template <class T>
    void visit(Rare<T>& value) {
      if (value) {
        visit(*value);
      }
    }
    template <class T>
    void visit(T& object) {
      if constexpr (requires { fields(*this, object); }) {
        fields(*this, object);
      }
    }
  };

  void read(bool& value) { value = in_.boolean(); }
  void read(std::uint32_t& value) { value = in_.index(); }
  void read(std::int64_t& value) { value = in_.integer(); }
  void read(int& value) {
    const std::int64_t number = in_.integer();
    if (number < INT32_MIN || number > INT32_MAX) {
      in_.fail("the number is too large");
    }
    value = static_cast<int>(number);
  }
  void read(std::string& value) { value = in_.string(); }

  template <class T>
    requires requires(T id) { id.index; }
  void read(T& id) {
    id.index = in_.index();
  }

  template <class T>
    requires std::is_enum_v<T>
  void read(T& value) {
    const std::string name = in_.string();
    const auto names = enum_names<T>();
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      in_.fail(fmt::format("unknown `{}`", name));
      return;
    }
    value = static_cast<T>(found - names.begin());
  }

  template <class T>
  void read(std::vector<T>& list) {
    in_.begin_array();
    while (in_.next_item()) {
      list.emplace_back();
      read(list.back());
    }
  }
  template <class T>
  void read(FewOf<T>& few) {
    std::vector<T> list;
    read(list);
    few = list;
  }
  void read(RareText& text) {
    std::string read_text;
    read(read_text);
    text = std::move(read_text);
  }
  template <class T>
  void read(std::optional<T>& value) {
    value.emplace();
    read(*value);
  }
  template <class T>
  void read(Rare<T>& value) {
    read(value.emplace());
  }
  template <class First, class Second>
  void read(std::pair<First, Second>& pair) {
    in_.begin_array();
    const bool is_there = in_.next_item();
    read(pair.first);
    if (!is_there || !in_.next_item()) {
      in_.fail("expected a pair");
    }
    read(pair.second);
    if (in_.next_item()) {
      in_.fail("expected a pair");
    }
  }
  template <class T>
    requires requires(Reader& reader, T& object) { fields(reader, object); }
  void read(T& object) {
    in_.begin_object();
    fields(*this, object);
    in_.end_object();
  }

  void read(Value& value) {
    const char next = in_.peek();
    if (next == 'n') {
      value = in_.take_null() ? Value{Null{}} : (in_.fail("expected a value"), Value{});
    } else if (next == 't' || next == 'f') {
      value = Value{in_.boolean()};
    } else if (next == '"') {
      value = Value{in_.string()};
    } else if (next == '[') {
      List list;
      read(list);
      value = Value{std::move(list)};
    } else if (next == '{') {
      in_.begin_object();
      read_tagged(value);
      in_.end_object();
    } else {
      value = Value{in_.integer()};
    }
  }

  void read_tagged(Value& value) {
    if (in_.take_key("map")) {
      Map map;
      read(map);
      value = Value{std::move(map)};
    } else if (in_.take_key("version")) {
      value = Value{Version{in_.string()}};
    } else if (in_.take_key("duration")) {
      value = Value{Duration{in_.integer()}};
    } else if (in_.take_key("size")) {
      value = Value{Size{in_.integer()}};
    } else if (in_.take_key("enum")) {
      value = Value{EnumValue{Name(in_.string())}};
    } else if (in_.take_key("host")) {
      value = Value{HostId{in_.index()}};
    } else if (in_.take_key("resource")) {
      value = Value{ResourceId{in_.index()}};
    } else if (in_.take_key("deferred")) {
      value = Value{Deferred{ExprId{in_.index()}}};
    } else if (in_.take_key("secret")) {
      value = Value{Secret(in_.string())};
    }
  }

  void read_exprs(Plan& plan) {
    in_.begin_array();
    while (in_.next_item()) {
      Expr expr;
      in_.begin_array();
      if (!in_.next_item()) {
        in_.fail("expected an operator");
      }
      read(expr.op);
      std::uint32_t* operands[] = {&expr.a, &expr.b, &expr.c, &expr.d};
      std::size_t count = 0;
      expr.children_begin = static_cast<std::uint32_t>(plan.expr_children.size());
      expr.children_end = expr.children_begin;
      while (in_.next_item()) {
        if (in_.peek() == '[') {
          std::vector<ExprId> children;
          read(children);
          plan.expr_children.insert(plan.expr_children.end(), children.begin(), children.end());
          expr.children_end = static_cast<std::uint32_t>(plan.expr_children.size());
          count = 4;
        } else if (count >= 4) {
          in_.fail("too many operands");
        } else if (expr.op == Op::field && count == 1) {
          expr.b = Name(in_.string()).id();
          ++count;
        } else {
          *operands[count++] = in_.index();
        }
      }
      plan.exprs.push_back(expr);
    }
  }

  void read_debug(Plan& plan) {
    in_.begin_object();
    (*this)("source_name", plan.source_name);
    std::vector<Span> spans;
    if (in_.take_key("spans")) {
      in_.begin_array();
      while (in_.next_item()) {
        Span span;
        span.begin = in_.index();
        if (!in_.next_item()) {
          in_.fail("a span without end");
        }
        span.end = in_.index();
        spans.push_back(span);
      }
    }
    in_.end_object();
    SpanSetter setter{.spans = spans};
    fields(setter, plan);
  }

  JsonReader in_;
};

}  // namespace

std::expected<Plan, std::string> plan_from_json(std::string_view text) {
  return Reader(text).take();
}

}  // namespace plan
