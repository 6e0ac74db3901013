// No two unordered steps write one state, or read and write it. Steps are intervals: unordered
// means that they may overlap. Accesses of one variable are looked at in topological order; a
// pair that is ordered settles all pairs behind it, so the cost is about one question for each
// access. Only who may run beside the last writer, because that does no harm, is asked about all
// accesses before it.

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/proof.hpp"
#include "compiler/prove/sites.hpp"

namespace plan {

namespace {

// `wait`: looked at until it holds; only who takes it away again is in the way.
enum class AccessKind : std::uint8_t { read, wait, part, write };

struct Access {
  StepId step;
  AccessKind kind = AccessKind::read;
  Span span;
  TermId condition;          // of a wait
  std::uint32_t number = 0;  // among those of its variable
};

class Races {
 public:
  explicit Races(Proof& proof) : proof_(proof) {}

  void check() {
    reads_.reserve(proof_.effects.all().size());
    for (std::uint32_t index = 0; index < proof_.plan.steps.size(); ++index) {
      collect_reads(StepId{index});
    }
    sort_reads();
    for (std::uint32_t index = 0; index < proof_.plan.variables.size(); ++index) {
      const VariableId variable{index};
      if (proof_.effects.is_written(variable) && !proof_.is_silent(variable)) {
        check_variable(variable);
        check_elements(variable);
      }
    }
  }

 private:
  void add_read(VariableId variable, StepId step, Span span) {
    if (proof_.effects.is_written(variable)) {
      reads_.push_back({variable, {.step = step, .kind = AccessKind::read, .span = span}});
    }
  }

  void add_reads(TermId term, StepId step, Span span) {
    proof_.terms.for_each_leaf(term, [&](TermId leaf) {
      if (proof_.terms[leaf].kind == TermKind::initial) {
        add_read(proof_.terms.variable_of(leaf), step, span);
      }
    });
  }

  // What a wait waits for may become true beside it, but nobody may take it away again.
  void collect_waits(StepId id) {
    for (const Condition& condition : proof_.plan.steps[id.index].awaits) {
      for (const TermId part : proof_.terms.conjuncts(proof_.terms.of(condition.expr))) {
        for (const VariableId variable : proof_.variables_of(part)) {
          if (proof_.effects.is_written(variable)) {
            reads_.push_back({variable,
                              {.step = id,
                               .kind = AccessKind::wait,
                               .span = condition.span,
                               .condition = part}});
          }
        }
      }
    }
  }

  // Requirements, `when`, values that arguments and copies take from states.
  void collect_reads(StepId id) {
    if (proof_.is_misplaced(id)) {
      return;
    }
    const Step& step = proof_.plan.steps[id.index];
    collect_waits(id);
    for (const Condition& condition : step.requires_) {
      add_reads(proof_.terms.of(condition.expr), id, condition.span);
    }
    if (step.when) {
      add_reads(proof_.terms.of(step.when->expr), id, step.when->span);
    }
    for (const Write& write : proof_.effects.of(id)) {
      if (write.kind == WriteKind::set && proof_.terms[write.value].has_variable) {
        add_reads(write.value, id, write.span);
      }
    }
    for (const Value& argument : step.arguments) {
      if (const auto* deferred = argument.as<Deferred>()) {
        add_reads(proof_.terms.of(deferred->expr), id, step.span);
      }
    }
    if (step.kind == StepKind::loop_begin) {
      for (const Loop& loop : proof_.plan.loops) {
        const VariableId query = proof_.terms.variable(loop.owner, loop.query);
        if (loop.begin == id && query.index != UINT32_MAX) {
          add_read(query, id, loop.span);
        }
      }
    }
  }

  // By variable, those of each in the order in which they were found.
  void sort_reads() {
    begin_.assign(proof_.plan.variables.size() + 2, 0);
    for (const Read& read : reads_) {
      ++begin_[read.variable.index + std::size_t{2}];
    }
    for (std::size_t index = 1; index < begin_.size(); ++index) {
      begin_[index] += begin_[index - 1];
    }
    sorted_.resize(reads_.size());
    for (std::uint32_t index = 0; index < reads_.size(); ++index) {
      sorted_[begin_[reads_[index].variable.index + std::size_t{1}]++] = index;
    }
  }

