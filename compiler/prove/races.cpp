// No two unordered steps write one state, or read and write it. Steps are intervals: unordered
// means that they may overlap. Accesses of one variable are looked at in topological order; a
// pair that is ordered settles all pairs behind it, so the cost is about one question for each
// access.

#include <algorithm>

#include <fmt/format.h>

#include "compiler/prove/describe_edge.hpp"
#include "compiler/prove/proof.hpp"

namespace plan {

namespace {

enum class AccessKind : std::uint8_t { read, part, write };

struct Access {
  StepId step;
  AccessKind kind = AccessKind::read;
  Span span;
};

class Races {
 public:
  explicit Races(Proof& proof) : proof_(proof), reads_(proof.plan.variables.size()) {}

  bool check() {
    for (std::uint32_t index = 0; index < proof_.plan.steps.size(); ++index) {
      collect_reads(StepId{index});
    }
    for (std::uint32_t index = 0; index < proof_.plan.variables.size(); ++index) {
      if (proof_.effects.is_written(VariableId{index})) {
        check_variable(VariableId{index});
        check_elements(VariableId{index});
      }
    }
    return is_free_;
  }

 private:
  void add_read(VariableId variable, StepId step, Span span) {
    if (proof_.effects.is_written(variable)) {
      reads_[variable.index].push_back({.step = step, .kind = AccessKind::read, .span = span});
    }
  }

  void add_reads(TermId term, StepId step, Span span) {
    proof_.terms.for_each_leaf(term, [&](TermId leaf) {
      if (proof_.terms[leaf].kind == TermKind::initial) {
        add_read(proof_.terms.variable_of(leaf), step, span);
      }
    });
  }

  // Requirements, `when`, values that arguments and copies take from states. What a wait waits
  // for may change beside it.
  void collect_reads(StepId id) {
    const Step& step = proof_.plan.steps[id.index];
    for (const Condition& condition : step.requires_) {
      for (const VariableId variable : condition.reads) {
        add_read(variable, id, condition.span);
      }
    }
    if (step.when) {
      for (const VariableId variable : step.when->reads) {
        add_read(variable, id, step.when->span);
      }
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

  std::vector<Access> accesses_of(VariableId variable) {
    std::vector<Access> accesses = std::move(reads_[variable.index]);
    for (const std::uint32_t index : proof_.effects.of(variable)) {
      const Write& write = proof_.effects.all()[index];
      accesses.push_back(
          {.step = write.step,
           .kind = write.kind == WriteKind::part ? AccessKind::part : AccessKind::write,
           .span = write.span});
    }
    std::ranges::stable_sort(accesses, {}, [&](const Access& access) {
      return std::pair(proof_.graph.position(access.step.index), access.kind);
    });
    return accesses;
  }

  void check_variable(VariableId variable) {
    const std::vector<Access> accesses = accesses_of(variable);
    const Access* last_write = nullptr;
    std::vector<const Access*> reads;
    std::vector<const Access*> parts;
    for (const Access& access : accesses) {
      if (last_write != nullptr) {
        check_pair(*last_write, access, variable);
      }
      if (access.kind != AccessKind::read) {
        for (const Access* read : reads) {
          check_pair(*read, access, variable);
        }
      }
      if (access.kind != AccessKind::part) {
        for (const Access* part : parts) {
          check_pair(*part, access, variable);
        }
      }
      if (access.kind == AccessKind::write) {
        last_write = &access;
        reads.clear();
        parts.clear();
      } else {
        (access.kind == AccessKind::read ? reads : parts).push_back(&access);
      }
    }
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

  void check_pair(const Access& one, const Access& two, VariableId variable) {
    if (one.step == two.step || proof_.is_before(one.step, two.step) ||
        exclude_each_other(one.step, two.step)) {
      return;
    }
    is_free_ = false;
    if (std::ranges::find(reported_, std::pair(one.step, two.step)) != reported_.end()) {
      return;
    }
    reported_.emplace_back(one.step, two.step);
    report(one, two, variable);
  }

  void report(const Access& one, const Access& two, VariableId variable) {
    const std::string& first = proof_.name(one.step);
    const std::string& second = proof_.name(two.step);
    const std::string text = proof_.variable(variable);
    const bool has_read = one.kind == AccessKind::read || two.kind == AccessKind::read;
    const Access& writer = one.kind == AccessKind::read ? two : one;
    const Access& reader = one.kind == AccessKind::read ? one : two;
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
    diagnostic.help(
        fmt::format("say which comes first: `after {}` in the block of `{}`, or the other "
                    "way round",
                    first, second));
    diagnostic.schedule = schedule_to(proof_, {writer.step, reader.step});
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
        diagnostic.help("write `one at a time` at the loop");
        is_free_ = false;
        break;
      }
    }
  }

  Proof& proof_;
  std::vector<std::vector<Access>> reads_;
  std::vector<std::pair<StepId, StepId>> reported_;
  bool is_free_ = true;
};

}  // namespace

bool check_races(Proof& proof) {
  return Races(proof).check();
}

}  // namespace plan
