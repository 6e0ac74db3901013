#include "compiler/emit/svg.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <graphviz/gvc.h>

#include "compiler/emit/dot.hpp"

namespace plan {

namespace {

// What Graphviz says about the graph while it lays it out; its error function takes no context.
std::string& messages() {
  static std::string text;
  return text;
}

int collect(char* message) {
  messages() += message;
  return 0;
}

// libcgraph's own ids are addresses of names, and what it draws is in the order of the ids: the
// same graph would come out differently each time. These count up in the order of the text.
struct Ids {
  std::map<std::string, IDTYPE> by_name;
  std::map<IDTYPE, std::string> names;
  IDTYPE last = 0;
};

void* open_ids(Agraph_t*, Agdisc_t*) {
  return std::make_unique<Ids>().release();
}
void close_ids(void* state) {
  std::unique_ptr<Ids>(static_cast<Ids*>(state)).reset();
}

long map_id(void* state, int, char* name, IDTYPE* id, int creates) {
  Ids& ids = *static_cast<Ids*>(state);
  if (name == nullptr) {
    *id = ++ids.last;
    return creates;
  }
  const auto found = ids.by_name.find(name);
  if (found != ids.by_name.end()) {
    *id = found->second;
    return 1;
  }
  if (creates == 0) {
    return 0;
  }
  *id = ++ids.last;
  ids.by_name[name] = *id;
  ids.names[*id] = name;
  return 1;
}

long allocate_id(void*, int, IDTYPE) {
  return 0;
}  // nobody asks for an id of their own
void free_id(void*, int, IDTYPE) {}  // an id is never used again
void register_id(void*, int, void*) {}

char* print_id(void* state, int, IDTYPE id) {
  Ids& ids = *static_cast<Ids*>(state);
  const auto found = ids.names.find(id);
  return found == ids.names.end() ? nullptr : found->second.data();
}

// The rest of a text that libcgraph reads.
int read_text(void* channel, char* buffer, int size) {
  auto& rest = *static_cast<std::string_view*>(channel);
  const std::size_t count = std::min(rest.size(), static_cast<std::size_t>(std::max(size, 0)));
  std::memcpy(buffer, rest.data(), count);
  rest.remove_prefix(count);
  return static_cast<int>(count);
}

Agraph_t* read_graph(std::string_view dot) {
  // The graph refers to them as long as it lives.
  static Agiddisc_t ids = {open_ids, map_id,    allocate_id, free_id,
                           print_id, close_ids, register_id};
  static Agiodisc_t io = {read_text, AgIoDisc.putstr, AgIoDisc.flush};
  Agdisc_t disciplines = {&AgMemDisc, &ids, &io};
  return agread(&dot, &disciplines);
}

struct Closer {
  void operator()(GVC_t* context) const { gvFreeContext(context); }
  void operator()(Agraph_t* graph) const { agclose(graph); }
};

// Width by height from which on a picture is drawn from left to right.
constexpr double widest = 4;

// Width by height.
double shape_of(const std::string& svg) {
  const auto number = [&](std::string_view name) {
    const std::size_t at = svg.find(name);
    return at == std::string::npos ? 1.0 : std::atof(svg.c_str() + at + name.size());
  };
  return number("<svg width=\"") / std::max(1.0, number(" height=\""));
}

// The end of the `<g …>` element that begins at `begin`, with the line break after it.
std::size_t group_end(std::string_view svg, std::size_t begin) {
  int depth = 0;
  std::size_t at = begin;
  do {
    const std::size_t open = svg.find("<g ", at);
    const std::size_t close = svg.find("</g>", at);
    const bool is_open = open < close;
    depth += is_open ? 1 : -1;
    at = (is_open ? open : close) + 3;
  } while (depth > 0);
  return std::min(svg.find('\n', at), svg.size() - 1) + 1;
}

// The middle of the shape that `group`, an element with its content, begins with.
double middle_of(std::string_view group) {
  const std::size_t path = std::min(group.find(" d=\""), group.find(" points=\""));
  std::size_t at = group.find('"', path) + 1;
  const std::size_t end = group.find('"', at);
  double least = HUGE_VAL;
  double most = -HUGE_VAL;
  // "M818.5,-860C818.5,-860 739.5,-860": x before each comma.
  while (at < end) {
    const std::size_t comma = std::min(group.find(',', at), end);
    std::size_t begin = comma;
    while (begin > at && std::string_view("0123456789.-").find(group[begin - 1]) != group.npos) {
      --begin;
    }
    if (comma < end) {
      const double x = std::atof(std::string(group.substr(begin, comma - begin)).c_str());
      least = std::min(least, x);
      most = std::max(most, x);
    }
    at = comma + 1;
  }
  return (least + most) / 2;
}

// Graphviz guesses how wide a line will be and begins it there; in other fonts it is not in the
// middle then. The lines of a step are told to be.
std::string with_centred_steps(std::string_view svg) {
  constexpr std::string_view from_start = "<text text-anchor=\"start\" x=\"";
  std::string result;
  std::size_t at = 0;
  for (std::size_t next = svg.find("class=\"node step"); next != svg.npos;
       next = svg.find("class=\"node step", at)) {
    const std::size_t begin = svg.rfind("<g ", next);
    const std::size_t end = group_end(svg, begin);
    const std::string_view group = svg.substr(begin, end - begin);
    const std::string middle =
        fmt::format("<text text-anchor=\"middle\" x=\"{:g}", middle_of(group));
    result += svg.substr(at, begin - at);
    std::size_t copied = 0;
    for (std::size_t text = group.find(from_start); text != group.npos;
         text = group.find(from_start, copied)) {
      result += group.substr(copied, text - copied);
      result += middle;
      copied = group.find('"', text + from_start.size());
    }
    result += group.substr(copied);
    at = end;
  }
  return result + std::string(svg.substr(at));
}

// Graphviz draws frames, then nodes and arrows; the words on a frame would lie under the arrows
// that pass them. Arrows go to the bottom, and words get a rim of the background's colour.
std::string with_words_on_top(std::string_view svg) {
  const std::size_t first = svg.find("<!-- ");
  std::size_t content = svg.find("<g id=\"graph0\"");
  content = content == std::string_view::npos ? content : svg.find("</title>\n", content);
  if (content == std::string_view::npos || first == std::string_view::npos) {
    return std::string(svg);
  }
  content += std::string_view("</title>\n").size();
  if (svg.substr(content).starts_with("<polygon")) {
    content = svg.find('\n', content) + 1;  // the background
  }
  std::string arrows;
  std::string rest;
  std::size_t at = content;
  for (std::size_t next = svg.find("class=\"edge", at); next != std::string_view::npos;
       next = svg.find("class=\"edge", at)) {
    const std::size_t begin = svg.rfind("<g ", next);
    const std::size_t end = group_end(svg, begin);
    rest += svg.substr(at, begin - at);
    arrows += svg.substr(begin, end - begin);
    at = end;
  }
  const std::string_view style =
      "<style>.edge text, .cluster text { paint-order: stroke; stroke: #fff; stroke-width: 3px; "
      "stroke-linejoin: round }</style>\n";
  return std::string(svg.substr(0, content)) + std::string(style) + arrows + rest +
         std::string(svg.substr(at));
}

}  // namespace

std::expected<std::string, std::string> render_svg(const std::string& dot) {
  messages().clear();
  agseterrf(&collect);
  const std::unique_ptr<GVC_t, Closer> context(gvContext());
  if (!context) {
    return std::unexpected("Graphviz could not be started");
  }
  const std::unique_ptr<Agraph_t, Closer> graph(read_graph(dot));
  if (!graph) {
    return std::unexpected("Graphviz did not take the graph: " + messages());
  }
  if (gvLayout(context.get(), graph.get(), "dot") != 0) {
    return std::unexpected("Graphviz could not lay the graph out: " + messages());
  }
  char* data = nullptr;
  unsigned int size = 0;
  const int status = gvRenderData(context.get(), graph.get(), "svg", &data, &size);
  std::string svg = status == 0 && data != nullptr ? std::string(data, size) : "";
  gvFreeRenderData(data);
  gvFreeLayout(context.get(), graph.get());
  if (svg.empty()) {
    return std::unexpected("Graphviz could not draw the graph: " + messages());
  }
  return with_words_on_top(with_centred_steps(svg));
}

std::expected<std::string, std::string> emit_svg(const Plan& plan,
                                                 const emit::GraphOptions& options) {
  auto upright = render_svg(emit_dot(plan, options));
  if (!upright || shape_of(*upright) < widest) {
    return upright;
  }
  // Many steps side by side: rather a long page than a broad one.
  emit::GraphOptions sideways = options;
  sideways.is_sideways = true;
  return render_svg(emit_dot(plan, sideways));
}

}  // namespace plan
