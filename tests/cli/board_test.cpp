#include "cli/board.hpp"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "dsl/display_width.hpp"

namespace {

using plan::Board;
using plan::BoardLook;
using plan::RowState;
using plan::RunEvent;
using plan::RunEventKind;

// Two phases of `count` steps each; the last step of all ends the way back.
plan::Plan plan_of(std::uint32_t count) {
  plan::Plan plan;
  plan.title = "Move the orchestrator";
  plan.hosts.push_back({.name = "old"});
  for (std::uint32_t phase = 0; phase < 2; ++phase) {
    plan.phases.push_back({.title = phase == 0 ? "Quiesce" : "Start"});
    for (std::uint32_t index = 0; index < count; ++index) {
      plan::Step step;
      step.name = (phase == 0 ? "a" : "b") + std::to_string(index);
      step.host = 0;
      step.phase = phase;
      plan.phases.back().steps.push_back({static_cast<std::uint32_t>(plan.steps.size())});
      plan.steps.push_back(std::move(step));
    }
  }
  plan.point_of_no_return = {{static_cast<std::uint32_t>(plan.steps.size() - 1)}};
  return plan;
}

RunEvent event(RunEventKind kind, std::string step, std::string detail = "") {
  return {.kind = kind,
          .at = std::chrono::milliseconds(1'000'000),
          .step = std::move(step),
          .detail = std::move(detail)};
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text;
}

constexpr BoardLook look{.columns = 80, .rows = 40, .now = std::chrono::milliseconds(1'065'000)};

}  // namespace

TEST_CASE("a running step shows its time and the last line of its output") {
  Board board = board_of(plan_of(2));
  update(board, event(RunEventKind::step_started, "a0"));
  update(board, event(RunEventKind::step_output, "a0", "first\nsecond line  \n\n"));
  const std::string text = joined(draw(board, look));
  CHECK(text.contains("> running  a0"));
  CHECK(text.contains("old"));
  CHECK(text.contains("1 min 5 s  second line\n"));
  CHECK(text.contains("1 running, 3 waiting"));
}

TEST_CASE("a running step shows the command that runs until that has written something") {
  Board board = board_of(plan_of(2));
  update(board, event(RunEventKind::step_started, "a0"));
  update(board, event(RunEventKind::step_command, "a0", "pg_dump -Fd shop"));
  CHECK(joined(draw(board, look)).contains("1 min 5 s  $ pg_dump -Fd shop\n"));
  update(board, event(RunEventKind::step_output, "a0", "dumped\n"));
  CHECK(joined(draw(board, look)).contains("1 min 5 s  dumped\n"));
}

TEST_CASE("on a narrow screen the time is still there") {
  plan::Plan plan = plan_of(2);
  plan.steps[0].name = std::string(60, 'n');
  Board board = board_of(plan);
  update(board, event(RunEventKind::step_started, plan.steps[0].name));
  BoardLook narrow = look;
  narrow.columns = 40;
  CHECK(joined(draw(board, narrow)).contains("1 min 5 s"));
}

TEST_CASE("a long title leaves room for what goes on and for how long") {
  plan::Plan plan = plan_of(1);
  plan.title = std::string(200, 't');
  Board board = board_of(plan);
  update(board, event(RunEventKind::step_started, "a0"));
  const std::string first = draw(board, look).front();
  CHECK(first.contains("running  1 min 5 s elapsed"));
  CHECK(plan::display_width(first) <= look.columns);
}

TEST_CASE("a loop is not counted among the steps") {
  plan::Plan plan = plan_of(2);
  plan.steps[0].name = "for env#begin";
  Board board = board_of(plan);
  update(board, event(RunEventKind::loop_unfolded, "for env#begin", "[a] [b]"));
  CHECK(joined(draw(board, look)).contains("\n3 waiting\n"));
}

TEST_CASE("states are told by words, with and without colour") {
  Board board = board_of(plan_of(2));
  update(board, event(RunEventKind::step_done, "a0"));
  update(board, event(RunEventKind::step_failed, "a1", "no such unit"));
  update(board, event(RunEventKind::step_blocked, "b0"));
  const std::string text = joined(draw(board, look));
  CHECK(!text.contains('\x1b'));
  CHECK(text.contains("+ done"));
  CHECK(text.contains("x failed"));
  CHECK(text.contains("no such unit"));
  CHECK(text.contains("| blocked"));
  BoardLook colored = look;
  colored.colored = true;
  CHECK(joined(draw(board, colored)).contains("\x1b[31m"));
}

