// The state of order.cpp's planning, and its moves. Made for one plan, used once.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "compiler/graph.hpp"
#include "compiler/plan.hpp"
#include "compiler/prove.hpp"
#include "compiler/prove/groundwork.hpp"
#include "compiler/prove/sites.hpp"
#include "compiler/prove/terms.hpp"
#include "dsl/diagnostic.hpp"

namespace plan {

class Planner {
 public:
  Planner(Plan& plan, Diagnostics& diagnostics);

  // `after`, data, loops: the order that is written, which does not depend on what steps mean.
  struct WrittenOrder {
    std::vector<Edge> edges;
    DependencyGraph graph;
    bool is_acyclic = false;
    // Steps that may use outputs of others, with the first of their edges: one for each `after`.
    std::vector<std::pair<StepId, std::size_t>> data_edges{};
  };
  [[nodiscard]] static WrittenOrder written_order(const Plan& plan);
  // To be called first. Cycles in it are reported and left out of the order.
  void take(WrittenOrder written);
  // Conditions with one possible provider, all at once; then what is left of cycles.
  void link_single_providers();
  // Conditions with several providers, as the order so far allows.
  void link_chosen_providers();
  // Promotion and demotion of threats, as far as there is only one way.
  void resolve_threats();
  // A wait is put behind its provider where there is just one that can come first.
  void link_waits();
  void report_ambiguities();
  // Fills Plan::edges and Plan::topological.
  OrderFaults finish();

 private:
  // A causal link. No provider: the world as found. No consumer: the end of the plan.
  struct Link {
    StepId provider;
    std::uint32_t site = 0;
  };
  struct Threat {
    std::uint32_t link = 0;
    StepId step;
    VariableId variable;
  };
  // An edge that is tried: provider → consumer of a site.
  struct Tentative {
    Edge edge;
    Link link;
  };

  const Site& site_of(const Link& link) const { return sites_.all()[link.site]; }
  Edge provides_edge(const Bearer& bearer, const Site& site) const;
  Edge edge(StepId from, StepId to, EdgeReason reason, VariableId variable, Span span) const;
  // Whether `one` is before `two`, and whether it can still be put there.
  bool is_before(StepId one, StepId two) const;
  bool can_be_before(StepId one, StepId two) const;
  bool insert(const Edge& edge);
  void commit_link(const Link& link);

  // Cycles of single providers.
  void untangle(const std::vector<Tentative>& tentative);
  void untangle_component(std::span<const std::uint32_t> nodes,
                          const std::vector<Tentative>& tangled);
  bool is_acyclic(std::span<const std::uint32_t> nodes,
                  std::span<const Edge> extra,
                  std::size_t left_out) const;
  std::vector<Edge> fallback_edges(const Tentative& tentative) const;
  void report_cycle(std::span<const std::uint32_t> nodes, std::span<const Tentative> tangled);
  void report_cycle(std::span<const Edge> path, std::string_view help);

  // Conditions with several providers.
  enum class Choice : std::uint8_t { none, made, open };
  Choice choose(std::uint32_t site);
  std::vector<Edge> sorted_edges() const;
  void leave_out_cycles();
  // Nothing more is said about what the site asks for.
  void give_up(const Site& site);
  bool is_given_up(const Site& site) const;
  bool link_all(std::uint32_t site, std::span<const Bearer> bearers);
  bool may_stop_between(const Site& site, StepId first, StepId last) const;
  bool try_resolve(const Threat& threat, bool& is_open);

  Plan& plan_;
  Diagnostics& diagnostics_;
  std::unique_ptr<Groundwork, GroundworkDeleter> groundwork_;
  Terms& terms_;
  Effects& effects_;
  Loops loops_;
  Sites sites_;
  DependencyGraph graph_;
  std::vector<Edge> edges_;
  std::vector<Link> links_;
  std::vector<Threat> threats_;         // not resolved yet
  std::vector<std::uint32_t> several_;  // sites with several providers, not linked yet
  std::vector<std::uint32_t> waits_;
  std::vector<bool> is_failed_;  // by site: reported already
  OrderFaults faults_;
};

}  // namespace plan
