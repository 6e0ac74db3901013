// The runbook as Markdown (CommonMark with tables).
#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/emit/runbook.hpp"

namespace plan {

namespace {

using emit::Runbook;
using emit::RunbookItem;
using emit::RunbookStep;

// Text outside of code: what Markdown would take for markup is escaped.
std::string markdown_prose(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("\\`*_[]<>#|~").contains(c)) {
      result += '\\';
    }
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

std::size_t longest_fence(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

// A code span; the fence is longer than any run of backquotes inside.
std::string code(std::string_view text) {
  const std::size_t longest = longest_fence(text);
  const std::string fence(longest + 1, '`');
  const std::string space = longest > 0 ? " " : "";
  return fence + space + std::string(text) + space + fence;
}

// In a table a `|` ends the cell, even in code.
std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

class MarkdownWriter {
 public:
  explicit MarkdownWriter(Runbook book) : book_(std::move(book)) {}

  std::string write() {
    line("# {}", markdown_prose(book_.title));
    line("\n*Written by `plan doc` from the plan {}; change the plan, not this page.*",
         code(book_.digest.substr(0, 12)));
    before();
    for (const emit::RunbookSection& section : book_.sections) {
      line("\n## {}{}", section.number.empty() ? "" : section.number + ". ",
           markdown_prose(section.title));
      write_items(section.items);
    }
    list("At the end this holds", book_.goals, "- [ ] ");
    way_back();
    states();
    return fmt::to_string(out_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
    out_.push_back('\n');
  }

  void list(std::string_view title,
            const std::vector<std::string>& conditions,
            std::string_view bullet) {
    if (conditions.empty()) {
      return;
    }
    line("\n## {}\n", title);
    for (const std::string& condition : conditions) {
      line("{}{}", bullet, code(condition));
    }
  }

  void before() {
    line("\n## Before you begin");
    if (!book_.hosts.empty()) {
      line("\n| Host | Address | Login |\n|---|---|---|");
    }
    for (const Host& host : book_.hosts) {
      line("| **{}** | {} | {} |", cell(markdown_prose(host.name)),
           host.is_local          ? "this machine"
           : host.address.empty() ? "*(given when it runs)*"
                                  : cell(markdown_prose(host.address)),
           host.user.empty() ? "" : cell(markdown_prose(host.user)));
    }
    if (!book_.inputs.empty()) {
      line("\n| Input | Type | Value | What it is |\n|---|---|---|---|");
    }
    for (const emit::RunbookInput& input : book_.inputs) {
      line("| {} | {} | {} | {} |", cell(code(input.name)), cell(markdown_prose(input.type)),
           input.is_secret       ? "*(secret, never shown)*"
           : input.value.empty() ? "*(given when it runs)*"
                                 : cell(code(input.value)),
           cell(markdown_prose(input.documentation)));
    }
    if (!book_.preflight.empty()) {
      line("\nCheck first, before anything is changed:\n");
    }
    for (const emit::RunbookCheck& check : book_.preflight) {
      line("- [ ] {}{}", code(check.condition),
           check.otherwise.empty() ? "" : " — otherwise: " + markdown_prose(check.otherwise));
    }
    conditions("At every moment this holds:", "- ", book_.invariants);
    if (!book_.destroyed.empty()) {
      line("\n**Destroyed on the way:** {}.",
           markdown_prose(fmt::format("{}", fmt::join(book_.destroyed, ", "))));
    }
    if (book_.no_return.empty()) {
      line("\nEvery step can be taken back.");
    }
    for (const std::string& step : book_.no_return) {
      line("\n**Point of no return:** step {}.", markdown_prose(step));
    }
  }

  void conditions(std::string_view title,
                  std::string_view bullet,
                  const std::vector<std::string>& all) {
    if (all.empty()) {
      return;
    }
    line("\n{}\n", title);
    for (const std::string& condition : all) {
      line("{}{}", bullet, code(condition));
    }
  }

  void block(const std::vector<std::string>& lines) {
    std::size_t longest = 2;
    for (const std::string& one : lines) {
      longest = std::max(longest, longest_fence(one));
    }
    const std::string fence(longest + 1, '`');
    line("{}text", fence);
    for (const std::string& one : lines) {
      line("{}", one);
    }
    line("{}", fence);
  }

  void write_items(const std::vector<RunbookItem>& items) {
    for (const RunbookItem& item : items) {
      if (item.loop.empty()) {
        write_step(item.step);
        continue;
      }
      std::string title = markdown_prose(item.loop);
      title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
      line("\n### {} {}", item.step.number, title);
      after(item.step);
      line("\nFor every one of them:");
      write_items(item.items);
    }
  }

  void after(const RunbookStep& step) {
    if (!step.after.empty()) {
      line("\nAfter {}.", fmt::join(step.after, ", "));
    }
  }

  void write_step(const RunbookStep& step) {
    const emit::Description& told = step.description;
    const bool is_inner = std::ranges::count(step.number, '.') > 1;
    line("\n{} {} {}", is_inner ? "####" : "###", step.number, markdown_prose(told.name));
    if (step.way_back == emit::WayBack::ends) {
      line("\n> **POINT OF NO RETURN**{}",
           step.irreversible.empty() ? "" : ": " + markdown_prose(step.irreversible));
    }
    line("\nOn **{}**{}{}.{}{}", markdown_prose(told.host),
         told.user.empty() ? "" : " as **" + markdown_prose(told.user) + "**",
         told.operation.empty() ? "" : ", " + code(told.operation),
         step.after.empty() ? "" : fmt::format(" After {}.", fmt::join(step.after, ", ")),
         step.asks ? "" : fmt::format(" Takes at most {}.", told.timeout));
    if (step.asks) {
      line("\n- [ ] {}", told.kind == "approve"
                             ? "A person has to agree: " + markdown_prose(told.text)
                             : "By hand: " + markdown_prose(told.text));
    }
    for (const std::string& text : {told.documentation, told.note}) {
      if (!text.empty()) {
        line("\n{}", markdown_prose(text));
      }
    }
    contract(step);
  }

  void contract(const RunbookStep& step) {
    const emit::Description& told = step.description;
    if (!told.when.empty()) {
      line("\nOnly when {}.", code(told.when));
    }
    bool has_before = false;
    for (const emit::Requirement& need : told.requirements) {
      if (!std::exchange(has_before, true)) {
        line("\nBefore:\n");
      }
      line("- [ ] {}{}{}", need.is_awaited ? "it waits until " : "", code(need.condition),
           need.provider.empty() ? "" : " (from " + markdown_prose(need.provider) + ")");
    }
    for (const std::string& what : told.destroys) {
      line("\n**Destroys** {}.", code(what));
    }
    if (!told.commands.empty()) {
      line("\nDo{}:\n", told.is_detached ? ", in the background of the host" : "");
      block(told.commands);
    }
    if (!told.retry.empty()) {
      line("\nIf it fails: again, {}.", told.retry);
    }
    conditions("Check:", "- [ ] ", told.ensures);
    if (!told.undo_commands.empty()) {
      line("\nWay back, {}:\n", code(told.undo));
      block(told.undo_commands);
    } else if (!step.asks) {
      line("\nWay back: {}.", markdown_prose(told.undo));
    }
  }

  void way_back() {
    if (book_.way_back.empty()) {
      return;
    }
    line("\n## The way back\n");
    line("{}Take back what was done, the last step first; the commands stand at each step.\n",
         book_.no_return.empty() ? "" : "Up to the point of no return. ");
    std::size_t number = 0;
    for (const emit::RunbookWayBack& step : book_.way_back) {
      line("{}. [ ] {} (takes back {} {})", ++number, code(step.undo), step.number,
           markdown_prose(step.step));
    }
  }

  void states() {
    if (book_.states.empty()) {
      return;
    }
    line("\n## How to look\n");
    line("What the conditions speak of, and how it is observed.");
    for (const emit::RunbookState& state : book_.states) {
      line("\n**{}**{}{}\n", markdown_prose(state.name),
           state.host.empty() ? "" : ", on " + markdown_prose(state.host),
           state.meaning.empty() ? "" : ": " + markdown_prose(state.meaning));
      if (!state.commands.empty()) {
        block(state.commands);
      }
    }
  }

  Runbook book_;
  fmt::memory_buffer out_;
};

}  // namespace

std::string emit_runbook(const Plan& plan) {
  return MarkdownWriter(emit::runbook_of(plan)).write();
}

}  // namespace plan
