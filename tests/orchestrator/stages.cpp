#include "tests/orchestrator/stages.hpp"

#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include <fmt/format.h>

namespace orchestrator {
namespace {

constexpr int max_model_lines = 100'000;

struct Assignment {
  std::string value;
  int line = 0;
};

struct DoubleSet {
  Assignment before;
  Assignment after;
};

struct Model {
  std::vector<std::string> names;  // in order of the first assignment
  std::optional<DoubleSet> error;
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::filesystem::path repository_path(const std::string& repository) {
  return repository.starts_with("file://") ? repository.substr(7) : repository;
}

bool is_repository(const std::string& repository) {
  std::error_code missing;
  return std::filesystem::is_regular_file(repository_path(repository) / "main.cf", missing);
}

void replace_checkout(const ProjectSource& source) {
  std::error_code ignored;
  std::filesystem::remove_all(source.directory, ignored);
  std::filesystem::create_directories(source.directory);
  for (const auto& entry :
       std::filesystem::directory_iterator(repository_path(source.repository))) {
    if (entry.is_regular_file()) {
      std::filesystem::copy_file(entry.path(), source.directory / entry.path().filename());
    }
  }
}

Model read_model(const std::filesystem::path& path) {
  std::ifstream stream(path);
  std::map<std::string, Assignment> seen;
  Model model;
  std::string text;
  for (int line = 1; line <= max_model_lines && std::getline(stream, text); ++line) {
    text = trimmed(text.substr(0, text.find('#')));
    if (text == "value set twice") {
      model.error = DoubleSet{{"1", line}, {"2", line}};
      return model;
    }
    const auto equals = text.find('=');
    if (equals == std::string::npos) {
      continue;
    }
    const std::string name = trimmed(text.substr(0, equals));
    const Assignment assignment{trimmed(text.substr(equals + 1)), line};
    const auto [found, is_new] = seen.emplace(name, assignment);
    if (is_new) {
      model.names.push_back(name);
    } else if (found->second.value != assignment.value) {
      model.error = DoubleSet{found->second, assignment};
      return model;
    }
  }
  return model;
}

Outcome compile_model(const std::filesystem::path& directory) {
  const Model model = read_model(directory / "main.cf");
  if (!model.error) {
    return {.output = "", .names = model.names};
  }
  const auto& [before, after] = *model.error;
  const std::string message = fmt::format(
      "value set twice:\n\told value: {}\n\t\tset at ./main.cf:{}\n"
      "\tnew value: {}\n\t\tset at ./main.cf:{}\n",
      before.value, before.line, after.value, after.line);
  const Json range{{"start", {{"line", after.line - 1}, {"character", 0}}},
                   {"end", {{"line", after.line}, {"character", 0}}}};
  const Json error{{"category", "runtime_error"},
                   {"type", "inmanta.ast.DoubleSetException"},
                   {"message", message},
                   {"location", {{"uri", "./main.cf"}, {"range", range}}}};
  return {.return_code = 1,
          .error = "inmanta                  ERROR   " + message,
          .compile_data = {{"errors", Json::array({error})}}};
}

Outcome clone(const ProjectSource& source) {
  if (!is_repository(source.repository)) {
    return {.return_code = 128,
            .error = fmt::format("Cloning into '.'...\nfatal: repository '{}' does not exist\n",
                                 source.repository)};
  }
  replace_checkout(source);
  return {.error = "Cloning into '.'...\ndone.\n"};
}

Outcome pull(const ProjectSource& source) {
  if (!is_repository(source.repository)) {
    return {.return_code = 1,
            .error = fmt::format("fatal: '{}' does not appear to be a git repository\n"
                                 "fatal: Could not read from remote repository.\n\n"
                                 "Please make sure you have the correct access rights\n"
                                 "and the repository exists.\n",
                                 source.repository)};
  }
  replace_checkout(source);
  return {.output = "Already up to date.\n"};
}

Outcome install(const std::filesystem::path& directory) {
  std::ifstream stream(directory / "requirements.txt");
  std::string line;
  while (std::getline(stream, line)) {
    if (trimmed(line) == "conflict") {
      return {.return_code = 1,
              .error =
                  "inmanta.env.ConflictingRequirements: Not all required python packages are"
                  " installed run 'inmanta project install' to resolve this\n\n"
                  "\t* Constraint conflict is not installed (from requirements.txt)\n"};
    }
  }
  return {};
}

Stage export_stage(const ProjectSource& source) {
  return {.name = "Recompiling configuration model",
          .command = fmt::format("{}/.env/bin/python -m inmanta.app -vvv export -X -e {}",
                                 source.directory.string(), source.directory.filename().string()),
          .share = 0.4,
          .is_export = true,
          .run = [directory = source.directory] { return compile_model(directory); }};
}

Stage init_stage(const ProjectSource& source, bool is_new) {
  std::string output;
  if (is_new) {
    output = fmt::format("Creating project directory for environment {} at {}\n",
                         source.directory.filename().string(), source.directory.string());
  }
  return {.name = "Init", .command = "", .share = 0.02, .run = [output] {
            return Outcome{.output = output};
          }};
}

std::vector<Stage> clone_form(const ProjectSource& source) {
  const std::string branch = source.branch.empty() ? "" : " -b " + source.branch;
  const std::string venv = (source.directory / ".env").string();
  return {init_stage(source, true),
          {.name = "Cloning repository",
           .command = fmt::format("git clone {} .{}", source.repository, branch),
           .share = 0.18,
           .run = [source] { return clone(source); }},
          {.name = "Creating venv",
           .command = "python3 -m venv " + venv,
           .share = 0.2,
           .run = [] { return Outcome{}; }},
          {.name = "Installing modules",
           .command = venv + "/bin/python -m inmanta.app -vvv -X project install",
           .share = 0.2,
           .run = [directory = source.directory] { return install(directory); }},
          export_stage(source)};
}

std::vector<Stage> update_form(const ProjectSource& source) {
  const std::string python = (source.directory / ".env/bin/python").string();
  return {init_stage(source, false),
          {.name = "Pulling updates",
           .command = "git pull",
           .share = 0.18,
           .run = [source] { return pull(source); }},
          {.name = "Uninstall inmanta packages from the compiler venv",
           .command = python + " -m pip uninstall -y inmanta inmanta-service-orchestrator",
           .share = 0.1,
           .run = [] { return Outcome{}; }},
          {.name = "Updating modules",
           .command = python + " -m inmanta.app -vvv -X project update",
           .share = 0.3,
           .run = [directory = source.directory] { return install(directory); }},
          export_stage(source)};
}

}  // namespace

std::vector<Stage> stages_of(const ProjectSource& source) {
  std::error_code missing;
  const bool has_checkout = std::filesystem::exists(source.directory / "main.cf", missing);
  if (!has_checkout && source.repository.empty()) {
    const std::string complaint =
        fmt::format("Failed to compile: no project found in {} and no repository set.\n",
                    source.directory.string());
    return {{.name = "Init", .command = "", .run = [complaint] {
               return Outcome{.return_code = 1, .output = complaint};
             }}};
  }
  if (!has_checkout) {
    return clone_form(source);
  }
  if (source.update && !source.repository.empty()) {
    return update_form(source);
  }
  return {init_stage(source, false), export_stage(source)};
}

}  // namespace orchestrator
