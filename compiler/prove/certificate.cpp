#include "compiler/prove/certificate.hpp"

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include <fmt/format.h>

#include "compiler/digest.hpp"
#include "compiler/prove/proof.hpp"

namespace plan {

namespace {

using Path = std::vector<std::uint32_t>;

// Paths of the graph, with all that lies on one chain left out. Every step continues the chain of
// its first predecessor that nothing continues yet, so that who checks knows the chains, too.
class Paths {
 public:
  explicit Paths(const Proof& proof) : proof_(proof), chain_(proof.plan.steps.size(), no_index) {
    const Plan& plan = proof.plan;
    std::vector<bool> is_continued(plan.steps.size());
    std::vector<std::uint32_t> before;
    std::uint32_t count = 0;
    for (const StepId step : plan.topological) {
      before.clear();
      proof.graph.for_each_predecessor(step.index,
                                       [&](std::uint32_t node) { before.push_back(node); });
      std::ranges::sort(before);
      for (const std::uint32_t node : before) {
        if (!is_continued[node]) {
          is_continued[node] = true;
          chain_[step.index] = chain_[node];
          break;
        }
      }
      chain_[step.index] = chain_[step.index] == no_index ? count++ : chain_[step.index];
    }
  }

  [[nodiscard]] bool is_hop(std::uint32_t from, std::uint32_t to) const {
    if (proof_.graph.position(from) >= proof_.graph.position(to)) {
      return false;
    }
    bool is_arrow = false;
    proof_.graph.for_each_successor(from,
                                    [&](std::uint32_t next) { is_arrow = is_arrow || next == to; });
    return is_arrow || chain_[from] == chain_[to];
  }

  // Both ends are on it. There must be one.
  [[nodiscard]] Path find(std::uint32_t from, std::uint32_t to) const {
    const Path whole = search(from, to);
    Path path{from};
    for (std::size_t at = 0; path.back() != to;) {
      std::size_t next = whole.size() - 1;
      while (!is_hop(whole[at], whole[next])) {
        --next;
      }
      path.push_back(whole[next]);
      at = next;
    }
    return path;
  }

 private:
  // From both ends in turn, like DependencyGraph::reaches, with the way kept.
  [[nodiscard]] Path search(std::uint32_t from, std::uint32_t to) const {
    std::unordered_map<std::uint32_t, std::uint32_t> came_from{{from, no_index}};
    std::unordered_map<std::uint32_t, std::uint32_t> goes_to{{to, no_index}};
    Path ahead{from};
    Path behind{to};
    std::uint32_t meeting = no_index;
    const auto& graph = proof_.graph;
    for (std::size_t index = 0; meeting == no_index; ++index) {
      if (index < ahead.size()) {
        const std::uint32_t node = ahead[index];
        graph.for_each_successor(node, [&](std::uint32_t next) {
          if (graph.position(next) <= graph.position(to) && came_from.emplace(next, node).second) {
            ahead.push_back(next);
            meeting = goes_to.contains(next) ? next : meeting;
          }
        });
      }
      if (index < behind.size() && meeting == no_index) {
        const std::uint32_t node = behind[index];
        graph.for_each_predecessor(node, [&](std::uint32_t next) {
          if (graph.position(next) >= graph.position(from) && goes_to.emplace(next, node).second) {
            behind.push_back(next);
            meeting = came_from.contains(next) ? next : meeting;
          }
        });
      }
    }
    Path path;
    for (std::uint32_t node = meeting; node != no_index; node = came_from.at(node)) {
      path.push_back(node);
    }
    std::ranges::reverse(path);
    for (std::uint32_t node = goes_to.at(meeting); node != no_index; node = goes_to.at(node)) {
      path.push_back(node);
    }
    return path;
  }

  const Proof& proof_;
  std::vector<std::uint32_t> chain_;
};

class CertificateWriter {
 public:
  CertificateWriter(const Proof& proof, const ProofRecord& record)
      : proof_(proof), plan_(proof.plan), record_(record) {}

