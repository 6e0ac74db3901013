#include "runtime/real/session.hpp"

#include <string>

#include <catch2/catch.hpp>

using namespace plan;
using namespace plan::real;

namespace {

std::string mark(const std::string& text) {
  return "\036word " + text + "\n";
}

// A session whose shell has been greeted.
Session greeted() {
  Session session("word");
  std::ignore = session.greeting();
  session.feed_output("noise of a profile\n\036 4711 0 root 42 100 boot" + mark("0 0"));
  session.feed_error("more noise" + mark("0"));
  REQUIRE(session.next());
  return session;
}

}  // namespace

TEST_CASE("a shell tells who answers, whatever its profile prints") {
  Session session("word");
  std::ignore = session.greeting();
  session.feed_output("Welcome!\n\0364711 0 root 42 100 boot-id" + mark("0 0"));
  session.feed_error(mark("0"));
  const std::optional<real::Answer> answer = session.next();
  REQUIRE(answer);
  const std::optional<Hello> hello = parse_hello(answer->result);
  REQUIRE(hello);
  CHECK(hello->pid == "4711");
  CHECK(hello->user == "root");
  CHECK(hello->boot_id == "boot-id");
}

TEST_CASE("a shell that cannot count is none") {
  CHECK_FALSE(parse_hello({.code = 0, .out = "\0364711 0 root $((6*7)) - -", .err = {}}));
  CHECK_FALSE(parse_hello({.code = 0, .out = "This account is not available.", .err = {}}));
}

TEST_CASE("an answer needs the marks of both streams") {
  Session session = greeted();
  std::ignore = session.framed("( exec 'a' ) </dev/null", 100);
  session.feed_output("out" + mark("1 3"));
  CHECK_FALSE(session.next());
  session.feed_error("err" + mark("1"));
  const std::optional<real::Answer> answer = session.next();
  REQUIRE(answer);
  CHECK(answer->number == 1);
  CHECK(answer->result.code == 3);
  CHECK(answer->result.out == "out");
  CHECK(answer->result.err == "err");
}

TEST_CASE("marks are found wherever the bytes are cut") {
  const std::string out = "a\036b\036word" + mark("1 0") + mark("2 1") + "\036wor" + mark("3 255");
  const std::string err = mark("1") + "x" + mark("2") + mark("3");
  for (std::size_t cut = 0; cut <= out.size(); ++cut) {
    Session session = greeted();
    for (int number = 1; number <= 3; ++number) {
      std::ignore = session.framed("( exec 'a' )", 100);
    }
    session.feed_error(err);
    session.feed_output(out.substr(0, cut));
    session.feed_output(out.substr(cut));
    CHECK(session.next()->result.out == "a\036b\036word");
    CHECK(session.next()->result.code == 1);
    const std::optional<real::Answer> last = session.next();
    CHECK(last->result.out == "\036wor");
    CHECK(last->result.code == 255);
    CHECK_FALSE(session.next());
    CHECK_FALSE(session.is_broken());
  }
}

TEST_CASE("a test done by the shell has a mark on standard error only above status 1") {
  Session session = greeted();
  std::ignore = session.framed("'test' -e /", 100);
  std::ignore = session.framed("'test' -e", 100);
  std::ignore = session.framed("( exec 'a' )", 100);
  session.feed_output(mark("1 1") + mark("2 2") + mark("3 0"));
  session.feed_error("usage" + mark("2") + "err" + mark("3"));
  CHECK(session.next()->result.code == 1);
  CHECK(session.next()->result.err == "usage");
  CHECK(session.next()->result.err == "err");
}

TEST_CASE("each command has its own limit") {
  Session session = greeted();
  std::ignore = session.framed("( exec 'a' )", 2);
  std::ignore = session.framed("( exec 'a' )", 10);
  session.feed_output("12345" + mark("1 0") + "12345" + mark("2 0"));
  session.feed_error(mark("1") + mark("2"));
  const std::optional<real::Answer> first = session.next();
  CHECK(first->result.out == "12");
  CHECK(first->result.truncated);
  const std::optional<real::Answer> second = session.next();
  CHECK(second->result.out == "12345");
  CHECK_FALSE(second->result.truncated);
}

TEST_CASE("an answer out of order breaks the session") {
  Session session = greeted();
  std::ignore = session.framed("( exec 'a' )", 100);
  session.feed_output(mark("2 0"));
  session.feed_error(mark("2"));
  CHECK_FALSE(session.next());
  CHECK(session.is_broken());
}

TEST_CASE("a text that is cut off does nothing") {
  Exec exec;
  exec.argv = {"rm", "-rf", "/data"};
  CHECK(shell_command(exec) == "( exec 'rm' -rf /data ) </dev/null");
  exec.env = {{"A", Text(std::string("b"))}};
  exec.standard_input = Text(std::string("c"));
  CHECK(shell_command(exec) == "{ printf 'c'; } | ( export A='b'; exec 'rm' -rf /data )");
}

TEST_CASE("only names of variables are exported") {
  CHECK(is_variable_name("PGPASSWORD"));
  CHECK_FALSE(is_variable_name("1A"));
  CHECK_FALSE(is_variable_name("A-B"));
  CHECK_FALSE(is_variable_name(""));
}
