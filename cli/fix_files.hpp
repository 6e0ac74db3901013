// `--fix`: the safe fixes of a plan and of the files that it uses, applied until none is left,
// then written once.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/load_plan.hpp"
#include "compiler/compile.hpp"

namespace plan {

// The disk with changes that are not written yet. Every file is read once, so that what is
// compiled, changed and compared is one text.
class EditedFiles : public SourceLoader {
 public:
  [[nodiscard]] std::optional<std::string> read(std::string_view path, std::string& why) override;
  // False: it was never read from here, as a module of the standard library.
  [[nodiscard]] bool has(std::string_view path) const;
  void edit(std::string_view path, std::string text, std::vector<std::string> changes);

  struct File {
    std::string original;
    std::string text;
    std::vector<std::string> changes;  // what was done, in words
  };
  // Those that were edited, by path.
  [[nodiscard]] std::map<std::string, File> edited() const;

 private:
  std::map<std::string, File, std::less<>> files_;
};

// Compiles, applies safe fixes, and compiles again, until there is nothing to apply. Nothing is
// written.
[[nodiscard]] LoadedPlan load_fixed(const Options& options, InputNeed need, EditedFiles& files);

// Writes what was edited, each file whole or not at all. The error names the file: it cannot be
// written, or somebody has changed it meanwhile.
[[nodiscard]] std::expected<void, std::string> write_edited(const EditedFiles& files);

// What was changed, for people: the file, and its lines with `-` and `+`.
[[nodiscard]] std::string changes_text(const EditedFiles& files);

}  // namespace plan
