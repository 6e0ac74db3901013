#pragma once

// The stages of a compile, and how each can fail.
//
// The "repository" is a directory on the server's host that holds `main.cf`, given as a path or a
// file:// address. It decides the outcome, so that an operator can mend it:
//   directory missing                                → `Cloning repository` or `Pulling updates`
//   fails line `conflict` in requirements.txt              → `Installing modules` or `Updating
//   modules` fails `x = 1` then `x = 2`, or a line `value set twice` in main.cf → the model fails
//   (DoubleSetException)
// Each assigned name becomes a resource.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "tests/orchestrator/json.hpp"

namespace orchestrator {

struct ProjectSource {
  std::string repository;  // empty if the environment has none
  std::string branch;
  std::filesystem::path directory;  // the checkout on this server
  bool update = true;
};

struct Outcome {
  int return_code = 0;
  std::string output = {};
  std::string error = {};
  Json compile_data = nullptr;          // of a failed model
  std::vector<std::string> names = {};  // resources of a compiled model
};

struct Stage {
  std::string name;
  std::string command;
  double share = 0;  // of the compile's whole duration
  bool is_export = false;
  std::function<Outcome()> run;
};

// The stages of the next compile of `source`, in order. A server's first compile of an environment
// clones; later ones update the checkout if asked to.
[[nodiscard]] std::vector<Stage> stages_of(const ProjectSource& source);

}  // namespace orchestrator
