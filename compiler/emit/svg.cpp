#include "compiler/emit/svg.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

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
  return svg;
}

std::expected<std::string, std::string> emit_svg(const Plan& plan,
                                                 const emit::GraphOptions& options) {
  return render_svg(emit_dot(plan, options));
}

}  // namespace plan
