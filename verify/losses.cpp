// What is destroyed is nowhere else at no moment, or may be lost.
#include <algorithm>

#include "verify/moments.hpp"

namespace plan::verify {

namespace {

// Made of what the plan is given: it can be made again.
bool is_given(const Nodes& nodes, NodeId value) {
  return std::ranges::all_of(nodes.leaves(value), [&](NodeId leaf) {
    return nodes[leaf].kind == NodeKind::input || nodes[leaf].kind == NodeKind::token;
  });
}

}  // namespace

void Checker::check_losses(StepId step) {
  for (const Write& write : writes.of(step)) {
    if (!write.destroys) {
      continue;
    }
    const ResourceId id = plan.variables[write.variable.index].resource;
    const Resource& resource = plan.resources[id.index];
    const auto& names = plan.resource_types[resource.type].field_names;
    const auto field =
        static_cast<std::size_t>(std::ranges::find(names, "expendable") - names.begin());
    const bool* expendable = field < names.size() && field < resource.fields.size()
                                 ? resource.fields[field].as<bool>()
                                 : nullptr;
    const NodeId value = state[write.variable.index];
    Loss loss{.step = step.index, .variable = write.variable.index, .by = "saved"};
    if (plan.steps[step.index].allows_destroy) {
      loss.by = "allowed";
    } else if (expendable != nullptr && *expendable) {
      loss.by = "expendable";
    } else if (is_given(nodes, value)) {
      loss.by = "known";
    } else {
      loss.witness =
          at_loss < certificate.losses.size() ? certificate.losses[at_loss].witness : none;
      if (loss.witness == none) {
        pending_losses.push_back({.step = step, .variable = write.variable, .value = value});
      }
      const auto holds = [&](std::uint32_t other) {
        return state[other] == value && plan.variables[other].resource != id &&
               std::ranges::all_of(writes.of(VariableId{other}), [&](std::uint32_t index) {
                 const StepId writer = writes.all()[index].step;
                 return writer != step &&
                        (ordering.before(writer, step) || ordering.before(step, writer));
               });
      };
      // What one state holds is not said to be held by several.
      bool is_named = loss.witness < plan.variables.size() && holds(loss.witness);
      if (loss.witness == none) {
        is_named = true;
        for (std::uint32_t other = 0; other < plan.variables.size() && is_named; ++other) {
          is_named = !is_copied[other] || !holds(other);
        }
      }
      if (!is_named) {
        fault("`{}` destroys state {}, and what it held is not saved where the certificate says",
              name(step), write.variable.index);
      }
    }
    take(certificate.losses, at_loss, loss, fmt::format("what `{}` destroys", name(step)));
    // What is copied onto itself is gone before it is copied.
    const auto& arguments = plan.steps[step.index].arguments;
    const auto uses = std::ranges::count_if(arguments, [&](const Value& argument) {
      const auto* given_resource = argument.as<ResourceId>();
      return given_resource != nullptr && *given_resource == id;
    });
    const bool copies_itself =
        write.kind == WriteKind::set && write.value == nodes.found(write.variable);
    if (uses > 1 || copies_itself) {
      fault("`{}` destroys what it copies", name(step));
    }
  }
}

// Where the certificate names nobody who holds it: at every moment while the step runs somebody
// does, all that hold it at some time taken together.
void Checker::check_losses_beside() {
  for (const PendingLoss& loss : pending_losses) {
    std::vector<bool> may_hold(plan.variables.size());
    if (loops.of(loss.step) == none) {
      if (nodes[loss.value].kind == NodeKind::found) {
        may_hold[nodes[loss.value].detail] = true;
      }
      for (std::size_t index = 0; index < after.size(); ++index) {
        may_hold[writes.all()[index].variable.index] =
            may_hold[writes.all()[index].variable.index] || after[index] == loss.value;
      }
    }
    Moments moments(*this, {});
    for (std::uint32_t index = 0; index < plan.variables.size(); ++index) {
      Chain chain = may_hold[index] ? chain_of(VariableId{index}, true) : Chain{};
      const bool is_plain = std::ranges::all_of(chain.writes, [&](std::uint32_t write) {
        return loops.of(writes.all()[write].step) == none;
      });
      if (may_hold[index] && is_plain &&
          plan.variables[index].resource != plan.variables[loss.variable.index].resource) {
        moments.chains.push_back(std::move(chain));
        moments.chosen.push_back(0);
        if (!moments.is_chain(moments.chains.size() - 1)) {
          moments.chains.pop_back();
          moments.chosen.pop_back();
        }
      }
    }
    const bool is_lost = moments.find_first([&](std::size_t chain) {
      const StepId start = moments.starter(chain);
      const StepId end = moments.ender(chain);
      return moments.value(chain) != loss.value &&
             (end.is_none() || !ordering.before(end, loss.step)) &&
             (start.is_none() || !ordering.before(loss.step, start));
    });
    if (is_lost) {
      fault("`{}` destroys state {}, and what it held is saved nowhere", name(loss.step),
            loss.variable.index);
    }
  }
}

}  // namespace plan::verify
