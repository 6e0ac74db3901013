#include "compiler/emit/runbook.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "compiler/emit/describe.hpp"
#include "compiler/emit/view.hpp"

namespace plan {

namespace {

using emit::Description;
using emit::Node;

// Text outside of code: what Markdown would take for markup is escaped.
std::string prose(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("\\`*_[]<>#|~").contains(c)) {
      result += '\\';
    }
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

// A code span; the fence is longer than any run of backquotes inside.
std::string code(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string fence(longest + 1, '`');
  const std::string space = longest > 0 ? " " : "";
  return fence + space + std::string(text) + space + fence;
}

class Writer {
 public:
  explicit Writer(const Plan& plan) : plan_(plan), view_(emit::view_of(plan)) {}

  std::string write() {
    line("# {}", prose(plan_.title));
    line("");
    line("{} steps. Hosts: {}.", view_.nodes.size(), hosts());
    goals();
    std::uint32_t phase = UINT32_MAX;
    std::size_t number = 0;
    for (const StepId id : plan_.topological) {
      const Step& step = plan_.steps[id.index];
      if (step.phase != phase && step.phase != UINT32_MAX) {
        line("\n## {}", prose(plan_.phases[step.phase].title));
      }
      phase = step.phase;
      if (step.kind != StepKind::loop_end) {
        write_step(id, ++number);
      }
    }
    return fmt::to_string(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_.push_back('\n');
  }

  std::string hosts() const {
    std::string text;
    for (const auto& [host, colour] : view_.legend) {
      text += (text.empty() ? "" : ", ") + prose(host);
    }
    return text;
  }

  void goals() {
    if (plan_.goals.empty()) {
      return;
    }
    line("\nAt the end holds:\n");
    for (const Condition& goal : plan_.goals) {
      line("- {}", code(goal.text));
    }
  }

  void lines_of_code(std::string_view title, const std::vector<std::string>& lines) {
    if (lines.empty()) {
      return;
    }
    line("\n   {}\n", title);
    for (const std::string& one : lines) {
      line("       {}", one);
    }
  }

  void write_step(StepId id, std::size_t number) {
    const Description step = emit::describe(plan_, id);
    const Node& node = view_.nodes[id.index];
    line("\n{}. [ ] **{}** on **{}**{}{}", number, prose(node.title), prose(step.host),
         step.user.empty() ? "" : " as " + prose(step.user),
         step.operation.empty() ? "" : " — " + code(step.operation));
    if (node.way_back == emit::WayBack::ends) {
      line("\n   **POINT OF NO RETURN**{}",
           node.irreversible.empty() ? "" : ": " + prose(node.irreversible));
    }
    for (const std::string& text : {step.documentation, step.text, step.note}) {
      if (!text.empty()) {
        line("\n   {}", prose(text));
      }
    }
    contract(step);
    lines_of_code("Runs:", step.commands);
    line("\n   Way back: {}", prose(step.undo));
    lines_of_code("which runs:", step.undo_commands);
  }

  void contract(const Description& step) {
    line("");
    if (!step.when.empty()) {
      line("   - only when {}", code(step.when));
    }
    for (const emit::Requirement& need : step.requirements) {
      line("   - {} {}{}", need.is_awaited ? "waits until" : "before:", code(need.condition),
           need.provider.empty() ? "" : " (from " + prose(need.provider) + ")");
    }
    for (const std::string& condition : step.ensures) {
      line("   - after: {}", code(condition));
    }
    for (const std::string& what : step.destroys) {
      line("   - **destroys** {}", code(what));
    }
  }

  const Plan& plan_;
  emit::View view_;
  fmt::memory_buffer out_;
};

}  // namespace

std::string emit_runbook(const Plan& plan) {
  return Writer(plan).write();
}

}  // namespace plan
