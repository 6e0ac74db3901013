#include "runtime/session.hpp"

#include <algorithm>
#include <set>

#include "compiler/digest.hpp"
#include "runtime/text.hpp"

namespace plan {

Session::Session(const Plan& plan, World& world, const RunOptions& options)
    : context(plan, world, options),
      programs(context),
      observations(context, programs),
      began(world.clock.monotonic()) {}

bool Session::open() {
  auto read = read_journal(context.world.storage);
  if (!read) {
    report.diagnostics.append(to_diagnostic(read.error(), Span{}));
    return false;
  }
  content = std::move(*read);
  history = history_of(content);
  journal.emplace(context.world.storage, context.world.clock, content);
  report.is_resumed = history.goes_on();
  context.run_id = report.is_resumed ? history.run_id : context.world.entropy.uuid();
  if (report.is_resumed) {
    observations.restore_facts(history);
  } else {
    history.facts.clear();
    history.steps.clear();
    history.order.clear();
    history.unfolded.clear();
    history.decisions.clear();
  }
  return true;
}

bool Session::is_of_this_plan() {
  if (!history.goes_on() || history.title == context.plan.title) {
    return true;
  }
  refuse(diagnostic(Code::journal_of_other_plan, Span{}, history.title, context.plan.title)
             .note("that run is not at its end")
             .help("finish it with its own plan, take it back with `plan rollback`, or use another "
                   "journal with --journal"));
  return false;
}

std::map<std::string, Prior> Session::priors() {
  std::map<std::string, std::string> digests;  // by name of the plan's step
  for (std::uint32_t index = 0; index < context.plan.steps.size(); ++index) {
    if (!history.steps.empty()) {
      digests[context.plan.steps[index].name] = to_hex(digest(context.plan, StepId{index}));
    }
  }
  std::map<std::string, Prior> result;
  for (const auto& [name, step] : history.steps) {
    Prior prior{.status = step.status,
                .attempts = step.attempts,
                .failures = step.failures,
                .is_open = step.is_open || step.is_undo_open};
    // "resume[billing]" means what the template "resume" means; unrolled steps have their own name.
    auto meaning = digests.find(name);
    for (std::size_t cut = name.rfind('['); meaning == digests.end() && cut != std::string::npos;
         cut = cut == 0 ? std::string::npos : name.rfind('[', cut - 1)) {
      meaning = digests.find(name.substr(0, cut));
    }
    if (meaning == digests.end() || meaning->second != step.digest ||
        step.status == StepStatus::undone) {
      prior.status = StepStatus::waiting;
    }
    result.emplace(name, prior);
  }
  return result;
}

std::string Session::plan_digest() const {
  return to_hex(context.plan.digest);
}

bool Session::begin(std::string_view command) {
  if (!report.is_resumed) {
    journal->add(RunRecord{
        .run_id = context.run_id, .title = context.plan.title, .plan_digest = plan_digest()});
  }
  journal->add(AttemptRecord{.command = std::string(command), .plan_digest = plan_digest()});
  if (auto flushed = journal->flush(); !flushed) {
    report.diagnostics.append(to_diagnostic(context.shown(flushed.error()), Span{}));
    return false;
  }
  report.run_id = context.run_id;
  context.world.observer.on({.kind = RunEventKind::run_started,
                             .at = context.world.clock.wall(),
                             .text = context.run_id,
                             .detail = report.is_resumed ? "resumed" : "new"});
  return true;
}

void Session::end(std::string_view command, Outcome outcome) {
  journal->add(EndRecord{.command = std::string(command), .outcome = outcome});
  if (auto flushed = journal->flush(); !flushed) {
    report.diagnostics.append(to_diagnostic(context.shown(flushed.error()), Span{}));
  }
}

void Session::refuse(Diagnostic problem) {
  report.diagnostics.append(std::move(problem));
}

bool Session::is_agreed_to(const Question& question, const std::string& help) {
  const bool is_yes = context.world.prompt.ask(question) == Answer::yes;
  context.world.observer.on({.kind = RunEventKind::question,
                             .at = context.world.clock.wall(),
                             .text = question.text,
                             .detail = is_yes ? "yes" : "no"});
  if (!is_yes && !is_interrupted()) {
    Diagnostic problem = diagnostic(Code::not_answered, Span{}, question.text);
    for (const std::string& detail : question.details) {
      problem.note(detail);
    }
    refuse(std::move(problem.help(help)));
  }
  return is_yes;
}

bool Session::is_interrupted() const {
  return context.world.interrupted && context.world.interrupted() > 0;
}

Report Session::finish(Outcome outcome) {
  report.outcome = outcome;
  if (report.run_id.empty() && report.is_resumed) {
    report.run_id = context.run_id;
  }
  report.elapsed = context.now() - began;
  context.world.observer.on({.kind = RunEventKind::run_finished,
                             .at = context.world.clock.wall(),
                             .text = report.run_id,
                             .detail = std::string(name(outcome)),
                             .elapsed = report.elapsed});
  return std::move(report);
}

void check_changed_plan(Session& session, const RunGraph& graph) {
  const History& history = session.history;
  if (!history.goes_on() || history.plan_digest == session.plan_digest()) {
    return;
  }
  std::set<std::string> names;
  for (const Node& node : graph.nodes) {
    names.insert(node.name);
  }
  for (const auto& [name, step] : history.steps) {
    // The copies of a loop that could not be unfolded now are not missed.
    if (step.is_open && !names.contains(name) && name.find('[') == std::string::npos) {
      session.refuse(diagnostic(Code::cannot_go_on, Span{},
                                "step `" + name + "` is half-way, and the plan has it no more")
                         .help("put the step back, or take the run back with the plan it was begun "
                               "with"));
    }
  }
  for (const Node& node : graph.nodes) {
    if (is_finished(node.status)) {
      continue;
    }
    for (const NodeId successor : node.successors) {
      const Node& later = graph.nodes[successor];
      const auto before = history.steps.find(later.name);
      if (before == history.steps.end() || !History::has_acted(before->second) ||
          !is_finished(before->second.status) || !is_finished(later.status)) {
        continue;
      }
      session.refuse(
          diagnostic(
              Code::cannot_go_on, session.context.plan.steps[node.step.index].span,
              "step `" + node.name + "` must come before `" + later.name + "`, which is finished")
              .note("`" + node.name + "` is new or changed, and what it ensures does not hold")
              .help("if it was done by hand, make it hold and run `plan mark-done " + node.name +
                    " --reason …`; otherwise take `" + later.name + "` back with `plan rollback`"));
    }
  }
}

}  // namespace plan
