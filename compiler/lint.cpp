#include "compiler/lint.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace plan {

namespace {

// What cannot be known now; no command line holds this character.
constexpr char unknown = '\x01';

// The text of an expression as far as it is constant, `unknown` for the rest.
std::string constant_text(const Plan& plan, ExprId id) {
  if (id.is_none()) {
    return {};
  }
  const Expr& expr = plan[id];
  switch (expr.op) {
    case Op::constant: {
      const auto* text = plan.constants[expr.a].as<std::string>();
      return text == nullptr ? std::string(1, unknown) : *text;
    }
    case Op::concat: {
      std::string text;
      for (std::uint32_t child = expr.children_begin; child < expr.children_end; ++child) {
        text += constant_text(plan, plan.expr_children[child]);
      }
      return text;
    }
    default:
      return std::string(1, unknown);
  }
}

// A command as words: argv, or the words of a script.
struct Command {
  std::vector<std::string> words;
  std::string script;  // of a shell template

  [[nodiscard]] bool has(std::string_view word) const {
    return std::ranges::find(words, word) != words.end();
  }
  [[nodiscard]] bool mentions(std::string_view part) const {
    return std::ranges::any_of(words, [&](const auto& word) { return word.contains(part); });
  }
  // The program's name, with or without a path.
  [[nodiscard]] bool runs(std::string_view program) const {
    return std::ranges::any_of(words, [&](const std::string& word) {
      return word == program || word.ends_with("/" + std::string(program));
    });
  }
};

std::vector<std::string> split_words(std::string_view script) {
  std::vector<std::string> words;
  std::string word;
  for (const char character : script) {
    const bool is_break = std::string_view(" \t\n;|&()<>'\"").contains(character);
    if (!is_break) {
      word += character;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) {
    words.push_back(word);
  }
  return words;
}

Command read_command(const Plan& plan, const EffectCall& call) {
  Command command;
  if (call.arguments.empty() || call.arguments[0].is_none()) {
    return command;
  }
  if (call.is_shell) {
    command.script = constant_text(plan, call.arguments[0]);
    command.words = split_words(command.script);
    return command;
  }
  const Expr& argv = plan[call.arguments[0]];
  if (argv.op == Op::constant) {
    if (const auto* list = plan.constants[argv.a].as<List>()) {
      for (const Value& value : *list) {
        const auto* text = value.as<std::string>();
        command.words.push_back(text == nullptr ? std::string(1, unknown) : *text);
      }
    }
  } else if (argv.op == Op::list) {
    for (std::uint32_t child = argv.children_begin; child < argv.children_end; ++child) {
      command.words.push_back(constant_text(plan, plan.expr_children[child]));
    }
  }
  return command;
}

bool is_postgres_client(const Command& command) {
  constexpr std::array clients = {"psql", "pg_dump", "pg_restore", "createdb", "dropdb"};
  return std::ranges::any_of(clients, [&](const char* client) { return command.runs(client); });
}

// A `|` that is not `||`, outside of quotes.
bool has_pipe(std::string_view script) {
  char quote = 0;
  for (std::size_t index = 0; index < script.size(); ++index) {
    const char character = script[index];
    if (quote != 0) {
      quote = character == quote ? char{0} : quote;
    } else if (character == '\'' || character == '"') {
      quote = character;
    } else if (character == '|') {
      const bool is_or = index + 1 < script.size() && script[index + 1] == '|';
      if (!is_or) {
        return true;
      }
      ++index;
    }
  }
  return false;
}

void lint_command(const Command& command, Span span, Diagnostics& diagnostics) {
  if (command.runs("psql") && !command.mentions("ON_ERROR_STOP")) {
    diagnostics.report<Code::psql_without_stop>(span)
        .note("psql exits with 0 after SQL that failed, unless it was a single -c")
        .help("add `-v ON_ERROR_STOP=1`, or use `sql(…)` or `postgres.move(…)`");
  }
  if (is_postgres_client(command) && (command.has("-W") || command.has("--password"))) {
    diagnostics.report<Code::password_prompt>(span)
        .note("without a terminal the prompt takes the first line of the input for the password")
        .help("give the password with `with env { PGPASSWORD: password }`");
  }
  if (command.runs("createdb") && !command.has("-O") && !command.mentions("--owner")) {
    diagnostics.report<Code::database_without_owner>(span)
        .note("from PostgreSQL 15 on only the owner may create tables in a new database")
        .help("add `--owner ROLE`");
  }
  if (has_pipe(command.script)) {
    diagnostics.report<Code::pipe_hides_failure>(span)
        .note("a shell's pipe has the exit status of its last command")
        .help("write `pipe run […] | run […]`, which fails when one of the two does");
  }
  if (command.runs("pg_dump") && command.script.contains('>') && !command.runs("mv")) {
    diagnostics.report<Code::dump_under_final_name>(span)
        .note("a full disk or a lost connection leaves a truncated dump that looks complete")
        .help("dump under a temporary name, check it, `sync` it, then rename it");
  }
}

}  // namespace

void lint(const Plan& plan, Diagnostics& diagnostics) {
  for (const Operation& operation : plan.operations) {
    for (const Instruction& instruction : operation.body.code) {
      if (instruction.kind != InstructionKind::act) {
        continue;
      }
      std::uint32_t effect = instruction.effect;
      while (effect != UINT32_MAX) {
        const EffectCall& call = operation.body.effects[effect];
        lint_command(read_command(plan, call), instruction.span, diagnostics);
        effect = call.pipe_into;
      }
    }
  }
}

}  // namespace plan
