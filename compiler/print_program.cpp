// Programs as indented lines. The flat code is read back into branches and loops by the shapes
// that the lowering makes: a forward jump opens a block that ends at its target, a backward jump
// closes a loop, and a deadline up to its backward jump is a wait.
#include <algorithm>
#include <cctype>

#include <fmt/core.h>

#include "compiler/print_known.hpp"

namespace plan {

namespace {

bool is_plain_word(std::string_view text) {
  constexpr std::string_view safe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  return !text.empty() && text.find_first_not_of(safe) == std::string_view::npos;
}

// A long text by its beginning: scripts and statements have a file of their own to be read in.
std::string shortened(const std::string& text) {
  constexpr std::size_t limit = 240;
  if (text.size() <= limit) {
    return text;
  }
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
    --end;  // not inside of a character
  }
  return fmt::format("{}… ({} bytes)", text.substr(0, end), text.size());
}

// The parameters' names of an effect, as native.plan has them.
struct EffectShape {
  std::string_view effect;
  std::vector<std::string_view> options;  // from the second argument on
};

const EffectShape* shape_of(std::string_view effect) {
  static const std::vector<EffectShape> shapes = {
      {"write", {"content", "mode", "owner"}},
      {"write_secret", {"content", "mode", "owner"}},
  };
  const auto found = std::ranges::find(shapes, effect, &EffectShape::effect);
  return found == shapes.end() ? nullptr : &*found;
}

class Lines {
 public:
  Lines(const Plan& plan, const Program& program, PrintFrame frame)
      : plan_(plan), program_(program), frame_(std::move(frame)) {
    const std::size_t slots = std::max<std::size_t>(program.slot_count, frame_.names.size());
    frame_.values.resize(slots);
    frame_.names.resize(slots);
    frame_.types.resize(slots, UINT32_MAX);
    writers_.resize(slots, 0);
    for (const Instruction& instruction : program.code) {
      if (instruction.slot < slots) {
        ++writers_[instruction.slot];
      }
    }
  }

  std::vector<std::string> print() {
    block(0, static_cast<std::uint32_t>(program_.code.size()), 0);
    return std::move(lines_);
  }

 private:
  [[nodiscard]] std::string text(ExprId expr) const { return print_expr(plan_, expr, frame_); }

  void line(int depth, std::string_view content) {
    lines_.push_back(std::string(static_cast<std::size_t>(depth) * 2, ' ') + std::string(content));
  }

  // A result gets a name the first time it is assigned: "result1", "result2", …
  std::string name_slot(std::uint32_t slot) {
    if (slot >= frame_.names.size()) {
      return "";
    }
    frame_.values[slot].reset();
    if (frame_.names[slot].empty()) {
      frame_.names[slot] = fmt::format("result{}", ++results_);
    }
    return frame_.names[slot];
  }

