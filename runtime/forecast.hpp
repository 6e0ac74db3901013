// What a state will be when a step's turn comes, as far as that can be told before anything is
// done. Steps that are still to be carried out are taken for done, in their order; what they write
// is known where it is a constant or a copy, and undecided otherwise. For looking only: a run
// observes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compiler/prove/effects.hpp"
#include "runtime/programs.hpp"
#include "runtime/run_graph.hpp"

namespace plan {

struct Foreseen {
  enum class Kind : std::uint8_t {
    seen,      // it is what `resource` shows now: itself, or what it becomes a copy of
    value,     // a step makes it this
    undecided  // a step changes it, and nobody can say to what
  };
  Kind kind = Kind::seen;
  ResourceId resource{};
  std::uint32_t attribute = 0;
  Value value{};
  std::string step{};  // that writes it last; empty: none does
};

// Everything that effects write, with what is carried by it and what carries it.
class Reach {
 public:
  explicit Reach(const Plan& plan);
  [[nodiscard]] std::vector<VariableId> of(StepId step, const std::vector<Effect>& effects);

 private:
  const Plan& plan_;
  Terms terms_;
  Carriers carriers_;
};

class Forecast {
 public:
  explicit Forecast(RunContext& context);

  // The node is still to be carried out. The begin of a loop that cannot be unfolded yet stands for
  // all steps of the loop.
  void expect(const Node& node);
  [[nodiscard]] Foreseen of(ResourceId resource, std::uint32_t attribute);

 private:
  using Key = std::pair<ResourceId, std::uint32_t>;
  struct Entry {
    std::uint64_t number = 0;  // of its writing
    Foreseen what{};
  };

  void write(StepId step, const std::string& name, const Binding& binding);
  // The list of elements changes with what carries the states of its elements.
  void write_query(const Write& write,
                   const std::string& name,
                   std::vector<std::pair<Key, Foreseen>>& made);
  [[nodiscard]] Foreseen result_of(const Write& write,
                                   const std::string& name,
                                   Environment& environment);
  // An arbitrary element of the plan, of which `resource` is one.
  [[nodiscard]] bool speaks_of(ResourceId arbitrary, ResourceId resource) const;

  RunContext& context_;
  Terms terms_;
  Effects effects_;
  Loops loops_;
  AttributeSource no_attributes_;
  std::map<Key, Entry> entries_;
  std::uint64_t next_ = 1;
};

}  // namespace plan