  void collect_accesses(VariableId variable) {
    accesses_.clear();
    for (std::uint32_t at = begin_[variable.index]; at < begin_[variable.index + std::size_t{1}];
         ++at) {
      accesses_.push_back(reads_[sorted_[at]].access);
    }
    for (const std::uint32_t index : proof_.effects.of(variable)) {
      const Write& write = proof_.effects.all()[index];
      accesses_.push_back(
          {.step = write.step,
           .kind = write.kind == WriteKind::part ? AccessKind::part : AccessKind::write,
           .span = write.span});
    }
    for (std::uint32_t index = 0; index < accesses_.size(); ++index) {
      accesses_[index].number = index;
    }
    std::ranges::sort(accesses_, {}, [&](const Access& access) {
      return std::tuple(proof_.graph.position(access.step.index), access.kind, access.number);
    });
  }

  // The accesses so far that no later write is known to come after, by kind. A write that does
  // takes them out: who comes after it comes after them, too. There is more than one write only
  // if they exclude each other.
  using Frontier = std::array<std::vector<Access>, 4>;

  static bool may_conflict(AccessKind one, AccessKind two) {
    return one == AccessKind::write || two == AccessKind::write ||
           (one == AccessKind::part) != (two == AccessKind::part);
  }

  // Whether one step alone writes the variable, and everyone who reads it comes before or after
  // that step: the commonest case.
  [[nodiscard]] bool is_plain(VariableId variable) const {
    const auto writes = proof_.effects.of(variable);
    if (writes.size() != 1 || proof_.effects.all()[writes[0]].kind == WriteKind::part) {
      return false;
    }
    const StepId writer = proof_.effects.all()[writes[0]].step;
    const auto reads = std::span(sorted_).subspan(
        begin_[variable.index], begin_[variable.index + std::size_t{1}] - begin_[variable.index]);
    return std::ranges::all_of(reads, [&](std::uint32_t index) {
      const Access& read = reads_[index].access;
      return read.kind == AccessKind::read &&
             (read.step == writer || proof_.is_before(writer, read.step) ||
              proof_.is_before(read.step, writer));
    });
  }

  void check_variable(VariableId variable) {
    if (is_plain(variable)) {
      return;
    }
    collect_accesses(variable);
    std::ranges::for_each(frontier_, [](std::vector<Access>& accesses) { accesses.clear(); });
    for (std::size_t index = 0; index < accesses_.size(); ++index) {
      const Access& access = accesses_[index];
      bool is_after_all = true;
      for (std::size_t kind = 0; kind < frontier_.size(); ++kind) {
        if (may_conflict(access.kind, static_cast<AccessKind>(kind))) {
          is_after_all = pass(frontier_[kind], access) && is_after_all;
        }
      }
      // Who does not come after the frontier need not come after what the frontier settled.
      if (!is_after_all && races_with_one_of(std::span(accesses_).first(index), access, variable)) {
        proof_.silence(variable);
        return;
      }
      frontier_[static_cast<std::size_t>(access.kind)].push_back(access);
    }
  }

  [[nodiscard]] bool is_ordered(const Access& before, const Access& access) const {
    return before.step == access.step || proof_.is_before(before.step, access.step);
  }

  // Whether the access comes after all of `before`; a write takes those out that it comes after.
  bool pass(std::vector<Access>& before, const Access& access) {
    bool is_after_all = true;
    std::size_t kept = 0;
    for (const Access& other : before) {
      const bool is_settled = is_ordered(other, access);
      is_after_all = is_after_all && is_settled;
      before[kept] = other;
      kept += access.kind == AccessKind::write && is_settled ? 0 : 1;
    }
    before.resize(kept);
    return is_after_all;
  }

  // The first race is reported.
  bool races_with_one_of(std::span<const Access> before,
                         const Access& access,
                         VariableId variable) {
    const auto other = std::ranges::find_if(before, [&](const Access& candidate) {
      return may_conflict(candidate.kind, access.kind) && !is_ordered(candidate, access) &&
             conflict(candidate, access) && !exclude_each_other(candidate.step, access.step);
    });
    if (other == before.end()) {
      return false;
    }
    report(*other, access, variable);
    return true;
  }

  bool conflict(const Access& one, const Access& two) {
    if (one.kind == AccessKind::wait || two.kind == AccessKind::wait) {
      const Access& wait = one.kind == AccessKind::wait ? one : two;
      const StepId writer = one.kind == AccessKind::wait ? two.step : one.step;
      const auto found = bearing(proof_.terms, wait.condition, proof_.effects.of(writer),
                                 proof_.found, proof_.unknowns);
      return found && found->bearing == Bearing::threatens;
    }
    return true;
  }

