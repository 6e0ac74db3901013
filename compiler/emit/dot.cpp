#include "compiler/emit/dot.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace plan {

namespace {

using emit::Arrow;
using emit::Group;
using emit::Node;
using emit::View;
using emit::WayBack;

// The contents of a quoted DOT string; a line break becomes a space.
std::string dot_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return result + "\"";
}

// Text inside an HTML-like label.
std::string markup(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return result;
}

// Breaks a long text at spaces, about `width` bytes a line.
std::string wrapped(std::string_view text, std::size_t width, std::string_view line_end = "<br/>") {
  std::string result;
  std::size_t column = 0;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t space = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, space - begin);
    if (column > 0 && column + word.size() > width) {
      result += line_end;
      column = 0;
    } else if (column > 0) {
      result += " ";
    }
    result += markup(word);
    column += word.size() + 1;
    begin = space + 1;
  }
  return result;
}

// A long name widens the whole picture; its end says more than its middle.
std::string shortened(const std::string& text) {
  constexpr std::size_t limit = 40;
  const bool is_ascii = std::ranges::all_of(text, [](char c) { return c >= 0; });
  return text.size() <= limit || !is_ascii
             ? text
             : text.substr(0, limit / 2) + "..." + text.substr(text.size() - limit / 2 + 3);
}

class DotWriter {
 public:
  DotWriter(const View& view, const emit::GraphOptions& options) : view_(view), options_(options) {}

  std::string write() {
    add(0, "digraph plan {");
    if (options_.has_heading) {
      add(1, fmt::format("label={}; labelloc=t; fontsize=16;", dot_string(view_.title)));
    }
    add(1, options_.is_sideways ? "rankdir=LR;" : "rankdir=TB;");
    add(1, "newrank=true; nodesep=0.35; ranksep=0.45; fontname=\"Helvetica\";");
    add(1,
        "node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=12, "
        "margin=\"0.16,0.07\"];");
    add(1, "edge [fontname=\"Helvetica\", fontsize=9, color=\"#555555\", fontcolor=\"#555555\"];");
    if (options_.has_heading) {
      legend();
    }
    violation();
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
    add(0, "}");
    return fmt::to_string(out_);
  }

 private:
  void add(int depth, std::string_view line) {
    fmt::format_to(std::back_inserter(out_), "{:{}}{}\n", "", depth * 2, line);
  }

  void legend() {
    std::string cells;
    for (const auto& [host, colour] : view_.legend) {
      const emit::Colour& shown = emit::palette()[colour];
      cells += fmt::format("<td bgcolor=\"{}\" color=\"{}\" border=\"2\">{}</td>", shown.fill,
                           shown.line, markup(host));
    }
    if (!cells.empty()) {
      add(1,
          fmt::format("legend [shape=plain, style=\"\", id=\"legend\", label=<<table border=\"0\" "
                      "cellspacing=\"4\" cellpadding=\"4\"><tr><td>hosts:</td>{}</tr></table>>];",
                      cells));
    }
  }

  // What the numbered schedule leads to.
  void violation() {
    if (!options_.schedule.is_empty()) {
      constexpr std::string_view left = "<br align=\"left\"/>";
      add(1, fmt::format("violation [id=\"violation\", shape=note, style=filled, "
                         "fillcolor=\"#FDE7EA\", color=\"#B00020\", label=<<b>a schedule that goes "
                         "wrong, by the numbers</b>{0}{1}{0}>];",
                         left, wrapped("violated: " + options_.schedule.violated, 60, left)));
    }
  }

  void write_group(std::uint32_t index, int depth) {
    const Group& group = view_.groups[index];
    add(depth, fmt::format("subgraph cluster_{} {{", index));
    add(depth + 1, fmt::format("label={}; id=\"group{}\"; class=\"{}\"; labeljust=l; fontsize=13;",
                               dot_string(group.title), index, group.is_loop ? "loop" : "phase"));
    add(depth + 1, group.is_loop ? "style=\"rounded,dashed\"; color=\"#777777\";"
                                 : "style=rounded; color=\"#AAAAAA\";");
    for (const StepId step : group.steps) {
      write_node(step, depth + 1);
    }
    for (std::uint32_t child = index + 1; child < view_.groups.size(); ++child) {
      if (view_.groups[child].parent == index) {
        write_group(child, depth + 1);
      }
    }
    add(depth, "}");
  }

  void write_node(StepId step, int depth) {
    const Node& node = view_.nodes[step.index];
    const emit::Colour& colour = emit::palette()[node.colour];
    const bool ends = node.way_back == WayBack::ends;
    std::string small = markup(node.operation);
    if (node.is_conditional) {
      small += "<br/>only when its condition holds";
    }
    if (node.destroys) {
      small += "<br/><b>destroys data</b>";
    }
    const emit::ScheduleMark mark = emit::mark_of(options_, node.step);
    const bool is_marked = !mark.numbers.empty();
    if (!mark.then.empty()) {
      small += "<br/>" + wrapped("then: " + mark.then, 44);
    }
    small += "<br/>on " + markup(node.host);
    if (ends) {
      small +=
          "<br/><font point-size=\"4\"> </font><br/><font color=\"#B00020\"><b>POINT OF NO "
          "RETURN</b>" +
          (node.irreversible.empty() ? "" : "<br/>" + wrapped(node.irreversible, 34)) + "</font>";
    }
    const double width = is_marked ? 4 : ends ? 3 : node.way_back == WayBack::no ? 2 : 1.5;
    add(depth, fmt::format("{} [id=\"{}\", class=\"step colour{}{}\", label=<<b>{}</b><br/><font "
                           "point-size=\"10\">{}</font>>, tooltip={}, fillcolor=\"{}\", "
                           "color=\"{}\", penwidth={}{}];",
                           emit::node_id(node.step), emit::node_id(node.step), node.colour,
                           ends ? " no_return" : "",
                           (is_marked ? mark.numbers + ". " : "") + markup(node.title), small,
                           dot_string(node.title), colour.fill,
                           ends || is_marked ? "#B00020" : colour.line, width,
                           node.asks ? ", shape=octagon, style=filled" : ""));
  }

  void write_arrow(const Arrow& arrow) {
    if (arrow.is_implied && !options_.shows_implied_edges) {
      return;
    }
    std::string label;
    const std::size_t shown = std::min<std::size_t>(arrow.labels.size(), 3);
    for (std::size_t index = 0; index < shown; ++index) {
      label += (index == 0 ? "&#160;" : "<br/>&#160;") + markup(shortened(arrow.labels[index]));
    }
    if (arrow.labels.size() > shown) {
      label += fmt::format("<br/>and {} more", arrow.labels.size() - shown);
    }
    const std::string from = emit::node_id(arrow.from);
    const std::string to = emit::node_id(arrow.to);
    add(1, fmt::format("{} -> {} [id=\"{}_{}\"{}{}];", from, to, from, to,
                       label.empty() ? "" : ", label=<" + label + ">",
                       arrow.is_implied ? ", style=dotted" : ""));
  }

  const View& view_;
  const emit::GraphOptions& options_;
  fmt::memory_buffer out_;
};

}  // namespace

std::string emit_dot(const Plan& plan, const emit::GraphOptions& options) {
  const View view = emit::view_of(plan);
  return DotWriter(view, options).write();
}

}  // namespace plan
