// The simulated hosts: what is true of every resource, by identity, and what declared effects make
// of it. States that nobody gave have a value by their type: false, 0, "", no elements; facts of
// type string differ from resource to resource, so that different things are told apart.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/resources.hpp"

namespace plan::sim {

class Hosts {
 public:
  [[nodiscard]] EvaluationResult read(Resources& resources,
                                      ResourceId resource,
                                      std::uint32_t attribute);

  // Makes an effect true that a test gives. A query takes a list of records: their fields, and
  // states of the elements.
  void give(Resources& resources, const Effect& effect);

  // How far the effects of a body come.
  enum class Extent { whole, half };
  // What the step's effects make of the world, evaluated before the first is applied.
  void apply(Resources& resources,
             const std::vector<Effect>& effects,
             const Binding& binding,
             std::string_view run_id,
             std::string_view step,
             Extent extent);

  [[nodiscard]] EvaluationResult evaluate(Resources& resources,
                                          ExprId expr,
                                          const Binding& binding,
                                          std::string_view run_id);

  // Everything that is not as it was by default, one line each, sorted: for comparing worlds.
  [[nodiscard]] std::vector<std::string> snapshot() const;

 private:
  // Where a value lives: under its resource's identity; one that is carried, under its carrier and
  // what tells it from the others there, so that copying the carrier copies it.
  struct Place {
    std::string holder;  // identity, or carrier's place
    std::string item;    // attribute, or type, key and attribute below a carrier
  };
  struct Write {
    Place place;
    Value value;
    EffectKind kind = EffectKind::set;
    std::string copied_from{};  // holder whose carried values come along
    std::string carried{};      // holder of the values carried by this one
    std::vector<std::pair<std::string, std::string>> keeping{};  // begin and end of carried items
  };

  [[nodiscard]] std::expected<Place, EvaluationError> place(Resources& resources,
                                                            ResourceId resource,
                                                            std::uint32_t attribute,
                                                            Environment& environment);
  [[nodiscard]] EvaluationResult elements(Resources& resources,
                                          ResourceId owner,
                                          std::uint32_t query,
                                          Environment& environment);
  [[nodiscard]] EvaluationResult element(Resources& resources,
                                         ResourceId owner,
                                         std::uint32_t type,
                                         const Map& fields,
                                         Environment& environment);
  void plan_writes(Resources& resources,
                   const Effect& effect,
                   const Binding& binding,
                   std::string_view run_id,
                   std::string_view step,
                   std::vector<Write>& writes);
  void write(const Write& write);

  std::map<std::string, std::map<std::string, Value>> values_;
};

}  // namespace plan::sim
