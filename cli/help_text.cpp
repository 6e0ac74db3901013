#include "cli/help_text.hpp"

namespace plan {

const std::vector<CommandHelp>& command_helps() {
  static const std::vector<CommandHelp> helps = {
      {Command::check, "check", "Compile a plan and prove that every order it allows is safe",
       "Looks at no host. Inputs that are not given stay open: the proof holds for all their "
       "values.\n\n"
       "Examples:\n"
       "  plan check upgrade.plan\n"
       "  plan check upgrade.plan --inputs site.plan --out upgrade.compiled.json\n"
       "  plan check upgrade.plan --sarif > upgrade.sarif\n"
       "  plan check upgrade.plan --fix   # conversions, missing `use`, misspelt keywords\n\n"
       "Exit status: 0 proven, 3 not proven, 2 a file cannot be read or the command line is "
       "wrong."},
      {Command::verify, "verify", "Check the certificate of a compiled plan, without the prover",
       "A checker of its own, which believes nothing of what the certificate says.\n\n"
       "Example:\n"
       "  plan check upgrade.plan --out upgrade.json --certificate upgrade.proof.json\n"
       "  plan verify upgrade.json upgrade.proof.json\n\n"
       "Exit status: 0 the certificate proves the plan, 3 it does not, 2 a file cannot be read."},
      {Command::lint, "lint", "Say what is allowed in a plan and better said otherwise",
       "Looks at no host. Each finding has a rule; `# allow lint RULE: why` above a declaration, "
       "or\n"
       "at the head of the file, silences it there.\n\n"
       "Examples:\n"
       "  plan lint upgrade.plan\n"
       "  plan lint upgrade.plan --fix    # removes what is used nowhere\n"
       "  plan lint upgrade.plan --sarif > upgrade.sarif\n\n"
       "Exit status: 0 nothing found, 10 something found, 3 not proven, 2 a file cannot be read."},
      {Command::preview, "preview", "Show what apply would do, having looked at every host",
       "Connects and observes, changes nothing, journals nothing.\n\n"
       "Examples:\n"
       "  plan preview upgrade.plan --inputs site.plan\n"
       "  plan preview upgrade.plan --inputs site.plan --exit-code   # 10 if anything is to be "
       "done\n\n"
       "Exit status: 0 looked at everything, 3 not proven, 4 the world does not fit the plan,\n"
       "10 with --exit-code: something is to be done."},
      {Command::apply, "apply", "Carry the plan out, or go on with the run that was interrupted",
       "Looks at every host first, shows what it will do and asks. The same command goes on after "
       "a\n"
       "failure, a lost connection, a crash or a power cut; when the goals hold it does nothing.\n"
       "Ctrl-C once: finishes the running steps and stops. Twice: cancels them. Both can be "
       "resumed.\n"
       "FILE may be a compiled plan (`plan check --out`).\n\n"
       "Examples:\n"
       "  plan apply upgrade.plan --inputs site.plan\n"
       "  plan apply upgrade.plan --set old='host { address: \"10.0.0.5\" }' --yes\n"
       "  plan apply upgrade.plan --inputs site.plan --yes --confirm new_db.content --json\n\n"
       "Exit status: 0 the goals hold, 1 failed (apply again goes on), 3 not proven, 4 refused "
       "before\n"
       "anything was done, 5 a person has to agree, 8 a person has to say whether a step was "
       "done,\n"
       "75 another run is under way, 130 or 143 stopped."},
      {Command::rollback, "rollback", "Take back what the run did, the last step first",
       "Possible up to the point of no return, and repeatable like apply.\n\n"
       "Example:\n"
       "  plan rollback upgrade.plan --inputs site.plan\n\n"
       "Exit status: 6 taken back completely, 7 not completely, 4 past the point of no return, or "
       "there\n"
       "is no run to take back."},
      {Command::status, "status",
       "Tell how far the run of a plan has come, without looking at a host",
       "Reads the journal only; can be used while a run is under way. Without FILE: all "
       "journals.\n\n"
       "Examples:\n"
       "  plan status\n"
       "  plan status upgrade.plan --inputs site.plan --json\n\n"
       "Exit status: 0 finished or no run, 1 a run is unfinished."},
      {Command::graph, "graph", "Draw the steps and their order",
       "Arrows that follow from others are left out; --all-edges shows them dotted.\n\n"
       "Examples:\n"
       "  plan graph upgrade.plan --format html -o upgrade.html\n"
       "  plan graph upgrade.plan --format svg -o upgrade.svg\n"
       "  plan graph upgrade.plan | dot -Tpdf > upgrade.pdf"},
      {Command::doc, "doc", "Write the runbook: the plan as a procedure for people",
       "Phases, hosts, commands, what must hold before and what is checked after, waits, loops, "
       "the\n"
       "way back of each step and the point of no return. It needs no inputs; a secret is named,\n"
       "never shown.\n\n"
       "Examples:\n"
       "  plan doc upgrade.plan > runbook.md\n"
       "  plan doc upgrade.plan --inputs site.plan --format html -o runbook.html"},
      {Command::path, "path", "Find the upgrade path between two releases",
       "Asks the rules of a release catalogue: the same that a plan is proven with. Without a "
       "path it\n"
       "says what stands in the way and what would open it.\n\n"
       "Examples:\n"
       "  plan path --from 4.2.1 --to 7.0.3 --catalogue releases.txt\n"
       "  plan path --from orchestrator=7.1.0 --from postgresql=13.14 --to orchestrator=8.7.6 "
       "\\\n"
       "    --catalogue stack.txt --json\n\n"
       "Exit status: 0 there is a path, 3 there is none, 2 the catalogue or a version is wrong."},
      {Command::fmt, "fmt", "Bring sources into the one canonical form",
       "Directories are searched for *.plan; `-` formats standard input to standard output.\n\n"
       "Examples:\n"
       "  plan fmt .\n"
       "  plan fmt --check plans/   # lists what is not in canonical form\n\n"
       "Exit status: 0 canonical now, 10 with --check: some file is not, 3 a syntax error."},
      {Command::explain, "explain", "Explain a diagnostic's code, or a step of a plan",
       "Examples:\n"
       "  plan explain              # all codes\n"
       "  plan explain E0402\n"
       "  plan explain step move --plan upgrade.plan   # why it runs when it runs"},
      {Command::test, "test", "Run the plan's tests against simulated hosts",
       "Looks at no host; time is simulated. `crash everywhere` cuts the run at every instant.\n\n"
       "Examples:\n"
       "  plan test upgrade.plan\n"
       "  plan test upgrade.plan --only crash\n\n"
       "Exit status: 0 all passed, 3 a test failed or the plan does not compile."},
      {Command::mark_done, "mark-done", "Say that a step was done by hand",
       "What the step ensures is observed first; if it does not hold, nothing is recorded.\n\n"
       "Example:\n"
       "  plan mark-done upgrade.plan 'resume[billing]' --reason 'resumed in the web console'\n\n"
       "Exit status: 0 recorded, 4 what it ensures does not hold."},
      {Command::approve, "approve", "Answer an `approve` or `manual` step beforehand",
       "Example:\n"
       "  plan approve upgrade.plan go_live"},
      {Command::adopt, "adopt", "Find out how far a procedure begun by hand has come",
       "Records as held every step whose effects are all there and whose predecessors are "
       "finished.\n\n"
       "Example:\n"
       "  plan adopt upgrade.plan --inputs site.plan"},
  };
  return helps;
}

std::string_view program_footer() {
  return "Inputs come from --set name=value, --inputs FILE and PLAN_INPUT_NAME; a secret never "
         "from\n"
         "--set. Every command has --json. State is kept in $XDG_STATE_HOME/plan "
         "(PLAN_STATE_DIR).\n\n"
         "Examples:\n"
         "  plan check upgrade.plan\n"
         "  plan preview upgrade.plan --inputs site.plan\n"
         "  plan apply upgrade.plan --inputs site.plan\n\n"
         "Exit status: 0 done, 1 run failed (resumable), 2 usage, 3 not proven, 4 refused, 5 a "
         "person\n"
         "has to agree, 6 rolled back, 7 rollback incomplete, 8 undecidable step, 10 changes "
         "pending,\n"
         "70 a bug in plan, 75 another run is under way, 130/143 stopped.";
}

}  // namespace plan
