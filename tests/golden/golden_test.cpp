#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "dsl/parse.hpp"
#include "dsl/render.hpp"
#include "golden_case.hpp"
#include "subjects.hpp"

namespace {

namespace fs = std::filesystem;
using namespace plan;
using namespace plan::golden;

bool must_accept() {
  const char* const value = std::getenv("PLAN_ACCEPT");
  return value != nullptr && std::string_view(value) == "1";
}

// All golden plans, by path.
std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(PLAN_GOLDEN_DIR)) {
    if (entry.path().extension() == ".plan") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

std::string folder_of(const fs::path& path) {
  return fs::relative(path, PLAN_GOLDEN_DIR).begin()->string();
}

// Compares with the text beside the plan, or writes it.
void check_twin(const fs::path& twin, const std::string& found) {
  if (must_accept()) {
    write_text(twin, found);
    return;
  }
  INFO(twin << ": `-` is what the file says, `+` what the program did\n"
            << difference(read_text(twin), found));
  CHECK(read_text(twin) == found);
}

// Lines of the standard library move with every edit there: their numbers are written as dots.
std::string without_library_lines(const std::string& text) {
  std::string result;
  bool is_library = false;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line); result += line + '\n') {
    const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
    const bool is_place = line.substr(first).starts_with("--> ");
    is_library = is_place ? line.contains("--> stdlib/") : is_library && !line.empty();
    if (!is_library) {
      continue;
    }
    const std::size_t begin = is_place ? line.find(".plan:") + 6 : first;
    const std::size_t end = std::min(line.find_first_not_of("0123456789", begin), line.size());
    if (is_place || line.substr(end).starts_with(" |")) {
      line.replace(begin, end - begin, end - begin, '.');
    }
  }
  return result;
}

void check_diagnostics(const fs::path& path, Subject subject) {
  const Case golden = read_case(path);
  SourceMap sources;
  Diagnostics diagnostics;
  subject(golden, sources, diagnostics);
  diagnostics.sort();
  const std::string wrong = mismatches(golden, diagnostics, sources);
  if (!wrong.empty() && must_accept()) {
    write_text(path, accepted(golden, diagnostics, sources));
  } else {
    INFO(path << ": `-` is expected, `+` was reported\n" << wrong);
    CHECK(wrong.empty());
  }
  const fs::path rendered = fs::path(path).replace_extension(".rendered");
  if (fs::exists(rendered)) {
    check_twin(rendered, without_library_lines(render_all(diagnostics, sources)));
  }
}

}  // namespace

TEST_CASE("golden plans say what their marks say") {
  for (const fs::path& path : golden_files()) {
    const Subject subject = subject_of(folder_of(path));
    if (subject != nullptr) {
      check_diagnostics(path, subject);
    }
  }
}

TEST_CASE("golden plans are written in the form beside them") {
  for (const fs::path& path : golden_files()) {
    const fs::path twin = fs::path(path).replace_extension(".fmt");
    if (folder_of(path) != "format" && !fs::exists(twin)) {
      continue;
    }
    SourceMap sources;
    Diagnostics diagnostics;
    const FileId file = sources.add(path.filename().string(), read_text(path));
    const std::optional<std::string> found = format_source(sources, file, diagnostics);
    INFO(path);
    REQUIRE(found.has_value());
    check_twin(twin, *found);
    const FileId again = sources.add(twin.filename().string(), *found);
    CHECK(format_source(sources, again, diagnostics) == found);
  }
}
