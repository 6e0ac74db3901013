// The compiled plan as canonical JSON; the format is described in docs/plan-json.md.

#include <bit>

#include <fmt/format.h>

#include "compiler/digest.hpp"
#include "compiler/enum_names.hpp"
#include "compiler/plan_fields.hpp"
#include "compiler/print_expr.hpp"

namespace plan {

namespace {

class PlanWriter {
 public:
  std::string take(const Plan& plan) {
    plan_ = &plan;
    out_ = R"({"format":1,"digest":")" + to_hex(plan.digest) + R"(","plan":{)";
    is_first_ = true;
    fields(*this, plan);
    key("exprs");
    write_exprs(plan);
    out_ += R"(},"debug":{"source_name":)";
    write(plan.source_name);
    out_ += R"(,"spans":[)";
    bool is_first = true;
    for (const Span span : spans_) {
      fmt::format_to(std::back_inserter(out_), "{}{},{}", is_first ? "" : ",", span.begin,
                     span.end);
      is_first = false;
    }
    out_ += "]}}";
    return std::move(out_);
  }

  // A member that has its default value is left out.
  template <class T>
  void operator()(std::string_view name, const T& member) {
    if (!is_default(member)) {
      key(name);
      write(member);
    }
  }
  template <class T>
  void always(std::string_view name, const T& member) {
    key(name);
    write(member);
  }
  // Whoever reads the plan is not to need what prints conditions.
  void text(const Condition& condition) { (*this)("text", print_condition(*plan_, condition)); }
  void span(const Span& span) { spans_.push_back(span); }

 private:
  void key(std::string_view name) {
    out_ += is_first_ ? "\"" : ",\"";
    out_ += name;
    out_ += "\":";
    is_first_ = false;
  }

  static bool is_default(bool value) { return !value; }
  static bool is_default(std::uint32_t value) { return value == no_index; }
  static bool is_default(std::int64_t value) { return value == 0; }
  static bool is_default(int value) { return value == 0; }
  static bool is_default(const std::string& value) { return value.empty(); }
  static bool is_default(const Value&) { return false; }
  template <class T>
  static bool is_default(const std::vector<T>& list) {
    return list.empty();
  }
  template <class T>
  static bool is_default(const FewOf<T>& list) {
    return list.empty();
  }
  template <class T>
  static bool is_default(const std::optional<T>& value) {
    return !value.has_value();
  }
  template <class T>
  static bool is_default(const Rare<T>& value) {
    return !value.has_value();
  }
  static bool is_default(const RareText& value) { return value.empty(); }
  template <class T>
    requires requires(T id) { id.index; }
  static bool is_default(const T& id) {
    return id.index == no_index;
  }
  template <class T>
  static bool is_default(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      return value == T{};  // the first one, which is the default where `always` is not used
    }
    return false;
  }

  void write(bool value) { out_ += value ? "true" : "false"; }
  void write(std::uint32_t value) { fmt::format_to(std::back_inserter(out_), "{}", value); }
  void write(std::int64_t value) { fmt::format_to(std::back_inserter(out_), "{}", value); }
  void write(int value) { fmt::format_to(std::back_inserter(out_), "{}", value); }

