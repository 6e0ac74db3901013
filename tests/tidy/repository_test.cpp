// The style of the repository as a test: which folder may include which, where heavy libraries
// live, how long files and lines may be, which words have a home.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/tidy/project_files.hpp"

namespace {

namespace fs = std::filesystem;

struct SourceFile {
  std::string path;  // from the repository's root
  std::vector<std::string> lines;
};

std::vector<SourceFile> read_sources(const std::vector<std::string>& folders) {
  std::vector<SourceFile> files;
  for (const fs::path& path : plan::project_files(folders)) {
    const std::string extension = path.extension().string();
    if (extension != ".cpp" && extension != ".hpp" && extension != ".def") {
      continue;
    }
    std::ifstream stream(path);
    SourceFile file{path.generic_string(), {}};
    for (std::string line; std::getline(stream, line);) {
      file.lines.push_back(line);
    }
    files.push_back(std::move(file));
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

const std::vector<std::string> product = {"dsl", "compiler", "verify", "runtime", "cli"};

std::string_view included(std::string_view line) {
  if (!line.starts_with("#include ")) {
    return {};
  }
  const std::string_view rest = line.substr(9);
  return rest.size() < 2 ? std::string_view{} : rest.substr(1, rest.find_first_of("\">", 1) - 1);
}

// Position in `dsl <- compiler <- runtime <- cli`; -1 for anything else.
int layer_of(std::string_view path) {
  constexpr std::array layers = {"dsl/", "compiler/", "verify/", "runtime/", "cli/"};
  for (std::size_t index = 0; index < layers.size(); ++index) {
    if (path.starts_with(layers[index])) {
      return static_cast<int>(index);
    }
  }
  return -1;
}

TEST_CASE("includes point to the left: dsl, compiler, runtime, cli") {
  for (const SourceFile& file : read_sources(product)) {
    for (const std::string& line : file.lines) {
      const std::string_view target = included(line);
      INFO(file.path << ": " << line);
      CHECK(layer_of(target) <= layer_of(file.path));
      CHECK_FALSE((file.path.starts_with("runtime/real/") && target.starts_with("runtime/sim/")));
      CHECK_FALSE((file.path.starts_with("runtime/sim/") && target.starts_with("runtime/real/")));
      const bool is_core = file.path.starts_with("runtime/") &&
                           !file.path.starts_with("runtime/real/") &&
                           !file.path.starts_with("runtime/sim/");
      CHECK_FALSE((is_core && target.starts_with("runtime/real/")));
    }
  }
}

TEST_CASE("the checker of certificates uses nothing of the prover") {
  const std::vector<std::string_view> shared = {
      "compiler/plan.hpp", "compiler/digest.hpp", "compiler/json_reader.hpp",
      "compiler/operations.hpp", "compiler/operation_details.hpp"};
  for (const SourceFile& file : read_sources({"verify"})) {
    for (const std::string& line : file.lines) {
      const std::string_view target = included(line);
      INFO(file.path << ": " << line);
      CHECK((layer_of(target) < 0 || target.starts_with("verify/") ||
             std::ranges::find(shared, target) != shared.end()));
    }
  }
}

struct Home {
  std::string_view header;  // prefix of what is included
  std::vector<std::string_view> files;
};

TEST_CASE("heavy libraries are included in their homes only") {
  const std::vector<Home> homes = {
      {"tao/", {"dsl/lexer", "dsl/grammar", "dsl/parser", "dsl/token_input"}},
      {"boost/graph", {"compiler/graph.cpp"}},
      {"boost/process", {"runtime/real/process.cpp"}},
      {"CLI/", {"cli/options"}},
      {"libpq-fe.h", {"runtime/real/postgres"}},
      {"curl/", {"runtime/real/http"}},
      {"sqlite3.h", {"runtime/real/storage"}},
      {"graphviz/", {"compiler/emit/"}},
  };
  for (const SourceFile& file : read_sources(product)) {
    for (const std::string& line : file.lines) {
      const std::string_view target = included(line);
      for (const Home& home : homes) {
        const bool is_home = std::ranges::any_of(
            home.files, [&](std::string_view prefix) { return file.path.starts_with(prefix); });
        INFO(file.path << ": " << line);
        CHECK((!target.starts_with(home.header) || is_home));
      }
      const bool is_third_party_header =
          file.path.ends_with(".hpp") &&
          (target.starts_with("nlohmann/") || target.starts_with("boost/"));
      INFO(file.path << ": " << line);
      CHECK_FALSE(is_third_party_header);
    }
  }
}

// Code points, not bytes.
std::ptrdiff_t width(std::string_view line) {
  return std::ranges::count_if(
      line, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; });
}

TEST_CASE("files stay short enough to be read") {
  std::vector<std::size_t> sizes;
  for (const SourceFile& file : read_sources(product)) {
    sizes.push_back(file.lines.size());
    INFO(file.path << " has " << file.lines.size() << " lines");
    CHECK(file.lines.size() <= 600);
    const bool is_table = file.path.ends_with(".def") || file.path.ends_with("grammar.hpp") ||
                          file.path.ends_with("emit/page_script.cpp") ||
                          file.path.ends_with("dsl/ast.hpp");
    for (const std::string& line : file.lines) {
      INFO(file.path << ": " << line);
      CHECK((is_table || width(line) <= 110));
    }
  }
  std::ranges::sort(sizes);
  WARN("files: " << sizes.size() << ", lines: median " << sizes[sizes.size() / 2]
                 << ", 90th percentile " << sizes[sizes.size() * 9 / 10] << ", longest "
                 << sizes.back());
}

TEST_CASE("effects and globals have their homes") {
  struct Word {
    std::string_view word;
    std::vector<std::string_view> homes;
  };
  const std::vector<Word> words = {
      {"system_clock", {"runtime/real/", "cli/wall_clock.cpp"}},
      {"steady_clock", {"runtime/real/", "cli/"}},
      {"sleep_for", {"runtime/real/"}},
      {"getenv", {"cli/", "runtime/real/"}},
      {"std::cout", {"cli/"}},
      {"shared_ptr", {"runtime/real/"}},
      {"TODO", {}},
      {"FIXME", {}},
      {"random_device", {"runtime/real/"}},
  };
  for (const SourceFile& file : read_sources(product)) {
    for (const std::string& line : file.lines) {
      for (const Word& word : words) {
        const bool is_home = std::ranges::any_of(
            word.homes, [&](std::string_view prefix) { return file.path.starts_with(prefix); });
        INFO(file.path << ": " << line);
        CHECK((is_home || !line.contains(word.word)));
      }
    }
  }
}

}  // namespace
