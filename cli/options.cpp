#include "cli/options.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>

#include <CLI/CLI.hpp>

#include "cli/environment.hpp"
#include "cli/help_text.hpp"
#include "dsl/spell.hpp"

namespace plan {

namespace {

// What CLI11 fills in and what still has to be split or chosen.
struct Raw {
  Options options;
  std::vector<std::string> set;
};

const std::map<std::string, ColorWhen> color_names = {
    {"auto", ColorWhen::automatic}, {"always", ColorWhen::always}, {"never", ColorWhen::never}};

const std::map<std::string, GraphFormat> format_names = {{"dot", GraphFormat::dot},
                                                         {"mermaid", GraphFormat::mermaid},
                                                         {"svg", GraphFormat::svg},
                                                         {"json", GraphFormat::json},
                                                         {"html", GraphFormat::html}};

const std::map<std::string, DocFormat> doc_format_names = {{"markdown", DocFormat::markdown},
                                                           {"html", DocFormat::html}};

// An option whose value is one of some words.
template <class T>
void add_choice(CLI::App& app,
                const std::string& name,
                T& target,
                const std::map<std::string, T>& names,
                const std::string& about) {
  const auto take = [&target, &names, name](const std::string& given) {
    const auto found = names.find(given);
    if (found == names.end()) {
      std::string all;
      for (const auto& [word, value] : names) {
        all += (all.empty() ? "" : ", ") + word;
      }
      throw CLI::ValidationError(name.substr(name.rfind(',') + 1),
                                 "`" + given + "` is none of " + all);
    }
    target = found->second;
  };
  app.add_option_function<std::string>(name, take, about)
      ->option_text(name == "--color" ? "WHEN" : "FORMAT");
}

void add_common(CLI::App& app, Raw& raw) {
  app.add_flag("--json", raw.options.is_json, "Write the result as JSON to standard output");
  add_choice(app, "--color", raw.options.color, color_names,
             "When to use colour: auto, always or never");
}

void add_inputs(CLI::App& app, Raw& raw) {
  app.add_option("--inputs", raw.options.inputs_file,
                 "Values of inputs: a file in the language's syntax or JSON")
      ->option_text("FILE");
  app.add_option("--set", raw.set, "Value of one input; may be given several times")
      ->option_text("NAME=VALUE")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_plan(CLI::App& app, Raw& raw) {
  app.add_option("FILE", raw.options.file, "The plan, or a compiled plan")->required();
  add_inputs(app, raw);
}

void add_hosts(CLI::App& app, Raw& raw) {
  app.add_option("--ssh-config", raw.options.ssh_config,
                 "OpenSSH configuration to use (also PLAN_SSH_CONFIG)")
      ->option_text("FILE");
  app.add_option("--journal", raw.options.journal,
                 "Journal to use, in place of the plan's own in the state directory")
      ->option_text("FILE");
  app.add_option("--json-into", raw.options.json_into,
                 "Also write the events, as JSON lines, to FILE")
      ->option_text("FILE");
  app.add_option("--steps-per-host", raw.options.steps_per_host,
                 "At most N steps at once on a host (8)")
      ->option_text("N")
      ->check(CLI::Range(1U, 1000U));
}

void add_answers(CLI::App& app, Raw& raw) {
  app.add_flag("-y,--yes", raw.options.says_yes,
               "Answer questions with yes; does not cover the destruction of data");
  app.add_option(
         "--confirm", raw.options.confirmed,
         "Agree to the destruction of NAME (as preview shows it); may be given several times")
      ->option_text("NAME")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--approve", raw.options.approved,
                 "Answer the approve step STEP with yes, `all` for all; may be given several times")
      ->option_text("STEP")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

// Of the commands that say what is wrong with sources.
void add_findings(CLI::App& app, Raw& raw) {
  app.add_flag("--sarif", raw.options.is_sarif, "Write the diagnostics as SARIF 2.1.0");
  app.add_flag("--fix", raw.options.must_fix,
               "Apply the fixes that cannot mean anything else, show them, and check again");
}

void add_check(CLI::App& app, Raw& raw) {
  add_plan(app, raw);
  app.add_option("--out", raw.options.output, "Write the compiled plan to FILE")
      ->option_text("FILE");
  app.add_option("--certificate", raw.options.certificate,
                 "Write what the proof rests on to FILE, for `plan verify`")
      ->option_text("FILE");
  add_findings(app, raw);
}

void add_lint(CLI::App& app, Raw& raw) {
  add_plan(app, raw);
  add_findings(app, raw);
}

void add_graph(CLI::App& app, Raw& raw) {
  add_plan(app, raw);
  add_choice(app, "--format", raw.options.format, format_names, "dot, mermaid, svg, json or html");
  app.add_option("-o,--output", raw.options.output, "Write to FILE instead of standard output")
      ->option_text("FILE");
  app.add_flag("--all-edges", raw.options.shows_all_edges,
               "Also show arrows that follow from others");
}

void add_doc(CLI::App& app, Raw& raw) {
  add_plan(app, raw);
  add_choice(app, "--format", raw.options.doc_format, doc_format_names, "markdown or html");
  app.add_option("-o,--output", raw.options.output, "Write to FILE instead of standard output")
      ->option_text("FILE");
}

void add_path(CLI::App& app, Raw& raw) {
  app.add_option("--catalogue", raw.options.catalogue, "The release catalogue (docs/catalogue.md)")
      ->required()
      ->option_text("FILE");
  for (const bool is_end : {false, true}) {
    app.add_option(is_end ? "--to" : "--from", is_end ? raw.options.to : raw.options.from,
                   is_end ? "The release to go to; COMPONENT=VERSION where there are several"
                          : "The release that runs; COMPONENT=VERSION for each of several")
        ->required()
        ->option_text("VERSION")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
}

void add_explain(CLI::App& app, Raw& raw) {
  app.add_option("TOPIC", raw.options.topic, "CODE, or: step NAME");
  app.add_option("--plan", raw.options.file, "The plan that the step is in")->option_text("FILE");
  add_inputs(app, raw);
}

void add_step(CLI::App& app, Raw& raw) {
  app.add_option("FILE", raw.options.file, "The plan, or a compiled plan")->required();
  app.add_option("STEP", raw.options.step, "Name of the step: move, resume[billing]")->required();
  add_inputs(app, raw);
  add_hosts(app, raw);
}

void add_options(CLI::App& app, Command command, Raw& raw) {
  switch (command) {
    case Command::check:
      add_check(app, raw);
      break;
    case Command::lint:
      add_lint(app, raw);
      break;
    case Command::preview:
      add_plan(app, raw);
      add_hosts(app, raw);
      app.add_flag("--exit-code", raw.options.wants_exit_code,
                   "Exit with 10 if anything is to be done");
      break;
    case Command::apply:
    case Command::rollback:
    case Command::adopt:
      add_plan(app, raw);
      add_hosts(app, raw);
      add_answers(app, raw);
      break;
    case Command::status:
      app.add_option("FILE", raw.options.file, "The plan, or a compiled plan");
      add_inputs(app, raw);
      app.add_option("--journal", raw.options.journal, "Journal to read")->option_text("FILE");
      break;
    case Command::graph:
      add_graph(app, raw);
      break;
    case Command::fmt:
      app.add_option("FILES", raw.options.files, "Files, directories, or - for standard input")
          ->required();
      app.add_flag("--check", raw.options.only_checks, "Write nothing; list what would change");
      break;
    case Command::explain:
      add_explain(app, raw);
      break;
    case Command::test:
      add_plan(app, raw);
      app.add_option("--only", raw.options.filter, "Run only tests whose title holds TEXT")
          ->option_text("TEXT");
      break;
    case Command::mark_done:
      add_step(app, raw);
      app.add_option("--reason", raw.options.reason, "Why; kept in the journal")
          ->required()
          ->option_text("TEXT");
      break;
    case Command::approve:
      add_step(app, raw);
      app.add_flag("--no", raw.options.answers_no, "Answer with no");
      break;
    case Command::path:
      add_path(app, raw);
      break;
    case Command::doc:
      add_doc(app, raw);
      break;
    case Command::verify:
      app.add_option("PLAN", raw.options.file, "The compiled plan (`plan check --out`)")
          ->required();
      app.add_option("CERTIFICATE", raw.options.certificate,
                     "Its certificate (`plan check --certificate`)")
          ->required();
      break;
  }
  add_common(app, raw);
}

std::variant<Options, Stop> finish(Raw raw) {
  for (const std::string& entry : raw.set) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Stop{"plan: --set wants NAME=VALUE, not `" + entry + "`\n", ExitCode::usage};
    }
    raw.options.set[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  if (!raw.options.ssh_config) {
    raw.options.ssh_config = environment_value("PLAN_SSH_CONFIG");
  }
  if (raw.options.command == Command::mark_done &&
      raw.options.reason.find_first_not_of(" \t\n") == std::string::npos) {
    return Stop{"plan: --reason wants a text: it is what the journal will say\n", ExitCode::usage};
  }
  const bool asks_for_step = !raw.options.topic.empty() && raw.options.topic[0] == "step";
  if (raw.options.topic.size() > 1 && !asks_for_step) {
    return Stop{"plan: explain takes one CODE, or `step NAME`\n", ExitCode::usage};
  }
  if (asks_for_step && (raw.options.topic.size() != 2 || raw.options.file.empty())) {
    return Stop{"plan: write `plan explain step NAME --plan FILE`\n", ExitCode::usage};
  }
  return std::move(raw.options);
}

// CLI11 reports help and version as errors of exit status 0.
Stop stop_for(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const int status = app.exit(error, out, err);
  if (status == 0) {
    return {out.str(), ExitCode::done};
  }
  const auto subcommands = app.get_subcommands();
  const std::string which = subcommands.empty() ? "" : " " + subcommands.front()->get_name();
  return {"plan: " + std::string(error.what()) + "\nTry: plan" + which + " --help\n",
          ExitCode::usage};
}

// A first word that is neither a command nor an option.
std::optional<Stop> unknown_command(std::string_view word) {
  std::vector<std::string_view> names;
  for (const CommandHelp& help : command_helps()) {
    names.push_back(help.name);
  }
  if (word.starts_with('-') || std::ranges::find(names, word) != names.end()) {
    return std::nullopt;
  }
  std::string text = "plan: there is no command `" + std::string(word) + "`";
  const std::string_view meant = nearest(word, names);
  text += meant.empty() ? "" : "; did you mean `" + std::string(meant) + "`?";
  return Stop{text + "\nTry: plan --help\n", ExitCode::usage};
}

}  // namespace

std::variant<Options, Stop> parse_options(int argc, const char* const* argv) {
  Raw raw;
  CLI::App app("Plans, proves and carries out migrations of stateful services.", "plan");
  app.set_version_flag("--version", std::string("plan ") + PLAN_VERSION);
  app.footer(std::string(program_footer()));
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  for (const CommandHelp& help : command_helps()) {
    CLI::App* command = app.add_subcommand(std::string(help.name), std::string(help.summary));
    command->footer(std::string(help.examples));
    add_options(*command, help.command, raw);
    command->callback([&raw, which = help.command] { raw.options.command = which; });
  }
  if (argc <= 1) {
    return Stop{app.help(), ExitCode::usage};
  }
  // `plan help`, `plan help apply`, `plan version`: as people type them.
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words[0] == "version" && words.size() == 1) {
    words = {"--version"};
  } else if (words[0] == "help") {
    words.erase(words.begin());
    words.resize(std::min<std::size_t>(words.size(), 1));
    words.emplace_back("--help");
  }
  if (const auto stop = unknown_command(words[0])) {
    return *stop;
  }
  std::ranges::reverse(words);  // as CLI11 takes them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return stop_for(app, error);
  }
  return finish(std::move(raw));
}

}  // namespace plan
