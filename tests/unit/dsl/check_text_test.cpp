// Whether a file is a text at all.
#include "dsl/check_text.hpp"

#include <cstdint>
#include <string>

#include <catch2/catch.hpp>

using namespace plan;

namespace {

struct Checked {
  explicit Checked(std::string_view text) { result = check_text(text, 0, diagnostics, offsets); }
  Diagnostics diagnostics;
  std::vector<std::uint32_t> offsets;
  TextCheck result{};
};

void is_said_once(std::string_view bytes, std::string_view message, std::string_view help) {
  const Checked checked(bytes);
  CHECK(checked.result == TextCheck::not_utf8);
  CHECK(checked.offsets.empty());
  REQUIRE(checked.diagnostics.size() == 1);
  const Diagnostic& said = checked.diagnostics.items().front();
  CHECK(said.code == Code::invalid_utf8);
  CHECK(said.message == message);
  REQUIRE(said.helps.size() == 1);
  CHECK(said.helps.front().contains(help));
}

// Every byte there is, in no order that a text has.
std::string noise(std::size_t size) {
  std::string bytes;
  for (std::uint32_t state = 1; bytes.size() < size;) {
    state = state * 1664525U + 1013904223U;
    bytes += static_cast<char>(state >> 24U);
  }
  return bytes;
}

}  // namespace

TEST_CASE("a program, an archive or noise is one error and not twenty") {
  using namespace std::string_literals;
  is_said_once(
      "\x7F"
      "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0"s,
      "this is not a text file: byte 1 is 0x7F", "it is a program");
  is_said_once("\x1F\x8B\x08\0\0\0\0\0\0\x03\xCB\x48\xCD\xC9\xC9\xE7\x02\0"s,
               "this is not a text file: byte 1 is 0x1F", "gunzip");
  is_said_once("\xFF\xFEp\0l\0a\0n\0 \0\"\0x\0\"\0\n\0"s, "this is not a text file: byte 1 is 0xFF",
               "iconv -f utf-16");
  is_said_once("SQLite format 3\0\x10\0\x01\x01\0@  \0\0\0\x05\0\0\0\x0B"s,
               "this is not a text file: byte 16 is 0x00", "--journal");
  for (const std::size_t size : {64U, 1000U, 100'000U}) {
    const Checked checked(noise(size));
    REQUIRE(checked.diagnostics.size() == 1);
    CHECK(checked.diagnostics.items().front().message.starts_with("this is not a text file"));
  }
}

TEST_CASE("what follows a text without being one is one error, too") {
  const std::string text = "plan \"x\"\n# a script with an archive behind it\n";
  const Checked checked(text + noise(5000));
  CHECK(checked.diagnostics.size() == 1);
  CHECK(checked.diagnostics.items().front().message.starts_with("this is not a text file"));
}

TEST_CASE("a text with a slip in it is a text") {
  const Checked stray("let a = \"x\"\nlet b = \"\xFF\"\n");
  REQUIRE(stray.diagnostics.size() == 1);
  CHECK(stray.diagnostics.items().front().message == "this is not UTF-8 text: byte 22 is 0xFF");
  const Checked controls(std::string("let a = \"x\x01y\"\nlet b = 1\0 # \x07 \x1B[0m\n", 34));
  CHECK(controls.result == TextCheck::usable);
  CHECK(controls.diagnostics.size() == 4);
}

TEST_CASE("a text in an old encoding is told its encoding") {
  // KOI8-R: letters are above 0x7F, nothing else is odd.
  const Checked checked(
      "# \xF0\xC5\xD2\xC5\xCE\xCF\xD3 \xC2\xC1\xDA\xD9 \xC4\xC1\xCE\xCE\xD9\xC8\n");
  REQUIRE(checked.diagnostics.size() == 1);
  CHECK(checked.diagnostics.items().front().message == "this is not UTF-8 text: byte 3 is 0xF0");
}
