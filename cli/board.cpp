#include "cli/board.hpp"

#include <algorithm>

#include "dsl/display_width.hpp"

namespace plan {

namespace {

// "resume[billing]"  →  "resume".
std::string_view template_of(std::string_view step) {
  return step.ends_with(']') ? step.substr(0, step.find('[')) : step;
}

Row row_of(const Plan& plan, StepId id, std::size_t phase) {
  const Step& step = plan.steps[id.index];
  Row row;
  row.step = step.name;
  row.title = step_title(step.name);
  row.host = step.host == UINT32_MAX ? "" : plan.hosts[step.host].name;
  row.phase = phase;
  row.is_template = step.loop != UINT32_MAX;
  row.ends_way_back =
      std::ranges::find(plan.point_of_no_return, id) != plan.point_of_no_return.end();
  return row;
}

Row* find_row(Board& board, std::string_view step) {
  const auto found = std::ranges::find(board.rows, step, &Row::step);
  return found == board.rows.end() ? nullptr : &*found;
}

// The row of an instance is put behind the rows of its template when it is first heard of.
Row* row_for(Board& board, const std::string& step) {
  if (step.empty()) {
    return nullptr;
  }
  if (Row* row = find_row(board, step)) {
    return row;
  }
  const std::string_view wanted = template_of(step);
  auto last = board.rows.end();
  for (auto row = board.rows.begin(); row != board.rows.end(); ++row) {
    if (template_of(row->step) == wanted) {
      last = row;
    }
  }
  if (last == board.rows.end()) {
    return nullptr;
  }
  Row added = *last;
  added.step = step;
  added.title = step_title(step);
  added.state = RowState::waiting;
  added.last.clear();
  added.is_template = false;
  if (last->is_template) {
    *last = added;
    return &*last;
  }
  return &*board.rows.insert(last + 1, added);
}

void end_row(Row& row, RowState state, const RunEvent& event) {
  row.state = state;
  row.elapsed = event.elapsed.count() > 0 || row.started.count() == 0 ? event.elapsed
                                                                      : event.at - row.started;
  row.last = state == RowState::done || state == RowState::undone
                 ? ""
                 : std::string(last_line(event.detail));
}

void begin_row(Board& board, Row& row, const RunEvent& event) {
  row.state = RowState::running;
  row.started = event.at;
  row.host = event.host.empty() ? row.host : event.host;  // a way back may run elsewhere
  row.last.clear();
  board.is_past_point_of_no_return = board.is_past_point_of_no_return || row.ends_way_back;
}

void update_row(Board& board, Row& row, const RunEvent& event) {
  switch (event.kind) {
    case RunEventKind::step_started:
      begin_row(board, row, event);
      break;
    case RunEventKind::step_skipped:
      end_row(row, event.detail.contains("hold") ? RowState::held : RowState::skipped, event);
      break;
    case RunEventKind::step_done:
      end_row(row, event.text == "undo" ? RowState::undone : RowState::done, event);
      break;
    case RunEventKind::step_failed:
      end_row(row, RowState::failed, event);
      break;
    case RunEventKind::step_blocked:
      end_row(row, RowState::blocked, event);
      break;
    case RunEventKind::step_command:
      row.last = "$ " + event.detail;
      break;
    case RunEventKind::step_output:
      if (const std::string_view line = last_line(event.detail); !line.empty()) {
        row.last = line;
      }
      break;
    case RunEventKind::step_waiting:
      row.last = "waits: " + event.detail;
      break;
    case RunEventKind::step_retried:
      row.last = "again: " + event.detail;
      break;
    case RunEventKind::loop_unfolded:
      row.state = RowState::done;
      row.last = event.detail;
      break;
    case RunEventKind::run_started:
    case RunEventKind::preflight_started:
    case RunEventKind::host_connected:
    case RunEventKind::observed:
    case RunEventKind::preflight_finished:
    case RunEventKind::step_ready:
    case RunEventKind::phase_started:
    case RunEventKind::phase_done:
    case RunEventKind::goal_checked:
    case RunEventKind::point_of_no_return:
    case RunEventKind::question:
    case RunEventKind::run_finished:
      break;
  }
}

void finish(Board& board, const RunEvent& event) {
  board.is_finished = true;
  board.note.clear();
  board.activity = "finished: " + event.detail;
  for (Row& row : board.rows) {
    if (row.state == RowState::running) {
      row.state = RowState::stopped;
      row.elapsed = event.at - row.started;
    }
    if (row.is_template && row.state == RowState::waiting && event.detail == "done") {
      row.state = RowState::skipped;
      row.last = "no elements";
    }
  }
}

RowState state_of(StepStatus status) {
  switch (status) {
    case StepStatus::done:
    case StepStatus::marked:
      return RowState::done;
    case StepStatus::held:
      return RowState::held;
    case StepStatus::skipped:
      return RowState::skipped;
    case StepStatus::undone:
      return RowState::undone;
    case StepStatus::waiting:
    case StepStatus::running:
    case StepStatus::failed:
    case StepStatus::blocked:
    case StepStatus::interrupted:
      break;  // looked at again
  }
  return RowState::waiting;
}

}  // namespace

std::string_view word(RowState state) {
  switch (state) {
    case RowState::waiting:
      return "waiting";
    case RowState::running:
      return "running";
    case RowState::done:
      return "done";
    case RowState::held:
      return "held";
    case RowState::skipped:
      return "skipped";
    case RowState::failed:
      return "failed";
    case RowState::blocked:
      return "blocked";
    case RowState::stopped:
      return "stopped";
    case RowState::undone:
      return "undone";
  }
  return "";
}

std::string_view symbol(RowState state, bool utf8) {
  switch (state) {
    case RowState::waiting:
      return utf8 ? "·" : ".";
    case RowState::running:
      return utf8 ? "▶" : ">";
    case RowState::done:
      return utf8 ? "✔" : "+";
    case RowState::held:
      return "=";
    case RowState::skipped:
      return "-";
    case RowState::failed:
      return utf8 ? "✘" : "x";
    case RowState::blocked:
      return "|";
    case RowState::stopped:
      return "!";
    case RowState::undone:
      return utf8 ? "↩" : "<";
  }
  return " ";
}

Board board_of(const Plan& plan) {
  Board board;
  board.title = plan.title;
  board.activity = "starting";
  // One heading for each phase, in the plan's order; steps of none stand where they were written.
  const auto add = [&](StepId step, const std::string& phase) {
    if (plan.steps[step.index].kind == StepKind::loop_end) {
      return;  // an internal node: nothing to look at
    }
    if (board.phases.empty() || board.phases.back() != phase) {
      board.phases.push_back(phase);
    }
    board.rows.push_back(row_of(plan, step, board.phases.size() - 1));
  };
  std::vector<bool> is_drawn(plan.phases.size(), false);
  for (std::uint32_t index = 0; index < plan.steps.size(); ++index) {
    const std::uint32_t phase = plan.steps[index].phase;
    if (phase == UINT32_MAX) {
      add({index}, "");
    } else if (!is_drawn[phase]) {
      is_drawn[phase] = true;
      for (const StepId step : plan.phases[phase].steps) {
        add(step, plan.phases[phase].title);
      }
    }
  }
  return board;
}

void update(Board& board, const RunEvent& event) {
  if (board.started.count() == 0) {
    board.started = event.at;
  }
  if (Row* row = row_for(board, event.step)) {
    update_row(board, *row, event);
  }
  switch (event.kind) {
    case RunEventKind::run_started:
      board.activity = event.detail == "resumed" ? "going on with the run" : "running";
      break;
    case RunEventKind::preflight_started:
      board.activity = "looking at the hosts";
      break;
    case RunEventKind::host_connected:
      board.activity = "connected to " + event.text;
      break;
    case RunEventKind::preflight_finished:
    case RunEventKind::phase_started:
    case RunEventKind::step_started:
      board.activity = "running";
      break;
    case RunEventKind::goal_checked:
      board.activity = "looked whether the goals hold";
      break;
    case RunEventKind::run_finished:
      finish(board, event);
      break;
    case RunEventKind::observed:
    case RunEventKind::step_ready:
    case RunEventKind::step_skipped:
    case RunEventKind::step_command:
    case RunEventKind::step_output:
    case RunEventKind::step_waiting:
    case RunEventKind::step_retried:
    case RunEventKind::step_done:
    case RunEventKind::step_failed:
    case RunEventKind::step_blocked:
    case RunEventKind::loop_unfolded:
    case RunEventKind::phase_done:
    case RunEventKind::point_of_no_return:
    case RunEventKind::question:
      break;
  }
}

void remember(Board& board, const std::vector<StepResult>& steps) {
  for (const StepResult& step : steps) {
    Row* row = row_for(board, step.name);
    if (row == nullptr) {
      continue;
    }
    row->state = state_of(step.status);
    row->elapsed = row->state == RowState::waiting ? std::chrono::milliseconds{0} : step.elapsed;
    board.is_past_point_of_no_return =
        board.is_past_point_of_no_return || (row->ends_way_back && step.attempts > 0);
  }
}

std::string step_title(std::string_view step) {
  constexpr std::string_view beginning = "for ";
  const std::size_t mark = step.find("#begin");
  if (!step.starts_with(beginning) || mark == std::string_view::npos) {
    return std::string(step);
  }
  const std::string_view variable = step.substr(beginning.size(), mark - beginning.size());
  return "for each " + std::string(variable) + std::string(step.substr(mark + 6));
}

std::string_view last_line(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t end = text.find_last_not_of(blanks);
  if (end == std::string_view::npos) {
    return "";
  }
  text = text.substr(0, end + 1);
  const std::size_t begin = text.find_last_of("\r\n");
  text = begin == std::string_view::npos ? text : text.substr(begin + 1);
  const std::size_t first = text.find_first_not_of(blanks);
  return text.substr(std::min(first, text.size()));
}

}  // namespace plan