TEST_CASE("the way back ends when the point of no return is passed") {
  Board board = board_of(plan_of(2));
  CHECK(joined(draw(board, look)).contains("way back: yes (plan rollback), until b1"));
  update(board, event(RunEventKind::step_started, "b1"));
  CHECK(joined(draw(board, look)).contains("way back: no"));
}

TEST_CASE("no drawing is wider or higher than the terminal") {
  for (const std::size_t columns : {20U, 40U, 80U, 200U}) {
    for (const std::size_t rows : {5U, 10U, 24U, 60U}) {
      Board board = board_of(plan_of(15));
      for (int index = 0; index < 15; ++index) {
        update(board, event(RunEventKind::step_done, "a" + std::to_string(index)));
      }
      update(board, event(RunEventKind::step_started, "b3"));
      update(board, event(RunEventKind::step_output, "b3", std::string(300, 'x')));
      BoardLook narrow = look;
      narrow.columns = columns;
      narrow.rows = rows;
      const auto lines = draw(board, narrow);
      CHECK(lines.size() <= rows);
      CHECK(std::ranges::all_of(
          lines, [&](const std::string& line) { return plan::display_width(line) <= columns; }));
      CHECK(joined(lines).contains("running"));
    }
  }
}

TEST_CASE("what is over is summed up when there is no room") {
  Board board = board_of(plan_of(15));
  for (int index = 0; index < 15; ++index) {
    update(board, event(RunEventKind::step_done, "a" + std::to_string(index)));
  }
  BoardLook low = look;
  low.rows = 24;
  const std::string text = joined(draw(board, low));
  CHECK(text.contains("+ done     Quiesce (15 steps)"));
  CHECK(text.contains("b14"));
}

TEST_CASE("an element of a loop gets a row of its own behind its template") {
  plan::Plan plan = plan_of(2);
  plan.steps[1].loop = 0;
  plan.loops.push_back({.variable = "env"});
  Board board = board_of(plan);
  update(board, event(RunEventKind::step_started, "a1[billing]"));
  update(board, event(RunEventKind::step_started, "a1[shop]"));
  const std::string text = joined(draw(board, look));
  CHECK(text.find("a1[billing]") < text.find("a1[shop]"));
  CHECK(text.find("a1[shop]") < text.find("b0"));
  CHECK(!text.contains("waiting  a1 "));
}

TEST_CASE("control characters of an output never reach the terminal") {
  Board board = board_of(plan_of(1));
  update(board, event(RunEventKind::step_started, "a0"));
  update(board, event(RunEventKind::step_output, "a0", "evil\x1b[2Jtext\x07"));
  CHECK(!joined(draw(board, look)).contains('\x1b'));
}

TEST_CASE("a step that was running when the run ended is called stopped") {
  Board board = board_of(plan_of(1));
  update(board, event(RunEventKind::step_started, "a0"));
  update(board, event(RunEventKind::run_finished, "", "interrupted"));
  CHECK(joined(draw(board, look)).contains("! stopped  a0"));
}

TEST_CASE("what an earlier attempt has done is shown as done from the beginning") {
  Board board = board_of(plan_of(2));
  remember(board, {{.name = "a0", .status = plan::StepStatus::done},
                   {.name = "a1", .status = plan::StepStatus::interrupted}});
  const std::string text = joined(draw(board, look));
  CHECK(text.contains("+ done     a0"));
  CHECK(text.contains(". waiting  a1"));
}

TEST_CASE("a step that was taken back is called undone") {
  Board board = board_of(plan_of(1));
  RunEvent undone = event(RunEventKind::step_done, "a0");
  undone.text = "undo";
  update(board, undone);
  CHECK(joined(draw(board, look)).contains("< undone   a0"));
}

TEST_CASE("a loop whose query found nothing leaves no step waiting") {
  plan::Plan plan = plan_of(2);
  plan.steps[1].loop = 0;
  plan.loops.push_back({.variable = "env"});
  Board board = board_of(plan);
  update(board, event(RunEventKind::run_finished, "", "done"));
  CHECK(joined(draw(board, look)).contains("- skipped  a1"));
}
