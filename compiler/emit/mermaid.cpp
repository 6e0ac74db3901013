#include "compiler/emit/mermaid.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace plan {

namespace {

using emit::Arrow;
using emit::Node;
using emit::View;
using emit::WayBack;

// A quoted Mermaid text. Everything that Mermaid or its Markdown and HTML could take for syntax
// becomes a numbered entity: its lexer ends a text at `"` and reads `#…;` as an entity.
std::string mermaid_string(std::string_view text) {
  constexpr std::string_view special = "\"#&<>`*_[](){}|\\;~$%^@";
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      result += ' ';
    } else if (special.contains(c)) {
      result += fmt::format("#{};", byte);
    } else {
      result += c;
    }
  }
  return result + "\"";
}

// The quoted texts as lines of one text.
std::string lines(const std::vector<std::string>& texts) {
  std::string result = "\"";
  for (const std::string& text : texts) {
    const std::string one = mermaid_string(text);
    result += (result.size() > 1 ? "<br/>" : "") + one.substr(1, one.size() - 2);
  }
  return result + "\"";
}

class MermaidWriter {
 public:
  MermaidWriter(const View& view, const emit::GraphOptions& options)
      : view_(view), options_(options) {}

  std::string write() {
    add(0, "flowchart TD");
    for (std::uint32_t group = 0; group < view_.groups.size(); ++group) {
      if (view_.groups[group].parent == UINT32_MAX) {
        write_group(group, 1);
      }
    }
    for (const StepId step : view_.ungrouped) {
      write_node(step, 1);
    }
    for (const Arrow& arrow : view_.arrows) {
      write_arrow(arrow);
    }
    classes();
    if (!options_.schedule.is_empty()) {
      add(1, fmt::format("violation[/{}/]", lines({"a schedule that goes wrong, by the numbers",
                                                   "violated: " + options_.schedule.violated})));
    }
    return fmt::to_string(out_);
  }

 private:
  void add(int depth, std::string_view line) {
    fmt::format_to(std::back_inserter(out_), "{:{}}{}\n", "", depth * 2, line);
  }

  void write_group(std::uint32_t index, int depth) {
    add(depth,
        fmt::format("subgraph group{}[{}]", index, mermaid_string(view_.groups[index].title)));
    for (const StepId step : view_.groups[index].steps) {
      write_node(step, depth + 1);
    }
    for (std::uint32_t child = index + 1; child < view_.groups.size(); ++child) {
      if (view_.groups[child].parent == index) {
        write_group(child, depth + 1);
      }
    }
    add(depth, "end");
  }

  void write_node(StepId step, int depth) {
    const Node& node = view_.nodes[step.index];
    const emit::ScheduleMark mark = emit::mark_of(options_, step);
    std::vector<std::string> texts = {
        (mark.numbers.empty() ? "" : mark.numbers + ". ") + node.title, node.operation,
        "on " + node.host};
    if (!mark.then.empty()) {
      texts.push_back("then: " + mark.then);
    }
    if (node.destroys) {
      texts.emplace_back("destroys data");
    }
    if (node.way_back == WayBack::ends) {
      texts.push_back("POINT OF NO RETURN" +
                      (node.irreversible.empty() ? "" : ": " + node.irreversible));
    }
    const bool is_question = node.asks;
    add(depth, fmt::format("{}{}{}{}", emit::node_id(step), is_question ? "{{" : "(", lines(texts),
                           is_question ? "}}" : ")"));
  }

  void write_arrow(const Arrow& arrow) {
    if (arrow.is_implied && !options_.shows_implied_edges) {
      return;
    }
    std::vector<std::string> texts(
        arrow.labels.begin(),
        arrow.labels.begin() + std::min<std::ptrdiff_t>(std::ssize(arrow.labels), 3));
    if (arrow.labels.size() > texts.size()) {
      texts.push_back(fmt::format("and {} more", arrow.labels.size() - texts.size()));
    }
    const std::string line = arrow.is_implied ? "-.->" : "-->";
    add(1, fmt::format("{} {}{} {}", emit::node_id(arrow.from), line,
                       texts.empty() ? "" : "|" + lines(texts) + "|", emit::node_id(arrow.to)));
  }

  void classes() {
    for (const auto& [host, colour] : view_.legend) {
      const emit::Colour& shown = emit::palette()[colour];
      std::string members;
      for (const Node& node : view_.nodes) {
        if (node.host == host) {
          members += (members.empty() ? "" : ",") + emit::node_id(node.step);
        }
      }
      add(1, fmt::format("classDef host{} fill:{},stroke:{},color:#111", colour, shown.fill,
                         shown.line));
      add(1, fmt::format("class {} host{}", members, colour));
    }
    for (const Node& node : view_.nodes) {
      const bool is_marked = !emit::mark_of(options_, node.step).numbers.empty();
      if (node.way_back == WayBack::ends || is_marked) {
        add(1, fmt::format("style {} stroke:#B00020,stroke-width:4px", emit::node_id(node.step)));
      }
    }
  }

  const View& view_;
  const emit::GraphOptions& options_;
  fmt::memory_buffer out_;
};

}  // namespace

std::string emit_mermaid(const Plan& plan, const emit::GraphOptions& options) {
  const View view = emit::view_of(plan);
  return MermaidWriter(view, options).write();
}

}  // namespace plan
