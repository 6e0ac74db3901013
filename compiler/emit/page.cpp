#include "compiler/emit/page.hpp"

namespace plan::emit {

const std::string_view page_style = R"css(
:root { color-scheme: light dark; --bg: #fff; --fg: #1a1a1a; --dim: #5b5b5b; --line: #d5d5d5;
  --panel: #f6f6f4; --accent: #0072b2; --edge: #777; --code: #ececea; --danger: #b00020; }
@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { --bg: #17191c; --fg: #ececec;
  --dim: #a8a8a8; --line: #3a3d42; --panel: #1f2226; --accent: #6cb8ee; --edge: #9a9a9a;
  --code: #2a2e33; --danger: #ff8095; } }
:root[data-theme=dark] { color-scheme: dark; --bg: #17191c; --fg: #ececec; --dim: #a8a8a8;
  --line: #3a3d42; --panel: #1f2226; --accent: #6cb8ee; --edge: #9a9a9a; --code: #2a2e33;
  --danger: #ff8095; }
:root[data-theme=light] { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; height: 100vh; display: grid; color: var(--fg); background: var(--bg);
  font: 14px/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif;
  grid-template: "head head head" auto "list graph side" 1fr "list keys side" auto / 17rem 1fr 26rem; }
header { grid-area: head; display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: center;
  padding: .5rem .9rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.05rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 0 0 .2rem; overflow-wrap: anywhere; }
h3 { font-size: .78rem; margin: 1rem 0 .25rem; color: var(--dim); text-transform: uppercase;
  letter-spacing: .05em; }
header .grow { flex: 1; }
button, input { font: inherit; color: inherit; background: var(--bg); padding: .2rem .6rem;
  border: 1px solid var(--line); border-radius: 6px; }
button { cursor: pointer; }
button:hover { border-color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
#legend_list { display: flex; flex-wrap: wrap; gap: .2rem .9rem; list-style: none; margin: 0; padding: 0; }
#legend_list span { display: inline-block; width: .9em; height: .9em; border: 2px solid;
  border-radius: 3px; margin-right: .35em; vertical-align: -1px; }
nav { grid-area: list; overflow: auto; padding: .6rem; border-right: 1px solid var(--line); }
nav input { width: 100%; margin-bottom: .3rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav button { width: 100%; text-align: left; border-color: transparent; display: flex; gap: .5rem;
  justify-content: space-between; }
nav button small { color: var(--dim); white-space: nowrap; }
nav button[aria-current=true] { background: var(--panel); border-color: var(--accent); }
#graph { grid-area: graph; position: relative; overflow: hidden; cursor: grab; touch-action: none; }
#graph.dragging { cursor: grabbing; }
#graph > svg { width: 100%; height: 100%; display: block; }
.keys { grid-area: keys; color: var(--dim); font-size: .78rem; margin: 0; padding: .25rem .8rem;
  border-top: 1px solid var(--line); }
aside { grid-area: side; overflow: auto; padding: .8rem 1rem; background: var(--panel);
  border-left: 1px solid var(--line); overflow-wrap: anywhere; }
aside ul, aside ol { margin: 0; padding-left: 1.3rem; }
aside pre { margin: 0; padding: .5rem .6rem; background: var(--code); border-radius: 6px;
  white-space: pre-wrap; font: 12px/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
aside code { font: 12px/1.4 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
aside dl { display: grid; grid-template-columns: auto 1fr; gap: .1rem .8rem; margin: .5rem 0 0; }
aside dt { color: var(--dim); }
aside dd { margin: 0; }
aside .link { border: 0; padding: 0; background: none; color: var(--accent);
  text-decoration: underline; }
.dim { color: var(--dim); }
.danger { color: var(--danger); font-weight: 600; }
svg .graph > polygon { fill: transparent; }
svg .graph > text, svg .cluster text { fill: var(--fg); }
svg .edge text, svg .cluster text { stroke: var(--bg); }
svg .edge path { stroke: var(--edge); }
svg .edge polygon { stroke: var(--edge); fill: var(--edge); }
svg .edge text { fill: var(--dim); }
svg .step { cursor: pointer; }
svg .step.selected path, svg .step.selected polygon { stroke-width: 4; }
svg .edge.near path { stroke: var(--accent); stroke-width: 2.5; }
svg .edge.near polygon { stroke: var(--accent); fill: var(--accent); }
svg .edge.near text { fill: var(--fg); }
svg.focused .step:not(.selected):not(.near), svg.focused .edge:not(.near) { opacity: .3; }
svg .step.miss { opacity: .2; }
svg .step:focus { outline: none; }
svg .step:focus-visible path, svg .step:focus-visible polygon { stroke-width: 5; }
@media (max-width: 900px) { body { height: auto; grid-template: "head" auto "graph" 65vh "keys" auto
  "side" auto "list" auto / 1fr; } nav, aside { border: 0; } }
@media print { header button, nav, .keys { display: none; } body { display: block; } }
)css";

const std::string_view page_body = R"html(<body>
<header><h1>{{title}}</h1><ul id="legend_list" aria-label="hosts">{{legend}}</ul>
<span class="grow"></span>
<button type="button" id="zoom_in" title="larger (+)">+</button>
<button type="button" id="zoom_out" title="smaller (-)">&minus;</button>
<button type="button" id="fit" title="whole graph (0)">fit</button>
<button type="button" id="theme" title="light or dark">light/dark</button></header>
<nav aria-label="steps"><input type="search" id="search" placeholder="search steps ( / )"
  aria-label="search steps, hosts, states and commands"><div id="steps"></div></nav>
<main id="graph" aria-label="graph">{{svg}}</main>
<p class="keys">click a step &middot; / search &middot;
arrows walk along the order &middot; + &minus; 0 zoom &middot; Esc clears</p>
<aside id="side" aria-live="polite"></aside>
)html";

}  // namespace plan::emit