  std::string take() {
    add("{{\"format\":\"plan-certificate/1\",\"digest\":\"{}\",\"order\":[", to_hex(digest(plan_)));
    list(plan_.topological, [&](StepId step) { add("{}", step.index); });
    out_ += "],\"paths\":[";
    write_paths();
    out_ += "],\"writers\":[";
    make_writers();
    list(writers_, [&](const std::vector<std::uint32_t>& steps) { numbers(steps); });
    out_ += "],\"requirements\":[";
    write_requirements();
    out_ += "],\"waits\":[";
    list(record_.waits, [&](const ProofRecord::Wait& wait) {
      add("[{},{},{},\"{}\",[", wait.step.index, wait.clause, wait.part, wait.by);
      list(wait.providers, [&](StepId step) { add("{}", step.index); });
      out_ += "]]";
    });
    out_ += "],\"losses\":[";
    list(record_.losses, [&](const ProofRecord::Loss& loss) {
      add("[{},{},\"{}\",{}]", loss.step.index, loss.variable.index, loss.by,
          number(loss.witness.index));
    });
    out_ += "],\"goals\":[";
    for (std::uint32_t index = 0; index < plan_.goals.size(); ++index) {
      requirement(no_index, index, plan_.goals[index], "plan", index == 0);
    }
    out_ += "],\"invariants\":[";
    list(record_.invariants, [&](const ProofRecord::Cases& cases) { write_cases(cases); });
    out_ += "],\"undos\":[";
    list(record_.undos, [&](const ProofRecord::Cases& cases) { write_cases(cases); });
    out_ += "],\"steps\":[";
    write_steps();
    out_ += "]}";
    return std::move(out_);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  template <class List, class Each>
  void list(const List& items, const Each& each) {
    bool is_first = true;
    for (const auto& item : items) {
      out_ += is_first ? "" : ",";
      is_first = false;
      each(item);
    }
  }
  void numbers(const std::vector<std::uint32_t>& items) {
    out_ += '[';
    list(items, [&](std::uint32_t item) { add("{}", item); });
    out_ += ']';
  }
  static std::string number(std::uint32_t index) {
    return index == no_index ? "null" : std::to_string(index);
  }

  void write_paths() {
    std::vector<std::uint64_t> pairs(record_.ordered.begin(), record_.ordered.end());
    std::ranges::sort(pairs);
    const Paths paths(proof_);
    bool is_first = true;
    for (const std::uint64_t pair : pairs) {
      const auto from = static_cast<std::uint32_t>(pair >> 32U);
      const auto to = static_cast<std::uint32_t>(pair);
      if (!paths.is_hop(from, to)) {
        out_ += is_first ? "" : ",";
        is_first = false;
        numbers(paths.find(from, to));
      }
    }
  }

  void make_writers() {
    for (std::uint32_t index = 0; index < plan_.variables.size(); ++index) {
      std::vector<std::uint32_t> steps;
      for (const std::uint32_t write : proof_.effects.of(VariableId{index})) {
        steps.push_back(proof_.effects.all()[write].step.index);
      }
      std::ranges::sort(steps, {}, [&](std::uint32_t step) { return proof_.graph.position(step); });
      writers_.push_back(std::move(steps));
    }
  }

  // Who wrote what the condition reads when the step starts, and who will write it next.
  void requirement(std::uint32_t step,
                   std::uint32_t clause,
                   const Condition& condition,
                   const char* by,
                   bool is_first) {
    add("{}[{},{},\"{}\",[", is_first ? "" : ",", number(step), clause, by);
    bool is_first_reading = true;
    for (const VariableId variable : proof_.variables_of(proof_.term_of(condition))) {
      const auto& all = writers_[variable.index];
      if (all.empty()) {
        continue;
      }
      const std::uint32_t here = step == no_index ? no_index : proof_.graph.position(step);
      const auto next = std::ranges::lower_bound(
          all, here, {}, [&](std::uint32_t writer) { return proof_.graph.position(writer); });
      add("{}[{},{},{}]", is_first_reading ? "" : ",", variable.index,
          next == all.begin() ? "null" : number(*std::prev(next)),
          next == all.end() ? "null" : number(*next));
      is_first_reading = false;
    }
    out_ += "]]";
  }

  void write_requirements() {
    auto preflight = plan_.preflight_requirements;
    std::ranges::sort(preflight);
    bool is_first = true;
    for (const StepId step : plan_.topological) {
      const auto& clauses = plan_.steps[step.index].requires_;
      for (std::uint32_t index = 0; index < clauses.size(); ++index) {
        const bool is_found = std::ranges::binary_search(preflight, std::pair(step, index));
        requirement(step.index, index, clauses[index], is_found ? "preflight" : "plan", is_first);
        is_first = false;
      }
    }
  }

  void write_cases(const ProofRecord::Cases& cases) {
    add("[{},{},{}]", cases.of, cases.clause, cases.count);
  }

  void write_steps() {
    std::vector<bool> is_past(plan_.steps.size());
    std::vector<std::string> entries(plan_.steps.size());
    for (const StepId id : plan_.topological) {
      const Step& step = plan_.steps[id.index];
      bool follows = false;
      proof_.graph.for_each_predecessor(
          id.index, [&](std::uint32_t node) { follows = follows || is_past[node]; });
      const bool ends = std::ranges::binary_search(plan_.point_of_no_return, id);
      is_past[id.index] = follows || ends;
      const bool asks = step.kind == StepKind::operation &&
                        step.operation < plan_.operations.size() &&
                        !plan_.operations[step.operation].body.is_empty() &&
                        plan_.operations[step.operation].is_once;
      entries[id.index] = fmt::format("[\"{}\",\"{}\"]",
                                      asks                   ? "asks"
                                      : step.ensures.empty() ? "nothing"
                                                             : "observes",
                                      follows                             ? "past"
                                      : ends                              ? "ends"
                                      : step.undo_operation != UINT32_MAX ? "undo"
                                                                          : "none");
    }
    list(entries, [&](const std::string& entry) { out_ += entry; });
  }

  const Proof& proof_;
  const Plan& plan_;
  const ProofRecord& record_;
  std::vector<std::vector<std::uint32_t>> writers_;
  std::string out_;
};

}  // namespace

std::string certificate(const Proof& proof, const ProofRecord& record) {
  return CertificateWriter(proof, record).take();
}

}  // namespace plan