  // Of two steps that never both run one needs no order.
  bool exclude_each_other(StepId one, StepId two) {
    const auto& first = proof_.plan.steps[one.index].when;
    const auto& second = proof_.plan.steps[two.index].when;
    const auto is_fixed = [&](const Condition& condition) {
      return std::ranges::none_of(condition.reads,
                                  [&](VariableId read) { return proof_.effects.is_written(read); });
    };
    return first && second && is_fixed(*first) && is_fixed(*second) &&
           proof_.terms.is_false(proof_.terms.conjunction(proof_.when(one), proof_.when(two)));
  }

  void report(const Access& one, const Access& two, VariableId variable) {
    // Another variable of the same two steps is the same race.
    if (!reported_.emplace(one.step, two.step).second) {
      return;
    }
    const std::string& first = proof_.name(one.step);
    const std::string& second = proof_.name(two.step);
    const std::string text = proof_.variable(variable);
    const auto looks = [](const Access& access) {
      return access.kind == AccessKind::read || access.kind == AccessKind::wait;
    };
    const bool has_read = looks(one) || looks(two);
    const Access& writer = looks(one) ? two : one;
    const Access& reader = looks(one) ? one : two;
    Diagnostic& diagnostic = has_read
                                 ? proof_.diagnostics.report<Code::racing_read>(
                                       proof_.plan.steps[writer.step.index].span,
                                       proof_.name(writer.step), text, proof_.name(reader.step))
                                 : proof_.diagnostics.report<Code::racing_writes>(
                                       proof_.plan.steps[two.step.index].span, first, second, text);
    diagnostic.at_primary(has_read ? "changes it" : "changes it, too");
    diagnostic.label(writer.span, fmt::format("`{}` changes it here", proof_.name(writer.step)));
    diagnostic.label(reader.span,
                     has_read ? fmt::format("`{}` relies on it here", proof_.name(reader.step))
                              : fmt::format("`{}` changes it here", second));
    suggest_after(diagnostic, proof_.plan, two.step, one.step);
    suggest_after(diagnostic, proof_.plan, one.step, two.step);
    if (diagnostic.fixes.empty()) {
      diagnostic.help(
          fmt::format("say which comes first: `after {}` in the block of `{}`, or the other "
                      "way round",
                      first, second));
    }
    diagnostic.schedule =
        schedule_to(proof_.schedules(), std::array{writer.step, reader.step}, std::array{variable});
    if (has_read) {
      add_to_last(diagnostic.schedule, fmt::format("relies on {} as it was before", text));
    }
    diagnostic.schedule.violated =
        fmt::format("the two may also run the other way round, or at once: `{}` is not sure", text);
  }

  // Two elements of a loop that runs them side by side.
  void check_elements(VariableId variable) {
    for (const std::uint32_t index : proof_.effects.of(variable)) {
      const Write& write = proof_.effects.all()[index];
      for (std::uint32_t loop = proof_.loops.of(write.step); loop != UINT32_MAX;
           loop = proof_.plan.loops[loop].parent) {
        const Loop& found = proof_.plan.loops[loop];
        if (found.at_most == 1 || write.kind == WriteKind::part ||
            proof_.is_private(variable, loop)) {
          continue;
        }
        Diagnostic& diagnostic = proof_.diagnostics.report<Code::racing_elements>(
            proof_.plan.steps[write.step.index].span, proof_.name(write.step),
            proof_.variable(variable));
        diagnostic.label(found.span, "the loop");
        diagnostic.label(write.span, "changed here");
        diagnostic.fix({.span = found.span,
                        .replacement = "one at a time",
                        .description = "write `one at a time` at the loop",
                        .place = FixPlace::loop});
        diagnostic.schedule =
            schedule_to(proof_.schedules(), std::array{write.step}, std::array{variable});
        add_to_last(diagnostic.schedule, "for one element");
        add_moment(diagnostic.schedule, proof_.name(write.step), "for another element, beside it");
        diagnostic.schedule.violated = fmt::format(
            "`{}` is what the one or the other leaves, or half of each", proof_.variable(variable));
        proof_.silence(variable);
        return;
      }
    }
  }

  struct Read {
    VariableId variable;
    Access access;
  };

  Proof& proof_;
  std::vector<Read> reads_;
  std::vector<std::uint32_t> sorted_;  // indexes of reads_ by variable,
  std::vector<std::uint32_t> begin_;   // and where those of a variable begin
  // Of the variable that is looked at.
  std::vector<Access> accesses_;
  Frontier frontier_;
  std::set<std::pair<StepId, StepId>> reported_;
};

}  // namespace

void check_races(Proof& proof) {
  Races(proof).check();
}

}  // namespace plan
