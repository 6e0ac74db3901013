// The meaning of a plan and of a step as a stream of bytes, and its SHA-256. Things are written
// where they are first met and referred to by number after that, so the stream does not depend on
// where they stand in the arenas: a finished step of an edited plan has the digest that it had.
// Left out: what is for people (names, texts, notes, places), and what follows from the rest.

#include "compiler/digest.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include <openssl/evp.h>

#include "compiler/operation_details.hpp"

namespace plan {

// Named, since PlanDigest::State has a member of it.
namespace digesting {

class Stream {
 public:
  Stream() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  ~Stream() { EVP_MD_CTX_free(context_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void number(std::uint64_t value) {
    // Seven bits to a byte, the lowest first.
    while (value >= 0x80) {
      buffer_ += static_cast<char>(value | 0x80U);
      value >>= 7U;
    }
    buffer_ += static_cast<char>(value);
    if (buffer_.size() > (1U << 16U)) {
      flush();
    }
  }
  void text(std::string_view value) {
    number(value.size());
    buffer_ += value;
  }
  Digest take() {
    flush();
    Digest result{};
    EVP_DigestFinal_ex(context_, result.data(), nullptr);
    EVP_DigestInit_ex(context_, EVP_sha256(), nullptr);
    return result;
  }

 private:
  void flush() {
    EVP_DigestUpdate(context_, buffer_.data(), buffer_.size());
    buffer_.clear();
  }

  EVP_MD_CTX* context_;
  std::string buffer_;
};

// What was written already: by kind and index, the number it got.
class Seen {
 public:
  enum Kind : std::uint8_t { expr, resource, operation, function, host, type };

  // Writes the number and returns true if it is known; else gives it the next one and writes 0.
  // 1 stands for "none".
  bool known(Kind kind, std::uint32_t index, Stream& out) {
    std::vector<Number>& numbers = numbers_[kind];
    if (index >= numbers.size()) {
      numbers.resize(std::max<std::size_t>(index + std::size_t{1}, numbers.size() * 2));
    }
    Number& number = numbers[index];
    const bool is_known = number.round == round_;
    out.number(is_known ? number.value : 0);
    if (!is_known) {
      number = {.round = round_, .value = next_++};
    }
    return is_known;
  }
  void clear() {
    ++round_;
    next_ = 2;
  }

 private:
  struct Number {
    std::uint32_t round = 0;  // of another round: not known
    std::uint32_t value = 0;
  };
  std::array<std::vector<Number>, 6> numbers_;  // by kind and index
  std::uint32_t round_ = 1;
  std::uint32_t next_ = 2;
};

class Meaning {
 public:
  explicit Meaning(const Plan& plan) : plan_(plan) {}

  Digest of_step(StepId id) {
    seen_.clear();
    step(plan_.steps[id.index]);
    return out_.take();
  }

  // First.
  void inputs_and_steps() {
    out_.text("plan 1");
    inputs();
    out_.number(plan_.steps.size());
    for (const Step& each : plan_.steps) {
      out_.text(each.name);
      step(each);
      out_.number(each.loop + std::uint64_t{1});
    }
  }

  // Second: the arrows without their reasons, each once.
  void order() {
    std::vector<std::pair<StepId, StepId>> arrows;
    arrows.reserve(plan_.edges.size());
    for (const Edge& edge : plan_.edges) {
      arrows.emplace_back(edge.from, edge.to);
    }
    // Most often they are in order already.
    if (!std::ranges::is_sorted(arrows)) {
      std::ranges::sort(arrows);
    }
    const auto repeated = std::ranges::unique(arrows);
    arrows.erase(repeated.begin(), repeated.end());
    list(arrows, [&](const auto& arrow) {
      out_.number(arrow.first.index);
      out_.number(arrow.second.index);
    });
    list(plan_.loops, [&](const Loop& loop) {
      resource(loop.element);
      resource(loop.owner);
      out_.number(loop.query);
      out_.number(loop.at_most);
      out_.number(loop.stops_on_failure ? 1 : 0);
      out_.number(loop.begin.index);
      out_.number(loop.end.index);
      out_.number(loop.parent + std::uint64_t{1});
    });
  }

  // Last: what prove() finds out, and the rest.
  Digest of_plan() {
    list(plan_.point_of_no_return, [&](StepId id) { out_.number(id.index); });
    list(plan_.preflight_requirements, [&](const auto& requirement) {
      out_.number(requirement.first.index);
      out_.number(requirement.second);
    });
    list(plan_.rules, [&](const DeferredRule& rule) { condition(rule.condition); });
    list(plan_.goals, [&](const Condition& goal) { condition(goal); });
    list(plan_.invariants, [&](const Condition& invariant) { condition(invariant); });
    list(plan_.resource_types, [&](const ResourceType& each) { resource_type(each); });
    return out_.take();
  }

 private:
  template <class T, class Function>
  void list(const std::vector<T>& items, Function function) {
    out_.number(items.size());
    for (const T& item : items) {
      function(item);
    }
  }
  void texts(const std::vector<std::string>& items) {
    list(items, [&](const std::string& item) { out_.text(item); });
  }
  template <class E>
  void kind(E value) {
    out_.number(static_cast<std::uint64_t>(value));
  }

  void inputs() {
    list(plan_.inputs, [&](const Input& input) {
      out_.text(input.name);
      type(input.type);
      out_.number(input.is_secret ? 1 : 0);
    });
  }

  void resource_type(const ResourceType& each) {
    out_.text(each.name);
    texts(each.field_names);
    list(each.key, [&](std::uint32_t field) { out_.number(field); });
    out_.number(each.host_field + std::uint64_t{1});
    list(each.attributes, [&](const Attribute& attribute) {
      kind(attribute.kind);
      out_.text(attribute.name);
      type(attribute.type);
      program(attribute.observe);
      texts(attribute.carried_by);
      expr(attribute.derivation);
    });
  }

  void step(const Step& each) {
    kind(each.kind);
    operation(each.operation);
    list(each.arguments, [&](const Value& argument) { value(argument); });
    list(each.requires_, [&](const Condition& item) { condition(item); });
    list(each.awaits, [&](const Condition& item) { condition(item); });
    list(each.effects, [&](const Effect& item) { effect(item); });
    list(each.ensures, [&](const Condition& item) { condition(item); });
    out_.number(each.when ? 1 : 0);
    if (each.when) {
      condition(*each.when);
    }
    host(each.host);
    expr(each.user);
    out_.number(static_cast<std::uint64_t>(each.timeout_ms));
    out_.number(each.retry_count);
    out_.number(static_cast<std::uint64_t>(each.retry_every_ms));
    operation(each.undo_operation);
    list(each.undo_arguments, [&](const Value& argument) { value(argument); });
    list(each.undo_requires, [&](const Condition& item) { condition(item); });
    list(each.undo_effects, [&](const Effect& item) { effect(item); });
    list(each.undo_ensures, [&](const Condition& item) { condition(item); });
    out_.number((each.undo_none ? 1U : 0U) + (each.allows_destroy ? 2U : 0U));
    // What a person is told to do, or asked, is the step's meaning.
    out_.text(each.text.text());
  }

  void condition(const Condition& each) { expr(each.expr); }

  void effect(const Effect& each) {
    variable(each.variable);
    kind(each.kind);
    expr(each.value);
    list(each.keeping, [&](const AttributeRef& kept) {
      const bool is_known = kept.type < plan_.resource_types.size() &&
                            kept.attribute < plan_.resource_types[kept.type].attributes.size();
      out_.text(is_known ? plan_.resource_types[kept.type].name : "");
      out_.text(is_known ? plan_.resource_types[kept.type].attributes[kept.attribute].name : "");
    });
  }

  void operation(std::uint32_t index) {
    if (index >= plan_.operations.size()) {
      out_.number(1);
      return;
    }
    if (seen_.known(Seen::operation, index, out_)) {
      return;
    }
    const Operation& each = plan_.operations[index];
    out_.number(each.parameter_names.size());
    expr(each.host);
    expr(each.user);
    program(each.body);
    list(each.outputs, [&](ExprId output) { expr(output); });
    out_.number((each.is_detached ? 1U : 0U) + (each.is_once ? 2U : 0U) +
                (each.irreversible.empty() ? 0U : 4U));
    out_.text(each.manual);
  }

  void program(const Program& each) {
    out_.number(each.parameter_count);
    list(each.code, [&](const Instruction& instruction) {
      kind(instruction.kind);
      out_.number(instruction.slot + std::uint64_t{1});
      expr(instruction.value);
      out_.number(instruction.target + std::uint64_t{1});
      out_.number(instruction.effect + std::uint64_t{1});
      out_.number(instruction.attribute + std::uint64_t{1});
    });
    list(each.effects, [&](const EffectCall& call) {
      out_.text(call.effect);
      list(call.arguments, [&](ExprId argument) { expr(argument); });
      for (const ExprId part :
           {call.host, call.user, call.env, call.standard_input, call.timeout}) {
        expr(part);
      }
      out_.number(call.is_shell ? 1 : 0);
      out_.number(call.pipe_into + std::uint64_t{1});
    });
  }

  void host(std::uint32_t index) {
    if (index >= plan_.hosts.size()) {
      out_.number(1);
      return;
    }
    if (seen_.known(Seen::host, index, out_)) {
      return;
    }
    const Host& each = plan_.hosts[index];
    out_.number(each.is_local ? 1 : 0);
    out_.text(each.address);
    out_.text(each.address.empty() && !each.is_local ? each.name : "");
    out_.text(each.user);
    out_.text(each.become);
    out_.number(static_cast<std::uint64_t>(each.port));
    expr(each.become_password);
  }

  void resource(ResourceId id) {
    if (id.index >= plan_.resources.size()) {
      out_.number(1);
      return;
    }
    if (seen_.known(Seen::resource, id.index, out_)) {
      return;
    }
    const Resource& each = plan_.resources[id.index];
    const ResourceType& of = plan_.resource_types[each.type];
    out_.text(of.name);
    for (std::size_t index = 0; index < each.fields.size(); ++index) {
      out_.text(of.field_names[index]);
      value(each.fields[index]);
    }
    out_.number(each.is_element() ? 1 : 0);
    if (each.is_element()) {
      resource(each.element_of);
      out_.number(each.query);
    }
  }

  void variable(VariableId id) {
    if (id.index >= plan_.variables.size()) {
      out_.number(1);
      return;
    }
    const Variable& each = plan_.variables[id.index];
    const Resource& of = plan_.resources[each.resource.index];
    resource(each.resource);
    out_.text(plan_.resource_types[of.type].attributes[each.attribute].name);
  }

  void type(std::uint32_t index) {
    if (index >= plan_.types.size()) {
      out_.number(1);
      return;
    }
    if (seen_.known(Seen::type, index, out_)) {
      return;
    }
    const Type& each = plan_.types[index];
    kind(each.kind);
    type(each.element);
    // A bare type name without its declaration stands for any record, enumeration or resource.
    if (each.detail == UINT32_MAX) {
      return;
    }
    if (each.kind == TypeKind::record) {
      const RecordType& record = plan_.record_types[each.detail];
      texts(record.field_names);
      list(record.field_types, [&](std::uint32_t field) { type(field); });
    } else if (each.kind == TypeKind::enumeration) {
      texts(plan_.enum_types[each.detail].cases);
    } else if (each.kind == TypeKind::resource) {
      out_.text(plan_.resource_types[each.detail].name);
    }
  }

  void value(const Value& each) {
    out_.number(each.data.index());
    if (const auto* list_value = each.as<List>()) {
      list(*list_value, [&](const Value& item) { value(item); });
    } else if (const auto* map = each.as<Map>()) {
      list(*map, [&](const auto& entry) {
        out_.text(entry.first);
        value(entry.second);
      });
    } else if (const auto* of_host = each.as<HostId>()) {
      host(of_host->index);
    } else if (const auto* of_resource = each.as<ResourceId>()) {
      resource(*of_resource);
    } else if (const auto* deferred = each.as<Deferred>()) {
      expr(deferred->expr);
    } else if (const auto* duration = each.as<Duration>()) {
      out_.number(std::bit_cast<std::uint64_t>(duration->ms));
    } else if (const auto* size = each.as<Size>()) {
      out_.number(std::bit_cast<std::uint64_t>(size->bytes));
    } else if (const auto* text = each.as<std::string>()) {
      out_.text(*text);
    } else {
      out_.text(to_text(each));  // a secret: "(secret)"
    }
  }

  void function(std::uint32_t index) {
    if (seen_.known(Seen::function, index, out_)) {
      return;
    }
    out_.number(plan_.functions[index].parameter_count);
    expr(plan_.functions[index].body);
  }

  // NOLINTNEXTLINE(readability-function-size): a case for each operator
  void expr(ExprId id) {
    if (id.index >= plan_.exprs.size()) {
      out_.number(1);
      return;
    }
    if (seen_.known(Seen::expr, id.index, out_)) {
      return;
    }
    const Expr& each = plan_[id];
    kind(each.op);
    switch (each.op) {
      case Op::constant:
        value(plan_.constants[each.a]);
        break;
      case Op::local:
        out_.number(each.a);
        break;
      case Op::input:
        out_.text(plan_.inputs[each.a].name);
        break;
      case Op::state:
        variable(VariableId{each.a});
        break;
      case Op::state_of:
        expr(ExprId{each.a});
        out_.number(each.b);
        break;
      case Op::token:
        // Without a step, in an operation: of the step that uses it.
        out_.text(each.a == UINT32_MAX ? "" : plan_.steps[each.a].name);
        break;
      case Op::field:
        expr(ExprId{each.a});
        out_.text(std::bit_cast<Name>(each.b).text());
        break;
      case Op::record:
        texts(plan_.record_shapes[each.b]);
        break;
      case Op::resource:
        out_.text(plan_.resource_types[each.b].name);
        break;
      case Op::call:
        function(each.b);
        break;
      case Op::native:
        out_.number(each.b);
        break;
      case Op::cast:
        expr(ExprId{each.a});
        type(each.b);
        break;
      case Op::list:
      case Op::concat:
        break;
      case Op::for_all:
      case Op::map:
        expr(ExprId{each.a});
        expr(ExprId{each.b});
        out_.number(each.c);
        expr(ExprId{each.d});
        break;
      case Op::index:
      case Op::logical_not:
      case Op::negate:
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
      case Op::conditional:
        expr(ExprId{each.a});
        expr(ExprId{each.b});
        expr(ExprId{each.c});
        break;
    }
    out_.number(each.children_end - each.children_begin);
    for (std::uint32_t child = each.children_begin; child < each.children_end; ++child) {
      expr(plan_.expr_children[child]);
    }
  }

  const Plan& plan_;
  Stream out_;
  Seen seen_;
};

}  // namespace digesting

using digesting::Meaning;

struct PlanDigest::State {
  explicit State(const Plan& plan) : meaning(plan) {}
  Meaning meaning;
};

PlanDigest::PlanDigest(const Plan& plan) : state_(std::make_unique<State>(plan)) {}
PlanDigest::~PlanDigest() = default;

void PlanDigest::read_steps() {
  state_->meaning.inputs_and_steps();
}

void PlanDigest::read_order() {
  state_->meaning.order();
}

Digest PlanDigest::of_proven() {
  return state_->meaning.of_plan();
}

Digest digest(const Plan& plan) {
  PlanDigest digest(plan);
  digest.read_steps();
  digest.read_order();
  return digest.of_proven();
}

Digest digest(const Plan& plan, StepId step) {
  return Meaning(plan).of_step(step);
}

std::vector<Digest> step_digests(const Plan& plan) {
  Meaning meaning(plan);
  std::vector<Digest> result;
  result.reserve(plan.steps.size());
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    result.push_back(meaning.of_step(StepId{index}));
  }
  return result;
}

}  // namespace plan
