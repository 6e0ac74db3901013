// Every line of the flagship, and every requirement and effect of the operations it uses, is there
// for a reason: deleted, the plan is refused, or the reason why it may still compile stands below.
#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "compiler/compile.hpp"
#include "stdlib/embedded.hpp"

namespace plan {
namespace {

using Lines = std::vector<std::string>;

// A mutant that compiles, and why that is right. `line`: the deleted line, without its indent.
struct Explained {
  std::string_view file;
  std::string_view line;
  std::string_view reason;
};

const std::vector<Explained> explained = {
#include "tests/sim/flagship_mutants.inc"
};

Lines split_lines(std::string_view text) {
  std::istringstream stream{std::string(text)};
  Lines lines;
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::string join_lines(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text;
}

std::string_view trimmed(std::string_view line) {
  const auto begin = line.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view{} : line.substr(begin);
}

std::size_t indent_of(std::string_view line) {
  return line.size() - trimmed(line).size();
}

// One past the last line of the statement that starts at `index`: a block goes with its opening
// line.
std::size_t end_of_statement(const Lines& lines, std::size_t index) {
  if (!lines[index].ends_with("{")) {
    return index + 1;
  }
  std::size_t end = index + 1;
  while (end < lines.size() && !(trimmed(lines[end]).starts_with("}") &&
                                 indent_of(lines[end]) == indent_of(lines[index]))) {
    ++end;
  }
  return end + 1;
}

// The flagship with the modules that it uses as files beside it, so that any line can be changed.
class Sources : public SourceLoader {
 public:
  Sources() {
    std::ifstream plan("plans/inmanta_migration.plan");
    std::string source(std::istreambuf_iterator<char>(plan), {});
    // The plan's own tests stand last and bring nothing about.
    source.erase(source.find("\ntest \"") + 1);
    files_["flagship.plan"] = std::move(source);
    std::ifstream releases("plans/inmanta_releases.txt");
    files_["inmanta_releases.txt"] = std::string(std::istreambuf_iterator<char>(releases), {});
    for (const EmbeddedFile& file : embedded_files()) {
      if (file.name.starts_with("stdlib/std/")) {
        files_[std::string(file.name.substr(std::string_view("stdlib/std/").size()))] = file.text;
      }
    }
    for (auto& [name, text] : files_) {
      localise(text);
    }
  }

  [[nodiscard]] std::optional<std::string> read(std::string_view path, std::string& why) override {
    std::string name(path);
    if (name.starts_with("./")) {
      name.erase(0, 2);
    }
    const auto found = files_.find(name);
    if (found == files_.end()) {
      why = "no such file";
      return std::nullopt;
    }
    return found->second;
  }

  [[nodiscard]] const std::string& text(const std::string& name) const { return files_.at(name); }
  void replace(const std::string& name, std::string text) { files_[name] = std::move(text); }

 private:
  // `use std.x` and `module std.x` become the files beside the plan.
  static void localise(std::string& text) {
    Lines lines = split_lines(text);
    for (std::string& line : lines) {
      if (line.starts_with("use std.")) {
        line = "use \"./" + line.substr(8) + ".plan\"";
      } else if (line.starts_with("module std.")) {
        line = "module " + line.substr(11);
      }
    }
    text = join_lines(lines);
  }

  std::map<std::string, std::string> files_;
};

// The codes of the errors, "" where the plan is accepted.
std::string refused_with(Sources& sources) {
  SourceMap map;
  Diagnostics diagnostics;
  CompileOptions options;
  options.entry = "flagship.plan";
  const CompileResult result = compile(map, sources, options, diagnostics);
  std::string codes;
  for (const Diagnostic& diagnostic : diagnostics.items()) {
    if (diagnostic.severity == Severity::error) {
      codes += std::string(info(diagnostic.code).code) + " " + diagnostic.message + "\n";
    }
  }
  REQUIRE(codes.empty() == result.plan.has_value());
  return codes;
}

bool is_statement(std::string_view line) {
  const std::string_view text = trimmed(line);
  return !text.empty() && !text.starts_with("#") && !text.starts_with("}");
}

bool is_contract(std::string_view line) {
  const std::string_view text = trimmed(line);
  constexpr std::string_view clauses[] = {"requires ", "awaits ",       "ensures ", "changes ",
                                          "destroys ", "irreversible ", "undo "};
  return line.starts_with("  ") && std::ranges::any_of(clauses, [&](std::string_view clause) {
           return text.starts_with(clause);
         });
}

const Explained* explanation(std::string_view file, std::string_view line) {
  const auto found = std::ranges::find_if(explained, [&](const Explained& entry) {
    return entry.file == file && entry.line == trimmed(line);
  });
  return found == explained.end() ? nullptr : &*found;
}

// The lines of the operations of a module that the flagship's steps and their undos use.
bool is_in_operation(const Lines& lines, std::size_t index, const std::vector<std::string>& names) {
  while (index > 0 &&
         (lines[index].starts_with(" ") || lines[index].empty() || lines[index].starts_with("#"))) {
    --index;
  }
  return std::ranges::any_of(names, [&](const std::string& name) {
    return lines[index].starts_with("operation " + name + "(");
  });
}

void check_mutants(const std::string& file,
                   bool (*is_mutated)(std::string_view),
                   const std::vector<std::string>& operations) {
  const Sources original;
  const Lines lines = split_lines(original.text(file));
  std::size_t mutants = 0;
  std::size_t refused = 0;
  std::set<const Explained*> unused;
  for (const Explained& entry : explained) {
    if (entry.file == file) {
      unused.insert(&entry);
    }
  }
  for (std::size_t index = 0; index < lines.size(); ++index) {
    if (!is_mutated(lines[index]) ||
        (!operations.empty() && !is_in_operation(lines, index, operations))) {
      continue;
    }
    Lines mutant = lines;
    mutant.erase(mutant.begin() + static_cast<std::ptrdiff_t>(index),
                 mutant.begin() + static_cast<std::ptrdiff_t>(end_of_statement(lines, index)));
    Sources sources = original;
    sources.replace(file, join_lines(mutant));
    const std::string codes = refused_with(sources);
    const Explained* why = explanation(file, lines[index]);
    INFO(file << ":" << index + 1 << ": " << lines[index] << "\n" << codes);
    // One explanation may stand for equal lines of several operations, some of which are refused.
    CHECK((!codes.empty() || why != nullptr));
    unused.erase(codes.empty() ? why : nullptr);
    ++mutants;
    refused += codes.empty() ? 0 : 1;
  }
  for (const Explained* entry : unused) {
    FAIL_CHECK(file << ": refused now, but explained: " << entry->line);
  }
  WARN(file << ": " << mutants << " mutants, " << refused << " refused, " << mutants - refused
            << " explained");
}

TEST_CASE("the flagship compiles") {
  Sources sources;
  CHECK(refused_with(sources).empty());
}

TEST_CASE("no line of the flagship can be forgotten") {
  check_mutants("flagship.plan", is_statement, {});
}

TEST_CASE("no requirement or effect of the flagship's operations can be forgotten") {
  check_mutants("inmanta.plan", is_contract,
                {"halt_all", "disable", "stop", "start", "keep_agents_paused", "request_recompile",
                 "resume", "wait_compiled", "unpause_agents"});
  check_mutants("postgres.plan", is_contract, {"move"});
}

}  // namespace
}  // namespace plan
