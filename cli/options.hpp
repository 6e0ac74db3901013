// The command line as a value. CLI11 is used in options.cpp only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"

namespace plan {

enum class Command : std::uint8_t {
  check,
  preview,
  apply,
  rollback,
  status,
  graph,
  fmt,
  explain,
  test,
  lint,
  mark_done,
  approve,
  adopt,
  path,
  doc,
  verify
};

enum class GraphFormat : std::uint8_t { dot, mermaid, svg, json, html };
enum class DocFormat : std::uint8_t { markdown, html };

struct Options {
  Command command{};
  ColorWhen color = ColorWhen::automatic;
  bool is_json = false;
  bool is_sarif = false;
  bool must_fix = false;  // of check and lint: --fix

  std::string file;                        // the plan, or a compiled plan
  std::vector<std::string> files;          // of fmt
  std::map<std::string, std::string> set;  // --set name=value
  std::optional<std::string> inputs_file;
  std::optional<std::string> output;  // --out of check, -o of graph and doc; "-" is stdout

  // Of the commands that look at hosts.
  std::optional<std::string> ssh_config;
  std::optional<std::string> json_into;
  std::optional<std::string> journal;  // in place of the one in the state directory
  bool says_yes = false;
  std::vector<std::string> confirmed;  // --confirm NAME
  std::vector<std::string> approved;   // --approve STEP
  std::uint32_t steps_per_host = 8;
  bool wants_exit_code = false;  // preview --exit-code

  std::optional<std::string> certificate;  // of check: where it is written; of verify: what is read
  GraphFormat format = GraphFormat::dot;
  bool shows_all_edges = false;
  bool only_checks = false;        // fmt --check
  std::vector<std::string> topic;  // of explain: CODE, or "step" NAME
  std::string step;                // of mark-done, approve
  std::string reason;
  bool answers_no = false;  // approve --no
  std::string filter;       // of test: part of a title
  DocFormat doc_format = DocFormat::markdown;
  std::string catalogue;          // of path
  std::vector<std::string> from;  // VERSION, or COMPONENT=VERSION
  std::vector<std::string> to;
};

// What to print instead of doing something: help, version, what is wrong with the command line.
struct Stop {
  std::string text;
  ExitCode code = ExitCode::done;
};

[[nodiscard]] std::variant<Options, Stop> parse_options(int argc, const char* const* argv);

}  // namespace plan