  void write(std::string_view text) {
    out_ += '"';
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        out_ += '\\';
        out_ += c;
      } else if (static_cast<unsigned char>(c) < 0x20) {
        fmt::format_to(std::back_inserter(out_), "\\u{:04x}", static_cast<unsigned>(c));
      } else {
        out_ += c;
      }
    }
    out_ += '"';
  }
  void write(const std::string& text) { write(std::string_view(text)); }

  template <class T>
    requires requires(T id) { id.index; }
  void write(const T& id) {
    id.index == no_index ? out_.append("null") : out_.append(fmt::format_int(id.index).c_str());
  }

  template <class T>
    requires std::is_enum_v<T>
  void write(const T& value) {
    write(enum_names<T>()[static_cast<std::size_t>(value)]);
  }

  template <class List>
  void write_list(const List& list) {
    out_ += '[';
    for (std::size_t index = 0; index < list.size(); ++index) {
      out_ += index > 0 ? "," : "";
      write(list[index]);
    }
    out_ += ']';
  }
  template <class T>
  void write(const std::vector<T>& list) {
    write_list(list);
  }
  template <class T>
  void write(const FewOf<T>& list) {
    write_list(list);
  }
  void write(const RareText& text) { write(text.text()); }
  template <class T>
  void write(const Rare<T>& value) {
    write(*value);
  }
  template <class T>
  void write(const std::optional<T>& value) {
    write(*value);
  }
  template <class First, class Second>
  void write(const std::pair<First, Second>& pair) {
    out_ += '[';
    write(pair.first);
    out_ += ',';
    write(pair.second);
    out_ += ']';
  }

  template <class T>
    requires requires(PlanWriter& writer, const T& object) { fields(writer, object); }
  void write(const T& object) {
    out_ += '{';
    is_first_ = true;
    fields(*this, object);
    out_ += '}';
    is_first_ = false;
  }

  void write_tagged(std::string_view tag, std::string_view text) {
    fmt::format_to(std::back_inserter(out_), "{{\"{}\":", tag);
    write(text);
    out_ += '}';
  }
  void write_tagged(std::string_view tag, std::int64_t number) {
    fmt::format_to(std::back_inserter(out_), "{{\"{}\":{}}}", tag, number);
  }

  void write(const Value& value) {
    if (value.as<Null>() != nullptr) {
      out_ += "null";
    } else if (const auto* truth = value.as<bool>()) {
      write(*truth);
    } else if (const auto* number = value.as<std::int64_t>()) {
      write(*number);
    } else if (const auto* text = value.as<std::string>()) {
      write(*text);
    } else if (const auto* list = value.as<List>()) {
      write(*list);
    } else if (const auto* map = value.as<Map>()) {
      out_ += "{\"map\":";
      write(*map);
      out_ += '}';
    } else if (const auto* version = value.as<Version>()) {
      write_tagged("version", version->text);
    } else if (const auto* duration = value.as<Duration>()) {
      write_tagged("duration", duration->ms);
    } else if (const auto* size = value.as<Size>()) {
      write_tagged("size", size->bytes);
    } else if (const auto* enum_value = value.as<EnumValue>()) {
      write_tagged("enum", enum_value->name.text());
    } else if (const auto* host = value.as<HostId>()) {
      write_tagged("host", std::int64_t{host->index});
    } else if (const auto* resource = value.as<ResourceId>()) {
      write_tagged("resource", std::int64_t{resource->index});
    } else if (const auto* deferred = value.as<Deferred>()) {
      write_tagged("deferred", std::int64_t{deferred->expr.index});
    } else {
      // Secrets are inputs; one that stands in the plan can only be the empty one.
      write_tagged("secret", "");
    }
  }

  // ["op", a, b, c, d, [children]], without the nulls at the end.
  void write_exprs(const Plan& plan) {
    out_ += '[';
    bool is_first = true;
    for (const Expr& expr : plan.exprs) {
      out_ += is_first ? "[" : ",[";
      is_first = false;
      write(expr.op);
      const bool has_children = expr.children_end > expr.children_begin;
      const std::uint32_t operands[] = {expr.a, expr.b, expr.c, expr.d};
      std::size_t count = 4;
      while (!has_children && count > 0 && operands[count - 1] == no_index) {
        --count;
      }
      for (std::size_t index = 0; index < count; ++index) {
        out_ += ',';
        if (expr.op == Op::field && index == 1) {
          write(std::bit_cast<Name>(expr.b).text());  // the name, not its number in this process
        } else {
          write(ExprId{operands[index]});
        }
      }
      if (has_children) {
        out_ += ",[";
        for (std::uint32_t at = expr.children_begin; at < expr.children_end; ++at) {
          out_ += at > expr.children_begin ? "," : "";
          write(plan.expr_children[at]);
        }
        out_ += ']';
      }
      out_ += ']';
    }
    out_ += ']';
  }

  const Plan* plan_ = nullptr;
  std::string out_;
  std::vector<Span> spans_;
  bool is_first_ = true;
};

}  // namespace

std::string to_json(const Plan& plan) {
  return PlanWriter().take(plan);
}

}  // namespace plan
