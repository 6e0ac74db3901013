// One step explained to a person: why it stands where it does, what it needs and from whom, what
// happens if the run dies inside it, the way back.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/plan.hpp"

namespace plan::emit {

struct Section {
  std::string key;      // "needs"; of the JSON form
  std::string heading;  // "needs"
  std::vector<std::string> lines;
};

// `place`: where a span is in the sources, "(site.plan:12)", or empty. Sections without lines are
// left out.
[[nodiscard]] std::vector<Section> explain_step(const Plan& plan,
                                                StepId step,
                                                const std::function<std::string(Span)>& place);

}  // namespace plan::emit
