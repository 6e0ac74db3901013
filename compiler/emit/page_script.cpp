#include "compiler/emit/page.hpp"

namespace plan::emit {

// Every text goes in by textContent, so nothing of a plan can become markup.
const std::string_view page_script = R"js(
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const pane = document.getElementById("graph"), svg = pane.querySelector("svg");
const side = document.getElementById("side"), search = document.getElementById("search");
const nodes = new Map(data.nodes.map(node => [node.id, node]));
const by_name = new Map(data.nodes.map(node => [node.name, node]));
let selected = null;

// --- zoom and pan: the view box is the camera
const whole = svg.viewBox.baseVal;
const home = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
let camera = { ...home };
svg.removeAttribute("width");
svg.removeAttribute("height");
function look() { svg.setAttribute("viewBox", `${camera.x} ${camera.y} ${camera.width} ${camera.height}`); }
function zoom(factor, at) {
  const point = at || { x: camera.x + camera.width / 2, y: camera.y + camera.height / 2 };
  const width = Math.min(Math.max(home.width, home.height) * 4, Math.max(80, camera.width * factor));
  const real = width / camera.width;
  camera = { x: point.x - (point.x - camera.x) * real, y: point.y - (point.y - camera.y) * real,
             width, height: camera.height * real };
  look();
}
function point_of(event) {
  const matrix = svg.getScreenCTM().inverse();
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
}
function fit() { camera = { ...home }; look(); }
// Large graphs begin where they can be read, at their first step; `fit` shows all of them.
const readable = 0.55;  // screen pixels for one of the drawing's, below it words are a blur
function scale_to(scale, id) {
  const shape = document.getElementById(id).getBoundingClientRect(), frame = pane.getBoundingClientRect();
  const middle = new DOMPoint(shape.left + shape.width / 2, shape.top + shape.height / 2)
    .matrixTransform(svg.getScreenCTM().inverse());
  const width = frame.width / scale, height = frame.height / scale;
  // No more of what is beside the picture than has to be.
  const from = (at, size, home_at, home_size) => size >= home_size ? home_at + (home_size - size) / 2
    : Math.min(Math.max(at - size / 2, home_at), home_at + home_size - size);
  camera = { x: from(middle.x, width, home.x, home.width), y: from(middle.y, height, home.y, home.height),
             width, height };
  look();
}
pane.addEventListener("wheel", event => {
  event.preventDefault();
  zoom(Math.exp(event.deltaY * 0.0015), point_of(event));
}, { passive: false });
let drag = null;
pane.addEventListener("pointerdown", event => {
  if (event.button === 0) drag = { x: event.clientX, y: event.clientY, moved: false };
});
window.addEventListener("pointermove", event => {
  if (!drag) return;
  const scale = svg.getScreenCTM().a;
  if (Math.abs(event.clientX - drag.x) + Math.abs(event.clientY - drag.y) > 3) drag.moved = true;
  if (!drag.moved) return;
  pane.classList.add("dragging");
  camera.x -= (event.clientX - drag.x) / scale;
  camera.y -= (event.clientY - drag.y) / scale;
  drag.x = event.clientX;
  drag.y = event.clientY;
  look();
});
window.addEventListener("pointerup", event => {
  const click = drag && !drag.moved && pane.contains(event.target);
  drag = null;
  pane.classList.remove("dragging");
  if (!click) return;
  const shape = event.target.closest(".step");
  select(shape ? shape.id : null);
});
document.getElementById("zoom_in").onclick = () => zoom(0.8);
document.getElementById("zoom_out").onclick = () => zoom(1.25);
document.getElementById("fit").onclick = fit;
document.getElementById("theme").onclick = () => {
  const root = document.documentElement;
  const is_dark = root.dataset.theme ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = is_dark ? "light" : "dark";
};

// --- building blocks
function add(parent, tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  parent.append(element);
  return element;
}
// Between backticks stands code.
function prose(parent, tag, text) {
  const element = add(parent, tag);
  text.split("`").forEach((part, index, parts) => {
    if (index % 2 === 1 && index < parts.length - 1) add(element, "code", part);
    else element.append(index % 2 === 1 ? "`" + part : part);
  });
  return element;
}
function link(parent, node) {
  const button = add(parent, "button", node.title, "link");
  button.type = "button";
  button.onclick = () => select(node.id, true);
}
function section(title, lines) {
  if (!lines.length) return;
  add(side, "h3", title);
  const list = add(side, "ul");
  for (const line of lines) add(add(list, "li"), "code", line);
}
function code(title, lines) {
  if (!lines.length) return;
  add(side, "h3", title);
  add(side, "pre", lines.join("\n"));
}
function neighbours(id, from, to) {
  return data.edges.filter(edge => edge[from] === id).map(edge => nodes.get(edge[to]));
}

// --- the panel
const way_back = { yes: "can be taken back", ends_here: "POINT OF NO RETURN", no: "comes after the point of no return" };
function overview() {
  side.replaceChildren();
  add(side, "h2", data.title);
  const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
  add(side, "p", `${count(data.nodes.filter(node => !node.kind.startsWith("loop_")).length, "step")} on ${count(data.hosts.length, "host")}. Select a step to see what it requires, does and ensures.`, "dim");
  if (data.point_of_no_return.length) {
    add(side, "h3", "point of no return");
    const list = add(side, "ul");
    for (const id of data.point_of_no_return) link(add(list, "li"), nodes.get(id));
  }
  if (data.schedule) {
    add(side, "h3", "refused: a schedule that goes wrong");
    const list = add(side, "ol");
    for (const moment of data.schedule.steps) {
      const item = add(list, "li"), node = by_name.get(moment.step);
      if (node) link(item, node); else item.append(moment.step);
      if (moment.then) prose(item, "div", moment.then).className = "dim";
    }
    prose(side, "p", `violated: ${data.schedule.violated}`).className = "danger";
    return;
  }
  add(side, "h3", "compiled plan");
  add(side, "code", data.digest);
}
function facts(node) {
  const list = add(side, "dl");
  const row = (key, value) => { if (value) { add(list, "dt", key); add(list, "dd", value); } };
  row("phase", node.phase);
  row("host", node.address && node.address !== node.host ? `${node.host} (${node.address})` : node.host);
  row("as user", node.user);
  row("timeout", node.timeout);
  row("retry", node.retry);
  row("runs", node.detached ? "under a supervisor on the host; survives a lost connection" : "");
  row("only when", node.when);
  row("way back", way_back[node.way_back]);
  row("note", node.note);
}
function show(node) {
  side.replaceChildren();
  add(side, "h2", node.title === node.name ? node.name : `${node.title} (${node.name})`);
  add(side, "div", node.operation || node.kind, "dim");
  if (node.documentation) prose(side, "p", node.documentation);
  if (node.way_back === "ends_here") add(side, "p", "POINT OF NO RETURN", "danger");
  if (node.text) prose(side, "p", node.text);
  facts(node);
  if (node.requires.length) {
    add(side, "h3", "requires");
    const list = add(side, "ul");
    for (const need of node.requires) {
      const item = add(list, "li");
      add(item, "code", need.condition);
      const provider = by_name.get(need.provided_by);
      if (provider) { item.append(" — from "); link(item, provider); }
      else if (need.preflight) item.append(" — looked at before anything is done");
      if (need.awaited) item.append(" (waited for)");
    }
  }
  section("ensures", node.ensures);
  section("changes", node.changes);
  if (node.destroys.length) {
    add(side, "h3", "destroys");
    for (const what of node.destroys) add(side, "div", what, "danger");
  }
  code("what runs", node.commands);
  add(side, "h3", "undo");
  add(side, "div", node.undo);
  section("undo requires", node.undo_requires);
  code("what undo runs", node.undo_commands);
  for (const [title, list] of [["comes directly after", neighbours(node.id, "to", "from")],
                               ["comes directly before", neighbours(node.id, "from", "to")]]) {
    if (!list.length) continue;
    add(side, "h3", title);
    const items = add(side, "ul");
    for (const other of list) link(add(items, "li"), other);
  }
}

// --- selection
function bring_into_view(id) {
  if (svg.getScreenCTM().a < readable) { scale_to(1, id); return; }
  const shape = document.getElementById(id).getBoundingClientRect(), frame = pane.getBoundingClientRect();
  const is_inside = shape.left >= frame.left && shape.right <= frame.right && shape.top >= frame.top &&
    shape.bottom <= frame.bottom;
  if (is_inside) return;
  const scale = svg.getScreenCTM().a;
  camera.x += (shape.left + shape.width / 2 - frame.left - frame.width / 2) / scale;
  camera.y += (shape.top + shape.height / 2 - frame.top - frame.height / 2) / scale;
  look();
}
function select(id, moves) {
  selected = nodes.has(id) ? id : null;
  svg.classList.toggle("focused", selected !== null);
  for (const shape of svg.querySelectorAll(".near, .selected")) shape.classList.remove("near", "selected");
  for (const button of document.querySelectorAll("nav button"))
    button.setAttribute("aria-current", String(button.dataset.step === selected));
  history.replaceState(null, "", selected ? `#${encodeURIComponent(nodes.get(selected).name)}` : "#");
  if (!selected) { overview(); return; }
  document.getElementById(selected).classList.add("selected");
  for (const edge of data.edges) {
    if (edge.from !== selected && edge.to !== selected) continue;
    const arrow = document.getElementById(`${edge.from}_${edge.to}`);
    if (arrow) arrow.classList.add("near");
    const other = edge.from === selected ? edge.to : edge.from;
    document.getElementById(other).classList.add("near");
  }
  show(nodes.get(selected));
  if (moves) bring_into_view(selected);
}
function walk(from, to, shift) {
  if (!selected) { select(data.nodes[0] && data.nodes[0].id, true); return; }
  const list = shift ? data.nodes.filter(node => node.phase === nodes.get(selected).phase)
    : neighbours(selected, from, to);
  if (!list.length) return;
  const at = list.findIndex(node => node.id === selected);
  const next = shift ? list[(at + shift + list.length) % list.length] : list[0];
  select(next.id, true);
}

// On a narrow screen the panel is above the list.
function show_panel() {
  if (matchMedia("(max-width: 900px)").matches) side.scrollIntoView({ block: "start" });
}

// --- the list and the search
function text_of(node) {
  return JSON.stringify([node.name, node.title, node.operation, node.host, node.phase, node.requires,
    node.ensures, node.changes, node.destroys, node.commands, node.text, node.note]).toLowerCase();
}
const haystack = new Map(data.nodes.map(node => [node.id, text_of(node)]));
function fill_list() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const box = document.getElementById("steps");
  box.replaceChildren();
  let phase = null, list = null, found = 0;
  for (const node of data.nodes) {
    const hit = words.every(word => haystack.get(node.id).includes(word));
    document.getElementById(node.id).classList.toggle("miss", !hit);
    if (!hit) continue;
    ++found;
    if (list === null || node.phase !== phase) {
      phase = node.phase;
      if (phase) add(box, "h3", phase);
      list = add(box, "ul");
    }
    const button = add(add(list, "li"), "button");
    button.type = "button";
    button.dataset.step = node.id;
    button.setAttribute("aria-current", String(node.id === selected));
    add(button, "span", node.title);
    add(button, "small", node.host);
    button.onclick = () => { select(node.id, true); show_panel(); };
  }
  if (!found) add(box, "p", "no step matches", "dim");
}
search.addEventListener("input", fill_list);
search.addEventListener("keydown", event => {
  if (event.key !== "Enter") return;
  const first = document.querySelector("nav button");
  if (first) first.click();
});

