#include "runtime/quote.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "compiler/operations.hpp"
#include "runtime/real/process.hpp"

using namespace plan;

namespace {

// What /bin/sh makes of the text.
std::string said_by_sh(const std::string& text) {
  const real::Wake never;
  const auto finished =
      real::run_process({"sh", "-c", text}, {}, never, real::now() + std::chrono::seconds(10));
  REQUIRE(finished);
  REQUIRE(finished->code == 0);
  return finished->out;
}

std::string every_byte_but_nul() {
  std::string text;
  for (int byte = 1; byte < 256; ++byte) {
    text += static_cast<char>(byte);
  }
  return text;
}

const std::vector<std::string> hard_words = {
    "",   "plain", "it's",  "'",  "''",   "a b",   "$HOME", "`id`",      "\\",      "\\'",
    "\n", "-n",    "--",    "*",  "~",    "~root", "#",     "a=b",       "A=b",     "!",
    "%s", "[a-z]", "{a,b}", "é",  "\xff", "a\tb",  "@",     ":",         "/a/b.c",  ";",
    "&",  "|",     "<>",    "()", "if",   "\"",    "$(id)", "trailing ", " leading"};

}  // namespace

TEST_CASE("a quoted word means itself to a shell") {
  for (const std::string& word : hard_words) {
    CAPTURE(word);
    CHECK(said_by_sh("printf '%s' " + shell_quoted(word)) == word);
    CHECK(said_by_sh("printf '%s' " + shell_in_quotes(word)) == word);
  }
  CHECK(said_by_sh("printf '%s' " + shell_quoted(every_byte_but_nul())) == every_byte_but_nul());
}

TEST_CASE("words stay apart") {
  std::string all;
  for (const std::string& word : hard_words) {
    all += word + "|";
  }
  CHECK(said_by_sh("printf '%s|' " + shell_quoted(hard_words)) == all);
}

TEST_CASE("plain words stay readable") {
  CHECK(shell_quoted("/usr/bin/pg_dump") == "/usr/bin/pg_dump");
  CHECK(shell_in_quotes("if") == "'if'");
}

TEST_CASE("a NUL ends a word") {
  CHECK(shell_quoted(std::string("a\0b", 3)) == "a");
}

TEST_CASE("printf writes any bytes") {
  std::string data(1, '\0');
  data += every_byte_but_nul() + "%d%%\\n'\n";
  CHECK(said_by_sh(shell_printf(data)) == data);
  CHECK(said_by_sh(shell_printf("")).empty());
  std::string large;
  while (large.size() < 40'000) {
    large += data;
  }
  CHECK(said_by_sh(shell_printf(large)) == large);
}

TEST_CASE("the compiler quotes as the runtime does") {
  const auto natives = pure_natives();
  std::uint32_t index = 0;
  while (index < natives.size() && natives[index] != "shell_quote!") {
    ++index;
  }
  REQUIRE(index < natives.size());
  for (const std::string& word : hard_words) {
    CAPTURE(word);
    const Value argument{word};
    const Evaluated quoted = apply_native(index, std::span(&argument, 1));
    REQUIRE(quoted);
    CHECK(*quoted->as<std::string>() == shell_quoted(word));
  }
}
