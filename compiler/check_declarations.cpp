// Declared types, signatures, and the bodies of what modules declare.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/checker.hpp"
#include "compiler/declare.hpp"
#include "dsl/spell.hpp"

namespace plan {

namespace {

struct Builtin {
  std::string_view name;
  TypeKind kind;
};
constexpr Builtin builtins[] = {
    {"bool", TypeKind::boolean},      {"int", TypeKind::integer}, {"string", TypeKind::string},
    {"version", TypeKind::version},   {"path", TypeKind::path},   {"url", TypeKind::url},
    {"duration", TypeKind::duration}, {"size", TypeKind::size},   {"secret", TypeKind::secret},
    {"json", TypeKind::json},         {"host", TypeKind::host}};

// A constant that no later pass reads: a default is looked up in the declaration.
constexpr ExprId has_default{0};

}  // namespace

CheckFrame::CheckFrame(Checker& checker, std::uint32_t module)
    : checker_(checker),
      module_(std::exchange(checker.module_, module)),
      traits_(std::exchange(checker.traits_, std::uint8_t{0})),
      self_type_(std::exchange(checker.self_type_, UINT32_MAX)),
      allows_operation_(std::exchange(checker.allows_operation_, false)),
      allows_rule_(std::exchange(checker.allows_rule_, false)),
      secret_place_(std::exchange(checker.secret_place_, "a value that is not one")),
      slot_types_(std::exchange(checker.slot_types_, {})) {}

CheckFrame::~CheckFrame() {
  checker_.module_ = module_;
  checker_.traits_ = traits_;
  checker_.self_type_ = self_type_;
  checker_.allows_operation_ = allows_operation_;
  checker_.allows_rule_ = allows_rule_;
  checker_.secret_place_ = secret_place_;
  checker_.slot_types_ = std::move(slot_types_);
}

Checker::Checker(
    const SourceMap& sources, Modules& modules, Plan& plan, Types& types, Diagnostics& diagnostics)
    : sources_(sources), modules_(modules), plan_(plan), types_(types), diagnostics_(diagnostics) {}

void Checker::all() {
  strings_ = types_.list_of(scalar(TypeKind::string));
  // Modules stand before their users, so used types are declared already.
  for (module_ = 0; module_ < modules_.modules.size(); ++module_) {
    declare_types(module());
    declare_fields(module());
  }
  for (module_ = 0; module_ < modules_.modules.size(); ++module_) {
    declare_signatures(module());
  }
  const Symbol* result = modules_[Modules::native].names.find(Name("exec_result"));
  if (result != nullptr && result->kind == SymbolKind::record_type) {
    exec_result_ = types_.named(TypeKind::record,
                                modules_[Modules::native].record_type_indexes[result->index]);
  }
  for (const Module& each : modules_.modules) {
    functions_.emplace_back(each.functions.size(), Progress::untouched);
    rules_.emplace_back(each.rules.size(), Progress::untouched);
    lets_.emplace_back(each.lets.size(), Progress::untouched);
    resources_.emplace_back(each.resources.size(), Progress::untouched);
  }
  for (module_ = 0; module_ < modules_.modules.size(); ++module_) {
    bodies();
  }
  for (module_ = 0; module_ < modules_.modules.size(); ++module_) {
    next_let_ = next_resource_ = next_loop_ = next_step_ = 0;
    items(module().file.declarations);
  }
}

// --- types

void Checker::declare_types(Module& where) {
  const std::string prefix = where.name.empty() || where.is_native ? "" : where.name + ".";
  where.types.assign_like(where.file.exprs, any_type);
  where.traits.assign_like(where.file.exprs, 0);
  for (const auto& declared : where.enum_types) {
    EnumType type{.name = fmt::format("{}{}", prefix, declared.node->name.name.text()),
                  .cases = {}};
    for (const ast::Identifier& each : declared.node->cases) {
      type.cases.emplace_back(each.name.text());
    }
    where.enum_type_indexes.push_back(static_cast<std::uint32_t>(plan_.enum_types.size()));
    plan_.enum_types.push_back(std::move(type));
  }
  for (const auto& declared : where.record_types) {
    where.record_type_indexes.push_back(static_cast<std::uint32_t>(plan_.record_types.size()));
    plan_.record_types.push_back(
        {.name = fmt::format("{}{}", prefix, declared.node->name.name.text()),
         .field_names = {},
         .field_types = {},
         .defaults = {}});
  }
  for (std::uint32_t index = 0; index < where.resource_types.size(); ++index) {
    const auto& declared = where.resource_types[index];
    where.resource_type_indexes.push_back(static_cast<std::uint32_t>(plan_.resource_types.size()));
    ResourceType type;
    type.name = fmt::format("{}{}", prefix, declared.node->name.name.text());
    type.documentation = documentation(sources_, declared.doc);
    plan_.resource_types.push_back(std::move(type));
    declarations_of_types_.push_back(
        {SymbolKind::resource_type, static_cast<std::uint16_t>(module_), index});
  }
}

// Names that stand in one list each mean one thing.
void Checker::different(std::span<const ast::Identifier> names) {
  for (std::size_t index = 0; index < names.size(); ++index) {
    const auto first = std::ranges::find(names, names[index].name, &ast::Identifier::name);
    if (first != names.begin() + static_cast<std::ptrdiff_t>(index)) {
      diagnostics_.report<Code::duplicate_name>(names[index].span, names[index].name.text())
          .label(first->span, "the first one");
    }
  }
}

void Checker::declare_fields(Module& where) {
  std::vector<ast::Identifier> names;
  const auto take = [&names](const auto& members) {
    for (const auto& member : members) {
      names.push_back(member.name);
    }
  };
  for (const auto& declared : where.enum_types) {
    different(declared.node->cases);
  }
  for (const auto& declared : where.record_types) {
    names.clear();
    take(declared.node->fields);
    different(names);
  }
  for (const auto& declared : where.resource_types) {
    names.clear();
    take(declared.node->fields);
    take(declared.node->attributes);
    different(names);
  }
  for (std::size_t index = 0; index < where.record_types.size(); ++index) {
    for (const ast::Field& field : where.record_types[index].node->fields) {
      const std::uint32_t field_type = type_of(field.type);
      RecordType& type = plan_.record_types[where.record_type_indexes[index]];
      type.field_names.emplace_back(field.name.name.text());
      type.field_types.push_back(field_type);
      type.defaults.push_back(field.default_value.is_none() ? ExprId{} : has_default);
    }
  }
  for (std::size_t index = 0; index < where.resource_types.size(); ++index) {
    const std::uint32_t resource = where.resource_type_indexes[index];
    Signature signature;
    signature.result = types_.named(TypeKind::resource, resource);
    for (const ast::Field& field : where.resource_types[index].node->fields) {
      const std::uint32_t field_type = type_of(field.type);
      ResourceType& type = plan_.resource_types[resource];
      type.field_names.emplace_back(field.name.name.text());
      type.field_types.push_back(field_type);
      type.defaults.emplace_back();
      signature.formals.push_back(
          {.name = field.name.name, .type = field_type, .default_value = field.default_value});
    }
    where.resource_signatures.push_back(std::move(signature));
    for (const ast::Attribute& attribute : where.resource_types[index].node->attributes) {
      Attribute made;
      made.kind = static_cast<AttributeKind>(attribute.kind);
      made.name = std::string(attribute.name.name.text());
      made.type = type_of(attribute.type);
      made.documentation = documentation(sources_, attribute.doc);
      plan_.resource_types[resource].attributes.push_back(std::move(made));
    }
  }
}

std::uint32_t Checker::type_of(const ast::TypeRef& type) {
  if (type.path.empty()) {
    return any_type;
  }
  const std::string_view name = type.path.front().name.text();
  const bool is_list = name == "list";
  if (type.path.size() == 1 && (is_list || name == "map")) {
    if (type.arguments.size() != 1) {
      diagnostics_.report<Code::bad_reference>(
          type.span, fmt::format("`{}` needs the type of its elements: {}<string>", name, name));
      return is_list ? types_.list_of(any_type) : types_.map_of(any_type);
    }
    const std::uint32_t element = type_of(type.arguments.front());
    return is_list ? types_.list_of(element) : types_.map_of(element);
  }
  if (!type.arguments.empty()) {
    diagnostics_.report<Code::bad_reference>(
        type.span, fmt::format("`{}` takes no types in <>; only list and map do", name));
  }
  return named_type(type);
}

std::uint32_t Checker::named_type(const ast::TypeRef& type) {
  const ast::Identifier& first = type.path.front();
  std::uint32_t where = module_;
  if (type.path.size() == 1) {
    const auto* builtin = std::ranges::find(builtins, first.name.text(), &Builtin::name);
    if (builtin != std::ranges::end(builtins)) {
      return scalar(builtin->kind);
    }
    const std::string_view name = first.name.text();
    if (module().is_native && name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z') {
      return types_.variable(name[0]);
    }
  } else {
    const Symbol* used = module().names.find(first.name);
    if (used == nullptr || used->kind != SymbolKind::module) {
      add_missing_use(
          diagnostics_.report<Code::unknown_name>(first.span, "module", first.name.text()),
          first.name.text(), first.span);
      return any_type;
    }
    where = used->index;
  }
  const ast::Identifier& last = type.path.back();
  const Symbol* found = modules_[where].names.find(last.name);
  if (found == nullptr && type.path.size() == 1) {
    found = modules_[where = Modules::native].names.find(last.name);
  }
  const Module& there = modules_[where];
  if (found != nullptr && found->kind == SymbolKind::record_type) {
    return types_.named(TypeKind::record, there.record_type_indexes[found->index]);
  }
  if (found != nullptr && found->kind == SymbolKind::enum_type) {
    return types_.named(TypeKind::enumeration, there.enum_type_indexes[found->index]);
  }
  if (found != nullptr && found->kind == SymbolKind::resource_type) {
    return types_.named(TypeKind::resource, there.resource_type_indexes[found->index]);
  }
  if (found != nullptr) {
    diagnostics_.report<Code::wrong_kind_of_name>(type.span, last.name.text(),
                                                  kind_text(found->kind), "a type");
    return any_type;
  }
  std::vector<std::string_view> names;
  for (const Builtin& builtin : builtins) {
    names.push_back(builtin.name);
  }
  const Module& searched = modules_[type.path.size() == 1 ? module_ : where];
  const auto take = [&names](const auto& table) {
    for (const auto& declared : table) {
      names.push_back(declared.node->name.name.text());
    }
  };
  take(searched.resource_types), take(searched.record_types), take(searched.enum_types);
  auto& diagnostic =
      diagnostics_.report<Code::unknown_name>(type.span, "type", sources_.text(type.span));
  if (const auto near = nearest(last.name.text(), names); !near.empty()) {
    diagnostic.did_you_mean(last.span, near, type.path.size() == 1);
  }
  return any_type;
}

// --- signatures

std::vector<Formal> Checker::formals(const std::vector<ast::Parameter>& parameters) {
  std::vector<Formal> result;
  result.reserve(parameters.size());
  for (const ast::Parameter& parameter : parameters) {
    result.push_back({.name = parameter.name.name,
                      .type = type_of(parameter.type),
                      .default_value = parameter.default_value});
  }
  return result;
}

void Checker::declare_signatures(Module& where) {
  for (const auto& declared : where.functions) {
    where.function_signatures.push_back({.formals = formals(declared.node->parameters),
                                         .result = type_of(declared.node->type),
                                         .outputs = {}});
  }
  where.function_traits.assign(where.functions.size(), 0);
  for (const auto& declared : where.rules) {
    where.rule_signatures.push_back({.formals = formals(declared.node->parameters),
                                     .result = scalar(TypeKind::boolean),
                                     .outputs = {}});
  }
  for (const auto& declared : where.operations) {
    Signature signature{
        .formals = formals(declared.node->parameters), .result = any_type, .outputs = {}};
    for (const ast::Clause& clause : declared.node->clauses) {
      if (const auto* output = std::get_if<ast::OutputClause>(&clause.node)) {
        signature.outputs.push_back({.name = output->name.name,
                                     .type = type_of(*output->type),
                                     .default_value = output->value});
      }
    }
    where.operation_signatures.push_back(std::move(signature));
  }
  for (const auto& declared : where.inputs) {
    where.input_types.push_back(type_of(declared.node->type));
  }
  where.let_types.assign(where.lets.size(), no_type);
  where.resource_decl_types.assign(where.resources.size(), no_type);
  where.loop_types.assign(where.loops.size(), any_type);
  for (const auto& declared : where.steps) {
    const auto* call =
        declared.node->form == ast::StepForm::operation && !declared.node->value.is_none()
            ? std::get_if<ast::Call>(&where[declared.node->value].node)
            : nullptr;
    where.step_operations.push_back(call == nullptr ? Symbol{} : where.symbols[call->callee.index]);
  }
}

// --- bodies

void Checker::bodies() {
  for (std::uint32_t index = 0; index < module().record_types.size(); ++index) {
    const auto& types = plan_.record_types[module().record_type_indexes[index]].field_types;
    const auto& fields = module().record_types[index].node->fields;
    for (std::size_t field = 0; field < fields.size(); ++field) {
      expect_pure(fields[field].default_value, types[field], "a default");
    }
  }
  for (std::uint32_t index = 0; index < module().resource_types.size(); ++index) {
    resource_type(index);
  }
  for (std::uint32_t index = 0; index < module().functions.size(); ++index) {
    static_cast<void>(function(module_, index, {}));
  }
  for (std::uint32_t index = 0; index < module().rules.size(); ++index) {
    rule_uses(module_, index, {});
  }
  for (std::uint32_t index = 0; index < module().operations.size(); ++index) {
    operation(index);
  }
}

void Checker::resource_type(std::uint32_t ordinal) {
  const CheckFrame frame(*this, module_);
  const ast::ResourceTypeDecl& node = *module().resource_types[ordinal].node;
  const std::uint32_t resource = module().resource_type_indexes[ordinal];
  self_type_ = resource;
  ResourceType& type = plan_.resource_types[resource];
  const auto field_index = [&node](const ast::Identifier& name) {
    const auto found = std::ranges::find_if(
        node.fields, [&](const ast::Field& field) { return field.name.name == name.name; });
    return static_cast<std::uint32_t>(found - node.fields.begin());
  };
  for (const ast::Identifier& key : node.key) {
    const std::uint32_t field = field_index(key);
    if (field == node.fields.size()) {
      diagnostics_.report<Code::unknown_name>(key.span, "field", key.name.text());
    } else {
      type.key.push_back(field);
    }
  }
  if (node.key.empty()) {
    diagnostics_
        .report<Code::bad_condition_clause>(
            node.name.span, fmt::format("resource type `{}` has no key", node.name.name.text()))
        .help("say which fields tell one from another: key host, name");
  }
  if (!node.on.name.is_empty()) {
    const std::uint32_t field = field_index(node.on);
    if (field == node.fields.size()) {
      diagnostics_.report<Code::unknown_name>(node.on.span, "field", node.on.name.text());
    } else if (!types_.fits(type.field_types[field], scalar(TypeKind::host))) {
      diagnostics_.report<Code::type_mismatch>(node.on.span, "host",
                                               types_.text(type.field_types[field]));
    } else {
      type.host_field = field;
    }
  }
  for (std::uint32_t index = 0; index < node.fields.size(); ++index) {
    expect_pure(node.fields[index].default_value, plan_.resource_types[resource].field_types[index],
                "a default");
  }
  for (std::uint32_t index = 0; index < node.attributes.size(); ++index) {
    attribute(node, resource, index);
  }
}

void Checker::attribute(const ast::ResourceTypeDecl& node,
                        std::uint32_t resource,
                        std::uint32_t index) {
  const ast::Attribute& source_node = node.attributes[index];
  Attribute& made = plan_.resource_types[resource].attributes[index];
  const std::uint32_t type = made.type;
  expect(source_node.observe, type);
  Attribute& attribute = plan_.resource_types[resource].attributes[index];
  const std::uint8_t traits =
      source_node.observe.is_none() ? std::uint8_t{0} : module().traits[source_node.observe.index];
  attribute.is_derived = (traits & Traits::acts) == 0 && attribute.kind != AttributeKind::query;
  if (attribute.kind == AttributeKind::query) {
    const bool is_list_of_resources = types_.kind(type) == TypeKind::list &&
                                      types_.kind(types_[type].element) == TypeKind::resource;
    const auto* list = source_node.observe.is_none()
                           ? nullptr
                           : std::get_if<ast::Comprehension>(&expr(source_node.observe).node);
    const auto* value = list == nullptr ? nullptr : std::get_if<ast::Call>(&expr(list->value).node);
    if (!is_list_of_resources || value == nullptr ||
        symbol(value->callee).kind != SymbolKind::resource_type) {
      diagnostics_.report<Code::bad_query>(source_node.span);
    }
  }
  if (!source_node.carried_by.is_none()) {
    carried_by(source_node, attribute);
  }
}

void Checker::carried_by(const ast::Attribute& node, Attribute& attribute) {
  static_cast<void>(infer(node.carried_by));
  std::vector<std::string> path;
  ast::ExprId id = node.carried_by;
  bool is_path = symbol(id).kind == SymbolKind::attribute;
  while (is_path) {
    if (const auto* name = std::get_if<ast::NameRef>(&expr(id).node)) {
      path.emplace_back(name->name.text());
      break;
    }
    const auto* member = std::get_if<ast::Member>(&expr(id).node);
    is_path = member != nullptr;
    if (is_path) {
      path.emplace_back(member->field.text());
      id = member->base;
    }
  }
  if (!is_path) {
    diagnostics_
        .report<Code::not_a_state>(span(node.carried_by), "`carried by`", source(node.carried_by))
        .help("write the way from this resource to the state: server.database.content");
    return;
  }
  if (!path.empty() && path.back() == "self") {
    path.pop_back();
  }
  std::ranges::reverse(path);
  attribute.carried_by = std::move(path);
}

void Checker::defaults(const std::vector<ast::Parameter>& parameters,
                       std::span<const Formal> formals) {
  for (std::size_t index = 0; index < parameters.size(); ++index) {
    expect_pure(parameters[index].default_value, formals[index].type, "a default");
  }
}

std::uint8_t Checker::function(std::uint32_t where, std::uint32_t ordinal, Span caller) {
  Progress& progress = functions_[where][ordinal];
  const Symbol symbol{SymbolKind::function, static_cast<std::uint16_t>(where), ordinal};
  const ast::FunctionDecl& node = *modules_[where].functions[ordinal].node;
  if (progress == Progress::done) {
    return modules_[where].function_traits[ordinal];
  }
  if (progress == Progress::running) {
    std::string cycle;
    auto first = std::ranges::find(stack_, symbol, &std::pair<Symbol, std::string>::first);
    for (; first != stack_.end(); ++first) {
      cycle += first->second + " → ";
    }
    diagnostics_.report<Code::recursion>(caller, node.name.name.text(), cycle + name_of(symbol))
        .note("the language has no unbounded repetition; go through a list with `for`");
    return 0;
  }
  progress = Progress::running;
  stack_.emplace_back(symbol, name_of(symbol));
  {
    const CheckFrame frame(*this, where);
    const Signature& signature = module().function_signatures[ordinal];
    defaults(node.parameters, signature.formals);
    for (std::uint32_t slot = 0; slot < signature.formals.size(); ++slot) {
      set_slot(slot, signature.formals[slot].type);
    }
    traits_ = 0;
    expect(node.value, signature.result);
    modules_[where].function_traits[ordinal] = traits_;
  }
  stack_.pop_back();
  functions_[where][ordinal] = Progress::done;
  return modules_[where].function_traits[ordinal];
}

}  // namespace plan