  [[nodiscard]] bool is_read_later(std::uint32_t slot, std::uint32_t from) const {
    for (std::size_t at = from; at < program_.code.size(); ++at) {
      const Instruction& instruction = program_.code[at];
      if (reads(instruction.value, slot)) {
        return true;
      }
      if (instruction.kind == InstructionKind::act &&
          effect_reads(program_.effects[instruction.effect], slot)) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool effect_reads(const EffectCall& effect, std::uint32_t slot) const {
    const auto reads_slot = [&](ExprId expr) { return reads(expr, slot); };
    return std::ranges::any_of(effect.arguments, reads_slot) || reads(effect.env, slot) ||
           reads(effect.standard_input, slot) || reads(effect.host, slot) ||
           (effect.pipe_into != UINT32_MAX &&
            effect_reads(program_.effects[effect.pipe_into], slot));
  }

  [[nodiscard]] bool reads(ExprId id, std::uint32_t slot) const {
    if (id.is_none()) {
      return false;
    }
    const Expr& expr = plan_[id];
    if (expr.op == Op::local) {
      return expr.a == slot;
    }
    for (std::uint32_t child = expr.children_begin; child < expr.children_end; ++child) {
      if (reads(plan_.expr_children[child], slot)) {
        return true;
      }
    }
    return operands_read(expr, slot);
  }

  [[nodiscard]] bool operands_read(const Expr& expr, std::uint32_t slot) const {
    switch (expr.op) {
      case Op::state_of:
      case Op::field:
      case Op::cast:
      case Op::logical_not:
      case Op::negate:
        return reads({expr.a}, slot);
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
      case Op::for_all:
        return reads({expr.a}, slot) || reads({expr.b}, slot);
      case Op::conditional:
        return reads({expr.a}, slot) || reads({expr.b}, slot) || reads({expr.c}, slot);
      case Op::map:
        return reads({expr.a}, slot) || reads({expr.b}, slot) || reads({expr.d}, slot);
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
        return false;
    }
    return false;
  }

  // Prints [begin, end); jumps that leave the block are ends of branches and say nothing.
  void block(std::uint32_t begin, std::uint32_t end, int depth) {
    for (std::uint32_t at = begin; at < end;) {
      at = statement(at, end, depth);
    }
  }

  // Prints the statement at `at`; returns where the next one begins.
  std::uint32_t statement(std::uint32_t at, std::uint32_t end, int depth) {
    const Instruction& instruction = program_.code[at];
    switch (instruction.kind) {
      case InstructionKind::assign:
        assign(instruction, depth);
        break;
      case InstructionKind::act:
        act(instruction, at, depth);
        break;
      case InstructionKind::observe:
        observe(instruction, depth);
        break;
      case InstructionKind::jump:
        break;
      case InstructionKind::jump_unless:
        return branch(at, end, depth);
      case InstructionKind::for_begin:
        return loop(at, end, depth);
      case InstructionKind::sleep:
        line(depth, "wait " + text(instruction.value));
        break;
      case InstructionKind::deadline:
        return wait(at, end, depth);
      case InstructionKind::jump_after:
        break;
      case InstructionKind::fail:
        line(depth, "fail " + text(instruction.value));
        break;
      case InstructionKind::finish:
        if (!instruction.value.is_none()) {
          line(depth, "result: " + text(instruction.value));
        }
        break;
    }
    return at + 1;
  }

  // What is known is remembered and filled in where it is used; the rest becomes a line.
  void assign(const Instruction& instruction, int depth) {
    if (std::optional<Value> value = known_value(plan_, instruction.value, frame_)) {
      if (depth == 0 && instruction.slot < frame_.values.size()) {
        frame_.values[instruction.slot] = std::move(value);
        return;
      }
    }
    const Expr& value = plan_[instruction.value];
    if (value.op == Op::local && value.a < frame_.types.size()) {
      frame_.types[instruction.slot] = frame_.types[value.a];
    }
    const bool is_path = value.op == Op::local || value.op == Op::field;
    const std::string shown = text(instruction.value);
    if (shown == "null") {
      return;  // a loop's position before the first element
    }
    give(instruction.slot, shown, is_path, depth);
  }

  // The slot now holds what `shown` says: it is called that where nothing else is ever put into
  // it and the text is short, else by a name of its own.
  void give(std::uint32_t slot, const std::string& shown, bool is_path, int depth) {
    if (is_path && slot < writers_.size() && writers_[slot] == 1) {
      frame_.names[slot] = shown;
      return;
    }
    line(depth, fmt::format("{} = {}", name_slot(slot), shown));
  }

  void observe(const Instruction& instruction, int depth) {
    const Expr state{.op = Op::state_of, .a = instruction.value.index, .b = instruction.attribute};
    frame_.types[instruction.slot] = attribute_type(plan_, state, frame_);
    const std::string resource = text(instruction.value);
    give(instruction.slot, resource + "." + attribute_text(plan_, state, frame_), true, depth);
  }

  void act(const Instruction& instruction, std::uint32_t at, int depth) {
    const std::string shown = effect(program_.effects[instruction.effect]);
    if (instruction.slot != UINT32_MAX && is_read_later(instruction.slot, at + 1)) {
      line(depth, fmt::format("{} = {}", name_slot(instruction.slot), shown));
      return;
    }
    line(depth, shown);
  }

  std::uint32_t branch(std::uint32_t at, std::uint32_t end, int depth) {
    const Instruction& instruction = program_.code[at];
    const std::uint32_t target = std::min(instruction.target, end);
    if (target <= at) {
      line(depth, "repeat until " + text(instruction.value));
      return at + 1;
    }
    const Instruction* last = target > at + 1 ? &program_.code[target - 1] : nullptr;
    const bool has_else = last != nullptr && last->kind == InstructionKind::jump &&
                          last->target > target && last->target <= end;
    line(depth, "if " + text(instruction.value) + ":");
    block(at + 1, has_else ? target - 1 : target, depth + 1);
    if (!has_else) {
      return target;
    }
    line(depth, "else:");
    block(target, last->target, depth + 1);
    return last->target;
  }

  std::uint32_t loop(std::uint32_t at, std::uint32_t end, int depth) {
    const Instruction& instruction = program_.code[at];
    const std::uint32_t target = std::clamp(instruction.target, at + 1, end);
    const std::string list = text(instruction.value);
    if (frame_.names[instruction.slot].empty()) {
      frame_.names[instruction.slot] = loops_ == 0 ? "each" : fmt::format("each{}", loops_ + 1);
    }
    ++loops_;
    frame_.types[instruction.slot] = element_type(instruction.value);
    line(depth, fmt::format("for {} in {}:", frame_.names[instruction.slot], list));
    block(at + 1, target, depth + 1);
    return target;
  }

  // The backward jump that closes the wait begun at `at`; none if there is no such shape.
  [[nodiscard]] std::optional<std::uint32_t> end_of_wait(std::uint32_t at,
                                                         std::uint32_t end) const {
    for (std::uint32_t next = at + 1; next < end; ++next) {
      const Instruction& instruction = program_.code[next];
      const bool is_back = (instruction.kind == InstructionKind::jump ||
                            instruction.kind == InstructionKind::jump_unless) &&
                           instruction.target > at && instruction.target <= next;
      if (is_back) {
        return next;
      }
    }
    return std::nullopt;
  }

  // "wait until COND, every D, for D", with what is done for each look below it.
  std::uint32_t wait(std::uint32_t at, std::uint32_t end, int depth) {
    const std::optional<std::uint32_t> last = end_of_wait(at, end);
    if (!last) {
      line(depth, "deadline " + text(program_.code[at].value));
      return at + 1;
    }
    // The last test before the pause is the one that ends the wait.
    std::uint32_t test = at + 1;
    std::string pause;
    for (std::uint32_t next = at + 1; next <= *last; ++next) {
      if (program_.code[next].kind == InstructionKind::jump_unless) {
        test = next;
      } else if (program_.code[next].kind == InstructionKind::sleep) {
        pause = ", every " + text(program_.code[next].value);
      }
    }
    const auto heading = static_cast<std::ptrdiff_t>(lines_.size());
    block(at + 1, test, depth + 1);
    // The lowering leaves the loop unless the condition is missing.
    const ExprId value = program_.code[test].value;
    const bool is_negated = !value.is_none() && plan_[value].op == Op::logical_not;
    const std::string condition = text(is_negated ? ExprId{plan_[value].a} : value);
    const std::string limit = text(program_.code[at].value);
    line(depth, fmt::format("wait until {}{}, for {}", condition, pause, limit));
    std::rotate(lines_.begin() + heading, lines_.end() - 1, lines_.end());
    // What comes next says that the time is up.
    const bool has_end = *last + 1 < end && program_.code[*last + 1].kind == InstructionKind::fail;
    return *last + (has_end ? 2 : 1);
  }

  // One argument of a command: plain where a shell would take it so, else quoted.
  [[nodiscard]] std::string word(ExprId expr) const {
    if (const std::optional<Value> value = known_value(plan_, expr, frame_)) {
      if (const auto* known = value->as<std::string>()) {
        return is_plain_word(*known) ? *known : "\"" + escaped(*known) + "\"";
      }
      return print_value(plan_, *value);
    }
    const std::string shown = text(expr);
    return shown.starts_with('"') ? shown : "${" + shown + "}";
  }

  [[nodiscard]] std::string argv(ExprId expr) const {
    if (const std::optional<Value> value = known_value(plan_, expr, frame_)) {
      if (const auto* list = value->as<List>()) {
        std::string words;
        for (const Value& item : *list) {
          const auto* known = item.as<std::string>();
          const bool is_plain = known != nullptr && is_plain_word(*known);
          words += (words.empty() ? "" : " ") + (is_plain ? *known : print_value(plan_, item));
        }
        return words;
      }
    }
    if (plan_[expr].op != Op::list) {
      return text(expr);
    }
    std::string words;
    for (std::uint32_t child = plan_[expr].children_begin; child < plan_[expr].children_end;
         ++child) {
      words += (words.empty() ? "" : " ") + word(plan_.expr_children[child]);
    }
    return words;
  }

  [[nodiscard]] std::string script(ExprId expr) const {
    if (const std::optional<Value> value = known_value(plan_, expr, frame_)) {
      if (const auto* known = value->as<std::string>()) {
        return *known;
      }
    }
    const std::string shown = text(expr);
    return shown.size() >= 2 && shown.starts_with('"') ? shown.substr(1, shown.size() - 2) : shown;
  }

  [[nodiscard]] std::string command(const EffectCall& call) const {
    const std::string verb = call.is_shell && call.effect == "run" ? "sh" : call.effect;
    const std::string what = call.arguments.empty() ? ""
                             : call.is_shell        ? script(call.arguments[0])
                                                    : argv(call.arguments[0]);
    return verb + " " + what;
  }

  // The database of an sql_target, for people: "inmanta at localhost:5432".
  [[nodiscard]] std::string target(ExprId expr) const {
    const std::optional<Value> value = known_value(plan_, expr, frame_);
    const Map* map = value ? value->as<Map>() : nullptr;
    const Value* name = map != nullptr ? find(*map, "database") : nullptr;
    if (name == nullptr) {
      return record_entry(expr, "database").value_or(text(expr));
    }
    return print_value(plan_, *name);
  }

  [[nodiscard]] std::optional<std::string> record_entry(ExprId expr, std::string_view key) const {
    if (plan_[expr].op != Op::record) {
      return std::nullopt;
    }
    const auto& keys = plan_.record_shapes[plan_[expr].b];
    const auto found = std::ranges::find(keys, key);
    if (found == keys.end()) {
      return std::nullopt;
    }
    const auto offset = static_cast<std::uint32_t>(found - keys.begin());
    return text(plan_.expr_children[plan_[expr].children_begin + offset]);
  }

  [[nodiscard]] std::string arguments(const EffectCall& call) const {
    if (call.effect == "machine_identity") {
      return "cat /etc/machine-id /proc/sys/kernel/random/boot_id";
    }
    if (call.effect == "http_request" && call.arguments.size() >= 2) {
      std::string shown = "http " + script(call.arguments[0]) + " " + script(call.arguments[1]);
      if (call.arguments.size() > 2 && !call.arguments[2].is_none()) {
        const std::string headers = text(call.arguments[2]);
        const bool says_something = headers.size() > 4 && !headers.ends_with(": \"\" }");
        shown += says_something ? " headers " + headers : "";
      }
      if (call.arguments.size() > 3 && !call.arguments[3].is_none()) {
        const std::string body = text(call.arguments[3]);
        shown += body == "null" ? "" : " with " + body;
      }
      return shown;
    }
    if (call.effect == "sql" && call.arguments.size() >= 2) {
      std::string shown =
          fmt::format("sql({}) {}", target(call.arguments[0]), script(call.arguments[1]));
      if (call.arguments.size() > 2 && !call.arguments[2].is_none()) {
        const std::string given = text(call.arguments[2]);
        shown += given == "[]" ? "" : " with " + given;
      }
      return shown;
    }
    return options(call);
  }

  [[nodiscard]] std::string options(const EffectCall& call) const {
    const EffectShape* shape = shape_of(call.effect);
    std::string shown = call.effect;
    for (std::size_t index = 0; index < call.arguments.size(); ++index) {
      if (call.arguments[index].is_none()) {
        continue;
      }
      if (index == 0) {
        shown += " " + word(call.arguments[0]);
      } else if (shape != nullptr && index <= shape->options.size()) {
        const std::string value = text(call.arguments[index]);
        if (value != "\"\"") {
          shown += fmt::format(", {}: {}", shape->options[index - 1], value);
        }
      } else {
        shown += ", " + text(call.arguments[index]);
      }
    }
    return shown;
  }

  [[nodiscard]] std::string effect(const EffectCall& call) const {
    const bool is_command = call.effect == "run" || call.effect == "exec";
    std::string shown = is_command ? command(call) : arguments(call);
    const std::string host = call.host.is_none() ? "" : text(call.host);
    const std::string user = call.user.is_none() ? "" : script(call.user);
    std::string place = host.empty() || host == frame_.host ? "" : "on " + host;
    place += user.empty() ? "" : (place.empty() ? "as " : " as ") + user;
    shown += place.empty() ? "" : "  [" + place + "]";
    if (!call.env.is_none()) {
      shown += "  with env " + text(call.env);
    }
    if (!call.standard_input.is_none()) {
      shown += "  stdin " + shortened(text(call.standard_input));
    }
    if (call.pipe_into != UINT32_MAX) {
      shown = "pipe " + shown + "  |  " + effect(program_.effects[call.pipe_into]);
    }
    return shown;
  }

  [[nodiscard]] std::uint32_t element_type(ExprId list) const {
    const Expr& expr = plan_[list];
    if (expr.op != Op::local || expr.a >= frame_.types.size() ||
        frame_.types[expr.a] >= plan_.types.size()) {
      return UINT32_MAX;
    }
    return plan_.types[frame_.types[expr.a]].element;
  }

  const Plan& plan_;
  const Program& program_;
  PrintFrame frame_;
  std::vector<std::uint32_t> writers_;  // by slot: instructions that put something into it
  std::vector<std::string> lines_;
  int results_ = 0;
  int loops_ = 0;
};

std::vector<std::string> print_body(const Plan& plan,
                                    std::uint32_t operation,
                                    const std::vector<Value>& arguments,
                                    std::uint32_t host) {
  if (operation == UINT32_MAX) {
    return {};
  }
  const Operation& found = plan.operations[operation];
  PrintFrame frame;
  frame.names = found.parameter_names;
  frame.types = found.parameter_types;
  frame.host = host == UINT32_MAX ? "" : plan.hosts[host].name;
  for (std::size_t index = 0; index < arguments.size(); ++index) {
    frame.values.emplace_back(arguments[index]);
    // What only run time knows goes by the plan's name for it, where it has one.
    if (arguments[index].as<Deferred>() != nullptr && index < frame.names.size()) {
      const std::string known_as = print_value(plan, arguments[index]);
      const bool is_name = std::ranges::all_of(known_as, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '.' || c == '[' || c == ']';
      });
      frame.names[index] = is_name && !known_as.empty() ? known_as : frame.names[index];
    }
  }
  return print_program(plan, found.body, std::move(frame));
}

}  // namespace

std::vector<std::string> print_program(const Plan& plan, const Program& program, PrintFrame frame) {
  return Lines(plan, program, std::move(frame)).print();
}

std::vector<std::string> print_commands(const Plan& plan, const Step& step) {
  return print_body(plan, step.operation, step.arguments, step.host);
}

std::vector<std::string> print_undo_commands(const Plan& plan, const Step& step) {
  return print_body(plan, step.undo_operation, step.undo_arguments, step.host);
}

}  // namespace plan
