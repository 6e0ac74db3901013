// The runbook as one HTML file, for the screen and for paper.
#include <cctype>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/emit/html_text.hpp"
#include "compiler/emit/runbook.hpp"

namespace plan {

namespace {

using emit::html_escaped;
using emit::Runbook;
using emit::RunbookItem;
using emit::RunbookStep;

constexpr std::string_view page_style = R"css(
:root { color-scheme: light dark; --bg: #fff; --fg: #1a1a1a; --dim: #5b5b5b; --line: #d9d9d6;
  --panel: #f6f6f4; --accent: #0072b2; --code: #f0f0ed; --danger: #b00020; --danger_bg: #fdecef; }
@media (prefers-color-scheme: dark) { :root { --bg: #17191c; --fg: #ececec; --dim: #a8a8a8;
  --line: #3a3d42; --panel: #1f2226; --accent: #6cb8ee; --code: #25292e; --danger: #ff8095;
  --danger_bg: #3a1f25; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0 auto; max-width: 58rem; padding: 2rem 1.5rem 5rem; color: var(--fg);
  background: var(--bg); font: 16px/1.55 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .3rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .8rem; padding-bottom: .3rem;
  border-bottom: 2px solid var(--line); }
h3 { font-size: 1.05rem; margin: 0; }
p { margin: .45rem 0; }
.dim { color: var(--dim); }
small.dim { font-size: .85rem; }
code, pre { font: .86em/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
code { background: var(--code); border-radius: 4px; padding: .08em .3em; overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: 6px; margin: .3rem 0; padding: .6rem .8rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .6rem 0; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0;
  border-bottom: 1px solid var(--line); }
th { color: var(--dim); font-weight: 600; }
td:first-child code, td:nth-child(3) code { white-space: nowrap; }
nav ol, nav ul { margin: .3rem 0; padding-left: 1.4rem; columns: 2 20rem; }
a { color: var(--accent); }
.step { border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; margin: .9rem 0;
  break-inside: avoid-page; }
.step header { display: flex; gap: .6rem; align-items: baseline; flex-wrap: wrap; }
.step header .host { margin-left: auto; color: var(--dim); font-size: .92rem; }
.loop { border-left: 4px solid var(--accent); padding: .1rem 0 .1rem 1rem; margin: 1.2rem 0; }
.no_return { border-color: var(--danger); }
.danger { color: var(--danger); background: var(--danger_bg); border-radius: 6px;
  padding: .4rem .7rem; font-weight: 600; }
h4 { font-size: .78rem; letter-spacing: .05em; text-transform: uppercase; color: var(--dim);
  margin: .8rem 0 .15rem; }
ul.checks { list-style: none; margin: .2rem 0; padding: 0; }
ul.checks li { display: grid; grid-template-columns: 1.5rem 1fr; margin: .15rem 0; }
input[type=checkbox] { width: 1rem; height: 1rem; margin: .25rem 0 0; accent-color: var(--accent); }
.step header input { align-self: center; margin: 0; }
details { margin-top: .6rem; }
summary { cursor: pointer; color: var(--dim); font-size: .92rem; }
@media (max-width: 640px) { body { padding: 1rem .9rem 3rem; } tr { display: block; padding: .3rem 0;
  border-bottom: 1px solid var(--line); } td { display: block; border: 0; padding: .1rem 0; }
  th { display: none; } td:first-child code, td:nth-child(3) code { white-space: normal; } }
@media print { :root { color-scheme: light; --bg: #fff; --fg: #000; --dim: #444; --line: #bbb;
  --panel: #fff; --accent: #000; --code: #f2f2f2; --danger: #000; --danger_bg: #fff; }
  body { max-width: none; padding: 0; font-size: 10.5pt; } nav { display: none; }
  h2 { break-after: avoid; } a { color: inherit; text-decoration: none; }
  .danger { border: 2px solid #000; } @page { margin: 1.6cm; } }
)css";

// Prose of the author's: between backticks stands code.
std::string html_prose(std::string_view text) {
  std::string result;
  bool is_code = false;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t tick = std::min(text.find('`', at), text.size());
    result += html_escaped(text.substr(at, tick - at));
    at = tick + 1;
    if (tick < text.size()) {
      const bool has_end = is_code || text.find('`', at) != text.npos;
      result += has_end ? (is_code ? "</code>" : "<code>") : "`";
      is_code = has_end && !is_code;
    }
  }
  return result;
}

class Page {
 public:
  explicit Page(Runbook book) : book_(std::move(book)) {}

  std::string write() {
    add("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    add("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    add("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'\">\n");
    add("<title>{}</title>\n<style>", html_escaped(book_.title));
    out_.append(page_style);
    add("</style>\n</head>\n<body>\n<h1>{}</h1>\n", html_escaped(book_.title));
    add("<small class=\"dim\">Written by <code>plan doc</code> from the plan "
        "<code>{}</code>; change the plan, not this page.</small>\n",
        book_.digest.substr(0, 12));
    contents();
    before();
    for (const emit::RunbookSection& section : book_.sections) {
      add("<h2 id=\"s{}\">{}{}</h2>\n", section.number,
          section.number.empty() ? "" : section.number + ". ", html_escaped(section.title));
      items(section.items);
    }
    if (!book_.goals.empty()) {
      add("<h2 id=\"end\">At the end this holds</h2>\n");
      checks("", book_.goals);
    }
    way_back();
    states();
    add("</body>\n</html>\n");
    return fmt::to_string(out_);
  }

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  void contents() {
    add("<nav aria-label=\"contents\"><ul>\n");
    for (const emit::RunbookSection& section : book_.sections) {
      add("<li><a href=\"#s{}\">{}{}</a></li>\n", section.number,
          section.number.empty() ? "" : section.number + ". ", html_escaped(section.title));
    }
    if (!book_.way_back.empty()) {
      add("<li><a href=\"#back\">The way back</a></li>\n");
    }
    if (!book_.states.empty()) {
      add("<li><a href=\"#look\">How to look</a></li>\n");
    }
    add("</ul></nav>\n");
  }

  void before() {
    add("<h2>Before you begin</h2>\n");
    if (!book_.hosts.empty()) {
      add("<table><tr><th>Host</th><th>Address</th><th>Login</th></tr>\n");
      for (const Host& host : book_.hosts) {
        add("<tr><td><b>{}</b></td><td>{}</td><td>{}</td></tr>\n", html_escaped(host.name),
            host.is_local          ? "this machine"
            : host.address.empty() ? "<i class=\"dim\">given when it runs</i>"
                                   : html_escaped(host.address),
            host.user.empty() ? "<i class=\"dim\">as OpenSSH says</i>" : html_escaped(host.user));
      }
      add("</table>\n");
    }
    if (!book_.inputs.empty()) {
      add("<table><tr><th>Input</th><th>Type</th><th>Value</th><th>What it is</th></tr>\n");
      for (const emit::RunbookInput& input : book_.inputs) {
        add("<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            html_escaped(input.name), html_escaped(input.type),
            input.is_secret       ? "<i class=\"dim\">secret, never shown</i>"
            : input.value.empty() ? "<i class=\"dim\">given when it runs</i>"
                                  : "<code>" + html_escaped(input.value) + "</code>",
            html_prose(input.documentation));
      }
      add("</table>\n");
    }
    preflight();
    if (!book_.invariants.empty()) {
      add("<h4>At every moment this holds</h4>\n<ul>\n");
      for (const std::string& condition : book_.invariants) {
        add("<li><code>{}</code></li>\n", html_escaped(condition));
      }
      add("</ul>\n");
    }
    if (!book_.destroyed.empty()) {
      add("<p class=\"danger\">Destroyed on the way: {}</p>\n",
          html_escaped(fmt::format("{}", fmt::join(book_.destroyed, ", "))));
    }
    if (book_.no_return.empty()) {
      add("<p>Every step can be taken back.</p>\n");
    }
    for (const std::string& step : book_.no_return) {
      add("<p class=\"danger\">Point of no return: step {}</p>\n", html_escaped(step));
    }
  }

  void preflight() {
    if (book_.preflight.empty()) {
      return;
    }
    add("<h4>Check first, before anything is changed</h4>\n<ul class=\"checks\">\n");
    for (const emit::RunbookCheck& one : book_.preflight) {
      check("", one.condition,
            one.otherwise.empty() ? "" : "<br>otherwise: " + html_escaped(one.otherwise));
    }
    add("</ul>\n");
  }

  void checks(std::string_view title, const std::vector<std::string>& conditions) {
    if (conditions.empty()) {
      return;
    }
    if (!title.empty()) {
      add("<h4>{}</h4>\n", title);
    }
    add("<ul class=\"checks\">\n");
    for (const std::string& condition : conditions) {
      check("", condition, "");
    }
    add("</ul>\n");
  }

  // `detail` is HTML.
  void check(std::string_view before, std::string_view condition, std::string_view detail) {
    add("<li><input type=\"checkbox\" aria-label=\"checked\"><span>{}<code>{}</code>"
        "<span class=\"dim\">{}</span></span></li>\n",
        before, html_escaped(condition), detail);
  }

  void block(std::string_view title, const std::vector<std::string>& lines) {
    add("<h4>{}</h4>\n<pre>", title);
    for (std::size_t index = 0; index < lines.size(); ++index) {
      add("{}{}", index == 0 ? "" : "\n", html_escaped(lines[index]));
    }
    add("</pre>\n");
  }

  void items(const std::vector<RunbookItem>& all) {
    for (const RunbookItem& item : all) {
      if (item.loop.empty()) {
        step(item.step);
        continue;
      }
      std::string title = item.loop;
      title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
      add("<section class=\"loop\" id=\"n{}\"><h3>{} {}</h3>\n", item.step.number, item.step.number,
          html_escaped(title));
      after(item.step, false);
      items(item.items);
      add("</section>\n");
    }
  }

  void after(const RunbookStep& step, bool has_timeout) {
    if (step.after.empty() && !has_timeout) {
      return;
    }
    add("<p class=\"dim\">");
    for (std::size_t index = 0; index < step.after.size(); ++index) {
      add("{}<a href=\"#n{}\">{}</a>", index == 0 ? "After " : ", ", step.after[index],
          step.after[index]);
    }
    if (has_timeout) {
      add("{}akes at most {}", step.after.empty() ? "T" : " · t", step.description.timeout);
    }
    add("</p>\n");
  }

  void step(const RunbookStep& step) {
    const emit::Description& told = step.description;
    const bool ends = step.way_back == emit::WayBack::ends;
    add("<section class=\"step{}\" id=\"n{}\"><header><input type=\"checkbox\" "
        "aria-label=\"step {} is done\"><h3>{} {}</h3><span class=\"host\">on <b>{}</b>{}{}</span>"
        "</header>\n",
        ends ? " no_return" : "", step.number, step.number, step.number, html_escaped(told.name),
        html_escaped(told.host),
        told.user.empty() ? "" : " as <b>" + html_escaped(told.user) + "</b>",
        told.operation.empty() ? "" : " · <code>" + html_escaped(told.operation) + "</code>");
    if (ends) {
      add("<p class=\"danger\">Point of no return{}{}</p>\n", step.irreversible.empty() ? "" : ": ",
          html_escaped(step.irreversible));
    }
    after(step, !step.asks);
    if (step.asks) {
      add("<p><b>{}</b> {}</p>\n",
          told.kind == "approve" ? "A person has to agree:" : "By hand:", html_escaped(told.text));
    }
    for (const std::string& text : {told.documentation, told.note}) {
      if (!text.empty()) {
        add("<p>{}</p>\n", html_prose(text));
      }
    }
    contract(step);
    add("</section>\n");
  }

  void contract(const RunbookStep& step) {
    const emit::Description& told = step.description;
    if (!told.when.empty()) {
      add("<p>Only when <code>{}</code>.</p>\n", html_escaped(told.when));
    }
    if (!told.requirements.empty()) {
      add("<h4>Before</h4>\n<ul class=\"checks\">\n");
      for (const emit::Requirement& need : told.requirements) {
        check(need.is_awaited ? "it waits until " : "", need.condition,
              need.provider.empty() ? "" : " from " + html_escaped(need.provider));
      }
      add("</ul>\n");
    }
    for (const std::string& what : told.destroys) {
      add("<p class=\"danger\">Destroys {}</p>\n", html_escaped(what));
    }
    if (!told.commands.empty()) {
      block(told.is_detached ? "Do, in the background of the host" : "Do", told.commands);
    }
    if (!told.retry.empty()) {
      add("<p>If it fails: again, {}.</p>\n", told.retry);
    }
    checks("Check", told.ensures);
    if (!told.undo_commands.empty()) {
      add("<h4>Way back</h4>\n<p><code>{}</code></p>\n<pre>", html_escaped(told.undo));
      for (std::size_t index = 0; index < told.undo_commands.size(); ++index) {
        add("{}{}", index == 0 ? "" : "\n", html_escaped(told.undo_commands[index]));
      }
      add("</pre>\n");
    } else if (!step.asks) {
      add("<h4>Way back</h4>\n<p>{}</p>\n", html_escaped(told.undo));
    }
  }

  void way_back() {
    if (book_.way_back.empty()) {
      return;
    }
    add("<h2 id=\"back\">The way back</h2>\n<p>{}Take back what was done, the last step first; the "
        "commands stand at each step.</p>\n<ol>\n",
        book_.no_return.empty() ? "" : "Up to the point of no return. ");
    for (const emit::RunbookWayBack& step : book_.way_back) {
      add("<li><code>{}</code> takes back <a href=\"#n{}\">{} {}</a></li>\n",
          html_escaped(step.undo), step.number, step.number, html_escaped(step.step));
    }
    add("</ol>\n");
  }

  void states() {
    if (book_.states.empty()) {
      return;
    }
    add("<h2 id=\"look\">How to look</h2>\n<p>What the conditions speak of, and how it is "
        "observed.</p>\n");
    for (const emit::RunbookState& state : book_.states) {
      add("<section class=\"step\"><header><h3><code>{}</code></h3>{}</header>\n",
          html_escaped(state.name),
          state.host.empty()
              ? ""
              : "<span class=\"host\">on <b>" + html_escaped(state.host) + "</b></span>");
      if (!state.meaning.empty()) {
        add("<p>{}</p>\n", html_prose(state.meaning));
      }
      if (!state.commands.empty()) {
        block("Observed by", state.commands);
      }
      add("</section>\n");
    }
  }

  Runbook book_;
  fmt::memory_buffer out_;
};

}  // namespace

std::string emit_runbook_html(const Plan& plan) {
  return Page(emit::runbook_of(plan)).write();
}

}  // namespace plan
