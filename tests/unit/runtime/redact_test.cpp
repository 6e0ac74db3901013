#include "runtime/redact.hpp"

#include <catch2/catch.hpp>

namespace plan {
namespace {

Redactor redactor_of(std::string text) {
  Redactor redactor;
  redactor.add(Secret(std::move(text)));
  return redactor;
}

TEST_CASE("a secret is taken out as it is") {
  CHECK(redactor_of("hunter2")("password hunter2, hunter2!") == "password (secret), (secret)!");
}

TEST_CASE("a secret is taken out of base64, wherever it stands in the encoded text") {
  const Redactor redactor = redactor_of("hunter2hunter2");
  // Of the secret alone, and of it between other bytes.
  for (const char* encoded : {"aHVudGVyMmh1bnRlcjI=", "Omh1bnRlcjJodW50ZXIyeA==",
                              "YTpodW50ZXIyaHVudGVyMnh5", "YW5uOmh1bnRlcjJodW50ZXIy"}) {
    CHECK(redactor(encoded).find("(secret)") != std::string::npos);
  }
}

TEST_CASE("a secret is taken out of a URL, a shell word and JSON") {
  const Redactor redactor = redactor_of("p@ss'w\"rd/1");
  CHECK(redactor("http://ann:p%40ss%27w%22rd%2F1@host") == "http://ann:(secret)@host");
  CHECK(redactor("'p@ss'\\''w\"rd/1'") == "'(secret)'");
  const std::string json = "{\"a\":\"p@ss'w\\\"rd/1\"}";
  CHECK(redactor(json) == "{\"a\":\"(secret)\"}");
}

TEST_CASE("the lines of a secret of several lines are taken out one by one") {
  const Redactor redactor = redactor_of("-----\nMIIBOgIBAAJB\nAKj34GkxFhD9\n-----\n");
  CHECK(redactor("read MIIBOgIBAAJB") == "read (secret)");
  CHECK(redactor("-----") == "-----");
}

TEST_CASE("an empty secret changes nothing") {
  CHECK(redactor_of("")("text") == "text");
}

TEST_CASE("what is not UTF-8 is shown as such") {
  CHECK(clean_text("a\xFF"
                   "b\x01"
                   "c\n\tä") ==
        "a\xEF\xBF\xBD"
        "b\xEF\xBF\xBD"
        "c\n\tä");
  CHECK(clean_text("\xC0\x80\xED\xA0\x80").find('\xC0') == std::string::npos);
}

}  // namespace
}  // namespace plan
