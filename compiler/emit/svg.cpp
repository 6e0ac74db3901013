#include "compiler/emit/svg.hpp"

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
  const std::unique_ptr<Agraph_t, Closer> graph(agmemread(dot.c_str()));
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
