// Programs: statements, and whatever touches a host.

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/arguments.hpp"
#include "compiler/lower.hpp"
#include "compiler/operations.hpp"

namespace plan {

std::uint32_t Lowering::emit(Instruction instruction) {
  program_->code.push_back(instruction);
  return here() - 1;
}

// Lets a jump that was emitted without a target go to what comes next.
void Lowering::land(std::uint32_t jump) {
  program_->code[jump].target = here();
}

std::uint32_t Lowering::new_slot() {
  return program_->slot_count++;
}

void Lowering::assign(std::uint32_t slot, ExprId value, Span span) {
  emit({.kind = InstructionKind::assign, .slot = slot, .value = value, .span = span});
}

void Lowering::finish(ExprId value) {
  emit({.kind = InstructionKind::finish, .value = value});
}

// --- effects

ExprId Lowering::act(ast::ExprId id, bool must_succeed) {
  if (program_ == nullptr) {
    return constant({});  // reported by check_types
  }
  const std::uint32_t index = effect(id, must_succeed);
  const std::uint32_t slot = new_slot();
  emit({.kind = InstructionKind::act, .slot = slot, .effect = index, .span = node_of(id).span});
  return core_.local(slot);
}

std::uint32_t Lowering::effect(ast::ExprId id, bool must_succeed) {
  const auto& node = node_of(id).node;
  if (const auto* with = std::get_if<ast::WithOptions>(&node)) {
    const std::uint32_t index = effect(with->command, must_succeed);
    const ast::CommandOptions options = module().file.command_options[with->options];
    const ExprId host = optional(options.host);
    const ExprId user = optional(options.user);
    const ExprId env = optional(options.env);
    const ExprId standard_input = optional(options.standard_input);
    const ExprId timeout = optional(options.timeout);
    EffectCall& call = program_->effects[index];
    call.host = host;
    call.user = user;
    call.env = env;
    call.standard_input = standard_input;
    call.timeout = timeout;
    return index;
  }
  if (const auto* pipe = std::get_if<ast::Pipe>(&node)) {
    const std::uint32_t source = effect(pipe->source, true);
    const std::uint32_t sink = effect(pipe->sink, true);
    program_->effects[source].pipe_into = sink;
    return source;
  }
  if (const auto* call = std::get_if<ast::Call>(&node)) {
    return effect_call(*call);
  }
  EffectCall call;
  const auto* run = std::get_if<ast::Run>(&node);
  call.effect = run != nullptr || must_succeed ? "run" : "exec";
  command(call, run != nullptr ? run->command : id);
  program_->effects.push_back(std::move(call));
  return static_cast<std::uint32_t>(program_->effects.size() - 1);
}

std::uint32_t Lowering::effect_call(const ast::Call& node) {
  const Symbol callee = symbol(node.callee);
  const Module& where = context_.modules[callee.module];
  const Signature& signature = where.function_signatures[callee.index];
  EffectCall call;
  call.effect = std::string(where.functions[callee.index].node->name.name.text());
  std::vector<ast::ExprId> matched;
  match_arguments(module().file, node.arguments, signature.formals, matched);
  if ((call.effect == "exec" || call.effect == "run") && !matched[0].is_none()) {
    command(call, matched[0]);
  } else {
    for (const ast::ExprId argument : matched) {
      call.arguments.push_back(optional(argument));
    }
  }
  program_->effects.push_back(std::move(call));
  return static_cast<std::uint32_t>(program_->effects.size() - 1);
}

void Lowering::command(EffectCall& call, ast::ExprId command) {
  const auto* shell = std::get_if<ast::ShellTemplate>(&node_of(command).node);
  call.is_shell = shell != nullptr;
  call.arguments.push_back(shell == nullptr ? expr(command) : script(*shell));
}

// The only place where a shell's text is made: every interpolation is quoted.
ExprId Lowering::script(const ast::ShellTemplate& node) {
  static const auto quote = static_cast<std::uint32_t>(
      std::ranges::find(pure_natives(), "shell_quote!") - pure_natives().begin());
  const ast::File& file = module().file;
  std::vector<ExprId> parts;
  for (std::uint32_t index = node.parts.begin; index < node.parts.end; ++index) {
    const ast::StringPart& part = file.string_parts[index];
    if (part.text != UINT32_MAX) {
      parts.push_back(constant({std::string(file.texts[part.text])}));
      continue;
    }
    const std::vector<ExprId> value{expr(part.value)};
    parts.push_back(core_.add({.op = Op::native, .b = quote}, value));
  }
  if (parts.size() == 1 && file.string_parts[node.parts.begin].text != UINT32_MAX) {
    return parts[0];
  }
  return parts.empty() ? constant({std::string()}) : core_.add({.op = Op::concat}, parts);
}

// --- loops

// Emits the head of a loop over `list` and returns the index of its for_begin: the loop's end must
// jump there, and its target must be landed after that.
std::uint32_t Lowering::begin_loop(std::uint32_t slot, ExprId list, Span span) {
  const std::uint32_t items = new_slot();
  assign(items, list, span);
  // The list's position must be null before the first element, again in every turn of an outer
  // loop.
  assign(slot + 1, constant({}), span);
  return emit({.kind = InstructionKind::for_begin,
               .slot = slot,
               .value = core_.local(items),
               .span = span});
}

ExprId Lowering::loop_of(const ast::ForAll& node, ast::ExprId id) {
  const std::uint32_t result = new_slot();
  const std::uint32_t variable = scope_.slot_base + symbol(id).index;
  const ExprId list = expr(node.list);
  assign(result, constant({true}), node_of(id).span);
  const std::uint32_t begin = begin_loop(variable, list, node_of(id).span);
  assign(result, expr(node.condition), node_of(node.condition).span);
  const std::uint32_t leave =
      emit({.kind = InstructionKind::jump_unless, .value = core_.local(result)});
  emit({.kind = InstructionKind::jump, .target = begin});
  land(begin);
  land(leave);
  return core_.local(result);
}

ExprId Lowering::loop_of(const ast::Comprehension& node, ast::ExprId id) {
  const std::uint32_t result = new_slot();
  const std::uint32_t variable = scope_.slot_base + symbol(id).index;
  const ExprId list = expr(node.list);
  assign(result, constant({List{}}), node_of(id).span);
  const std::uint32_t begin = begin_loop(variable, list, node_of(id).span);
  std::uint32_t skip = UINT32_MAX;
  if (!node.condition.is_none()) {
    skip = emit({.kind = InstructionKind::jump_unless, .value = expr(node.condition)});
  }
  const std::vector<ExprId> item{expr(node.value)};
  const ExprId one = core_.add({.op = Op::list}, item);
  assign(result, binary(Op::add, core_.local(result), one), node_of(node.value).span);
  if (skip != UINT32_MAX) {
    land(skip);
  }
  emit({.kind = InstructionKind::jump, .target = begin});
  land(begin);
  return core_.local(result);
}

// --- statements

void Lowering::block(const ast::Block& block) {
  for (const ast::Statement& each : block) {
    statement(each);
  }
}

void Lowering::statement(const ast::Statement& item) {
  struct Visitor {
    Lowering& self;
    Span span;
    void operator()(const ast::LetStatement& node) const {
      const ExprId value = self.expr(node.value);
      self.assign(self.scope_.slot_base + self.module().slots.at(&node.name), value, span);
    }
    void operator()(const ast::ExprStatement& node) const {
      const auto& value = self.node_of(node.value).node;
      const auto* with = std::get_if<ast::WithOptions>(&value);
      const auto& command = with == nullptr ? value : self.node_of(with->command).node;
      // A script whose result nobody looks at must succeed.
      if (std::holds_alternative<ast::ShellTemplate>(command)) {
        static_cast<void>(self.act(node.value, true));
      } else {
        static_cast<void>(self.expr(node.value));
      }
    }
    void operator()(const ast::IfStatement& node) const {
      const ExprId condition = self.expr(node.condition);
      const std::uint32_t to_else =
          self.emit({.kind = InstructionKind::jump_unless, .value = condition, .span = span});
      self.block(node.then_block);
      if (node.else_block.empty()) {
        self.land(to_else);
        return;
      }
      const std::uint32_t to_end = self.emit({.kind = InstructionKind::jump});
      self.land(to_else);
      self.block(node.else_block);
      self.land(to_end);
    }
    void operator()(const ast::ForStatement& node) const {
      const std::uint32_t slot = self.scope_.slot_base + self.module().slots.at(&node.variable);
      const ExprId list = self.expr(node.list);
      const std::uint32_t begin = self.begin_loop(slot, list, span);
      self.block(node.body);
      self.emit({.kind = InstructionKind::jump, .target = begin});
      self.land(begin);
    }
    void operator()(const ast::WaitStatement& node) const { self.wait(node, span); }
    void operator()(const ast::FailStatement& node) const {
      const ExprId message = self.expr(node.message);
      self.emit({.kind = InstructionKind::fail, .value = message, .span = span});
    }
    void operator()(const ast::ReturnStatement& node) const {
      const ExprId value = self.optional(node.value);
      self.emit({.kind = InstructionKind::finish, .value = value, .span = span});
    }
  };
  std::visit(Visitor{*this, item.span}, item.node);
}

//        deadline limit
// again: (observe)
//        jump_unless not condition → done
//        jump_after deadline → late
//        sleep every
//        jump → again
// late:  fail
// done:
void Lowering::wait(const ast::WaitStatement& node, Span span) {
  const std::uint32_t limit = new_slot();
  const ExprId limit_value = expr(node.limit);
  const ExprId every = expr(node.every);
  emit({.kind = InstructionKind::deadline, .slot = limit, .value = limit_value, .span = span});
  const std::uint32_t again = here();
  const ExprId condition = expr(node.condition);
  const ExprId is_missing = core_.add({.op = Op::logical_not, .a = condition.index});
  const std::uint32_t done =
      emit({.kind = InstructionKind::jump_unless, .value = is_missing, .span = span});
  const std::uint32_t late =
      emit({.kind = InstructionKind::jump_after, .slot = limit, .span = span});
  emit({.kind = InstructionKind::sleep, .value = every, .span = span});
  emit({.kind = InstructionKind::jump, .target = again, .span = span});
  land(late);
  const std::string condition_text(context_.sources.text(node_of(node.condition).span));
  const std::vector<ExprId> message{constant({std::string("waited for ")}), limit_value,
                                    constant({fmt::format(", still not so: {}", condition_text)})};
  emit({.kind = InstructionKind::fail,
        .value = core_.add({.op = Op::concat}, message),
        .span = span});
  land(done);
}

}  // namespace plan
