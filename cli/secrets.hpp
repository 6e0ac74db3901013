// Where the secrets of a run come from: the inputs file says it, else PLAN_INPUT_NAME, else the
// person is asked.
#pragma once

#include "cli/load_plan.hpp"
#include "runtime/apply.hpp"

namespace plan {

// `before_asking` and `after_asking` are called around a question at the terminal.
struct SecretAsking {
  std::function<void()> before_asking;
  std::function<void()> after_asking;
};

[[nodiscard]] SecretProvider make_secret_provider(const LoadedPlan& loaded, SecretAsking asking);

}  // namespace plan