// --- keyboard
for (const node of data.nodes) {
  const shape = document.getElementById(node.id);
  shape.setAttribute("tabindex", "0");
  shape.setAttribute("role", "button");
  shape.setAttribute("aria-label", `step ${node.title} on ${node.host}`);
  const title = shape.querySelector("title");
  if (title) title.textContent = `${node.name} on ${node.host}`;
  shape.addEventListener("keydown", event => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); select(node.id); }
  });
}
for (const title of svg.querySelectorAll(".edge > title, .cluster > title, .graph > title")) title.remove();
document.addEventListener("keydown", event => {
  if (event.target === search) { if (event.key === "Escape") { search.value = ""; fill_list(); search.blur(); } return; }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const keys = { "/": () => search.focus(), Escape: () => select(null), "+": () => zoom(0.8),
    "=": () => zoom(0.8), "-": () => zoom(1.25), 0: fit, ArrowDown: () => walk("from", "to"),
    ArrowUp: () => walk("to", "from"), ArrowRight: () => walk("", "", 1), ArrowLeft: () => walk("", "", -1) };
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

fill_list();
const wanted = by_name.get(decodeURIComponent(location.hash.slice(1)));
select(wanted ? wanted.id : null, true);
if (!wanted && data.nodes.length && svg.getScreenCTM().a < readable) scale_to(readable * 1.3, data.nodes[0].id);
)js";

}  // namespace plan::emit
