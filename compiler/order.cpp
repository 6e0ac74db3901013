// Order by causal links: partial-order planning after McAllester & Rosenblitt, "Systematic
// Nonlinear Planning", AAAI 1991, and Chapman, "Planning for Conjunctive Goals", 1987.
//
// An open condition is a requirement (a wait, a goal) that some step bears on. Each gets a causal
// link, provider → consumer; a step that would undo the condition in between is a threat and is
// moved before the provider (demotion) or behind the consumer (promotion).
//
// What deviates from the paper:
// * The set of steps is given, nothing is added to the plan, and there is no search: a decision is
//   made when it is the only one left, or by one of the rules below. Where two are left, the plan
//   is ambiguous and its author has to say `after`. So the order does not depend on the order in
//   which steps are declared.
// * A step that provides a condition is preferred to the world as found. Where that closes a
//   cycle, one link of the cycle may fall back to the world as found if it is the only one that
//   opens the cycle.
// * Of several providers in a chain the last one counts, unless the condition may be used up
//   between them.
// * A copy (a database restored from another one) provides what held of its source: the condition
//   is handed on to the source, before the copy.
// * The world as found is not known. A condition whose providers all come too late is left to it;
//   prove.cpp makes it a preflight check or refuses it.

#include <functional>
#include <future>

#include "compiler/prove.hpp"
#include "compiler/prove/planner.hpp"

namespace plan {

OrderFaults order(Plan& plan, Diagnostics& diagnostics) {
  plan.edges.clear();
  plan.topological.clear();
  // What is written in a thread of its own, beside what steps mean.
  std::future<Planner::WrittenOrder> written =
      std::async(std::launch::async, Planner::written_order, std::cref(plan));
  Planner planner(plan, diagnostics);
  planner.take(written.get());
  planner.link_single_providers();
  planner.link_chosen_providers();
  planner.resolve_threats();
  planner.link_waits();
  planner.resolve_threats();
  planner.report_ambiguities();
  return planner.finish();
}

}  // namespace plan
